"""Verifies the log, and writes its signed head to a folder that leaves this machine (spec section 6.6).

A log is whole in itself even if its end was cut off or all of it was written anew: only a head from before tells. A head
that is written is never overwritten.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from whistle.desk.receipts import Receipts
from whistle.errors import BadSignature, HeadNotWritten, LogBroken, NotALogHead, StorageFailed, WhistleError
from whistle.protocol.loghead import LogHead
from whistle.sealing.logheads import head_of, read_head
from whistle.store.desk import Cases

_LOOK_SECONDS = 600


class Heads:
    """Keeps the log's heads: one at start, one each day, and one when told."""

    def __init__(self, cases: Cases, receipts: Receipts, folder: Path | None) -> None:
        self._cases, self._receipts, self.folder = cases, receipts, folder
        self._kept: date | None = None
        self.verified: tuple[int, date] | None = None  # up to which line, and when
        self.compared: LogHead | None = None  # the last head that it goes on from
        self.written: date | None = None  # when the last head was
        self.problem: WhistleError | None = None  # of the last time

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Verifies and writes once a day, and again soon after what went wrong, until it is cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            today = clock().date()
            if self._kept != today or self.problem is not None:
                await asyncio.to_thread(self.keep, today)

    def keep(self, today: date) -> None:
        """Verifies and writes; what goes wrong is kept, to be said. While the card does not list the key, none is written."""
        self._kept, self.problem = today, None
        try:
            hashes = self._verify(today)
            if self.folder is not None and self._receipts.is_listed(today):
                self._write(self.folder, hashes, today)
        except (LogBroken, HeadNotWritten) as error:
            self.problem = error
        except StorageFailed:
            self.problem = HeadNotWritten("The log could not be read, and no head of it was written.")

    def signed(self, today: date) -> tuple[str, bytes]:
        """The name of today's head and its text, to be sent. Raises LogBroken, ReceiptKeyNotListed or StorageFailed."""
        self._receipts.check(today)
        hashes = self._verify(today)
        return _name(today, max(hashes)), self._text(hashes, today)

    def write(self, today: date) -> Path:
        """Where today's head is now. Raises HeadNotWritten, LogBroken, ReceiptKeyNotListed or StorageFailed."""
        if self.folder is None:
            raise HeadNotWritten("No folder is set for heads of the log: give the setting log_heads.")
        self._receipts.check(today)
        return self._write(self.folder, self._verify(today), today)

    def verify(self, today: date) -> None:
        """Verifies now. What is found is kept, to be said, as it is daily; no head is written."""
        try:
            self._verify(today)
        except LogBroken as error:
            self.problem = error
        else:
            self.problem = None if isinstance(self.problem, LogBroken) else self.problem

    def _verify(self, today: date) -> Mapping[int, bytes]:
        earlier = list(self._earlier())
        hashes = verified(self._cases, earlier)
        self.verified, self.compared = (max(hashes), today), max(earlier, key=lambda head: head.lines, default=None)
        return hashes

    def _earlier(self) -> Iterator[LogHead]:
        """The heads in the folder. What is none is left to the command that is asked about it by name."""
        card = self._receipts.card.known()
        for file in self.folder.glob("log-head-*.txt") if self.folder is not None else ():
            with suppress(NotALogHead, BadSignature, OSError):
                yield read_head(file.read_bytes(), card)

    def _write(self, folder: Path, hashes: Mapping[int, bytes], today: date) -> Path:
        target = folder / _name(today, max(hashes))
        _put(target, self._text(hashes, today))
        self.written = today
        return target

    def _text(self, hashes: Mapping[int, bytes], today: date) -> bytes:
        lines, instance = max(hashes), self._receipts.card.known().instance
        return head_of(lines, hashes[lines], today, instance, self._receipts.key)


def verified(cases: Cases, heads: Iterable[LogHead]) -> Mapping[int, bytes]:
    """The hashes of the log after its last line and where the heads are. Raises LogBroken, also if one is no prefix of it."""
    given = sorted(heads, key=lambda head: head.lines)
    hashes = cases.hashes_of_log({head.lines for head in given})
    for head in given:
        if head.lines > max(hashes):
            raise LogBroken(f"The end of the log was taken away: it had {head.lines} lines on {head.day}.")
        if head.hash != hashes[head.lines]:
            raise LogBroken(f"The log was written anew: its first {head.lines} lines are not those of {head.day}.")
    return hashes


def _name(today: date, lines: int) -> str:
    return f"log-head-{today}-{lines}.txt"


def _put(target: Path, content: bytes) -> None:
    """A new file, whole and durable or not there at all. Raises HeadNotWritten, also if it is there and says something else."""
    try:
        with suppress(FileExistsError), NamedTemporaryFile(dir=target.parent, prefix=".log-head-") as beside:
            beside.write(content)
            beside.flush()
            os.fsync(beside.fileno())
            os.link(beside.name, target)  # never over another file, as a rename would
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        there = target.read_bytes()
    except OSError as error:
        raise HeadNotWritten(f"The head of the log could not be written to {target.parent}: {error.strerror}.") from None
    if there != content:
        raise HeadNotWritten(f"{target} is there and says something else. It is not overwritten: find out who wrote it.")

"""The chain of the desk's log: what the hash of a line is over, and what is wrong with a log (spec section 6.6). Pure.

The words of a line can be dropped after their time: their digest stays, so that the chain is what it was, and a later line
of the same case, after that of its erasure, says that it was done. Of any other line nothing can be taken unnoticed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from whistle.errors import LogBroken
from whistle.protocol import canonical

SALT_BYTES = 16  # few members and seconds: without it their digest could be guessed
LOOK_UPS = ("opened", "opened file", "downloaded file")
DROPPED = "dropped look-ups"
_ERASED = "erased "  # how a certificate of erasure begins
NO_WORDS: Mapping[str, Any] = MappingProxyType({"time": "", "who": "", "purpose": None, "note": None, "salt": None})


@dataclass(frozen=True)
class Row:
    """A line as it is kept. Those of the first format have no salt; of a dropped one there is a digest and no word."""

    time: str
    who: str
    action: str
    case: int | None
    purpose: str | None = None
    note: int | None = None
    salt: bytes | None = None
    digest: bytes | None = None


def digest_of(row: Any) -> bytes:
    """Of the words of a line: of all that is dropped."""
    words = {"time": row.time, "who": row.who, "purpose": row.purpose, "note": row.note, "salt": row.salt.hex()}
    return sha256(canonical.write(words)).digest()


def chained(head: bytes, row: Any) -> bytes:
    """The hash of a line: over the hash before it and the line. Raises LogBroken for what is a line of neither format."""
    kept = {name: getattr(row, name) for name in NO_WORDS}
    if row.salt is None and row.digest is None:
        if (row.purpose, row.note) != (None, None):
            raise LogBroken
        line = {"time": row.time, "who": row.who, "action": row.action, "case": row.case}
    else:
        dropped = row.digest is not None
        if (dropped and kept != NO_WORDS) or not isinstance(row.digest if dropped else row.salt, bytes):
            raise LogBroken
        line = {"action": row.action, "case": row.case, "words": (row.digest if dropped else digest_of(row)).hex()}
    return sha256(head + canonical.write(line)).digest()


class Chain:
    """Follows a log from its first line to its last. Raises LogBroken where a line is not what was written there."""

    def __init__(self) -> None:
        self.head, self.lines = bytes(32), 0
        self._dropped: dict[int | None, int] = {}  # the first such line of a case, until a line says why
        self._erased: set[int | None] = set()

    def take(self, row: Any) -> None:
        """The next line, with its number and hash."""
        self.lines += 1
        try:
            self.head = chained(self.head, row)
        except LogBroken:
            raise _broken(self.lines) from None
        if (row.number, row.hash) != (self.lines, self.head) or (row.digest is not None and row.action not in LOOK_UPS):
            raise _broken(self.lines)
        if row.digest is not None:
            self._dropped.setdefault(row.case, self.lines)
        elif row.action == DROPPED and row.case in self._erased:
            self._dropped.pop(row.case, None)
        elif row.action.startswith(_ERASED):
            self._erased.add(row.case)

    def end(self, lines: int, head: bytes) -> None:
        """The end, which has to be this one."""
        if (lines, head) != (self.lines, self.head):
            raise LogBroken("The end of the log was taken away.")
        if self._dropped:
            raise _broken(min(self._dropped.values()))


def _broken(line: int) -> LogBroken:
    return LogBroken(f"The log is broken at line {line}: a line was changed or taken away there.")

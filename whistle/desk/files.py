"""The files of a case as a session sees them: which are whole, which are not, and their bytes, verified as they stream.

A file is looked at once to its end, with one chunk in memory, when a page first shows it; nothing of it is ever rendered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from urllib.parse import quote

from whistle.desk.reading import OpenCase
from whistle.desk.uploads import shown_name
from whistle.errors import Malformed, NotYours, SealingError
from whistle.protocol.content import Files as FilesBody
from whistle.protocol.content import IntakeRecord, SentFile
from whistle.protocol.parts import sealed_length
from whistle.sealing.cases import unwrap_file_key
from whistle.sealing.files import joined, open_file_payload
from whistle.sealing.keys import CaseKey
from whistle.store.files import DAMAGED, GOOD, REMOVED, TO_DESK, TO_REPORTER, File, Files

_PATIENCE = timedelta(days=2)
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._- ")


class FileState(StrEnum):
    """How a file stands."""

    ARRIVING = "arriving"
    COMPLETE = "complete"
    NEVER = "never_finished"
    ERASED = "erased"
    DAMAGED = "damaged"
    REMOVED = "removed"


@dataclass(frozen=True)
class Shown:
    """A file as a page shows it. `sent` is what a signed content says of it: without one it has no name."""

    id: bytes
    sent: SentFile | None
    state: FileState
    day: date
    here: int
    parts: int
    direction: str = TO_DESK

    @property
    def name(self) -> str:
        return shown_name(self.sent.name) if self.sent else ""

    @property
    def type(self) -> str:
        return shown_name(self.sent.type) if self.sent else ""

    @property
    def own(self) -> bool:
        """Whether the desk sent it."""
        return self.direction == TO_REPORTER

    @property
    def unfinished(self) -> bool:
        return self.state in (FileState.ARRIVING, FileState.NEVER)


@dataclass(frozen=True)
class Listing:
    """The files of a case by the place of the content that names them, and those that nothing names yet."""

    named: Mapping[int, tuple[Shown, ...]]
    nameless: tuple[Shown, ...]

    @property
    def unfinished(self) -> tuple[Shown, ...]:
        return tuple(each for files in self.named.values() for each in files if each.unfinished) + self.nameless


class CaseFiles:
    """Reads files with the key of their case."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def listed(self, opened: OpenCase, today: date) -> Listing:
        """Every file of the case. A file that was not looked at yet is: about a second for 100 MB on a slow disk."""
        there = {(file.direction, file.file): file for file in self._files.of_box(opened.case.box)}
        named: dict[int, tuple[Shown, ...]] = {}
        first: dict[tuple[str, bytes], SentFile] = {}
        for item in opened.thread.items:
            if item.content is not None and isinstance(item.content.body, FilesBody | IntakeRecord):
                sent = [(each, (item.direction, each.id)) for each in item.content.body.files]
                named[item.place] = tuple(
                    replace(
                        self._shown(each, first.setdefault(key, each), there.get(key), item.day, opened, today),
                        direction=item.direction,
                    )
                    for each, key in sent
                )
        left = [
            file for key, file in there.items() if key not in first and file.direction == TO_DESK and file.verdict != REMOVED
        ]
        return Listing(named, tuple(_nameless(file, today) for file in left))

    def find(self, opened: OpenCase, id_: bytes, today: date) -> Shown:
        """A complete file by its id, which no honest side gives to two. Raises NotYours."""
        named = [each for files in self.listed(opened, today).named.values() for each in files if each.id == id_]
        if len({each.direction for each in named}) == 1 and named[0].state is FileState.COMPLETE:
            return named[0]
        raise NotYours

    def read(self, opened: OpenCase, shown: Shown) -> Iterator[bytes]:
        """The bytes of a complete file, verified once more as they stream: it held to its end when it was first shown.

        Raises a SealingError or NotTheFile at the first chunk that does not hold any more.
        """
        assert shown.sent is not None
        of_box = self._files.of_box(opened.case.box)
        [file] = (each for each in of_box if (each.file, each.direction) == (shown.id, shown.direction))
        return self._open(file, shown.sent.size, opened.key)

    def _shown(self, sent: SentFile, first: SentFile, file: File | None, day: date, opened: OpenCase, today: date) -> Shown:
        if file is None:
            kept = any(sent in record.files for record in opened.records)  # with the file, in one moment: it was here
            return Shown(sent.id, sent, FileState.ERASED if kept else _waiting(day, today), day, 0, 0)
        last, here = max(day, file.day), file.count - file.missing
        if file.verdict == REMOVED:
            return Shown(sent.id, sent, FileState.REMOVED, last, 0, file.count)
        if file.missing or file.digest is None:
            return Shown(sent.id, sent, _waiting(last, today), last, here, file.count)
        if sent != first or file.digest != sent.sealed or file.length != sealed_length(sent.size):
            return Shown(sent.id, sent, FileState.DAMAGED, last, here, file.count)
        if file.wrapped_key is None and file.verdict is None:  # it became whole this moment, or no key of the member's fits
            state = FileState.DAMAGED if file.id in opened.closed else FileState.ARRIVING
        else:
            state = FileState.COMPLETE if self._is_good(file, sent.size, opened.key) else FileState.DAMAGED
        return Shown(sent.id, sent, state, last, here, file.count)

    def _is_good(self, file: File, size: int, key: CaseKey) -> bool:
        if file.verdict is None:
            try:
                for _ in self._open(file, size, key):
                    pass
            except (SealingError, Malformed):
                self._files.judge(file, DAMAGED)
                return False
            self._files.judge(file, GOOD)
            return True
        return file.verdict == GOOD

    def _open(self, file: File, size: int, key: CaseKey) -> Iterator[bytes]:
        file_key = unwrap_file_key(file.wrapped_key or b"", file.salt or b"", key)
        return open_file_payload(joined(self._files.pieces(file, file.header)), size, file_key)


def disposition(name: str) -> str:
    """The header that makes a browser keep a file and not show it (RFC 6266). No part of a name is a path."""
    whole = shown_name(name).replace("/", "_").replace("\\", "_")
    plain = "".join(each if each in _SAFE else "_" for each in whole).lstrip(". ") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(whole, safe='')}"


def _nameless(file: File, today: date) -> Shown:
    return Shown(file.file, None, _waiting(file.day, today), file.day, file.count - file.missing, file.count)


def _waiting(day: date, today: date) -> FileState:
    return FileState.ARRIVING if today - day <= _PATIENCE else FileState.NEVER

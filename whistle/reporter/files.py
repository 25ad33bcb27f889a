"""Files on their way, in both directions (spec sections 6.4 and 8): sealed and opened in passing, one part held at a time.

A name that the desk gives is never used as it stands, and nothing is written over.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from mimetypes import guess_type
from pathlib import Path, PurePath, PureWindowsPath
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from whistle.errors import FileRefused, NotTheFile
from whistle.protocol.canonical import written_length
from whistle.protocol.constants import FILE_ID_BYTES, FILE_LIMIT, NAME_LIMIT, PART_BYTES
from whistle.protocol.content import SentFile
from whistle.protocol.parts import Part, count_of, sealed_length
from whistle.reporter.intake import Intake
from whistle.sealing.derivation import ReporterKeys
from whistle.sealing.files import joined, open_file, seal_file

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

_FORBIDDEN = frozenset('<>:"|?*')  # in names on Windows
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)(\..*)?", re.IGNORECASE)  # there too
_STEM_BYTES, _SUFFIX_BYTES = 150, 20  # with room for a number on every file system


@dataclass(frozen=True)
class Attachment:
    """A file that can be sent: what the desk will be told of it."""

    path: Path
    name: str
    type: str
    size: int

    @classmethod
    def of(cls, path: Path) -> "Attachment":
        """Raises FileRefused, or OSError."""
        name, size = path.name.encode(errors="replace").decode(), path.stat().st_size
        if not path.is_file() or not 1 <= size <= FILE_LIMIT:
            raise FileRefused(f"{name} cannot be sent: not a file, empty, or larger than any file may be.")
        if written_length(name) > NAME_LIMIT:
            raise FileRefused(f"{name} cannot be sent: its name is too long. Give it a shorter one.")
        return cls(path, name, guess_type(name)[0] or "", size)


class Sending:
    """A file that is sealed as it is sent. After NetworkFailed `go_on` again: it sends what was not acknowledged, as it was."""

    def __init__(self, file: Attachment, plain: BinaryIO, recipient: bytes, random: Callable[[int], bytes]) -> None:
        self.length = sealed_length(file.size)
        self._file, self._id, self._hash = file, random(FILE_ID_BYTES), sha256()
        self._parts = _in_parts(seal_file(plain, file.size, recipient), self._id, self.length)
        self._part: Part | None = None
        self._seal_next()

    def go_on(self, intake: Intake, keys: ReporterKeys, arrived: Callable[[int], object]) -> SentFile:
        """Send the rest; `arrived` is told the bytes of each part. Raises FileChanged and what `Intake.send_part` raises."""
        while self._part:
            intake.send_part(self._part, keys)
            arrived(len(self._part.sealed))
            self._seal_next()
        return SentFile(self._id, self._file.name, self._file.type, self._file.size, self._hash.digest())

    def _seal_next(self) -> None:
        self._part = next(self._parts, None)
        self._hash.update(self._part.sealed if self._part else b"")


def save(file: SentFile, folder: Path, intake: Intake, keys: ReporterKeys) -> Path:
    """Where a file of the desk was saved, under a name of its own, once all of it had verified.

    Raises FileMissing, NotTheFile, a SealingError, NetworkFailed, or OSError; then nothing is left behind.
    """
    hashed = sha256()
    arriving = joined(_arriving(file, intake, keys, hashed))
    with NamedTemporaryFile(dir=folder, prefix=".whistle-", delete=False) as temporary:
        unfinished = Path(temporary.name)
        try:
            for piece in open_file(arriving, file.size, keys.identity):
                temporary.write(piece)
            if hashed.digest() != file.sealed:
                raise NotTheFile
            temporary.close()
            return unfinished.replace(_unused(folder, harmless(file.name)))
        finally:
            unfinished.unlink(missing_ok=True)


def harmless(name: str) -> str:
    """A name that stays in its folder, shows as what it is, and means nothing to the system."""
    last = PureWindowsPath(name).name  # parts at / and \\ alike, and takes no drive
    shown = "".join(letter for letter in last if letter.isprintable() and letter not in _FORBIDDEN).strip(". ")
    bare = PurePath(shown)
    short = _cut(bare.stem, _STEM_BYTES) + _cut(bare.suffix, _SUFFIX_BYTES)
    return f"file {short}".strip() if not short or _RESERVED.fullmatch(short) else short


def _cut(text: str, length: int) -> str:
    return text.encode()[:length].decode(errors="ignore")


def _unused(folder: Path, name: str) -> Path:
    """A name in the folder that nothing has; it is taken at once, by an empty file of ours."""
    for number in count(1):
        path = folder / name
        if number > 1:
            path = path.with_stem(f"{path.stem} ({number})")
        try:
            path.open("xb").close()
        except FileExistsError:
            continue
        return path
    raise AssertionError("Unreachable: count() does not end.")


def _in_parts(pieces: Iterable[bytes], file: bytes, length: int) -> Iterator[Part]:
    held, index = bytearray(), 0
    for piece in pieces:
        held += piece
        while len(held) >= PART_BYTES:
            yield Part(file, length, index, bytes(held[:PART_BYTES]))
            del held[:PART_BYTES]
            index += 1
    if held:
        yield Part(file, length, index, bytes(held))


def _arriving(file: SentFile, intake: Intake, keys: ReporterKeys, hashed: "Hash") -> Iterator[bytes]:
    """The sealed bytes of a file of the desk, part after part; `hashed` has taken in all of them at the end."""
    length = sealed_length(file.size)
    for index in range(count_of(length)):
        part = intake.fetch_part(file.id, index, keys)
        if (part.file, part.length, part.index) != (file.id, length, index):
            raise NotTheFile
        hashed.update(part.sealed)
        yield part.sealed

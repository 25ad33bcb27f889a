"""A sealed file in parts: how long it is, where its parts begin, and the record that carries one (spec sections 6.4 and 8).

Pure layout. That a first part begins like a sealed file is checked as it arrives, byte by byte; nothing is opened here.
"""

from dataclasses import dataclass
from hashlib import sha256

from whistle.errors import FileTooLarge, NotAnEnvelope, NotASubmission
from whistle.protocol.constants import (
    ACCESS_TOKEN_BYTES,
    BOX_ID_BYTES,
    FILE_ID_BYTES,
    PART_BYTES,
    PLAINTEXT_FLOOR,
    STANZA_BYTES,
    STANZAS_LIMIT,
)
from whistle.protocol.envelope import header_length, payload_length
from whistle.protocol.padme import padme
from whistle.protocol.wire import LONGEST_HEAD, Headed, HeadReader, serialize_head

HEAD_BYTES = FILE_ID_BYTES + 8 + 4
LONGEST_RECORD = HEAD_BYTES + PART_BYTES
LONGEST_BEGINNING = LONGEST_HEAD + LONGEST_RECORD
_HEADERS = tuple(
    22 + stanzas * STANZA_BYTES + 48 for stanzas in range(1, STANZAS_LIMIT + 1)
)  # version line, stanzas, header MAC
_OWNER = BOX_ID_BYTES + ACCESS_TOKEN_BYTES
LONGEST_CONTINUATION = _OWNER + LONGEST_RECORD
_CHUNK, _TAG, _NONCE = 65_536, 16, 16


@dataclass(frozen=True)
class Part:
    """One part of a sealed file of `length` bytes: those from index · PART_BYTES on."""

    file: bytes
    length: int
    index: int
    sealed: bytes

    @property
    def digest(self) -> bytes:
        return sha256(self.sealed).digest()


@dataclass(frozen=True)
class Beginning(Headed):
    """The first part of a file and what intake needs to file it."""

    part: Part


@dataclass(frozen=True)
class Owned:
    """A file in a box, named by whoever has the token of the box."""

    box: bytes
    access: bytes
    file: bytes


@dataclass(frozen=True)
class Continuation:
    """A later part, from whoever has the token of the box."""

    box: bytes
    access: bytes
    part: Part


class FirstPartReader:
    """Takes the record of a first part in pieces, of a file of at most `largest` bytes.

    `feed` and `end` raise NotASubmission, NotAnEnvelope or FileTooLarge at the first byte that departs.
    """

    def __init__(self, largest: int) -> None:
        self._longest = payload_length(padded_size(largest))
        self._kept = bytearray()
        self._header: int | None = None  # the length of the sealed file's header, once it has ended
        self._end = LONGEST_RECORD

    def feed(self, piece: bytes) -> None:
        """Check and keep the next bytes."""
        self._kept += piece
        if self._header is None:
            self._read_header()
        if len(self._kept) > self._end:
            raise NotASubmission

    def end(self) -> Part:
        """The part, once no more bytes come."""
        if self._header is None:
            raise NotASubmission
        return parse_part(bytes(self._kept))

    def _read_header(self) -> None:
        if len(self._kept) < FILE_ID_BYTES + 8:
            return
        length = int.from_bytes(self._kept[FILE_ID_BYTES : FILE_ID_BYTES + 8])
        self._check_length(length, _HEADERS)
        self._end = HEAD_BYTES + part_length(length, 0)
        if any(self._kept[FILE_ID_BYTES + 8 : HEAD_BYTES]):
            raise NotASubmission
        self._header = header_length(self._kept[HEAD_BYTES:])
        if self._header is not None:
            self._check_length(length, (self._header,))

    def _check_length(self, length: int, headers: tuple[int, ...]) -> None:
        """Whether a file that is so long can have one of these headers."""
        payloads = [length - header for header in headers]
        if min(payloads) > self._longest:
            raise FileTooLarge
        if not any(is_payload(payload) for payload in payloads):
            raise NotAnEnvelope


class BeginningReader:
    """Takes the body of a beginning in pieces, and raises as the readers of its head and of its part do."""

    def __init__(self, largest: int) -> None:
        self._reader = HeadReader(FirstPartReader(largest))
        self.feed = self._reader.feed

    @property
    def head(self) -> Headed | None:
        """What stands before the part, once it is there."""
        return self._reader.head

    def end(self) -> Beginning:
        """The whole beginning, once no more bytes come."""
        return Beginning(*self._reader.end())


class ContinuationReader:
    """Takes the body with a later part in pieces. `feed` and `end` raise NotASubmission at the first byte that departs."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, piece: bytes) -> None:
        """Check and keep the next bytes."""
        self._kept += piece
        head = self._kept[_OWNER : _OWNER + HEAD_BYTES]
        if len(head) < HEAD_BYTES:
            return
        length, index = int.from_bytes(head[16:24]), int.from_bytes(head[24:])
        if index == 0 or len(self._kept) - _OWNER - HEAD_BYTES > part_length(length, index):
            raise NotASubmission

    @property
    def head(self) -> tuple[Owned, int] | None:
        """Which file it is of, and how long that is, once it is known."""
        if len(self._kept) < _OWNER + HEAD_BYTES:
            return None
        start = bytes(self._kept[: _OWNER + HEAD_BYTES])
        return parse_owned(start[: _OWNER + FILE_ID_BYTES]), int.from_bytes(start[_OWNER + FILE_ID_BYTES : -4])

    def end(self) -> Continuation:
        """The later part, once no more bytes come."""
        whole = bytes(self._kept)
        return Continuation(whole[:32], whole[32:64], parse_part(whole[_OWNER:]))


def padded_size(size: int) -> int:
    """Bytes of a file of this size with the zeros behind it."""
    return max(PLAINTEXT_FLOOR, padme(size))


def sealed_length(size: int) -> int:
    """Bytes of a file of this size once it is sealed, to the one recipient that it has."""
    return _HEADERS[0] + payload_length(padded_size(size))


def count_of(length: int) -> int:
    """How many parts a sealed file of this length has."""
    return -(-length // PART_BYTES)


def part_length(length: int, index: int) -> int:
    """Bytes of a part; 0 where there is none."""
    return max(0, min(PART_BYTES, length - index * PART_BYTES))


def is_payload(length: int) -> bool:
    """Whether a payload of a padded file can have this length."""
    chunks = -(-(length - _NONCE) // (_CHUNK + _TAG))
    size = length - _NONCE - chunks * _TAG
    return size >= PLAINTEXT_FLOOR and padme(size) == size and payload_length(size) == length


def serialize_part(part: Part) -> bytes:
    """The record that carries a part."""
    return part.file + part.length.to_bytes(8) + part.index.to_bytes(4) + part.sealed


def parse_part(whole: bytes) -> Part:
    """The part of a record, of the length that its place asks for. Raises NotASubmission."""
    part = Part(whole[:16], int.from_bytes(whole[16:24]), int.from_bytes(whole[24:28]), whole[28:])
    if len(whole) <= HEAD_BYTES or len(part.sealed) != part_length(part.length, part.index):
        raise NotASubmission
    return part


def serialize_beginning(beginning: Beginning) -> bytes:
    """The body that begins a file."""
    return serialize_head(beginning) + serialize_part(beginning.part)


def parse_beginning(whole: bytes, largest: int) -> Beginning:
    """The beginning, checked in one go."""
    reader = BeginningReader(largest)
    reader.feed(whole)
    return reader.end()


def serialize_continuation(later: Continuation) -> bytes:
    """The body that goes on with a file."""
    return later.box + later.access + serialize_part(later.part)


def parse_continuation(whole: bytes) -> Continuation:
    """The later part, checked in one go."""
    reader = ContinuationReader()
    reader.feed(whole)
    return reader.end()


def parse_first_part(whole: bytes, largest: int) -> Part:
    """The part of a record that begins a file, checked in one go."""
    reader = FirstPartReader(largest)
    reader.feed(whole)
    return reader.end()


def parse_owned(whole: bytes) -> Owned:
    """Whose file. Raises NotASubmission."""
    if len(whole) != _OWNER + FILE_ID_BYTES:
        raise NotASubmission
    return Owned(whole[:32], whole[32:64], whole[64:])

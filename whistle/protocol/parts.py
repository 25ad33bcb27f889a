"""A sealed file in parts: how long it is, where its parts begin, and the record that carries one (spec sections 6.4 and 8).

Pure layout. That a first part begins like a sealed file is checked as it arrives, byte by byte; nothing is opened here.
"""

from dataclasses import dataclass
from hashlib import sha256

from whistle.errors import NotASubmission
from whistle.protocol.constants import FILE_ID_BYTES, PART_BYTES, PLAINTEXT_FLOOR, STANZA_BYTES
from whistle.protocol.envelope import payload_length
from whistle.protocol.padme import padme

HEAD_BYTES = FILE_ID_BYTES + 8 + 4
_HEADER_BYTES = 22 + STANZA_BYTES + 48  # version line, one stanza, header MAC
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


def padded_size(size: int) -> int:
    """Bytes of a file of this size with the zeros behind it."""
    return max(PLAINTEXT_FLOOR, padme(size))


def sealed_length(size: int) -> int:
    """Bytes of a file of this size once it is sealed, to the one recipient that it has."""
    return _HEADER_BYTES + payload_length(padded_size(size))


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

"""Files under seal (spec section 6.4): zeros behind the bytes up to a size class, one recipient, sealed and opened in passing.

Holds two chunks at most. Whoever opens must not act on what came before the end came without an error, nor before the
SHA-256 of the sealed bytes was compared with the one that a signed content gives.
"""

import io
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from whistle.errors import FileChanged, NotTheFile
from whistle.protocol.constants import CHUNK_BYTES
from whistle.protocol.parts import padded_size
from whistle.sealing import age
from whistle.sealing.keys import FileKey, Identity

_KEY_BYTES = 16


def seal_file(plain: BinaryIO, size: int, recipient: bytes) -> Iterator[bytes]:
    """The sealed file of the next `size` bytes of `plain`, in pieces. Raises FileChanged if there are fewer, or more."""
    return age.seal_stream(io.BufferedReader(_Padded(plain, size)), [recipient])


def open_file(sealed: BinaryIO, size: int, identity: Identity) -> Iterator[bytes]:
    """The `size` bytes of a sealed file, in verified pieces. Raises a SealingError, or NotTheFile."""
    return _without_zeros(age.open_stream(sealed, [identity]), size)


def open_file_payload(payload: BinaryIO, size: int, file_key: FileKey) -> Iterator[bytes]:
    """The same of a payload whose header was taken off, as the desk keeps it. Raises PayloadFailed, or NotTheFile."""
    return _without_zeros(age.open_payload(payload, file_key), size)


class FileSealer:
    """A file sealed as it comes, its size known only at the end. The file key is there to be wrapped for the desk."""

    def __init__(self, recipient: bytes) -> None:
        self.file_key = FileKey(os.urandom(_KEY_BYTES))
        self.header = age.write_header(self.file_key, [recipient])
        self.size = 0
        self._payload = age.PayloadSealer(self.file_key)

    def start(self) -> bytes:
        """What stands before the first byte of the file: header and nonce."""
        return self.header + self._payload.nonce

    def feed(self, piece: bytes) -> bytes:
        self.size += len(piece)
        return self._payload.feed(piece)

    def end(self) -> Iterator[bytes]:
        """The zeros behind the file, and the last chunk."""
        left = padded_size(self.size) - self.size
        while left:
            zeros = min(left, CHUNK_BYTES)
            if sealed := self._payload.feed(bytes(zeros)):
                yield sealed
            left -= zeros
        yield self._payload.end()


def joined(pieces: Iterable[bytes]) -> BinaryIO:
    """Pieces as one stream to read from, holding one of them."""
    return io.BufferedReader(_Joined(pieces))


class _Joined(io.RawIOBase):
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._rest = iter(pieces), memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        while not self._rest:
            following = next(self._pieces, None)
            if following is None:
                return 0
            self._rest = memoryview(following)
        length = min(len(buffer), len(self._rest))
        buffer[:length], self._rest = self._rest[:length], self._rest[length:]
        return length


class _Padded(io.RawIOBase):
    """A file of a known size with the zeros behind it."""

    def __init__(self, plain: BinaryIO, size: int) -> None:
        self._plain, self._left, self._zeros = plain, size, padded_size(size) - size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        piece = self._read(min(len(buffer), self._left)) if self._left else bytes(min(len(buffer), self._zeros))
        if self._left:
            self._left -= len(piece)
        else:
            self._zeros -= len(piece)
        buffer[: len(piece)] = piece
        return len(piece)

    def _read(self, most: int) -> bytes:
        piece = self._plain.read(most)
        if not piece or (len(piece) == self._left and self._plain.read(1)):
            raise FileChanged
        return piece


def _without_zeros(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    left, length = size, 0
    for piece in pieces:
        length += len(piece)
        if piece[left:].strip(b"\0"):
            raise NotTheFile
        if left:
            yield piece[:left]
        left = max(0, left - len(piece))
    if length != padded_size(size):
        raise NotTheFile

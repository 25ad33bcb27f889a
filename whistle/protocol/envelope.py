"""The envelope: the only bytes of content that cross from a reporter to the desk, as the door checks them (spec section 8).

Structure only: an age version line, hybrid stanzas, a header MAC, a permitted length. Pure; it opens nothing. The reader
is fed as bytes arrive and refuses at the first byte that departs, so that nothing else is ever held.
"""

from whistle.errors import NotAnEnvelope
from whistle.protocol.constants import CHUNK_BYTES, PLAINTEXT_FLOOR, PLAINTEXT_LIMIT, STANZA_BYTES, STANZAS_LIMIT
from whistle.protocol.padme import padme

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_LAST = {
    1494: b"AQgw",  # 1,120 bytes: the last character carries two bits, four unused ones are zero
    43: b"AEIMQUYcgkosw048",  # 32 bytes: it carries four, two unused ones are zero
}
# What a header is made of: literal bytes, or a count of base64 characters.
_VERSION: tuple[bytes | int, ...] = (b"age-encryption.org/v1\n",)
_STANZA: tuple[bytes | int, ...] = (b"-> mlkem768x25519 ", 1494, b"\n", 43, b"\n")
_MAC: tuple[bytes | int, ...] = (b"--- ", 43, b"\n")


def payload_length(plaintext: int) -> int:
    """Bytes of an age payload (16-byte nonce and STREAM, 16 more for each chunk) for so many bytes of plaintext."""
    return 16 + plaintext + 16 * max(1, -(-plaintext // CHUNK_BYTES))


# Every Padmé size in this range is a multiple of 1,024; a test says so.
PERMITTED = frozenset(payload_length(size) for size in range(PLAINTEXT_FLOOR, PLAINTEXT_LIMIT + 1, 1024) if padme(size) == size)
_LONGEST_PAYLOAD = max(PERMITTED)
LONGEST_ENVELOPE = 22 + STANZAS_LIMIT * STANZA_BYTES + 48 + _LONGEST_PAYLOAD


class EnvelopeReader:
    """Takes an envelope in pieces of any size. A reader that refused is of no further use."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._header: int | None = None  # its length, once it has ended

    def feed(self, piece: bytes) -> None:
        """Check and keep the next bytes. Raises NotAnEnvelope at the first byte that departs."""
        self._kept += piece
        if self._header is None:
            self._header = header_length(self._kept)
        if len(self._kept) - (self._header or 0) > _LONGEST_PAYLOAD:
            raise NotAnEnvelope

    def end(self) -> bytes:
        """The whole envelope, once no more bytes come. Raises NotAnEnvelope if its length is not a permitted one."""
        if self._header is None or len(self._kept) - self._header not in PERMITTED:
            raise NotAnEnvelope
        return bytes(self._kept)


def parse(whole: bytes) -> bytes:
    """The envelope, checked in one go. Raises NotAnEnvelope."""
    reader = EnvelopeReader()
    reader.feed(whole)
    return reader.end()


def header_length(start: bytes | bytearray) -> int | None:
    """Where the header ends, or None while it may still go on. Raises NotAnEnvelope if no header begins like this."""
    position = _end(start, 0, _VERSION)
    for stanzas in range(STANZAS_LIMIT + 1):
        if position is None:
            break
        last = stanzas == STANZAS_LIMIT or (stanzas > 0 and start[position : position + 2] == b"--")
        position = _end(start, position, _MAC if last else _STANZA)
        if last:
            return position
    return None


def _end(start: bytes | bytearray, position: int, layout: tuple[bytes | int, ...]) -> int | None:
    """Where a part that begins at `position` ends; None if `start` is too short to say. Raises NotAnEnvelope if it departs."""
    for expected in layout:
        length = expected if isinstance(expected, int) else len(expected)
        part = start[position : position + length]
        if not (_is_base64(part, length) if isinstance(expected, int) else expected[: len(part)] == part):
            raise NotAnEnvelope
        if len(part) < length:
            return None
        position += length
    return position


def _is_base64(part: bytes | bytearray, length: int) -> bool:
    """Whether `part` begins, or is, the one base64 spelling of so many characters."""
    return not part.translate(None, _ALPHABET) and (len(part) < length or part[-1] in _LAST[length])

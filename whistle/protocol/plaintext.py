"""The signed plaintext: version line, signature, JSON, spaces up to a size class (spec section 6.1). Pure layout."""

from dataclasses import dataclass

from whistle.errors import NotAContent
from whistle.protocol.constants import IDENTITY_FIELD, PLAINTEXT_FLOOR, PLAINTEXT_LIMIT, PREAMBLE_BYTES, PROTOCOL
from whistle.protocol.content import Content, Report
from whistle.protocol.padme import padme
from whistle.protocol.spelling import read_base64, write_base64

_VERSION_LINE = f"{PROTOCOL}\n".encode()
_IDENTITY_ROOM = IDENTITY_FIELD + len('""') - len("null")


@dataclass(frozen=True)
class SignedPlaintext:
    """The JSON bytes as they stand, and a signature over them that nobody has checked yet."""

    signature: bytes
    json: bytes


def room_for(content: Content) -> int:
    """Bytes that a content is padded as if it had more: a report without an identity looks like one with it."""
    return _IDENTITY_ROOM if isinstance(content.body, Report) and content.body.identity is None else 0


def serialize(plaintext: SignedPlaintext, room: int = 0) -> bytes:
    """The padded bytes that are sealed. Raises NotAContent if the JSON is too long for any size class."""
    start = _VERSION_LINE + write_base64(plaintext.signature).encode() + b"\n" + plaintext.json
    size = max(PLAINTEXT_FLOOR, padme(len(start) + room))
    if size > PLAINTEXT_LIMIT:
        raise NotAContent("This text is too long.")
    return start.ljust(size, b" ")


def parse(whole: bytes) -> SignedPlaintext:
    """The JSON bytes and their signature. Raises NotAContent. Whether the size is the right one, `check_size` says later."""
    signature = whole[len(_VERSION_LINE) : PREAMBLE_BYTES - 1]
    if not whole.startswith(_VERSION_LINE) or whole[PREAMBLE_BYTES - 1 : PREAMBLE_BYTES] != b"\n":
        raise NotAContent
    try:
        return SignedPlaintext(read_base64(signature.decode(), 64), whole[PREAMBLE_BYTES:].rstrip(b" "))
    except ValueError:
        raise NotAContent from None


def check_size(whole: bytes, plaintext: SignedPlaintext, content: Content) -> None:
    """Refuse another size than the one a writer gives, so that every content has one spelling. Raises NotAContent."""
    if serialize(plaintext, room_for(content)) != whole:
        raise NotAContent

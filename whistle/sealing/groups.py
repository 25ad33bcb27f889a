"""Group keys at rest: age files to the members and the recovery identity (spec section 3). Stock age opens them too."""

from collections.abc import Sequence
from io import BytesIO

from whistle.errors import GroupFull, NotAnIdentity
from whistle.protocol.spelling import hexadecimal
from whistle.sealing import age
from whistle.sealing.keys import Identity, SigningKey

_SIGNING_PREFIX = "WHISTLE-SIGNING-KEY-1 "
_HOLDERS_LIMIT, _HEADER_LIMIT = 40, 65_536  # spec section 3: a team, where one header at the door holds four


def seal_recipient_key(key: Identity, holders: Sequence[bytes]) -> bytes:
    """The private key of a group's recipient or ring, to its holders (1,216 raw bytes each)."""
    return _seal(f"{key.reveal_text()}\n".encode(), holders)


def open_recipient_key(file: bytes, holder: Identity) -> Identity:
    """Raises a SealingError, or NotAnIdentity."""
    return Identity.of_text(_line(file, holder))


def seal_voice_key(key: SigningKey, holders: Sequence[bytes]) -> bytes:
    """The private voice key of a group, to its holders."""
    return _seal(f"{_SIGNING_PREFIX}{key.reveal().hex()}\n".encode(), holders)


def open_voice_key(file: bytes, holder: Identity) -> SigningKey:
    """Raises a SealingError, or NotAnIdentity."""
    line = _line(file, holder)
    try:
        return SigningKey(hexadecimal(line.removeprefix(_SIGNING_PREFIX), 32))
    except ValueError:
        raise NotAnIdentity from None


def seal_anew(file: bytes, holder: Identity, holders: Sequence[bytes]) -> bytes:
    """The same key, to these holders instead. Raises a SealingError, or GroupFull."""
    return _seal(_open(file, holder), holders)


def _seal(text: bytes, holders: Sequence[bytes]) -> bytes:
    if len(holders) > _HOLDERS_LIMIT:
        raise GroupFull  # a longer header could be written and never read again
    return age.seal(text, holders)


def _open(file: bytes, holder: Identity) -> bytes:
    return b"".join(age.open_stream(BytesIO(file), [holder], _HEADER_LIMIT))


def _line(file: bytes, holder: Identity) -> str:
    text = _open(file, holder).decode("ascii", "replace")
    if text.count("\n") != 1 or not text.endswith("\n"):
        raise NotAnIdentity
    return text[:-1]

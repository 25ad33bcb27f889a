"""What a case is at rest: a case key to its group, and file keys under the case key (spec section 6.5).

Destroying the sealed case key closes every payload of the case.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from nacl.bindings import crypto_secretbox, crypto_secretbox_open
from nacl.exceptions import CryptoError

from whistle.errors import PayloadFailed
from whistle.protocol import canonical
from whistle.protocol.constants import LABEL_FILE_KEY, LABEL_REMOVED
from whistle.protocol.content import Position
from whistle.protocol.thread import Link
from whistle.sealing import age
from whistle.sealing.keys import CaseKey, FileKey, Identity, hkdf

_NONCE_BYTES = 24


@dataclass(frozen=True)
class Kept:
    """A content at rest: its payload as it came, and its file key wrapped under the case key."""

    wrapped_key: bytes
    payload: bytes


def seal_case_key(key: CaseKey, recipient: bytes) -> bytes:
    """The case key, to the group's recipient of the current epoch."""
    return age.seal(key.reveal(), [recipient])


def open_case_key(file: bytes, group: Identity) -> CaseKey:
    """Raises a SealingError."""
    return CaseKey(age.open_file(file, [group]))


def keep(payload: bytes, file_key: FileKey, key: CaseKey, random: Callable[[int], bytes]) -> Kept:
    """Wrap the file key of a payload. The header with its stanzas is not kept."""
    return Kept(wrap_file_key(file_key, sha256(payload).digest(), key, random), payload)


def file_key_of(kept: Kept, key: CaseKey) -> FileKey:
    """The file key of what was kept. Raises PayloadFailed if case key, wrapping and payload do not belong together."""
    return unwrap_file_key(kept.wrapped_key, sha256(kept.payload).digest(), key)


def seal_link(link: Link, place: int, key: CaseKey, random: Callable[[int], bytes]) -> bytes:
    """Where a removed content stood in its chain, under the case key, for its place alone."""
    nonce = random(_NONCE_BYTES)
    position, seen = _written(link.position), _written(link.seen)
    value = {"direction": link.direction, "position": position, "previous": link.previous.hex(), "seen": seen}
    text = canonical.write(value)
    return nonce + crypto_secretbox(text, nonce, hkdf(key.reveal(), place.to_bytes(8), LABEL_REMOVED))


def open_link(sealed: bytes, place: int, key: CaseKey) -> Link:
    """Raises PayloadFailed."""
    nonce, box = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        text = crypto_secretbox_open(box, nonce, hkdf(key.reveal(), place.to_bytes(8), LABEL_REMOVED))
    except (CryptoError, ValueError):
        raise PayloadFailed from None
    value = canonical.read(text)
    positions = {name: Position(value[name][0], bytes.fromhex(value[name][1])) for name in ("position", "seen")}
    return Link(direction=value["direction"], previous=bytes.fromhex(value["previous"]), **positions)


def _written(position: Position) -> list[int | str]:
    return [position.sequence, position.hash.hex()]


def wrap_file_key(file_key: FileKey, payload: bytes, key: CaseKey, random: Callable[[int], bytes]) -> bytes:
    """The file key of a payload that is known by its SHA-256 alone, under the case key."""
    nonce = random(_NONCE_BYTES)
    return nonce + crypto_secretbox(file_key.reveal(), nonce, hkdf(key.reveal(), payload, LABEL_FILE_KEY))


def unwrap_file_key(wrapped: bytes, payload: bytes, key: CaseKey) -> FileKey:
    """Raises PayloadFailed."""
    nonce, box = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        return FileKey(crypto_secretbox_open(box, nonce, hkdf(key.reveal(), payload, LABEL_FILE_KEY)))
    except (CryptoError, ValueError):
        raise PayloadFailed from None

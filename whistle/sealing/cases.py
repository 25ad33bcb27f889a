"""What a case is at rest: a case key to its group, and file keys under the case key (spec section 6.5).

Destroying the sealed case key closes every payload of the case.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from nacl.bindings import crypto_secretbox, crypto_secretbox_open
from nacl.exceptions import CryptoError

from whistle.errors import PayloadFailed
from whistle.protocol.constants import LABEL_FILE_KEY
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
    nonce = random(_NONCE_BYTES)
    return Kept(nonce + crypto_secretbox(file_key.reveal(), nonce, _wrapping_key(payload, key)), payload)


def file_key_of(kept: Kept, key: CaseKey) -> FileKey:
    """The file key of what was kept. Raises PayloadFailed if case key, wrapping and payload do not belong together."""
    nonce, box = kept.wrapped_key[:_NONCE_BYTES], kept.wrapped_key[_NONCE_BYTES:]
    try:
        return FileKey(crypto_secretbox_open(box, nonce, _wrapping_key(kept.payload, key)))
    except (CryptoError, ValueError):
        raise PayloadFailed from None


def _wrapping_key(payload: bytes, key: CaseKey) -> bytes:
    return hkdf(key.reveal(), sha256(payload).digest(), LABEL_FILE_KEY)

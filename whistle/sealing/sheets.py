"""The sheet of a case at rest, and the hashes by which its tags are found while it stays closed (spec section 6.5).

The sheet stands under the case key: destroying that closes the sheet too. No hash opens anything.
"""

import hmac
import unicodedata
from collections.abc import Callable

from nacl.bindings import crypto_secretbox, crypto_secretbox_open
from nacl.exceptions import CryptoError

from whistle.errors import PayloadFailed
from whistle.protocol.constants import LABEL_SHEET, LABEL_TAG
from whistle.protocol.padme import padme
from whistle.sealing.keys import CaseKey, Identity, hkdf

_NONCE_BYTES = 24
_FLOOR = 4_096


def seal_sheet(text: bytes, revision: int, key: CaseKey, random: Callable[[int], bytes]) -> bytes:
    """A sheet's JSON as its revision, padded so that its size tells little."""
    nonce = random(_NONCE_BYTES)
    return nonce + crypto_secretbox(text.ljust(padme(max(len(text), _FLOOR))), nonce, _sheet_key(key, revision))


def open_sheet(sealed: bytes, revision: int, key: CaseKey) -> bytes:
    """Raises PayloadFailed if case key, revision and sheet do not belong together."""
    try:
        return crypto_secretbox_open(sealed[_NONCE_BYTES:], sealed[:_NONCE_BYTES], _sheet_key(key, revision)).rstrip(b" ")
    except (CryptoError, ValueError):
        raise PayloadFailed from None


def tag_hash(tag: str, group: Identity) -> bytes:
    """The same for the same words, however they are spaced or capitalised, with the same key of a group."""
    words = " ".join(unicodedata.normalize("NFKC", tag).casefold().split())
    return hmac.digest(hkdf(group.reveal(), b"", LABEL_TAG), words.encode(), "sha256")


def _sheet_key(key: CaseKey, revision: int) -> bytes:
    return hkdf(key.reveal(), revision.to_bytes(8), LABEL_SHEET)

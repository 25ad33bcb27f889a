"""Ed25519 with a label in front of every message, and with the points checked that verifiers disagree on (spec section 3)."""

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign, crypto_sign_open
from nacl.exceptions import BadSignatureError

from whistle.errors import BadSignature
from whistle.sealing.keys import SigningKey

_SIGNATURE_BYTES = 64


def sign(label: bytes, key: SigningKey, message: bytes) -> bytes:
    """The 64 bytes of a signature over label ‖ message."""
    return crypto_sign(label + message, key.reveal() + key.public)[:_SIGNATURE_BYTES]


def verify(label: bytes, public: bytes, message: bytes, signature: bytes) -> None:
    """Raises BadSignature unless the signature verifies and its points are canonical and of prime order."""
    if len(signature) != _SIGNATURE_BYTES or not _is_sound(public) or not _is_sound(signature[:32]):
        raise BadSignature
    try:
        crypto_sign_open(signature + label + message, public)
    except BadSignatureError:
        raise BadSignature from None


def _is_sound(point: bytes) -> bool:
    return len(point) == 32 and crypto_core_ed25519_is_valid_point(point)

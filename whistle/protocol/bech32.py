"""Bech32 as age uses it: age1pq1… recipients and AGE-SECRET-KEY-PQ-1… identities (BIP 173, without its length limit).

Pure functions between text and bytes; one spelling for every value.
"""

from base64 import b32encode
from functools import reduce
from operator import xor

from whistle.errors import NotAnIdentity, NotARecipient

RECIPIENT_BYTES = 1_216  # ML-KEM-768 encapsulation key 1,184 and X25519 public key 32
_RECIPIENT_CHARACTERS = len("age1pq1") + -(-RECIPIENT_BYTES * 8 // 5) + 6  # the last six are the checksum
IDENTITY_BYTES = 32  # the X-Wing seed
_ALPHABET = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = bytes.maketrans(_ALPHABET, bytes(range(32)))
# The same bits in the letters of what Python has for speed: base64 to write, int to read.
_FROM_BASE64 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET)
_TO_INT = bytes.maketrans(_ALPHABET, b"0123456789abcdefghijklmnopqrstuv")
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP 173
_TERMS = [reduce(xor, (term for place, term in enumerate(_GENERATOR) if top >> place & 1), 0) for top in range(32)]
# The same for two letters at a time: a recipient has two thousand, and every opening of a case reads some.
_PAIRS = [(_TERMS[top >> 5] & 0x1FFFFFF) << 5 ^ _TERMS[top & 31 ^ _TERMS[top >> 5] >> 25] for top in range(1024)]


def write_recipient(raw: bytes) -> str:
    """The age1pq1… text of 1,216 bytes."""
    return _encode("age1pq", raw)


def read_recipient(text: str) -> bytes:
    """The 1,216 bytes of an age1pq1… text. Raises NotARecipient."""
    raw = _decode("age1pq", text) if len(text) == _RECIPIENT_CHARACTERS else None
    if raw is None or len(raw) != RECIPIENT_BYTES:
        raise NotARecipient
    return raw


def write_identity(seed: bytes) -> str:
    """The AGE-SECRET-KEY-PQ-1… text of a 32-byte seed."""
    return _encode("age-secret-key-pq-", seed).upper()


def read_identity(text: str) -> bytes:
    """The 32-byte seed of an AGE-SECRET-KEY-PQ-1… text. Raises NotAnIdentity."""
    seed = _decode("age-secret-key-pq-", text.lower()) if text.isascii() and text == text.upper() else None
    if seed is None or len(seed) != IDENTITY_BYTES:
        raise NotAnIdentity
    return seed


def _encode(prefix: str, raw: bytes) -> str:
    letters = b32encode(raw).rstrip(b"=").translate(_FROM_BASE64)
    checksum = _polymod(prefix, letters + b"q" * 6) ^ 1
    last = bytes(_ALPHABET[checksum >> 5 * (5 - place) & 31] for place in range(6))
    return f"{prefix}1{(letters + last).decode()}"


def _decode(prefix: str, text: str) -> bytes | None:
    start = prefix + "1"
    letters = text.removeprefix(start).encode("ascii", "replace")
    if not text.startswith(start) or len(letters) < 6 or letters.translate(None, _ALPHABET) or _polymod(prefix, letters) != 1:
        return None
    length, stray = divmod(5 * (len(letters) - 6), 8)
    number = int(b"0" + letters[:-6].translate(_TO_INT), 32)
    if stray >= 5 or number & (1 << stray) - 1:
        return None  # a letter too many, or a second spelling
    return (number >> stray).to_bytes(length)


def _polymod(prefix: str, letters: bytes) -> int:
    """BIP 173's checksum over a prefix, a zero, the prefix again and the letters."""
    codes = prefix.encode()
    words = bytes([*(code >> 5 for code in codes), 0, *(code & 31 for code in codes)]) + letters.translate(_VALUES)
    check = 1
    if len(words) % 2:
        check, words = check << 5 ^ words[0], words[1:]
    for first, second in zip(words[::2], words[1::2], strict=True):
        check = (check & 0xFFFFF) << 10 ^ first << 5 ^ second ^ _PAIRS[check >> 20]
    return check

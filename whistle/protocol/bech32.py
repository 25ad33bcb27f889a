"""Bech32 as age uses it: age1pq1… recipients and AGE-SECRET-KEY-PQ-1… identities (BIP 173, without its length limit).

Pure functions between text and bytes; one spelling for every value.
"""

from functools import reduce
from operator import xor

from whistle.errors import NotAnIdentity, NotARecipient

RECIPIENT_BYTES = 1_216  # ML-KEM-768 encapsulation key 1,184 and X25519 public key 32
_RECIPIENT_CHARACTERS = len("age1pq1") + -(-RECIPIENT_BYTES * 8 // 5) + 6  # the last six are the checksum
IDENTITY_BYTES = 32  # the X-Wing seed
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP 173
_TERMS = [reduce(xor, (term for place, term in enumerate(_GENERATOR) if top >> place & 1), 0) for top in range(32)]


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
    seed = _decode("age-secret-key-pq-", text.lower()) if text == text.upper() else None
    if seed is None or len(seed) != IDENTITY_BYTES:
        raise NotAnIdentity
    return seed


def _encode(prefix: str, raw: bytes) -> str:
    words = _regroup(raw, 8, 5)
    checksum = _polymod(_expand(prefix) + words + [0] * 6) ^ 1
    words += [checksum >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(_ALPHABET[word] for word in words)


def _decode(prefix: str, text: str) -> bytes | None:
    start = prefix + "1"
    letters = text.removeprefix(start)
    if not text.startswith(start) or len(letters) < 6 or not set(_ALPHABET).issuperset(letters):
        return None
    words = [_ALPHABET.index(letter) for letter in letters]
    if _polymod(_expand(prefix) + words) != 1:
        return None
    raw = bytes(_regroup(words[:-6], 5, 8)[: (len(words) - 6) * 5 // 8])
    return raw if _encode(prefix, raw) == text else None  # stray bits make a second spelling


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode()
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(words: list[int]) -> int:
    check = 1
    for word in words:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ word ^ _TERMS[top]
    return check


def _regroup(values: bytes | list[int], width: int, into: int) -> list[int]:
    """The same bits in words of another width, the last one filled up with zeros."""
    groups, held, bits = [], 0, 0
    for value in values:
        held, bits = held << width | value, bits + width
        while bits >= into:
            bits -= into
            groups.append(held >> bits)
            held &= (1 << bits) - 1
    if bits:
        groups.append(held << into - bits)
    return groups

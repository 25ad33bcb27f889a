"""Private keys in files: under a passphrase, under this machine's secret, or under both (spec section 3).

Argon2id is for what people choose; nothing else here is slow. A file says loudly what it is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from unicodedata import normalize

from argon2.low_level import Type, hash_secret_raw
from nacl.bindings import crypto_secretbox, crypto_secretbox_open
from nacl.exceptions import CryptoError

from whistle.errors import NotAWrappedKey, WeakWrapping, WrongPassphrase
from whistle.protocol.constants import LABEL_WRAP
from whistle.protocol.spelling import read_base64, write_base64
from whistle.sealing.keys import hkdf

_WARNING = "WHISTLE PRIVATE KEY, WRAPPED. KEEP SECRET."
_FACTORS = re.compile(r"factors: (passphrase|passphrase\+machine|machine) m=(\d{1,7}) t=(\d{1,2}) p=(\d) salt=([0-9a-f]{32})")
_PURPOSE = re.compile(r"root|receipt|(recovery|member|totp) [a-z][a-z0-9-]{0,31}")
_SALT_BYTES, _NONCE_BYTES, _SECRET_BYTES = 16, 24, 32
LONGEST_PASSPHRASE = 1_024  # characters before NFC, which takes minutes for some (spec section 3)


@dataclass(frozen=True)
class Cost:
    """What Argon2id may cost: memory in KiB, passes, lanes."""

    memory: int
    passes: int
    lanes: int

    def check(self) -> None:
        """Raises WeakWrapping outside the bounds of spec section 3."""
        if not (65_536 <= self.memory <= 1_048_576 and 3 <= self.passes <= 10 and 1 <= self.lanes <= 4):
            raise WeakWrapping


STANDARD = Cost(262_144, 3, 1)  # about a second on a server of 2026
DRAWN = Cost(65_536, 3, 1)  # for 64 random bits and more, which nobody guesses
_NO_COST = Cost(0, 0, 0)


@dataclass(frozen=True)
class Factors:
    """What it takes to unwrap: a passphrase, a machine secret of 32 bytes, or both."""

    passphrase: str | None = None
    machine: bytes | None = None

    def __repr__(self) -> str:
        return f"<Factors {self.name}>"

    @property
    def name(self) -> str:
        return "+".join(
            name for name, given in (("passphrase", self.passphrase), ("machine", self.machine)) if given is not None
        )


def wrap(secret: bytes, purpose: str, factors: Factors, random: Callable[[int], bytes], cost: Cost = STANDARD) -> str:
    """The text of a private key file for 32 secret bytes."""
    cost = cost if factors.passphrase is not None else _NO_COST
    salt, nonce = random(_SALT_BYTES), random(_NONCE_BYTES)
    box = nonce + crypto_secretbox(secret, nonce, _wrapping_key(purpose, factors, salt, cost))
    return _write(purpose, factors.name, cost, salt, box)


def decoy(purpose: str, random: Callable[[int], bytes]) -> str:
    """The text of a private key file that nothing opens, and that takes as long to try as a member's own."""
    return _write(purpose, "passphrase+machine", STANDARD, random(_SALT_BYTES), random(_NONCE_BYTES + 16 + _SECRET_BYTES))


def unwrap(text: str, purpose: str, factors: Factors) -> bytes:
    """The 32 secret bytes. Raises NotAWrappedKey, WeakWrapping or WrongPassphrase."""
    name, cost, salt, box = _read(text, purpose)
    if name != factors.name:
        raise WrongPassphrase
    try:
        return crypto_secretbox_open(box[_NONCE_BYTES:], box[:_NONCE_BYTES], _wrapping_key(purpose, factors, salt, cost))
    except CryptoError:
        raise WrongPassphrase from None


def factors_of(text: str, purpose: str) -> str:
    """Which factors a private key file asks for. Raises NotAWrappedKey or WeakWrapping."""
    return _read(text, purpose)[0]


def _wrapping_key(purpose: str, factors: Factors, salt: bytes, cost: Cost) -> bytes:
    stretched = b""
    if factors.passphrase is not None:
        cost.check()
        if len(factors.passphrase) > LONGEST_PASSPHRASE:
            raise WrongPassphrase
        passphrase = normalize("NFC", factors.passphrase).encode()  # one spelling, whatever keyboard composed it
        stretched = hash_secret_raw(passphrase, salt, cost.passes, cost.memory, cost.lanes, _SECRET_BYTES, Type.ID)
    return hkdf(stretched + (factors.machine or b""), salt, LABEL_WRAP + purpose.encode())


def _write(purpose: str, name: str, cost: Cost, salt: bytes, box: bytes) -> str:
    factors = f"factors: {name} m={cost.memory} t={cost.passes} p={cost.lanes} salt={salt.hex()}"
    return f"{_WARNING}\npurpose: {purpose}\n{factors}\nbox: {write_base64(box)}\n"


def _read(text: str, purpose: str) -> tuple[str, Cost, bytes, bytes]:
    lines = text.split("\n")
    if not _PURPOSE.fullmatch(purpose):
        raise NotAWrappedKey
    factors = _FACTORS.fullmatch(lines[2]) if len(lines) == 5 else None
    if not factors:
        raise NotAWrappedKey
    name, cost, salt = factors[1], Cost(*map(int, factors.group(2, 3, 4))), bytes.fromhex(factors[5])
    try:
        box = read_base64(lines[3].removeprefix("box: "), _NONCE_BYTES + 16 + _SECRET_BYTES)
    except ValueError:
        raise NotAWrappedKey from None
    if _write(purpose, name, cost, salt, box) != text or (name == "machine") != (cost == _NO_COST):
        raise NotAWrappedKey
    if name != "machine":
        cost.check()
    return name, cost, salt, box

"""Private keys as values that do not print, compare, hash or pickle. They hold bytes and decide nothing."""

from hashlib import shake_256
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_sign_seed_keypair

from whistle.protocol.bech32 import read_identity, write_identity


def hkdf(ikm: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256, 32 bytes (RFC 5869)."""
    return HKDF(SHA256(), 32, salt, info).derive(ikm)


class PrivateKey:
    """32 secret bytes, or 16 for a file key. `reveal` is the only way to them, so that every use can be searched for."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def reveal(self) -> bytes:
        return self._secret

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __eq__(self, other: object) -> bool:
        raise TypeError("A private key is never compared.")

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A private key is never pickled or copied.")


class FileKey(PrivateKey):
    """The 16 bytes that open one age file."""

    __slots__ = ()


class CaseKey(PrivateKey):
    """The 32 bytes that open one case at the desk; without them its payloads stay closed."""

    __slots__ = ()


class SigningKey(PrivateKey):
    """An Ed25519 seed."""

    __slots__ = ("public",)

    def __init__(self, secret: bytes) -> None:
        super().__init__(secret)
        self.public: bytes = crypto_sign_seed_keypair(secret)[0]


class Identity(PrivateKey):
    """An age hybrid identity: the X-Wing seed, and the keys it expands to (draft-connolly-cfrg-xwing-kem, section 5.2)."""

    __slots__ = ("exchange", "opener", "recipient")

    def __init__(self, secret: bytes) -> None:
        super().__init__(secret)
        expanded = shake_256(secret).digest(96)
        lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        self.exchange = X25519PrivateKey.from_private_bytes(expanded[64:])
        self.opener = MLKEM768X25519PrivateKey(lattice, self.exchange)
        self.recipient = lattice.public_key().public_bytes_raw() + self.exchange.public_key().public_bytes_raw()

    @classmethod
    def of_text(cls, text: str) -> "Identity":
        """From AGE-SECRET-KEY-PQ-1… Raises NotAnIdentity."""
        return cls(read_identity(text))

    def reveal_text(self) -> str:
        return write_identity(self.reveal())

"""From a case code to a reporter's keys and box (spec section 5). The same code gives the same keys on every device."""

from dataclasses import dataclass
from hashlib import sha256

from whistle.protocol.constants import LABEL_ACCESS, LABEL_AGE, LABEL_BOX, LABEL_SIGNING
from whistle.sealing.keys import Identity, SigningKey, hkdf


@dataclass(frozen=True, eq=False)
class ReporterKeys:
    """What a case code stands for. `access` lets its holder read and write the box; it opens nothing."""

    signing: SigningKey
    identity: Identity
    access: bytes
    box: bytes


def reporter_keys(code: bytes, instance: bytes) -> ReporterKeys:
    """The keys of a 16-byte code at the instance."""
    signing = SigningKey(hkdf(code, instance, LABEL_SIGNING))
    identity = Identity(hkdf(code, instance, LABEL_AGE))
    return ReporterKeys(signing, identity, hkdf(code, instance, LABEL_ACCESS), box_id(signing.public, identity.recipient))


def box_id(signing: bytes, recipient: bytes) -> bytes:
    """The self-certifying name of a box: whoever would slip in other keys gets another name."""
    return sha256(LABEL_BOX + signing + recipient).digest()

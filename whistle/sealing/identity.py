"""Identities under two seals: the inner to ring B of a group, the outer to ring A, so that it takes a member of each to
open one (spec section 6.4). One function for each member's step; nothing here does both."""

from collections.abc import Sequence

from whistle.errors import IdentityUnreadable, NoRings, RecipientRevoked
from whistle.protocol.card import Card
from whistle.protocol.constants import IDENTITY_BYTES, STANZA_BYTES
from whistle.protocol.identity import IdentityGiven, parse, serialize
from whistle.protocol.spelling import read_base64, write_base64
from whistle.sealing import age
from whistle.sealing.keys import Identity

# Header, nonce and tag of a file to one hybrid recipient. The lengths leave no room for a second, who could open it alone.
_LAYER_BYTES = 22 + STANZA_BYTES + 48 + 16 + 16


def rings_of(card: Card, group: str) -> tuple[bytes, bytes]:
    """The recipients of ring A and ring B, on a card that was checked. Raises NoRings, GroupUnknown or RecipientRevoked."""
    rings = card.group(group).rings
    if rings is None:
        raise NoRings
    if any(ring.digest in card.revoked for ring in rings):
        raise RecipientRevoked
    return rings[0].raw, rings[1].raw


def seal_identity(given: IdentityGiven, rings: Sequence[bytes]) -> str:
    """The field of a content: IDENTITY_FIELD characters. Raises IdentityEmpty or IdentityTooLong."""
    ring_a, ring_b = rings
    return write_base64(age.seal(age.seal(serialize(given), [ring_b]), [ring_a]))


def strip_outer(field: str, ring_a: Identity) -> bytes:
    """What a member of ring A hands on: a file that ring B opens. Raises a SealingError (NoMatch) or IdentityUnreadable."""
    try:
        file = read_base64(field, IDENTITY_BYTES + 2 * _LAYER_BYTES)
    except ValueError:
        raise IdentityUnreadable from None
    return age.open_file(file, [ring_a])


def open_inner(file: bytes, ring_b: Identity) -> IdentityGiven:
    """What a member of ring B reads. Raises a SealingError (NoMatch) or IdentityUnreadable."""
    if len(file) != IDENTITY_BYTES + _LAYER_BYTES:
        raise IdentityUnreadable
    return parse(age.open_file(file, [ring_b]))

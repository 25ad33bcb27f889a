"""Signing and checking a key card. Whatever seals calls `check` first; nothing seals to a card that it did not pass."""

from dataclasses import replace
from datetime import date

from whistle.errors import BadSignature, CardForged, CardHasEnded, CardNotFromThisRoot, CardOfAnotherInstance
from whistle.protocol.card import Card, parse
from whistle.protocol.constants import LABEL_CARD
from whistle.sealing.keys import SigningKey
from whistle.sealing.signing import sign, verify


def sign_card(card: Card, root: SigningKey) -> Card:
    """The card signed by the root, which it names."""
    named = replace(card, root=root.public)
    return replace(named, signature=sign(LABEL_CARD, root, named.signed_text.encode()))


def check(file: bytes, root_fingerprint: bytes, instance: bytes | None, today: date) -> Card:
    """The card of a file that may be sealed to today. Raises what `recognise` raises, and CardHasEnded."""
    card = recognise(file, root_fingerprint, instance)
    if today > card.ends:
        raise CardHasEnded
    return card


def recognise(file: bytes, root_fingerprint: bytes, instance: bytes | None) -> Card:
    """The card of a file to read by: of this root and instance, though its days may be over. Raises NotACard, CardRefused.

    `instance` is None for who meets the instance through this card for the first time.
    """
    card = parse(file)
    if card.root_fingerprint != root_fingerprint:
        raise CardNotFromThisRoot
    try:
        verify(LABEL_CARD, card.root, card.signed_text.encode(), card.signature)
    except BadSignature:
        raise CardForged from None
    if instance not in (None, card.instance):
        raise CardOfAnotherInstance
    return card

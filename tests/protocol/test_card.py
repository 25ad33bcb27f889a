"""The key card, parsed and checked."""

from datetime import date
from typing import Any

import pytest

from tests import vectors
from whistle.errors import (
    CardForged,
    CardHasEnded,
    CardNotFromThisRoot,
    CardOfAnotherInstance,
    GroupUnknown,
    NotACard,
    RecipientRevoked,
)
from whistle.protocol import card
from whistle.sealing.cards import check

VECTORS = vectors.read("card", 151)
ERRORS = {
    "malformed": NotACard,
    "other_root": CardNotFromThisRoot,
    "bad_signature": CardForged,
    "other_instance": CardOfAnotherInstance,
    "ended": CardHasEnded,
}
GOOD = next(case for case in VECTORS.cases if not vectors.refused(case))


def checked(case: dict[str, Any]) -> card.Card:
    given = case["input"]
    root, instance = bytes.fromhex(given["root_fingerprint"]), bytes.fromhex(given["instance"])
    return check(VECTORS.bytes(given["card"]), root, instance, date.fromisoformat(given["today"]))


@vectors.each(VECTORS.cases)
def test_a_card_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    if vectors.refused(case):
        with pytest.raises(ERRORS[case["error"]]):
            checked(case)
        return
    good = checked(case)
    assert card.serialize(good) == VECTORS.bytes(case["input"]["card"])
    assert {
        "digest": good.digest.hex(),
        "label": "demo" if good.demo else "production",
        "counter": good.counter,
        "issued": str(good.issued),
        "ends": str(good.ends),
        "groups": [group.id for group in good.groups],
        "revoked": [key.hex() for key in good.revoked],
    } == case["expect"]


def test_a_group_that_is_not_on_the_card_is_refused() -> None:
    with pytest.raises(GroupUnknown):
        checked(GOOD).group("nobody")


def test_nothing_is_sealed_to_a_revoked_recipient() -> None:
    good = checked(GOOD)
    group = good.groups[0]
    revoked = card.Card(**{**vars_of(good), "revoked": (group.recipient.digest,)})
    assert good.recipient(group.id) == group.recipient
    with pytest.raises(RecipientRevoked):
        revoked.recipient(group.id)


def test_a_revoked_voice_is_not_believed() -> None:
    good = checked(GOOD)
    group = good.groups[0]
    revoked = card.Card(**{**vars_of(good), "revoked": (group.voice_keys[-1].public,)})
    assert group.voice_keys[-1].public in good.voices(group)
    assert group.voice_keys[-1].public not in revoked.voices(group)


def vars_of(value: card.Card) -> dict[str, Any]:
    return {name: getattr(value, name) for name in card.Card.__dataclass_fields__}

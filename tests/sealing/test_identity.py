"""Identities under two seals: it takes both rings of a group, in their order, and nobody's seal is like another's length."""

from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest

from tests import vectors
from tests.sealing.conftest import Typage
from tests.sealing.test_contents import CARD, GROUP_ID
from whistle.errors import IdentityEmpty, IdentityTooLong, IdentityUnreadable, NoMatch, NoRings, RecipientRevoked, SealingError
from whistle.protocol import identity as text
from whistle.protocol.bech32 import write_recipient
from whistle.protocol.card import Card, GroupKey
from whistle.protocol.constants import IDENTITY_FIELD
from whistle.protocol.identity import IdentityGiven
from whistle.protocol.spelling import read_base64
from whistle.sealing.identity import open_inner, rings_of, seal_identity, strip_outer
from whistle.sealing.keys import Identity

VECTORS = vectors.read("identity", 111)
RINGS = {name: Identity(bytes.fromhex(secret)) for name, secret in VECTORS.given.items()}
A, B = RINGS["ring_a"], RINGS["ring_b"]
BOTH = (A.recipient, B.recipient)
GIVEN = IdentityGiven("Søren Ærlig", "20 12 34 56")
OUTER, INNER = ("spelling", "length", "outer"), ("length", "inner", "plaintext")


@vectors.each(VECTORS.of("open"))
def test_a_field_is_opened_and_refused_at_its_step_as_the_vectors_say(case: dict[str, Any]) -> None:
    first, then = RINGS[case["input"]["first"]], RINGS[case["input"]["then"]]
    field = VECTORS.bytes(case["input"]["field"]).decode()
    if case.get("error") in OUTER:
        with pytest.raises(SealingError if case["error"] == "outer" else IdentityUnreadable):
            strip_outer(field, first)
        return
    inner = strip_outer(field, first)
    if vectors.refused(case):
        with pytest.raises(SealingError if case["error"] == "inner" else IdentityUnreadable):
            open_inner(inner, then)
        return
    assert vars(open_inner(inner, then)) == case["expect"]


@vectors.each(VECTORS.of("inner"))
def test_what_is_handed_on_is_opened_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    file, ring = VECTORS.bytes(case["input"]["file"]), RINGS[case["input"]["then"]]
    if vectors.refused(case):
        assert case["error"] in INNER
        with pytest.raises(SealingError if case["error"] == "inner" else IdentityUnreadable):
            open_inner(file, ring)
        return
    assert vars(open_inner(file, ring)) == case["expect"]


def test_ring_a_and_then_ring_b_open_it() -> None:
    assert open_inner(strip_outer(seal_identity(GIVEN, BOTH), A), B) == GIVEN


def test_ring_a_alone_does_not_open_it() -> None:
    with pytest.raises(NoMatch):
        open_inner(strip_outer(seal_identity(GIVEN, BOTH), A), A)


def test_ring_b_alone_does_not_open_it() -> None:
    with pytest.raises(NoMatch):
        strip_outer(seal_identity(GIVEN, BOTH), B)


def test_ring_b_before_ring_a_does_not_open_it() -> None:
    field = seal_identity(GIVEN, BOTH)
    with pytest.raises(IdentityUnreadable):
        open_inner(read_base64(field), B)
    with pytest.raises(NoMatch):
        strip_outer(field, B)


def test_what_ring_a_hands_on_shows_nothing_of_the_identity() -> None:
    inner = strip_outer(seal_identity(GIVEN, BOTH), A)
    assert GIVEN.name.encode() not in inner
    assert GIVEN.contact.encode() not in inner


@pytest.mark.parametrize("given", [GIVEN, IdentityGiven("S", ""), IdentityGiven("", "x" * 1_000)], ids=["both", "name", "long"])
def test_every_identity_has_the_length_that_the_format_gives_it(given: IdentityGiven) -> None:
    assert len(seal_identity(given, BOTH)) == IDENTITY_FIELD


def test_an_identity_sealed_twice_is_never_the_same_bytes() -> None:
    assert seal_identity(GIVEN, BOTH) != seal_identity(GIVEN, BOTH)


@pytest.mark.parametrize(
    ("given", "error"), [(IdentityGiven("", ""), IdentityEmpty), (IdentityGiven("x" * 1_024, ""), IdentityTooLong)]
)
def test_nothing_and_too_much_are_not_sealed(given: IdentityGiven, error: type[Exception]) -> None:
    with pytest.raises(error):
        seal_identity(given, BOTH)


def ringed(**changes: Any) -> Card:
    """The card of the vectors, its group with rings."""
    rings = GroupKey(1, A.recipient), GroupKey(1, B.recipient)
    return replace(CARD, groups=(replace(CARD.groups[0], rings=rings),), **changes)


def test_the_rings_are_those_of_the_card() -> None:
    assert rings_of(ringed(), GROUP_ID) == BOTH


def test_a_group_without_rings_takes_no_identity() -> None:
    with pytest.raises(NoRings):
        rings_of(CARD, GROUP_ID)


@pytest.mark.parametrize("ring", [A, B], ids=["ring a", "ring b"])
def test_nothing_is_sealed_to_a_ring_that_was_revoked(ring: Identity) -> None:
    with pytest.raises(RecipientRevoked):
        rings_of(ringed(revoked=(GroupKey(1, ring.recipient).digest,)), GROUP_ID)


# Across ---------------------------------------------------------------------------------------------------------------


def test_what_a_browser_seals_both_rings_open(typage: Typage) -> None:
    rings = {name: write_recipient(ring.recipient) for name, ring in (("a", A), ("b", B))}
    field = typage.ask("seal_identity", given=vars(GIVEN), rings=rings)
    assert len(field) == IDENTITY_FIELD
    assert open_inner(strip_outer(field, A), B) == GIVEN
    with pytest.raises(NoMatch):
        strip_outer(field, B)


def test_an_independent_age_opens_what_is_sealed_here_layer_by_layer(typage: Typage) -> None:
    file = b64decode(seal_identity(GIVEN, BOTH) + "==")
    inner = typage.open(file, A.reveal_text())
    assert typage.open(inner, B.reveal_text()) == text.serialize(GIVEN)
    assert inner != file


def test_an_independent_age_seals_what_is_opened_here(typage: Typage) -> None:
    inner = typage.seal(text.serialize(GIVEN), [write_recipient(B.recipient)])
    assert open_inner(inner, B) == GIVEN

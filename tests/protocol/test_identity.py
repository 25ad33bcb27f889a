"""The padded text of an identity: one spelling, one length, and nothing beside it."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from whistle.errors import IdentityEmpty, IdentityTooLong, IdentityUnreadable
from whistle.protocol import identity
from whistle.protocol.constants import IDENTITY_BYTES
from whistle.protocol.identity import IdentityGiven

VECTORS = vectors.read("identity", 111)
REFUSED = {"empty": IdentityEmpty, "too_long": IdentityTooLong}
TEXT = st.text(max_size=150)
GIVEN = st.builds(IdentityGiven, TEXT, TEXT).filter(lambda given: given.name or given.contact)


@vectors.each(VECTORS.of("write"))
def test_an_identity_is_written_as_the_vectors_say(case: dict[str, Any]) -> None:
    if vectors.refused(case):
        with pytest.raises(REFUSED[case["error"]]):
            identity.serialize(IdentityGiven(**case["input"]))
        return
    padded = identity.serialize(IdentityGiven(**case["input"]))
    assert padded == case["expect"]["json"].encode().ljust(IDENTITY_BYTES)
    assert sha256(padded).hexdigest() == case["expect"]["sha256"]


@vectors.each(VECTORS.of("read"))
def test_an_identity_is_read_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    padded = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(IdentityUnreadable):
            identity.parse(padded)
        return
    assert vars(identity.parse(padded)) == case["expect"]


@given(GIVEN)
def test_what_is_written_is_read_again_and_has_one_length(given: IdentityGiven) -> None:
    try:
        padded = identity.serialize(given)
    except IdentityTooLong:
        return
    assert len(padded) == IDENTITY_BYTES
    assert identity.parse(padded) == given


@given(st.binary(max_size=60), st.integers(0, IDENTITY_BYTES))
def test_no_other_bytes_are_read_as_an_identity_in_two_ways(inserted: bytes, at: int) -> None:
    good = identity.serialize(IdentityGiven("Søren", "soren@example.org"))
    changed = (good[:at] + inserted + good[at + len(inserted) :])[:IDENTITY_BYTES]
    try:
        assert identity.serialize(identity.parse(changed)) == changed
    except IdentityUnreadable:
        return


def test_half_a_character_is_not_sealed() -> None:
    with pytest.raises(IdentityUnreadable):
        identity.serialize(IdentityGiven("\ud800", ""))

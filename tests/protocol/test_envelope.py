"""The door: an envelope is taken whole or refused at the first byte that departs."""

import itertools
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from whistle.errors import NotAnEnvelope
from whistle.protocol import envelope
from whistle.protocol.envelope import EnvelopeReader

VECTORS = vectors.read("envelope", 85)


@vectors.each(VECTORS.cases)
def test_an_envelope_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    whole = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotAnEnvelope):
            envelope.parse(whole)
        return
    taken = envelope.parse(whole)
    assert sha256(taken).hexdigest() == case["expect"]["sha256"]
    assert len(taken) - (envelope.header_length(taken) or 0) == envelope.payload_length(case["expect"]["plaintext"])


@vectors.each(tuple(case for case in VECTORS.cases if case.get("departs_at") is not None))
def test_the_refusal_comes_with_the_first_byte_that_departs(case: dict[str, Any]) -> None:
    whole, departs = VECTORS.bytes(case["input"]), case["departs_at"]
    reader = EnvelopeReader()
    reader.feed(whole[:departs])
    with pytest.raises(NotAnEnvelope):
        reader.feed(whole[departs : departs + 1])


GOOD = next(VECTORS.bytes(case["input"]) for case in VECTORS.cases if not vectors.refused(case))


@given(st.lists(st.integers(0, len(GOOD)), max_size=6))
def test_pieces_of_any_size_give_the_same_envelope(cuts: list[int]) -> None:
    reader = EnvelopeReader()
    places = [0, *sorted(cuts), len(GOOD)]
    for start, end in itertools.pairwise(places):
        reader.feed(GOOD[start:end])
    assert reader.end() == GOOD


@given(st.integers(0, (envelope.header_length(GOOD) or 0) - 1), st.integers(0, 255))
def test_a_changed_header_byte_is_refused_or_is_another_envelope(place: int, byte: int) -> None:
    changed = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    try:
        assert envelope.parse(changed) == changed
    except NotAnEnvelope:
        assert changed != GOOD


@given(st.binary(max_size=2000))
def test_a_plain_text_never_passes(text: bytes) -> None:
    with pytest.raises(NotAnEnvelope):
        envelope.parse(text)

"""Submissions, fetches and pages."""

from hashlib import sha256
from typing import Any

import pytest

from tests import vectors
from whistle.errors import NotAnEnvelope, NotASubmission, NotPages
from whistle.protocol import wire
from whistle.reporter.intake import find_proof

VECTORS = vectors.read("wire", 84)
ERRORS = {"not_a_submission": NotASubmission, "not_an_envelope": NotAnEnvelope}


@vectors.each(VECTORS.of("submission"))
def test_a_submission_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    whole = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(ERRORS[case["error"]]):
            wire.parse_submission(whole)
        return
    found = wire.parse_submission(whole)
    assert wire.serialize_submission(found) == whole
    assert {
        "box": found.box.hex(),
        "token": found.access.hex(),
        "proof": found.proof.hex(),
        "challenge": found.challenge,
        "envelope": sha256(found.envelope).hexdigest(),
    } == case["expect"]


@vectors.each(VECTORS.of("fetch"))
def test_a_fetch_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    whole = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotASubmission):
            wire.parse_fetch(whole)
        return
    found = wire.parse_fetch(whole)
    assert wire.serialize_fetch(found) == whole
    assert {"box": found.box.hex(), "token": found.access.hex(), "after": found.after} == case["expect"]


@vectors.each(VECTORS.of("pages"))
def test_pages_are_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    whole = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotPages):
            wire.parse_pages(whole)
        return
    frames, more = wire.parse_pages(whole)
    found = [
        {
            "position": frame.position,
            "direction": frame.direction,
            "day": str(frame.day),
            "box": frame.box.hex(),
            "length": len(frame.sealed),
            "sha256": frame.digest.hex(),
        }
        for frame in frames
    ]
    assert {"more": more, "frames": found} == case["expect"]


@vectors.each(tuple(case for case in VECTORS.of("proof") if not vectors.refused(case)))
def test_a_proof_that_is_found_is_no_later_than_the_one_the_vectors_give(case: dict[str, Any]) -> None:
    given = case["input"]
    if given["difficulty"] <= 12:
        found = find_proof(given["challenge"], given["difficulty"])
        assert int.from_bytes(found) <= int.from_bytes(bytes.fromhex(given["proof"]))

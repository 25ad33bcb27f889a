"""Files in parts: how long they are, the record of a part, and what the door takes of one, byte by byte."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from whistle.errors import FileTooLarge, NotAnEnvelope, NotASubmission
from whistle.protocol import parts
from whistle.protocol.constants import FILE_LIMIT, PART_BYTES
from whistle.protocol.parts import BeginningReader, ContinuationReader, Part

VECTORS = vectors.read("parts", 232)
ERRORS = {"not_a_submission": NotASubmission, "not_an_envelope": NotAnEnvelope, "too_large": FileTooLarge}
GOOD = next(case["input"] for case in VECTORS.of("begin") if not vectors.refused(case))


def departing(operation: str) -> tuple[dict[str, Any], ...]:
    return tuple(case for case in VECTORS.of(operation) if case.get("departs_at") is not None)


def shown(part: Part) -> dict[str, Any]:
    return {"file": part.file.hex(), "length": part.length, "index": part.index, "part": part.digest.hex()}


@vectors.each(VECTORS.of("size"))
def test_a_file_is_as_long_and_in_as_many_parts_as_the_vectors_say(case: dict[str, Any]) -> None:
    length = parts.sealed_length(case["input"])
    count = parts.count_of(length)
    last = parts.part_length(length, count - 1)
    padded = parts.padded_size(case["input"])
    assert {"padded": padded, "sealed": length, "parts": count, "last": last} == case["expect"]
    assert (parts.part_length(length, 0), parts.part_length(length, count)) == (min(length, PART_BYTES), 0)


@vectors.each(VECTORS.of("payload"))
def test_a_payload_has_the_lengths_that_the_vectors_say(case: dict[str, Any]) -> None:
    assert parts.is_payload(case["input"]) is not vectors.refused(case)


@vectors.each(VECTORS.of("record"))
def test_a_part_record_is_read_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    whole = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotASubmission):
            parts.parse_part(whole)
        return
    read = parts.parse_part(whole)
    assert parts.serialize_part(read) == whole
    assert shown(read) == case["expect"]


@vectors.each(VECTORS.of("begin"))
def test_a_beginning_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    whole, limit = VECTORS.bytes(case["input"]["body"]), case["input"]["limit"]
    if vectors.refused(case):
        with pytest.raises(ERRORS[case["error"]]):
            parts.parse_beginning(whole, limit)
        return
    read = parts.parse_beginning(whole, limit)
    assert parts.serialize_beginning(read) == whole
    head = {"box": read.box.hex(), "token": read.access.hex(), "proof": read.proof.hex(), "challenge": read.challenge}
    assert head | shown(read.part) == case["expect"]


@vectors.each(departing("begin"))
def test_a_beginning_is_refused_with_the_first_byte_that_departs(case: dict[str, Any]) -> None:
    whole, departs = VECTORS.bytes(case["input"]["body"]), case["departs_at"]
    reader = BeginningReader(case["input"]["limit"])
    reader.feed(whole[:departs])
    with pytest.raises(ERRORS[case["error"]]):
        reader.feed(whole[departs : departs + 1])


@vectors.each(VECTORS.of("part"))
def test_a_later_part_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    whole = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotASubmission):
            parts.parse_continuation(whole)
        return
    read = parts.parse_continuation(whole)
    assert parts.serialize_continuation(read) == whole
    assert {"box": read.box.hex(), "token": read.access.hex()} | shown(read.part) == case["expect"]


@vectors.each(departing("part"))
def test_a_later_part_is_refused_with_the_first_byte_that_departs(case: dict[str, Any]) -> None:
    whole, departs = VECTORS.bytes(case["input"]), case["departs_at"]
    reader = ContinuationReader()
    reader.feed(whole[:departs])
    with pytest.raises(NotASubmission):
        reader.feed(whole[departs : departs + 1])


@vectors.each(VECTORS.of("cancel"))
def test_a_file_to_cancel_is_named_as_the_vectors_say(case: dict[str, Any]) -> None:
    whole = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotASubmission):
            parts.parse_owned(whole)
        return
    read = parts.parse_owned(whole)
    assert {"box": read.box.hex(), "token": read.access.hex(), "file": read.file.hex()} == case["expect"]


BEGINNING = VECTORS.bytes(GOOD["body"])


@given(st.lists(st.integers(0, len(BEGINNING)), max_size=6))
def test_pieces_of_any_size_give_the_same_beginning(cuts: list[int]) -> None:
    reader = BeginningReader(GOOD["limit"])
    for start, end in itertools.pairwise([0, *sorted(cuts), len(BEGINNING)]):
        reader.feed(BEGINNING[start:end])
    assert parts.serialize_beginning(reader.end()) == BEGINNING


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=1, max_size=500), st.integers(0, 2**32 - 1))
def test_every_part_that_is_written_is_read_again(file: bytes, sealed: bytes, index: int) -> None:
    last = Part(file, index * PART_BYTES + len(sealed), index, sealed)
    assert parts.parse_part(parts.serialize_part(last)) == last


@given(st.integers(0, len(BEGINNING) - 16_416), st.integers(0, 255))
def test_a_changed_byte_before_the_payload_is_refused_or_is_another_beginning(place: int, byte: int) -> None:
    changed = BEGINNING[:place] + bytes([byte]) + BEGINNING[place + 1 :]
    try:
        assert parts.serialize_beginning(parts.parse_beginning(changed, GOOD["limit"])) == changed
    except (NotASubmission, NotAnEnvelope, FileTooLarge):
        assert changed != BEGINNING


@given(st.integers(1, FILE_LIMIT))
def test_the_parts_of_a_file_are_the_file_and_its_payload_is_one_that_is_taken(size: int) -> None:
    length = parts.sealed_length(size)
    count = parts.count_of(length)
    assert parts.part_length(length, count - 1) > 0 == parts.part_length(length, count)
    assert (count - 1) * PART_BYTES + parts.part_length(length, count - 1) == length
    assert parts.is_payload(length - (parts.sealed_length(1) - 16_416))

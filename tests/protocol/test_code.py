"""The case code: what it looks like, which mistakes it finds, and that it never guesses."""

import itertools
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from whistle.errors import CodeHasBadCharacter, CodeHasWrongLength, CodeMistyped, CodeUnreadable
from whistle.protocol import code

VECTORS = vectors.read("code", 58)
LETTERS = ("bdfghjklmnprstvz", "aiou", "bdfghjklmnprstvz", "aiou", "bdfghjklmnprstvz")
CODES = st.binary(min_size=16, max_size=16)


@vectors.each(VECTORS.of("write"))
def test_a_code_is_written_as_the_vectors_say(case: dict[str, Any]) -> None:
    assert code.write(bytes.fromhex(case["input"])) == case["expect"]


@vectors.each(VECTORS.of("read"))
def test_a_code_is_read_as_the_vectors_say(case: dict[str, Any]) -> None:
    if not vectors.refused(case):
        assert code.read(case["input"]).hex() == case["expect"]
        return
    with pytest.raises(CodeUnreadable) as caught:
        code.read(case["input"])
    match case["error"], caught.value:
        case "bad_letter", CodeHasBadCharacter() as error:
            assert (error.position, error.character) == (case["at"] + 1, case["letter"])
        case "wrong_length", CodeHasWrongLength() as error:
            assert error.letters == case["letters"]
        case "mistyped", CodeMistyped() as error:
            assert error.suggestion == case["correction"]
        case _:
            raise AssertionError(f"{case['error']} was refused as {type(caught.value).__name__}")


@given(CODES)
def test_reading_gives_back_what_was_written(random: bytes) -> None:
    assert code.read(code.write(random)) == random


def test_every_single_wrong_letter_is_found_and_mended() -> None:
    right = code.write(bytes(range(16)))
    changes = 0
    for place, letter in enumerate(right.replace("-", "")):
        for wrong in set(LETTERS[place % 5]) - {letter}:
            changes += 1
            letters = right.replace("-", "")
            with pytest.raises(CodeMistyped) as caught:
                code.read(letters[:place] + wrong + letters[place + 1 :])
            assert caught.value.suggestion == right
    assert changes == 459


@given(CODES, st.integers(0, 8), st.integers(0, 8))
def test_two_swapped_groups_never_pass_as_another_code(random: bytes, one: int, other: int) -> None:
    groups = code.write(random).split("-")
    swapped = groups.copy()
    swapped[one], swapped[other] = swapped[other], swapped[one]
    if swapped != groups:
        with pytest.raises(CodeMistyped):
            code.read("-".join(swapped))


@given(CODES, st.data())
def test_two_wrong_letters_never_pass_as_another_code(random: bytes, data: st.DataObject) -> None:
    letters = list(code.write(random).replace("-", ""))
    places = data.draw(st.lists(st.integers(0, 44), min_size=2, max_size=2, unique=True))
    for place in places:
        letters[place] = data.draw(st.sampled_from(sorted(set(LETTERS[place % 5]) - {letters[place]})))
    with pytest.raises(CodeMistyped):
        code.read("".join(letters))


def test_fewer_than_one_in_a_hundred_double_errors_look_like_a_single_one() -> None:
    """By the syndromes of all pairs of changed letters: exact, not sampled."""
    weights = [1]
    for _ in range(8):
        weights.append(code._times(weights[-1], 0x13))
    singles = {
        (group, letter): [code._times(weights[group], change << shift) for change in range(1, len(letters))]
        for group in range(9)
        for letter, (letters, shift) in enumerate(zip(LETTERS, (12, 10, 6, 4, 0), strict=True))
    }
    known = {syndrome for syndromes in singles.values() for syndrome in syndromes}
    assert len(known) == sum(len(syndromes) for syndromes in singles.values()) == 459
    doubles = [a ^ b for one, other in itertools.combinations(singles, 2) for a in singles[one] for b in singles[other]]
    assert 0 not in doubles
    assert sum(double in known for double in doubles) / len(doubles) < 0.01


def test_a_code_with_a_rude_group_is_thrown_away_whole() -> None:
    rude = next(drawn for drawn in iter(lambda: os.urandom(16), b"") if any(word in code.write(drawn) for word in code.RUDE))
    draws = iter([rude, bytes(16)])
    assert code.generate(lambda _: next(draws)) == bytes(16)


def test_the_browser_avoids_the_same_groups() -> None:
    source = (Path(__file__).parents[2] / "browser/src/rude.js").read_text()
    assert tuple(re.findall(r"^  '(\w+)',", source, re.MULTILINE)) == code.RUDE

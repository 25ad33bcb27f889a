"""Heads of the log as text: one spelling, and nothing beside it."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from whistle.errors import NotALogHead
from whistle.protocol import loghead
from whistle.protocol.loghead import LogHead

VECTORS = vectors.read("log", 115)
CASES = VECTORS.of("parse")
GOOD = next(VECTORS.bytes(case["input"]) for case in CASES if not vectors.refused(case))
HASH = st.binary(min_size=32, max_size=32)
DAY = st.dates(date(1, 1, 1), date(9999, 12, 31))
SIXTEEN, SIXTY_FOUR = st.binary(min_size=16, max_size=16), st.binary(min_size=64, max_size=64)
HEAD = st.builds(LogHead, SIXTEEN, st.integers(0, 10**15 - 1), HASH, DAY, HASH, SIXTY_FOUR)


@vectors.each(CASES)
def test_a_head_is_read_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    file = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotALogHead):
            loghead.parse(file)
        return
    read = loghead.parse(file)
    assert loghead.serialize(read) == file
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in vars(read).items()}
    assert shown | {"day": str(read.day)} == case["expect"]


@given(HEAD)
def test_every_head_that_is_written_is_read_again(written: LogHead) -> None:
    assert loghead.parse(loghead.serialize(written)) == written


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_is_another_head(place: int, byte: int) -> None:
    changed = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    try:
        assert loghead.serialize(loghead.parse(changed)) == changed
    except NotALogHead:
        assert changed != GOOD

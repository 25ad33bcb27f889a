"""Receipts as text: one spelling, and nothing beside it."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from whistle.errors import NotAReceipt
from whistle.protocol import receipt
from whistle.protocol.receipt import Receipt

VECTORS = vectors.read("receipts", 224)
CASES = VECTORS.of("parse")
GOOD = next(VECTORS.bytes(case["input"]) for case in CASES if not vectors.refused(case))
HASH = st.binary(min_size=32, max_size=32)
DAY = st.dates(date(1970, 1, 1), date(9999, 12, 31))
RECEIPT = st.builds(
    Receipt, st.binary(min_size=16, max_size=16), HASH, HASH, HASH, DAY, HASH, st.binary(min_size=64, max_size=64)
)


@vectors.each(CASES)
def test_a_receipt_is_read_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    file = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotAReceipt):
            receipt.parse(file)
        return
    read = receipt.parse(file)
    assert receipt.serialize(read) == file
    assert {name: value if isinstance(value, str) else value.hex() for name, value in shown(read).items()} == case["expect"]


def shown(read: Receipt) -> dict[str, Any]:
    return vars(read) | {"day": str(read.day)}


@given(RECEIPT)
def test_every_receipt_that_is_written_is_read_again(written: Receipt) -> None:
    assert receipt.parse(receipt.serialize(written)) == written


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_is_another_receipt(place: int, byte: int) -> None:
    changed = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    try:
        assert receipt.serialize(receipt.parse(changed)) == changed
    except NotAReceipt:
        assert changed != GOOD


@given(st.binary(max_size=600))
def test_a_text_is_no_receipt(text: bytes) -> None:
    with pytest.raises(NotAReceipt):
        receipt.parse(text)

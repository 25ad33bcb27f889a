"""Receipts under seal of the desk: which a reader believes, in which box, on which day."""

from datetime import date
from typing import Any

import pytest

from tests import vectors
from whistle.errors import BadSignature, NotAReceipt
from whistle.protocol.card import Card
from whistle.sealing.cards import check
from whistle.sealing.keys import SigningKey
from whistle.sealing.receipts import read_receipt, receipt_for

VECTORS = vectors.read("receipts", 224)
GIVEN = VECTORS.given
CASES = VECTORS.of("verify")
ERRORS = dict.fromkeys(
    ("key", "other_instance", "other_box", "not_there", "signature", "public_key", "point", "scalar"), BadSignature
) | {"not_a_receipt": NotAReceipt}
GOOD = next(case["input"] for case in CASES if not vectors.refused(case))


class Anything:
    """A box in which everything is, so that only the signature can tell."""

    def __contains__(self, sealed: object) -> bool:
        return True


def card(recipe: Any) -> Card:
    return check(VECTORS.bytes(recipe), bytes.fromhex(GIVEN["root_fingerprint"]), None, date.fromisoformat(GIVEN["today"]))


def read(file: bytes, where: dict[str, Any]) -> bytes:
    there = {bytes.fromhex(one) for one in where["there"]}
    return read_receipt(file, bytes.fromhex(where["box"]), there, card(where["card"])).sealed


@vectors.each(CASES)
def test_a_receipt_is_believed_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    file = VECTORS.bytes(case["input"]["receipt"])
    if vectors.refused(case):
        with pytest.raises(ERRORS[case["error"]]):
            read(file, case["input"])
        return
    assert read(file, case["input"]).hex() in case["input"]["there"]


def test_a_receipt_with_any_bit_flipped_is_refused() -> None:
    good, box, there, on = VECTORS.bytes(GOOD["receipt"]), bytes.fromhex(GOOD["box"]), Anything(), card(GOOD["card"])
    for place in range(8 * len(good)):
        changed = bytearray(good)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises((BadSignature, NotAReceipt)):
            read_receipt(bytes(changed), box, there, on)
    assert read_receipt(good, box, there, on).box == box


def test_the_desk_writes_the_receipt_that_the_vectors_hold() -> None:
    key, good = SigningKey(bytes.fromhex(GIVEN["receipt_seed"])), VECTORS.bytes(GOOD["receipt"])
    box, sealed = bytes.fromhex(GOOD["box"]), bytes.fromhex(GOOD["there"][0])
    assert receipt_for(sealed, box, date(2026, 11, 20), card(GOOD["card"]), key) == good

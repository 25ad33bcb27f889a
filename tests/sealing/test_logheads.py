"""Heads of the log under the key that signs receipts: which a reader believes, and on which day."""

from datetime import date
from typing import Any

import pytest

from tests import vectors
from whistle.errors import BadSignature, NotALogHead
from whistle.protocol.card import Card
from whistle.sealing.cards import check
from whistle.sealing.keys import SigningKey
from whistle.sealing.logheads import head_of, read_head

VECTORS = vectors.read("log", 115)
GIVEN = VECTORS.given
CASES = VECTORS.of("verify")
ERRORS = dict.fromkeys(("key", "other_instance", "signature", "point", "scalar"), BadSignature) | {
    "not_a_log_head": NotALogHead
}
GOOD = next(case["input"] for case in CASES if not vectors.refused(case))


def card(recipe: Any) -> Card:
    return check(VECTORS.bytes(recipe), bytes.fromhex(GIVEN["root_fingerprint"]), None, date.fromisoformat(GIVEN["today"]))


@vectors.each(CASES)
def test_a_head_is_believed_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    file, under = VECTORS.bytes(case["input"]["head"]), card(case["input"]["card"])
    if vectors.refused(case):
        with pytest.raises(ERRORS[case["error"]]):
            read_head(file, under)
        return
    assert read_head(file, under).lines == 3


def test_a_head_with_any_bit_flipped_is_refused() -> None:
    good, under = VECTORS.bytes(GOOD["head"]), card(GOOD["card"])
    for place in range(8 * len(good)):
        changed = bytearray(good)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises((BadSignature, NotALogHead)):
            read_head(bytes(changed), under)
    assert read_head(good, under).lines == 3


def test_the_desk_writes_the_head_that_the_vectors_hold() -> None:
    good, key = VECTORS.bytes(GOOD["head"]), SigningKey(bytes.fromhex(GIVEN["receipt_seed"]))
    read, under = read_head(good, card(GOOD["card"])), card(GOOD["card"])
    assert head_of(3, read.hash, date(2026, 11, 20), under.instance, key) == good

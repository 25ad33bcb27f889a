"""Going on with a fresh code: the earlier key vouches for the new box, and nothing else does."""

from typing import Any

import pytest

from tests import vectors
from whistle.errors import BadSignature
from whistle.protocol.content import Continues
from whistle.sealing.continuing import check_continues, continue_from
from whistle.sealing.derivation import reporter_keys

VECTORS = vectors.read("continues", 10)


@vectors.each(VECTORS.of("write"))
def test_a_new_box_is_vouched_for_as_the_vectors_say(case: dict[str, Any]) -> None:
    given, expect = ({name: bytes.fromhex(value) for name, value in case[part].items()} for part in ("input", "expect"))
    said = continue_from(reporter_keys(given["code"], given["instance"]), given["box"])
    assert said == Continues(expect["box"], expect["signature"])


@vectors.each(VECTORS.of("verify"))
def test_a_vouching_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    given = {name: bytes.fromhex(value) for name, value in case["input"].items()}
    said = Continues(bytes(32), given["signature"])
    if vectors.refused(case):
        with pytest.raises(BadSignature):
            check_continues(said, given["signing"], given["box"])
    else:
        check_continues(said, given["signing"], given["box"])

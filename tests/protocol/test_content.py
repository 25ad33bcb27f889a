"""Contents: exactly what section 6 describes, and nothing else."""

from hashlib import sha256
from typing import Any

import pytest

from tests import vectors
from whistle.errors import NotAContent
from whistle.protocol import content

VECTORS = vectors.read("contents", 728)


@vectors.each(VECTORS.cases)
def test_a_content_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    text = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotAContent):
            content.parse(text)
        return
    read = content.parse(text)
    assert content.serialize(read) == text
    assert read.position == content.Position(case["expect"]["sequence"], sha256(text).digest())
    assert {
        "direction": read.context.direction,
        "kind": read.kind,
        "sequence": read.context.sequence,
        "hash": read.position.hash.hex(),
    } == case["expect"]


def test_what_would_be_refused_is_not_written_either() -> None:
    empty = content.Message("")
    context = content.Context(bytes(16), bytes(32), content.TO_DESK, "risk", 1, bytes(32), 2, b"p" * 32, content.Position())
    with pytest.raises(NotAContent):
        content.serialize(content.Content(context, empty))

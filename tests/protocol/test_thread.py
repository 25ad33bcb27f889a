"""The logic of chains, by the vectors."""

from hashlib import sha256
from typing import Any

from tests import vectors
from whistle.protocol.content import TO_DESK, TO_REPORTER, Position
from whistle.protocol.thread import Judged, Link, judge

VECTORS = vectors.read("thread", 59)


def named(name: str) -> bytes:
    return sha256(name.encode()).digest() if name else bytes(32)


def link(entry: dict[str, Any]) -> Link:
    seen = Position(entry["seen"][0], named(entry["seen"][1]))
    position = Position(entry["sequence"], named(entry["hash"]))
    return Link(entry["direction"], position, named(entry["previous"]), seen)


def word(judged: Judged) -> str:
    return f"{judged.verdict} {judged.missing}" if judged.missing else str(judged.verdict)


@vectors.each(VECTORS.cases)
def test_a_thread_is_judged_as_the_vectors_say(case: dict[str, Any]) -> None:
    chains = judge([link(entry) for entry in case["input"]])
    assert [word(judged) for judged in chains.judged] == case["expect"]["verdicts"]
    assert chains.withheld == {side: case["expect"]["withheld"][side] for side in (TO_DESK, TO_REPORTER)}

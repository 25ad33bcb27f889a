"""Contents: exactly what section 6 describes, and nothing else."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from whistle.errors import NotAContent
from whistle.protocol import content
from whistle.protocol.card import GROUP_ID
from whistle.protocol.content import KINDS, TO_DESK, TO_REPORTER, Content, Context, Position
from whistle.protocol.spelling import write_base64
from whistle.sealing.derivation import reporter_keys

VECTORS = vectors.read("contents", 784)

KEYS = reporter_keys(bytes(16), bytes(16))
CONTEXT = Context(bytes(16), bytes(32), TO_DESK, "risk", 1, bytes(32), 2, b"p" * 32, Position())
HASH, TEXT, WORDS = st.binary(min_size=32, max_size=32), st.text(max_size=40), st.text(min_size=1, max_size=40)
IDENTITY = st.binary(min_size=1, max_size=9).map(lambda some: write_base64((some * 4_342)[:4_342]))
FILE = st.builds(content.SentFile, st.binary(min_size=16, max_size=16), WORDS, TEXT, st.integers(1, 2**32), HASH)
TICKED = st.builds(content.Ticked, st.integers(0, 15), st.integers(0, 7))
QUESTION = st.builds(content.Question, WORDS, st.lists(WORDS, min_size=2, max_size=8).map(tuple))
SAID = {
    "report": st.builds(
        content.Report,
        HASH,
        st.just(KEYS.identity.recipient),
        st.sampled_from(["da", "en"]),
        WORDS,
        st.lists(st.builds(content.Answer, st.from_regex(GROUP_ID, fullmatch=True), WORDS), max_size=3).map(tuple),
        st.none() | IDENTITY,
    ),
    "message": st.builds(content.Message, WORDS),
    "files": st.builds(content.Files, st.lists(FILE, min_size=1, max_size=3, unique_by=lambda file: file.id).map(tuple)),
    "answers": st.builds(
        content.Answers,
        HASH,
        st.lists(TICKED, min_size=1, max_size=16, unique_by=lambda each: each.question).map(
            lambda ticked: tuple(sorted(ticked, key=lambda each: each.question))
        ),
    ),
    "minutes-agreed": st.builds(content.MinutesAgreed, HASH),
    "minutes-corrected": st.builds(content.MinutesCorrected, HASH, WORDS),
    "consent": st.builds(content.Consent, WORDS),
    "consent-withdrawn": st.builds(content.ConsentWithdrawn, HASH),
    "identity": st.builds(content.SealedIdentity, IDENTITY),
    "retaliation": st.builds(content.Retaliation, WORDS),
    "meeting-request": st.builds(content.MeetingRequest, TEXT),
    "close": st.builds(content.Close, TEXT),
    "read": st.builds(content.Read, HASH),
    "continues": st.builds(content.Continues, HASH, st.binary(min_size=64, max_size=64)),
    "acknowledgement": st.builds(content.Acknowledgement, WORDS),
    "code-seen": st.builds(content.CodeSeen, WORDS),
    "notice": st.builds(content.Notice, st.sampled_from(content.STATES), TEXT),
    "questions": st.builds(content.Questions, TEXT, st.lists(QUESTION, min_size=1, max_size=16).map(tuple)),
    "minutes": st.builds(content.Minutes, WORDS),
    "feedback": st.builds(content.Feedback, WORDS),
    "outcome": st.builds(content.Outcome, WORDS),
    "closing": st.builds(content.Closing, WORDS),
    "note": st.builds(content.Note, WORDS, WORDS),
    "intake-record": st.builds(
        content.IntakeRecord,
        WORDS,
        st.from_regex(GROUP_ID, fullmatch=True),
        TEXT,
        st.lists(FILE, max_size=3, unique_by=lambda file: file.id).map(tuple),
    ),
}
TEXTS = (content.Consent, content.Retaliation, content.Close, content.Minutes)
PLACES = [(direction, kind) for direction, kinds in KINDS.items() for kind in kinds]


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


@st.composite
def anything_said(draw: st.DrawFn) -> Content:
    direction, kind = draw(st.sampled_from(PLACES))
    body = draw(SAID[kind])
    sequence = 1 if kind == "report" else draw(st.integers(2, 2**53 - 1))
    previous = bytes(32) if sequence == 1 else draw(HASH.filter(any))
    seen = draw(st.just(Position()) | st.builds(Position, st.integers(1, 2**53 - 1), HASH.filter(any)))
    return Content(replace(CONTEXT, direction=direction, sequence=sequence, previous=previous, seen=seen), body)


@given(anything_said())
def test_whatever_is_said_is_read_again_as_it_was(said: Content) -> None:
    text = content.serialize(said)
    again = content.parse(text)
    assert again == said
    assert again.kind == said.kind
    assert content.serialize(again) == text


def test_every_kind_has_one_class_and_every_class_one_kind() -> None:
    assert {kind for _, kind in PLACES} == set(SAID)
    pairs = {(kind, body) for kinds in KINDS.values() for kind, body in kinds.items()}
    assert len({kind for kind, _ in pairs}) == len({body for _, body in pairs}) == len(pairs) == 24


@given(anything_said(), st.sampled_from(list(KINDS)))
def test_nothing_is_written_in_a_direction_that_is_not_its_own(said: Content, direction: str) -> None:
    elsewhere = Content(replace(said.context, direction=direction), said.body)
    if said.kind in KINDS[direction]:
        return
    with pytest.raises(NotAContent):
        content.serialize(elsewhere)


@pytest.mark.parametrize("value", [None, 1, True, "a", b"a", ["a"], {}, ()])
@pytest.mark.parametrize("made", [*TEXTS, content.MinutesAgreed, content.SealedIdentity, content.Read])
def test_a_field_of_another_type_is_not_written(made: Any, value: Any) -> None:
    if value == "a" and made in TEXTS:
        return
    direction = TO_REPORTER if made is content.Minutes else TO_DESK
    with pytest.raises(NotAContent):
        content.serialize(Content(replace(CONTEXT, direction=direction), made(value)))


def test_the_words_of_a_ticked_answer_are_those_that_were_asked() -> None:
    asked = content.Questions("", (content.Question("Where?", ("here", "there")),))
    assert asked.words(content.Ticked(0, 1)) == ("Where?", "there")
    assert asked.words(content.Ticked(0, 2)) == ("Where?", None)
    assert asked.words(content.Ticked(1, 0)) == (None, None)

"""A mailbox as a terminal shows it: every kind by its title and in words, and nothing of another's that moves the cursor."""

from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any, cast

import pytest

from tests.protocol.test_content import CONTEXT
from whistle.protocol.content import (
    KINDS,
    TO_DESK,
    TO_REPORTER,
    Answers,
    Body,
    Close,
    Closing,
    CodeSeen,
    Consent,
    ConsentWithdrawn,
    Content,
    Continues,
    Feedback,
    Minutes,
    MinutesAgreed,
    MinutesCorrected,
    Notice,
    Question,
    Questions,
    Read,
    SealedIdentity,
    Ticked,
)
from whistle.protocol.thread import Verdict
from whistle.protocol.wire import Frame
from whistle.reporter.dialogue import Mailbox
from whistle.reporter.showing import show
from whistle.sealing.contents import Item, Thread

DAY = date(2026, 11, 21)
NOWHERE = b"n" * 32
CLASSES = {body: kind for direction in (TO_DESK, TO_REPORTER) for kind, body in KINDS[direction].items()}


def content(body: Body) -> Content:
    direction = TO_DESK if type(body) in KINDS[TO_DESK].values() else TO_REPORTER
    return Content(replace(CONTEXT, direction=direction), body)


def hash_of(body: Body) -> bytes:
    return content(body).position.hash


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Any:
    def shown(*bodies: Body) -> str:
        said = [content(body) for body in bodies]
        items = tuple(Item(place, each.context.direction, DAY, Verdict.VERIFIED, 0, each) for place, each in enumerate(said))
        sealed = {item.place: Frame(item.place, 1, DAY, bytes(32), b"sealed") for item in items}
        thread = Thread(items, {}, {TO_DESK: 0, TO_REPORTER: 0})
        unused = cast("Any", None)
        show(Mailbox(unused, unused, unused, "risk", thread, sealed, MappingProxyType({})))
        return capsys.readouterr().out

    return shown


ASKED = Questions("Two things.", (Question("Where?", ("here", "there")), Question("When?", ("now", "then"))))


def test_questions_are_shown_with_their_choices(shown: Any) -> None:
    assert "risk, questions\nTwo things.\n1. Where?\n   - here\n   - there\n2. When?\n   - now\n   - then\n" in shown(ASKED)


def test_answers_are_shown_under_what_was_asked(shown: Any) -> None:
    said = shown(ASKED, Answers(hash_of(ASKED), (Ticked(0, 1), Ticked(1, 5), Ticked(7, 0))))
    assert "you, answers  [no receipt yet]\nAbout: questions of 2026-11-21\nWhere?: there\n" in said
    assert "When?: choice 6, which is not here\n" in said
    assert "Question 8, which is not here: choice 1, which is not here\n" in said


@pytest.mark.parametrize(("body", "said"), [
    (Answers(NOWHERE, (Ticked(0, 0),)), "About: something that is not in this box\nQuestion 1, which is not here: choice 1"),
    (MinutesAgreed(NOWHERE), "you, minutes-agreed  [no receipt yet]\nAbout: something that is not in this box"),
    (MinutesCorrected(NOWHERE, "Not so."), "About: something that is not in this box\nNot so."),
    (ConsentWithdrawn(NOWHERE), "About: something that is not in this box"),
    (Read(NOWHERE), "you, read  [no receipt yet]\nAbout: something that is not in this box"),
    (Consent("My manager may know."), "You agree to this: My manager may know."),
    (SealedIdentity("A" * 5_790), "you, identity  [no receipt yet]\nan identity is given, sealed"),
    (Continues(bytes(32), bytes(64)), "you, continues  [no receipt yet]\nThis mailbox goes on from an earlier one."),
    (CodeSeen("We saw it."), "risk, code-seen\nWe saw it."),
    (Close(""), "you, close  [no receipt yet]\n"),
    (Notice("closed", "Thanks."), "risk, notice\n[closed]\nThanks."),
    (Feedback("It was counted."), "risk, feedback\nIt was counted."),
    (Closing("Goodbye."), "risk, closing\nGoodbye."),
], ids=lambda value: CLASSES.get(type(value), ""))  # fmt: skip
def test_every_kind_is_shown_by_its_title_and_in_words(shown: Any, body: Body, said: str) -> None:
    assert said in shown(body)


def test_what_was_read_and_agreed_with_is_named_by_kind_and_day(shown: Any) -> None:
    minutes = Minutes("We met.")
    said = shown(minutes, MinutesAgreed(hash_of(minutes)), Read(hash_of(minutes)))
    assert said.count("About: minutes of 2026-11-21") == 2


def test_a_choice_cannot_pass_for_another_line_or_move_the_cursor(shown: Any) -> None:
    said = shown(Questions("", (Question("a\n2. b", ("c\x1b[2J", "d")),)))
    assert "1. a\ufffd2. b\n   - c\ufffd[2J\n" in said

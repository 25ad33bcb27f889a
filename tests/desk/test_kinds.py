"""Every kind on the page of a case, with what it is about in words; and what the desk says in kinds of its own."""

import re
import sqlite3
from contextlib import closing as finishing
from datetime import datetime
from html import unescape

import pytest

from tests.desk.running import ANNA, Desk, Member, Reporter
from tests.desk.test_writing import begun, place_of, session_of, waiting_for, writer_of
from tests.test_documentation import TOP
from whistle.desk.saying import CHECKS
from whistle.desk.starting import KeyCard
from whistle.desk.writing import Place, Writer
from whistle.errors import Overtaken, QuestionsIncomplete, TextMissing, TextTooLong
from whistle.protocol.content import (
    KINDS,
    TO_REPORTER,
    Answers,
    Body,
    Close,
    Closing,
    Consent,
    ConsentWithdrawn,
    Feedback,
    MeetingRequest,
    Message,
    Minutes,
    MinutesAgreed,
    MinutesCorrected,
    Outcome,
    Question,
    Questions,
    Read,
    Retaliation,
    SealedIdentity,
    Ticked,
)
from whistle.protocol.identity import IdentityGiven
from whistle.sealing.identity import rings_of, seal_identity
from whistle.web.templates import read_catalogues

NOWHERE = b"n" * 32
ASKED = (Question("Where were you?", ("In the store", "Elsewhere")), Question("When?", ("March", "April", "May")))


@pytest.fixture(scope="module")
def anna(desk: Desk) -> Member:
    return desk.member(ANNA)


@pytest.fixture
def writer(desk: Desk) -> Writer:
    return writer_of(desk.cases, KeyCard(desk.settings.card, desk.settings.root_fingerprint, None))


def said(desk: Desk, reporter: Reporter, body: Body) -> bytes:
    """Something of the reporter's arrives; its content hash."""
    desk.deliver(reporter.frame(reporter.say(body), reporter.last.sequence + 1))
    return reporter.last.hash


def shown(anna: Member, number: int) -> str:
    """The words of the page of a case, without its markup."""
    anna.get("/")
    page = anna.get(f"/cases/{number}")
    assert page.status == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.text)))


def hash_of_last(desk: Desk, reporter: Reporter) -> bytes:
    return waiting_for(desk, reporter).last[TO_REPORTER].hash


def test_answers_are_shown_under_the_questions_that_were_asked(desk: Desk, anna: Member, writer: Writer) -> None:
    reporter, number = begun(desk, anna)
    writer.ask(place_of(desk, session_of(desk, ANNA), number), "Two things.", ASKED, desk.clock())
    page = shown(anna, number)
    assert "questions" in page
    for words in ("Two things.", "Where were you?", "Elsewhere", "When?", "April"):
        assert words in page
    said(desk, reporter, Answers(hash_of_last(desk, reporter), (Ticked(0, 1), Ticked(1, 2))))
    page = shown(anna, number)
    assert "Answers to the questions of" in page
    assert "Where were you? Elsewhere When? May" in page


def test_answers_that_point_nowhere_say_so_in_words(desk: Desk, anna: Member, writer: Writer) -> None:
    reporter, number = begun(desk, anna)
    said(desk, reporter, Answers(NOWHERE, (Ticked(2, 4),)))
    page = shown(anna, number)
    assert "Answers to questions that are not in this case: Question 3, which is not there Choice 5, which is not there" in page
    writer.ask(place_of(desk, session_of(desk, ANNA), number), "", ASKED, desk.clock())
    said(desk, reporter, Answers(hash_of_last(desk, reporter), (Ticked(0, 7), Ticked(9, 0))))
    page = shown(anna, number)
    assert "Where were you? Choice 8, which is not there" in page
    assert "Question 10, which is not there Choice 1, which is not there" in page


def test_answers_to_what_asked_nothing_are_answers_to_nothing(desk: Desk, anna: Member, writer: Writer) -> None:
    reporter, number = begun(desk, anna)
    writer.reply(place_of(desk, session_of(desk, ANNA), number), "No question.", desk.clock())
    said(desk, reporter, Answers(hash_of_last(desk, reporter), (Ticked(0, 0),)))
    assert "Answers to questions that are not in this case" in shown(anna, number)


def test_minutes_are_agreed_with_and_corrected_by_their_day(desk: Desk, anna: Member, writer: Writer) -> None:
    reporter, number = begun(desk, anna)
    writer.minutes(place_of(desk, session_of(desk, ANNA), number), "We met for an hour.", desk.clock())
    minutes = hash_of_last(desk, reporter)
    said(desk, reporter, MinutesCorrected(minutes, "It was two hours."))
    said(desk, reporter, MinutesAgreed(minutes))
    said(desk, reporter, MinutesAgreed(NOWHERE))
    said(desk, reporter, MinutesCorrected(NOWHERE, "Not so."))
    page = shown(anna, number)
    assert "We met for an hour." in page
    assert re.search(r"Would have this otherwise in the minutes of \d+ \w+ \d{4}: It was two hours\.", page)
    assert re.search(r"Agrees with the minutes of \d+ \w+ \d{4}\.", page)
    assert "Agrees with minutes that are not in this case." in page
    assert "Would have something otherwise in minutes that are not in this case: Not so." in page


def test_a_consent_is_shown_with_its_scope_and_so_is_its_withdrawal(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    consent = said(desk, reporter, Consent("My manager may know who I am."))
    assert "Agrees to this, until it is withdrawn: My manager may know who I am." in shown(anna, number)
    said(desk, reporter, ConsentWithdrawn(consent))
    said(desk, reporter, ConsentWithdrawn(NOWHERE))
    page = shown(anna, number)
    assert re.search(r"The consent of [^.]+ holds no more\. It was: My manager may know who I am\.", page)
    assert "Withdraws a consent that is not in this case." in page


def test_of_an_identity_given_later_the_page_says_only_that_it_is_there(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    given = IdentityGiven("Søren Ærlig", "20 12 34 56")
    field = seal_identity(given, rings_of(desk.card, "risk-control"))
    said(desk, reporter, SealedIdentity(field))
    page = shown(anna, number)
    assert "A name is given, sealed separately." in page
    for secret in (given.name, given.contact, field[:40]):
        assert secret not in page


def test_what_was_read_is_named_by_its_kind(desk: Desk, anna: Member, writer: Writer) -> None:
    reporter, number = begun(desk, anna)
    writer.feedback(place_of(desk, session_of(desk, ANNA), number), "The till was counted.", CHECKS, desk.clock())
    said(desk, reporter, Read(hash_of_last(desk, reporter)))
    said(desk, reporter, Read(NOWHERE))
    own = said(desk, reporter, Message("mine"))
    said(desk, reporter, Read(own))
    page = shown(anna, number)
    assert "Has read: feedback of" in page
    assert page.count("Has read something that is not in this case.") == 2


@pytest.mark.parametrize(("body", "title"), [
    (Retaliation("My shifts are gone."), "retaliation"),
    (MeetingRequest("After work."), "wish to meet"),
    (Close("Thank you."), "no more to say"),
])  # fmt: skip
def test_what_a_reporter_writes_in_other_kinds_is_shown_with_its_title(
    desk: Desk, anna: Member, body: Retaliation | MeetingRequest | Close, title: str
) -> None:
    reporter, number = begun(desk, anna)
    said(desk, reporter, body)
    page = shown(anna, number)
    assert title in page
    assert body.text in page


@pytest.mark.parametrize("body", [MeetingRequest(""), Close("")])
def test_what_comes_without_words_says_that_it_has_none(desk: Desk, anna: Member, body: Body) -> None:
    reporter, number = begun(desk, anna)
    said(desk, reporter, body)
    assert "Without further words." in shown(anna, number)


def test_markup_in_any_kind_is_shown_as_the_text_it_is(desk: Desk, anna: Member, writer: Writer) -> None:
    reporter, number = begun(desk, anna)
    asked = (Question("<b>q</b>", ("<i>c</i>", "d")),)
    writer.ask(place_of(desk, session_of(desk, ANNA), number), "", asked, desk.clock())
    said(desk, reporter, Answers(hash_of_last(desk, reporter), (Ticked(0, 0),)))
    said(desk, reporter, Consent("<u>scope</u>"))
    anna.get("/")
    page = anna.get(f"/cases/{number}").text
    assert not re.search("<[biu]>", page)
    assert page.count("&lt;b&gt;q&lt;/b&gt;") == 2
    assert page.count("&lt;i&gt;c&lt;/i&gt;") == 2
    assert "&lt;u&gt;scope&lt;/u&gt;" in page


@pytest.mark.parametrize("language", ["en", "da"])
def test_every_kind_that_the_desk_gets_or_sends_has_its_title(desk: Desk, language: str) -> None:

    words = read_catalogues(TOP / "templates" / "desk", ("en", "da"))[language]
    assert {kind for kinds in KINDS.values() for kind in kinds} <= set(words.under("kind"))


# What the desk says ----------------------------------------------------------------------------------------------------


def say(writer: Writer, write: str, place: Place, text: str, now: datetime) -> None:
    """In a kind of its own, with what this kind asks for beside its text."""
    beside = {"feedback": (CHECKS,), "outcome": ("substantiated", CHECKS), "closing": (CHECKS,)}.get(write, ())
    getattr(writer, write)(place, text, *beside, now)


def test_what_the_desk_says_is_one_chain_and_changes_no_state(desk: Desk, anna: Member, writer: Writer) -> None:
    reporter, number = begun(desk, anna)
    session, now = session_of(desk, ANNA), desk.clock()
    writer.ask(place_of(desk, session, number), "", ASKED, now)
    for write in ("minutes", "feedback", "outcome", "closing"):
        say(writer, write, place_of(desk, session, number), "words", now)
    thread = waiting_for(desk, reporter)
    assert [str(item.verdict) for item in thread.items] == ["verified"] * 5
    expected = [Questions("", ASKED), Minutes("words"), Feedback("words"), Outcome("words"), Closing("words")]
    assert [item.content.body for item in thread.items if item.content] == expected
    case = desk.cases.case(number)
    assert case is not None
    assert (case.state, case.acknowledged, case.closed) == ("received", None, None)


def test_each_of_these_acts_is_on_the_log_by_its_name(desk: Desk, anna: Member, writer: Writer) -> None:

    _, number = begun(desk, anna)
    session, now = session_of(desk, ANNA), desk.clock()
    writer.ask(place_of(desk, session, number), "", ASKED, now)
    for write in ("minutes", "feedback", "outcome", "closing"):
        say(writer, write, place_of(desk, session, number), "words", now)
    with finishing(sqlite3.connect(desk.database)) as connection:
        rows = connection.execute('SELECT who, action FROM log WHERE "case" = ? ORDER BY number', (number,)).fetchall()
    acts = ["asked", "sent minutes", "gave checked feedback", "outcome substantiated", "sent closing"]
    assert [row for row in rows if row[0] == ANNA and row[1] not in ("opened", "declared")] == [(ANNA, act) for act in acts]


@pytest.mark.parametrize("write", ["minutes", "feedback", "outcome", "closing"])
def test_nothing_and_too_much_are_not_said(desk: Desk, anna: Member, writer: Writer, write: str) -> None:
    reporter, number = begun(desk, anna)
    place = place_of(desk, session_of(desk, ANNA), number)
    with pytest.raises(TextMissing):
        say(writer, write, place, " \n", desk.clock())
    with pytest.raises(TextTooLong):
        say(writer, write, place, "x" * 250_001, desk.clock())
    assert not waiting_for(desk, reporter).items


def question(text: str = "Where?", *choices: str) -> Question:
    return Question(text, choices or ("here", "there"))


@pytest.mark.parametrize(("questions", "error"), [
    ((), QuestionsIncomplete),
    ((question(),) * 17, QuestionsIncomplete),
    ((question(" "),), QuestionsIncomplete),
    ((question("Where?", "here"),), QuestionsIncomplete),
    ((question("Where?", *"abcdefghi"),), QuestionsIncomplete),
    ((question("Where?", "here", ""),), QuestionsIncomplete),
    ((question("x" * 2_001),), TextTooLong),
    ((question("Where?", "here", "ø" * 1_001),), TextTooLong),
    ((question("q" * 2_000, *["c" * 2_000] * 8),) * 16, TextTooLong),
], ids=["none", "17", "blank", "one choice", "nine choices", "empty choice", "long", "long choice", "together"])  # fmt: skip
def test_questions_that_nobody_could_answer_are_not_asked(
    desk: Desk, anna: Member, writer: Writer, questions: tuple[Question, ...], error: type[Exception]
) -> None:
    reporter, number = begun(desk, anna)
    with pytest.raises(error):
        writer.ask(place_of(desk, session_of(desk, ANNA), number), "", questions, desk.clock())
    assert not waiting_for(desk, reporter).items


def test_the_most_that_can_be_asked_is_sent(desk: Desk, anna: Member, writer: Writer) -> None:
    reporter, number = begun(desk, anna)
    questions = (question("q" * 1_000, *["c" * 1_800] * 8),) * 16
    writer.ask(place_of(desk, session_of(desk, ANNA), number), "t" * 3_600, questions, desk.clock())
    assert len(waiting_for(desk, reporter).items) == 1


def test_no_question_is_asked_in_a_case_that_has_something_new(desk: Desk, anna: Member, writer: Writer) -> None:
    reporter, number = begun(desk, anna)
    place = place_of(desk, session_of(desk, ANNA), number)
    said(desk, reporter, Message("wait"))
    anna.get("/")
    with pytest.raises(Overtaken):
        writer.ask(place, "", ASKED, desk.clock())
    assert not waiting_for(desk, reporter).items

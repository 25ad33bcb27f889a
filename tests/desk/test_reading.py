"""What arrives and how it is read: refused reports, every verdict of a thread, what another group's session leaves alone."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.desk.running import ANNA, CARL, Desk, Member, Reporter, another_card, today
from whistle.protocol.content import Message, Position, Report
from whistle.sealing.keys import SigningKey


@pytest.fixture(scope="module")
def anna(desk: Desk) -> Member:
    return desk.member(ANNA)


def case_of(desk: Desk, reporter: Reporter) -> int | None:
    case = desk.cases.case_of(reporter.keys.box)
    return case.number if case else None


def begun(desk: Desk, anna: Member) -> tuple[Reporter, str]:
    """A reporter whose report is a case, and the path of its page."""
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report()))
    anna.get("/")
    number = case_of(desk, reporter)
    assert number is not None
    return reporter, f"/cases/{number}"


def test_a_report_whose_keys_are_not_those_of_its_box_is_refused_and_shown_as_that(desk: Desk, anna: Member) -> None:
    reporter, other = Reporter.new(desk.card), Reporter.new(desk.card)
    desk.deliver(replace(reporter.frame(reporter.report("slipped in")), box=other.keys.box))
    page = anna.get("/").text
    assert case_of(desk, other) is None
    assert "its own keys are not those of its box" in page
    assert "slipped in" not in page


def test_a_report_signed_by_another_key_than_it_names_is_refused(desk: Desk, anna: Member) -> None:
    reporter = Reporter.new(desk.card)
    refused = len(desk.cases.refused(["risk-control"], ANNA))
    keys = reporter.keys
    forged = reporter.say(Report(keys.signing.public, keys.identity.recipient, "da", "t", (), None), key=SigningKey(b"x" * 32))
    desk.deliver(reporter.frame(forged))
    anna.get("/")
    assert case_of(desk, reporter) is None
    assert len(desk.cases.refused(["risk-control"], ANNA)) == refused + 1


def test_a_message_without_a_report_before_it_is_refused(desk: Desk, anna: Member) -> None:
    reporter = Reporter.new(desk.card)
    refused = len(desk.cases.refused(["risk-control"], ANNA))
    desk.deliver(reporter.frame(reporter.message("alone", sequence=2, previous=b"p" * 32)))
    anna.get("/")
    assert len(desk.cases.refused(["risk-control"], ANNA)) == refused + 1


def test_a_message_that_came_before_its_report_is_read_once_the_report_is_there(desk: Desk, anna: Member) -> None:
    reporter = Reporter.new(desk.card)
    report, early, damaged = reporter.report(), reporter.message("it came first"), flipped(reporter.message("planted"))
    refused = len(desk.cases.refused(["risk-control"], ANNA))
    desk.deliver(reporter.frame(early, 1), reporter.frame(damaged, 2))
    anna.get("/")
    assert len(desk.cases.refused(["risk-control"], ANNA)) == refused + 2
    desk.deliver(reporter.frame(report, 3))
    page = anna.get("/").text
    assert len(desk.cases.refused(["risk-control"], ANNA)) == refused + 1
    number = case_of(desk, reporter)
    assert number is not None
    assert [each.place for each in desk.cases.contents(number)] != []
    assert len(desk.cases.contents(number)) == 2
    assert f'/cases/{number}"' in page
    text = anna.get(f"/cases/{number}").text
    assert "it came first" in text
    assert "planted" not in text


def test_a_case_whose_group_is_no_longer_on_the_card_is_shown_by_the_groups_id(desk: Desk, anna: Member) -> None:
    _, path = begun(desk, anna)
    groups = tuple(group for group in desk.card.groups if group.id != "risk-control")
    with another_card(desk, groups=groups):
        answer = anna.get(path)
        refused = anna.post(f"{path}/reply", text="kept in the form")
    assert answer.status == 200
    assert "<dd>risk-control</dd>" in answer.text
    assert refused.status == 400
    assert "kept in the form</textarea>" in refused.text


def test_another_groups_report_waits_for_that_group(desk: Desk, anna: Member) -> None:
    reporter = Reporter.new(desk.card, "audit-chair")
    desk.deliver(reporter.frame(reporter.report("for the chair")))
    assert "for the chair" not in anna.get("/").text
    assert [arrival.box for arrival in desk.cases.waiting()] == [reporter.keys.box]
    carl = desk.member(CARL)
    number = case_of(desk, reporter)
    assert "for the chair" in carl.get(f"/cases/{number}").text
    assert anna.get(f"/cases/{number}").status == 404


def test_the_stanzas_of_what_was_opened_are_gone(desk: Desk, anna: Member) -> None:
    reporter, _ = begun(desk, anna)
    message = reporter.message("second")
    desk.deliver(reporter.frame(message, 2))
    anna.get("/")
    shares = [line for line in message.split(b"\n--- ")[0].split(b"\n") if len(line) == 43]
    assert len(shares) == 2
    assert message[-1000:] in rows_of(desk)
    assert not [share for share in shares if share in rows_of(desk)]


def test_the_same_envelope_pulled_again_is_taken_once(desk: Desk, anna: Member) -> None:
    reporter, path = begun(desk, anna)
    frame = reporter.frame(reporter.message("only once"), 2)
    desk.deliver(frame, frame)
    desk.deliver(frame)
    page = anna.get(path).text
    assert page.count('<p class="said">only once</p>') == 1
    assert "Doubled" not in page


def rows_of(desk: Desk) -> bytes:
    """Every value of every table. (The write-ahead log has older pages until it is checkpointed.)"""
    with closing(sqlite3.connect(desk.database)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in names for row in connection.execute(f'SELECT * FROM "{name}"')]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("forged", "Forged."),
        ("malformed", "Malformed."),
        ("foreign", "Foreign."),
        ("doubled", "Doubled."),
        ("conflicting", "Conflicting."),
        ("broken", "Broken chain."),
        ("gap", "Missing before the next one: 2."),
        ("out-of-order", "Out of order."),
        ("damaged", "Foreign."),
        ("withheld", "The reporter has seen 3 more from this desk than is kept here."),
    ],
)
def test_what_does_not_verify_is_shown_as_exactly_that(desk: Desk, anna: Member, verdict: str, words: str) -> None:
    reporter, path = begun(desk, anna)
    assert words not in anna.get(path).text
    desk.deliver(*(reporter.frame(envelope, 2 + place) for place, envelope in enumerate(WRONG[verdict](reporter))))
    page = anna.get(path).text
    assert words in page
    assert "planted" not in page


WRONG = {
    "forged": lambda each: [each.say(Message("planted"), key=SigningKey(b"x" * 32))],
    "malformed": lambda each: [each.sealed_raw(b" " * 16384)],
    "foreign": lambda each: [each.message("planted", box=b"b" * 32)],
    "doubled": lambda each: [each.say(Message("once"), keep=False), each.say(Message("once"))],
    "conflicting": lambda each: [each.say(Message("once"), keep=False), each.say(Message("planted"))],
    "broken": lambda each: [each.message("planted", previous=b"p" * 32)],
    "gap": lambda each: [each.message("after", sequence=4, previous=b"p" * 32)],
    "out-of-order": lambda each: [
        each.say(Message("after"), keep=False, sequence=4, previous=b"p" * 32),
        each.message("planted"),
    ],
    "damaged": lambda each: [flipped(each.message("planted"))],
    "withheld": lambda each: [each.message("after", seen=Position(3, b"s" * 32))],
}


def flipped(envelope: bytes) -> bytes:
    return envelope[:-1] + bytes([envelope[-1] ^ 1])


def test_what_nobody_opens_alarms_everybody_with_one_constant_text_a_day_before_it_is_due(desk: Desk, anna: Member) -> None:
    alarm = "Something at the desk must be opened by tomorrow"
    reporter = Reporter.new(desk.card, "audit-chair")
    desk.deliver(reporter.frame(reporter.report(), 1, today() - timedelta(days=5)))
    assert alarm not in anna.get("/").text
    other = Reporter.new(desk.card, "audit-chair")
    desk.deliver(other.frame(other.report(), 2, today() - timedelta(days=6)))
    assert alarm in anna.get("/").text
    desk.member(CARL)
    assert alarm not in anna.get("/").text


def test_an_ended_card_keeps_new_reports_closed_and_everything_else_readable(desk: Desk, anna: Member) -> None:
    reporter, path = begun(desk, anna)
    late = Reporter.new(desk.card)
    desk.clock.ahead = timedelta(days=91)
    try:
        member = desk.member(ANNA)
        frames = late.frame(late.report()), late.frame(late.message("waits behind it"), 2)
        desk.deliver(*frames, reporter.frame(reporter.message("still here"), 3))
        assert "The key card has expired" in member.get("/").text
        assert "still here" in member.get(path).text
        assert [arrival.box for arrival in desk.cases.waiting()] == [late.keys.box] * 2
        answer = member.post(f"{path}/reply", text="kept in the form")
        assert answer.status == 400
        assert "kept in the form</textarea>" in answer.text
        assert case_of(desk, late) is None
    finally:
        desk.clock.ahead = timedelta()
    anna.get("/")
    number = case_of(desk, late)
    assert number is not None
    assert "waits behind it" in anna.get(f"/cases/{number}").text

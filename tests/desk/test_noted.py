"""Days that a member must look at a case again: of tasks, plans and telling on its sheet, and whether it is needed at all."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.desk.running import ANNA, CARL, Desk, Member, Reporter, started, today
from tests.desk.test_casefile import kept
from tests.desk.test_erasure import HERE, close, in_days, later, log_of, reported, two
from whistle.desk.deadlines import months_after

LONG_AGO = months_after(today(), -36) + timedelta(days=14)  # a Finnish case of that day must be looked at in 14 days


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path) -> Iterator[Desk]:
    """With one case."""
    with started(tmp_path, ceremony, 9) as running:
        reported(running)
        yield running


@pytest.fixture
def finnish(tmp_path: Path, ceremony: Path) -> Iterator[Desk]:
    """With one case that came nearly three years ago."""
    with started(tmp_path, ceremony, 9, preset="fi") as running:
        reporter = Reporter.new(running.card)
        running.deliver(reporter.frame(reporter.report(), day=LONG_AGO))
        running.signed_in(ANNA)
        yield running


@pytest.fixture
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


def sections(member: Member) -> set[str]:
    """Which sections of the inbox count a case."""
    found = re.findall(r'href="/\?section=(\w+)"[^>]*>[^<]*<b>(\d+)</b>', member.get("/").text)
    return {name for name, count in found if count != "0"}


def columns(desk: Desk, number: int = 1) -> tuple[date | None, date | None, date | None]:
    case = desk.cases.case(number)
    assert case is not None
    return (case.task_by, case.plan_by, case.telling_by)


# On the sheet ---------------------------------------------------------------------------------------------------------


def test_the_days_of_a_sheet_stand_open_beside_it_and_no_word_of_it_does(desk: Desk, anna: Member) -> None:
    kept(anna, "task", text="Bed om bilag 7", day=in_days(9))
    kept(anna, "task", text="Ring til Kanariefugl", day=in_days(4))
    kept(anna, "task", text="Uden dag", day="")
    kept(anna, "risk", text="Tal med tillidsmanden", day=in_days(30))
    kept(anna, "telling", text="Han ville slette bilagene", day=in_days(60))
    day = [today() + timedelta(days=number) for number in (4, 9, 30, 60)]
    assert columns(desk) == (day[0], day[2], day[3])
    kept(anna, "tick", at="1")
    assert columns(desk) == (day[1], day[2], day[3])
    kept(anna, "remove", list="tasks", at="0")
    kept(anna, "risk", risk="none", text="", day="")
    kept(anna, "telling", telling="told", text="", day="")
    assert columns(desk) == (None, None, None)
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    everything = b"".join(each.read_bytes() for each in desk.database.parent.glob(f"{desk.database.name}*"))
    for words in ("bilag 7", "Kanariefugl", "tillidsmanden", "slette bilagene"):
        assert words.encode() not in everything


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("task", "Next task by"),
        ("risk", "Plan of protection: look again by"),
        ("telling", "Telling the persons concerned: decide again by"),
    ],
)
def test_the_inbox_says_when_a_day_of_the_sheet_is_near_and_when_it_is_over(
    desk: Desk, anna: Member, part: str, words: str
) -> None:
    anna.post(f"{HERE}/acknowledge", text="Tak.")
    assert sections(anna) & {"due", "overdue"} == set()
    page = kept(anna, part, day=in_days(9))
    assert words in page
    for ahead, expected in ((5, set()), (6, {"due"}), (9, {"due"}), (10, {"overdue"})):
        desk.clock.ahead = timedelta(days=ahead)
        anna = desk.signed_in(ANNA)
        assert sections(anna) & {"due", "overdue"} == expected, ahead
        assert words in anna.get("/").text
    assert re.search(rf'{words}: *\n*<span class="overdue"><strong>', anna.get("/").text)


def test_a_nearer_task_does_not_hide_that_feedback_is_due_soon(desk: Desk, anna: Member) -> None:
    anna.post(f"{HERE}/acknowledge", text="Tak.")
    feedback = (months_after(today(), 3) - today()).days
    kept(anna, "task", day=in_days(feedback - 5))
    desk.clock.ahead = timedelta(days=feedback - 10)
    assert sections(desk.signed_in(ANNA)) & {"due", "overdue"} == {"due"}


def test_a_link_from_another_case_leaves_the_days_of_a_sheet_as_they_are(desk: Desk, anna: Member) -> None:
    reported(desk)
    kept(anna, "task", "/cases/2", day=in_days(4))
    kept(anna, "related", text="2")
    assert columns(desk, 2) == (today() + timedelta(days=4), None, None)


def test_whether_the_persons_concerned_are_told_is_a_decision_with_a_reason_and_a_day(desk: Desk, anna: Member) -> None:
    assert "Nothing is decided yet." in anna.get(HERE).text
    page = kept(anna, "telling", text="Han ville slette bilagene", day=in_days(60))
    assert "Not told yet." in page
    assert "Decide again on" in page
    assert "Han ville slette bilagene" in page
    assert log_of(desk)[-2:] == [(ANNA, "changed telling"), (ANNA, "opened")]
    page = kept(anna, "telling", telling="told", text="Brev af i dag", day="")
    assert "They have been told." in page
    assert "Brev af i dag" in page


# Whether it is needed -------------------------------------------------------------------------------------------------


def test_before_three_years_are_over_somebody_says_why_a_finnish_case_is_needed(finnish: Desk) -> None:
    anna, asks = finnish.signed_in(ANNA), "somebody must decide whether this case must still be kept"
    assert asks in anna.get("/").text
    assert asks in anna.get(HERE).text
    assert asks not in finnish.signed_in(CARL).get("/").text
    case = finnish.cases.case(1)
    assert case is not None
    assert finnish.running.watch(today()).reviews == {case.box}
    refused = anna.post(f"{HERE}/necessity", text=" ")
    assert (refused.status, "write something first" in refused.text) == (400, True)
    assert anna.post(f"{HERE}/necessity", text="Politiet har den endnu.").status == 303
    assert (ANNA, "asked whether needed") in log_of(finnish)
    assert asks not in anna.get("/").text
    page = anna.get(HERE).text
    assert "Politiet har den endnu." in page
    assert str(months_after(today(), 36).year) in page.split(asks)[0][-60:]
    assert finnish.running.watch(today()).reviews == frozenset()
    again = finnish.cases.case(1)
    assert again is not None
    assert (again.looked, again.state, again.due) == (today(), case.state, case.due)


def test_it_is_asked_from_two_weeks_before_on_and_not_while_a_hold_answers_it(finnish: Desk) -> None:
    finnish.clock.ahead = timedelta(days=-1)
    keeping = finnish.running.desk.keeping
    assert keeping.overdue_boxes(today() - timedelta(days=1)) == frozenset()
    assert len(keeping.overdue_boxes(today())) == 1
    finnish.clock.ahead = timedelta()
    two(finnish, "hold", review=in_days(30))
    assert keeping.overdue_boxes(today()) == frozenset()
    assert len(keeping.overdue_boxes(today() + timedelta(days=31))) == 1


def test_where_no_law_asks_whether_a_case_is_needed_nobody_is_asked(desk: Desk, anna: Member) -> None:
    assert "/necessity" not in anna.get(HERE).text
    assert anna.post(f"{HERE}/necessity", text="Politiet har den endnu.").status == 409
    assert (ANNA, "asked whether needed") not in log_of(desk)
    assert desk.running.desk.keeping.overdue_boxes(today() + timedelta(days=3000)) == frozenset()


# The end --------------------------------------------------------------------------------------------------------------


def test_an_erased_case_leaves_none_of_these_days(desk: Desk, anna: Member) -> None:
    days = [in_days(number) for number in (111, 222, 333)]
    close(desk)
    for part, day in zip(("task", "risk", "telling"), days, strict=True):
        kept(anna, part, day=day)
    assert found_in(desk, days) == days
    later(desk, 731)
    assert desk.cases.case(1) is None
    assert found_in(desk, days) == []


def found_in(desk: Desk, days: list[str]) -> list[str]:
    """Which of these days the files of the database have."""
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    everything = b"".join(each.read_bytes() for each in desk.database.parent.glob(f"{desk.database.name}*"))
    return [day for day in days if day.encode() in everything]

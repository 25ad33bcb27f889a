"""By when: the computed vectors of the requirements (section 10.3), and what is told as overdue or soon."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whistle.desk.deadlines import Rules, Urgency, acknowledge_by, feedback_by, months_after, owed, unopened_is_urgent
from whistle.desk.states import State

RULES, AUTHORITY = Rules(7, 3), Rules(7, 6)
VECTORS = [
    ("2026-11-24", None, "2026-12-01", "2027-03-01", "2027-06-01"),
    ("2026-11-24", "2026-11-30", "2026-12-01", "2027-02-28", "2027-05-30"),
    ("2026-11-24", "2026-11-25", "2026-12-01", "2027-02-25", "2027-05-25"),
    ("2027-11-22", "2027-11-29", "2027-11-29", "2028-02-29", "2028-05-29"),
    ("2026-12-28", None, "2027-01-04", "2027-04-04", "2027-07-04"),
]
RETENTION = [
    ("2026-11-21", 24, "2028-11-21"),
    ("2028-02-29", 24, "2030-02-28"),
    ("2028-02-29", 36, "2031-02-28"),
    ("2026-11-21", 60, "2031-11-21"),
]
DAYS = st.dates(date(2020, 1, 1), date(2100, 1, 1))


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def test_the_vectors_are_all_there() -> None:
    assert (len(VECTORS), len(RETENTION)) == (5, 4)


@pytest.mark.parametrize(("received", "acknowledged", "acknowledge", "feedback", "authority"), VECTORS)
def test_due_days_are_those_of_the_requirements(
    received: str, acknowledged: str | None, acknowledge: str, feedback: str, authority: str
) -> None:
    came = date.fromisoformat(received)
    assert acknowledge_by(came, RULES) == day(acknowledge)
    assert feedback_by(came, day(acknowledged), RULES) == day(feedback)
    assert feedback_by(came, day(acknowledged), AUTHORITY) == day(authority)


@pytest.mark.parametrize(("anchor", "months", "expected"), RETENTION)
def test_months_are_counted_to_the_same_day_or_the_last_of_the_month(anchor: str, months: int, expected: str) -> None:
    assert months_after(date.fromisoformat(anchor), months) == day(expected)


@given(DAYS, st.integers(0, 400))
def test_a_late_acknowledgement_never_moves_feedback_later(received: date, late: int) -> None:
    latest = feedback_by(received, None, RULES)
    assert feedback_by(received, received + timedelta(days=late), RULES) <= latest


@pytest.mark.parametrize(("left", "urgency"), [(3, Urgency.LATER), (2, Urgency.SOON), (0, Urgency.SOON), (-1, Urgency.OVERDUE)])
def test_an_acknowledgement_is_soon_two_days_before_and_overdue_the_day_after(left: int, urgency: Urgency) -> None:
    received = date(2026, 11, 24)
    today = acknowledge_by(received, RULES) - timedelta(days=left)
    assert owed(State.RECEIVED, received, None, RULES, today)[0].urgency is urgency


def test_what_is_acknowledged_owes_feedback_and_what_is_closed_owes_nothing() -> None:
    received = date(2026, 11, 24)
    assert [each.what for each in owed(State.RECEIVED, received, None, RULES, received)] == ["acknowledge", "feedback"]
    assert [each.what for each in owed(State.ASSESSING, received, received, RULES, received)] == ["feedback"]
    assert owed(State.CLOSED, received, received, RULES, received) == ()


@pytest.mark.parametrize(("waited", "urgent"), [(5, False), (6, True), (9, True)])
def test_what_nobody_opened_is_urgent_a_day_before_it_is_due(waited: int, urgent: bool) -> None:
    received = date(2026, 11, 24)
    assert unopened_is_urgent(received, received + timedelta(days=waited), RULES) is urgent
    assert not unopened_is_urgent(None, received, RULES)

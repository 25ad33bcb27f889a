"""By when: the computed vectors of the requirements (section 10.3), and what is told as overdue or soon."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.dates import DAYS, GERMAN, RETENTION, VECTORS, day
from whistle.desk.deadlines import (
    Rules,
    Start,
    Urgency,
    acknowledge_by,
    feedback_by,
    months_after,
    owed,
    unopened_is_urgent,
    working_days_after,
)
from whistle.desk.states import State

RULES, AUTHORITY = Rules(7, 3), Rules(7, 6)
GERMAN_RULES = Rules(7, 3, frozenset({Start.RECEIPT}))


def test_the_vectors_are_all_there() -> None:
    assert (len(VECTORS), len(GERMAN), len(RETENTION)) == (5, 8, 4)


@pytest.mark.parametrize(("received", "acknowledged", "acknowledge", "feedback", "authority"), VECTORS)
def test_due_days_are_those_of_the_requirements(
    received: str, acknowledged: str | None, acknowledge: str, feedback: str, authority: str
) -> None:
    came = date.fromisoformat(received)
    assert acknowledge_by(came, RULES) == day(acknowledge)
    assert feedback_by(came, day(acknowledged), RULES) == day(feedback)
    assert feedback_by(came, day(acknowledged), AUTHORITY) == day(authority)


@pytest.mark.parametrize(("received", "acknowledged", "feedback"), GERMAN)
def test_german_feedback_counts_from_receipt_unless_it_was_acknowledged_in_time(
    received: str, acknowledged: str | None, feedback: str
) -> None:
    assert feedback_by(date.fromisoformat(received), day(acknowledged), GERMAN_RULES) == day(feedback)


@given(DAYS, st.integers(0, 400))
def test_of_two_starts_the_one_that_ends_first_counts(received: date, waited: int) -> None:
    both = Rules(7, 3, frozenset(Start))
    for acknowledged in (None, received + timedelta(days=waited)):
        ends = [feedback_by(received, acknowledged, each) for each in (RULES, GERMAN_RULES)]
        assert feedback_by(received, acknowledged, both) == min(ends)


@pytest.mark.parametrize(("anchor", "months", "expected"), RETENTION)
def test_months_are_counted_to_the_same_day_or_the_last_of_the_month(anchor: str, months: int, expected: str) -> None:
    assert months_after(date.fromisoformat(anchor), months) == day(expected)


@given(DAYS, st.integers(0, 400))
def test_a_late_acknowledgement_never_moves_feedback_later(received: date, late: int) -> None:
    latest = feedback_by(received, None, RULES)
    assert feedback_by(received, received + timedelta(days=late), RULES) <= latest
    assert feedback_by(received, received + timedelta(days=8 + late), GERMAN_RULES) <= feedback_by(received, None, GERMAN_RULES)


@pytest.mark.parametrize(
    ("flagged", "days", "expected"),
    [
        ("2026-11-26", 1, "2026-11-27"),  # Thursday
        ("2026-11-27", 1, "2026-11-30"),  # Friday
        ("2026-11-28", 1, "2026-11-30"),  # Saturday
        ("2026-11-29", 1, "2026-11-30"),
        ("2026-11-27", 6, "2026-12-07"),
        ("2026-12-24", 1, "2026-12-25"),  # a holiday is left to the bank
        ("2026-11-28", 0, "2026-11-28"),
    ],
)
def test_working_days_are_monday_to_friday(flagged: str, days: int, expected: str) -> None:
    assert working_days_after(date.fromisoformat(flagged), days) == day(expected)


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

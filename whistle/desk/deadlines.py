"""By when something is due, in UTC days. Pure arithmetic of the calendar; it knows no clock and stores nothing."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from whistle.desk.states import State

_ACKNOWLEDGE_SOON, _FEEDBACK_SOON = 2, 14  # days left, from the reminders of the preset


class Urgency(StrEnum):
    """How near a due day is."""

    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"


@dataclass(frozen=True)
class Rules:
    """How long the desk may take."""

    acknowledge_days: int
    feedback_months: int


@dataclass(frozen=True)
class Deadline:
    """Something that a case still owes its reporter: `what` is acknowledge or feedback."""

    what: str
    by: date
    urgency: Urgency


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def acknowledge_by(received: date, rules: Rules) -> date:
    """The last day to acknowledge."""
    return received + timedelta(days=rules.acknowledge_days)


def feedback_by(received: date, acknowledged: date | None, rules: Rules) -> date:
    """The last day for feedback: counted from the acknowledgement, at the latest from the day it was due (house rule)."""
    latest = acknowledge_by(received, rules)
    return months_after(min(acknowledged or latest, latest), rules.feedback_months)


def owed(state: State, received: date, acknowledged: date | None, rules: Rules, today: date) -> tuple[Deadline, ...]:
    """What a case owes, the next first."""
    found = []
    if acknowledged is None:
        by = acknowledge_by(received, rules)
        found.append(Deadline("acknowledge", by, _urgency(by, today, _ACKNOWLEDGE_SOON)))
    if state is not State.CLOSED:
        by = feedback_by(received, acknowledged, rules)
        found.append(Deadline("feedback", by, _urgency(by, today, _FEEDBACK_SOON)))
    return tuple(found)


def unopened_is_urgent(oldest: date | None, today: date, rules: Rules) -> bool:
    """Whether something that nobody has opened must be acknowledged by tomorrow."""
    return oldest is not None and acknowledge_by(oldest, rules) - today <= timedelta(days=1)


def _urgency(by: date, today: date, soon: int) -> Urgency:
    left = (by - today).days
    if left < 0:
        return Urgency.OVERDUE
    return Urgency.SOON if left <= soon else Urgency.LATER

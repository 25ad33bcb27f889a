"""By when something is due, in UTC days. Pure arithmetic of the calendar; it knows no clock and stores nothing."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from whistle.desk.states import State

# Days left, from the reminders of the preset; a warning of money laundering is soon always, but over a weekend. Of what members
# set themselves, over a weekend too.
SOON = MappingProxyType({"acknowledge": 2, "feedback": 14, "escalate": 3, "close": 7, "task": 3, "plan": 3, "telling": 3})


class Urgency(StrEnum):
    """How near a due day is."""

    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"


class Start(StrEnum):
    """What feedback is counted from when nobody acknowledged in time."""

    LAST_DAY = "last_day"  # to acknowledge
    RECEIPT = "receipt"  # and the days to acknowledge come on top


@dataclass(frozen=True)
class Rules:
    """How long the desk may take."""

    acknowledge_days: int
    feedback_months: int
    feedback_otherwise_from: frozenset[Start] = frozenset({Start.LAST_DAY})  # of several, the one that ends first


@dataclass(frozen=True)
class CaseDays:
    """The days of a case that clocks start from, or stop at; None is not yet, or not any more."""

    received: date
    answered: date | None = None  # first words of a person to the reporter
    acknowledged: date | None = None
    suppressed: date | None = None  # the acknowledgement, for a reason on record: its clock counts as met
    feedback: date | None = None
    out_of_scope: date | None = None  # decided so, and nothing else since
    closed: date | None = None  # None again once it is reopened
    warned: date | None = None  # of money laundering
    escalated: date | None = None  # that warning, to the board
    task: date | None = None  # of its sheet the next task is due; here and below, whatever state it is in
    plan: date | None = None  # the plan of protection is to be looked at again
    telling: date | None = None  # so is whether the persons concerned are told


@dataclass(frozen=True)
class Deadline:
    """What a case still owes its reporter (acknowledge, feedback, close) or the board (escalate), or what its members noted."""

    what: str
    by: date
    urgency: Urgency

    @property
    def soon(self) -> date:
        """The first day on which it is soon."""
        return self.by - timedelta(days=SOON[self.what])


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def working_days_after(day: date, days: int) -> date:
    """So many days later, Monday to Friday counted. Holidays differ by country and year: they are left to the bank."""
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


def acknowledge_by(received: date, rules: Rules) -> date:
    """The last day to acknowledge."""
    return received + timedelta(days=rules.acknowledge_days)


def feedback_by(received: date, acknowledged: date | None, rules: Rules) -> date:
    """The last day for feedback: counted from an acknowledgement; one that comes late moves nothing later (house rule)."""
    ends = [] if acknowledged is None else [months_after(acknowledged, rules.feedback_months)]
    if acknowledged is None or acknowledged > acknowledge_by(received, rules):
        ends += [_feedback_without(received, start, rules) for start in rules.feedback_otherwise_from]
    return min(ends)


def owed(
    state: State,
    received: date,
    acknowledged: date | None,
    rules: Rules,
    today: date,
    feedback: date | None = None,
    suppressed: date | None = None,
) -> tuple[Deadline, ...]:
    """What a case owes its reporter, the next first."""
    found = []
    if acknowledged is None and suppressed is None:
        by = acknowledge_by(received, rules)
        found.append(Deadline("acknowledge", by, _urgency(by, today, SOON["acknowledge"])))
    if state is not State.CLOSED and feedback is None:
        by = feedback_by(received, acknowledged, rules)
        found.append(Deadline("feedback", by, _urgency(by, today, SOON["feedback"])))
    return tuple(found)


def escalation(by: date, today: date) -> Deadline:
    """To tell the board of a warning of money laundering."""
    return Deadline("escalate", by, _urgency(by, today, SOON["escalate"]))


def closing(by: date, today: date) -> Deadline:
    """To close what belongs elsewhere: only then is it erased."""
    return Deadline("close", by, _urgency(by, today, SOON["close"]))


def noted(task: date | None, plan: date | None, telling: date | None, today: date) -> tuple[Deadline, ...]:
    """What the members of a case set themselves a day for, on its sheet."""
    days = {"task": task, "plan": plan, "telling": telling}
    return tuple(Deadline(what, by, _urgency(by, today, SOON[what])) for what, by in days.items() if by is not None)


def unopened_is_urgent(oldest: date | None, today: date, rules: Rules) -> bool:
    """Whether something that nobody has opened must be acknowledged by tomorrow."""
    return oldest is not None and acknowledge_by(oldest, rules) - today <= timedelta(days=1)


def _feedback_without(received: date, start: Start, rules: Rules) -> date:
    if start is Start.LAST_DAY:
        return months_after(acknowledge_by(received, rules), rules.feedback_months)
    return months_after(received, rules.feedback_months) + timedelta(days=rules.acknowledge_days)


def _urgency(by: date, today: date, soon: int) -> Urgency:
    left = (by - today).days
    if left < 0:
        return Urgency.OVERDUE
    return Urgency.SOON if left <= soon else Urgency.LATER

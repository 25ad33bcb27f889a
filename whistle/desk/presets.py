"""The clocks that a country's law and the house give a desk: how soon to answer, how long to keep, when to look again.

Pure arithmetic of UTC days: `today` is passed in, nothing is stored, sent or erased here. An engineer's reading of the law.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from whistle.desk.deadlines import (
    SOON,
    CaseDays,
    Deadline,
    Rules,
    Start,
    acknowledge_by,
    closing,
    feedback_by,
    months_after,
    noted,
    working_days_after,
)
from whistle.errors import NoSuchPreset, NotShortened

DEFAULT = "dk_branch_of_se"
RECORDING_MONTHS = 3  # never longer: 90 days from a day in February are more
LOOK_UP_LOG_DAYS = 90  # never shorter
NOTICE = timedelta(days=2)  # before anything is erased, so that a whole day lies between, whatever the hours


@dataclass(frozen=True, kw_only=True)
class Preset(Rules):
    """Every number that the clocks of a case need. None: this preset has no such clock.

    No preset says how soon an irrelevant part goes, or who approves a hold: at once, and a second member, under every law.
    """

    answer_days: int  # for the first words of a person
    acknowledge_reminders: frozenset[int]  # days after receipt
    feedback_reminders: frozenset[int]  # days before it is due
    closed_months: int | None  # that a closed case is kept, from its closing
    received_months: int | None  # that a closed case is kept, from its receipt
    out_of_scope_days: int | None  # that a closed case is kept, from the decision
    recording_days: int  # that a recording is kept without agreed minutes
    look_up_log_months: int  # that a case's look-up log is kept, from its closing
    backup_days: int  # until what was erased has left the backups
    hold_review_months: int
    money_laundering_days: int | None  # working days until a warning has gone to the board
    necessity_months: int | None  # from one look at whether a case must still be kept to the next


_EU_MIN = Preset(
    acknowledge_days=7,
    feedback_months=3,
    answer_days=2,
    acknowledge_reminders=frozenset({3, 5, 6}),
    feedback_reminders=frozenset({30, 14, 7, 1}),
    closed_months=24,
    received_months=None,
    out_of_scope_days=30,  # "without undue delay", with time to tell the reporter
    recording_days=90,
    look_up_log_months=24,
    backup_days=35,
    hold_review_months=6,
    money_laundering_days=None,
    necessity_months=None,
)
_SE = _EU_MIN
_DK = replace(_EU_MIN, money_laundering_days=1)
_NO = _EU_MIN
_FI = replace(_EU_MIN, closed_months=None, received_months=60, necessity_months=36)
_DE = replace(_EU_MIN, feedback_otherwise_from=frozenset({Start.RECEIPT}), closed_months=36, out_of_scope_days=None)

# What a setting may name, and the least that it may say.
_LEAST = {
    "acknowledge_days": 1,
    "feedback_months": 1,
    "answer_days": 1,
    "closed_months": 1,
    "received_months": 1,
    "out_of_scope_days": 0,
    "recording_days": 0,
    "look_up_log_months": 3,
    "backup_days": 1,
    "hold_review_months": 1,
    "money_laundering_days": 1,
    "necessity_months": 1,
}


def strictest(one: Preset, other: Preset) -> Preset:
    """Whichever is stricter, field by field: the sooner end, the reminders of both."""
    return Preset(**{each.name: _stricter(getattr(one, each.name), getattr(other, each.name)) for each in fields(Preset)})


def _stricter(first: Any, second: Any) -> Any:
    if isinstance(first, frozenset):
        return first | second
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {"se": _SE, "dk": _DK, DEFAULT: strictest(_DK, _SE), "no": _NO, "fi": _FI, "de": _DE, "eu_min": _EU_MIN}
)


def preset_of(name: str) -> Preset:
    """The preset of this name. Raises NoSuchPreset."""
    if name not in PRESETS:
        raise NoSuchPreset(f"There is no preset {name}: choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]


def shortened(preset: Preset, **settings: int) -> Preset:
    """The preset with these numbers, each at least as strict as its own. Raises NotShortened."""
    for name, number in settings.items():
        if name not in _LEAST:
            raise NotShortened(f"No preset has a number {name} that can be set.")
        if number < _LEAST[name]:
            raise NotShortened(f"The setting {name} must not be below {_LEAST[name]}.")
        changed = replace(preset, **{name: number})  # type: ignore[arg-type]
        if strictest(preset, changed) != changed:
            raise NotShortened(f"The setting {name} may only be stricter than the preset's {getattr(preset, name)}.")
        preset = changed
    return preset


@dataclass(frozen=True)
class Reminder:
    """Something to remind of: `on` its planned day, `by` the last one. `what` is answer, or what a Deadline is."""

    what: str
    on: date
    by: date


def reminders(case: CaseDays, preset: Preset, last: date | None, today: date) -> tuple[Reminder, ...]:
    """What to remind of today: of each kind the newest that came after `last`, so that days off lose none and double none.

    `last` is the day on which this case was last asked about; None if never. The desk's own last day would not do: a
    report may arrive days after it was received.
    """
    found = []
    for what, by, days in _planned(case, preset):
        come = [day for day in days if (last is None or last < day) and day <= today]
        if come:
            found.append(Reminder(what, max(come), by))
    return tuple(found)


def answer_by(case: CaseDays, preset: Preset) -> date | None:
    """The last day for the first words of a person. None: there were some, or nobody waits for any."""
    if any(day is not None for day in (case.answered, case.acknowledged, case.suppressed, case.closed)):
        return None
    return case.received + timedelta(days=preset.answer_days)


def _planned(case: CaseDays, preset: Preset) -> Iterator[tuple[str, date, list[date]]]:
    """What a case still owes, its last day, and the days to remind of it."""
    if case.warned is not None and case.escalated is None and (by := escalate_by(case.warned, preset)) is not None:
        yield "escalate", by, [case.warned, by]  # the board waits, whether the case is closed or not
    for each in noted(case.task, case.plan, case.telling, case.received):
        yield each.what, each.by, [each.soon, each.by]
    if case.closed is not None:
        return
    unmet = case.acknowledged is None and case.suppressed is None
    if (by := answer_by(case, preset)) is not None:
        yield "answer", by, [by]
    if unmet:
        by = acknowledge_by(case.received, preset)
        days = [case.received + timedelta(days=after) for after in preset.acknowledge_reminders]
        yield "acknowledge", by, [*days, by - timedelta(days=1)]  # the last, for who has shortened the time
    if case.feedback is None:
        by = feedback_by(case.received, case.acknowledged, preset)
        yield "feedback", by, [by - timedelta(days=before) for before in preset.feedback_reminders]
    if (by := close_by(case, preset)) is not None:
        yield "close", by, [by - timedelta(days=SOON["close"]), by - timedelta(days=1)]


def erase_by_rule(case: CaseDays, closed: date, preset: Preset) -> tuple[date, str]:
    """The day on which a closed case is to be erased, which may have passed, and which number of the preset says so."""
    ends = [
        (months_after(start, months), name)
        for start, months, name in (
            (closed, preset.closed_months, "closed_months"),
            (case.received, preset.received_months, "received_months"),
        )
        if months is not None
    ]
    if case.out_of_scope is not None and preset.out_of_scope_days is not None:
        ends.append((case.out_of_scope + timedelta(days=preset.out_of_scope_days), "out_of_scope_days"))
    return min(ends)  # never empty: every preset ends what is closed, and stricter ones do too


def close_by(case: CaseDays, preset: Preset) -> date | None:
    """By when a case that belongs elsewhere must be closed, to be erased on its day. None: there is no such clock."""
    if case.out_of_scope is None or case.closed is not None or preset.out_of_scope_days is None:
        return None
    return max(case.out_of_scope, case.out_of_scope + timedelta(days=preset.out_of_scope_days) - NOTICE)


def to_close(out_of_scope: date | None, closed: date | None, preset: Preset, today: date) -> tuple[Deadline, ...]:
    """What a case that belongs elsewhere owes its reporter, who was told the day of its erasure."""
    by = close_by(CaseDays(today, out_of_scope=out_of_scope, closed=closed), preset)
    return () if by is None else (closing(by, today),)


def erase_recording_on(recorded: date, agreed: date | None, preset: Preset) -> date:
    """The day on which a recording is to be erased: when its minutes are agreed, or when its time is over."""
    over = min(recorded + timedelta(days=preset.recording_days), months_after(recorded, RECORDING_MONTHS))
    return over if agreed is None else min(over, agreed)


def erase_look_up_log_on(closed: date, preset: Preset) -> date:
    """The day on which the look-up log of a closed case is to be erased."""
    return max(months_after(closed, preset.look_up_log_months), closed + timedelta(days=LOOK_UP_LOG_DAYS))


def review_hold_by(looked: date, preset: Preset) -> date:
    """By when a legal hold must be reviewed, from the day it was placed or last reviewed. It holds until it is lifted."""
    return months_after(looked, preset.hold_review_months)


def review_necessity_by(looked: date, preset: Preset) -> date | None:
    """By when somebody must ask whether a case is still needed, from its receipt or the last time. None: no such clock."""
    return None if preset.necessity_months is None else months_after(looked, preset.necessity_months)


def escalate_by(flagged: date, preset: Preset) -> date | None:
    """By when a warning of money laundering must have gone to the board. None: no such clock."""
    return None if preset.money_laundering_days is None else working_days_after(flagged, preset.money_laundering_days)

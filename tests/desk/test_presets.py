"""The presets: the table of the requirements (section 10), the strictest of two, what settings may do, and every clock."""

from dataclasses import FrozenInstanceError, fields, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.dates import DAYS, GERMAN, VECTORS, day
from whistle.desk.deadlines import CaseDays, Rules, Start, acknowledge_by, feedback_by, owed
from whistle.desk.presets import (
    DEFAULT,
    PRESETS,
    Preset,
    Reminder,
    erase_by_rule,
    erase_look_up_log_on,
    erase_recording_on,
    escalate_by,
    preset_of,
    reminders,
    review_hold_by,
    review_necessity_by,
    shortened,
    strictest,
)
from whistle.desk.states import State
from whistle.errors import NoSuchPreset, NotShortened, SettingsWrong

BRANCH, DE, FI = PRESETS[DEFAULT], PRESETS["de"], PRESETS["fi"]
SHARED = {
    "acknowledge_days": 7,
    "feedback_months": 3,
    "answer_days": 2,
    "acknowledge_reminders": {3, 5, 6},
    "feedback_reminders": {30, 14, 7, 1},
    "recording_days": 90,
    "look_up_log_months": 24,
    "backup_days": 35,
    "hold_review_months": 6,
}
OWN = ("closed_months", "received_months", "out_of_scope_days", "money_laundering_days", "necessity_months")
TABLE = {
    "se": (24, None, 30, None, None),
    "dk": (24, None, 30, 1, None),
    "dk_branch_of_se": (24, None, 30, 1, None),
    "no": (24, None, 30, None, None),
    "fi": (None, 60, 30, None, 36),
    "de": (36, None, None, None, None),
    "eu_min": (24, None, 30, None, None),
}
RETENTION = [
    # preset, received, out of scope, closed; erased
    ("dk_branch_of_se", "2026-08-01", None, "2026-11-21", "2028-11-21"),
    ("dk_branch_of_se", "2027-12-01", None, "2028-02-29", "2030-02-28"),
    ("de", "2027-12-01", None, "2028-02-29", "2031-02-28"),
    ("fi", "2026-11-21", None, "2027-02-01", "2031-11-21"),
    ("fi", "2026-11-21", None, "2032-01-01", "2031-11-21"),  # open until after its time: due at once
    ("dk_branch_of_se", "2026-11-01", "2026-11-05", "2026-11-10", "2026-12-05"),
    ("dk_branch_of_se", "2026-11-01", "2026-11-05", "2027-01-10", "2026-12-05"),  # likewise
    ("fi", "2026-11-21", "2026-11-30", "2026-12-01", "2026-12-30"),
    ("de", "2026-11-01", "2026-11-05", "2026-11-10", "2029-11-10"),  # no shorter time for what is out of scope
]

MONTHS, NUMBER_OF_DAYS = st.integers(1, 72), st.integers(0, 100)
SOME_DAYS = st.frozensets(st.integers(1, 40), max_size=4)
ANY_PRESET = st.builds(
    Preset,
    acknowledge_days=st.integers(1, 30),
    feedback_months=st.integers(1, 12),
    feedback_otherwise_from=st.frozensets(st.sampled_from(Start), min_size=1),
    answer_days=st.integers(1, 10),
    acknowledge_reminders=SOME_DAYS,
    feedback_reminders=SOME_DAYS,
    closed_months=MONTHS | st.none(),
    received_months=MONTHS | st.none(),
    out_of_scope_days=NUMBER_OF_DAYS | st.none(),
    recording_days=NUMBER_OF_DAYS,
    look_up_log_months=st.integers(1, 36),
    backup_days=NUMBER_OF_DAYS,
    hold_review_months=st.integers(1, 12),
    money_laundering_days=st.integers(0, 9) | st.none(),
    necessity_months=MONTHS | st.none(),
).filter(lambda preset: (preset.closed_months, preset.received_months) != (None, None))


@st.composite
def closed_cases(draw: st.DrawFn) -> CaseDays:
    received = draw(DAYS)
    decided = draw(st.none() | st.integers(0, 300))
    out_of_scope = None if decided is None else received + timedelta(days=decided)
    closed = (out_of_scope or received) + timedelta(days=draw(st.integers(0, 3000)))
    return CaseDays(received, acknowledged=received, out_of_scope=out_of_scope, closed=closed)


def on(text: str) -> date:
    return date.fromisoformat(text)


def never_later(ours: date | None, *theirs: date | None) -> bool:
    """None is never."""
    return (ours or date.max) <= min(each or date.max for each in theirs)


# The values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLE)
def test_a_preset_has_the_numbers_of_the_table(name: str) -> None:
    preset = preset_of(name)
    assert {each: getattr(preset, each) for each in SHARED} == SHARED
    assert tuple(getattr(preset, each) for each in OWN) == TABLE[name]
    assert preset.feedback_otherwise_from == {Start.RECEIPT if name == "de" else Start.LAST_DAY}


def test_the_table_has_every_preset_and_every_number() -> None:
    assert set(PRESETS) == set(TABLE)
    assert {each.name for each in fields(Preset)} == {*SHARED, *OWN, "feedback_otherwise_from"}
    assert DEFAULT in PRESETS


def test_a_preset_that_is_none_is_named_with_those_there_are() -> None:
    with pytest.raises(NoSuchPreset, match="no preset atlantis: choose one of se, dk, "):
        preset_of("atlantis")
    assert issubclass(NoSuchPreset, SettingsWrong)


def test_nobody_changes_a_preset_or_the_list_of_them() -> None:
    with pytest.raises(FrozenInstanceError):
        BRANCH.closed_months = 240  # type: ignore[misc]
    with pytest.raises(TypeError):
        PRESETS["dk"] = DE  # type: ignore[index]


# The strictest of two -------------------------------------------------------------------------------------------------


def test_the_branch_has_the_strictest_of_its_two_countries() -> None:
    assert strictest(PRESETS["dk"], PRESETS["se"]) == BRANCH


@given(ANY_PRESET, ANY_PRESET, ANY_PRESET)
def test_the_strictest_is_the_same_in_any_order_and_of_itself(one: Preset, other: Preset, third: Preset) -> None:
    assert strictest(one, one) == one
    assert strictest(one, other) == strictest(other, one)
    assert strictest(strictest(one, other), third) == strictest(one, strictest(other, third))
    assert strictest(strictest(one, other), other) == strictest(one, other)


@given(ANY_PRESET, ANY_PRESET, DAYS, st.none() | st.integers(0, 60))
def test_the_strictest_is_never_due_later_than_either(one: Preset, other: Preset, received: date, waited: int | None) -> None:
    both = strictest(one, other)
    acknowledged = None if waited is None else received + timedelta(days=waited)
    for clock in (
        lambda preset: acknowledge_by(received, preset),
        lambda preset: feedback_by(received, acknowledged, preset),
        lambda preset: review_hold_by(received, preset),
        lambda preset: review_necessity_by(received, preset),
        lambda preset: escalate_by(received, preset),
    ):
        assert never_later(clock(both), clock(one), clock(other))
    assert both.answer_days == min(one.answer_days, other.answer_days)


@given(ANY_PRESET, ANY_PRESET, closed_cases(), st.none() | st.integers(0, 200))
def test_the_strictest_never_keeps_longer_than_either(one: Preset, other: Preset, case: CaseDays, waited: int | None) -> None:
    both, closed = strictest(one, other), case.closed
    assert closed is not None
    agreed = None if waited is None else closed + timedelta(days=waited)
    for clock in (
        lambda preset: erase_by_rule(case, closed, preset)[0],
        lambda preset: erase_recording_on(closed, agreed, preset),
        lambda preset: erase_look_up_log_on(closed, preset),
    ):
        assert never_later(clock(both), clock(one), clock(other))
    assert both.backup_days == min(one.backup_days, other.backup_days)


@given(ANY_PRESET, ANY_PRESET)
def test_the_strictest_reminds_whenever_either_does(one: Preset, other: Preset) -> None:
    both = strictest(one, other)
    assert both.acknowledge_reminders == one.acknowledge_reminders | other.acknowledge_reminders
    assert both.feedback_reminders == one.feedback_reminders | other.feedback_reminders


# What settings may do -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        (DEFAULT, {"closed_months": 12, "out_of_scope_days": 0}),
        (DEFAULT, {"acknowledge_days": 1}),
        (DEFAULT, {"received_months": 36}),  # a limit where there was none
        (DEFAULT, {"look_up_log_months": 3}),
        ("de", {"out_of_scope_days": 30, "money_laundering_days": 1}),
        ("fi", {"received_months": 60}),  # the same is not looser
        ("fi", {}),
    ],
)
def test_settings_may_be_stricter_than_the_preset(name: str, settings: dict[str, int]) -> None:
    assert shortened(PRESETS[name], **settings) == replace(PRESETS[name], **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"closed_months": 25}, "closed_months may only be stricter than the preset's 24"),
        ({"acknowledge_days": 8}, "acknowledge_days may only be stricter than the preset's 7"),
        ({"backup_days": 20, "recording_days": 91}, "recording_days may only be stricter than the preset's 90"),
        ({"closed_months": 0}, "closed_months must not be below 1"),
        ({"out_of_scope_days": -1}, "out_of_scope_days must not be below 0"),
        ({"look_up_log_months": 2}, "look_up_log_months must not be below 3"),
        ({"feedback_reminders": 1}, "number feedback_reminders that can be set"),
        ({"retention": 12}, "number retention that can be set"),
    ],
)
def test_settings_that_are_looser_or_unknown_are_refused(settings: dict[str, int], why: str) -> None:
    with pytest.raises(NotShortened, match=why):
        shortened(BRANCH, **settings)
    assert issubclass(NotShortened, SettingsWrong)


@pytest.mark.parametrize("name", sorted(PRESETS))
@pytest.mark.parametrize("field", [each.name for each in fields(Preset)])
def test_whatever_is_set_no_preset_becomes_looser(name: str, field: str) -> None:
    preset, taken = PRESETS[name], 0
    for number in range(-2, 100):
        try:
            changed = shortened(preset, **{field: number})
        except NotShortened:
            continue
        taken += 1
        assert changed == replace(preset, **{field: number}) == strictest(preset, changed)  # type: ignore[arg-type]
    assert (taken > 0) is not isinstance(getattr(preset, field), frozenset)


@given(st.sampled_from(sorted(PRESETS)), st.integers(1, 7))
def test_however_short_the_time_there_is_a_reminder_before_it_is_over(name: str, days: int) -> None:
    preset, received = shortened(PRESETS[name], acknowledge_days=days), on("2026-11-24")
    told = reminders(CaseDays(received), preset, None, received + timedelta(days=days - 1))
    assert [each.by for each in told if each.what == "acknowledge"] == [received + timedelta(days=days)]


# When it is due -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(PRESETS) - {"de"}))
@pytest.mark.parametrize(("received", "acknowledged", "acknowledge", "feedback", "_authority"), VECTORS)
def test_due_days_are_those_of_the_requirements(
    name: str, received: str, acknowledged: str | None, acknowledge: str, feedback: str, _authority: str
) -> None:
    assert acknowledge_by(on(received), PRESETS[name]) == on(acknowledge)
    assert feedback_by(on(received), day(acknowledged), PRESETS[name]) == on(feedback)


@pytest.mark.parametrize(("received", "acknowledged", "feedback"), GERMAN)
def test_german_due_days_are_those_of_the_german_act(received: str, acknowledged: str | None, feedback: str) -> None:
    assert acknowledge_by(on(received), DE) == on(received) + timedelta(days=7)
    assert feedback_by(on(received), day(acknowledged), DE) == on(feedback)


@given(DAYS, st.none() | st.integers(0, 100), st.integers(0, 200))
def test_the_inbox_may_go_by_a_preset_as_by_its_rules(received: date, waited: int | None, later: int) -> None:
    acknowledged = None if waited is None else received + timedelta(days=waited)
    today = received + timedelta(days=later)
    assert owed(State.RECEIVED, received, acknowledged, BRANCH, today) == owed(
        State.RECEIVED, received, acknowledged, Rules(7, 3), today
    )


@pytest.mark.parametrize(
    ("name", "flagged", "by"),
    [("dk", "2026-11-27", "2026-11-30"), (DEFAULT, "2026-11-24", "2026-11-25"), ("se", "2026-11-24", None)],
)
def test_a_warning_of_money_laundering_goes_to_the_board_the_next_working_day(name: str, flagged: str, by: str | None) -> None:
    assert escalate_by(on(flagged), PRESETS[name]) == day(by)


def test_a_hold_is_reviewed_every_six_months_and_a_finnish_case_every_three_years() -> None:
    assert review_hold_by(on("2026-08-31"), BRANCH) == on("2027-02-28")
    assert review_necessity_by(on("2026-11-21"), FI) == on("2029-11-21")
    assert review_necessity_by(on("2026-11-21"), BRANCH) is None


# Reminders ------------------------------------------------------------------------------------------------------------


def year_of(preset: Preset, received: date, acknowledged: date | None, until: date, off: Any = ()) -> list[tuple[str, date]]:
    """What a desk that looks every day but on those days off tells of one case in a year, and when."""
    told, last = [], None
    for today in (received + timedelta(days=number) for number in range(366)):
        if today.weekday() not in off:
            done = acknowledged if acknowledged is not None and acknowledged <= today else None
            case = CaseDays(received, acknowledged=done, feedback=today if today > until else None)
            told += [(each.what, today) for each in reminders(case, preset, last, today)]
            last = today
    return told


def after(start: date, *days: int) -> list[date]:
    return [start + timedelta(days=each) for each in days]


@pytest.mark.parametrize("name", sorted(PRESETS))
@pytest.mark.parametrize(("received", "acknowledged", "_acknowledge", "feedback", "_authority"), VECTORS)
def test_in_a_year_every_reminder_comes_on_its_day_and_once(
    name: str, received: str, acknowledged: str | None, _acknowledge: str, feedback: str, _authority: str
) -> None:
    came, done = on(received), day(acknowledged)
    if name == "de":
        feedback = {(row[0], row[1]): row[2] for row in GERMAN}.get((received, acknowledged), feedback)
    first = [*(("answer", each) for each in after(came, 2)), *(("acknowledge", each) for each in after(came, 3, 5, 6))]
    expected = [each for each in first if done is None or each[1] < done]
    expected += [("feedback", each) for each in after(on(feedback), -30, -14, -7, -1)]
    assert year_of(PRESETS[name], came, done, until=date.max) == expected


def test_a_desk_that_is_off_at_weekends_reminds_on_monday_of_what_it_missed_once() -> None:
    told = year_of(BRANCH, on("2026-11-26"), None, until=date.max, off=(5, 6))  # a Thursday; days 2 and 3 are a weekend
    assert told == [
        ("answer", on("2026-11-30")),
        ("acknowledge", on("2026-11-30")),
        ("acknowledge", on("2026-12-01")),
        ("acknowledge", on("2026-12-02")),
        ("feedback", on("2027-02-01")),  # planned for Sunday 31 January
        ("feedback", on("2027-02-17")),
        ("feedback", on("2027-02-24")),
        ("feedback", on("2027-03-02")),
    ]


def test_of_several_missed_reminders_the_newest_is_told_with_its_last_day() -> None:
    received = on("2026-11-24")
    assert reminders(CaseDays(received), BRANCH, received, on("2026-12-05")) == (
        Reminder("answer", on("2026-11-26"), on("2026-11-26")),
        Reminder("acknowledge", on("2026-11-30"), on("2026-12-01")),
    )


def test_a_report_that_arrives_days_late_is_still_reminded_of() -> None:
    told = reminders(CaseDays(on("2026-11-24")), BRANCH, None, on("2026-11-28"))
    assert [each.what for each in told] == ["answer", "acknowledge"]


@given(st.sampled_from(sorted(PRESETS)), DAYS, st.sets(st.integers(0, 110), max_size=40))
def test_whatever_days_a_desk_is_off_it_misses_no_reminder_and_repeats_none(name: str, received: date, looks: set[int]) -> None:
    preset, case, last = PRESETS[name], CaseDays(received), None
    planned = [
        each for today in after(received, *range(111)) for each in reminders(case, preset, today - timedelta(days=1), today)
    ]
    for today in after(received, *sorted(looks)):
        new = {each.what: each for each in planned if each.on <= today and (last is None or last < each.on)}
        assert {each.what: each for each in reminders(case, preset, last, today)} == new
        assert reminders(case, preset, today, today) == ()
        last = today


@given(st.sampled_from(sorted(PRESETS)), DAYS, st.integers(0, 400))
def test_what_is_done_is_not_reminded_of(name: str, received: date, later: int) -> None:
    today = received + timedelta(days=later)

    def told(**done: date) -> set[str]:
        return {each.what for each in reminders(CaseDays(received, **done), PRESETS[name], None, today)}

    everything = told()
    assert told(answered=received) == everything - {"answer"}
    assert told(acknowledged=received) - {"feedback"} == set()  # who acknowledges has answered
    assert told(feedback=received) == everything - {"feedback"}
    assert told(closed=received) == set()


def test_once_feedback_is_given_the_rest_of_its_reminders_stay_away() -> None:
    told = year_of(BRANCH, on("2026-11-24"), on("2026-11-25"), until=on("2027-02-12"))
    assert told == [("feedback", on("2027-01-26")), ("feedback", on("2027-02-11"))]


# How long it is kept --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "received", "out_of_scope", "closed", "erased"), RETENTION)
def test_a_closed_case_is_erased_on_the_day_of_the_requirements(
    name: str, received: str, out_of_scope: str | None, closed: str, erased: str
) -> None:
    case = CaseDays(on(received), out_of_scope=day(out_of_scope), closed=on(closed))
    assert erase_by_rule(case, on(closed), PRESETS[name])[0] == on(erased)


@given(closed_cases())
def test_no_case_of_the_branch_is_kept_longer_than_two_years_after_its_closing(case: CaseDays) -> None:
    assert case.closed is not None
    assert never_later(erase_by_rule(case, case.closed, BRANCH)[0], case.closed + timedelta(days=731))


@pytest.mark.parametrize(
    ("recorded", "agreed", "erased"),
    [
        ("2026-11-21", None, "2027-02-19"),  # 90 days
        ("2027-02-01", None, "2027-05-01"),  # 89: three months
        ("2026-11-21", "2026-12-01", "2026-12-01"),
        ("2026-11-21", "2027-06-01", "2027-02-19"),  # agreed too late to keep it longer
    ],
)
def test_a_recording_goes_when_its_minutes_are_agreed_or_its_time_is_over(
    recorded: str, agreed: str | None, erased: str
) -> None:
    assert erase_recording_on(on(recorded), day(agreed), BRANCH) == on(erased)


def test_a_look_up_log_is_kept_two_years_and_never_less_than_ninety_days() -> None:
    assert erase_look_up_log_on(on("2028-02-29"), BRANCH) == on("2030-02-28")
    assert erase_look_up_log_on(on("2027-02-01"), shortened(BRANCH, look_up_log_months=3)) == on("2027-05-02")

"""The numbers of a period, from facts of its cases, and which of them are shown. Pure: it opens nothing and knows no clock.

The rule: no number from 1 to 4 is shown, nor any from which one follows. The cases of a year stand in several tables, rows by
quarters; each table has every case once, and what one table says of a case leaves open what the others say of it.

1. A year of 1 to 4 cases is not shown. If a quarter has 1 to 4, no quarter of its year is.
2. If a row of the year is 1 to 4, every row below 5 is hidden, empty ones too; and then others that are not empty, from the
   last one up, until the hidden ones are 5 together and not 4 each.
3. In the quarters, a row is hidden in all four if it is hidden in the year or is 1 to 4 in one of them; and then again others,
   until in each quarter the hidden ones are none together, or 5 and not 4 each.
4. A share is of shown numbers. A median is of 5 cases at least and of a whole year, if it shows who was on time: that a quarter
   has none would tell that fewer than 5 of its cases are past being received.

Why nothing follows: wherever a number from 1 to 4 is hidden, it could be one more. In its quarter 5 are hidden, so another
hidden row has a case there: move that case over. If the year hides both rows, no shown sum has changed. If not, the row (or the
rows hidden with it) has 5 in the year, so another case in another quarter: move that one back. If the quarters are not shown,
cases move between them as they like. "Not 4 each" is for readers who know this rule.

All of this holds for the sum of what is there and what was erased: an erased case stays in every row that it stood in, so that
two looks from before and after tell nothing of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median_high

from whistle.desk.outcomes import Code
from whistle.desk.states import State
from whistle.store.counts import Counts, Told

LEAST = 5  # requirement AN-14
QUARTERS = (1, 2, 3, 4)
CATEGORIES = (
    "bribery",
    "corruption",
    "crime",
    "offence",
    "eu-law",
    "national-law",
    "unethical",
    "aml",
    "marketabuse",
    "dataprotection",
    "harassment",
    "retaliation",
    "other",
)
CLOSED = "closed with "  # an outcome: a row of its own, told from the stage of the same name
OUTCOMES = tuple(CLOSED + code for code in Code)
# To have acknowledged is no stage of its own: beside the table of who was on time it would tell hidden rows of that one.
_RECEIVING = (State.RECEIVED, State.ACKNOWLEDGED)
_ROWS = {
    "category": (*CATEGORIES, "unlisted", "none"),
    # Stage and outcome are one table, for what has an outcome is closed: two would tell each other's hidden rows.
    "standing": ("receiving", *(each.value for each in State if each not in _RECEIVING), *OUTCOMES),
    "acknowledged": ("on-time", "late"),
    "voice": ("wrote", "silent", "named"),
}
# Counted like rows of a table, for their medians.
UNTIL_ACKNOWLEDGED, UNTIL_FEEDBACK = "days until acknowledged", "days until feedback"
Quarters = Sequence[int]  # a row: how many cases in each quarter


@dataclass(frozen=True)
class Facts:
    """A case, as far as it is counted."""

    state: State
    outcome: str | None
    received: date
    acknowledged: date | None
    feedback: date | None
    told: Told


@dataclass(frozen=True)
class Period:
    """A year, or a quarter of it. A case is of the period in which it was received."""

    year: int
    quarter: int | None = None


@dataclass(frozen=True)
class Row:
    """A line of a table: its count and its share of all in percent. None: not shown."""

    code: str
    count: int | None
    share: int | None


@dataclass(frozen=True)
class Table:
    """Every case of the period, once."""

    name: str
    rows: tuple[Row, ...]

    def count(self, code: str) -> int | None:
        return next(row.count for row in self.rows if row.code == code)


@dataclass(frozen=True)
class Numbers:
    """What is shown of a period. None: not shown. Without a total, or without a case, there are no tables."""

    total: int | None
    tables: tuple[Table, ...] = ()
    heard: int | None = None  # percent of the anonymous cases whose reporter wrote again
    acknowledged: int | None = None  # median of days
    feedback: int | None = None


def tally(cases: Iterable[Facts], today: date, days: int) -> Counts:
    """How many of these cases of one year stand in each row, where `days` is how long a desk may take to acknowledge."""
    return Counter((table, row, _quarter(each)) for each in cases for table, row in rows_of(each, today, days))


def rows_of(case: Facts, today: date, days: int) -> Iterator[tuple[str, str]]:
    """In which row of each table a case stands, and how many days it took."""
    yield "category", _category(case.told)
    yield "standing", _standing(case)
    yield "acknowledged", _on_time(case, today, days)
    yield "voice", _voice(case.told)
    for what, day in ((UNTIL_ACKNOWLEDGED, case.acknowledged), (UNTIL_FEEDBACK, case.feedback)):
        if day is not None:
            yield what, str((day - case.received).days)


def noted(told: Told) -> Told:
    """The same in known codes: what a reporter wrote is kept nowhere open."""
    return replace(told, category=None if told.category is None else _category(told))


def numbers(counts: Counts, period: Period) -> Numbers:
    """What is shown of this period, from the counts of its whole year."""
    total = _shown_total([sum(counts["voice", row, quarter] for row in _ROWS["voice"]) for quarter in QUARTERS], period)
    if not total:
        return Numbers(total)
    tables = tuple(_table(name, counts, period) for name in _ROWS)
    punctual = all(row.count is not None for table in tables if table.name == "acknowledged" for row in table.rows)
    times = punctual and period.quarter is None
    return Numbers(
        total,
        tables,
        _heard(tables[-1]),
        _median(counts, UNTIL_ACKNOWLEDGED) if times else None,
        _median(counts, UNTIL_FEEDBACK) if times else None,
    )


def hidden_rows(rows: Sequence[Quarters]) -> tuple[frozenset[int], frozenset[int]]:
    """Which rows of a table are hidden in its year, and which in its quarters: parts 2 and 3 of the rule."""
    years = [(sum(row),) for row in rows]
    few = {place for place, (count,) in enumerate(years) if count < LEAST}
    in_year = _covered(few if any(_is_small(count) for (count,) in years) else (), years)
    small = {place for place, row in enumerate(rows) if any(map(_is_small, row))}
    return in_year, _covered(in_year | small, rows)


def totals_shown(totals: Quarters) -> tuple[bool, bool]:
    """Whether the year is shown, and whether its quarters are: part 1 of the rule."""
    year = not _is_small(sum(totals))
    return year, year and not any(map(_is_small, totals))


def _is_small(count: int) -> bool:
    return 0 < count < LEAST


def _covered(hidden: Iterable[int], rows: Sequence[Quarters]) -> frozenset[int]:
    """These rows, and others from the last one up, until no column tells them. The order has nothing to do with the counts."""
    found = set(hidden)
    for place in reversed(range(len(rows))):
        if not any(map(_tells, zip(*(rows[each] for each in found), strict=True))):
            break
        if any(rows[place]):
            found.add(place)
    return frozenset(found)


def _tells(hidden: Sequence[int]) -> bool:
    """Whether the sum of these tells what they are: too small a one, or the largest that numbers below 5 can have."""
    return _is_small(sum(hidden)) or all(count == LEAST - 1 for count in hidden)


def _shown_total(totals: Quarters, period: Period) -> int | None:
    shown = totals_shown(totals)
    if period.quarter is None:
        return sum(totals) if shown[0] else None
    return totals[period.quarter - 1] if shown[1] else None


def _table(name: str, counted: Counts, period: Period) -> Table:
    codes = _ROWS[name]
    rows = [[counted[name, code, quarter] for quarter in QUARTERS] for code in codes]
    in_year, in_quarters = hidden_rows(rows)
    hidden = in_year if period.quarter is None else in_quarters
    counts = [sum(row) if period.quarter is None else row[period.quarter - 1] for row in rows]
    all_ = sum(counts)
    return Table(
        name,
        tuple(
            Row(code, None, None) if place in hidden else Row(code, count, _percent(count, all_))
            for place, (code, count) in enumerate(zip(codes, counts, strict=True))
        ),
    )


def _category(told: Told) -> str:
    """What a reporter's own program wrote here may be anything: only known codes have a row of their own."""
    code = told.category
    return "none" if code is None else code if code in CATEGORIES else "unlisted"


def _standing(case: Facts) -> str:
    if case.state is State.CLOSED and case.outcome is not None:
        return CLOSED + case.outcome
    return "receiving" if case.state in _RECEIVING else case.state.value


def _on_time(case: Facts, today: date, days: int) -> str:
    """Whoever still has time is on time."""
    return "on-time" if (case.acknowledged or today) - case.received <= timedelta(days=days) else "late"


def _voice(told: Told) -> str:
    if not told.anonymous:
        return "named"
    return "wrote" if told.wrote else "silent"


def _heard(voice: Table) -> int | None:
    wrote, silent = voice.count("wrote"), voice.count("silent")
    return None if wrote is None or silent is None else _percent(wrote, wrote + silent)


def _percent(part: int, whole: int) -> int | None:
    return None if whole == 0 else (200 * part + whole) // (2 * whole)


def _median(counts: Counts, what: str) -> int | None:
    """Within so many days it was done for half of those for whom it was done."""
    took = [int(days) for (each, days, _), count in counts.items() if each == what for _ in range(count)]
    return median_high(took) if len(took) >= LEAST else None


def _quarter(case: Facts) -> int:
    return (case.received.month + 2) // 3

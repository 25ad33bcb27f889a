"""The numbers of a period: right, and nothing below five in them to be read or worked out by whoever knows the rule."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import TOP
from whistle.desk.counting import label
from whistle.desk.numbers import (
    CATEGORIES,
    LEAST,
    OUTCOMES,
    QUARTERS,
    Facts,
    Numbers,
    Period,
    hidden_rows,
    numbers,
    tally,
    totals_shown,
)
from whistle.desk.states import State
from whistle.store.counts import Told
from whistle.web.templates import read_catalogues

TODAY = date(2027, 3, 1)
YEAR = Period(2026)
OFFERED = (YEAR, *(Period(2026, quarter) for quarter in QUARTERS))
CASE = Facts(State.ASSESSING, None, date(2026, 2, 1), date(2026, 2, 3), None, Told("bribery", True, False))


def seen(cases: Sequence[Facts], period: Period = YEAR) -> Numbers:
    return numbers(tally([each for each in cases if each.received.year == period.year], TODAY, 7), period)


def rows(shown: Numbers, table: str) -> dict[str, int | None]:
    """The rows of a table that are not 0."""
    found = next(each for each in shown.tables if each.name == table)
    return {row.code: row.count for row in found.rows if row.count != 0}


def of(category: str | None, count: int, quarter: int = 1) -> list[Facts]:
    return [in_quarter(replace(CASE, told=replace(CASE.told, category=category)), quarter)] * count


def in_quarter(case: Facts, quarter: int) -> Facts:
    moved = date(2026, quarter * 3 - 1, 1)
    took = None if case.acknowledged is None else case.acknowledged - case.received
    return replace(case, received=moved, acknowledged=None if took is None else moved + took)


# What is counted -------------------------------------------------------------------------------------------------------


def test_every_table_has_every_case_of_the_period_once() -> None:
    cases = of("bribery", 7) + of("aml", 6) + of("crime", 5, 2) + [replace(CASE, received=date(2025, 12, 31))] * 9
    assert [seen(cases, period).total for period in OFFERED] == [18, 13, 5, 0, 0]
    for period in OFFERED[:3]:
        for table in seen(cases, period).tables:
            assert sum(row.count or 0 for row in table.rows) == seen(cases, period).total
    assert rows(seen(cases), "category") == {"bribery": 7, "aml": 6, "crime": 5}


def test_a_category_that_is_no_code_is_never_written_out() -> None:
    shown = seen(of("Kasper from accounts", 5) + of(None, 5))
    assert rows(shown, "category") == {"unlisted": 5, "none": 5}


def test_a_closed_case_counts_by_its_outcome_and_an_open_one_by_its_stage() -> None:
    closed = replace(CASE, state=State.CLOSED)
    cases = [
        *[replace(closed, outcome="substantiated")] * 5,
        *[replace(closed, outcome=None)] * 6,
        *[replace(CASE, state=State.ADDRESSING, outcome="substantiated")] * 7,
        *[replace(CASE, state=State.RECEIVED)] * 4,
        *[replace(CASE, state=State.ACKNOWLEDGED)] * 4,
    ]
    assert rows(seen(cases), "standing") == {"closed with substantiated": 5, "closed": 6, "addressing": 7, "receiving": 8}


def test_every_state_has_its_row_and_every_row_its_word_in_both_languages() -> None:
    for state in State:
        assert sum(rows(seen([replace(CASE, state=state)] * 5), "standing").values()) == 5  # type: ignore[arg-type]
    shown = seen(of("bribery", 5))
    for catalogue in read_catalogues(TOP / "templates/desk", ("en", "da")).values():
        assert set(CATEGORIES) == set(catalogue.under("answer.category"))
        for table in shown.tables:
            assert all(catalogue(label(table.name, row.code)) for row in table.rows)
            assert set(catalogue.under(f"numbers.{table.name}")) <= {row.code for row in table.rows}
    assert {"standing"} == {table.name for table in shown.tables if set(OUTCOMES) & {row.code for row in table.rows}}


@pytest.mark.parametrize(
    ("took", "today", "row"), [(7, 90, "on-time"), (8, 90, "late"), (None, 7, "on-time"), (None, 8, "late"), (0, 0, "on-time")]
)
def test_on_time_is_within_the_days_and_whoever_has_not_answered_is_late_once_they_are_over(
    took: int | None, today: int, row: str
) -> None:
    acknowledged = None if took is None else CASE.received + timedelta(days=took)
    shown = numbers(tally([replace(CASE, acknowledged=acknowledged)] * 5, CASE.received + timedelta(days=today), 7), YEAR)
    assert rows(shown, "acknowledged") == {row: 5}


def test_one_in_four_who_wrote_again_is_25_percent_of_the_anonymous_alone() -> None:
    anonymous, named = CASE.told, replace(CASE.told, anonymous=False, wrote=True)
    told = [*[replace(anonymous, wrote=True)] * 5, *[anonymous] * 15, *[named] * 20]
    shown = seen([replace(CASE, told=each) for each in told])
    assert shown.heard == 25
    assert rows(shown, "voice") == {"wrote": 5, "silent": 15, "named": 20}
    assert [row.share for table in shown.tables if table.name == "voice" for row in table.rows] == [13, 38, 50]


def test_a_share_with_a_hidden_part_is_not_shown() -> None:
    told = [*[replace(CASE.told, wrote=True)] * 4, *[CASE.told] * 16]
    shown = seen([replace(CASE, told=each) for each in told])
    assert shown.heard is None
    assert [row.share for table in shown.tables if table.name == "voice" for row in table.rows] == [None] * 3


def took(*days: int) -> list[Facts]:
    return [replace(CASE, acknowledged=CASE.received + timedelta(days=each)) for each in days]


def test_a_median_is_of_five_cases_at_least() -> None:
    feedback = [replace(CASE, feedback=CASE.received + timedelta(days=each)) for each in (9, 1, 30, 20, 40)]
    unanswered = [replace(CASE, acknowledged=None)] * 5
    assert seen(took(1, 5, 2, 3, 0)).acknowledged == 2
    assert seen([*took(1, 5, 2, 3), *unanswered]).acknowledged is None
    assert seen(feedback).feedback == 20
    assert seen(feedback[1:] + [CASE] * 5).feedback is None


def test_no_median_is_shown_where_who_was_late_is_hidden() -> None:
    assert seen(took(*[2] * 8, 9, 9, 9)).acknowledged is None
    assert seen(took(*[2] * 8, *[9] * 5)).acknowledged == 2


def test_a_quarter_has_no_median_for_to_miss_one_would_tell_how_few_are_past_being_received() -> None:
    assert [seen(took(*[2] * 8), period).acknowledged for period in OFFERED[:2]] == [2, None]


# What is hidden --------------------------------------------------------------------------------------------------------


def test_five_is_shown_and_four_is_not() -> None:
    shown = rows(seen(of("bribery", 9) + of("aml", 5) + of("crime", 4) + of("other", 4)), "category")
    assert (shown["bribery"], shown["aml"], shown["crime"], shown["other"]) == (9, 5, None, None)


def test_where_a_row_is_hidden_an_empty_one_is_not_told_from_it() -> None:
    shown = rows(seen(of("bribery", 9) + of("crime", 3) + of("other", 4)), "category")
    assert {code for code, count in shown.items() if count is None} == {*CATEGORIES, "unlisted", "none"} - {"bribery"}


def test_one_hidden_row_takes_the_last_with_it_that_is_not_empty() -> None:
    shown = rows(seen(of("bribery", 9) + of("crime", 3) + of("aml", 20) + of("other", 8)), "category")
    assert (shown["bribery"], shown["crime"], shown["aml"], shown["other"]) == (9, None, 20, None)


def test_a_year_of_four_shows_nothing_at_all() -> None:
    assert [seen(of("bribery", 4), period) for period in OFFERED] == [Numbers(None)] * 5


def test_a_year_without_a_case_says_0() -> None:
    assert [seen([], period) for period in OFFERED] == [Numbers(0)] * 5


def test_a_quarter_of_four_hides_every_quarter_of_its_year_but_not_the_year() -> None:
    cases = of("bribery", 9) + of("bribery", 4, 2)
    assert [seen(cases, period).total for period in OFFERED] == [13, None, None, None, None]


def test_a_row_that_one_quarter_must_hide_is_hidden_in_all_four_and_shown_in_the_year() -> None:
    cases = of("bribery", 9) + of("bribery", 3, 2) + of("aml", 7) + of("aml", 6, 2) + of("other", 8) + of("other", 8, 2)
    assert rows(seen(cases), "category") == {"bribery": 12, "aml": 13, "other": 16}
    for period, aml in ((OFFERED[1], 7), (OFFERED[2], 6)):
        assert rows(seen(cases, period), "category") == {"bribery": None, "aml": aml, "other": None}


# The attacker ----------------------------------------------------------------------------------------------------------

Matrix = tuple[tuple[int, ...], ...]


def split(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Every way to split a number."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in split(total - first, parts - 1))


def view(table: Matrix) -> tuple[object, ...]:
    """Everything that is shown of a table, by year and by quarter."""
    totals = [sum(column) for column in zip(*table, strict=True)]
    year, quarters = totals_shown(totals)
    in_year, in_quarters = hidden_rows(table)
    of_year = (sum(totals), *(None if place in in_year else sum(row) for place, row in enumerate(table)))
    of_quarters = (tuple(totals), *(None if place in in_quarters else row for place, row in enumerate(table)))
    return (of_year if year else None, of_quarters if quarters else None)


def quantities(table: Matrix) -> list[int]:
    return [*(cell for row in table for cell in row), *map(sum, table), *(sum(column) for column in zip(*table, strict=True))]


@pytest.mark.parametrize(("height", "width", "most"), [(2, 1, 30), (3, 1, 24), (4, 1, 22), (5, 1, 14), (2, 2, 16), (3, 2, 11)])
def test_of_all_tables_that_look_alike_no_number_below_five_is_the_same(height: int, width: int, most: int) -> None:
    """Every table of this size: whoever knows the rule, and sees what is shown, is left with several."""
    for total in range(1, most + 1):
        alike: dict[object, list[Matrix]] = defaultdict(list)
        for cells in split(total, height * width):
            table = tuple(cells[row * width : (row + 1) * width] for row in range(height))
            alike[view(table)].append(table)
        if total < LEAST:
            assert set(alike) == {(None, None)}  # and so every one of these totals
            continue
        for tables in alike.values():
            for known in zip(*map(quantities, tables), strict=True):
                assert len(set(known)) > 1 or not 0 < known[0] < LEAST, tables[0]


Place = tuple[str, Callable[[Facts], str], dict[str, Callable[[Facts], Facts]]]


def told(**changes: object) -> Callable[[Facts], Facts]:
    return lambda case: replace(case, told=replace(case.told, **changes))  # type: ignore[arg-type]


def after(days: int) -> Callable[[Facts], Facts]:
    return lambda case: replace(case, acknowledged=case.received + timedelta(days=days))


def standing(state: State, outcome: str | None = None) -> Callable[[Facts], Facts]:
    return lambda case: replace(case, state=state, outcome=outcome)


# For each table: in which of these rows a case is, and how it would be in each.
PLACES: list[Place] = [
    (
        "category",
        lambda case: case.told.category or "none",
        {each: told(category=each) for each in ("bribery", "aml", "harassment", "other")},
    ),
    (
        "standing",
        lambda case: (
            f"closed with {case.outcome}"
            if case.outcome
            else "receiving"
            if case.state is State.ACKNOWLEDGED
            else case.state.value
        ),
        {
            "receiving": standing(State.ACKNOWLEDGED),
            "assessing": standing(State.ASSESSING),
            "closed": standing(State.CLOSED),
            "closed with complaint": standing(State.CLOSED, "complaint"),
        },
    ),
    (
        "acknowledged",
        lambda case: "on-time" if case.acknowledged == case.received else "late",
        {"on-time": after(0), "late": after(9)},
    ),
    (
        "voice",
        lambda case: "named" if not case.told.anonymous else "wrote" if case.told.wrote else "silent",
        {
            "wrote": told(anonymous=True, wrote=True),
            "silent": told(anonymous=True, wrote=False),
            "named": told(anonymous=False, wrote=False),
        },
    ),
]
KINDS = st.tuples(
    st.integers(1, 9), st.sampled_from(QUARTERS), *(st.sampled_from(list(ways.values())) for _, _, ways in PLACES)
)


def cases_of(kinds: Sequence[tuple[object, ...]]) -> list[Facts]:
    found: list[Facts] = []
    for count, quarter, *ways in kinds:
        case = in_quarter(CASE, quarter)  # type: ignore[arg-type]
        for way in ways:
            case = way(case)  # type: ignore[operator]
        found += [case] * count  # type: ignore[operator]
    return found


def shown_sums(cases: Sequence[Facts]) -> dict[tuple[str, str, int | None], int]:
    """Every count that is shown, over all tables and periods: by table, row and quarter. The rest is worked out from these."""
    found = {}
    for period in OFFERED:
        shown = seen(cases, period)
        counts = [("all", "", shown.total), *((each.name, row.code, row.count) for each in shown.tables for row in each.rows)]
        found |= {(table, row, period.quarter): count for table, row, count in counts if count is not None}
    return found


def sums(cases: Sequence[Facts]) -> Counter[tuple[str, str, int | None]]:
    """Every count, whether it is shown or not."""
    found: Counter[tuple[str, str, int | None]] = Counter()
    for case in cases:
        for table, row in (("all", ""), *((name, row_of(case)) for name, row_of, _ in PLACES)):
            found.update([(table, row, None), (table, row, quarter_of(case))])
    return found


def quarter_of(case: Facts) -> int:
    return (case.received.month + 2) // 3


def other_cases(cases: list[Facts], place: Place) -> Iterator[list[Facts]]:
    """The same cases with one or two of them moved to another row or another quarter."""
    _, row_of, ways = place
    kinds = list({(row_of(case), quarter_of(case)): case for case in cases}.values())
    for first in kinds:
        rest = list((Counter(cases) - Counter([first])).elements())
        for row in [each for each in ways if each != row_of(first)]:
            yield [*rest, ways[row](first)]
            for second in [each for each in kinds if row_of(each) == row and quarter_of(each) != quarter_of(first)]:
                left = list((Counter(rest) - Counter([second])).elements())
                yield [*left, ways[row](first), ways[row_of(first)](second)]
                for third in [each for each in ways if each not in (row, row_of(first))]:
                    yield [*left, ways[row](first), ways[third](second)]
        for quarter in [each for each in QUARTERS if each != quarter_of(first)]:
            yield [*rest, in_quarter(first, quarter)]
            for row in ways:
                yield [*rest, ways[row](in_quarter(first, quarter))]


@settings(max_examples=60, deadline=None)
@given(st.lists(KINDS, max_size=9))
def test_for_every_number_below_five_other_cases_would_have_shown_the_same(kinds: list[tuple[object, ...]]) -> None:
    """Over all tables, the year and its quarters: the cases are others, the number is another, no shown count differs."""
    cases = cases_of(kinds)
    if len(cases) < LEAST:
        return
    shown, true = shown_sums(cases), sums(cases)
    assert all(true[each] == count for each, count in shown.items())
    few = {each for each, count in true.items() if 0 < count < LEAST}
    assert not few & set(shown)
    for place in PLACES:
        for others in other_cases(cases, place) if few else ():
            counts = sums(others)
            if all(counts[each] == count for each, count in shown.items()):
                few -= {each for each in few if counts[each] != true[each]}
    assert few == set()

"""The numbers of a time stay what they are when its cases are erased, for everybody, and nothing of one case stays for them."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.running import ANNA, BO, CARL, Desk, Reporter, started, today
from tests.desk.test_erasure import close, step
from whistle.desk.counting import rows_of_erased
from whistle.desk.numbers import OUTCOMES, QUARTERS, Facts, Period, noted, numbers, tally
from whistle.desk.states import State
from whistle.protocol.content import Answer, SealedIdentity
from whistle.store.counts import Told
from whistle.store.desk import Act, Cases
from whistle.store.upgrades import SCHEMA

GROUP, TODAY = "risk-control", date(2028, 3, 1)
NOW = datetime(2028, 3, 1, 9, tzinfo=UTC)
DAYS = st.none() | st.integers(0, 12)
CASES = st.lists(
    st.tuples(
        st.sampled_from(["bribery", "aml", "Kasper from accounts", None]),
        st.sampled_from(OUTCOMES),
        st.integers(0, 364),
        DAYS,
        DAYS,
        st.booleans(),
        st.booleans(),
        st.sampled_from([(), (BO,)]),
        st.booleans(),
    ),
    max_size=24,
)


def facts(drawn: tuple[object, ...]) -> Facts:
    category, outcome, received, acknowledged, feedback, anonymous, wrote, _, _ = drawn
    came = date(2026, 1, 1) + timedelta(days=received)  # type: ignore[arg-type]
    said = [None if each is None else came + timedelta(days=each) for each in (acknowledged, feedback)]  # type: ignore[arg-type]
    return Facts(State.CLOSED, str(outcome).removeprefix("closed with "), came, *said, Told(category, anonymous, wrote))  # type: ignore[arg-type]


def erased(cases: Cases, number: int, each: Facts, away: tuple[str, ...]) -> None:
    """A case with these facts, noted and kept from these members, that is gone."""
    days = [day and str(day) for day in (each.received, each.acknowledged, each.feedback)]
    never = ["9999-12-31"] * 3
    with cases._writing() as connection:
        connection.exec_driver_sql(
            'INSERT INTO "case" (number, box, "group", epoch, state, received, acknowledged, feedback, closed, key, outcome, '
            "heard, turn, due, due_soon, answer_by) "
            "VALUES (?, ?, ?, 1, 'closed', ?, ?, ?, '2027-01-01', x'00', ?, 0, 'desk', ?, ?, ?)",
            (number, bytes([number]), GROUP, *days, each.outcome, *never),
        )
        for member in away:
            kept_away = (number, member, member, "2027-01-01")
            connection.exec_driver_sql('INSERT INTO aside ("case", member, "by", day, place) VALUES (?, ?, ?, ?, 0)', kept_away)
    cases.counted.note({number: noted(each.told)})
    act = Act(NOW, "desk", "erased", number)
    assert cases.erasure.erase(cases.erasure.ending(number), lambda *_: act, partial(rows_of_erased, TODAY, 7))


@settings(max_examples=12, deadline=None)
@given(CASES)
def test_whichever_cases_are_erased_everybodys_numbers_are_what_they_were(drawn: list[tuple[object, ...]]) -> None:
    periods = [Period(2026), *(Period(2026, quarter) for quarter in QUARTERS)]
    with TemporaryDirectory() as folder, closing(Cases(f"sqlite:///{folder}/desk.sqlite")) as cases:
        for number, each in enumerate(drawn, 1):
            if each[-1]:
                erased(cases, number, facts(each), each[-2])  # type: ignore[arg-type]
        for member in (ANNA, BO):
            seen = [each for each in drawn if member not in each[-2]]  # type: ignore[operator]
            left = tally([facts(each) for each in seen if not each[-1]], TODAY, 7)
            before, after = (
                tally(map(facts, seen), TODAY, 7),
                left + cases.counted.of(GROUP, member).get(2026, left.__class__()),
            )
            assert after == before
            assert [numbers(after, period) for period in periods] == [numbers(before, period) for period in periods]
        assert cases.counted.of("audit-chair", ANNA) == {}


def rows(desk: Desk, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute(f'SELECT * FROM "{table}"').fetchall()


def looks(desk: Desk) -> dict[tuple[str, str], str]:
    """What two members see of the year and of the quarter, on the page and in the file."""
    quarter = (today().month + 2) // 3
    paths = [f"/numbers{kind}?year={today().year}&quarter={part}" for kind in ("", ".csv") for part in ("", quarter)]
    pages = {(name, path): desk.signed_in(name).get(path).text for name in (ANNA, BO) for path in paths}
    return {place: re.sub(r'value="[0-9a-f]{32,}"', "", text) for place, text in pages.items()}


@dataclass
class Ended:
    """A desk whose cases were all erased: what was noted of them, and what was seen before and after."""

    desk: Desk
    noted: list[tuple[object, ...]]
    before: Mapping[tuple[str, str], str]
    after: Mapping[tuple[str, str], str]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, ceremony: Path) -> Iterator[Ended]:
    """Six reports of bribery: one with a name, one whose reporter wrote after the end, one that bo has stepped aside from."""
    with started(tmp_path_factory.mktemp("desk"), ceremony, 9) as desk:
        reporters = [Reporter.new(desk.card) for _ in range(6)]
        desk.deliver(*(each.frame(each.report()) for each in reporters))
        desk.deliver(reporters[0].frame(reporters[0].say(SealedIdentity("A" * 5_790))))
        desk.signed_in(ANNA)
        for number in range(1, 7):
            close(desk, f"/cases/{number}")
        desk.deliver(reporters[1].frame(reporters[1].message("Tak.")))
        desk.signed_in(ANNA)
        desk.cases.conflicts.step_aside(Act(desk.clock(), BO, "stepped aside", 3))
        desk.clock.ahead = timedelta(days=731)
        before, noted_ = looks(desk), rows(desk, "noted")
        desk.running.purge.once()
        assert rows(desk, "case") == []
        yield Ended(desk, noted_, before, looks(desk))


def test_a_page_of_the_numbers_says_the_same_before_an_erasure_and_after_it(ended: Ended) -> None:
    assert ended.before == ended.after
    year = f"/numbers?year={today().year}&quarter="
    assert "Cases received: 6" in ended.after[ANNA, year]
    assert "Cases received: 5" in ended.after[BO, year], "not even in counts, not even when it is gone"


def test_another_group_is_not_offered_the_years_of_erased_cases(ended: Ended) -> None:
    carl = ended.desk.signed_in(CARL)
    assert "Cases received: 0" in carl.get("/numbers").text
    assert carl.get(f"/numbers?year={today().year}").status == 400


def test_what_stays_of_erased_cases_is_counts_and_nothing_of_one_case(ended: Ended) -> None:
    assert sorted(row[1:] for row in ended.noted) == [("bribery", 0, 1), *[("bribery", 1, 0)] * 4, ("bribery", 1, 1)]
    assert rows(ended.desk, "noted") == []
    place = (GROUP, today().year, (today().month + 2) // 3)
    assert {(row[3], row[4]): row[6] for row in rows(ended.desk, "counted") if row[:3] == place and row[5] == ""} == {
        ("category", "bribery"): 6,
        ("standing", "closed with substantiated"): 6,
        ("acknowledged", "on-time"): 6,
        ("voice", "named"): 1,
        ("voice", "wrote"): 1,
        ("voice", "silent"): 4,
        ("days until acknowledged", "0"): 6,
    }


def test_a_note_is_of_a_closed_case_alone_and_in_codes(tmp_path: Path, ceremony: Path) -> None:
    with started(tmp_path, ceremony, 9) as desk:
        reporter = Reporter.new(desk.card)
        desk.deliver(reporter.frame(reporter.report(answers=(Answer("category", "Kasper from accounts"),))))
        anna = desk.signed_in(ANNA)
        anna.get("/numbers")
        assert rows(desk, "noted") == []
        close(desk)
        assert rows(desk, "noted") == [(1, "unlisted", 1, 0)]
        step(anna, "assessing")
        desk.cases.counted.note({1: Told(None, True, True)})  # by somebody who looked while it was reopened
        assert rows(desk, "noted") == []


def test_a_database_from_before_is_brought_up(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    Cases(f"sqlite:///{file}").close()
    former = 'CREATE TABLE reading (member VARCHAR, "case" INTEGER, place INTEGER NOT NULL, PRIMARY KEY (member, "case"))'
    drops = [f"DROP TABLE {name}" for name in ("noted", "counted", "reading")]
    made = [
        former,
        'CREATE INDEX reading_place ON reading (member, "case", place)',
        "INSERT INTO reading VALUES ('anna', 7, 9)",
    ]
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in (*drops, *made, "UPDATE schema SET version = 16"):
            connection.execute(statement)
    for _ in range(2):
        with closing(Cases(f"sqlite:///{file}")) as cases:
            assert cases.counted.of(GROUP, ANNA) == {}
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version FROM schema").fetchall() == [(SCHEMA,)]
        assert connection.execute("SELECT * FROM reading").fetchall() == [("anna", 7, 9, None)]
        assert "former_reading" not in {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}

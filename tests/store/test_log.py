"""The lines of the log as they are read: chained as the specification says, chosen by case, member and day, and counted."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.store.test_desk import with_case
from whistle.store.desk import Act, Cases
from whistle.store.log import Which
from whistle.store.upgrades import SCHEMA

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


@pytest.fixture
def cases(tmp_path: Path) -> Iterator[Cases]:
    with closing(Cases(f"sqlite:///{tmp_path}/desk.sqlite")) as opened:
        yield opened


def logged(cases: Cases, *acts: str, now: datetime = NOW, who: str = "anna", case: int | None = None) -> None:
    for action in acts:
        cases.log(Act(now, who, action, case))


def actions(cases: Cases, **which: Any) -> list[str]:
    return [line.action for line in cases.lines.lines(Which(**which))]


def test_the_hash_after_any_line_can_be_asked_for_and_of_a_line_that_is_not_there_none_is_given(cases: Cases) -> None:
    logged(cases, "one")
    first = cases.hashes_of_log()[1]
    logged(cases, "two", "three")
    assert cases.hashes_of_log({0, 1, 7}) == {0: bytes(32), 1: first, 3: cases.hashes_of_log()[3]}


def test_lines_are_chosen_by_case_member_day_and_place_the_newest_first(cases: Cases) -> None:
    logged(cases, "opened", case=1)
    logged(cases, "replied", case=1, who="bo", now=NOW.replace(hour=23, minute=59, second=59))
    logged(cases, "signed out", now=NOW + timedelta(days=1))
    assert actions(cases) == ["signed out", "replied", "opened"]
    assert actions(cases, case=1) == ["replied", "opened"]
    assert actions(cases, who="bo") == ["replied"]
    assert actions(cases, first=date(2026, 11, 25)) == ["signed out"]
    assert actions(cases, last=date(2026, 11, 24)) == ["replied", "opened"]
    assert [line.number for line in cases.lines.lines(Which(), limit=1)] == [3]


def test_a_member_of_another_group_gets_no_line_of_a_case_that_is_not_theirs_or_is_not_there(cases: Cases) -> None:
    assert with_case(cases).number == 1
    logged(cases, "signed in")
    logged(cases, "opened", case=1)
    logged(cases, "refused", case=2)
    assert actions(cases, groups=["risk-control"], member="anna") == ["opened", "signed in", "began 2026-11-24"]
    assert actions(cases, groups=["audit-chair"], member="anna") == ["signed in"]
    assert actions(cases, groups=["audit-chair"], member="anna", case=1) == []


def test_more_refusals_than_that_within_a_day_alarm_until_somebody_has_seen_them(cases: Cases) -> None:
    logged(cases, "sign-in refused", "refused", "signed in")
    assert not cases.lines.refused(2)
    logged(cases, "waited 4", now=NOW + timedelta(hours=23, minutes=59), who="bo")
    assert cases.lines.refused(2) == {"anna", "bo"}
    assert not cases.lines.refused(3)
    logged(cases, "signed in", "opened", "opened log", now=NOW + timedelta(days=30))
    assert cases.lines.refused(2)
    logged(cases, "saw refusals", now=NOW + timedelta(days=30))
    assert not cases.lines.refused(0)
    assert cases.lines.were_refused(2, NOW.date())
    assert not cases.lines.were_refused(2, NOW.date() + timedelta(days=2))


def test_as_many_refusals_over_more_than_a_day_do_not_alarm(cases: Cases) -> None:
    for hours in range(0, 300, 13):
        logged(cases, "refused", now=NOW + timedelta(hours=hours))
    assert not cases.lines.refused(2)
    assert cases.lines.refused(1)


def test_a_database_from_before_gets_what_the_log_is_searched_by(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    Cases(f"sqlite:///{file}").close()
    indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'log' ORDER BY name"
    with closing(sqlite3.connect(file)) as connection:
        there = [name for (name,) in connection.execute(indexes)]
        assert there == ["log_action", "log_case", "log_who"]
        for name in there:
            connection.execute(f"DROP INDEX {name}")
        connection.execute("UPDATE schema SET version = 3")
        connection.commit()
    Cases(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as connection:
        assert [name for (name,) in connection.execute(indexes)] == there
        assert connection.execute("SELECT version FROM schema").fetchall() == [(SCHEMA,)]

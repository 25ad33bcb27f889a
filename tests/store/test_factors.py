"""Second factors at rest: each proof counts once, whoever asks at the same time, and an earlier database gets their table."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from whistle.errors import FactorNeeded, FactorRefused, Overtaken
from whistle.store.desk import Act, Cases
from whistle.store.factors import PASSKEY, TOTP, Factor
from whistle.store.upgrades import SCHEMA

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
ACT = Act(NOW, "anna", "signed in")
PASSKEY_OF_ANNA = Factor("anna", PASSKEY, b"one", b"public", 0, False, date(2026, 11, 24))


@pytest.fixture
def cases(tmp_path: Path) -> Iterator[Cases]:
    opened = Cases(f"sqlite:///{tmp_path}/desk.sqlite")
    yield opened
    opened.close()


def added(cases: Cases, factor: Factor) -> Factor:
    cases.factors.add(factor, ACT)
    return cases.factors.of(factor.member)[-1]


def test_a_counter_only_goes_up_and_one_that_is_not_taken_adds_no_line(cases: Cases) -> None:
    factor = added(cases, Factor("anna", TOTP, None, b"sealed", 7, False, date(2026, 11, 24)))
    for counter in (6, 7):
        with pytest.raises(FactorRefused):
            cases.factors.use(factor, counter, ACT)
    cases.factors.use(factor, 8, ACT)
    with pytest.raises(FactorRefused):
        cases.factors.use(factor, 8, ACT)  # by somebody who read it before
    assert cases.factors.of("anna")[0].used == NOW.date()
    assert cases.verify_log() == 2


def test_only_a_passkey_may_count_nothing_and_only_if_it_never_did(cases: Cases) -> None:
    factor = added(cases, PASSKEY_OF_ANNA)
    for _ in range(2):
        cases.factors.use(factor, 0, ACT)
    cases.factors.use(factor, 5, ACT)
    with pytest.raises(FactorRefused):
        cases.factors.use(factor, 0, ACT)


def test_the_last_one_and_anothers_stay(cases: Cases) -> None:
    factor = added(cases, PASSKEY_OF_ANNA)
    with pytest.raises(FactorNeeded):
        cases.factors.remove(ACT, factor.id, 1)
    with pytest.raises(Overtaken):
        cases.factors.remove(Act(NOW, "bo", "removed factor"), factor.id, 0)
    assert cases.factors.of("anna") == [factor]
    cases.factors.remove(ACT, factor.id, 0)
    assert cases.factors.of("anna") == []


def test_a_database_from_before_gets_the_table_and_keeps_the_rest(cases: Cases, tmp_path: Path) -> None:
    cases.log(ACT)
    cases.close()
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        connection.execute("DROP TABLE factor")
        connection.execute("UPDATE schema SET version = 7")
        connection.commit()
    again = Cases(f"sqlite:///{tmp_path}/desk.sqlite")
    assert added(again, PASSKEY_OF_ANNA).credential == b"one"
    assert again.verify_log() == 2
    again.close()
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        assert connection.execute("SELECT version FROM schema").fetchall() == [(SCHEMA,)]

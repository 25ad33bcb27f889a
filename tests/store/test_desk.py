"""What the desk's store keeps: the chained log, all or nothing, one content for each sequence, each arrival once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from whistle.errors import DeskRefused, ForbiddenStep, LogBroken, Overtaken, StorageFailed
from whistle.protocol.wire import TO_DESK, Frame
from whistle.store.desk import Act, Case, Cases, GroupKey, Member, Step, Stored
from whistle.store.log import Which

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
TODAY = NOW.date()
BOX = b"b" * 32
ACT = Act(NOW, "anna", "replied", 1)
ENROLLED = Act(NOW, "command line", "took keys")
FROM_REPORTER = Stored("to-desk", None, TODAY, "risk-control", 1, b"r" * 32, b"key", b"payload")
FROM_DESK = replace(FROM_REPORTER, direction="to-reporter", sequence=1)


def unsigned(*_: object) -> None:
    """No receipt."""


@pytest.fixture
def cases(tmp_path: Path) -> Iterator[Cases]:
    with closing(Cases(f"sqlite:///{tmp_path}/desk.sqlite")) as opened:
        yield opened


def with_case(cases: Cases) -> Case:
    """A case made of one arrival."""
    cases.arrive([Frame(1, TO_DESK, TODAY, BOX, b"sealed")], TODAY, unsigned)
    [arrival] = cases.waiting()
    cases.begin(arrival, Case(0, BOX, "risk-control", 1, "received", TODAY, None, None, b"case key"), FROM_REPORTER, NOW)
    made = cases.case_of(BOX)
    assert made is not None
    return made


def actions(cases: Cases) -> list[str]:
    return [line.action for line in reversed(cases.lines.lines(Which(case=1)))]


def altered(tmp_path: Path, statement: str) -> None:
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()


def test_an_arrival_becomes_one_case_whoever_opens_it_again(cases: Cases) -> None:
    cases.arrive([Frame(1, TO_DESK, TODAY, BOX, b"sealed")], TODAY, unsigned)
    [arrival] = cases.waiting()
    case = Case(0, BOX, "risk-control", 1, "received", TODAY, None, None, b"case key")
    cases.begin(arrival, case, FROM_REPORTER, NOW)
    cases.begin(arrival, case, FROM_REPORTER, NOW)
    cases.join(arrival, 1, FROM_REPORTER)
    cases.refuse(arrival, "risk-control")
    assert len(cases.contents(1)) == 1
    assert actions(cases) == ["began 2026-11-24"]
    assert cases.refused(["risk-control"], "anna") == []


def test_a_second_content_with_the_same_sequence_is_overtaken_and_leaves_nothing(cases: Cases) -> None:
    with_case(cases)
    cases.write(ACT, FROM_DESK, b"envelope", None)
    with pytest.raises(Overtaken):
        cases.write(ACT, replace(FROM_DESK, payload=b"other"), b"other envelope", None)
    assert [each.payload for each in cases.contents(1)] == [b"payload", b"payload"]
    assert len(cases.to_push()) == 1
    assert actions(cases) == ["began 2026-11-24", "replied"]


def test_a_step_from_a_state_that_was_left_undoes_the_whole_act(cases: Cases) -> None:
    with_case(cases)
    with pytest.raises(ForbiddenStep):
        cases.write(ACT, FROM_DESK, b"envelope", Step("assessing", "addressing"))
    assert len(cases.contents(1)) == 1
    assert cases.to_push() == []
    assert actions(cases) == ["began 2026-11-24"]


def test_contents_from_the_reporter_have_no_sequence_of_ours_and_never_collide(cases: Cases) -> None:
    with_case(cases)
    for place in (2, 3):
        cases.arrive([Frame(place, TO_DESK, TODAY, BOX, b"sealed%d" % place)], TODAY, unsigned)
        cases.join(cases.waiting()[0], 1, FROM_REPORTER)
    assert len(cases.contents(1)) == 3


def test_new_is_what_came_from_the_reporter_since_this_member_read(cases: Cases) -> None:
    with_case(cases)
    assert cases.inbox(["risk-control"], "anna")[0][1] == 1
    cases.opened(Act(NOW, "anna", "opened", 1), cases.contents(1)[-1].place)
    cases.write(ACT, FROM_DESK, b"envelope", None)
    assert cases.inbox(["risk-control"], "anna")[0][1] == 0
    assert cases.inbox(["risk-control"], "bo")[0][1] == 1
    assert cases.inbox(["audit-chair"], "anna") == []


def test_what_was_pushed_keeps_no_envelope(cases: Cases, tmp_path: Path) -> None:
    with_case(cases)
    cases.write(ACT, FROM_DESK, b"envelope-of-two", None)
    [(id_, _, frame)] = cases.to_push()
    assert (frame.position, frame.box, frame.sealed) == (0, BOX, b"envelope-of-two")
    cases.pushed(id_, TODAY, unknown=False)
    assert cases.to_push() == []
    assert cases.unsent(1) == {}
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        assert connection.execute("SELECT sealed FROM outbox").fetchall() == [(b"",)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET who = 'bo' WHERE number = 2",
        "UPDATE log SET time = '2026-11-24T08:31:00Z' WHERE number = 2",
        "UPDATE log SET action = 'opened' WHERE number = 2",
        'UPDATE log SET "case" = 2 WHERE number = 2',
        "DELETE FROM log WHERE number = 2",
        "DELETE FROM log WHERE number = 3",
        "DELETE FROM log WHERE number = 1",
        "DELETE FROM log",
        "UPDATE log SET number = 9 WHERE number = 3",
    ],
)
def test_a_line_of_the_log_that_is_changed_or_removed_is_found(cases: Cases, tmp_path: Path, statement: str) -> None:
    for action in ("signed in", "replied", "signed out"):
        cases.log(Act(NOW, "anna", action, None))
    assert cases.verify_log() == 3
    altered(tmp_path, statement)
    with pytest.raises(LogBroken):
        cases.verify_log()


def test_the_database_of_another_instance_is_not_enrolled_into(cases: Cases) -> None:
    member = Member("anna", "risk-control", None, "age1pq1", "key", "lead")
    cases.enrol(
        ENROLLED, b"i" * 16, [member], {GroupKey("risk-control", 1, "recipient", b"sealed"): frozenset(["age1pq1"])}, {}
    )
    with pytest.raises(DeskRefused):
        cases.enrol(ENROLLED, b"j" * 16, [replace(member, name="bo")], {}, {})
    assert cases.member("bo") is None


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    Cases(f"sqlite:///{tmp_path}/desk.sqlite").close()
    altered(tmp_path, "UPDATE schema SET version = 99")
    with pytest.raises(StorageFailed):
        Cases(f"sqlite:///{tmp_path}/desk.sqlite")


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        Cases(f"sqlite:///{tmp_path}/no/such/folder/desk.sqlite")


def test_days_are_days_and_only_the_log_has_a_time(cases: Cases, tmp_path: Path) -> None:
    with_case(cases)
    cases.write(ACT, FROM_DESK, b"envelope", Step("received", "acknowledged", acknowledged=TODAY))
    cases.in_contact(TODAY)
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert len(names) >= 20
        timed = {name for name in names for row in connection.execute(f'SELECT * FROM "{name}"') if "08:30" in repr(row)}
    assert timed == {"log"}
    assert cases.oldest_waiting() is None
    assert cases.relayed().contact == date(2026, 11, 24)


def test_a_case_ends_where_its_last_content_stands(cases: Cases) -> None:
    assert cases.ends() == {}
    number = with_case(cases).number
    cases.write(ACT, FROM_DESK, None, None)
    assert cases.ends() == {number: cases.contents(number)[-1].place}

"""What the desk's store keeps of sheets: each revision once, with its marks, tags and lines of the log, or nothing of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes

import pytest

from tests.store.test_desk import TODAY
from tests.store.test_erasure import act, close, erase, with_case
from whistle.errors import Overtaken
from whistle.store.desk import Cases
from whistle.store.log import Which
from whistle.store.sheets import Change, Days, Kept, Marks, Tags
from whistle.store.upgrades import SCHEMA

MARKS = Marks("bo", "aml", "high", TODAY, None)
DAYS = Days(TODAY, None, TODAY)
CHANGE = Change(1, 0, b"one" * 99, MARKS, Tags(4, (b"t" * 32, b"t" * 32, b"u" * 32)), days=DAYS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def cases(file: Path) -> Iterator[Cases]:
    with closing(Cases(f"sqlite:///{file}")) as opened:
        with_case(opened)
        yield opened


def log_of(cases: Cases) -> list[str]:
    return [line.action for line in cases.lines.lines(Which(case=1))][::-1]


def test_a_sheet_its_marks_its_tags_and_its_lines_are_kept_together(cases: Cases) -> None:
    assert cases.sheets.kept(1) == Kept(0, b"")
    cases.sheets.keep([CHANGE], [act(what="changed tags"), act(what="changed category")])
    assert cases.sheets.kept(1) == Kept(1, CHANGE.sealed)
    case = cases.case(1)
    assert case is not None
    assert (case.assigned, case.category, case.priority, case.money_laundering, case.escalated) == tuple(vars(MARKS).values())
    assert (case.task_by, case.plan_by, case.telling_by) == (TODAY, None, TODAY)
    assert cases.sheets.tagged([b"u" * 32, b"x" * 32]) == {1}
    assert log_of(cases)[-2:] == ["changed tags", "changed category"]
    assert cases.verify_log() > 2
    cases.sheets.keep([Change(1, 1, b"two", None, Tags(5, [b"v" * 32]), days=DAYS)], [])
    assert (cases.sheets.tagged([b"t" * 32, b"u" * 32]), cases.sheets.tagged([b"v" * 32])) == (set(), {1})
    assert cases.case(1) == case


@pytest.mark.parametrize("revision", [0, 2, 7])
def test_a_sheet_that_is_not_of_the_revision_that_its_writer_saw_is_refused_and_leaves_nothing(
    cases: Cases, revision: int
) -> None:
    cases.sheets.keep([CHANGE], [])
    before = (cases.sheets.kept(1), cases.case(1), log_of(cases))
    late = Change(1, revision, b"late", replace(MARKS, assigned="anna"), Tags(4, [b"z" * 32]), days=Days())
    with_case(cases)
    with pytest.raises(Overtaken):
        cases.sheets.keep([Change(2, 0, b"other", days=DAYS), late], [act(what="changed tags")])
    assert (cases.sheets.kept(1), cases.case(1), log_of(cases)) == before
    assert cases.sheets.kept(2) == Kept(0, b"")
    assert cases.sheets.tagged([b"z" * 32]) == set()


def test_an_erased_case_keeps_neither_sheet_nor_tag_nor_mark_and_none_is_written_after_it(cases: Cases, file: Path) -> None:
    sealed, tag = token_bytes(5_000), token_bytes(32)
    cases.sheets.keep([Change(1, 0, sealed, replace(MARKS, category="kanariefugl"), Tags(4, [tag]), days=DAYS)], [])
    traces = (sealed[2_000:2_032], tag, b"kanariefugl")
    cases.leave_no_trace()
    assert all(each in file.read_bytes() for each in traces)
    close(cases)
    assert erase(cases)
    with pytest.raises(Overtaken):
        cases.sheets.keep([Change(1, 1, sealed, days=DAYS)], [])
    with pytest.raises(Overtaken):
        cases.sheets.keep([Change(1, 0, sealed, days=DAYS)], [])
    cases.leave_no_trace()
    kept = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    assert [each for each in traces if each in kept] == []


def test_a_database_from_before_sheets_is_brought_up_and_keeps_its_cases(cases: Cases, file: Path) -> None:
    cases.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP INDEX case_work")
        for name in ("assigned", "category", "priority", "money_laundering", "escalated", "suppressed"):
            connection.execute(f'ALTER TABLE "case" DROP COLUMN {name}')
        for name in ("sheet", "tag"):
            connection.execute(f"DROP TABLE {name}")
        connection.execute("UPDATE schema SET version = 6")
        connection.commit()
    for _ in range(2):
        with closing(Cases(f"sqlite:///{file}")) as again:
            case = again.case(1)
            assert case is not None
            assert (case.assigned, case.priority, case.suppressed) == (None, "normal", None)
            assert again.sheets.kept(1) == Kept(0, b"")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version FROM schema").fetchall() == [(SCHEMA,)]


def test_a_database_from_before_open_days_is_brought_up_and_keeps_its_sheets(cases: Cases, file: Path) -> None:
    cases.sheets.keep([CHANGE], [])
    cases.close()
    with closing(sqlite3.connect(file)) as connection:
        for name in ("looked", "task_by", "plan_by", "telling_by"):
            connection.execute(f'ALTER TABLE "case" DROP COLUMN {name}')
        connection.execute("UPDATE schema SET version = 16")
        connection.commit()
    for _ in range(2):
        with closing(Cases(f"sqlite:///{file}")) as again:
            case = again.case(1)
            assert case is not None
            assert (case.assigned, case.looked, case.task_by, case.plan_by, case.telling_by) == ("bo", None, None, None, None)
            assert again.sheets.kept(1) == Kept(1, CHANGE.sealed)

"""What the desk's store keeps of ends: what takes two, what is gone after erasing, and which boxes are to be forgotten."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from secrets import token_bytes

import pytest

from tests.store.test_desk import ENROLLED, FROM_DESK, FROM_REPORTER, NOW, TODAY
from tests.store.test_files import signed
from whistle.errors import ForbiddenStep, NeedsAnother, Overtaken, StorageFailed
from whistle.protocol.constants import PART_BYTES
from whistle.protocol.parts import Part
from whistle.protocol.wire import PART, TO_DESK, Frame
from whistle.store.desk import Act, Case, Cases, Member, Step, Stored
from whistle.store.erasure import EARLY, HOLD, LIFT, Ask
from whistle.store.writer import leave_no_trace, open_engine

NOTE = replace(FROM_DESK, direction="internal")
CLOSED = Step("concluding", "closed", closed=TODAY)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def cases(file: Path) -> Iterator[Cases]:
    with closing(Cases(f"sqlite:///{file}")) as opened:
        yield opened


def act(who: str = "anna", what: str = "did", case: int = 1) -> Act:
    return Act(NOW, who, what, case)


def random_content(content: Stored = FROM_REPORTER) -> Stored:
    return replace(content, wrapped_key=token_bytes(72), payload=token_bytes(16_400))


def with_case(cases: Cases, state: str = "concluding") -> Case:
    """A case of random bytes, with a file of two parts, an unopened arrival, a reply on its way and a receipt of everything."""
    members = [Member(name, "risk-control", None, "", "", "lead") for name in ("anna", "bo", "carl", "dora")]
    cases.enrol(ENROLLED, b"instance", members, {}, {})
    box = token_bytes(32)
    place = cases.relayed().after
    frames = [
        Frame(place + 1, TO_DESK, TODAY, box, token_bytes(99)),
        Frame(place + 2, TO_DESK, TODAY, box, token_bytes(16_400)),
    ]
    cases.arrive(frames, TODAY, signed)
    case = Case(0, box, "risk-control", 1, state, TODAY, None, None, token_bytes(1_700))
    cases.begin(next(each for each in cases.waiting() if each.box == box), case, random_content(), NOW)
    made = cases.case_of(box)
    assert made is not None
    cases.opened(act(case=made.number), 1)
    cases.write(act(case=made.number), random_content(FROM_DESK), token_bytes(20_000), None)
    parts = [Part(b"f" * 16, PART_BYTES + 9, index, token_bytes(length)) for index, length in enumerate((PART_BYTES, 9))]
    start = cases.files.after()
    cases.files.arrive([(Frame(start + at, PART, TODAY, box, b""), part) for at, part in enumerate(parts, 1)], TODAY)
    [whole] = cases.files.whole()
    cases.files.received(whole, token_bytes(32), token_bytes(32), 9, signed)
    return made


def asked(cases: Cases, what: str, who: str = "anna", number: int = 1, review: date | None = None) -> int:
    """A request with its reason; its id."""
    sequence = len(cases.contents(number)) + 10
    cases.write(act(who, f"asked {what}"), replace(NOTE, sequence=sequence), None, None, None, Ask(what, who, TODAY, review))
    return cases.erasure.ending(number).asked[-1].id


def close(cases: Cases, number: int = 1) -> None:
    cases.write(act(case=number), None, None, CLOSED)


def erase(cases: Cases, number: int = 1) -> bool:
    ending = cases.erasure.ending(number)
    done = cases.erasure.erase(ending, lambda contents, files: act("desk", f"erased {contents} {files}", number), lambda _: ())
    while cases.erasure.erase_parts():
        pass
    return done


def rows(file: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(f'SELECT * FROM "{table}"').fetchall()


def blobs_of(file: Path) -> list[bytes]:
    """Every value of bytes in every table but the instance, the head of the log and its lines."""
    with closing(sqlite3.connect(file)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    kept = [row for name in names if name not in ("state", "log") for row in rows(file, name)]
    return [value for row in kept for value in row if isinstance(value, bytes) and value]


def test_after_erasing_no_file_of_the_database_has_a_byte_of_the_case(cases: Cases, file: Path) -> None:
    other = with_case(cases)
    before = {*blobs_of(file)}
    with_case(cases)
    close(cases, 2)
    traces = [piece for value in {*blobs_of(file)} - before for piece in (value[:16], value[-16:]) if len(value) > 16]
    assert len(traces) >= 2 * 14
    assert erase(cases, 2)
    cases.leave_no_trace()
    kept = b"".join(each.read_bytes() for each in file.parent.iterdir())
    [(box, _, _)] = rows(file, "forget")  # until the other side has forgotten it too
    assert {trace for trace in traces if trace in kept} == {box[:16], box[-16:]}  # type: ignore[index]
    assert other.key[-16:] in kept
    assert {*blobs_of(file)} == before | {box}


def test_the_remains_that_secure_delete_leaves_in_half_filled_pages_are_gone_once_the_file_is_rewritten(file: Path) -> None:
    drawn, engine = Random(7), open_engine(f"sqlite:///{file}", "BEGIN IMMEDIATE")
    rows = {number: (drawn.randbytes(32), drawn.randbytes(drawn.choice([48, 300, 1_700]))) for number in range(3_000)}
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (id INTEGER PRIMARY KEY, name BLOB UNIQUE, sealed BLOB)")
        for number in drawn.sample(list(rows), len(rows)):
            connection.exec_driver_sql("INSERT INTO kept VALUES (?, ?, ?)", (number, *rows[number]))
    with engine.begin() as connection:
        for number in range(1_500):
            connection.exec_driver_sql("DELETE FROM kept WHERE id = ?", (number,))
    left = []
    for rewrite in (False, True):
        leave_no_trace(engine, rewrite=rewrite)
        kept = file.read_bytes()
        left.append(sum(value in kept for number in range(1_500) for value in rows[number]))
    engine.dispose()
    assert left[0] > 0
    assert left[1] == 0


def test_what_stays_of_a_case_is_its_number_its_group_and_the_day(cases: Cases, file: Path) -> None:
    with_case(cases)
    close(cases)
    assert erase(cases)
    assert rows(file, "erased") == [(1, "risk-control", str(TODAY))]
    for table in ("case", "content", "outbox", "reading", "arrival", "receipt", "file", "part", "asked", "noted"):
        assert rows(file, table) == [], table
    assert cases.verify_log() == len(rows(file, "log"))
    assert rows(file, "log")[-1][2:5] == ("desk", "erased 2 1", 1)


def test_every_table_that_names_a_case_or_its_box_is_emptied_of_it_whatever_room_it_is_in(cases: Cases, file: Path) -> None:
    with_case(cases)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute('CREATE TABLE later (id INTEGER PRIMARY KEY, "case" INTEGER REFERENCES "case"(number), words BLOB)')
        connection.execute('INSERT INTO later ("case", words) VALUES (1, ?)', [b"sealed"])
    close(cases)
    assert erase(cases)
    assert rows(file, "later") == []


def test_the_number_of_an_erased_case_is_never_given_again(cases: Cases) -> None:
    assert with_case(cases).number == 1
    close(cases)
    erase(cases)
    assert with_case(cases).number == 2


def test_what_comes_for_the_box_of_an_erased_case_is_not_kept(cases: Cases, file: Path) -> None:
    case = with_case(cases)
    close(cases)
    erase(cases)
    cases.pull_from_the_start()
    cases.arrive([Frame(7, TO_DESK, TODAY, case.box, b"again")], TODAY, signed)
    cases.files.arrive([(Frame(8, PART, TODAY, case.box, b""), Part(b"f" * 16, 9, 0, b"x" * 9))], TODAY)
    assert (cases.waiting(), cases.files.of_box(case.box), cases.files.receipts(9)) == ([], [], [])
    assert (cases.relayed().after, cases.files.after()) == (7, 8)


def test_a_case_whose_end_was_changed_meanwhile_is_not_erased(cases: Cases) -> None:
    with_case(cases)
    close(cases)
    ending = cases.erasure.ending(1)
    cases.erasure.confirm(act("bo"), asked(cases, HOLD, review=TODAY), HOLD)
    assert not cases.erasure.erase(ending, lambda *_: act("desk", "erased"), lambda _: ())
    assert cases.case(1) is not None


def test_an_act_in_a_case_that_is_erased_meanwhile_is_refused_and_leaves_nothing(cases: Cases, file: Path) -> None:
    with_case(cases)
    close(cases)
    erase(cases)
    for content, step, error in (
        (random_content(FROM_DESK), None, Overtaken),
        (None, Step("closed", "assessing"), ForbiddenStep),
    ):
        with pytest.raises(error):
            cases.write(act(), content, b"envelope" if content else None, step)
    assert rows(file, "content") == []


def test_a_large_file_is_erased_some_parts_at_a_time_and_goes_on_after_a_kill(cases: Cases, file: Path) -> None:
    case = with_case(cases)
    parts = [Part(b"g" * 16, 100 * PART_BYTES, index, b"x") for index in range(100)]
    cases.files.arrive([(Frame(9 + at, PART, TODAY, case.box, b""), part) for at, part in enumerate(parts)], TODAY)
    close(cases)
    cases.erasure.erase(cases.erasure.ending(1), lambda *_: act("desk", "erased"), lambda _: ())
    left = [len(rows(file, "part"))]
    with closing(Cases(f"sqlite:///{file}")) as again:
        while again.erasure.erase_parts():
            left.append(len(rows(file, "part")))
    assert left == [102, 100, 100, 36, 0, 0, 0][: len(left)]
    assert (left[-1], rows(file, "file")) == (0, [])


def test_a_box_is_to_be_forgotten_until_it_is_and_again_when_the_server_was_put_back(cases: Cases, file: Path) -> None:
    case = with_case(cases)
    close(cases)
    erase(cases)
    assert (cases.erasure.to_forget(), cases.erasure.has_traces()) == ([case.box], True)
    cases.erasure.forgotten(case.box, TODAY)
    assert cases.erasure.to_forget() == []
    cases.erasure.sweep(TODAY + timedelta(days=9))
    assert len(rows(file, "forget")) == 1  # this file was not rewritten yet
    cases.erasure.traceless()
    assert not cases.erasure.has_traces()
    cases.files.pull_from_the_start()
    assert cases.erasure.to_forget() == [case.box]
    cases.erasure.forgotten(case.box, TODAY)
    cases.erasure.sweep(TODAY)
    assert len(rows(file, "forget")) == 1
    cases.erasure.sweep(TODAY + timedelta(days=1))
    assert rows(file, "forget") == []


def test_nobody_confirms_what_they_asked_for_and_nobody_confirms_twice(cases: Cases) -> None:
    with_case(cases)
    hold = asked(cases, HOLD, review=TODAY)
    with pytest.raises(NeedsAnother):
        cases.erasure.confirm(act("anna"), hold, HOLD)
    assert cases.erasure.ending(1).confirmed(HOLD) is None
    cases.erasure.confirm(act("bo"), hold, HOLD)
    with pytest.raises(Overtaken):
        cases.erasure.confirm(act("carl"), hold, HOLD)
    held = cases.erasure.ending(1).confirmed(HOLD)
    assert held is not None
    assert (held.by, held.confirmed_by, held.confirmed, held.review) == ("anna", "bo", TODAY, TODAY)
    assert cases.erasure.reviews() == {1: TODAY}


def test_a_request_of_another_case_or_of_another_kind_is_not_confirmed(cases: Cases) -> None:
    with_case(cases)
    with_case(cases)
    hold = asked(cases, HOLD, review=TODAY)
    for number, what in ((2, HOLD), (1, EARLY)):
        for answer in (cases.erasure.confirm, cases.erasure.withdraw):
            with pytest.raises(Overtaken):
                answer(act("bo", case=number), hold, what)


def test_a_withdrawn_request_is_withdrawn_and_its_id_is_no_others(cases: Cases) -> None:
    with_case(cases)
    close(cases)
    first = asked(cases, EARLY)
    cases.erasure.withdraw(act("anna"), first, EARLY)
    assert cases.erasure.ending(1).asked == ()
    assert asked(cases, EARLY) != first
    with pytest.raises(Overtaken):
        cases.erasure.confirm(act("bo"), first, EARLY)


def test_what_was_asked_for_already_is_not_asked_again(cases: Cases) -> None:
    with_case(cases)
    close(cases)
    for what in (HOLD, EARLY):
        asked(cases, what, review=TODAY)
        with pytest.raises(Overtaken):
            asked(cases, what, "bo", review=TODAY)


def test_only_a_closed_case_without_a_hold_is_erased_early_and_only_a_hold_is_lifted(cases: Cases) -> None:
    with_case(cases)
    for what in (EARLY, LIFT):
        with pytest.raises(ForbiddenStep):
            asked(cases, what)
    close(cases)
    asked(cases, EARLY)
    cases.erasure.confirm(act("bo"), asked(cases, HOLD, review=TODAY), HOLD)
    assert [each.what for each in cases.erasure.ending(1).asked] == [HOLD]  # a hold ends what was asked before
    with pytest.raises(ForbiddenStep):
        asked(cases, EARLY)
    lift = asked(cases, LIFT)
    cases.erasure.confirm(act("bo"), lift, LIFT)
    assert [each.what for each in cases.erasure.ending(1).asked] == [LIFT]


def test_a_hold_in_force_is_not_withdrawn(cases: Cases) -> None:
    with_case(cases)
    hold = asked(cases, HOLD, review=TODAY)
    cases.erasure.confirm(act("bo"), hold, HOLD)
    with pytest.raises(Overtaken):
        cases.erasure.withdraw(act("anna"), hold, HOLD)
    assert cases.erasure.ending(1).confirmed(HOLD)


def test_an_early_erasure_is_stopped_by_either_and_by_a_step_of_the_case(cases: Cases) -> None:
    with_case(cases)
    close(cases)
    for who in ("anna", "bo"):
        request = asked(cases, EARLY)
        cases.erasure.confirm(act("bo"), request, EARLY)
        cases.erasure.withdraw(act(who), request, EARLY)
        assert cases.erasure.ending(1).asked == ()
    cases.erasure.confirm(act("bo"), asked(cases, EARLY), EARLY)
    cases.write(act(), None, None, Step("closed", "assessing"))
    assert cases.erasure.ending(1).asked == ()


def test_out_of_scope_is_the_day_of_that_decision_until_another_is_made(cases: Cases) -> None:
    with_case(cases, "assessing")
    days = []
    for before, after in (("assessing", "out_of_scope"), ("out_of_scope", "concluding"), ("concluding", "assessing")):
        cases.write(act(), None, None, Step(before, after))
        days.append(cases.erasure.ending(1).out_of_scope)
    assert days == [TODAY, TODAY, None]


def test_who_still_reads_keeps_the_file_from_being_said_to_be_clean(cases: Cases, file: Path) -> None:
    with_case(cases)
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("BEGIN")
        reader.execute('SELECT * FROM "case"').fetchall()
        with pytest.raises(StorageFailed):
            cases.leave_no_trace()
    cases.leave_no_trace()


def test_a_database_from_before_erasing_is_taken_over_with_the_days_that_its_log_knows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/before.sqlite"
    with closing(Cases(url)) as cases:
        for number, states in ((1, ["out_of_scope", "concluding"]), (2, ["out_of_scope", "concluding", "assessing"])):
            with_case(cases)
            for state in states:
                cases.log(act(what=f"state {state}", case=number))
    with closing(sqlite3.connect(tmp_path / "before.sqlite")) as connection:
        for statement in ("DROP TABLE asked", "DROP TABLE erased", "DROP TABLE forget", "UPDATE schema SET version = 3"):
            connection.execute(statement)
        connection.execute('ALTER TABLE "case" DROP COLUMN out_of_scope')
        connection.commit()
    with closing(Cases(url)) as cases:
        assert [cases.erasure.ending(number).out_of_scope for number in (1, 2)] == [TODAY, None]
        close(cases)
        assert erase(cases)

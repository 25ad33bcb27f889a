"""What the desk's store keeps of files and receipts: each part once, half uploads gone, and a former database taken over."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from whistle.protocol.constants import PART_BYTES
from whistle.protocol.parts import Part
from whistle.protocol.wire import PART, TO_DESK, Frame
from whistle.store.desk import Cases
from whistle.store.files import File

TODAY = datetime(2026, 11, 24, tzinfo=UTC).date()
BOX, ID = b"b" * 32, b"f" * 16
LENGTH = 2 * PART_BYTES + 5
PARTS = [Part(ID, LENGTH, 0, b"0" * PART_BYTES), Part(ID, LENGTH, 1, b"1" * PART_BYTES), Part(ID, LENGTH, 2, b"2" * 5)]


def signed(sealed: bytes, box: bytes, day: date) -> bytes:
    return sealed + box + str(day).encode()


@pytest.fixture
def cases(tmp_path: Path) -> Iterator[Cases]:
    with closing(Cases(f"sqlite:///{tmp_path}/desk.sqlite")) as opened:
        yield opened


def arrive(cases: Cases, *parts: Part, day: date = TODAY) -> None:
    after = cases.files.after()
    frames = [(Frame(after + place, PART, day, BOX, b""), part) for place, part in enumerate(parts, 1)]
    cases.files.arrive(frames, TODAY)


def only(cases: Cases) -> File:
    [file] = cases.files.of_box(BOX)
    return file


def test_parts_make_a_file_in_any_order_and_the_first_in_a_place_stays(cases: Cases) -> None:
    arrive(cases, PARTS[2], PARTS[0])
    assert (only(cases).missing, cases.files.whole()) == (1, [])
    arrive(cases, replace(PARTS[0], sealed=b"x" * PART_BYTES), replace(PARTS[1], length=LENGTH + 1), PARTS[1])
    assert cases.files.whole() == [only(cases)]
    assert b"".join(cases.files.pieces(only(cases))) == b"".join(part.sealed for part in PARTS)


def test_the_day_of_a_file_is_that_of_its_last_part_and_never_one_to_come(cases: Cases) -> None:
    arrive(cases, PARTS[0], day=TODAY - timedelta(days=3))
    arrive(cases, PARTS[1], day=TODAY + timedelta(days=40))
    arrive(cases, PARTS[2], day=TODAY - timedelta(days=2))
    assert only(cases).day == TODAY


def test_a_whole_file_has_one_receipt_and_waits_to_be_given_up_until_it_is_sent(cases: Cases) -> None:
    arrive(cases, *PARTS)
    for _ in range(2):
        cases.files.received(only(cases), b"d" * 32, b"s" * 32, 9, signed)
    [(id_, file, frame)] = cases.files.receipts(9)
    assert (file, frame.sealed) == (only(cases).id, signed(b"d" * 32, BOX, TODAY))
    assert cases.files.to_take() == []
    cases.files.receipts_pushed([id_], TODAY)
    assert cases.files.to_take() == [(only(cases).id, BOX, ID)]
    cases.files.taken(only(cases).id)
    assert cases.files.to_take() == []
    cases.files.pull_from_the_start()
    assert (cases.files.after(), len(cases.files.receipts(9))) == (0, 1)


def test_an_opened_file_keeps_its_first_key_and_no_header(cases: Cases) -> None:
    arrive(cases, *PARTS)
    cases.files.received(only(cases), b"d" * 32, b"s" * 32, 9, signed)
    for key in (b"first", b"second"):
        cases.files.opened(only(cases), key)
    assert (only(cases).wrapped_key, only(cases).header) == (b"first", 0)
    assert len(b"".join(cases.files.pieces(only(cases)))) == LENGTH - 9


def test_a_half_upload_leaves_nothing(cases: Cases, tmp_path: Path) -> None:
    for drop in (cases.files.drop, lambda _: cases.files.sweep()):
        half = cases.files.begin(BOX, ID, TODAY)
        cases.files.add(half, 0, b"half")
        drop(half)
        with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
            assert connection.execute("SELECT (SELECT count(*) FROM file), (SELECT count(*) FROM part)").fetchone() == (0, 0)


def test_a_file_that_comes_is_never_swept(cases: Cases) -> None:
    arrive(cases, PARTS[0])
    cases.files.sweep()
    cases.files.drop(only(cases).id)
    assert only(cases).missing == 2


def test_a_database_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    with closing(Cases(f"sqlite:///{tmp_path}/desk.sqlite")) as cases:
        cases.arrive([Frame(1, TO_DESK, TODAY, BOX, b"sealed")], TODAY, signed)
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        for statement in ("DROP TABLE part", "DROP TABLE receipt", "DROP TABLE file", "DROP TABLE parts_pulled"):
            connection.execute(statement)
        connection.execute("UPDATE schema SET version = 1")
        connection.commit()
    for _ in range(2):
        with closing(Cases(f"sqlite:///{tmp_path}/desk.sqlite")) as cases:
            assert len(cases.waiting()) == 1
            assert cases.files.after() == 0

    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        connection.execute("ALTER TABLE parts_pulled DROP COLUMN drained")
        connection.execute("UPDATE schema SET version = 2")
        connection.commit()
    with closing(Cases(f"sqlite:///{tmp_path}/desk.sqlite")) as cases:
        assert (len(cases.waiting()), cases.files.drained()) == (1, date.min)


def test_the_same_bytes_as_two_files_have_one_receipt_and_both_are_given_up(cases: Cases) -> None:
    """One reporter who sends a file twice holds up nobody's receipts."""
    arrive(cases, *PARTS)
    arrive(cases, *(replace(part, file=b"g" * 16) for part in PARTS))
    for file in cases.files.whole():
        cases.files.received(file, b"d" * 32, b"s" * 32, 9, signed)
    assert cases.files.whole() == []
    [(id_, _, _)] = cases.files.receipts(9)
    cases.files.receipts_pushed([id_], TODAY)
    assert {file for _, _, file in cases.files.to_take()} == {ID, b"g" * 16}


def test_a_receipt_that_could_not_be_signed_is_made_later(cases: Cases) -> None:
    def unlisted(*_: object) -> None:
        """The card has no key."""

    cases.arrive([Frame(1, TO_DESK, TODAY, BOX, b"sealed")], TODAY, unlisted)
    arrive(cases, *PARTS)
    cases.files.received(only(cases), b"d" * 32, b"s" * 32, 9, unlisted)
    assert cases.files.receipts(9) == []
    for _ in range(2):
        cases.sign_missing(signed)
    assert [frame.day for _, _, frame in cases.files.receipts(9)] == [TODAY, TODAY]


def test_what_the_other_side_has_given_up_is_given_up_here_and_what_is_whole_stays(cases: Cases) -> None:
    arrive(cases, *PARTS, day=TODAY - timedelta(days=9))
    for name, days in ((b"g", 9), (b"h", 7)):
        arrive(cases, replace(PARTS[0], file=name * 16), day=TODAY - timedelta(days=days))
    cases.files.in_hand(TODAY, TODAY - timedelta(days=7))
    assert [file.file for file in cases.files.of_box(BOX)] == [ID, b"h" * 16]
    assert cases.files.drained() == TODAY


def test_nothing_is_dated_before_a_day_on_which_everything_was_there(cases: Cases) -> None:
    """Or the public server could have a day signed that is long past."""
    drained = TODAY - timedelta(days=1)
    cases.arrive([Frame(1, TO_DESK, TODAY - timedelta(days=90), BOX, b"sealed")], TODAY, signed, drained)
    cases.files.arrive([(Frame(1, PART, TODAY - timedelta(days=90), BOX, b""), PARTS[0])], TODAY, drained)
    assert (cases.oldest_waiting(), only(cases).day) == (drained, drained)

"""The chain of the log: of both formats, by the vectors; whatever is done to any line of it is found, every column tried."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import combinations
from json import dumps
from pathlib import Path
from typing import Any

import pytest

from tests import vectors
from tests.store.test_erasure import with_case
from whistle.desk.heads import verified
from whistle.errors import LogBroken
from whistle.protocol.loghead import LogHead
from whistle.store.chain import DROPPED, LOOK_UPS, Chain, Row, chained, digest_of
from whistle.store.desk import Act, Cases
from whistle.store.log import Which
from whistle.store.upgrades import SCHEMA

CHAINS = vectors.read("log", 120).of("chain")
CERTIFICATE = "erased 3 contents and 0 files by early due 2026-11-24"
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
COLUMNS = ("number", "time", "who", "action", "case", "hash", "purpose", "note", "salt", "digest")
Line = dict[str, Any]


def row_of(line: list[Any]) -> Row:
    match line:
        case [action, case, digest]:
            return Row("", "", action, case, digest=bytes.fromhex(digest))
        case [time, who, action, case]:
            return Row(time, who, action, case)
    return Row(*line[:6], salt=bytes.fromhex(line[6]))


@vectors.each(CHAINS)
def test_the_chain_is_the_one_of_the_vectors(case: dict[str, Any]) -> None:
    head = bytes(32)
    for line in case["input"]:
        head = chained(head, row_of(line))
    assert head.hex() == case["expect"]


@dataclass
class InFile:
    """The lines of a log, to whoever has the file of the database."""

    file: Path

    @property
    def lines(self) -> list[Line]:
        with closing(sqlite3.connect(self.file)) as connection:
            rows = connection.execute(f"SELECT {_names()} FROM log ORDER BY number").fetchall()
            return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

    def put(self, lines: list[Line], end: tuple[int, bytes] | None = None) -> None:
        """Puts these lines in place of what is there; the end that the desk remembers stays unless it is given."""
        with closing(sqlite3.connect(self.file)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("DELETE FROM log")
            values = [[line[name] for name in COLUMNS] for line in lines]
            connection.executemany(f"INSERT INTO log ({_names()}) VALUES ({','.join('?' * len(COLUMNS))})", values)
            if end is not None:
                connection.execute("UPDATE state SET log_lines = ?, log_head = ?", end)
            connection.commit()


@dataclass
class Kept(InFile):
    """And the head that was signed after some of them."""

    cases: Cases
    head: LogHead

    def is_found(self, *heads: LogHead) -> bool:
        try:
            verified(self.cases, heads)
        except LogBroken:
            return True
        return False


def _names() -> str:
    return ",".join(f'"{name}"' for name in COLUMNS)


def first_format(number: int, head: bytes, time: str, who: str, action: str, case: int | None) -> Line:
    text = dumps({"time": time, "who": who, "action": action, "case": case}, separators=(",", ":"))
    hash_ = sha256(head + text.encode()).digest()
    return {**dict.fromkeys(COLUMNS), "number": number, "time": time, "who": who, "action": action, "case": case, "hash": hash_}


def anew(lines: list[Line]) -> tuple[list[Line], tuple[int, bytes]]:
    """The lines numbered and chained again, by whoever has the database; and their end."""
    last, done = bytes(32), []
    for number, line in enumerate(lines, 1):
        words = {name: line[name] for name in ("time", "who", "purpose", "note")}
        if line["salt"] is None and line["digest"] is None:
            hashed = {name: line[name] for name in ("time", "who", "action", "case")}
        else:
            salted = dumps(words | {"salt": (line["salt"] or b"").hex()}, separators=(",", ":"))
            digest = line["digest"] or sha256(salted.encode()).digest()
            hashed = {"action": line["action"], "case": line["case"], "words": digest.hex()}
        last = sha256(last + dumps(hashed, separators=(",", ":")).encode()).digest()
        done.append(line | {"number": number, "hash": last})
    return done, (len(done), last)


def head_of(lines: int, hash_: bytes) -> LogHead:
    return LogHead(bytes(16), lines, hash_, NOW.date(), bytes(32), bytes(64))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """Two lines of the first format, then ten: of every kind, a dropped one among them. The head is of the first nine."""
    file = tmp_path / "desk.sqlite"
    with closing(Cases(f"sqlite:///{file}")) as cases:
        one = first_format(1, bytes(32), "2026-11-20T08:30:00Z", "anna", "signed in", None)
        two = first_format(2, one["hash"], "2026-11-20T08:31:00Z", "bo", "opened", 1)
        log = Kept(file, cases, head_of(0, bytes(32)))
        log.put([one, two], (2, two["hash"]))
        for action, purpose, note in (("opened", "assess", None), ("asked early", "keep", 7), ("state closed", None, None)):
            cases.log(Act(NOW, "anna", action, 1, purpose, note))
        cases.log(Act(NOW, "desk", CERTIFICATE, 1))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("INSERT INTO erased VALUES (1, 'risk-control', '2026-11-24')")
            connection.commit()
        assert cases.look_ups.drop(lambda _: True, lambda case: Act(NOW, "desk", DROPPED, case))
        for who in ("anna", "bo", "bo", "carl", "bo"):
            cases.log(Act(NOW, who, "opened", 2, "investigate"))
        log.head = head_of(9, cases.hashes_of_log({9})[9])
        assert not log.is_found(log.head)
        yield log


OTHERS: Line = {
    "number": (0, 99),
    "time": ("2026-11-24T08:30:01Z", ""),
    "who": ("carla", ""),
    "action": ("opened file", "signed in", DROPPED),
    "case": (5, None, "x"),
    "hash": (bytes(32), b""),
    "purpose": ("audit", None, ""),
    "note": (8, None, "x"),
    "salt": (bytes(16), None, "x"),
    "digest": (bytes(32), None, "x"),
}


def edits(lines: list[Line]) -> Iterator[list[Line]]:
    for at, line in enumerate(lines):
        for column, values in OTHERS.items():
            for value in values:
                if line[column] != value:
                    yield [*lines[:at], line | {column: value}, *lines[at + 1 :]]


def numbered(lines: list[Line]) -> list[Line]:
    return [line | {"number": number} for number, line in enumerate(lines, 1)]


def deletions(lines: list[Line]) -> Iterator[list[Line]]:
    for at in range(len(lines)):
        yield [*lines[:at], *lines[at + 1 :]]
        yield numbered([*lines[:at], *lines[at + 1 :]])


def doublings(lines: list[Line]) -> Iterator[list[Line]]:
    for line in lines:
        for at in range(len(lines) + 1):
            yield numbered([*lines[:at], line, *lines[at:]])


def swaps(lines: list[Line]) -> Iterator[list[Line]]:
    for one, other in combinations(range(len(lines)), 2):
        changed = list(lines)
        changed[one], changed[other] = lines[other], lines[one]
        yield numbered(changed)


def insertions(lines: list[Line]) -> Iterator[list[Line]]:
    """With a hash that follows from the line before, as the program would have written it."""
    for at in range(len(lines) + 1):
        for line in (lines[-1] | {"who": "eve"}, lines[0] | {"who": "eve"}):
            new = anew([*lines[:at], line])[0][-1]
            yield numbered([*lines[:at], new, *lines[at:]])


def cuts(lines: list[Line]) -> Iterator[list[Line]]:
    return (lines[:end] for end in range(len(lines)))


def emptied(lines: list[Line]) -> Iterator[list[Line]]:
    """The words of a line are dropped, and no line says so."""
    for at, line in enumerate(lines):
        if line["salt"] is not None:
            digest = digest_of(Row(**{name: line[name] for name in COLUMNS if name not in ("number", "hash")}))
            bare = {"time": "", "who": "", "purpose": None, "note": None, "salt": None, "digest": digest}
            yield [*lines[:at], line | bare, *lines[at + 1 :]]


WAYS: dict[str, tuple[int, Callable[[list[Line]], Iterator[list[Line]]]]] = {
    "edited": (200, edits),
    "deleted": (24, deletions),
    "doubled": (156, doublings),
    "swapped": (66, swaps),
    "inserted": (26, insertions),
    "cut off": (12, cuts),
    "emptied": (9, emptied),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_is_done_to_any_line_is_found_without_any_head(kept: Kept, way: str) -> None:
    at_least, ways = WAYS[way]
    lines = kept.lines
    assert len(lines) == 12
    changed = [each for each in ways(lines) if each != lines]
    assert len(changed) >= at_least
    for each in changed:
        kept.put(each)
        assert kept.is_found(), [one for one in each if one not in lines]
    kept.put(lines)
    assert not kept.is_found()


@pytest.mark.parametrize("way", ["edited", "deleted", "doubled", "swapped", "inserted", "cut off"])
def test_whatever_is_done_before_a_head_is_found_by_it_however_the_log_is_written_anew(kept: Kept, way: str) -> None:
    lines = kept.lines
    seen, later = lines[: kept.head.lines], lines[kept.head.lines :]
    tried = 0
    for each in WAYS[way][1](seen):
        if any(isinstance(one[name], str) for one in each for name in ("salt", "digest")):
            continue  # no line at all
        again, end = anew([*each, *later] if way != "cut off" else each)
        if again[: len(seen)] != seen:
            kept.put(again, end)
            assert kept.is_found(kept.head), each
            tried += 1
    assert tried >= 9


def test_an_end_that_is_not_the_remembered_one_is_found(kept: Kept) -> None:
    lines = kept.lines
    for end in ((11, lines[-1]["hash"]), (13, lines[-1]["hash"]), (12, bytes(32)), (12, lines[-2]["hash"])):
        kept.put(lines, end)
        assert kept.is_found(), end


# Dropped words --------------------------------------------------------------------------------------------------------


def test_a_dropped_look_up_keeps_its_place_its_act_and_its_case_and_nothing_of_who_when_and_why(kept: Kept) -> None:
    [line] = [line for line in kept.lines if line["digest"]]
    assert (line["number"], line["action"], line["case"]) == (3, "opened", 1)
    assert [line[name] for name in ("time", "who", "purpose", "note", "salt")] == ["", "", None, None, None]
    assert [each.who for each in kept.cases.lines.lines(Which(case=1, action="opened"))] == ["", "bo"]


def test_a_drop_that_is_said_for_another_case_covers_nothing(kept: Kept) -> None:
    lines = kept.lines
    [said] = [line for line in lines if line["action"] == DROPPED]
    kept.put(*anew([line | {"case": 2} if line is said else line for line in lines]))
    assert kept.is_found()


@pytest.mark.parametrize("action", ["asked early", CERTIFICATE, DROPPED])
def test_of_no_other_act_can_the_words_be_dropped(action: str) -> None:
    row = Row("", "", action, 1, digest=bytes(32))
    chain = Chain()
    with pytest.raises(LogBroken):
        chain.take(_kept_row(row, chain.head))


def _kept_row(row: Row, head: bytes) -> Any:
    class Whole:
        number, hash = 1, chained(head, row)

    for name, value in vars(row).items():
        setattr(Whole, name, value)
    return Whole


def test_look_ups_are_dropped_when_the_time_from_the_last_closing_is_over_and_only_of_erased_cases(tmp_path: Path) -> None:
    asked: list[date] = []

    def is_over(closed: date) -> bool:
        asked.append(closed)
        return len(asked) > 1

    with closing(Cases(f"sqlite:///{tmp_path}/desk.sqlite")) as cases:
        for day, action, case in ((0, "opened", 1), (1, "state closed", 1), (5, "state closed", 1), (6, "opened", 2)):
            cases.log(Act(NOW + timedelta(days=day), "anna", action, case, "assess"))
        cases.log(Act(NOW, "desk", CERTIFICATE, 1))
        with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
            connection.execute("INSERT INTO erased VALUES (1, 'risk-control', '2027-11-24')")
            connection.commit()

        def drop() -> bool:
            return cases.look_ups.drop(is_over, lambda case: Act(NOW, "desk", DROPPED, case))

        assert (drop(), drop(), drop()) == (False, True, False)
        assert asked == [NOW.date() + timedelta(days=5)] * 2
        assert [(each.action, each.who) for each in reversed(cases.lines.lines(Which()))] == [
            ("opened", ""),
            ("state closed", "anna"),
            ("state closed", "anna"),
            ("opened", "anna"),
            (CERTIFICATE, "desk"),
            (DROPPED, "desk"),
        ]
        assert cases.verify_log() == 6
    assert {"opened", "opened file", "downloaded file"} == set(LOOK_UPS)


@pytest.mark.parametrize("is_there", [True, False])
def test_who_read_a_case_that_was_not_erased_is_not_dropped_unnoticed(tmp_path: Path, is_there: bool) -> None:
    """By whoever has the file, and appends what a drop of look-ups would."""
    file = tmp_path / "desk.sqlite"
    with closing(Cases(f"sqlite:///{file}")) as cases:
        if is_there:
            with_case(cases)
        cases.log(Act(NOW, "anna", "opened", 1, "assess"))
        number = cases.verify_log()
        [line] = [each for each in InFile(file).lines if each["number"] == number]
        row = Row(*(line[name] for name in ("time", "who", "action", "case", "purpose", "note", "salt")))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(
                "UPDATE log SET time = '', who = '', purpose = NULL, note = NULL, salt = NULL, digest = ? WHERE number = ?",
                (digest_of(row), number),
            )
            connection.commit()
        if is_there:
            cases.log(Act(NOW, "desk", CERTIFICATE, 1))
        cases.log(Act(NOW, "desk", DROPPED, 1))
        with pytest.raises(LogBroken):
            cases.verify_log()


# A database from before -----------------------------------------------------------------------------------------------


def test_a_log_of_before_keeps_verifying_and_new_lines_follow_it_in_the_second_format(tmp_path: Path) -> None:
    file = tmp_path / "desk.sqlite"
    Cases(f"sqlite:///{file}").close()
    line = first_format(1, bytes(32), "2026-11-20T08:30:00Z", "anna", "signed in", None)
    with closing(sqlite3.connect(file)) as connection:
        for column in ("purpose", "note", "salt", "digest"):
            connection.execute(f"ALTER TABLE log DROP COLUMN {column}")
        connection.execute("ALTER TABLE reading DROP COLUMN purpose")
        connection.execute("INSERT INTO log VALUES (1, ?, 'anna', 'signed in', NULL, ?)", (line["time"], line["hash"]))
        connection.execute("UPDATE state SET log_lines = 1, log_head = ?", (line["hash"],))
        connection.execute("UPDATE schema SET version = 5")
        connection.commit()
    with closing(Cases(f"sqlite:///{file}")) as cases:
        assert cases.verify_log() == 1
        cases.log(Act(NOW, "anna", "opened", 1, "assess"))
        assert cases.verify_log() == 2
        assert cases.hashes_of_log({1})[1] == line["hash"]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version FROM schema").fetchall() == [(SCHEMA,)]
        assert connection.execute("SELECT length(salt) FROM log").fetchall() == [(None,), (16,)]

"""The disk is full at any write, or another program holds the database: what was acknowledged stays, and the rest is said."""

import secrets
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tests.desk.running import ANNA, Reporter, hold_ceremony
from tests.desk.running import started as desk_started
from tests.faults.full import DAY, FRAMES, unsigned
from tests.intake.running import TOP, Intake, started
from whistle.protocol.wire import Fetch, Submission
from whistle.store.desk import Cases
from whistle.store.intake import Boxes

FIRST, LAST, STEP = 60_000, 420_000, 6_181  # bytes that one file may have: from less than the first report to a dozen
TRIED = 14


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_write_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    full = 0
    for limit in range(FIRST, LAST, STEP):
        database = tmp_path / f"{limit}.sqlite"
        Boxes(f"sqlite:///{database}").close()  # the tables are there before the disk is full
        with started(database, str(limit)) as intake:
            kept, refused = _until_full(intake)
            if limit % 2:
                intake.process.kill()
        full += len(refused)
        with closing(Boxes(f"sqlite:///{database}")) as boxes:
            for each in kept:
                thread = boxes.thread(Fetch(each.box, each.access, 0))
                assert thread
                assert [frame.sealed for frame in thread[0]] == [each.envelope]
            for each in refused:
                boxes.submit(each, secrets.token_bytes(32), date(2026, 11, 21)).result(10)
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("SELECT count(*) FROM entry").fetchone() == (len(kept) + len(refused),)
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert full > (LAST - FIRST) / STEP / 2


@pytest.mark.slow
def test_a_database_that_another_program_holds_is_waited_for_and_then_said(tmp_path: Path) -> None:
    with started(tmp_path / "intake.sqlite") as intake:
        submission, later = intake.submission(), intake.submission()
        with closing(sqlite3.connect(intake.database, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            threading.Timer(1, other.rollback).start()
            assert intake.send("/api/submit", submission).status == 200
        with closing(sqlite3.connect(intake.database)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = intake.send("/api/submit", later)
            assert (answer.status, answer.json["error"]) == (503, "storage_failed")
            other.rollback()
        assert intake.send("/api/submit", later).status == 200
        assert len(intake.stored()["entry"]) == 2


@pytest.mark.slow
def test_a_desk_whose_database_another_program_holds_keeps_words_and_confirms_nothing(tmp_path: Path) -> None:
    words, case = "Hvilken konto drejer det sig om?", "/cases/1"
    ceremony = hold_ceremony(tmp_path / "ceremony")
    with started(tmp_path / "intake.sqlite") as intake, desk_started(tmp_path, ceremony, intake.relay_port) as desk:
        first, second = Reporter.new(desk.card), Reporter.new(desk.card)
        first.submit(intake, first.report())
        desk.poll()
        anna = desk.signed_in(ANNA)
        assert anna.get(case).status == 200
        second.submit(intake, second.report())
        with closing(sqlite3.connect(desk.database)) as other:
            other.execute("BEGIN IMMEDIATE")
            desk.poll()
            page = anna.post(f"{case}/reply", text=words)
            other.rollback()
        assert page.status == 503
        assert words in page.text
        assert intake.stored()["state"][0][1] == 1
        assert anna.post(f"{case}/reply", text=words).status == 303
        desk.poll()
        assert len(first.mailbox(intake).items) == 2
        assert anna.get("/").text.count('href="/cases/') == 2


@pytest.mark.slow
def test_a_desk_whose_disk_is_full_at_any_write_has_what_it_was_told_is_stored(tmp_path: Path) -> None:
    """And goes on where it was as soon as there is room."""
    command = [sys.executable, "-m", "tests.faults.full", str(tmp_path), *map(str, (FIRST, LAST, STEP))]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True)
    full = 0
    for size, kept in (map(int, line.split()) for line in done.stdout.splitlines()):
        full += kept < len(FRAMES)
        with closing(Cases(f"sqlite:///{tmp_path}/{size}.sqlite")) as cases:
            assert [each.sealed for each in cases.waiting()][:kept] == [frame.sealed for frame in FRAMES[:kept]]
            cases.arrive(FRAMES, DAY, unsigned)
            assert [each.sealed for each in cases.waiting()] == [frame.sealed for frame in FRAMES]
    assert full > (LAST - FIRST) / STEP / 2


def _until_full(intake: Intake) -> tuple[list[Submission], list[Submission]]:
    """What was stored before the disk was full, and what was not."""
    kept: list[Submission] = []
    for _ in range(TRIED):
        submission = intake.submission()
        answer = intake.send("/api/submit", submission)
        if answer.status != 200:
            assert (answer.status, answer.json["error"]) == (503, "storage_failed")
            return kept, [submission]
        kept.append(submission)
    return kept, []

"""The disk is full at any write, or another program holds the database: what was acknowledged stays, and the rest is said."""

import secrets
import sqlite3
import threading
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tests.intake.running import Intake, started
from whistle.protocol.wire import Fetch, Submission
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

"""What the desk keeps of conflicts of interest, and a database from before there were any."""

import sqlite3
from contextlib import closing
from pathlib import Path

from whistle.store.desk import Cases
from whistle.store.upgrades import SCHEMA

ROOMS = ("declared", "aside", "handed")


def test_a_database_from_before_is_brought_up_and_what_waits_in_it_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    Cases(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as connection:
        for statement in (*(f"DROP TABLE {room}" for room in ROOMS), "ALTER TABLE arrival DROP COLUMN epoch"):
            connection.execute(statement)
        connection.execute("ALTER TABLE arrival DROP COLUMN recipient")
        columns = 'INSERT INTO arrival (box, day, digest, sealed, state, "group") VALUES (?, ?, ?, ?, ?, ?)'
        connection.execute(columns, (b"box", "2026-11-21", b"digest", b"sealed", "waiting", None))
        connection.execute("UPDATE schema SET version = 7")
        connection.commit()
    for _ in range(2):
        with closing(Cases(f"sqlite:///{file}")) as cases:
            [arrival] = cases.waiting()
            assert (arrival.sealed, arrival.group, arrival.epoch, arrival.recipient) == (b"sealed", None, None, None)
            assert cases.conflicts.aside(1) == []
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version FROM schema").fetchall() == [(SCHEMA,)]

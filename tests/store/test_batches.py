"""Submissions that wait together are answered and kept as if each had come alone."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from whistle.errors import StorageFailed
from whistle.protocol.wire import TO_REPORTER, Frame, Submission
from whistle.store import intake
from whistle.store.intake import Boxes

TODAY = date(2026, 11, 21)


@dataclass(frozen=True)
class Sent:
    """One submission, out of few boxes, tokens, envelopes and challenges, so that they meet."""

    box: int
    access: int
    envelope: int
    challenge: int | None
    first: bool
    day: int

    def ask(self, boxes: Boxes) -> Future[Any]:
        spent = None if self.challenge is None else _bytes(self.challenge)
        given = Submission(_bytes(self.box), _bytes(self.access), bytes(8), str(self.challenge), bytes([self.envelope]))
        return (boxes.submit if self.first else boxes.post)(given, spent, TODAY + timedelta(self.day))


def _bytes(number: int) -> bytes:
    return sha256(bytes([number])).digest()


SENT = st.builds(
    Sent,
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([0, 0, 0, 0, 1]),
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(0, 3), st.integers(0, 200), st.integers(0, 200)),
    st.sampled_from([True, False, False]),
    st.sampled_from([0, 0, 0, 1]),
)


@given(st.lists(st.lists(SENT, max_size=16), max_size=3))
@settings(max_examples=60)
def test_those_that_wait_together_are_answered_and_kept_as_if_each_came_alone(batches: list[list[Sent]]) -> None:
    with patch.object(intake, "DAILY_LIMIT", 2), patch.object(intake, "TOTAL_LIMIT", 3):
        with opened() as (boxes, file):
            together = [answer for batch in batches for answer in held_up(boxes, batch)]
            kept = rows(file)
        with opened() as (boxes, file):
            alone = [answer for batch in batches for each in batch for answer in held_up(boxes, [each])]
            assert together == alone
            assert kept == rows(file)


def test_where_another_program_was_quicker_nobody_else_is_refused() -> None:
    """SQLite admits one writer; another database tells only when the row is written."""
    with opened() as (boxes, file):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(
                "CREATE TRIGGER quicker BEFORE INSERT ON entry WHEN NEW.sealed = x'01' "
                "BEGIN SELECT RAISE(ABORT, 'quicker'); END"
            )
        answers = held_up(boxes, [Sent(number, 0, number, number, True, 0) for number in range(3)])
        assert [type(answer) is tuple for answer in answers] == [True, False, True]
        assert answers[1] == repr(StorageFailed())
        assert len(rows(file)["challenge"]) == len(rows(file)["box"]) == len(rows(file)["entry"]) == 2


def test_a_reply_that_its_box_cannot_take_fails_alone() -> None:
    """A box that somebody changed behind the server's back holds up nobody's reply but its own."""
    with opened() as (boxes, file):
        held_up(boxes, [Sent(number, 0, number, number, True, 0) for number in range(2)])
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE entry SET place = 2 WHERE box = 1")
        gate: Future[None] = Future()
        boxes.ask(lambda _: gate.result())
        spoiled, whole = (boxes.push([Frame(0, TO_REPORTER, TODAY, _bytes(number), b"one")]) for number in range(2))
        gate.set_result(None)
        assert isinstance(spoiled.exception(), StorageFailed)
        assert whole.result().stored == 1


def test_the_limits_of_a_box_hold_among_those_that_wait_together() -> None:
    with patch.object(intake, "DAILY_LIMIT", 2), opened() as (boxes, file):
        answers = held_up(boxes, [Sent(0, 0, number, number, number == 0, 0) for number in range(3)])
        assert [type(answer) is tuple for answer in answers] == [True, True, False]
        assert len(rows(file)["challenge"]) == len(rows(file)["entry"]) == 2


def test_replies_pushed_together_stand_in_their_order() -> None:
    with opened() as (boxes, file):
        held_up(boxes, [Sent(0, 0, 0, 0, True, 0)])
        replies = [Frame(0, TO_REPORTER, TODAY, _bytes(0), word) for word in (b"one", b"two", b"one", b"three")]
        pushed = boxes.push(replies).result()
        assert (pushed.stored, pushed.unknown) == (4, 0)
        assert [row[-1] for row in rows(file)["entry"]] == [b"\0", b"one", b"two", b"three"]


@contextmanager
def opened() -> Iterator[tuple[Boxes, Path]]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "intake.sqlite"
        with closing(Boxes(f"sqlite:///{file}")) as boxes:
            yield boxes, file


def held_up(boxes: Boxes, batch: list[Sent]) -> list[Any]:
    """What they are answered when the writer finds all of them waiting."""
    gate: Future[None] = Future()
    boxes.ask(lambda _: gate.result())
    futures = [each.ask(boxes) for each in batch]
    gate.set_result(None)
    return [
        repr(future.exception()) if future.exception() else (future.result().envelope, future.result().day)
        for future in futures
    ]


def rows(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(file)) as connection:
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in ("box", "entry", "challenge")}

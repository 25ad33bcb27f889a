"""The one writer of a database: whoever waits is committed together, and answered only after the commit.

A queue and a thread; it knows no table. It never answers before the commit, and it never leaves a waiter without an answer.
"""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import IntegrityError

from whistle.errors import StorageFailed, WhistleError

T = TypeVar("T")
Item = TypeVar("Item")
_DURABLE = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
TOGETHER = 128  # one fsync for so many; more would only make the first of them wait


@dataclass(frozen=True)
class _Waiter:
    batch: Callable[[Connection, list[Any]], list[Any]]
    item: Any
    answer: Future[Any] = field(default_factory=Future)


def open_engine(url: str, begin: str) -> Engine:
    """An engine whose SQLite transactions begin with this statement: BEGIN for readers, BEGIN IMMEDIATE for a writer."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        if engine.url.database in (None, "", ":memory:"):
            raise StorageFailed("The database must be a file: what is only in memory is not kept.")
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def leave_no_trace(engine: Engine, *, rewrite: bool) -> None:
    """What was erased leaves the write-ahead log of SQLite too. Raises StorageFailed while somebody still reads it.

    `rewrite` makes the whole file anew, for the remains of small values that secure_delete leaves in half-filled pages.
    """
    if engine.dialect.name != "sqlite":
        return  # its keeper's to promise
    connection = engine.raw_connection()  # outside of any transaction
    try:
        cursor = connection.cursor()
        if rewrite:
            cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(busy, _, _)] = cursor.fetchall()
    except sqlite3.Error:
        raise StorageFailed from None
    finally:
        connection.close()
    if busy:
        raise StorageFailed


def _configure(connection: Any, _: object) -> None:
    """Durable and erasing. Python's driver must not begin transactions of its own accord: savepoints would commit."""
    connection.isolation_level = None
    for pragma in (*_DURABLE, "foreign_keys=ON", "busy_timeout=5000", "journal_size_limit=67108864"):
        connection.execute(f"PRAGMA {pragma}").close()


class Writer:
    """Runs what is asked in its order, on one connection, and commits those that wait together."""

    def __init__(self, engine: Engine, together: int = TOGETHER) -> None:
        self._engine = engine
        self._together = together
        self._queue: SimpleQueue[_Waiter | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="writer")
        self._thread.start()

    def ask(self, act: Callable[[Connection], T]) -> Future[T]:
        """The result of `act` once it is durable; its WhistleError, which undoes it alone; or StorageFailed."""
        return self.ask_together(_each_alone, act)

    def ask_together(self, batch: Callable[[Connection, list[Item]], list[T | WhistleError]], item: Item) -> Future[T]:
        """The same for one item of a batch: `batch` takes those that wait side by side, and gives a result for each.

        What it refuses it must not have written: a batch has no savepoint of its own.
        """
        waiter = _Waiter(batch, item)
        self._queue.put(waiter)
        return waiter.answer

    def stop(self) -> None:
        """Commits what waits, and ends."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            waiters = self._waiting()
            going = None not in waiters
            # A waiter that gave up is left out; from here on none can.
            together = [waiter for waiter in waiters if waiter and waiter.answer.set_running_or_notify_cancel()]
            if together:
                self._commit(together)

    def _waiting(self) -> list[_Waiter | None]:
        waiters = [self._queue.get()]
        try:
            while len(waiters) < self._together and waiters[-1]:
                waiters.append(self._queue.get_nowait())
        except Empty:
            pass
        return waiters

    def _commit(self, waiters: list[_Waiter]) -> None:
        try:
            with self._engine.begin() as connection:
                results = [
                    result
                    for batch, side_by_side in groupby(waiters, key=lambda waiter: waiter.batch)
                    for result in batch(connection, [waiter.item for waiter in side_by_side])
                ]
                answers = list(zip(waiters, results, strict=True))
        except Exception:  # noqa: BLE001 - whatever broke, everybody who waits must hear that nothing was kept
            for waiter in waiters:
                waiter.answer.set_exception(StorageFailed())
            return
        for waiter, result in answers:
            if isinstance(result, WhistleError):
                waiter.answer.set_exception(result)
            else:
                waiter.answer.set_result(result)


def _each_alone(connection: Connection, acts: list[Callable[[Connection], Any]]) -> list[Any]:
    """What each act returned or refused, in a savepoint of its own."""
    return [_attempt(connection, act) for act in acts]


def _attempt(connection: Connection, act: Callable[[Connection], Any]) -> Any:
    """What one act returned or refused. A failure of the database itself passes through: it is everybody's.

    What rows that are already there do not admit is this act's own failure.
    """
    try:
        with connection.begin_nested():
            return act(connection)
    except WhistleError as refusal:
        return refusal
    except IntegrityError:
        return StorageFailed()

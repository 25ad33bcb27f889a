"""What intake keeps: boxes, sealed bytes in their places, spent challenges. Nothing here opens a seal.

Dates are days; there is no time of day, no address and no name in any table. Takes and returns protocol values, never rows.
Writing goes through one writer (whistle.store.writer); readers have connections of their own.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from sqlalchemy import (
    Connection,
    Index,
    LargeBinary,
    Row,
    Select,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.errors import BoxFull, CardRefused, ChallengeRefused, PlaceTaken, StorageFailed
from whistle.protocol.constants import ANSWER_BYTES
from whistle.protocol.wire import TO_DESK, Fetch, Frame, Submission
from whistle.store.writer import TOGETHER, Writer, open_engine

SCHEMA = 1
DAILY_LIMIT, TOTAL_LIMIT = 50, 1_000  # contents that one box takes from its reporter; no limit spans boxes
_CHALLENGES_KEPT = timedelta(days=1)  # good for two hours, which may cross midnight
_PAGE_HEAD, _FRAME_HEAD = 18, 43  # spec section 8


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables never meet the desk's."""


class _Schema(_Tables, table=True):
    __tablename__ = "schema"
    version: int = Field(primary_key=True)


class _State(_Tables, table=True):
    """One row: how far the desk has confirmed, the highest card published, and whether the reserve of disk is in use."""

    __tablename__ = "state"
    id: int = Field(primary_key=True)
    confirmed: int
    card: int
    reserve: bool


class _Box(_Tables, table=True):
    __tablename__ = "box"
    id: int = Field(primary_key=True)
    box: bytes = Field(sa_type=LargeBinary, unique=True)
    access: bytes = Field(sa_type=LargeBinary)  # SHA-256 of the access token
    opened: date
    places: int  # entries so far
    contents: int  # those of them that the reporter sent
    forgotten: date | None


class _Entry(_Tables, table=True):
    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("box", "digest"),
        UniqueConstraint("box", "place"),
        Index("entry_of_direction", "direction", "arrival"),
        Index("entry_of_day", "box", "direction", "day"),
        {"sqlite_autoincrement": True},  # an arrival number is never given twice, even after its entry is gone
    )
    arrival: int = Field(primary_key=True)
    box: int = Field(foreign_key="box.id")
    place: int
    direction: int
    day: date
    digest: bytes = Field(sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)


class _Part(_Tables, table=True):
    """Parts of files, reserved (spec section 6.4)."""

    __tablename__ = "part"
    __table_args__ = (UniqueConstraint("box", "file", "place"),)
    id: int = Field(primary_key=True)
    box: int = Field(foreign_key="box.id")
    file: bytes = Field(sa_type=LargeBinary)
    place: int
    day: date
    digest: bytes = Field(sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)


class _Challenge(_Tables, table=True):
    """A spent challenge, and SHA-256 of the whole submission that spent it: the same again is answered the same."""

    __tablename__ = "challenge"
    challenge: bytes = Field(sa_type=LargeBinary, primary_key=True)
    use: bytes = Field(sa_type=LargeBinary)
    day: date = Field(index=True)


TABLES = _Tables.metadata.tables
_schema, _state, _box, _entry, _challenge = (TABLES[name] for name in ("schema", "state", "box", "entry", "challenge"))


@dataclass(frozen=True)
class Kept:
    """What intake answers for an envelope: its SHA-256 and the day on which it came."""

    envelope: bytes
    day: date


@dataclass(frozen=True)
class Pushed:
    """How many frames of a push are in their boxes now, and how many had no box."""

    stored: int
    unknown: int


class Boxes:
    """The database of intake. Raises StorageFailed if it cannot be opened."""

    def __init__(self, url: str, together: int = TOGETHER) -> None:
        try:
            self._readers = open_engine(url, "BEGIN")
            writers = open_engine(url, "BEGIN IMMEDIATE")
            with writers.begin() as connection:
                _prepare(connection)
        except SQLAlchemyError:
            raise StorageFailed("The database cannot be opened. Check its place and who may write there.") from None
        self._writers = writers
        self._writer = Writer(writers, together)
        self._swept = date.min

    def close(self) -> None:
        """Commits what waits and lets go of the file."""
        self._writer.stop()
        for engine in (self._readers, self._writers):
            engine.dispose()

    def submit(self, submission: Submission, challenge: bytes | None, today: date) -> Future[Kept]:
        """Opens a box with its first envelope. `challenge` is the hash of one that holds; None if what was sent does not."""
        self._sweep(today)
        return self._writer.ask(lambda connection: _once(connection, submission, challenge, today, first=True))

    def post(self, submission: Submission, challenge: bytes | None, today: date) -> Future[Kept]:
        """Puts an envelope in its box. Without such a box and token the answer is the same and nothing is kept."""
        self._sweep(today)
        return self._writer.ask(lambda connection: _once(connection, submission, challenge, today, first=False))

    def push(self, frames: Sequence[Frame]) -> Future[Pushed]:
        """Puts the desk's envelopes in their boxes, each once."""
        return self._writer.ask(lambda connection: _push(connection, frames))

    def confirm(self, through: int) -> Future[int]:
        """Notes that the desk has stored everything up to an arrival number. Deletes nothing."""
        return self._writer.ask(lambda connection: _confirm(connection, through))

    def publish(self, counter: int) -> Future[None]:
        """Notes the counter of the card in use. Raises CardRefused if a higher one was in use before."""
        return self._writer.ask(lambda connection: _publish(connection, counter))

    def thread(self, fetch: Fetch) -> tuple[list[Frame], bool] | None:
        """What a box has after a place, and whether there is more; None if there is no such box for this token."""
        with self._reading() as connection:
            box = _found(connection, fetch.box, fetch.access)
            if box is None:
                return None
            return _frames(connection, _of_box(box.id, fetch.after))

    def arrivals(self, after: int) -> tuple[list[Frame], bool]:
        """What came for the desk after an arrival number, and whether there is more."""
        with self._reading() as connection:
            return _frames(connection, _to_desk(after))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._readers.begin() as connection:
                yield connection
        except SQLAlchemyError:
            raise StorageFailed("The store could not be read. Try again.") from None

    def _sweep(self, today: date) -> None:
        """Once a day, drops spent challenges that are too old to be tried again."""
        if today != self._swept:
            self._swept = today
            self._writer.ask(lambda connection: connection.execute(_SWEEP, {"before": today - _CHALLENGES_KEPT}).rowcount)


def _prepare(connection: Connection) -> None:
    """Makes the tables of a new database; refuses those of another version."""
    if not inspect(connection).get_table_names():
        _Tables.metadata.create_all(connection)
        connection.execute(insert(_schema).values(version=SCHEMA))
        connection.execute(insert(_state).values(id=1, confirmed=0, card=0, reserve=False))
    if not inspect(connection).has_table("schema") or connection.scalar(select(_schema.c.version)) != SCHEMA:
        raise StorageFailed("The database is another program's, or of another version of this one.")


# Writing --------------------------------------------------------------------------------------------------------------

# Built once: building a statement costs more than running it.
_SELECT_BOX = select(_box).where(_box.c.box == bindparam("box"), _box.c.forgotten.is_(None))
_SELECT_ENTRY = select(_entry.c.day).where(_entry.c.box == bindparam("box"), _entry.c.digest == bindparam("digest"))
_SELECT_CHALLENGE = select(_challenge.c.use, _challenge.c.day).where(_challenge.c.challenge == bindparam("challenge"))
_COUNT_OF_DAY = select(func.count()).where(
    _entry.c.box == bindparam("box"), _entry.c.direction == TO_DESK, _entry.c.day == bindparam("day")
)
_SWEEP = delete(_challenge).where(_challenge.c.day < bindparam("before"))
_INSERT_CHALLENGE, _INSERT_BOX, _INSERT_ENTRY = insert(_challenge), insert(_box).returning(_box.c.id), insert(_entry)
_COUNT_UP = update(_box).where(_box.c.id == bindparam("number"))


def _once(connection: Connection, submission: Submission, challenge: bytes | None, today: date, first: bool) -> Kept:
    """The same submission again gets the same answer, before its challenge is looked at; another one spends its challenge."""
    digest = sha256(submission.envelope).digest()
    own = _found(connection, submission.box, submission.access)
    if own is not None:
        entry = connection.execute(_SELECT_ENTRY, {"box": own.id, "digest": digest}).first()
        if entry is not None:
            return Kept(digest, entry.day)
    if challenge is None:
        raise ChallengeRefused
    use = sha256(submission.challenge.encode() + submission.box + submission.access + digest).digest()
    spent = connection.execute(_SELECT_CHALLENGE, {"challenge": challenge}).first()
    if spent is not None:
        if spent.use != use:
            raise ChallengeRefused
        return Kept(digest, spent.day)  # answered before and discarded, or its box was forgotten since
    connection.execute(_INSERT_CHALLENGE, {"challenge": challenge, "use": use, "day": today})
    frame = Frame(0, TO_DESK, today, submission.box, submission.envelope)
    if first:
        _open(connection, submission, frame)
    elif own is not None:
        _add(connection, own, frame)
    return Kept(digest, today)


def _open(connection: Connection, submission: Submission, frame: Frame) -> None:
    access = sha256(submission.access).digest()
    values = {"box": submission.box, "access": access, "opened": frame.day, "places": 1, "contents": 1}
    try:
        box: int = connection.execute(_INSERT_BOX, values).scalar_one()
    except IntegrityError:  # the one thing unique here is the box
        raise PlaceTaken from None
    _place(connection, box, 1, frame)


def _add(connection: Connection, box: Row[Any], frame: Frame) -> None:
    of_day = connection.execute(_COUNT_OF_DAY, {"box": box.id, "day": frame.day}).scalar_one()
    if box.contents >= TOTAL_LIMIT or of_day >= DAILY_LIMIT:
        raise BoxFull
    _append(connection, box, frame)


def _append(connection: Connection, box: Row[Any], frame: Frame) -> None:
    contents = box.contents + (frame.direction == TO_DESK)
    connection.execute(_COUNT_UP, {"number": box.id, "places": box.places + 1, "contents": contents})
    _place(connection, box.id, box.places + 1, frame)


def _place(connection: Connection, box: int, place: int, frame: Frame) -> None:
    """Puts sealed bytes in their place in a box."""
    values = {"direction": frame.direction, "day": frame.day, "digest": frame.digest, "sealed": frame.sealed}
    connection.execute(_INSERT_ENTRY, {"box": box, "place": place, **values})


def _push(connection: Connection, frames: Sequence[Frame]) -> Pushed:
    unknown = 0
    for frame in frames:
        box = connection.execute(_SELECT_BOX, {"box": frame.box}).first()
        if box is None:
            unknown += 1
        elif connection.execute(_SELECT_ENTRY, {"box": box.id, "digest": frame.digest}).first() is None:
            _append(connection, box, frame)
    return Pushed(len(frames) - unknown, unknown)


def _confirm(connection: Connection, through: int) -> int:
    before: int = connection.execute(select(_state.c.confirmed)).scalar_one()
    there: int = connection.execute(select(func.coalesce(func.max(_entry.c.arrival), 0))).scalar_one()
    confirmed = max(before, min(through, there))
    connection.execute(update(_state).values(confirmed=confirmed))
    return confirmed


def _publish(connection: Connection, counter: int) -> None:
    if counter < connection.execute(select(_state.c.card)).scalar_one():
        raise CardRefused("A key card with a higher counter was published here before. Publish the newest one.")
    connection.execute(update(_state).values(card=counter))


# Reading --------------------------------------------------------------------------------------------------------------


def _found(connection: Connection, box: bytes, access: bytes) -> Row[Any] | None:
    """The box, if there is one and the token is its own."""
    row = connection.execute(_SELECT_BOX, {"box": box}).first()
    return row if row is not None and compare_digest(row.access, sha256(access).digest()) else None


def _of_box(box: int, after: int) -> Select[Any]:
    rows = select(_entry.c.place.label("position"), _entry.c.direction, _entry.c.day, _box.c.box, _entry.c.sealed)
    return rows.join(_box).where(_entry.c.box == box, _entry.c.place > after).order_by(_entry.c.place)


def _to_desk(after: int) -> Select[Any]:
    rows = select(_entry.c.arrival.label("position"), _entry.c.direction, _entry.c.day, _box.c.box, _entry.c.sealed)
    return rows.join(_box).where(_entry.c.direction == TO_DESK, _entry.c.arrival > after).order_by(_entry.c.arrival)


def _frames(connection: Connection, rows: Select[Any]) -> tuple[list[Frame], bool]:
    """As many frames as one answer holds, and whether there are more. Rows are read one at a time."""
    frames: list[Frame] = []
    length = _PAGE_HEAD
    for row in connection.execution_options(yield_per=1).execute(rows):
        length += _FRAME_HEAD + len(row.sealed)
        if length > ANSWER_BYTES:
            return frames, True
        frames.append(Frame(row.position, row.direction, row.day, row.box, row.sealed))
    return frames, False

"""What intake keeps: boxes, sealed bytes in their places, spent challenges. Nothing here opens a seal.

Dates are days; there is no time of day, no address and no name in any table. Takes and returns protocol values, never rows.
Writing goes through one writer (whistle.store.writer); readers have connections of their own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
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

from whistle.errors import BoxFull, CardRefused, ChallengeRefused, PlaceTaken, StorageFailed, WhistleError
from whistle.protocol.constants import ANSWER_BYTES
from whistle.protocol.wire import TO_DESK, Fetch, Frame, Submission
from whistle.store.writer import TOGETHER, Writer, leave_no_trace, open_engine

T = TypeVar("T")
SCHEMA = 3
DAILY_LIMIT, TOTAL_LIMIT = 50, 1_000  # contents that one box takes from its reporter; no limit spans boxes
_CHALLENGES_KEPT = timedelta(days=1)  # good for two hours, which may cross midnight
_PAGE_HEAD, _FRAME_HEAD = 18, 43  # spec section 8


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables never meet the desk's."""


class _Schema(_Tables, table=True):
    __tablename__ = "schema"
    version: int = Field(primary_key=True)


class _State(_Tables, table=True):
    """One row: how far the desk has confirmed entries and parts of files, the highest card published and part erased."""

    __tablename__ = "state"
    id: int = Field(primary_key=True)
    confirmed: int
    parts: int
    card: int
    erased: int = 0


class _Box(_Tables, table=True):
    __tablename__ = "box"
    id: int = Field(primary_key=True)
    box: bytes = Field(sa_type=LargeBinary, unique=True)
    access: bytes = Field(sa_type=LargeBinary)  # SHA-256 of the access token
    opened: date
    places: int  # entries so far
    contents: int  # those of them that the reporter sent
    forgotten: date | None
    begun: int = 0  # files that the reporter began on one day
    begun_on: date | None = None


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


class _File(_Tables, table=True):
    """A sealed file on its way (spec section 6.4). Without a box it was dropped, and its parts are being erased."""

    __tablename__ = "file"
    __table_args__ = (UniqueConstraint("box", "direction", "file"),)
    id: int = Field(primary_key=True)
    box: int | None = Field(foreign_key="box.id")
    direction: int
    file: bytes = Field(sa_type=LargeBinary)
    length: int = Field(sa_type=BigInteger)
    begun: date
    last: date  # when a part came last
    received: int  # parts
    taken: date | None


class _Part(_Tables, table=True):
    __tablename__ = "part"
    __table_args__ = (UniqueConstraint("file", "place"), {"sqlite_autoincrement": True})
    arrival: int = Field(primary_key=True)
    file: int = Field(foreign_key="file.id")
    place: int
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
        return self._take(submission, challenge, today, first=True)

    def post(self, submission: Submission, challenge: bytes | None, today: date) -> Future[Kept]:
        """Puts an envelope in its box. Without such a box and token the answer is the same and nothing is kept."""
        return self._take(submission, challenge, today, first=False)

    def _take(self, submission: Submission, challenge: bytes | None, today: date, first: bool) -> Future[Kept]:
        self._sweep(today)
        frame = Frame(0, TO_DESK, today, submission.box, submission.envelope)
        return self._writer.ask_together(_submissions, _Asked(submission, challenge, first, frame))

    def open(self, box: bytes, access: bytes, envelope: bytes, today: date) -> Future[Kept]:
        """A box for whoever reported to the desk in another way, with its first envelope. `access` is SHA-256 of the token."""
        frame = Frame(0, TO_DESK, today, box, envelope)
        return self._writer.ask(lambda connection: _open(connection, frame, access))

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
        with self.reading() as connection:
            box = found(connection, fetch.box, fetch.access)
            if box is None:
                return None
            return _frames(connection, _of_box(box.id, fetch.after))

    def knows(self, box: bytes, access: bytes) -> bool:
        """Whether there is such a box for this token."""
        with self.reading() as connection:
            return found(connection, box, access) is not None

    def arrivals(self, after: int) -> tuple[list[Frame], bool]:
        """What came for the desk after an arrival number, and whether there is more."""
        with self.reading() as connection:
            return _frames(connection, _to_desk(after))

    def ask(self, act: Callable[[Connection], T]) -> Future[T]:
        """What else is kept here is written in its turn too (whistle.store.transfers)."""
        return self._writer.ask(act)

    def leave_no_trace(self) -> None:
        """What was erased leaves the write-ahead log too. Raises StorageFailed while somebody still reads it."""
        leave_no_trace(self._writers, rewrite=False)  # to rewrite the file would make reporters wait

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A view of what is durable. Raises StorageFailed if it cannot be read."""
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
    """Makes the tables of a new database, and the columns that the last version had not; refuses any other."""
    if not inspect(connection).get_table_names():
        _Tables.metadata.create_all(connection)
        connection.execute(insert(_schema).values(version=SCHEMA))
        connection.execute(insert(_state).values(id=1, confirmed=0, parts=0, card=0))
    elif inspect(connection).has_table("schema") and connection.scalar(select(_schema.c.version)) == SCHEMA - 1:
        for column in (
            "box ADD begun INTEGER NOT NULL DEFAULT 0",
            "box ADD begun_on DATE",
            "state ADD erased INTEGER NOT NULL DEFAULT 0",
        ):
            connection.exec_driver_sql(f"ALTER TABLE {column}")
        connection.execute(update(_schema).values(version=SCHEMA))
    if not inspect(connection).has_table("schema") or connection.scalar(select(_schema.c.version)) != SCHEMA:
        raise StorageFailed("The database is another program's, or of another version of this one.")


# Writing --------------------------------------------------------------------------------------------------------------

# Built once: building a statement costs more than running it.
_BOXES = select(_box).where(_box.c.box.in_(bindparam("boxes", expanding=True)))
_OF_BOXES = select(_box.c.box, _entry.c.day).join(_entry).where(_box.c.box.in_(bindparam("boxes", expanding=True)))
_SAME = _OF_BOXES.add_columns(_entry.c.digest).where(_entry.c.digest.in_(bindparam("digests", expanding=True)))
_SENT = (
    _OF_BOXES.add_columns(func.count().label("sent"))
    .where(_entry.c.direction == TO_DESK, _entry.c.day.in_(bindparam("days", expanding=True)))
    .group_by(_box.c.box, _entry.c.day)
)
_SPENT = select(_challenge).where(_challenge.c.challenge.in_(bindparam("challenges", expanding=True)))
_SWEEP = delete(_challenge).where(_challenge.c.day < bindparam("before"))
_SPEND, _OPEN = insert(_challenge), insert(_box)
_COUNT_UP = update(_box).where(_box.c.box == bindparam("of")).values(places=bindparam("now"), contents=bindparam("sent"))
_PLACE = insert(_entry).values(box=select(_box.c.id).where(_box.c.box == bindparam("of")).scalar_subquery())


@dataclass(frozen=True)
class _Asked:
    """A submission that waits. `challenge` is the hash of one that holds, or None; `first` asks for a new box."""

    submission: Submission
    challenge: bytes | None
    first: bool
    frame: Frame

    @property
    def use(self) -> bytes:
        """SHA-256 of the whole submission."""
        asked = self.submission
        return sha256(asked.challenge.encode() + asked.box + asked.access + self.frame.digest).digest()


@dataclass
class _Held:
    """A box as a batch finds it and leaves it: how much it has, on which days its reporter sent, and when the same came."""

    access: bytes
    opened: date
    forgotten: date | None = None
    places: int = 0
    contents: int = 0
    sent: Counter[date] = field(default_factory=Counter)
    same: dict[bytes, date] = field(default_factory=dict)


class _Shelf:
    """The boxes that a batch is about: read at once, filled in memory one frame after another, written at once."""

    def __init__(self, connection: Connection, frames: Sequence[Frame]) -> None:
        wanted: dict[str, Any] = {"boxes": list({frame.box for frame in frames})}
        rows = connection.execute(_BOXES, wanted)
        self.boxes = {row.box: _Held(row.access, row.opened, row.forgotten, row.places, row.contents) for row in rows}
        self._found = frozenset(self.boxes)
        self._frames: list[dict[str, Any]] = []
        if self.boxes:
            wanted |= {"digests": list({frame.digest for frame in frames}), "days": list({frame.day for frame in frames})}
            for row in connection.execute(_SAME, wanted):
                self.boxes[row.box].same[row.digest] = row.day
            for row in connection.execute(_SENT, wanted):
                self.boxes[row.box].sent[row.day] = row.sent

    def open(self, box: bytes, access: bytes, day: date) -> None:
        """A new box, without anything in it."""
        self.boxes[box] = _Held(access, day)

    def place(self, frame: Frame) -> None:
        """Puts sealed bytes in the next place of their box."""
        box = self.boxes[frame.box]
        box.places += 1
        if frame.direction == TO_DESK:
            box.contents += 1
            box.sent[frame.day] += 1
        box.same[frame.digest] = frame.day
        values = {"direction": frame.direction, "day": frame.day, "digest": frame.digest, "sealed": frame.sealed}
        self._frames.append({"of": frame.box, "place": box.places, **values})

    def write(self, connection: Connection) -> None:
        """One statement for each table."""
        touched = {frame["of"] for frame in self._frames}
        opened = [_row(box, held) for box, held in self.boxes.items() if box not in self._found]
        counts = [_counts(box, held) for box, held in self.boxes.items() if box in touched & self._found]
        for statement, rows in ((_OPEN, opened), (_COUNT_UP, counts), (_PLACE, self._frames)):
            _all(connection, statement, rows)


def _row(box: bytes, held: _Held) -> dict[str, Any]:
    counts = {"places": held.places, "contents": held.contents}
    return {"box": box, "access": held.access, "opened": held.opened, **counts}


def _counts(box: bytes, held: _Held) -> dict[str, Any]:
    return {"of": box, "now": held.places, "sent": held.contents}


def _all(connection: Connection, statement: Executable, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def _submissions(connection: Connection, together: list[_Asked]) -> list[Kept | WhistleError]:
    """Those that wait together, decided in their order and then written. Where another program was quicker, one by one."""
    try:
        with connection.begin_nested():
            return _decide(connection, together)
    except IntegrityError:
        if len(together) == 1:
            return [StorageFailed()]
        return [answer for each in together for answer in _submissions(connection, [each])]


def _decide(connection: Connection, together: list[_Asked]) -> list[Kept | WhistleError]:
    shelf = _Shelf(connection, [each.frame for each in together])
    challenges = list({each.challenge for each in together if each.challenge})
    spent = {row.challenge: (row.use, row.day) for row in connection.execute(_SPENT, {"challenges": challenges})}
    before = frozenset(spent)
    answers: list[Kept | WhistleError] = []
    for each in together:
        try:
            answers.append(Kept(each.frame.digest, _keep(each, shelf, spent)))
        except WhistleError as refusal:
            answers.append(refusal)
    new = [
        {"challenge": challenge, "use": spent[challenge][0], "day": spent[challenge][1]}
        for challenge in spent
        if challenge not in before
    ]
    _all(connection, _SPEND, new)
    shelf.write(connection)
    return answers


def _keep(each: _Asked, shelf: _Shelf, spent: dict[bytes, tuple[bytes, date]]) -> date:
    """The same submission again gets the same answer, before its challenge is looked at; another one spends its challenge."""
    box, frame = shelf.boxes.get(each.submission.box), each.frame
    own = box if _is_own(box, each.submission.access) else None
    if own and frame.digest in own.same:
        return own.same[frame.digest]
    if each.challenge is None:
        raise ChallengeRefused
    use = each.use
    if each.challenge in spent:
        spent_for, day = spent[each.challenge]
        if spent_for != use:
            raise ChallengeRefused
        return day  # answered before and discarded, or its box was forgotten since
    if each.first and box:
        raise PlaceTaken
    if own and (own.contents >= TOTAL_LIMIT or own.sent[frame.day] >= DAILY_LIMIT):
        raise BoxFull
    spent[each.challenge] = use, frame.day
    if each.first:
        shelf.open(frame.box, sha256(each.submission.access).digest(), frame.day)
    if each.first or own:
        shelf.place(frame)
    return frame.day


def _open(connection: Connection, frame: Frame, access: bytes) -> Kept:
    """The same again gets the same answer. Raises PlaceTaken for a box that has another first envelope or token."""
    shelf = _Shelf(connection, [frame])
    box = shelf.boxes.get(frame.box)
    if box is None:
        shelf.open(frame.box, access, frame.day)
        shelf.place(frame)
        shelf.write(connection)
    elif box.forgotten or not compare_digest(box.access, access) or frame.digest not in box.same:
        raise PlaceTaken
    return Kept(frame.digest, shelf.boxes[frame.box].same[frame.digest])


def _push(connection: Connection, frames: Sequence[Frame]) -> Pushed:
    shelf, unknown = _Shelf(connection, frames), 0
    for frame in frames:
        box = shelf.boxes.get(frame.box)
        if box is None or box.forgotten:
            unknown += 1
        elif frame.digest not in box.same:
            shelf.place(frame)
    shelf.write(connection)
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


def found(connection: Connection, box: bytes, access: bytes) -> Row[Any] | None:
    """The box, if there is one and the token is its own."""
    row = connection.execute(_BOXES, {"boxes": [box]}).first()
    return row if _is_own(row, access) else None


def _is_own(box: Row[Any] | _Held | None, access: bytes) -> bool:
    """Whether there is such a box, not forgotten, and the token is its own."""
    return box is not None and not box.forgotten and compare_digest(box.access, sha256(access).digest())


def _of_box(box: int, after: int) -> Select[Any]:
    rows = select(_entry.c.place.label("position"), _entry.c.direction, _entry.c.day, _box.c.box, _entry.c.sealed)
    return rows.join(_box).where(_entry.c.box == box, _entry.c.place > after).order_by(_entry.c.place)


def _to_desk(after: int) -> Select[Any]:
    rows = select(_entry.c.arrival.label("position"), _entry.c.direction, _entry.c.day, _box.c.box, _entry.c.sealed)
    return rows.join(_box).where(_entry.c.direction == TO_DESK, _entry.c.arrival > after).order_by(_entry.c.arrival)


def _frames(connection: Connection, rows: Select[Any]) -> tuple[list[Frame], bool]:
    """As many frames as one answer holds, and whether there are more. Rows are read one at a time."""
    read = connection.execution_options(yield_per=1).execute(rows)
    return one_answer(Frame(row.position, row.direction, row.day, row.box, row.sealed) for row in read)


def one_answer(frames: Iterable[Frame]) -> tuple[list[Frame], bool]:
    """As many frames as one answer holds, and whether there are more."""
    held: list[Frame] = []
    length = _PAGE_HEAD
    for frame in frames:
        length += _FRAME_HEAD + len(frame.sealed)
        if length > ANSWER_BYTES:
            return held, True
        held.append(frame)
    return held, False

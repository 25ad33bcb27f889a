"""Sealed files on their way through intake, in parts (spec sections 6.4 and 8): begun, sent, kept for a while, dropped.

One part is one row, durable before it is answered; nothing here opens a seal. What is dropped is erased some parts at a
time, so that no report waits behind a large file. Takes and returns protocol values, never rows.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from shutil import disk_usage
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update

from whistle.errors import BoxFull, ChallengeRefused, NoRoom, NoSuchFile, PlaceTaken
from whistle.protocol.constants import PART_BYTES
from whistle.protocol.parts import Beginning, Continuation, Owned, Part, serialize_part
from whistle.protocol.wire import PART, TO_DESK, TO_REPORTER, Frame
from whistle.store.intake import TABLES, Boxes, found, one_answer

_box, _challenge, _state, _file, _part = (TABLES[name] for name in ("box", "challenge", "state", "file", "part"))
_entry = TABLES["entry"]
_UNFINISHED_DAYS = 3  # spec section 8
_ERASED_TOGETHER = 16  # parts or entries, 4 MiB: what a report may have to wait for
_MEASURED_SECONDS = 1.0
_BEGINS = 3  # times as many as a box keeps may begin in it on one day, for what was cancelled or chosen again


@dataclass(frozen=True)
class Limits:
    """How many transfers of its reporter a box keeps at once, how many days a taken one stays, and the reserve in bytes."""

    files: int
    keep_days: int
    reserve: int


@dataclass(frozen=True)
class KeptPart:
    """What intake answers for a part: its SHA-256, and the day on which its file was begun."""

    part: bytes
    day: date


@dataclass(frozen=True)
class Confirmed:
    """How far the desk has stored parts, and whether there is room for more."""

    parts: int
    room: bool


class Reserve:
    """Whether a disk has more room than is kept free for texts. `clock` gives seconds, `free` the bytes left beside a file.

    Measured at most once a second, by the one writer. Pages that a database freed are room, though its file stays as long.
    """

    def __init__(self, least: int, clock: Callable[[], float], free: Callable[[Path], int]) -> None:
        self._least, self._clock, self._free = least, clock, free
        self._measured, self._room = -_MEASURED_SECONDS, True

    def room(self, connection: Connection) -> bool:
        """Whether files are taken. Another database than a file is its own keeper's to measure."""
        if not self._least or connection.dialect.name != "sqlite":
            return True
        now = self._clock()
        if now >= self._measured + _MEASURED_SECONDS:
            pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("freelist_count", "page_size")]
            free = self._free(Path(str(connection.engine.url.database)))
            self._measured, self._room = now, free + pragmas[0] * pragmas[1] >= self._least
        return self._room


def free_bytes(file: Path) -> int:
    """What this process may still write to the disk on which a file lies."""
    return disk_usage(file.resolve().parent).free


class Transfers:
    """The files in the boxes of a database."""

    def __init__(
        self, boxes: Boxes, limits: Limits, clock: Callable[[], float], free: Callable[[Path], int] = free_bytes
    ) -> None:
        self._boxes, self._limits = boxes, limits
        self._reserve = Reserve(limits.reserve, clock, free)
        self._swept = date.min
        self._erasing = False  # one after another, so that a report waits for one at the most

    def begin(self, beginning: Beginning, challenge: bytes | None, today: date) -> Future[KeptPart]:
        """Opens a transfer with its first part. Without such a box and token the answer is the same and nothing is kept."""
        asked = _Beginning(beginning, challenge, today)
        return self._boxes.ask(lambda connection: self._begin(connection, asked))

    def go_on(self, later: Continuation, today: date) -> Future[KeptPart]:
        """Puts a later part in its place. Raises NoSuchFile, whatever the reason."""

        def put(connection: Connection) -> KeptPart:
            box = found(connection, later.box, later.access)
            file = box and _of_box(connection, box.id, TO_DESK, later.part.file)
            return self._put(connection, file, later.part, today)

        return self._boxes.ask(put)

    def is_open(self, owned: Owned, length: int) -> bool:
        """Whether this box, with this token, has a transfer of a file that is so long."""
        with self._boxes.reading() as connection:
            box = found(connection, owned.box, owned.access)
            file = box and _of_box(connection, box.id, TO_DESK, owned.file)
            return file is not None and file.length == length

    def cancel(self, owned: Owned) -> Future[bool]:
        """Drops a transfer of the reporter's that is not whole, and whether there was one."""

        def drop(connection: Connection) -> bool:
            box = found(connection, owned.box, owned.access)
            if box is None:
                return False
            its = (_file.c.box == box.id) & (_file.c.direction == TO_DESK) & (_file.c.file == owned.file)
            return _drop(connection, its & ~_WHOLE)

        cancelled = self._boxes.ask(drop)
        cancelled.add_done_callback(self._erase_if)
        return cancelled

    def deliver(self, box: bytes, part: Part, day: date) -> Future[bool]:
        """Puts a part from the desk in its place, once; False if there is no such box. Raises NoSuchFile before the first."""
        return self._boxes.ask(lambda connection: self._deliver(connection, box, part, day))

    def taken(self, box: bytes, file: bytes, today: date) -> Future[None]:
        """Notes that the receipt of a whole file of the reporter's is in its box."""

        def note(connection: Connection) -> None:
            its = (_file.c.box == _number(box).scalar_subquery()) & (_file.c.direction == TO_DESK) & (_file.c.file == file)
            connection.execute(update(_file).where(its & _WHOLE & _file.c.taken.is_(None)).values(taken=today))

        return self._boxes.ask(note)

    def confirm(self, through: int) -> Future[Confirmed]:
        """Notes that the desk has stored every part up to an arrival number. Deletes nothing."""
        return self._boxes.ask(lambda connection: Confirmed(_confirm(connection, through), self._reserve.room(connection)))

    def part(self, owned: Owned, index: int) -> Frame | None:
        """A part of a file to the reporter; None if there is no such part for this token."""
        with self._boxes.reading() as connection:
            box = found(connection, owned.box, owned.access)
            if box is None:
                return None
            its = (_file.c.box == box.id) & (_file.c.direction == TO_REPORTER) & (_file.c.file == owned.file)
            row = connection.execute(_PARTS.where(its, _part.c.place == index)).first()
            return _frame(row, index) if row else None

    def to_desk(self, after: int) -> tuple[list[Frame], bool]:
        """The parts that came for the desk after an arrival number, and whether there are more."""
        rows = _PARTS.where(_file.c.direction == TO_DESK, _part.c.arrival > after).order_by(_part.c.arrival)
        with self._boxes.reading() as connection:
            read = connection.execution_options(yield_per=1).execute(rows)
            return one_answer(_frame(row, row.arrival) for row in read)

    def forget(self, box: bytes, today: date) -> Future[bool]:
        """Erases some of a box and of everything that was dropped, and whether there may be more to erase.

        After the first call nobody finds the box any more. To forget one that is not there is over at once.
        """
        return self._boxes.ask(lambda connection: _forget_some(connection, box, today) or _erase_some(connection))

    def sweep(self, today: date) -> None:
        """At start and once a day: drops what was left unfinished, and what was taken long enough ago."""
        if today != self._swept:
            self._swept = today
            self._boxes.ask(lambda connection: _sweep(connection, today, self._limits.keep_days))
            self._erase()  # and what a program before this one had not erased

    def _begin(self, connection: Connection, asked: "_Beginning") -> KeptPart:
        """The same again gets the same answer, before its challenge is looked at; another one spends its challenge."""
        part = asked.beginning.part
        box = found(connection, asked.beginning.box, asked.beginning.access)
        file = box and _of_box(connection, box.id, TO_DESK, part.file)
        if file is not None and file.length == part.length and _kept(connection, file, part.index) == part.digest:
            return KeptPart(part.digest, file.begun)
        spent = _spent(connection, asked)
        if spent is not None:
            return KeptPart(part.digest, spent)  # answered before and discarded, or dropped since
        if file is not None:
            raise PlaceTaken
        if box is not None:
            self._count_in(connection, box, asked.today)
        self._open(connection, box and box.id, TO_DESK, part, asked.today)
        values = {"challenge": asked.challenge, "use": asked.use, "day": asked.today}
        connection.execute(insert(_challenge).values(values))
        return KeptPart(part.digest, asked.today)

    def _count_in(self, connection: Connection, box: Row[Any], today: date) -> None:
        """Another beginning in a box, also of what is cancelled later. Raises BoxFull."""
        begun = (box.begun if box.begun_on == today else 0) + 1
        if _count(connection, box.id) >= self._limits.files or begun > _BEGINS * self._limits.files:
            raise BoxFull
        connection.execute(update(_box).where(_box.c.id == box.id).values(begun=begun, begun_on=today))

    def _open(self, connection: Connection, box: int | None, direction: int, part: Part, day: date) -> None:
        """A transfer with its first part. Without a box nothing is kept, and it is refused for want of room alike."""
        if not self._reserve.room(connection):
            raise NoRoom
        if box is None:
            return
        values = {"box": box, "direction": direction, "file": part.file, "length": part.length}
        days = {"begun": day, "last": day, "received": 1, "taken": None}
        opened = connection.execute(insert(_file).values(values | days).returning(_file.c.id)).scalar_one()
        _add(connection, opened, part)

    def _put(self, connection: Connection, file: Row[Any] | None, part: Part, day: date) -> KeptPart:
        if file is None or file.length != part.length:
            raise NoSuchFile
        kept = _kept(connection, file, part.index)
        if kept not in (None, part.digest):
            raise PlaceTaken
        if kept is None:
            if not self._reserve.room(connection):
                raise NoRoom
            _add(connection, file.id, part)
            connection.execute(update(_file).where(_file.c.id == file.id).values(received=file.received + 1, last=day))
        return KeptPart(part.digest, file.begun)

    def _deliver(self, connection: Connection, box: bytes, part: Part, day: date) -> bool:
        number = connection.scalar(_number(box))
        if number is None:
            return False
        file = _of_box(connection, number, TO_REPORTER, part.file)
        if file is None and part.index == 0:
            self._open(connection, number, TO_REPORTER, part, day)
        else:
            self._put(connection, file, part, day)
        return True

    def _erase(self) -> None:
        """Erases what was dropped: some parts, and what waits to be written between, until there are no more."""
        if not self._erasing:
            self._erasing = True
            self._boxes.ask(_erase_some).add_done_callback(self._erased)

    def _erased(self, answer: Future[bool]) -> None:
        self._erasing = False
        self._erase_if(answer)

    def _erase_if(self, answer: Future[bool]) -> None:
        if not answer.cancelled() and not answer.exception() and answer.result():
            self._erase()


@dataclass(frozen=True)
class _Beginning:
    """A beginning that waits. `challenge` is the hash of one that holds; None if what was sent does not."""

    beginning: Beginning
    challenge: bytes | None
    today: date

    @property
    def use(self) -> bytes:
        """SHA-256 of the whole body."""
        sent = self.beginning
        return sha256(sent.challenge.encode() + sent.box + sent.access + serialize_part(sent.part)).digest()


_WHOLE = _file.c.received * PART_BYTES >= _file.c.length
_PARTS: Select[Any] = (
    select(_box.c.box, _file.c.file, _file.c.length, _file.c.last, _part.c.arrival, _part.c.place, _part.c.sealed)
    .select_from(_part)
    .join(_file)
    .join(_box)
)


def _frame(row: Row[Any], position: int) -> Frame:
    """A part of a file, on the day of the last part that came of it."""
    record = serialize_part(Part(row.file, row.length, row.place, row.sealed))
    return Frame(position, PART, row.last, row.box, record)


def _number(box: bytes) -> Select[Any]:
    """The number of a box that is not forgotten."""
    return select(_box.c.id).where(_box.c.box == box, _box.c.forgotten.is_(None))


def _of_box(connection: Connection, box: int, direction: int, file: bytes) -> Row[Any] | None:
    its = (_file.c.box == box) & (_file.c.direction == direction) & (_file.c.file == file)
    return connection.execute(select(_file).where(its)).first()


def _count(connection: Connection, box: int) -> int:
    its = (_file.c.box == box) & (_file.c.direction == TO_DESK)
    return connection.execute(select(func.count()).select_from(_file).where(its)).scalar_one()


def _kept(connection: Connection, file: Row[Any], index: int) -> bytes | None:
    """The SHA-256 of what is in this place."""
    digest: bytes | None = connection.scalar(select(_part.c.digest).where(_part.c.file == file.id, _part.c.place == index))
    return digest


def _spent(connection: Connection, asked: _Beginning) -> date | None:
    """The day on which this same beginning spent its challenge. Raises ChallengeRefused if another one did."""
    if asked.challenge is None:
        raise ChallengeRefused
    spent = connection.execute(select(_challenge).where(_challenge.c.challenge == asked.challenge)).first()
    if spent is not None and spent.use != asked.use:
        raise ChallengeRefused
    return spent.day if spent else None


def _add(connection: Connection, file: int, part: Part) -> None:
    values = {"file": file, "place": part.index, "digest": part.digest, "sealed": part.sealed}
    connection.execute(insert(_part).values(values))


def _confirm(connection: Connection, through: int) -> int:
    before: int = connection.execute(select(_state.c.parts)).scalar_one()
    there: int = connection.execute(select(func.coalesce(func.max(_part.c.arrival), 0))).scalar_one()
    erased: int = connection.execute(select(_state.c.erased)).scalar_one()
    confirmed = max(before, min(through, max(there, erased)))
    if confirmed != before:
        connection.execute(update(_state).values(parts=confirmed))
    return confirmed


def _sweep(connection: Connection, today: date, keep_days: int) -> None:
    left = ~_WHOLE & (_file.c.last < today - timedelta(days=_UNFINISHED_DAYS))
    done = _file.c.taken < today - timedelta(days=keep_days)
    _drop(connection, (_file.c.direction == TO_DESK) & (left | done))


def _drop(connection: Connection, which: ColumnElement[bool]) -> bool:
    """From here on nobody finds these; their parts are erased after that. Whether there were any."""
    return connection.execute(update(_file).where(which).values(box=None)).rowcount > 0


def _erase_some(connection: Connection) -> bool:
    """Erases some parts of a dropped transfer, and whether there may be more to erase."""
    file = connection.scalar(select(_file.c.id).where(_file.c.box.is_(None)).limit(1))
    if file is None:
        return False
    some = list(connection.scalars(select(_part.c.arrival).where(_part.c.file == file).limit(_ERASED_TOGETHER)))
    highest = max(some, default=0)
    connection.execute(update(_state).where(_state.c.erased < highest).values(erased=highest))
    connection.execute(delete(_part).where(_part.c.arrival.in_(some)))
    if len(some) < _ERASED_TOGETHER:
        connection.execute(delete(_file).where(_file.c.id == file))
    return True


def _forget_some(connection: Connection, box: bytes, today: date) -> bool:
    """Erases some entries of a box, at last the box itself, and whether there is more of it."""
    number = connection.scalar(select(_box.c.id).where(_box.c.box == box))
    if number is None:
        return False
    connection.execute(update(_box).where(_box.c.id == number).values(forgotten=today))
    _drop(connection, _file.c.box == number)
    some = select(_entry.c.arrival).where(_entry.c.box == number).limit(_ERASED_TOGETHER)
    if not connection.execute(delete(_entry).where(_entry.c.arrival.in_(some))).rowcount:
        connection.execute(delete(_box).where(_box.c.id == number))
    return True

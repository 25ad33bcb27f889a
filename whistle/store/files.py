"""What the desk keeps of files, in both directions, and its receipts: parts as they came, never a byte of a file unsealed.

A room of the desk's database (whistle.store.desk), which lends it its transactions. One part at a time is in memory.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, LargeBinary, UniqueConstraint, delete, exists, func, insert, select, update
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.protocol.parts import Part, count_of
from whistle.protocol.wire import RECEIPT, Frame
from whistle.store.erasure import Transaction, forget_again, is_erased

TO_DESK, TO_REPORTER, INTERNAL = "to-desk", "to-reporter", "internal"
GOOD, DAMAGED, REMOVED = "good", "damaged", "removed"
Sign = Callable[[bytes, bytes, date], bytes | None]
"""The receipt of some sealed bytes (their SHA-256) in a box and of a day; None while the card has no key for it."""


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Pulled(_Tables, table=True):
    """One row: how far the desk has pulled parts, and the last day on which it had all that there were."""

    __tablename__ = "parts_pulled"
    id: int = Field(primary_key=True)
    after: int
    drained: date


class _File(_Tables, table=True):
    __tablename__ = "file"
    __table_args__ = (UniqueConstraint("box", "file", "direction"),)
    id: int = Field(primary_key=True)
    box: bytes = Field(sa_type=LargeBinary, index=True)
    file: bytes = Field(sa_type=LargeBinary)
    direction: str
    length: int
    missing: int  # parts
    day: date  # of the last part
    header: int  # bytes of it that are still in front of the first part
    digest: bytes | None = Field(sa_type=LargeBinary)  # of the sealed file
    salt: bytes | None = Field(sa_type=LargeBinary)  # SHA-256 of its payload
    wrapped_key: bytes | None = Field(sa_type=LargeBinary)
    verdict: str | None
    taken: bool  # the other side knows that its parts are not needed any more
    place: int | None  # of the content that names it, if the desk sends it
    pushed: int  # parts


class _Part(_Tables, table=True):
    __tablename__ = "part"
    file: int = Field(primary_key=True, foreign_key="file.id")
    index: int = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)


class _Receipt(_Tables, table=True):
    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("box", "sealed"),)
    id: int = Field(primary_key=True)
    box: bytes = Field(sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)
    day: date
    text: bytes = Field(sa_type=LargeBinary)
    file: int | None = Field(foreign_key="file.id")
    pushed: date | None = Field(index=True)


_TABLES = _Tables.metadata.tables
_pulled, _file, _part, _receipt = (_TABLES[name] for name in ("parts_pulled", "file", "part", "receipt"))


@dataclass(frozen=True)
class File:
    """A sealed file as far as it is here. `digest` and `salt` are known once it is whole, its key once it was opened."""

    id: int
    box: bytes
    file: bytes
    direction: str
    length: int
    missing: int
    day: date
    header: int
    digest: bytes | None
    salt: bytes | None
    wrapped_key: bytes | None
    verdict: str | None
    pushed: int

    @property
    def count(self) -> int:
        """How many parts it has."""
        return count_of(self.length)


@dataclass(frozen=True)
class Finished:
    """A file of the desk's own, once its last part is stored: what write() keeps with the content that names it."""

    id: int
    length: int
    header: int
    digest: bytes
    salt: bytes
    wrapped_key: bytes


_COLUMNS = [_file.c[name] for name in File.__dataclass_fields__]


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)
    connection.execute(insert(_pulled).values(id=1, after=0, drained=date.min))


def keep_receipt(connection: Connection, box: bytes, sealed: bytes, day: date, sign: Sign, file: int | None = None) -> None:
    """The receipt of what arrived (its SHA-256), to be sent: once for the same bytes in a box, however often they came."""
    here = (_receipt.c.box == box) & (_receipt.c.sealed == sealed)
    if connection.scalar(select(_receipt.c.id).where(here)) is None and (text := sign(sealed, box, day)) is not None:
        values = {"box": box, "sealed": sealed, "day": day, "text": text, "file": file, "pushed": None}
        connection.execute(insert(_receipt).values(values))


def without_receipt(sealed: Any, box: Any) -> Any:
    """Whether there is no receipt of these columns' bytes in their box, in a statement."""
    return ~exists().where(_receipt.c.box == box, _receipt.c.sealed == sealed)


def send_again(connection: Connection) -> None:
    """Every receipt is sent once more: the public server was put back to a state in which it may not have it."""
    connection.execute(update(_receipt).values(pushed=None))
    connection.execute(update(_file).where(_file.c.direction == TO_DESK).values(taken=False))
    forget_again(connection)


def finish(connection: Connection, sent: Finished, place: int) -> None:
    """A file of the desk's is whole, and the content in this place names it. One that goes nowhere needs no header."""
    values = {name: value for name, value in vars(sent).items() if name != "id"}
    connection.execute(update(_file).where(_file.c.id == sent.id).values(**values, missing=0, verdict=GOOD, place=place))
    if connection.scalar(select(_file.c.direction).where(_file.c.id == sent.id)) == INTERNAL:
        _drop_header(connection, sent.id)


class Files:
    """Files and receipts of the desk, in the transactions of its database."""

    def __init__(self, reading: Transaction, writing: Transaction) -> None:
        self._reading, self._writing = reading, writing

    # From reporters ---------------------------------------------------------------------------------------------------

    def after(self) -> int:
        """How far the desk has pulled parts."""
        with self._reading() as connection:
            return int(connection.execute(select(_pulled.c.after)).scalar_one())

    def drained(self) -> date:
        """The last day on which every part that there was had been pulled."""
        with self._reading() as connection:
            day: date = connection.execute(select(_pulled.c.drained)).scalar_one()
            return day

    def pull_from_the_start(self) -> None:
        """Asks for every part again, and sends every receipt again; what is here already is not stored twice."""
        with self._writing() as connection:
            connection.execute(update(_pulled).values(after=0))
            send_again(connection)

    def push_from_the_start(self) -> None:
        """Sends every file anew that is not wholly in its box: the public server may lack what it had of it."""
        with self._writing() as connection:
            unfinished = (_file.c.direction == TO_REPORTER) & (_file.c.header > 0)  # the header goes with the last part
            connection.execute(update(_file).where(unfinished).values(pushed=0))

    def in_hand(self, today: date, before: date) -> None:
        """Notes that every part that there was is here, and drops what lacks parts and got none since before a day.

        The public server has dropped it long ago, or it would have come.
        """
        with self._writing() as connection:
            connection.execute(update(_pulled).values(drained=today))
            half = select(_file.c.id).where((_file.c.direction == TO_DESK) & (_file.c.missing > 0) & (_file.c.day < before))
            connection.execute(delete(_part).where(_part.c.file.in_(half)))
            connection.execute(delete(_file).where(_file.c.id.in_(half)))

    def sign_missing(self, sign: Sign) -> None:
        """Makes the receipts that could not be signed when their files became whole."""
        with self._writing() as connection:
            lacking = (
                without_receipt(_file.c.digest, _file.c.box) & (_file.c.direction == TO_DESK) & _file.c.digest.is_not(None)
            )
            for row in connection.execute(select(_file).where(lacking)).all():
                keep_receipt(connection, row.box, row.digest, row.day, sign, row.id)

    def arrive(self, parts: Sequence[tuple[Frame, Part]], today: date, earliest: date = date.min) -> None:
        """Stores parts that were pulled, in whatever order and however often they come: the first in a place stays.

        No day of the server's lies after `today`, nor before the last day on which everything there was had been pulled.
        """
        with self._writing() as connection:
            for frame, part in parts:
                if is_erased(connection, frame.box):
                    continue
                _arrive(connection, frame.box, part, min(max(frame.day, earliest), today))
            if parts:
                connection.execute(update(_pulled).values(after=max(frame.position for frame, _ in parts)))

    def whole(self) -> list[File]:
        """What has all its parts and no receipt yet."""
        return self._files((_file.c.direction == TO_DESK) & (_file.c.missing == 0) & _file.c.digest.is_(None))

    def received(self, file: File, digest: bytes, salt: bytes, header: int, sign: Sign) -> None:
        """Notes the hashes of a whole file, and makes its receipt in the same transaction."""
        with self._writing() as connection:
            here = (_file.c.id == file.id) & _file.c.digest.is_(None)
            if connection.execute(update(_file).where(here).values(digest=digest, salt=salt, header=header)).rowcount:
                keep_receipt(connection, file.box, digest, file.day, sign, file.id)

    def unopened(self, here: Callable[[Any], Any]) -> list[File]:
        """Whole files whose key is still in their header; `here` is the condition on their box."""
        unopened = _file.c.digest.is_not(None) & _file.c.wrapped_key.is_(None) & _file.c.verdict.is_(None)
        return self._files((_file.c.direction == TO_DESK) & unopened & here(_file.c.box))

    def opened(self, file: File, wrapped_key: bytes) -> None:
        """Keeps the file key under the case key, and drops the header with its stanzas."""
        with self._writing() as connection:
            here = (_file.c.id == file.id) & _file.c.wrapped_key.is_(None)
            if connection.execute(update(_file).where(here).values(wrapped_key=wrapped_key)).rowcount:
                _drop_header(connection, file.id)

    def pass_on(self, file: File, header: bytes) -> None:
        """Puts another header before the payload of a file that is still closed."""
        with self._writing() as connection:
            here = (_file.c.id == file.id) & (_file.c.header == file.header) & _file.c.wrapped_key.is_(None)
            if connection.execute(update(_file).where(here).values(header=len(header))).rowcount:
                first = (_part.c.file == file.id) & (_part.c.index == 0)
                former = connection.execute(select(_part.c.sealed).where(first)).scalar_one()
                connection.execute(update(_part).where(first).values(sealed=header + former[file.header :]))

    def judge(self, file: File, verdict: str) -> None:
        """Notes whether it is what it should be, so that nobody need look again."""
        with self._writing() as connection:
            connection.execute(update(_file).where(_file.c.id == file.id).values(verdict=verdict))

    def of_box(self, box: bytes) -> list[File]:
        return self._files(_file.c.box == box)

    def pieces(self, file: File, start: int = 0) -> Iterator[bytes]:
        """Its parts in order from byte `start` of the first one on, each read when it is wanted."""
        for index in range(file.count):
            yield self.part(file, index)[start if index == 0 else 0 :]

    def part(self, file: File, index: int) -> bytes:
        with self._reading() as connection:
            here = (_part.c.file == file.id) & (_part.c.index == index)
            return bytes(connection.scalar(select(_part.c.sealed).where(here)) or b"")

    # To reporters -----------------------------------------------------------------------------------------------------

    def begin(self, box: bytes, file: bytes, today: date, direction: str = TO_REPORTER) -> int:
        """A file of the desk's own, of which nothing is here yet. Until write() names it, it is a half upload."""
        values = {"box": box, "file": file, "direction": direction, "length": 0, "missing": 1, "day": today, "header": 0}
        with self._writing() as connection:
            return int(
                connection.execute(insert(_file).values(**values, taken=False, pushed=0).returning(_file.c.id)).scalar_one()
            )

    def add(self, id_: int, index: int, sealed: bytes) -> None:
        with self._writing() as connection:
            connection.execute(insert(_part).values(file=id_, index=index, sealed=sealed))

    def drop(self, id_: int) -> None:
        """Nothing stays of a half upload."""
        self._drop(_file.c.id == id_)

    def sweep(self) -> None:
        """Drops every half upload: at start nobody is uploading."""
        self._drop(_file.c.direction != TO_DESK)

    def to_push(self, place: int) -> File | None:
        """The file that must be in its box before the content in this place is."""
        found = [each for each in self._files(_file.c.place == place) if each.pushed < each.count]
        return found[0] if found else None

    def pushed(self, file: File, parts: int) -> None:
        """Notes how many parts are in the box. With the last one the header, which only the reporter opens, goes."""
        with self._writing() as connection:
            connection.execute(update(_file).where(_file.c.id == file.id).values(pushed=parts))
            if parts == file.count:
                _drop_header(connection, file.id)

    # Receipts ---------------------------------------------------------------------------------------------------------

    def receipts(self, most: int) -> list[tuple[int, int | None, Frame]]:
        """Receipts that wait to be sent: number, the file it is for, frame."""
        with self._reading() as connection:
            rows = connection.execute(select(_receipt).where(_receipt.c.pushed.is_(None)).order_by(_receipt.c.id).limit(most))
            return [(row.id, row.file, Frame(0, RECEIPT, row.day, row.box, row.text)) for row in rows]

    def receipts_pushed(self, ids: Sequence[int], today: date) -> None:
        with self._writing() as connection:
            connection.execute(update(_receipt).where(_receipt.c.id.in_(ids)).values(pushed=today))

    def to_take(self) -> list[tuple[int, bytes, bytes]]:
        """Files whose receipt is in its box, which the other side has not been told: number, box, file id."""
        its = (_receipt.c.box == _file.c.box) & (_receipt.c.sealed == _file.c.digest) & (_file.c.direction == TO_DESK)
        with self._reading() as connection:
            sent = select(_file.c.id, _file.c.box, _file.c.file).join(_receipt, its)
            rows = connection.execute(sent.where(_receipt.c.pushed.is_not(None), _file.c.taken.is_(False)))
            return [(row.id, row.box, row.file) for row in rows]

    def taken(self, id_: int) -> None:
        with self._writing() as connection:
            connection.execute(update(_file).where(_file.c.id == id_).values(taken=True))

    def _files(self, where: Any) -> list[File]:
        with self._reading() as connection:
            return [File(**row._mapping) for row in connection.execute(select(*_COLUMNS).where(where).order_by(_file.c.id))]

    def _drop(self, where: Any) -> None:
        with self._writing() as connection:
            half = select(_file.c.id).where(where & _file.c.place.is_(None) & (_file.c.direction != TO_DESK))
            connection.execute(delete(_part).where(_part.c.file.in_(half)))
            connection.execute(delete(_file).where(_file.c.id.in_(half)))


def _arrive(connection: Connection, box: bytes, part: Part, day: date) -> None:
    here = (_file.c.box == box) & (_file.c.file == part.file) & (_file.c.direction == TO_DESK)
    if connection.scalar(select(_file.c.verdict).where(here)) == REMOVED:
        return  # two members destroyed it
    file = connection.execute(select(_file.c.id, _file.c.length, _file.c.day).where(here)).first()
    if file is None:
        values = {"box": box, "file": part.file, "direction": TO_DESK, "length": part.length, "day": day, "header": 0}
        made = insert(_file).values(**values, missing=count_of(part.length), taken=False, pushed=0)
        file = connection.execute(made.returning(_file.c.id, _file.c.length, _file.c.day)).one()
    place = (_part.c.file == file.id) & (_part.c.index == part.index)
    if file.length != part.length or connection.scalar(select(_part.c.index).where(place)) is not None:
        return  # of another file, or here already
    connection.execute(insert(_part).values(file=file.id, index=part.index, sealed=part.sealed))
    counted = {"missing": _file.c.missing - 1, "day": max(file.day, day)}
    connection.execute(update(_file).where(_file.c.id == file.id).values(counted))


def _drop_header(connection: Connection, id_: int) -> None:
    """The first part begins with the payload from here on (spec section 6.5)."""
    header: int = connection.execute(select(_file.c.header).where(_file.c.id == id_)).scalar_one()
    first = (_part.c.file == id_) & (_part.c.index == 0)
    connection.execute(update(_part).where(first).values(sealed=func.substr(_part.c.sealed, header + 1)))
    connection.execute(update(_file).where(_file.c.id == id_).values(header=0))

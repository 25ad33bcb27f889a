"""What the desk keeps of reports that came in another way: by which, the box that the public server lacks, and recordings.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its log. No column holds a code, what
only a code derives, or what a person wrote.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    Date,
    Integer,
    LargeBinary,
    Select,
    String,
    column,
    delete,
    exists,
    func,
    insert,
    select,
    table,
    update,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.store.conflicts import visible
from whistle.store.erasure import Transaction
from whistle.store.files import Sign, keep_receipt

if TYPE_CHECKING:
    from whistle.store.desk import Act


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Channel(_Tables, table=True):
    """A case whose code the desk has seen. What the public server needs for its box stays until that has it."""

    __tablename__ = "channel"
    case: int = Field(primary_key=True)
    box: bytes = Field(sa_type=LargeBinary)
    how: str
    filed: date
    acknowledge: bool  # whether the person wishes it
    access: bytes = Field(sa_type=LargeBinary)  # SHA-256 of the access token
    sealed: bytes = Field(sa_type=LargeBinary)
    opened: date | None


class _Recording(_Tables, table=True):
    """A recording, and how far its case was looked at for agreed minutes. Once it is erased only its day stays."""

    __tablename__ = "recording"
    id: int = Field(primary_key=True)
    case: int = Field(index=True)
    file: int
    place: int  # of the content that names it
    recorded: date
    looked: int
    erased: date | None
    rewritten: bool  # this database's file, since


_TABLES = _Tables.metadata.tables
_channel, _recording = _TABLES["channel"], _TABLES["recording"]
_case = table("case", column("number", Integer), column("group", String))
_content = table("content", column("case", Integer), column("place", Integer), column("sequence", Integer))
_file, _part = table("file", column("id", Integer)), table("part", column("file", Integer))
_arrival = table(
    "arrival",
    *(column(name, LargeBinary) for name in ("box", "digest", "sealed")),
    column("day", Date),
    column("state", String),
)


@dataclass(frozen=True)
class Channel:
    """How a report came if not through a box, and what the public server is told so that its box can be opened."""

    how: str
    filed: date
    acknowledge: bool
    access: bytes
    sealed: bytes
    box: bytes
    opened: date | None = None
    case: int = 0  # given by the store


@dataclass(frozen=True)
class Recording:
    """A recording that is still here. `place` is that of the content that names it."""

    id: int
    case: int
    file: int
    place: int
    recorded: date


# In the transactions of other rooms -----------------------------------------------------------------------------------


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)


def keep(connection: Connection, case: int, channel: Channel) -> None:
    connection.execute(insert(_channel).values(vars(channel) | {"case": case}))


def keep_recording(connection: Connection, case: int, file: int, place: int, recorded: date) -> None:
    values = {"case": case, "file": file, "place": place, "recorded": recorded, "looked": place}
    connection.execute(insert(_recording).values(**values, erased=None, rewritten=False))


def without_box() -> Select[Any]:
    """The boxes that the public server has not opened yet: what is pushed into one would be lost."""
    return select(_channel.c.box).where(_channel.c.opened.is_(None))


class Channels:
    """Other channels, in the transactions of the desk's database."""

    def __init__(self, reading: Transaction, writing: Transaction, log: Callable[[Connection, "Act"], None]) -> None:
        self._reading, self._writing, self._log = reading, writing, log

    def of(self, case: int) -> Channel | None:
        """None if the report came through its box."""
        with self._reading() as connection:
            row = connection.execute(select(_channel).where(_channel.c.case == case)).first()
            return Channel(**row._mapping) if row else None

    def to_open(self) -> list[Channel]:
        """What the public server lacks."""
        with self._reading() as connection:
            rows = connection.execute(select(_channel).where(_channel.c.opened.is_(None)).order_by(_channel.c.case))
            return [Channel(**row._mapping) for row in rows]

    def opened(self, channel: Channel, today: date, sign: Sign) -> None:
        """The box is there. Its envelope comes back with what is pulled, and is known by then; its receipt follows it."""
        with self._writing() as connection:
            here = (_channel.c.case == channel.case) & (_channel.c.opened.is_(None))
            if not connection.execute(update(_channel).where(here).values(opened=today, access=b"", sealed=b"")).rowcount:
                return  # erased meanwhile
            digest = sha256(channel.sealed).digest()
            values = {"box": channel.box, "day": channel.filed, "digest": digest, "sealed": b"", "state": "opened"}
            connection.execute(insert(_arrival).values(values))
            keep_receipt(connection, channel.box, digest, channel.filed, sign)

    # Recordings -------------------------------------------------------------------------------------------------------

    def recordings(self, case: int | None = None) -> list[Recording]:
        """Those of a case, or all, that are still here."""
        return self._recordings(_recording.c.case == case if case is not None else True)

    def to_look_at(self, groups: Iterable[str], member: str) -> list[Recording]:
        """Those of the cases that a member may see in which the reporter has said something since they were last looked at."""
        newer = exists().where(
            _content.c.case == _recording.c.case, _content.c.sequence.is_(None), _content.c.place > _recording.c.looked
        )
        own = exists().where(_case.c.number == _recording.c.case, visible(_case, list(groups), member))
        return self._recordings(newer & own)

    def looked_at(self, recording: Recording, place: int) -> None:
        with self._writing() as connection:
            connection.execute(update(_recording).where(_recording.c.id == recording.id).values(looked=place))

    def erase_recording(self, recording: Recording, act: "Act") -> None:
        """Its bytes and its key, with the line of the log that says why, in one moment."""
        with self._writing() as connection:
            here = (_recording.c.id == recording.id) & _recording.c.erased.is_(None)
            if connection.execute(update(_recording).where(here).values(erased=act.time.date())).rowcount:
                connection.execute(delete(_part).where(_part.c.file == recording.file))
                connection.execute(delete(_file).where(_file.c.id == recording.file))
                self._log(connection, act)

    def has_traces(self) -> bool:
        """Whether a recording was erased since this database's file was last rewritten."""
        with self._reading() as connection:
            gone = _recording.c.erased.is_not(None) & _recording.c.rewritten.is_(False)
            return bool(connection.scalar(select(func.count()).where(gone)))

    def traceless(self) -> None:
        with self._writing() as connection:
            connection.execute(update(_recording).where(_recording.c.erased.is_not(None)).values(rewritten=True))

    def _recordings(self, which: Any) -> list[Recording]:
        columns = [_recording.c[name] for name in Recording.__dataclass_fields__]
        with self._reading() as connection:
            rows = connection.execute(select(*columns).where(_recording.c.erased.is_(None), which).order_by(_recording.c.id))
            return [Recording(**row._mapping) for row in rows]

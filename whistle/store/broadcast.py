"""What the desk keeps of a message to every open mailbox: its sealed texts until it is sent, and which cases still lack it.

A room of the desk's database (whistle.store.desk), which lends it its transactions, its log, and its way to say something in a
case. A group has one at a time.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Integer, LargeBinary, String, column, delete, insert, literal, select, table, update
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.errors import BroadcastOver, BroadcastWaits, NeedsAnother
from whistle.store.erasure import Transaction

if TYPE_CHECKING:
    from whistle.store.desk import Act, Stored

Say = Callable[[Connection, int, bytes, "Stored", bytes], None]  # in a case and its box: a content, and its envelope


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Broadcast(_Tables, table=True):
    __tablename__ = "broadcast"
    __table_args__ = ({"sqlite_autoincrement": True},)  # no case is to have another one than that which was confirmed
    id: int = Field(primary_key=True)
    group: str = Field(unique=True)
    by: str
    day: date
    sealed: bytes = Field(sa_type=LargeBinary)
    confirmed_by: str | None


class _To(_Tables, table=True):
    """A case that is still to have one."""

    __tablename__ = "broadcast_to"
    case: int = Field(primary_key=True)
    broadcast: int = Field(primary_key=True)


_TABLES = _Tables.metadata.tables
_broadcast, _to = (_TABLES[name] for name in ("broadcast", "broadcast_to"))
_case = table("case", column("number", Integer), column("box", LargeBinary), column("group", String))


@dataclass(frozen=True)
class Broadcast:
    """One that waits: for a second member, or, once it is confirmed, for the cases that do not have it yet."""

    id: int
    group: str
    by: str
    day: date
    sealed: bytes
    confirmed_by: str | None


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)


class Broadcasts:
    """Asking, confirming, and saying it once in each case, in the transactions of the desk's database."""

    def __init__(self, reading: Transaction, writing: Transaction, log: Callable[[Connection, "Act"], None], say: Say) -> None:
        self._reading, self._writing, self._log, self._say = reading, writing, log, say

    def waiting(self, groups: Collection[str], since: date) -> list[Broadcast]:
        """Those of these groups, written on that day or after it."""
        columns = [_broadcast.c[name] for name in Broadcast.__dataclass_fields__]
        here = _broadcast.c.group.in_(list(groups)) & (_broadcast.c.day >= since)
        with self._reading() as connection:
            rows = connection.execute(select(*columns).where(here).order_by(_broadcast.c.group))
            return [Broadcast(**row._mapping) for row in rows]

    def ask(self, act: "Act", group: str, sealed: bytes) -> None:
        """Raises BroadcastWaits if the group has one."""
        with self._writing() as connection:
            if connection.scalar(select(_broadcast.c.id).where(_broadcast.c.group == group)) is not None:
                raise BroadcastWaits
            values = {"group": group, "by": act.who, "day": act.time.date(), "sealed": sealed}
            connection.execute(insert(_broadcast).values(**values, confirmed_by=None))
            self._log(connection, act)

    def confirm(self, act: "Act", id_: int) -> None:
        """The second member's word: every case, closed or not, is to have it. Raises BroadcastOver, NeedsAnother."""
        here = (_broadcast.c.id == id_) & _broadcast.c.confirmed_by.is_(None)
        with self._writing() as connection:
            row = connection.execute(select(_broadcast.c.by, _broadcast.c.group).where(here)).first()
            if row is None:
                raise BroadcastOver
            if row.by == act.who:
                raise NeedsAnother
            connection.execute(update(_broadcast).where(here).values(confirmed_by=act.who))
            cases = _cases_of(row.group).add_columns(literal(id_))
            connection.execute(insert(_to).from_select(["case", "broadcast"], cases))
            self._log(connection, act)

    def left(self, id_: int) -> list[int]:
        """The cases that are still to have it, if they are still here and the group's."""
        with self._reading() as connection:
            return _left(connection, id_)

    def send(self, act: "Act", id_: int, content: "Stored", envelope: bytes) -> None:
        """Says it in a case; nothing, if it was said there or stopped meanwhile."""
        here = (_to.c.broadcast == id_) & (_to.c.case == act.case)
        with self._writing() as connection:
            if connection.execute(delete(_to).where(here)).rowcount:
                assert act.case is not None
                box = connection.execute(select(_case.c.box).where(_case.c.number == act.case)).scalar_one()
                self._say(connection, act.case, box, content, envelope)
                self._log(connection, act)

    def finish(self, act: "Act", id_: int) -> bool:
        """Whether every case has it; then nothing of it stays here."""
        with self._writing() as connection:
            if _left(connection, id_):
                return False
            if _drop(connection, _broadcast.c.id == id_):
                self._log(connection, act)
            return True

    def withdraw(self, act: "Act", id_: int) -> None:
        """Takes it back, or stops it where it is. Raises BroadcastOver."""
        with self._writing() as connection:
            if not _drop(connection, _broadcast.c.id == id_):
                raise BroadcastOver
            self._log(connection, act)

    def lapse(self, act: "Act", before: date) -> None:
        """Drops what was written before a day."""
        with self._writing() as connection:
            if _drop(connection, _broadcast.c.day < before):
                self._log(connection, act)


def _cases_of(group: Any) -> Any:
    return select(_case.c.number).where(_case.c.group == group)


def _left(connection: Connection, id_: int) -> list[int]:
    group = select(_broadcast.c.group).where(_broadcast.c.id == id_).scalar_subquery()
    here = (_to.c.broadcast == id_) & _to.c.case.in_(_cases_of(group))
    return list(connection.scalars(select(_to.c.case).where(here).order_by(_to.c.case)))


def _drop(connection: Connection, which: Any) -> int:
    """Deletes them with what they were still to do; how many there were."""
    connection.execute(delete(_to).where(_to.c.broadcast.in_(select(_broadcast.c.id).where(which))))
    return connection.execute(delete(_broadcast).where(which)).rowcount

"""What the desk keeps of a group's earlier epochs: until when a card may name one, and when its key was destroyed.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Integer, LargeBinary, String, column, delete, exists, insert, select, table, update
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.store.erasure import Transaction

if TYPE_CHECKING:
    from whistle.store.desk import Act


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Epoch(_Tables, table=True):
    __tablename__ = "epoch"
    group: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    until: date
    destroyed: date | None
    rewritten: bool  # this database's file, since


_epoch = _Tables.metadata.tables["epoch"]
_case = table(
    "case",
    *(column(name, Integer) for name in ("number", "epoch")),
    *(column(name, LargeBinary) for name in ("key", "box")),
    column("group", String),
)
_key = table("group_key", column("epoch", Integer), *(column(name, String) for name in ("group", "purpose")))
_file = table("file", column("box", LargeBinary), *(column(name, String) for name in ("direction", "digest")))
_RECIPIENT = "recipient"  # the rings stay: the names in earlier reports are sealed to them


@dataclass(frozen=True)
class Epoch:
    """A turned epoch of a group: no card that names it is good after `until`."""

    group: str
    epoch: int
    until: date
    destroyed: date | None


@dataclass(frozen=True)
class Sealed:
    """A case key as it is sealed now."""

    number: int
    epoch: int
    key: bytes


def prepare(connection: Connection) -> None:
    """Makes the table."""
    _Tables.metadata.create_all(connection)


def destroyed(connection: Connection) -> set[tuple[str, int, str]]:
    """Keys that are never taken in again."""
    rows = connection.execute(select(_epoch.c.group, _epoch.c.epoch).where(_epoch.c.destroyed.is_not(None)))
    return {(row.group, row.epoch, _RECIPIENT) for row in rows}


class Epochs:
    """Sealing case keys anew, and destroying keys, in the transactions of the desk's database."""

    def __init__(self, reading: Transaction, writing: Transaction, log: Callable[[Connection, "Act"], None]) -> None:
        self._reading, self._writing, self._log = reading, writing, log

    def turned(self, group: str, current: int, until: date) -> None:
        """Notes every key here of an epoch before this one. The first day that was noted stays."""
        earlier = (_key.c.group == group) & (_key.c.purpose == _RECIPIENT) & (_key.c.epoch < current)
        known = exists().where(_epoch.c.group == _key.c.group, _epoch.c.epoch == _key.c.epoch)
        with self._reading() as connection:
            new = list(connection.scalars(select(_key.c.epoch).where(earlier, ~known)))
        if new:
            with self._writing() as connection:
                there = set(connection.scalars(select(_epoch.c.epoch).where(_epoch.c.group == group)))
                for epoch in set(new) - there:
                    connection.execute(insert(_epoch).values(group=group, epoch=epoch, until=until, rewritten=False))

    def of(self, groups: list[str]) -> list[Epoch]:
        columns = [_epoch.c[name] for name in Epoch.__dataclass_fields__]
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns).where(_epoch.c.group.in_(groups)).order_by(_epoch.c.group, _epoch.c.epoch)
            )
            return [Epoch(**row._mapping) for row in rows]

    def before(self, group: str, current: int, most: int) -> list[Sealed]:
        """Some case keys that are sealed to an earlier epoch."""
        here = (_case.c.group == group) & (_case.c.epoch < current)
        with self._reading() as connection:
            rows = connection.execute(select(_case.c.number, _case.c.epoch, _case.c.key).where(here).limit(most))
            return [Sealed(**row._mapping) for row in rows]

    def reseal(self, act: "Act", current: int, keys: Mapping[Sealed, bytes]) -> None:
        """Puts keys in place of those that are still there as they were."""
        with self._writing() as connection:
            for old, key in keys.items():
                here = (_case.c.number == old.number) & (_case.c.key == old.key)
                connection.execute(update(_case).where(here).values(epoch=current, key=key))
            self._log(connection, act)

    def destroy(self, act: "Act", epoch: Epoch) -> None:
        """Destroys a key, unless a case key is sealed to it or a file of the group's cases is not whole yet."""
        here = (_key.c.group == epoch.group) & (_key.c.epoch == epoch.epoch) & (_key.c.purpose == _RECIPIENT)
        with self._writing() as connection:
            if not connection.scalar(select(_needed(epoch))) and connection.execute(delete(_key).where(here)).rowcount:
                its = (_epoch.c.group == epoch.group) & (_epoch.c.epoch == epoch.epoch)
                connection.execute(update(_epoch).where(its).values(destroyed=act.time.date()))
                self._log(connection, act)

    def has_traces(self) -> bool:
        """Whether a key was destroyed since this database's file was last rewritten."""
        with self._reading() as connection:
            return bool(connection.scalar(select(exists().where(_traces()))))

    def traceless(self) -> None:
        with self._writing() as connection:
            connection.execute(update(_epoch).where(_traces()).values(rewritten=True))


def _traces() -> Any:
    return _epoch.c.destroyed.is_not(None) & _epoch.c.rewritten.is_(False)


def _needed(epoch: Epoch) -> Any:
    boxes = select(_case.c.box).where(_case.c.group == epoch.group)
    half = (_file.c.direction == "to-desk") & _file.c.digest.is_(None) & _file.c.box.in_(boxes)
    return exists().where(_case.c.group == epoch.group, _case.c.epoch == epoch.epoch) | exists().where(half)

"""What the desk keeps of a case beside its dialogue: a sealed sheet with its revision, hashes of tags, and open codes and days.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its log. The codes and days are columns
of the case itself. It opens no sheet, and of what goes with a case it leaves erasing to whistle.store.erasure.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Date, Integer, LargeBinary, String, column, delete, insert, select, table, update
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.errors import Overtaken
from whistle.store import conflicts
from whistle.store.erasure import Transaction

if TYPE_CHECKING:
    from whistle.store.desk import Act


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Sheet(_Tables, table=True):
    __tablename__ = "sheet"
    case: int = Field(primary_key=True)
    revision: int
    sealed: bytes = Field(sa_type=LargeBinary)


class _Tag(_Tables, table=True):
    __tablename__ = "tag"
    case: int = Field(primary_key=True)
    hash: bytes = Field(sa_type=LargeBinary, primary_key=True, index=True)
    epoch: int  # of the group's key that made the hash


_TABLES = _Tables.metadata.tables
_sheet, _tag = (_TABLES[name] for name in ("sheet", "tag"))
_MARKS = {"assigned": String, "category": String, "priority": String, "money_laundering": Date, "escalated": Date}
_DAYS = dict.fromkeys(("task_by", "plan_by", "telling_by"), Date)
_case = table("case", column("number", Integer), *(column(name, kind) for name, kind in {**_MARKS, **_DAYS}.items()))


@dataclass(frozen=True)
class Kept:
    """A sheet as it is kept; revision 0, and no bytes, of a case that has none yet."""

    revision: int
    sealed: bytes


@dataclass(frozen=True)
class Marks:
    """What a case shows of itself while it is closed: codes and days that its members gave it."""

    assigned: str | None
    category: str | None
    priority: str
    money_laundering: date | None
    escalated: date | None


@dataclass(frozen=True)
class Days:
    """The days of a sheet by which something is due: all of what is written there that stands open."""

    task_by: date | None = None  # the next task
    plan_by: date | None = None  # the plan of protection, to be looked at again
    telling_by: date | None = None  # so is whether the persons concerned are told


@dataclass(frozen=True)
class Tags:
    """All tags of a case, hashed with the group's key of an epoch."""

    epoch: int
    hashes: Collection[bytes]


@dataclass(frozen=True)
class Change:
    """A sheet that takes the place of the one of `revision`, and the days on it; with marks and tags if they change."""

    case: int
    revision: int
    sealed: bytes
    marks: Marks | None = None
    tags: Tags | None = None
    days: Days = field(kw_only=True)


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)


class Sheets:
    """The sheets, in the transactions of the desk's database."""

    def __init__(
        self,
        reading: Transaction,
        writing: Transaction,
        log: Callable[[Connection, "Act"], None],
        keep_time: Callable[[Connection, int], None],
    ) -> None:
        self._reading, self._writing, self._log, self._keep_time = reading, writing, log, keep_time

    def kept(self, case: int) -> Kept:
        with self._reading() as connection:
            row = connection.execute(select(_sheet.c.revision, _sheet.c.sealed).where(_sheet.c.case == case)).first()
            return Kept(*row) if row else Kept(0, b"")

    def keep(self, changes: Sequence[Change], acts: Iterable["Act"]) -> None:
        """Keeps what a member changed, all of it or nothing.

        Raises Overtaken if a sheet is another, its case is gone, or who works on it may not see it any more.
        """
        with self._writing() as connection:
            for change in changes:
                _put(connection, change)
                if change.marks is not None and change.marks.assigned is not None:
                    conflicts.refuse_to_assign(connection, change.case, change.marks.assigned)
                columns = vars(change.days) | (vars(change.marks) if change.marks else {})
                connection.execute(update(_case).where(_case.c.number == change.case).values(columns))
                self._keep_time(connection, change.case)
                if change.tags is not None:
                    _retag(connection, change.case, change.tags)
            for act in acts:
                self._log(connection, act)

    def tagged(self, hashes: Collection[bytes]) -> set[int]:
        """The cases that have one of these hashes."""
        with self._reading() as connection:
            return set(connection.scalars(select(_tag.c.case).where(_tag.c.hash.in_(list(hashes)))))


def _put(connection: Connection, change: Change) -> None:
    """The one sheet of its case. What is written after a case was erased would stay behind it."""
    if connection.scalar(select(_case.c.number).where(_case.c.number == change.case)) is None:
        raise Overtaken
    here = (_sheet.c.case == change.case) & (_sheet.c.revision == change.revision)
    values = {"revision": change.revision + 1, "sealed": change.sealed}
    if change.revision == 0 and connection.scalar(select(_sheet.c.case).where(_sheet.c.case == change.case)) is None:
        connection.execute(insert(_sheet).values(case=change.case, **values))
    elif not connection.execute(update(_sheet).where(here).values(values)).rowcount:
        raise Overtaken


def _retag(connection: Connection, case: int, tags: Tags) -> None:
    connection.execute(delete(_tag).where(_tag.c.case == case))
    for each in set(tags.hashes):
        connection.execute(insert(_tag).values(case=case, hash=each, epoch=tags.epoch))

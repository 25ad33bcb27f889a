"""What the desk keeps of a case's end: holds and requests that take two, which numbers were erased, which boxes to forget.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its log. It decides on no day, and
knows of the other rooms no more than that what belongs to a case has its number, or its box, in a column.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    Date,
    Integer,
    LargeBinary,
    String,
    column,
    delete,
    exists,
    func,
    insert,
    inspect,
    select,
    table,
    update,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.errors import ForbiddenStep, NeedsAnother, Overtaken
from whistle.store.conflicts import is_reader, need_two
from whistle.store.counts import RowsOf, keep_counted

if TYPE_CHECKING:
    from whistle.store.desk import Act

Transaction = Callable[[], AbstractContextManager[Connection]]
HOLD, LIFT, EARLY, SCOPE = "hold", "lift", "early", "scope"
IN_SCOPE, OUT_OF_SCOPE = ("assessing", "addressing"), "out_of_scope"  # states
_ENDS = {HOLD: (HOLD, LIFT, EARLY), LIFT: (HOLD, LIFT), EARLY: (), SCOPE: ()}  # what is over once this is confirmed
_PARTS_TOGETHER = 64  # 16 MiB: what a member who writes may have to wait for


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Asked(_Tables, table=True):
    __tablename__ = "asked"
    __table_args__ = ({"sqlite_autoincrement": True},)  # nobody confirms another request than the one on their page
    id: int = Field(primary_key=True)
    case: int = Field(index=True)
    what: str
    by: str
    day: date
    review: date | None
    place: int  # of the note that says why
    confirmed_by: str | None
    confirmed: date | None


class _Erased(_Tables, table=True):
    """All that stays of a case."""

    __tablename__ = "erased"
    number: int = Field(primary_key=True)
    group: str
    day: date


class _Forget(_Tables, table=True):
    """A box of an erased case, beside no number: its bytes may still be in this file, or come from the other side."""

    __tablename__ = "forget"
    box: bytes = Field(sa_type=LargeBinary, primary_key=True)
    rewritten: bool  # this database's file, since
    forgotten: date | None


_TABLES = _Tables.metadata.tables
_asked, ERASED, _forget = (_TABLES[name] for name in ("asked", "erased", "forget"))
_case = table(
    "case",
    column("number", Integer),
    column("box", LargeBinary),
    column("group", String),
    *(column(name, Date) for name in ("received", "closed", "out_of_scope", "looked")),
)
_content, _receipt = table("content", column("case", Integer)), table("receipt", column("file", Integer))
_file, _part = (
    table("file", column("id", Integer), column("box", LargeBinary)),
    table("part", column("file", Integer), column("index", Integer)),
)


@dataclass(frozen=True)
class Ask:
    """Something that takes two: `what` is a hold, the lifting of one, early erasure, or that the report belongs elsewhere.

    It counts once it is confirmed.
    """

    what: str
    by: str
    day: date
    review: date | None = None  # of a hold
    place: int = 0  # given by the store, here and below; 0 without a note
    confirmed_by: str | None = None
    confirmed: date | None = None
    id: int = 0


@dataclass(frozen=True)
class Ending:
    """What the end of a case hangs on."""

    number: int
    received: date
    closed: date | None
    out_of_scope: date | None
    asked: tuple[Ask, ...]
    looked: date | None = None  # when somebody last asked whether it must still be kept

    def confirmed(self, what: str) -> Ask | None:
        return next((each for each in self.asked if each.what == what and each.confirmed), None)

    @property
    def pending(self) -> tuple[Ask, ...]:
        return tuple(each for each in self.asked if not each.confirmed)


# In the transactions of other rooms -----------------------------------------------------------------------------------


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)


def next_number() -> Any:
    """The number of a new case: never that of an erased one."""
    given = select(_case.c.number).union_all(select(ERASED.c.number)).subquery()
    return select(func.coalesce(func.max(given.c.number), 0) + 1).scalar_subquery()


def is_erased(connection: Connection, box: bytes) -> bool:
    """Whether what comes for this box is not kept any more."""
    return connection.scalar(select(_forget.c.box).where(_forget.c.box == box)) is not None


def forget_again(connection: Connection) -> None:
    """Every box is forgotten once more: the public server was put back to a state in which it may have it."""
    connection.execute(update(_forget).values(forgotten=None))


def ending_of(connection: Connection, case: int) -> Ending:
    """What the end of a case hangs on, for another room."""
    return _ending(connection, case)


def drop_request(connection: Connection, case: int) -> None:
    """A case that takes a step is not erased early for what was asked before."""
    connection.execute(delete(_asked).where(_asked.c.case == case, _asked.c.what == EARLY))


def decide_scope(connection: Connection, case: int, elsewhere: bool, again: bool, by: str, day: date) -> None:
    """That a report belongs elsewhere shortens its time, and so takes two; `again` if it was decided otherwise before."""
    here = (_asked.c.case == case) & (_asked.c.what == SCOPE)
    if again or not elsewhere:
        connection.execute(delete(_asked).where(here))
    if elsewhere and connection.scalar(select(_asked.c.id).where(here)) is None:
        connection.execute(insert(_asked).values(case=case, what=SCOPE, by=by, day=day, place=0))


def ask(connection: Connection, case: int, asked: Ask, place: int) -> None:
    """Keeps a request. Raises ForbiddenStep if there is nothing to ask for, Overtaken if it was asked for already."""
    ending = _ending(connection, case)
    held = ending.confirmed(HOLD) is not None
    if (asked.what == LIFT and not held) or (asked.what == EARLY and (held or ending.closed is None)):
        raise ForbiddenStep
    if asked.what in [each.what for each in ending.pending] or (asked.what == EARLY and ending.confirmed(EARLY)):
        raise Overtaken
    values = {name: value for name, value in vars(asked).items() if name != "id"} | {"place": place}
    connection.execute(insert(_asked).values(case=case, **values))


class Erasures:
    """Requests that take two, and erasing, in the transactions of the desk's database."""

    def __init__(
        self,
        reading: Transaction,
        writing: Transaction,
        log: Callable[[Connection, "Act"], None],
        keep_time: Callable[[Connection, int], None],
    ) -> None:
        self._reading, self._writing, self._log, self._keep_time = reading, writing, log, keep_time

    def ending(self, case: int) -> Ending:
        with self._reading() as connection:
            return _ending(connection, case)

    def closed(self) -> list[Ending]:
        """Every closed case."""
        with self._reading() as connection:
            numbers = connection.scalars(select(_case.c.number).where(_case.c.closed.is_not(None))).all()
            return [_ending(connection, number) for number in numbers]

    def reviews(self) -> dict[int, date]:
        """By when each held case must be looked at."""
        held = (_asked.c.what == HOLD) & _asked.c.confirmed.is_not(None)
        with self._reading() as connection:
            return {row.case: row.review for row in connection.execute(select(_asked.c.case, _asked.c.review).where(held))}

    def looked(self) -> dict[int, date]:
        """Since when nobody asked of each case whether it must still be kept."""
        since = select(_case.c.number, func.coalesce(_case.c.looked, _case.c.received).label("since"))
        with self._reading() as connection:
            return {row.number: row.since for row in connection.execute(since)}

    def to_confirm(self, member: str) -> list[int]:
        """The cases that another member has decided to belong elsewhere, and nobody has confirmed it."""
        here = (_asked.c.what == SCOPE) & _asked.c.confirmed.is_(None) & (_asked.c.by != member)
        with self._reading() as connection:
            return list(connection.scalars(select(_asked.c.case).where(here).order_by(_asked.c.case)))

    def confirm(self, act: "Act", id_: int, what: str) -> None:
        """The second member's word. Raises NeedsAnother for the first one's own, Overtaken if it is not asked any more.

        Nor is it by somebody who may not see the case any more. Whoever confirms what such a one decided stands for it from
        then on, as the first of the two: NeedsAnother.
        """
        with self._writing() as connection:
            here = (_asked.c.id == id_) & (_asked.c.case == act.case) & (_asked.c.what == what) & _asked.c.confirmed.is_(None)
            asked = connection.execute(select(_asked.c.id, _asked.c.by, _asked.c.place).where(here)).first()
            if asked is None:
                raise Overtaken
            stands_in = what == SCOPE and act.who != asked.by and not is_reader(connection, act.case, asked.by)
            if stands_in:
                connection.execute(update(_asked).where(here).values(by=act.who, day=act.time.date()))
                self._log(connection, replace(act, action="asked scope"))
            else:
                self._confirm(connection, act, asked, here, what)
        if stands_in:
            raise NeedsAnother

    def _confirm(self, connection: Connection, act: "Act", asked: Any, here: Any, what: str) -> None:
        need_two(connection, act.case, asked.by, act.who)
        over = (_asked.c.case == act.case) & _asked.c.what.in_(_ENDS[what]) & (_asked.c.id != asked.id)
        connection.execute(delete(_asked).where(over))
        connection.execute(update(_asked).where(here).values(confirmed_by=act.who, confirmed=act.time.date()))
        self._log(connection, replace(act, note=asked.place))

    def withdraw(self, act: "Act", id_: int, what: str) -> None:
        """Takes a request back, or stops an early erasure or the short time. Raises Overtaken if there is none.

        A hold in force is lifted instead.
        """
        with self._writing() as connection:
            here = (_asked.c.id == id_) & (_asked.c.case == act.case) & (_asked.c.what == what)
            open_ = _asked.c.confirmed.is_(None) | _asked.c.what.in_((EARLY, SCOPE))
            if not connection.execute(delete(_asked).where(here & open_)).rowcount:
                raise Overtaken
            if what == SCOPE:  # it is kept for the long time after all, and nobody has to close it by a day
                assert act.case is not None
                connection.execute(update(_case).where(_case.c.number == act.case).values(out_of_scope=None))
                self._keep_time(connection, act.case)
            self._log(connection, act)

    def erase(self, ending: Ending, certify: Callable[[int, int], "Act"], rows_of: RowsOf) -> bool:
        """Destroys a case's key and all that was said in it, in one moment; False if somebody changed its end meanwhile.

        `certify` makes the line of the log from the numbers of contents and files; `rows_of` says in which rows of
        the numbers it stays counted. The parts of its files are closed with the key, and erased by erase_parts().
        """
        number = ending.number
        with self._writing() as connection:
            row = connection.execute(select(_case.c.box, _case.c.group).where(_case.c.number == number)).first()
            if row is None or _ending(connection, number) != ending:
                return False
            contents = _count(connection, _content, _content.c.case == number)
            act = certify(contents, _count(connection, _file, _file.c.box == row.box))
            connection.execute(insert(_forget).values(box=row.box, rewritten=False, forgotten=None))
            keep_counted(connection, number, rows_of)
            _delete_all(connection, number, row.box)
            connection.execute(insert(ERASED).values(number=number, group=row.group, day=act.time.date()))
            self._log(connection, act)
            return True

    def erase_parts(self) -> bool:
        """Erases some parts of the files of erased cases, and whether there may be more."""
        with self._writing() as connection:
            file = connection.scalar(select(_file.c.id).where(_file.c.box.in_(select(_forget.c.box))).limit(1))
            if file is None:
                return False
            some = select(_part.c.index).where(_part.c.file == file).limit(_PARTS_TOGETHER)
            if not connection.execute(delete(_part).where(_part.c.file == file, _part.c.index.in_(some))).rowcount:
                connection.execute(delete(_receipt).where(_receipt.c.file == file))
                connection.execute(delete(_file).where(_file.c.id == file))
            return True

    def has_traces(self) -> bool:
        """Whether something was erased since this database's file was last rewritten."""
        with self._reading() as connection:
            return bool(connection.scalar(select(exists().where(_forget.c.rewritten.is_(False)))))

    def traceless(self) -> None:
        with self._writing() as connection:
            connection.execute(update(_forget).values(rewritten=True))

    def to_forget(self) -> list[bytes]:
        """Boxes that the other side must forget."""
        with self._reading() as connection:
            return list(connection.scalars(select(_forget.c.box).where(_forget.c.forgotten.is_(None))))

    def forgotten(self, box: bytes, today: date) -> None:
        with self._writing() as connection:
            connection.execute(update(_forget).where(_forget.c.box == box).values(forgotten=today))

    def sweep(self, before: date) -> None:
        """Drops what is known of boxes that were forgotten before a day, and so are in no backup any more."""
        with self._writing() as connection:
            connection.execute(delete(_forget).where(_forget.c.forgotten < before, _forget.c.rewritten))


def _ending(connection: Connection, case: int) -> Ending:
    """Without days if the case is gone."""
    days = select(_case.c.received, _case.c.closed, _case.c.out_of_scope, _case.c.looked).where(_case.c.number == case)
    row = connection.execute(days).first()
    if row is None:
        return Ending(case, date.min, None, None, ())
    columns = [_asked.c[name] for name in Ask.__dataclass_fields__]
    asked = connection.execute(select(*columns).where(_asked.c.case == case).order_by(_asked.c.id))
    return Ending(number=case, asked=tuple(Ask(**each._mapping) for each in asked), **row._mapping)


def _count(connection: Connection, of: Any, which: Any) -> int:
    return connection.execute(select(func.count()).select_from(of).where(which)).scalar_one()


def _delete_all(connection: Connection, case: int, box: bytes) -> None:
    """Every row of every room that has this case or its box in a column, but the log's and the files' own."""
    inspector = inspect(connection)
    names = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name]
    for name in reversed(names):  # what names something goes before what it names
        columns = {each["name"] for each in inspector.get_columns(name)}
        if name in ("log", "forget", "file"):
            continue
        if "case" in columns:
            connection.execute(delete(table(name)).where(column("case", Integer) == case))
        elif "box" in columns:
            connection.execute(delete(table(name)).where(column("box", LargeBinary) == box))

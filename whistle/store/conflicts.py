"""What the desk keeps of conflicts of interest: who has declared that they have none, who is kept away, whose a case was.

A room of the desk's database (whistle.store.desk). Which cases a member may see is decided here, by visible(), and nowhere
else: whoever shows cases to a member asks with it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    Integer,
    LargeBinary,
    String,
    column,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.errors import CaseUnread, FilesUnopened, LastReader, NeedsAnother, NotYours, Overtaken
from whistle.store import asking

if TYPE_CHECKING:
    from whistle.store.desk import Act
    from whistle.store.erasure import Transaction

EXCLUDED, STEPPED_ASIDE = "excluded", "stepped aside"


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Declared(_Tables, table=True):
    """That a member knows of no conflict in a case: without it they open nothing of it."""

    __tablename__ = "declared"
    case: int = Field(primary_key=True)
    member: str = Field(primary_key=True)
    day: date


class _Aside(_Tables, table=True):
    """A member who is kept away from a case, until somebody lifts it. Of an exclusion that was lifted the reason stays kept."""

    __tablename__ = "aside"
    __table_args__ = ({"sqlite_autoincrement": True},)  # nobody lifts another one than that on their page
    id: int = Field(primary_key=True)
    case: int = Field(index=True)
    member: str = Field(index=True)
    by: str  # themselves, who stepped aside
    day: date
    place: int  # of the note that says why; 0, which no note has, if none was asked for
    lifted: date | None


class _Handed(_Tables, table=True):
    """A group that a case was handed on by."""

    __tablename__ = "handed"
    case: int = Field(primary_key=True)
    group: str = Field(primary_key=True)
    day: date


_TABLES = _Tables.metadata.tables
_declared, _aside, _handed = (_TABLES[name] for name in ("declared", "aside", "handed"))
_case = table(
    "case",
    column("number", Integer),
    column("box", LargeBinary),
    column("group", String),
    column("epoch", Integer),
    column("key", LargeBinary),
    column("assigned", String),
)
_member = table("member", column("name", String), column("group", String))
_arrival = table(
    "arrival",
    column("id", Integer),
    column("box", LargeBinary),
    column("sealed", LargeBinary),
    column("state", String),
    column("group", String),
    column("epoch", Integer),
    column("recipient", LargeBinary),
)
_file = table(
    "file", *(column(name) for name in ("id", "digest", "wrapped_key", "verdict", "direction")), column("box", LargeBinary)
)
_log = table("log", column("case", Integer), column("who", String), column("action", String))


@dataclass(frozen=True)
class Aside:
    """Somebody who is kept away. `by` is their own name if they stepped aside."""

    id: int
    member: str
    by: str
    day: date
    place: int


@dataclass(frozen=True)
class Handing:
    """A case that goes to another group, its key sealed to that group's recipient. No key opens its `closed` files."""

    case: int
    before: str
    after: str
    epoch: int
    key: bytes
    day: date
    closed: Collection[int] = ()


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)


def visible(case: Any, groups: Collection[str], member: str) -> Any:
    """Whether a member of these groups may know of a case, in a statement. `case` has columns `number` and `group`."""
    return case.c.group.in_(list(groups)) & ~is_kept_from(case, member)


def visible_erased(case: Any, groups: Collection[str], member: str) -> Any:
    """The same of what was erased: nothing is left of it but the log, and that says who was kept away."""
    own = (_log.c.action == STEPPED_ASIDE) & (_log.c.who == member)
    lines = select(_log.c.case).where(or_(own, _log.c.action == f"{EXCLUDED} {member}"), _log.c.case.is_not(None))
    return case.c.group.in_(list(groups)) & case.c.number.not_in(lines)


def was_of(case: Any, groups: Collection[str]) -> Any:
    """Whether a case is or was one of these groups: what is sealed to them still comes for it."""
    return case.c.group.in_(list(groups)) | case.c.number.in_(select(_handed.c.case).where(_handed.c.group.in_(list(groups))))


def is_kept_from(case: Any, member: str) -> Any:
    """Whether a case of whatever group is kept from a member."""
    return case.c.number.in_(select(_aside.c.case).where(_aside.c.member == member, _aside.c.lifted.is_(None)))


# In the transactions of other rooms -----------------------------------------------------------------------------------


def refuse_kept_away(connection: Connection, case: int, member: str) -> None:
    """Raises NotYours for who was put aside after they opened the page."""
    if connection.scalar(select(_case.c.number).where(_case.c.number == case, is_kept_from(_case, member))):
        raise NotYours


def unassign(connection: Connection, member: str, case: int | None = None) -> list[int]:
    """Takes a member off the case that they work on, or off all of theirs; which these were."""
    here = _case.c.assigned == member
    if case is not None:
        here &= _case.c.number == case
    return list(connection.scalars(update(_case).where(here).values(assigned=None).returning(_case.c.number)))


def unassign_kept_away(connection: Connection) -> None:
    """The same for whoever may not see the case that they work on, in a database from before it went by itself."""
    here = select(_case.c.number, _case.c.group, _case.c.assigned).where(_case.c.assigned.is_not(None))
    for case, group, member in connection.execute(here).all():
        if member not in _readers(connection, case, group):
            unassign(connection, member, case)


def refuse_to_assign(connection: Connection, case: int, member: str) -> None:
    """Raises Overtaken for who was put aside, or left, after the page was opened."""
    if not is_reader(connection, case, member):
        raise Overtaken


def need_two(connection: Connection, case: int | None, by: str, who: str) -> None:
    """Raises NeedsAnother for one's own request, Overtaken for one of somebody who may not see the case any more."""
    if by == who:
        raise NeedsAnother
    if not is_reader(connection, case, by):
        raise Overtaken


def refuse_the_last_reader(connection: Connection, group: str, member: str, others: Collection[str]) -> None:
    """Raises CaseUnread if there is a case that a member can read who goes, and none of the others of their group."""
    left = (_case.c.group == group) & ~is_kept_from(_case, member)
    for each in others:
        left &= is_kept_from(_case, each)
    if connection.scalar(select(_case.c.number).where(left).limit(1)) is not None:
        raise CaseUnread


def exclude(connection: Connection, place: int, case: int, member: str, by: str, day: date) -> None:
    """Keeps a member away, for the reason in this place. Raises Overtaken, LastReader."""
    _put_aside(connection, case, member, by, day, place)


def readmit(connection: Connection, _: int, case: int, id_: int, day: date) -> None:
    """Lifts what keeps a member away. Raises Overtaken."""
    here = (_aside.c.id == id_) & (_aside.c.case == case) & _aside.c.lifted.is_(None)
    if not connection.execute(update(_aside).where(here).values(lifted=day)).rowcount:
        raise Overtaken


def hand_over(connection: Connection, _: int, handing: Handing) -> None:
    """Gives a case to another group, with what came damaged for it. Raises FilesUnopened, LastReader, Overtaken."""
    case = _case.c.number == handing.case
    if not _readers(connection, handing.case, handing.after):
        raise LastReader
    box = select(_case.c.box).where(case).scalar_subquery()
    unopened = _file.c.digest.is_not(None) & _file.c.wrapped_key.is_(None) & _file.c.verdict.is_(None)
    theirs = (_file.c.box == box) & (_file.c.direction == "to-desk") & _file.c.id.not_in(list(handing.closed))
    if connection.scalar(select(func.count()).select_from(_file).where(unopened, theirs)):
        raise FilesUnopened
    connection.execute(
        update(_arrival)
        .where(_arrival.c.box == box, _arrival.c.group == handing.before, _arrival.c.state == "refused")
        .values(group=handing.after)
    )
    moved = {"group": handing.after, "epoch": handing.epoch, "key": handing.key, "assigned": None}
    if not connection.execute(update(_case).where(case, _case.c.group == handing.before).values(moved)).rowcount:
        raise Overtaken
    connection.execute(
        delete(_handed).where(_handed.c.case == handing.case, _handed.c.group.in_([handing.before, handing.after]))
    )
    connection.execute(insert(_handed).values(case=handing.case, group=handing.before, day=handing.day))
    connection.execute(delete(_declared).where(_declared.c.case == handing.case))
    asking.drop_in(connection, handing.case)


class Conflicts:
    """Who may see a case, in the transactions of the desk's database."""

    def __init__(self, reading: "Transaction", writing: "Transaction", log: Callable[[Connection, "Act"], None]) -> None:
        self._reading, self._writing, self._log = reading, writing, log

    def has_declared(self, case: int, member: str) -> bool:
        with self._reading() as connection:
            here = (_declared.c.case == case) & (_declared.c.member == member)
            return connection.scalar(select(_declared.c.case).where(here)) is not None

    def declare(self, act: "Act") -> None:
        """Notes that a member knows of no conflict. Again changes nothing. Raises NotYours."""
        assert act.case is not None
        with self._writing() as connection:
            refuse_kept_away(connection, act.case, act.who)
            here = (_declared.c.case == act.case) & (_declared.c.member == act.who)
            if connection.scalar(select(_declared.c.case).where(here)) is None:
                connection.execute(insert(_declared).values(case=act.case, member=act.who, day=act.time.date()))
                self._log(connection, act)

    def step_aside(self, act: "Act") -> None:
        """Keeps a member away by their own word. Raises LastReader, Overtaken."""
        assert act.case is not None
        with self._writing() as connection:
            _put_aside(connection, act.case, act.who, act.who, act.time.date(), 0)
            self._log(connection, act)

    def aside(self, case: int) -> list[Aside]:
        """Who is kept away from a case."""
        columns = [_aside.c[name] for name in Aside.__dataclass_fields__]
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns).where(_aside.c.case == case, _aside.c.lifted.is_(None)).order_by(_aside.c.id)
            )
            return [Aside(**row._mapping) for row in rows]

    def secrets(self, case: int, member: str) -> set[int]:
        """The places of the notes that say why this member was kept away: not theirs to read, then or later."""
        with self._reading() as connection:
            return set(connection.scalars(select(_aside.c.place).where(_aside.c.case == case, _aside.c.member == member)))

    def readers(self, case: int, group: str) -> list[str]:
        """Who of a group may see a case, or could if it were theirs."""
        with self._reading() as connection:
            return _readers(connection, case, group)

    def unread(self) -> set[str]:
        """The groups with a case that somebody is kept away from, and that nobody who can sign in may read."""
        away = select(_aside.c.member).where(_aside.c.case == _case.c.number, _aside.c.lifted.is_(None)).correlate(_case)
        reader = exists().where(_member.c.group == _case.c.group, _member.c.name.not_in(away))
        some = _case.c.number.in_(select(_aside.c.case).where(_aside.c.lifted.is_(None)))
        with self._reading() as connection:
            return set(connection.scalars(select(_case.c.group).where(some, ~reader)))

    def former_groups(self, case: int) -> set[str]:
        """The groups that handed a case on: what is sealed to them still comes for it."""
        with self._reading() as connection:
            return set(connection.scalars(select(_handed.c.group).where(_handed.c.case == case)))

    def pass_on(self, arrival: int, sealed: bytes, group: str, epoch: int, recipient: bytes) -> None:
        """Puts an arrival under the key of the group that has its case now. It comes anew, for sessions that tried it before.

        Group, epoch and recipient are those that it was first sealed to.
        """
        newest = select(func.max(_arrival.c.id) + 1).scalar_subquery()
        values = {"id": newest, "sealed": sealed, "group": group, "epoch": epoch, "recipient": recipient}
        with self._writing() as connection:
            connection.execute(update(_arrival).where(_arrival.c.id == arrival, _arrival.c.state == "waiting").values(values))


def is_reader(connection: Connection, case: int | None, member: str) -> bool:
    """Whether a member can see this case now."""
    group = connection.scalar(select(_case.c.group).where(_case.c.number == case))
    return case is not None and member in _readers(connection, case, str(group))


def _readers(connection: Connection, case: int, group: str) -> list[str]:
    away = select(_aside.c.member).where(_aside.c.case == case, _aside.c.lifted.is_(None))
    names = select(_member.c.name).where(_member.c.group == group, _member.c.name.not_in(away)).order_by(_member.c.name)
    return list(connection.scalars(names))


def _put_aside(connection: Connection, case: int, member: str, by: str, day: date, place: int) -> None:
    group = connection.scalar(select(_case.c.group).where(_case.c.number == case))
    left = _readers(connection, case, str(group))
    if member not in left:
        raise Overtaken
    if left == [member]:
        raise LastReader
    connection.execute(delete(_declared).where(_declared.c.case == case, _declared.c.member == member))
    unassign(connection, member, case)
    asking.drop_of(connection, member, case)
    values = {"case": case, "member": member, "by": by, "day": day, "place": place}
    connection.execute(insert(_aside).values(**values, lifted=None))

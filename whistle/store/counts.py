"""What stays of erased cases: counts for the numbers, of which none is of one case; and until then a note of each closed one.

A room of the desk's database (whistle.store.desk), which lends it its transactions. A count is of one group, one quarter and
one row of one table: none joins what two tables say of a case. In which rows a case stands is for its caller to say.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Date, Integer, String, column, delete, insert, select, table, update
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

if TYPE_CHECKING:
    from whistle.store.erasure import Transaction

Counts = Counter[tuple[str, str, int]]  # by table, row and quarter
_CLOSED = "closed"


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Noted(_Tables, table=True):
    """Of a closed case what only its contents tell, in codes: whoever erases it has no key."""

    __tablename__ = "noted"
    case: int = Field(primary_key=True)
    category: str | None
    anonymous: bool
    wrote: bool


class _Counted(_Tables, table=True):
    """How many erased cases stood in a row. `kept_from` is empty, or a member for whom so many do not count."""

    __tablename__ = "counted"
    group: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    quarter: int = Field(primary_key=True)
    of: str = Field(primary_key=True)  # a table of the numbers, or a time that they have the median of
    row: str = Field(primary_key=True)
    kept_from: str = Field(primary_key=True)
    cases: int


_TABLES = _Tables.metadata.tables
_noted, _counted = (_TABLES[name] for name in ("noted", "counted"))
_PLACE = [each for each in _counted.c if each.name != "cases"]
_KNOWN: dict[str, type[String | Date]] = {
    **dict.fromkeys(("group", "state", "outcome", "category"), String),
    **dict.fromkeys(("received", "acknowledged", "suppressed", "feedback"), Date),
}
_case = table("case", column("number", Integer), *(column(name, kind) for name, kind in _KNOWN.items()))
_aside = table("aside", column("case", Integer), column("member", String), column("lifted", Date))


@dataclass(frozen=True)
class Told:
    """What only the sealed part of a case tells: its category, and whether its reporter gave no name, and came back."""

    category: str | None
    anonymous: bool
    wrote: bool  # the reporter, after the report


@dataclass(frozen=True)
class Ended:
    """What is known of a case that is erased, without opening it. `category` is the desk's."""

    group: str
    state: str
    outcome: str | None
    category: str | None
    received: date
    acknowledged: date | None
    suppressed: date | None
    feedback: date | None
    told: Told


RowsOf = Callable[[Ended], Iterable[tuple[str, str]]]  # tables and rows


# In the transactions of other rooms -----------------------------------------------------------------------------------


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)


def note(connection: Connection, case: int, told: Told | None) -> None:
    """Notes what a case told, in place of what was noted before."""
    connection.execute(delete(_noted).where(_noted.c.case == case))
    if told is not None:
        connection.execute(insert(_noted).values(case=case, **vars(told)))


def keep_counted(connection: Connection, case: int, rows_of: RowsOf) -> None:
    """Counts a case that is about to be erased; and takes it off for whom it was kept from, whose numbers stay without it."""
    ended = _ended(connection, case)
    away = select(_aside.c.member).where(_aside.c.case == case, _aside.c.lifted.is_(None))
    when = (ended.group, ended.received.year, (ended.received.month + 2) // 3)
    for kept_from in ("", *connection.scalars(away).all()):
        for of, row in rows_of(ended):
            _count(connection, (*when, of, row, kept_from))


class Counted:
    """Notes and counts, in the transactions of the desk's database."""

    def __init__(self, reading: "Transaction", writing: "Transaction") -> None:
        self._reading, self._writing = reading, writing

    def note(self, noted: Mapping[int, Told]) -> None:
        """Notes what closed cases told, where it is not what was noted. One that is not closed any more gets no note."""
        with self._reading() as connection:
            known = {row.case: Told(row.category, row.anonymous, row.wrote) for row in connection.execute(select(_noted))}
        changed = {case: told for case, told in noted.items() if known.get(case) != told}
        if not changed:
            return
        with self._writing() as connection:
            for case, told in changed.items():
                if connection.scalar(select(_case.c.state).where(_case.c.number == case)) == _CLOSED:
                    note(connection, case, told)

    def of(self, group: str, member: str) -> dict[int, Counts]:
        """The counts of a group's erased cases by year, but for those that were kept from this member."""
        found: defaultdict[int, Counts] = defaultdict(Counter)
        here = (_counted.c.group == group) & _counted.c.kept_from.in_(["", member])
        with self._reading() as connection:
            for each in connection.execute(select(_counted).where(here)):
                found[each.year][each.of, each.row, each.quarter] += -each.cases if each.kept_from else each.cases
        return {year: +counts for year, counts in found.items() if +counts}


def _ended(connection: Connection, case: int) -> Ended:
    """Of whom nothing was noted counts as one who gave no name and did not write again."""
    columns = select(*(_case.c[name] for name in _KNOWN), _noted.c.category.label("told"), _noted.c.anonymous, _noted.c.wrote)
    both = _case.outerjoin(_noted, _noted.c.case == _case.c.number)
    row = connection.execute(columns.select_from(both).where(_case.c.number == case)).one()
    told = Told(row.told, row.anonymous is not False, bool(row.wrote))
    return Ended(**{name: row._mapping[name] for name in _KNOWN}, told=told)


def _count(connection: Connection, place: tuple[str | int, ...]) -> None:
    values = {each.name: value for each, value in zip(_PLACE, place, strict=True)}
    here = [_counted.c[name] == value for name, value in values.items()]
    if not connection.execute(update(_counted).where(*here).values(cases=_counted.c.cases + 1)).rowcount:
        connection.execute(insert(_counted).values(**values, cases=1))

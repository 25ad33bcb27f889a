"""What the inbox is listed by: columns of each case that every act keeps up, counted and listed without opening anything.

A room of the desk's database (whistle.store.desk), which lends it its transactions and says which cases a member sees. It
knows no rule: days come from Clocks. What was said is sealed, so whose turn it is comes from directions alone: the desk's
after any word of the reporter, the reporter's after any of the desk, but for one that only tells of a step of the case (an
acknowledgement, a notice): that asks nothing and answers nothing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    Date,
    FromClause,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    column,
    func,
    select,
    table,
    tuple_,
    update,
)

from whistle.protocol.content import INTERNAL, TO_DESK, TO_REPORTER
from whistle.store.conflicts import visible
from whistle.store.erasure import Transaction

if TYPE_CHECKING:
    from whistle.store.desk import Case

NEVER = date.max  # sorts after every day that comes
DESK, REPORTER = "desk", "reporter"
SECTIONS = ("new", "overdue", "due", "answer", "desk", "reporter", "mine")
_CLOSED = "closed"
_case = table(
    "case",
    *(column(name, Integer) for name in ("number", "heard")),
    *(column(name, Date) for name in ("answered", "due", "due_soon", "answer_by", "acknowledge_by", "feedback_by")),
    *(column(name, String) for name in ("turn", "due_what")),
)
_content = table("content", *(column(name) for name in ("case", "place", "direction", "day")))
_reading = table("reading", column("member", String), column("case", Integer), column("place", Integer))


@dataclass(frozen=True)
class Due:
    """What a case owes next. Names and order are those of its columns."""

    due: date = NEVER  # the last day for it
    due_what: str | None = None
    due_soon: date = NEVER  # from this day on it, or something after it, is soon
    answer_by: date = NEVER  # the last day for the first words of a person; never once there were some
    acknowledge_by: date = NEVER  # the last days, whether they were kept or not, here and below
    feedback_by: date = NEVER


@dataclass(frozen=True)
class Clocks:
    """The days of cases under one set of rules. `rules` tells them from any other."""

    rules: str
    due: Callable[["Case"], Due]


@dataclass(frozen=True)
class Wanted:
    """Which of the cases that a member sees: all of them, narrowed by what is given."""

    section: str = ""
    state: str = ""
    since: date | None = None  # received, both days included
    until: date | None = None
    numbers: frozenset[int] | None = None
    after: tuple[date, int] | None = None  # the due day and the number of the last case of the page before


# In the transactions of other rooms -----------------------------------------------------------------------------------


def spoken(connection: Connection, case: int, direction: str, day: date, place: int, takes_turn: bool) -> None:
    """Notes who spoke. `takes_turn` says of the desk's words whether they are more than word of a step."""
    here = update(_case).where(_case.c.number == case)
    if direction == TO_DESK:
        connection.execute(here.values(heard=place, turn=DESK))
    elif direction == TO_REPORTER:
        turn = {"turn": REPORTER} if takes_turn else {}
        connection.execute(here.values(answered=func.coalesce(_case.c.answered, day), **turn))


def keep_time(connection: Connection, cases: Iterable["Case"], clocks: Clocks) -> None:
    """Computes the days of these cases anew."""
    rows = [{"here": case.number, **vars(clocks.due(case))} for case in cases]
    if rows:
        names: dict[str, Any] = {name: bindparam(name) for name in Due.__dataclass_fields__}
        connection.execute(update(_case).where(_case.c.number == bindparam("here")).values(names), rows)


def fill(connection: Connection) -> None:
    """Notes who spoke in every case of an earlier database. Which of the desk's words told of a step is not known any more."""
    said = select(_content).where(_content.c.direction != INTERNAL).order_by(_content.c.place)
    for row in connection.execute(said).all():
        spoken(connection, row.case, row.direction, row.day, row.place, True)


def among(case: Table, numbers: Collection[int] | None) -> FromClause:
    """All cases, or the numbered ones: with a limit they are looked up by their numbers, not among all of the group."""
    return case if numbers is None else select(case).where(case.c.number.in_(numbers)).limit(len(numbers)).subquery()


class WorkList:
    """Counts and lists what a member sees."""

    def __init__(self, reading: Transaction, case: Table) -> None:
        self._reading, self._case = reading, case

    def counts(self, groups: Sequence[str], member: str, wanted: Wanted, today: date) -> dict[str, int]:
        """How many cases each section has of those that are wanted, whatever its own is; "" is all of them."""
        with self._reading() as connection:
            found = connection.execute(self._counted(groups, member, wanted, today)).one()
            return dict(zip(("", *SECTIONS), found, strict=True))

    def page(self, groups: Sequence[str], member: str, wanted: Wanted, today: date, length: int) -> list[int]:
        """The numbers of the next cases, what is due first in front."""
        with self._reading() as connection:
            return list(connection.scalars(self._listed(groups, member, wanted, today).limit(length)))

    def _counted(self, groups: Sequence[str], member: str, wanted: Wanted, today: date) -> Select[Any]:
        case = among(self._case, wanted.numbers)
        each = _sections(case.c, member, today)
        counts: list[Any] = [func.count(), *(func.count().filter(each[name]) for name in SECTIONS)]
        return self._wanted(select(*counts), case, groups, member, wanted, "new")

    def _listed(self, groups: Sequence[str], member: str, wanted: Wanted, today: date) -> Select[Any]:
        case = among(self._case, wanted.numbers)
        query = self._wanted(select(case.c.number), case, groups, member, wanted, wanted.section)
        if wanted.section:
            query = query.where(_sections(case.c, member, today)[wanted.section])
        if wanted.after is not None:
            query = query.where(tuple_(case.c.due, case.c.number) > tuple_(*wanted.after))
        return query.order_by(case.c.due, case.c.number)

    def _wanted(
        self, query: Select[Any], case: FromClause, groups: Sequence[str], member: str, wanted: Wanted, section: str
    ) -> Select[Any]:
        """What is wanted of any section, with what a member read if the section hangs on that."""
        seen = (_reading.c.case == case.c.number) & (_reading.c.member == member)
        cases = case.outerjoin(_reading, seen) if section == "new" else case
        query = query.select_from(cases).where(visible(case, groups, member))
        if wanted.state:
            query = query.where(case.c.state == wanted.state)
        if wanted.since is not None:
            query = query.where(case.c.received >= wanted.since)
        if wanted.until is not None:
            query = query.where(case.c.received <= wanted.until)
        return query


def _sections(case: Any, member: str, today: date) -> dict[str, Any]:
    is_open = case.state != _CLOSED
    return {
        "new": case.heard > func.coalesce(_reading.c.place, 0),
        "overdue": case.due < today,
        "due": (case.due >= today) & (case.due_soon <= today),
        "answer": case.answer_by < NEVER,
        "desk": is_open & (case.turn == DESK),
        "reporter": is_open & (case.turn == REPORTER),
        "mine": is_open & (case.assigned == member),
    }

"""Reading the log of the desk: its lines by case, member and day, and whether refusals have piled up. It writes nothing.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its tables.
"""

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Table, exists, func, or_, select

from whistle.store.conflicts import visible, visible_erased
from whistle.store.erasure import Transaction

OPENED_LOG = "opened log"
LINKED, RELATED = "linked with earlier", "changed related"
LINKS = (LINKED, RELATED)
REFUSALS = ("sign-in refused", "passphrase refused", "factor refused", "passkey cloned", "refused")


@dataclass(frozen=True)
class Line:
    """A line of the log. `time` is UTC, as it is written."""

    number: int
    time: str
    who: str
    action: str
    case: int | None


@dataclass(frozen=True)
class Which:
    """Which lines; None leaves none out. With `groups` and `member`, no lines of cases that this member must not see.

    Nor does a line then say that a case is linked with one of those.
    """

    groups: Collection[str] | None = None
    member: str | None = None
    case: int | None = None
    who: str | None = None
    first: date | None = None
    last: date | None = None
    before: int | None = None


class Log:
    """The lines that are there."""

    def __init__(self, reading: Transaction, log: Table, cases: Table, erased: Table) -> None:
        self._reading, self._log, self._cases, self._erased = reading, log, cases, erased

    def lines(self, which: Which, limit: int | None = None) -> list[Line]:
        """The newest first."""
        columns = [self._log.c[name] for name in Line.__dataclass_fields__]
        rows = select(*columns).where(*self._conditions(which)).order_by(self._log.c.number.desc()).limit(limit)
        with self._reading() as connection:
            return [Line(**row._mapping) for row in connection.execute(rows)]

    def _conditions(self, which: Which) -> Iterator[Any]:
        log = self._log.c
        if which.groups is not None:
            assert which.member is not None
            seen = partial(self._sees, groups=list(which.groups), member=which.member)
            other = self._log.alias().c  # a link is a line in each of its cases, written in one moment
            linked = other.action.in_(LINKS) & (other.time == log.time) & (other.who == log.who)
            yield seen(log.case)
            yield log.action.not_in(LINKS) | ~exists().where(linked, ~seen(other.case))
        if which.case is not None:
            yield log.case == which.case
        if which.who is not None:
            yield log.who == which.who
        if which.first is not None:
            yield log.time >= str(which.first)
        if which.last is not None:
            yield log.time <= f"{which.last}T99"  # after every time of that day: times are compared as texts
        if which.before is not None:
            yield log.number < which.before

    def _sees(self, case: Any, groups: Collection[str], member: str) -> Any:
        """Whether a line of this case, or of none, is one that a member of these groups may see."""
        cases, erased = self._cases, self._erased
        return or_(
            case.is_(None),
            case.in_(select(cases.c.number).where(visible(cases, groups, member))),
            case.in_(select(erased.c.number).where(visible_erased(erased, groups, member))),
        )

    def is_alarming(self, limit: int) -> bool:
        """Whether more refusals than this came within a day, and no member has opened the log since."""
        log = self._log.c
        seen = select(func.coalesce(func.max(log.number), 0)).where(log.action == OPENED_LOG).scalar_subquery()
        times = select(log.time).where(log.action.in_(REFUSALS), log.number > seen).order_by(log.number)
        recent: deque[datetime] = deque(maxlen=limit + 1)
        with self._reading() as connection:
            for time in connection.scalars(times):
                recent.append(datetime.fromisoformat(time))
                if len(recent) > limit and recent[-1] - recent[0] < timedelta(days=1):
                    return True
        return False

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

OPENED_LOG, SAW_REFUSALS = "opened log", "saw refusals"
WAITED = "waited "  # and how often somebody tried meanwhile
BEGAN = "began "  # and the day on which the report was received
LINKED, RELATED = "linked with earlier", "changed related"
LINKS = (LINKED, RELATED)
REFUSALS = ("sign-in refused", "passphrase refused", "factor refused", "passkey cloned", "refused")


@dataclass(frozen=True)
class Line:
    """A line of the log. `time` is UTC, as it is written; it and `who` are empty once the words of the line are dropped."""

    number: int
    time: str
    who: str
    action: str
    case: int | None
    purpose: str | None = None
    note: int | None = None  # the place of the note that says why


@dataclass(frozen=True)
class Which:
    """Which lines; None leaves none out. With `groups` and `member`, no lines of cases that this member must not see.

    Nor does a line then say that a case is linked with one of those.
    """

    groups: Collection[str] | None = None
    member: str | None = None
    case: int | None = None
    who: str | None = None
    action: str | None = None
    first: date | None = None
    last: date | None = None


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

    def page(self, which: Which, length: int, older: int | None) -> tuple[list[Line], int]:
        """The newest of the first `older` of these lines, or of all; and how many those are, the given ones among them.

        A page counts what its reader sees: the number of a line would tell that there are others beside it, and when.
        """
        conditions, log = list(self._conditions(which)), self._log.c
        rows = select(*(log[name] for name in Line.__dataclass_fields__)).where(*conditions).order_by(log.number.desc())
        with self._reading() as connection:
            there = connection.execute(select(func.count()).select_from(self._log).where(*conditions)).scalar_one()
            rest = there if older is None else min(older, there)
            found = connection.execute(rows.offset(there - rest).limit(length))
            return [Line(**row._mapping) for row in found], rest

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
        if which.action is not None:
            yield log.action == which.action
        if which.first is not None:
            yield log.time >= str(which.first)
        if which.last is not None:
            yield log.time <= f"{which.last}T99"  # after every time of that day: times are compared as texts

    def _sees(self, case: Any, groups: Collection[str], member: str) -> Any:
        """Whether a line of this case, or of none, is one that a member of these groups may see."""
        cases, erased = self._cases, self._erased
        return or_(
            case.is_(None),
            exists().where(cases.c.number == case, visible(cases, groups, member)),
            exists().where(erased.c.number == case, visible_erased(erased, groups, member)),
        )

    def refused(self, limit: int) -> frozenset[str]:
        """Who was refused, if that was more often than this within a day and nobody else has looked since; or nobody."""
        log = self._log.c
        seen = select(func.coalesce(func.max(log.number), 0)).where(log.action == SAW_REFUSALS).scalar_subquery()
        return self._piled_up(limit, log.number > seen)

    def were_refused(self, limit: int, since: date) -> bool:
        """Whether it was more often than this within a day from then on, whoever has looked."""
        return bool(self._piled_up(limit, self._log.c.time >= str(since)))

    def _piled_up(self, limit: int, where: Any) -> frozenset[str]:
        log = self._log.c
        refusal = or_(log.action.in_(REFUSALS), log.action.startswith(WAITED))
        rows = select(log.time, log.who).where(refusal, where).order_by(log.number)
        recent: deque[tuple[datetime, str]] = deque(maxlen=limit + 1)
        who: set[str] = set()
        with self._reading() as connection:
            for row in connection.execute(rows):
                recent.append((datetime.fromisoformat(row.time), row.who))
                if len(recent) > limit and recent[-1][0] - recent[0][0] < timedelta(days=1):
                    who |= {name for _, name in recent}
        return frozenset(who)

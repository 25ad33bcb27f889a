"""Looking at the numbers: cases are opened with a member's keys to be counted, and only their facts stay, in the session.

No case that is counted is marked as read, and the log has one line for a look, not one for each case. Of cases that were erased
only counts are left (whistle.store.counts); so that these are right, a look notes in codes what closed cases told.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import StringIO
from urllib.parse import urlencode

from whistle.desk.numbers import CATEGORIES, CLOSED, QUARTERS, Facts, Numbers, Period, noted, numbers, rows_of, tally
from whistle.desk.reading import OpenCase, Reader
from whistle.desk.sessions import Session
from whistle.desk.states import State
from whistle.errors import NoSuchPeriod, NotAContent, NotYours
from whistle.protocol.content import TO_DESK, Continues, Files, Read, Report, SealedIdentity
from whistle.store.counts import Ended, Told
from whistle.store.desk import Act, Case, Cases
from whistle.web.templates import Catalogue

# A report's own files come after it, and a browser says by itself what was read or goes on: none is somebody coming back.
_NOT_WRITTEN = (Report, Files, Read, Continues)
_OPEN = {state.value for state in State} - {State.CLOSED.value}


@dataclass(frozen=True)
class Look:
    """What a member looks at, what else can be asked for, and the numbers."""

    group: str
    years: Sequence[int]
    period: Period
    days: int  # to acknowledge
    numbers: Numbers

    @property
    def query(self) -> str:
        """What asks for the same again."""
        return urlencode({"group": self.group, "year": self.period.year, "quarter": self.period.quarter or ""})


class Counting:
    """Counts the cases of one group at a time, so that no two pages can be subtracted from each other."""

    def __init__(self, cases: Cases, reader: Reader, days: int) -> None:
        self._cases, self._reader, self._days = cases, reader, days

    def look(self, session: Session, query: Mapping[str, str], now: datetime) -> Look:
        """The numbers that were asked for; the newest year of the first group if nothing was. Raises NoSuchPeriod."""
        group = query.get("group") or next(iter(session.groups), "")
        if group and group not in session.groups:
            raise NoSuchPeriod
        cases = [case for case, _ in self._cases.inbox([group], session.member)]
        erased = self._cases.counted.of(group, session.member)
        years = range(min((*erased, *(case.received.year for case in cases)), default=now.year), now.year + 1)
        period = _period(query, years)
        self._cases.log(Act(now, session.member, "counted"))
        opened = list(self._opened(session, [case for case in cases if case.received.year == period.year]))
        self._cases.counted.note({case.number: noted(told) for case, told in opened if case.state == State.CLOSED})
        there = tally((_facts(case, told) for case, told in opened), now.date(), self._days)
        return Look(group, years, period, self._days, numbers(there + erased.get(period.year, Counter()), period))

    def _opened(self, session: Session, cases: Iterable[Case]) -> Iterator[tuple[Case, Told]]:
        """What is told by every case that the session's keys open, and that its member may see."""
        ends = self._cases.ends()
        for case in cases:
            try:
                yield case, self._told(session, case.number, ends.get(case.number, 0))
            except (NotYours, NotAContent):
                continue

    def _told(self, session: Session, case: int, end: int) -> Told:
        """As it was opened before, unless something has come since."""
        known = session.counted.get(case)
        if known is None or known[0] != end:
            known = session.counted[case] = (end, told(self._reader.unshown(session, case)))
        return known[1]


def told(opened: OpenCase) -> Told:
    """The facts of a case that only its contents tell."""
    items = [item for item in opened.thread.items if item.content is not None and item.direction == TO_DESK]
    bodies = [item.content.body for item in items if item.content is not None]
    return Told(
        next((each.answer for each in opened.report.answers if each.question == "category"), None),
        opened.report.identity is None and not any(isinstance(body, SealedIdentity) for body in bodies),
        not all(isinstance(body, _NOT_WRITTEN) for body in bodies),
    )


def rows_of_erased(today: date, days: int, ended: Ended) -> Iterable[tuple[str, str]]:
    """In which rows of the numbers a case stands for good that is erased today."""
    return rows_of(_facts(ended, ended.told), today, days)


def _facts(case: Case | Ended, told: Told) -> Facts:
    if case.category is not None:  # the desk knows better than whoever reported
        told = replace(told, category=case.category)
    return Facts(State(case.state), case.outcome, case.received, case.acknowledged or case.suppressed, case.feedback, told)


def label(table: str, code: str) -> str:
    """The word that names a row."""
    if table == "category" and code in CATEGORIES:
        return f"answer.category.{code}"
    if table == "standing" and code.startswith(CLOSED):
        return f"code.{code.removeprefix(CLOSED)}"
    return f"state.{code}" if table == "standing" and code in _OPEN else f"numbers.{table}.{code}"


def sheet(shown: Numbers, words: Catalogue) -> bytes:
    """What the page shows, as CSV."""
    written = StringIO()
    lines = csv.writer(written)
    lines.writerow(words(f"numbers.{column}") for column in ("table", "row", "cases", "share"))
    for line in _lines(shown, words):
        lines.writerow(words("numbers.hidden") if cell is None else cell for cell in line)
    return written.getvalue().encode("utf-8-sig")  # with the mark by which a spreadsheet knows the encoding


def _lines(shown: Numbers, words: Catalogue) -> Iterator[Sequence[str | int | None]]:
    yield words("numbers.all"), "", shown.total, ""
    for table in shown.tables:
        for row in table.rows:
            yield words(f"numbers.of.{table.name}"), words(label(table.name, row.code)), row.count, row.share
    if shown.tables:
        yield words("numbers.heard"), "", "", shown.heard
        for what, days in (("acknowledged", shown.acknowledged), ("feedback", shown.feedback)):
            yield words(f"numbers.half_{what}"), words("numbers.days"), days, ""


def _period(query: Mapping[str, str], years: Sequence[int]) -> Period:
    year, quarter = query.get("year", str(years[-1])), query.get("quarter", "")
    if year not in map(str, years) or quarter not in ("", *map(str, QUARTERS)):
        raise NoSuchPeriod
    return Period(int(year), int(quarter) if quarter else None)

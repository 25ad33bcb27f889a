"""The days of every case, for whoever checks that its last days were kept. No word, code or name of it but its state.

A room of the desk's database (whistle.store.desk), which lends it its transactions. It knows no rule: last days are columns.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Table, func, select

from whistle.store.conflicts import visible
from whistle.store.erasure import Transaction


@dataclass(frozen=True)
class DaysOfCase:
    """What was done after its last day is late for good; what is still owed is late from the day after."""

    number: int
    state: str
    received: date
    acknowledged: date | None
    suppressed: date | None  # the acknowledgement, left out for a reason
    acknowledge_by: date
    feedback: date | None  # first given
    feedback_by: date
    closed: date | None
    late_to_acknowledge: bool
    late_with_feedback: bool


_COLUMNS = tuple(DaysOfCase.__dataclass_fields__)[:-2]


class DayBook:
    """Lists cases by their days."""

    def __init__(self, reading: Transaction, case: Table) -> None:
        self._reading, self._case = reading, case

    def page(
        self, groups: Collection[str] | None, member: str, today: date, length: int, late: bool, before: int | None
    ) -> list[DaysOfCase]:
        """The newest of the cases that a member of these groups may know of, or of all; `late` alone, before that number."""
        case = self._case.c
        acknowledge = func.coalesce(case.acknowledged, case.suppressed, today) > case.acknowledge_by
        feedback = func.coalesce(case.feedback, case.closed, today) > case.feedback_by  # what is closed owes none
        rows = select(*(case[name] for name in _COLUMNS), acknowledge, feedback).order_by(case.number.desc()).limit(length)
        if groups is not None:
            rows = rows.where(visible(self._case, groups, member))
        if late:
            rows = rows.where(acknowledge | feedback)
        if before is not None:
            rows = rows.where(case.number < before)
        with self._reading() as connection:
            return [DaysOfCase(*row) for row in connection.execute(rows)]

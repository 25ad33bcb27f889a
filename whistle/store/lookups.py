"""Dropping the look-ups of an erased case after their time: who read it when, and why. That it was read stays, and the chain.

A room of the desk's database (whistle.store.desk), which lends it its transactions, its tables and its log.
"""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, func, select, update

from whistle.store.chain import LOOK_UPS, NO_WORDS, digest_of
from whistle.store.erasure import ERASED, Transaction

if TYPE_CHECKING:
    from whistle.store.desk import Act


_CLOSINGS = ("state closed", "closed without feedback")


class LookUps:
    """The lines of the first format stay: no digest holds their place."""

    def __init__(self, writing: Transaction, table: Table, log: Callable[[Connection, "Act"], None]) -> None:
        self._writing, self._table, self._log = writing, table, log

    def drop(self, is_over: Callable[[date], bool], said: Callable[[int], "Act"]) -> bool:
        """Drops them of every erased case whose time `is_over` from its closing; whether there were any."""
        log, dropped = self._table.c, False
        kept = log.action.in_(LOOK_UPS) & log.salt.is_not(None)
        cases = select(ERASED.c.number, ERASED.c.day).where(ERASED.c.number.in_(select(log.case).where(kept)))
        last = select(func.max(log.time)).where(log.action.in_(_CLOSINGS))
        with self._writing() as connection:
            for number, day in connection.execute(cases).all():
                closed = connection.scalar(last.where(log.case == number))
                if is_over(date.fromisoformat(closed[:10]) if closed else day):
                    for line in connection.execute(select(self._table).where(log.case == number, kept)).all():
                        values = {**NO_WORDS, "digest": digest_of(line)}
                        connection.execute(update(self._table).where(log.number == line.number).values(values))
                    self._log(connection, said(number))
                    dropped = True
        return dropped

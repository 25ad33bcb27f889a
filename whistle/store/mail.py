"""What the desk keeps of its mail: which kinds went to whom at which hour, what still waits, about which cases it asked.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its log. An address is here as a hash
alone: the settings have it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Date, LargeBinary, String, column, delete, func, insert, select, table, update
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.store.conflicts import is_kept_from
from whistle.store.erasure import Transaction

if TYPE_CHECKING:
    from whistle.store.desk import Act


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Mail(_Tables, table=True):
    __tablename__ = "mail"
    id: int = Field(primary_key=True)
    address: bytes = Field(sa_type=LargeBinary)
    slot: datetime
    kinds: str
    sent: bool
    failed: bool  # at least once


class _Asked(_Tables, table=True):
    """The last day on which mail was made about a box."""

    __tablename__ = "mailed_about"
    box: bytes = Field(sa_type=LargeBinary, primary_key=True)
    day: date


class _Planned(_Tables, table=True):
    """One row: the last hour for which mail was made."""

    __tablename__ = "mail_planned"
    slot: datetime = Field(primary_key=True)


_TABLES = _Tables.metadata.tables
_mail, _about, _planned = (_TABLES[name] for name in ("mail", "mailed_about", "mail_planned"))
_DAYS = (
    *(
        "received",
        "answered",
        "acknowledged",
        "suppressed",
        "feedback",
        "closed",
        "out_of_scope",
        "money_laundering",
        "escalated",
    ),
    *("task_by", "plan_by", "telling_by"),
)
_case = table(
    "case",
    *(column(name, Date) for name in _DAYS),
    *(column(name, String) for name in ("number", "group", "state")),
    column("box", LargeBinary),
)
_arrival = table("arrival", column("box", LargeBinary), column("day", Date), column("state", String))
_forget = table("forget", column("box", LargeBinary))


@dataclass(frozen=True)
class About:
    """What mail may be about: a case, or a box that nobody has opened, whose group is unknown. `last`: when it last was."""

    box: bytes
    group: str | None
    state: str
    received: date
    answered: date | None = None
    acknowledged: date | None = None
    suppressed: date | None = None
    feedback: date | None = None
    closed: date | None = None
    out_of_scope: date | None = None
    money_laundering: date | None = None
    escalated: date | None = None
    task_by: date | None = None
    plan_by: date | None = None
    telling_by: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Waiting:
    """A mail that was made and has not gone."""

    id: int
    address: bytes
    slot: datetime
    kinds: tuple[str, ...]
    failed: bool


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)


class Mails:
    """Mail that was made and mail that went, in the transactions of the desk's database."""

    def __init__(self, reading: Transaction, writing: Transaction, log: Callable[[Connection, "Act"], None]) -> None:
        self._reading, self._writing, self._log = reading, writing, log

    def planned(self) -> datetime | None:
        """The last hour for which mail was made."""
        with self._reading() as connection:
            slot: datetime | None = connection.scalar(select(_planned.c.slot))
            return slot

    def about(self) -> list[About]:
        """Every case, and every box that is none yet."""
        columns = [_case.c.box, _case.c.group, _case.c.state, *(_case.c[name] for name in _DAYS)]
        cases = select(*columns, _about.c.day.label("last")).select_from(_case)
        cases = cases.outerjoin(_about, _about.c.box == _case.c.box)
        waiting = select(_arrival.c.box, func.min(_arrival.c.day).label("received"), func.max(_about.c.day).label("last"))
        waiting = waiting.select_from(_arrival).outerjoin(_about, _about.c.box == _arrival.c.box).group_by(_arrival.c.box)
        unopened = (_arrival.c.state == "waiting") & _arrival.c.box.not_in(select(_case.c.box))
        with self._reading() as connection:
            found = [About(**row._mapping) for row in connection.execute(cases)]
            rows = connection.execute(waiting.where(unopened))
            return found + [About(group=None, state="received", **row._mapping) for row in rows]

    def kept_from(self, member: str) -> set[bytes]:
        """The boxes of the cases that a member is kept away from."""
        with self._reading() as connection:
            return set(connection.scalars(select(_case.c.box).where(is_kept_from(_case, member))))

    def last(self) -> Mapping[tuple[bytes, str], date]:
        """When each kind was last made for each address."""
        found: dict[tuple[bytes, str], date] = {}
        with self._reading() as connection:
            for row in connection.execute(select(_mail).order_by(_mail.c.slot)):
                found |= {(row.address, kind): row.slot.date() for kind in row.kinds.split()}
        return found

    def plan(self, slot: datetime, kinds: Mapping[bytes, Collection[str]], about: Collection[bytes], before: date) -> None:
        """Keeps what is to go at an hour; what still waits for the same address goes with it. Drops what went before a day."""
        with self._writing() as connection:
            for address, new in kinds.items():
                here = (_mail.c.address == address) & _mail.c.sent.is_(False)
                rows = connection.execute(select(_mail.c.kinds, _mail.c.failed).where(here)).all()
                together = {*new, *(kind for row in rows for kind in row.kinds.split())}
                connection.execute(delete(_mail).where(here))
                values = {"address": address, "slot": slot, "kinds": " ".join(sorted(together)), "sent": False}
                connection.execute(insert(_mail).values(**values, failed=any(row.failed for row in rows)))
            connection.execute(delete(_about))
            if about:
                connection.execute(insert(_about), [{"box": box, "day": slot.date()} for box in about])
            connection.execute(delete(_about).where(_about.c.box.in_(select(_forget.c.box))))  # erased since they were read
            old = _mail.c.slot < datetime.combine(before, slot.time(), slot.tzinfo)
            connection.execute(delete(_mail).where(_mail.c.sent, old))
            connection.execute(delete(_planned))
            connection.execute(insert(_planned).values(slot=slot))

    def waiting(self) -> list[Waiting]:
        """What has not gone, in order."""
        with self._reading() as connection:
            rows = connection.execute(select(_mail).where(_mail.c.sent.is_(False)).order_by(_mail.c.id))
            return [Waiting(row.id, row.address, row.slot, tuple(row.kinds.split()), row.failed) for row in rows]

    def sent(self, mail: Waiting, act: "Act") -> None:
        with self._writing() as connection:
            connection.execute(update(_mail).where(_mail.c.id == mail.id).values(sent=True))
            self._log(connection, act)

    def failed(self, mail: Waiting, act: "Act") -> None:
        """Notes it once, however often it fails."""
        with self._writing() as connection:
            if connection.execute(update(_mail).where(_mail.c.id == mail.id, ~_mail.c.failed).values(failed=True)).rowcount:
                self._log(connection, act)

    def drop(self, mail: Waiting) -> None:
        """Nobody has this address any more."""
        with self._writing() as connection:
            connection.execute(delete(_mail).where(_mail.c.id == mail.id))

    def is_failing(self) -> bool:
        """Whether something waits that could not be sent."""
        with self._reading() as connection:
            return connection.scalar(select(func.count()).where(_mail.c.failed, ~_mail.c.sent)) != 0

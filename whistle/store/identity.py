"""What the desk keeps of identities: a case's one open request to reveal one, and where its disclosures are written.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its log. It opens nothing: `half` is an
identity without its outer layer, still sealed to ring B, and is gone with its request.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, LargeBinary, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.errors import NeedsAnother, NeedsOtherRing, Overtaken, RequestEnded
from whistle.store.conflicts import need_two
from whistle.store.erasure import Transaction

if TYPE_CHECKING:
    from whistle.store.desk import Act

RING_A, RING_B = "a", "b"


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Reveal(_Tables, table=True):
    __tablename__ = "reveal"
    __table_args__ = ({"sqlite_autoincrement": True},)  # nobody approves another request than the one on their page
    id: int = Field(primary_key=True)
    case: int = Field(unique=True)
    source: int
    by: str
    ring: str
    day: date
    ends: date
    half: bytes | None = Field(sa_type=LargeBinary)
    approved_by: str | None
    place: int


class _Disclosure(_Tables, table=True):
    __tablename__ = "disclosure"
    place: int = Field(primary_key=True)
    case: int = Field(index=True)
    ground: str
    consent: int | None
    notice: int | None


_TABLES = _Tables.metadata.tables
_reveal, _disclosure = (_TABLES[name] for name in ("reveal", "disclosure"))


class Beside(Protocol):
    """What is kept in one transaction with a note at `place`, and with the message at `told` that went before it, if any."""

    def keep(self, connection: Connection, case: int, place: int, told: int | None, /) -> None: ...


@dataclass(frozen=True)
class Request:
    """To reveal the identity in the content at `source`. `ends` is its last day; `ring` is the asker's."""

    source: int
    by: str
    ring: str
    day: date
    ends: date
    half: bytes | None = field(default=None, repr=False)
    approved_by: str | None = None
    place: int = 0  # of the note that says why; given by the store, as the id is
    id: int = 0

    @property
    def reader(self) -> str | None:
        """Who of the two is of ring B, and reads."""
        return self.by if self.ring == RING_B else self.approved_by

    def keep(self, connection: Connection, case: int, place: int, _told: int | None) -> None:
        """Raises Overtaken if the case has a request already."""
        values = {name: value for name, value in vars(self).items() if name != "id"} | {"place": place}
        try:
            connection.execute(insert(_reveal).values(case=case, **values))
        except IntegrityError:
            raise Overtaken from None


@dataclass(frozen=True)
class Refused:
    """A request that another member does not approve. Why is in the note."""

    id: int
    by: str

    def keep(self, connection: Connection, case: int, _place: int, _told: int | None) -> None:
        """Raises RequestEnded if nobody waits for an answer, NeedsAnother for one's own: that is ended, not refused."""
        row = _asked(connection, case, self.id)
        if row.approved_by:
            raise RequestEnded
        if row.by == self.by:
            raise NeedsAnother
        connection.execute(delete(_reveal).where(_reveal.c.id == self.id))


@dataclass(frozen=True)
class Disclosed:
    """That an identity is disclosed: the note at `place` says to whom and what, `consent` and `notice` are places too."""

    ground: str
    consent: int | None
    notice: int | None = None  # None if the reporter is not told, for the reason in the note
    place: int = 0

    def keep(self, connection: Connection, case: int, place: int, told: int | None) -> None:
        values = {"ground": self.ground, "consent": self.consent, "notice": told, "place": place}
        connection.execute(insert(_disclosure).values(case=case, **values))


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)


class Identities:
    """Requests and disclosures, in the transactions of the desk's database."""

    def __init__(self, reading: Transaction, writing: Transaction, log: Callable[[Connection, "Act"], None]) -> None:
        self._reading, self._writing, self._log = reading, writing, log

    def request(self, case: int) -> Request | None:
        """The request of a case, whether or not it has ended by now."""
        columns = [_reveal.c[name] for name in Request.__dataclass_fields__]
        with self._reading() as connection:
            row = connection.execute(select(*columns).where(_reveal.c.case == case)).first()
            return Request(**row._mapping) if row else None

    def approve(self, act: "Act", id_: int, ring: str, half: bytes | None, ends: date) -> None:
        """The word of a second member, with the half that they or the first made of it.

        Raises NeedsAnother for the first one's own word, NeedsOtherRing for one of the same ring, RequestEnded, Overtaken.
        """
        with self._writing() as connection:
            row = _asked(connection, act.case, id_, act.time.date())
            if row.approved_by:
                raise RequestEnded
            need_two(connection, act.case, row.by, act.who)
            if row.ring == ring:
                raise NeedsOtherRing
            values = {"approved_by": act.who, "half": half or row.half, "ends": ends}
            connection.execute(update(_reveal).where(_reveal.c.id == id_).values(values))
            self._log(connection, replace(act, note=row.place))

    def reveal(self, act: "Act", id_: int) -> bytes:
        """The half, for the one who reads it, once that is on the log. Raises RequestEnded, NeedsAnother."""
        with self._writing() as connection:
            row = _asked(connection, act.case, id_, act.time.date())
            if row.approved_by is None or act.who != (row.by if row.ring == RING_B else row.approved_by):
                raise NeedsAnother
            self._log(connection, replace(act, note=row.place))
            half: bytes = row.half
            return half

    def end(self, act: "Act", id_: int) -> None:
        """Takes a request away, and its half with it. Raises RequestEnded if it is gone."""
        with self._writing() as connection:
            _asked(connection, act.case, id_)
            connection.execute(delete(_reveal).where(_reveal.c.id == id_))
            self._log(connection, act)

    def lapse(self, now: datetime, ended: Callable[[int], "Act"]) -> None:
        """Takes every request away whose last day is over; each is a line of the log."""
        with self._writing() as connection:
            over = delete(_reveal).where(_reveal.c.ends < now.date()).returning(_reveal.c.case)
            for case in connection.scalars(over).all():
                self._log(connection, ended(case))

    def disclosures(self, case: int) -> list[Disclosed]:
        columns = [_disclosure.c[name] for name in Disclosed.__dataclass_fields__]
        with self._reading() as connection:
            rows = connection.execute(select(*columns).where(_disclosure.c.case == case).order_by(_disclosure.c.place))
            return [Disclosed(**row._mapping) for row in rows]


def _asked(connection: Connection, case: int | None, id_: int, today: date = date.min) -> Row[Any]:
    """The row of a request. Raises RequestEnded if there is none, or none any more today."""
    here = (_reveal.c.id == id_) & (_reveal.c.case == case) & (_reveal.c.ends >= today)
    row = connection.execute(select(_reveal).where(here)).first()
    if row is None:
        raise RequestEnded
    return row

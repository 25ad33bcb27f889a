"""What the desk keeps of parts of a case that are removed because they have nothing to do with it: who asked, who confirmed.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its log. What was removed leaves its
place in the chain behind, sealed under the case key, and no word.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Integer, LargeBinary, String, column, delete, exists, insert, select, table, union, update
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.errors import ForbiddenStep, Overtaken, PartNeeded
from whistle.store.conflicts import need_two
from whistle.store.erasure import HOLD, Transaction, ending_of
from whistle.store.files import REMOVED

if TYPE_CHECKING:
    from whistle.store.desk import Act


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Removal(_Tables, table=True):
    __tablename__ = "removal"
    __table_args__ = ({"sqlite_autoincrement": True},)  # nobody confirms another request than the one on their page
    id: int = Field(primary_key=True)
    case: int = Field(index=True)
    content: int | None  # its place
    file: bytes | None = Field(sa_type=LargeBinary)
    by: str
    day: date
    place: int  # of the note that says why
    confirmed_by: str | None
    confirmed: date | None
    link: bytes | None = Field(sa_type=LargeBinary)
    rewritten: bool  # this database's file, since


_removal = _Tables.metadata.tables["removal"]
_content = table(
    "content",
    *(column(name, Integer) for name in ("place", "case")),
    *(column(name, LargeBinary) for name in ("wrapped_key", "payload")),
)
_case = table("case", column("number", Integer), column("box", LargeBinary))
_file = table(
    "file",
    *(column(name, Integer) for name in ("id", "header")),
    *(column(name, LargeBinary) for name in ("box", "file", "wrapped_key")),
    *(column(name, String) for name in ("direction", "verdict")),
)
_part, _recording = (table(name, column("file", Integer)) for name in ("part", "recording"))
_log = table("log", column("case", Integer), column("note", Integer), column("action", String))
_POINTING = (  # rows that name a content by its place: as a reason, as what was consented to, as what is to be revealed
    *(("asked", "place"), ("aside", "place"), ("removal", "place"), ("reveal", "place"), ("reveal", "source")),
    *(("disclosure", "place"), ("disclosure", "consent")),
)


@dataclass(frozen=True)
class Part:
    """A content, by its place, or a file of the reporter's, by its id, that somebody wants removed. `link` once it is."""

    by: str
    day: date
    content: int | None = None
    file: bytes | None = None
    place: int = 0  # given by the store, here and below
    confirmed_by: str | None = None
    confirmed: date | None = None
    link: bytes | None = None
    id: int = 0


def prepare(connection: Connection) -> None:
    """Makes the table."""
    _Tables.metadata.create_all(connection)


def ask(connection: Connection, case: int, part: Part, place: int) -> None:
    """Keeps a request. Raises Overtaken if it was asked for already, ForbiddenStep while the case must be kept as it is.

    Raises PartNeeded if something else points to the part.
    """
    _refuse_held(connection, case)
    _refuse_needed(connection, case, part)
    same = (_removal.c.case == case) & (_removal.c.content == part.content) & (_removal.c.file == part.file)
    if connection.scalar(select(_removal.c.id).where(same)) is not None:
        raise Overtaken
    values = {name: value for name, value in vars(part).items() if name != "id"} | {"place": place}
    connection.execute(insert(_removal).values(case=case, **values, rewritten=False))


class Removals:
    """Requests to remove a part, and removing, in the transactions of the desk's database."""

    def __init__(self, reading: Transaction, writing: Transaction, log: Callable[[Connection, "Act"], None]) -> None:
        self._reading, self._writing, self._log = reading, writing, log

    def of_case(self, case: int) -> tuple[Part, ...]:
        columns = [_removal.c[name] for name in Part.__dataclass_fields__]
        with self._reading() as connection:
            rows = connection.execute(select(*columns).where(_removal.c.case == case).order_by(_removal.c.id))
            return tuple(Part(**row._mapping) for row in rows)

    def needed(self, case: int) -> frozenset[int]:
        """The places of what something else points to, and so cannot be removed."""
        with self._reading() as connection:
            return _needed(connection, case)

    def confirm(self, act: "Act", part: Part, link: bytes | None, direction: str, files: Collection[bytes]) -> None:
        """The second member's word, and what it destroys, in one moment: these files of the direction go too.

        Raises what asking raises, and NeedsAnother.
        """
        assert act.case is not None
        with self._writing() as connection:
            _refuse_held(connection, act.case)
            here = (_removal.c.id == part.id) & (_removal.c.case == act.case) & _removal.c.confirmed.is_(None)
            by = connection.scalar(select(_removal.c.by).where(here))
            if by is None:
                raise Overtaken
            need_two(connection, act.case, by, act.who)
            _refuse_needed(connection, act.case, part)
            values = {"confirmed_by": act.who, "confirmed": act.time.date(), "link": link}
            connection.execute(update(_removal).where(here).values(**values))
            _destroy(connection, act.case, part, direction, files)
            self._log(connection, replace(act, note=part.place))

    def withdraw(self, act: "Act", id_: int) -> None:
        """Takes a request back. Raises Overtaken if there is none."""
        here = (_removal.c.id == id_) & (_removal.c.case == act.case) & _removal.c.confirmed.is_(None)
        with self._writing() as connection:
            if not connection.execute(delete(_removal).where(here)).rowcount:
                raise Overtaken
            self._log(connection, act)

    def has_traces(self) -> bool:
        """Whether something was removed since this database's file was last rewritten."""
        with self._reading() as connection:
            return bool(connection.scalar(select(exists().where(_traces()))))

    def traceless(self) -> None:
        with self._writing() as connection:
            connection.execute(update(_removal).where(_traces()).values(rewritten=True))


def _traces() -> Any:
    return _removal.c.confirmed.is_not(None) & _removal.c.rewritten.is_(False)


def _refuse_held(connection: Connection, case: int) -> None:
    if ending_of(connection, case).confirmed(HOLD):
        raise ForbiddenStep


def _refuse_needed(connection: Connection, case: int, part: Part) -> None:
    if part.content in _needed(connection, case):
        raise PartNeeded


def _needed(connection: Connection, case: int) -> frozenset[int]:
    named = [(table(name, column("case", Integer), column(at, Integer)).c, at) for name, at in _POINTING]
    reasons = select(_log.c.note).where(_log.c.case == case, _log.c.action != "noted")  # a mere note gives no reason
    places = union(reasons, *(select(row[at]).where(row.case == case) for row, at in named))
    return frozenset(place for place in connection.scalars(places) if place)


def _destroy(connection: Connection, case: int, part: Part, direction: str, files: Collection[bytes]) -> None:
    """Key and payload. Of a file its row stays, without a byte, so that the same one is never taken in again."""
    here = (_content.c.case == case) & (_content.c.place == part.content)
    connection.execute(update(_content).where(here).values(wrapped_key=b"", payload=b""))
    box = select(_case.c.box).where(_case.c.number == case).scalar_subquery()
    its = (_file.c.box == box) & _file.c.file.in_(list(files)) & (_file.c.direction == direction)
    ids = select(_file.c.id).where(its)
    connection.execute(delete(_part).where(_part.c.file.in_(ids)))
    connection.execute(delete(_recording).where(_recording.c.file.in_(ids)))  # it is erased by no clock any more
    connection.execute(update(_file).where(its).values(wrapped_key=None, header=0, verdict=REMOVED))

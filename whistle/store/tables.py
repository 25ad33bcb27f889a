"""The tables of the desk's database that its rooms share; each has its own besides. No column holds what a person wrote."""

from datetime import date

from sqlalchemy import Connection, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.store.erasure import next_number
from whistle.store.worklist import NEVER

# What the inbox is listed and counted by, without a look at the rows.
_WORK = ("group", "due", "number", "due_soon", "answer_by", "turn", "state", "assigned", "heard", "received")


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Schema(_Tables, table=True):
    __tablename__ = "schema"
    version: int = Field(primary_key=True)


class _State(_Tables, table=True):
    """One row: whose desk this is, how far it has pulled, when it last had an answer, and the head of the log."""

    __tablename__ = "state"
    id: int = Field(primary_key=True)
    instance: bytes | None = Field(sa_type=LargeBinary)
    after: int
    contact: date | None
    log_lines: int
    log_head: bytes = Field(sa_type=LargeBinary)
    rules: str | None  # under which the due days of cases were computed


class _Member(_Tables, table=True):
    __tablename__ = "member"
    name: str = Field(primary_key=True)
    group: str  # none, an empty one, of who is in none
    ring: str | None
    recipient: str
    key: str  # a wrapped private key file
    role: str


class _Group(_Tables, table=True):
    __tablename__ = "group"
    id: str = Field(primary_key=True)
    recovery: str  # age1pq1… text: whatever is sealed to the group's members is sealed to it too


class _GroupKey(_Tables, table=True):
    __tablename__ = "group_key"
    __table_args__ = (UniqueConstraint("group", "epoch", "purpose"),)
    id: int = Field(primary_key=True)
    group: str
    epoch: int  # 0 for a voice key, which has none
    purpose: str
    sealed: bytes = Field(sa_type=LargeBinary)


class _Arrival(_Tables, table=True):
    """An envelope as it came. Once it is opened, only its digest stays, so that the same one is never taken twice."""

    __tablename__ = "arrival"
    __table_args__ = (UniqueConstraint("box", "digest"),)
    id: int = Field(primary_key=True)
    box: bytes = Field(sa_type=LargeBinary)
    day: date
    digest: bytes = Field(sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)
    state: str = Field(index=True)
    group: str | None  # whose key opened it, known only for what was refused, or passed on to the group of its case
    epoch: int | None  # of what was passed on, here and below
    recipient: bytes | None = Field(sa_type=LargeBinary)


class _Case(_Tables, table=True):
    __tablename__ = "case"
    __table_args__ = (Index("case_work", *_WORK), Index("case_epoch", "group", "epoch"))
    number: int = Field(primary_key=True, sa_column_kwargs={"default": next_number()})
    box: bytes = Field(sa_type=LargeBinary, unique=True)
    group: str
    epoch: int
    state: str
    received: date
    acknowledged: date | None
    closed: date | None
    key: bytes = Field(sa_type=LargeBinary)  # the case key, sealed to the group
    feedback: date | None  # first given
    outcome: str | None  # a code
    decided: date | None  # on this outcome
    out_of_scope: date | None  # decided so, and nothing else since
    assigned: str | None  # a member
    category: str | None  # a code of the desk's; None is what the reporter chose
    priority: str = Field(sa_column_kwargs={"server_default": "normal"})
    money_laundering: date | None  # warned of since
    escalated: date | None  # the warning, to the board
    suppressed: date | None  # the acknowledgement, left out for a reason
    looked: date | None  # somebody last, at whether it must still be kept
    task_by: date | None  # from its sheet, here and below (whistle.store.sheets)
    plan_by: date | None
    telling_by: date | None
    answered: date | None  # first words of a person to the reporter
    heard: int  # the place of the reporter's last content
    turn: str  # whose word is awaited
    due: date
    due_what: str | None
    due_soon: date
    answer_by: date
    acknowledge_by: date = Field(sa_column_kwargs={"server_default": str(NEVER)})
    feedback_by: date = Field(sa_column_kwargs={"server_default": str(NEVER)})


class _Content(_Tables, table=True):
    __tablename__ = "content"
    __table_args__ = (UniqueConstraint("case", "direction", "sequence"),)
    place: int = Field(primary_key=True)
    case: int = Field(foreign_key="case.number", index=True)
    direction: str
    sequence: int | None  # of what the desk wrote: two members cannot both be next
    day: date
    group: str
    epoch: int
    recipient: bytes = Field(sa_type=LargeBinary)
    wrapped_key: bytes = Field(sa_type=LargeBinary)
    payload: bytes = Field(sa_type=LargeBinary)


class _Outbox(_Tables, table=True):
    __tablename__ = "outbox"
    id: int = Field(primary_key=True)
    place: int = Field(foreign_key="content.place", unique=True)
    box: bytes = Field(sa_type=LargeBinary)
    day: date
    sealed: bytes = Field(sa_type=LargeBinary)
    pushed: date | None
    unknown: bool  # the box was not there any more


class _Reading(_Tables, table=True):
    """How far a member has read a case, and what for, the last time that they opened it.

    Looked up for every case that the inbox counts, so it lies in the order of its key.
    """

    __tablename__ = "reading"
    __table_args__ = ({"sqlite_with_rowid": False},)
    member: str = Field(primary_key=True)
    case: int = Field(primary_key=True)
    place: int
    purpose: str | None  # a code


class _Log(_Tables, table=True):
    __tablename__ = "log"
    __table_args__ = tuple(Index(f"log_{name}", name, "number") for name in ("case", "who", "action"))
    number: int = Field(primary_key=True)
    time: str
    who: str
    action: str
    case: int | None
    hash: bytes = Field(sa_type=LargeBinary)
    purpose: str | None  # a code
    note: int | None  # the place of the note that says why
    salt: bytes | None = Field(sa_type=LargeBinary)
    digest: bytes | None = Field(sa_type=LargeBinary)  # of the words, once they are dropped


TABLES = _Tables.metadata.tables


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)

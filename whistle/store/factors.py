"""What the desk keeps of members' second factors: the public keys of passkeys, sealed secrets of code apps, what was used last.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its log. Nothing here verifies anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection, LargeBinary, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.errors import FactorNeeded, FactorRefused, Overtaken
from whistle.store.erasure import Transaction

if TYPE_CHECKING:
    from whistle.store.desk import Act

PASSKEY, TOTP = "passkey", "totp"


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Factor(_Tables, table=True):
    __tablename__ = "factor"
    __table_args__ = ({"sqlite_autoincrement": True},)  # nobody removes another one than that on their page
    id: int = Field(primary_key=True)
    member: str = Field(index=True)
    kind: str
    credential: bytes | None = Field(sa_type=LargeBinary, unique=True)  # the name that a passkey gave itself
    key: bytes = Field(sa_type=LargeBinary)
    counter: int
    synced: bool
    added: date
    used: date | None


_factor = _Tables.metadata.tables["factor"]


@dataclass(frozen=True)
class Factor:
    """A passkey or a code app. `key` is a public key (COSE), or a wrapped private key file.

    `counter` goes up with each use: the signatures of a passkey, where it counts them, or the 30 seconds that a code was of.
    """

    member: str
    kind: str
    credential: bytes | None
    key: bytes
    counter: int
    synced: bool
    added: date
    used: date | None = None
    id: int = 0  # given by the store


class Factors:
    """Every member's second factors, in the transactions of the desk's database."""

    def __init__(self, reading: Transaction, writing: Transaction, log: Callable[[Connection, "Act"], None]) -> None:
        self._reading, self._writing, self._log = reading, writing, log

    def of(self, member: str) -> list[Factor]:
        columns = [_factor.c[name] for name in Factor.__dataclass_fields__]
        with self._reading() as connection:
            rows = connection.execute(select(*columns).where(_factor.c.member == member).order_by(_factor.c.id))
            return [Factor(**row._mapping) for row in rows]

    def add(self, factor: Factor, act: "Act") -> None:
        """Raises Overtaken if this passkey is there already."""
        values = {name: value for name, value in vars(factor).items() if name != "id"}
        with self._writing() as connection:
            try:
                connection.execute(insert(_factor).values(values))
            except IntegrityError:
                raise Overtaken from None
            self._log(connection, act)

    def use(self, factor: Factor, counter: int, act: "Act") -> None:
        """Notes a proof, once. Raises FactorRefused if its counter is not after the last one; a passkey may count nothing."""
        later = _factor.c.counter < counter
        if factor.kind == PASSKEY and counter == 0:
            later = _factor.c.counter == 0
        with self._writing() as connection:
            used = update(_factor).where(_factor.c.id == factor.id, later).values(counter=counter, used=act.time.date())
            if not connection.execute(used).rowcount:
                raise FactorRefused
            self._log(connection, act)

    def remove(self, act: "Act", id_: int, least: int) -> None:
        """Raises Overtaken if there is no such one, FactorNeeded if fewer than `least` would stay."""
        mine = _factor.c.member == act.who
        with self._writing() as connection:
            if not connection.execute(delete(_factor).where(mine, _factor.c.id == id_)).rowcount:
                raise Overtaken
            if connection.execute(select(func.count()).where(mine)).scalar_one() < least:
                raise FactorNeeded
            self._log(connection, act)


def prepare(connection: Connection) -> None:
    """Makes the table."""
    _Tables.metadata.create_all(connection)


def remove_all(connection: Connection, member: str) -> None:
    """Of a member who has lost them or has left, in the transaction that notes why."""
    connection.execute(delete(_factor).where(_factor.c.member == member))

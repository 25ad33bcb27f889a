"""What the desk keeps of people beside its members: who is invited, waits, is blocked or gone, and what is owed to whom.

A room of the desk's database (whistle.store.desk), which lends it its transactions and its log. Only who stands among the
members can sign in; whoever cannot is here. It opens nothing: whoever changes the holders of a key brings what seals it anew.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, LargeBinary, column, delete, exists, func, insert, select, table, update
from sqlalchemy import Integer as Int
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from whistle.errors import (
    InvitationEnded,
    LastAuditor,
    LastLead,
    LastOfRing,
    NameTaken,
    NeedsAnother,
    NeedsHolder,
    PersonChanged,
)
from whistle.store import asking, conflicts, factors
from whistle.store.conflicts import refuse_the_last_reader

if TYPE_CHECKING:
    from whistle.store.desk import Act

Transaction = Callable[[], AbstractContextManager[Connection]]
Seal = Callable[[bytes, Sequence[str]], bytes | None]  # a sealed key to these recipients instead; None if it does not open
INVITED, WAITING, ACTIVE, BLOCKED, GONE = "invited", "waiting", "active", "blocked", "gone"
UNBLOCK, NEW_KEY, RESET = "unblock", "new-key", "reset"
LEAD, INVESTIGATOR = "lead", "investigator"  # what those of a group can become; and what is asked for that
REVIEWED = "reviewed access"
_AUDITOR = "auditor"
_LINK_DAYS = timedelta(days=7)  # of an invitation, and of a request that waits for a second member


class _Tables(SQLModel, registry=registry()):
    """A registry of its own: these tables meet no other program's."""


class _Person(_Tables, table=True):
    """Somebody who cannot sign in: not yet, not now, or not any more."""

    __tablename__ = "person"
    name: str = Field(primary_key=True)
    state: str
    role: str
    group: str
    ring: str | None
    recipient: str
    key: str  # their wrapped private key file, once they chose a passphrase; none of who is gone
    by: str  # who brought them into this state
    day: date
    token: bytes | None = Field(sa_type=LargeBinary)  # SHA-256 of what the one-time link holds


class _PersonAsked(_Tables, table=True):
    """What one member asked for and another one must confirm."""

    __tablename__ = "person_asked"
    what: str = Field(primary_key=True)
    name: str = Field(primary_key=True)  # nobody's, an empty one, for what concerns everybody
    by: str
    day: date


class _Renewal(_Tables, table=True):
    """Who must choose another passphrase before anything else."""

    __tablename__ = "renewal"
    name: str = Field(primary_key=True)


class _RingOwed(_Tables, table=True):
    """A member whom nobody has handed the keys of their ring yet."""

    __tablename__ = "ring_owed"
    name: str = Field(primary_key=True)


class _StaleKey(_Tables, table=True):
    """A group key that is still sealed to somebody who does not hold it any more."""

    __tablename__ = "stale_key"
    id: int = Field(primary_key=True)


class _Turning(_Tables, table=True):
    """A group that somebody left, and the epoch after which its keys must come."""

    __tablename__ = "turning"
    group: str = Field(primary_key=True)
    epoch: int


_TABLES = _Tables.metadata.tables
_person, _asked, _renewal, _owed, _stale, _turning = (
    _TABLES[name] for name in ("person", "person_asked", "renewal", "ring_owed", "stale_key", "turning")
)
_member = table("member", *(column(name) for name in ("name", "group", "ring", "recipient", "key", "role")))
_key = table(
    "group_key",
    *(column(name, Int) for name in ("id", "epoch")),
    column("group"),
    column("purpose"),
    column("sealed", LargeBinary),
)
_group = table("group", column("id"), column("recovery"))
_log = table("log", column("number", Int), column("time"), column("who"), column("action"))


@dataclass(frozen=True)
class Person:
    """Somebody on the list. `by` and `day` say who brought them into this state, and when; nobody did for who is active."""

    name: str
    role: str
    group: str
    ring: str | None
    state: str
    recipient: str = ""
    key: str = ""
    by: str = ""
    day: date | None = None

    @property
    def ends(self) -> date | None:
        """The last day of their one-time link."""
        return self.day + _LINK_DAYS if self.day and self.state == INVITED else None


@dataclass(frozen=True)
class Asked:
    """What waits for a second member, about whom if about somebody."""

    what: str
    name: str
    by: str


@dataclass(frozen=True)
class Review:
    """Who went through the list of people, and on which day; nobody, and from when on it was there."""

    by: str | None
    day: date


@dataclass(frozen=True)
class Standing:
    """How somebody who signed in stands now: still a member, with a passphrase that is over, beside keys to seal anew."""

    there: bool
    renew: bool
    stale: bool


def prepare(connection: Connection) -> None:
    """Makes the tables."""
    _Tables.metadata.create_all(connection)


def known(connection: Connection) -> set[str]:
    """The names that are not free, though no member has them."""
    return set(connection.scalars(select(_person.c.name)))


def holders(connection: Connection, group: str, purpose: str) -> list[str]:
    """Recipients of who may hold a key: members, those who are blocked for now, and the group's recovery."""
    found: list[str] = []
    for each, there in ((_member, True), (_person, _person.c.state == BLOCKED)):
        mine = (each.c.group == group) & there
        if purpose.startswith("ring-"):
            mine &= (each.c.ring == purpose.removeprefix("ring-")) & each.c.name.not_in(select(_owed.c.name))
        found += connection.scalars(select(each.c.recipient).where(mine).order_by(each.c.name)).all()
    return [*found, *connection.scalars(select(_group.c.recovery).where(_group.c.id == group))]


class Register:
    """Who can sign in and who cannot, in the transactions of the desk's database."""

    def __init__(self, reading: Transaction, writing: Transaction, log: Callable[[Connection, "Act"], None]) -> None:
        self._reading, self._writing, self._log = reading, writing, log

    # Looking ----------------------------------------------------------------------------------------------------------

    def people(self) -> list[Person]:
        with self._reading() as connection:
            return _people(connection)

    def person(self, name: str) -> Person:
        """Raises PersonChanged if there is none."""
        with self._reading() as connection:
            return _find(connection, name)

    def is_known(self, name: str) -> bool:
        with self._reading() as connection:
            return _is_known(connection, name)

    def last_sign_in(self, name: str) -> str | None:
        """When somebody signed in for the last time, as the log says."""
        lines = select(_log.c.time).where(_log.c.who == name, _log.c.action == "signed in")
        with self._reading() as connection:
            time: str | None = connection.scalar(lines.order_by(_log.c.number.desc()).limit(1))
            return time

    def standing(self, name: str) -> Standing:
        has_ring = _member.c.name.not_in(select(_owed.c.name))
        mine = _key.c.purpose.in_(("recipient", "voice")) | ((_key.c.purpose == "ring-" + _member.c.ring) & has_ring)
        stale = select(_key.c.id).join(_member, _member.c.group == _key.c.group).where(_member.c.name == name, mine)
        with self._reading() as connection:
            return Standing(
                _has(connection, _member.c.name == name),
                _has(connection, _renewal.c.name == name),
                _has(connection, _stale.c.id.in_(stale)),
            )

    def last_review(self) -> Review | None:
        """Who went through the list of people last; nobody did on the day of the log's first line. None without one."""
        lines = select(_log.c.who, _log.c.time).order_by(_log.c.number).limit(1)
        last = select(_log.c.who, _log.c.time).where(_log.c.action == REVIEWED).order_by(_log.c.number.desc()).limit(1)
        with self._reading() as connection:
            if found := connection.execute(last).first():
                return Review(found.who, date.fromisoformat(found.time[:10]))
            first = connection.execute(lines).first()
            return Review(None, date.fromisoformat(first.time[:10])) if first else None

    def asked(self, today: date) -> list[Asked]:
        with self._reading() as connection:
            rows = connection.execute(select(_asked).where(_asked.c.day >= today - _LINK_DAYS))
            return [Asked(row.what, row.name, row.by) for row in rows]

    def owed_rings(self) -> list[Person]:
        """Members whom nobody has handed their ring's keys yet."""
        with self._reading() as connection:
            return [_one(row) for row in connection.execute(select(_member).where(_member.c.name.in_(select(_owed.c.name))))]

    def turning(self) -> dict[str, int]:
        """The groups that somebody left, and the epoch after which their next keys must come."""
        with self._reading() as connection:
            return {row.group: row.epoch for row in connection.execute(select(_turning))}

    def register(self, act: "Act") -> tuple[list[Person], dict[str, str]]:
        """Everybody to whom keys are sealed, with no ring whose keys nobody has handed them yet; recovery of each group."""
        with self._writing() as connection:
            blocked = select(_person).where(_person.c.state == BLOCKED)
            owed = set(connection.scalars(select(_owed.c.name)))
            found = [_one(row) for each in (select(_member), blocked) for row in connection.execute(each.order_by("name"))]
            self._log(connection, act)
            recoveries = {row.id: row.recovery for row in connection.execute(select(_group))}
            return [replace(each, ring=None) if each.name in owed else each for each in found], recoveries

    # Coming -----------------------------------------------------------------------------------------------------------

    def invite(self, act: "Act", person: Person, token: bytes) -> None:
        """Raises NameTaken: a name is one person's for good, so that the log stays true."""
        with self._writing() as connection:
            if _is_known(connection, person.name):
                raise NameTaken
            _put(connection, act, replace(person, state=INVITED), token)
            self._log(connection, act)

    def invite_again(self, act: "Act", name: str, token: bytes) -> None:
        """Another link for somebody who was never let in with the former. Raises PersonChanged."""
        with self._writing() as connection:
            person = _find(connection, name, INVITED, WAITING)
            _put(connection, act, replace(person, state=INVITED, recipient="", key=""), token)
            self._log(connection, act)

    def invited(self, token: bytes, today: date) -> Person:
        """Whose link this is. Raises InvitationEnded."""
        with self._reading() as connection:
            return _of_link(connection, token, today)

    def accept(self, act: "Act", token: bytes, recipient: str, key: str) -> None:
        """Keeps the key that somebody made by their link, which works no more. Raises InvitationEnded."""
        with self._writing() as connection:
            person = _of_link(connection, token, act.time.date())
            values = {"state": WAITING, "recipient": recipient, "key": key, "token": None, "day": act.time.date()}
            connection.execute(update(_person).where(_person.c.name == person.name).values(values))
            self._log(connection, act)

    def admit(self, act: "Act", seen: Person, seal: Seal) -> None:
        """Makes a member of somebody who waits. Raises NeedsAnother, PersonChanged, NeedsHolder or GroupFull.

        The keys of a ring come with it only from a member of the same ring who has them.
        """
        with self._writing() as connection:
            person = _find(connection, seen.name, WAITING)
            if person != seen:
                raise PersonChanged
            if person.by == act.who:
                raise NeedsAnother
            _make_member(connection, person)
            if person.ring and not _holds_ring(connection, act.who, person):
                connection.execute(insert(_owed).values(name=person.name))
            if not _seal_group(connection, person.group, seal):
                raise NeedsHolder
            self._log(connection, act)

    def hand_ring(self, act: "Act", name: str, seal: Seal) -> None:
        """Gives a member the keys of their ring. Raises NeedsHolder unless the giver is of that ring and holds them."""
        with self._writing() as connection:
            person = _find(connection, name, ACTIVE)
            if not _holds_ring(connection, act.who, person):  # asked first: nobody who is owed a ring holds it
                raise NeedsHolder
            if not connection.execute(delete(_owed).where(_owed.c.name == name)).rowcount:
                raise PersonChanged
            _seal_group(connection, person.group, seal)
            self._log(connection, act)

    def seal_stale(self, act: "Act", group: str, seal: Seal) -> None:
        """Seals anew, to who may hold them, the keys of a group that this session opens."""
        with self._writing() as connection:
            before = connection.scalars(select(_stale.c.id)).all()
            _seal_group(connection, group, seal)
            if connection.scalars(select(_stale.c.id)).all() != before:
                self._log(connection, act)

    # Going ------------------------------------------------------------------------------------------------------------

    def remove(self, act: "Act", name: str, epoch: int, seal: Seal) -> None:
        """Ends access for good. Raises NeedsAnother for oneself, LastAuditor, what _take_key raises, or PersonChanged."""
        with self._writing() as connection:
            person = _find(connection, name, INVITED, WAITING, ACTIVE, BLOCKED)
            if name == act.who:
                raise NeedsAnother
            if person.role == _AUDITOR and person.state in (ACTIVE, BLOCKED) and not _is_another(connection, person):
                raise LastAuditor
            _take_key(connection, act, person, GONE)
            asking.drop_all_of(connection, name)
            _end_invitations(connection, name, act.time.date())
            if person.group and person.state in (ACTIVE, BLOCKED):
                connection.execute(delete(_turning).where(_turning.c.group == person.group))
                here = select(func.max(_key.c.epoch)).where(_key.c.group == person.group)  # enrolled, and on no card yet
                last = max(epoch, connection.scalar(here) or 0)
                connection.execute(insert(_turning).values(group=person.group, epoch=last))
                _seal_group(connection, person.group, seal)
            self._log(connection, act)
            self._unassign(connection, act, name)

    def block(self, act: "Act", name: str) -> None:
        """Keeps a member out until two others let them in again. Raises PersonChanged."""
        with self._writing() as connection:
            person = _find(connection, name, ACTIVE)
            _put(connection, act, replace(person, state=BLOCKED))
            connection.execute(delete(_member).where(_member.c.name == name))
            self._log(connection, act)
            self._unassign(connection, act, name)

    # What takes two ---------------------------------------------------------------------------------------------------

    def ask(self, act: "Act", what: str, name: str) -> None:
        """Raises PersonChanged if it was asked for already, NeedsAnother for oneself."""
        with self._writing() as connection:
            if name == act.who:
                raise NeedsAnother
            today = act.time.date()
            connection.execute(delete(_asked).where(_asked.c.day < today - _LINK_DAYS))
            if _has(connection, (_asked.c.what == what) & (_asked.c.name == name)):
                raise PersonChanged
            connection.execute(insert(_asked).values(what=what, name=name, by=act.who, day=today))
            self._log(connection, act)

    def withdraw(self, act: "Act", what: str, name: str) -> None:
        with self._writing() as connection:
            here = (_asked.c.what == what) & (_asked.c.name == name)
            if not connection.execute(delete(_asked).where(here)).rowcount:
                raise PersonChanged
            self._log(connection, act)

    def unblock(self, act: "Act", name: str) -> None:
        """The second word: a member again, with another passphrase to choose. Raises NeedsAnother or PersonChanged."""
        with self._writing() as connection:
            _confirm(connection, act, UNBLOCK, name)
            person = _find(connection, name, BLOCKED)
            _make_member(connection, person)
            _renew(connection, [name])
            self._log(connection, act)

    def new_key(self, act: "Act", name: str, token: bytes, seal: Seal) -> None:
        """The second word: the former key goes, and a link for another one is there. Raises what ask and remove raise."""
        with self._writing() as connection:
            _confirm(connection, act, NEW_KEY, name)
            person = _find(connection, name, ACTIVE, BLOCKED)
            _take_key(connection, act, person, INVITED, token)
            _seal_group(connection, person.group, seal)
            self._log(connection, act)
            self._unassign(connection, act, name)

    def change_role(self, act: "Act", name: str, role: str) -> None:
        """The second word: another role in the same group, which changes no key. Raises what ask raises, or LastLead."""
        with self._writing() as connection:
            _confirm(connection, act, role, name)
            person = _find(connection, name, ACTIVE)
            if not can_become(person, role):
                raise PersonChanged
            _refuse_the_last_lead(connection, person)
            connection.execute(update(_member).where(_member.c.name == name).values(role=role))
            asking.drop_all_of(connection, name)
            self._log(connection, act)

    def reset(self, act: "Act") -> None:
        """The second word: whoever has a passphrase must choose another one. Raises NeedsAnother or PersonChanged."""
        with self._writing() as connection:
            _confirm(connection, act, RESET, "")
            elsewhere = select(_person.c.name).where(_person.c.key != "")
            _renew(connection, [*connection.scalars(select(_member.c.name)), *connection.scalars(elsewhere)])
            self._log(connection, act)

    def review(self, act: "Act", seen: str) -> None:
        """Notes that somebody went through the list with this hash. Raises PersonChanged if it is another one by now."""
        with self._writing() as connection:
            if list_hash(_people(connection)) != seen:
                raise PersonChanged
            self._log(connection, act)

    def renewed(self, name: str) -> None:
        """Notes that somebody has chosen another passphrase."""
        with self._writing() as connection:
            connection.execute(delete(_renewal).where(_renewal.c.name == name))

    def _unassign(self, connection: Connection, act: "Act", name: str) -> None:
        """Whoever is no member works on no case, with a line for each."""
        for case in conflicts.unassign(connection, name):
            self._log(connection, replace(act, action=f"unassigned {name}", case=case))


def list_hash(people: Sequence[Person]) -> str:
    """What a list of people says of who may do what, as 64 hex digits."""
    rows = [[each.name, each.role, each.group, each.ring or "", each.state] for each in people]
    return sha256(json.dumps(rows).encode()).hexdigest()


def can_become(person: Person, role: str) -> bool:
    """Whether another role in their group is open to somebody: a lead becomes an investigator, an investigator a lead."""
    return person.state == ACTIVE and {person.role, role} == {LEAD, INVESTIGATOR}


def _people(connection: Connection) -> list[Person]:
    rows = [*connection.execute(select(_member)), *connection.execute(select(_person))]
    return sorted((_one(row) for row in rows), key=lambda each: each.name)


def _one(row: Any) -> Person:
    values = {name: value for name, value in row._mapping.items() if name != "token"}
    return Person(**({"state": ACTIVE} | values))


def _has(connection: Connection, which: Any) -> bool:
    return bool(connection.scalar(select(exists().where(which))))


def _is_known(connection: Connection, name: str) -> bool:
    return _has(connection, _member.c.name == name) or _has(connection, _person.c.name == name)


def _find(connection: Connection, name: str, *states: str) -> Person:
    """Whoever has this name, in one of these states if some are given. Raises PersonChanged."""
    rows = [connection.execute(select(each).where(each.c.name == name)).first() for each in (_member, _person)]
    found = next((_one(row) for row in rows if row), None)
    if found is None or (states and found.state not in states):
        raise PersonChanged
    return found


def _of_link(connection: Connection, token: bytes, today: date) -> Person:
    here = (_person.c.token == token) & (_person.c.state == INVITED)
    row = connection.execute(select(_person).where(here)).first()
    if row is None or today > row.day + _LINK_DAYS:
        raise InvitationEnded
    return _one(row)


def _put(connection: Connection, act: "Act", person: Person, token: bytes | None = None) -> None:
    """Among those who cannot sign in."""
    connection.execute(delete(_person).where(_person.c.name == person.name))
    values = vars(person) | {"by": act.who, "day": act.time.date(), "token": token}
    connection.execute(insert(_person).values(values))


def _make_member(connection: Connection, person: Person) -> None:
    connection.execute(delete(_person).where(_person.c.name == person.name))
    values = {name: getattr(person, name) for name in ("name", "group", "ring", "recipient", "key", "role")}
    connection.execute(insert(_member).values(values))


def _take_key(connection: Connection, act: "Act", person: Person, state: str, token: bytes | None = None) -> None:
    """Destroys somebody's key; what is sealed to it is stale. Raises LastLead, LastOfRing or CaseUnread."""
    factors.remove_all(connection, person.name)
    if person.state in (ACTIVE, BLOCKED):
        _refuse_the_last(connection, person)
        theirs = _key.c.purpose.in_(("recipient", "voice", f"ring-{person.ring}"))
        known = select(_stale.c.id)
        stale = select(_key.c.id).where(_key.c.group == person.group, theirs, _key.c.id.not_in(known))
        connection.execute(insert(_stale).from_select(["id"], stale))
    for each in (_member, _owed, _renewal, _asked):
        connection.execute(delete(each).where(each.c.name == person.name))
    _put(connection, act, replace(person, state=state, recipient="", key=""), token)


def _end_invitations(connection: Connection, by: str, today: date) -> None:
    """Whom somebody who is gone invited needs another's link: or one person in two names could bring them in."""
    theirs = (_person.c.by == by) & _person.c.state.in_((INVITED, WAITING))
    ended = {"state": INVITED, "recipient": "", "key": "", "day": today - _LINK_DAYS - timedelta(days=1)}
    connection.execute(update(_person).where(theirs).values(ended))


def _refuse_the_last_lead(connection: Connection, person: Person) -> None:
    if person.role == LEAD and not _is_another(connection, person):
        raise LastLead


def _is_another(connection: Connection, person: Person) -> bool:
    """Whether another member has the role of this one in the same group, or in none."""
    same = (_member.c.group == person.group) & (_member.c.role == person.role)
    return _has(connection, same & (_member.c.name != person.name))


def _refuse_the_last(connection: Connection, person: Person) -> None:
    _refuse_the_last_lead(connection, person)
    others = (_member.c.group == person.group) & (_member.c.name != person.name)
    holders = others & (_member.c.ring == person.ring) & _member.c.name.not_in(select(_owed.c.name))
    if person.ring and not _has(connection, holders):
        raise LastOfRing
    if person.group:
        blocked = (_person.c.group == person.group) & (_person.c.state == BLOCKED)  # two can let them in again
        names = {*connection.scalars(select(_member.c.name).where(others))}
        names |= {*connection.scalars(select(_person.c.name).where(blocked))}
        refuse_the_last_reader(connection, person.group, person.name, names - {person.name})


def _holds_ring(connection: Connection, who: str, person: Person) -> bool:
    same = (_member.c.name == who) & (_member.c.group == person.group) & (_member.c.ring == person.ring)
    return _has(connection, same & _member.c.name.not_in(select(_owed.c.name)))


def _seal_group(connection: Connection, group: str, seal: Seal) -> bool:
    """Seals anew every key of a group that `seal` opens; whether those that each of its members holds were among them."""
    whole = True
    for row in connection.execute(select(_key).where(_key.c.group == group)).all():
        sealed = seal(row.sealed, holders(connection, group, row.purpose))
        if sealed is not None:
            connection.execute(update(_key).where(_key.c.id == row.id).values(sealed=sealed))
            connection.execute(delete(_stale).where(_stale.c.id == row.id))
        whole = whole and (sealed is not None or row.purpose.startswith("ring-"))
    return whole


def _confirm(connection: Connection, act: "Act", what: str, name: str) -> None:
    here = (_asked.c.what == what) & (_asked.c.name == name) & (_asked.c.day >= act.time.date() - _LINK_DAYS)
    by = connection.scalar(select(_asked.c.by).where(here))
    if by is None or not _has(connection, _member.c.name == by):
        raise PersonChanged
    if act.who in (by, name):
        raise NeedsAnother
    connection.execute(delete(_asked).where(here))


def _renew(connection: Connection, names: Sequence[str]) -> None:
    connection.execute(delete(_renewal).where(_renewal.c.name.in_(names)))
    for name in names:
        connection.execute(insert(_renewal).values(name=name))

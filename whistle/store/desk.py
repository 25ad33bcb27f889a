"""What the desk keeps: members' wrapped keys, arrivals, cases, sealed contents, what waits to be sent, and the log.

Nothing here opens a seal; no column holds what a person wrote. Days are days; only the log of members' acts has a time.
Takes and returns protocol values or the frozen values below, never rows.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from os import urandom
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, insert, make_url, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from whistle.errors import DeskRefused, ForbiddenStep, KeysOfOthers, LogBroken, Overtaken, StorageFailed
from whistle.protocol.content import INTERNAL
from whistle.protocol.wire import TO_REPORTER, Frame
from whistle.store import chain, channels, conflicts, counts, epochs, erasure, people, removal, upgrades, worklist
from whistle.store.broadcast import Broadcasts
from whistle.store.channels import Channel, Channels, keep_recording
from whistle.store.conflicts import Conflicts, visible
from whistle.store.counts import Counted, Told
from whistle.store.days import DayBook
from whistle.store.epochs import Epochs
from whistle.store.erasure import IN_SCOPE, OUT_OF_SCOPE, Ask, Erasures, is_erased
from whistle.store.factors import Factors
from whistle.store.files import File, Files, Finished, Sign, finish, keep_receipt, send_again, without_receipt
from whistle.store.identity import Beside, Identities
from whistle.store.log import BEGAN, REFUSALS, Log
from whistle.store.lookups import LookUps
from whistle.store.mail import Mails
from whistle.store.people import Register
from whistle.store.removal import Part, Removals
from whistle.store.sheets import Sheets
from whistle.store.tables import TABLES
from whistle.store.worklist import DESK, NEVER, Clocks, WorkList
from whistle.store.writer import leave_no_trace, open_engine

WAITING, OPENED, REFUSED = "waiting", "opened", "refused"
_TOGETHER = 1_000  # cases in memory
_UNREAD = (*REFUSALS, "broadcast")  # what is done in a case without reading it, for no purpose of its own

_state, _member, _group, _key, _arrival = (TABLES[name] for name in ("state", "member", "group", "group_key", "arrival"))
_case, _content, _outbox, _reading, _log = (TABLES[name] for name in ("case", "content", "outbox", "reading", "log"))


@dataclass(frozen=True)
class Member:
    """Who can sign in. `key` is their wrapped private key file, `recipient` its age1pq1… text; `group` may be ""."""

    name: str
    group: str
    ring: str | None
    recipient: str
    key: str
    role: str


@dataclass(frozen=True)
class GroupKey:
    """A private key of a group, sealed to its members. `purpose` is recipient, voice, ring-a or ring-b."""

    group: str
    epoch: int
    purpose: str
    sealed: bytes


@dataclass(frozen=True)
class Arrival:
    """A sealed envelope that came, and has not become part of a case."""

    id: int
    box: bytes
    day: date
    sealed: bytes
    group: str | None = None  # what it was sealed to before it was passed on to another group, here and below
    epoch: int | None = None
    recipient: bytes | None = None


@dataclass(frozen=True)
class Case:
    """What is known of a case without opening it. `key` is its sealed case key."""

    number: int
    box: bytes
    group: str
    epoch: int
    state: str
    received: date
    acknowledged: date | None
    closed: date | None
    key: bytes
    feedback: date | None = None
    outcome: str | None = None
    decided: date | None = None
    out_of_scope: date | None = None
    assigned: str | None = None
    category: str | None = None
    priority: str = "normal"
    money_laundering: date | None = None
    escalated: date | None = None
    suppressed: date | None = None
    looked: date | None = None
    task_by: date | None = None
    plan_by: date | None = None
    telling_by: date | None = None
    answered: date | None = None
    heard: int = 0  # all that follows is given by the store (whistle.store.worklist)
    turn: str = DESK
    due: date = NEVER
    due_what: str | None = None
    due_soon: date = NEVER
    answer_by: date = NEVER
    acknowledge_by: date = NEVER
    feedback_by: date = NEVER


@dataclass(frozen=True)
class Stored:
    """A content at rest, and the group key that it was sealed to. `sequence` is given for what the desk wrote."""

    direction: str
    sequence: int | None
    day: date
    group: str
    epoch: int
    recipient: bytes
    wrapped_key: bytes
    payload: bytes
    place: int = 0  # given by the store


@dataclass(frozen=True)
class Step:
    """A case going from one state to another, or staying in it with something done that its days and codes tell."""

    before: str
    after: str
    acknowledged: date | None = None
    closed: date | None = None
    feedback: date | None = None
    outcome: str | None = None
    decided: date | None = None
    out_of_scope: date | None = None  # decided so by this outcome
    reopens: bool = False  # its outcome holds no more
    suppressed: date | None = None
    told: Told | None = None  # of a case that is closed by it
    looked: date | None = None


@dataclass(frozen=True)
class Act:
    """Something a member did: a line of the log. `time` is UTC, `note` the place of the note that says why.

    Without a `purpose` it is what the member last opened the case for.
    """

    time: datetime
    who: str
    action: str
    case: int | None = None
    purpose: str | None = None
    note: int | None = None

    @property
    def written_time(self) -> str:
        return self.time.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class First:
    """A case that is to be looked at first. `again` opens it if it stands where that step begins; `opened` is its line."""

    again: Step
    opened: Act
    act: Act


@dataclass(frozen=True)
class Relayed:
    """How far the desk has pulled, and the day of its last answer."""

    after: int
    contact: date | None


def file_of(url: str) -> Path | None:
    """Where a database lies, if it is a file."""
    address = make_url(url)
    return Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None


class Cases:
    """The database of the desk. Raises StorageFailed if it cannot be opened or cannot keep something.

    Whoever writes in cases brings `clocks`, which keep the due days of every case.
    """

    def __init__(self, url: str, clocks: Clocks | None = None) -> None:
        self._clocks = clocks
        self._readers, self._writers = open_engine(url, "BEGIN"), open_engine(url, "BEGIN IMMEDIATE")
        self.files = Files(self._reading, self._writing)
        self.lines = Log(self._reading, _log, _case, erasure.ERASED)
        self.look_ups = LookUps(self._writing, _log, _write_log)
        self.erasure = Erasures(self._reading, self._writing, _write_log, self._keep_time)
        self.sheets = Sheets(self._reading, self._writing, _write_log, self._keep_time)
        self.identities = Identities(self._reading, self._writing, _write_log)
        self.mails = Mails(self._reading, self._writing, _write_log)
        self.epochs = Epochs(self._reading, self._writing, _write_log)
        self.removals = Removals(self._reading, self._writing, _write_log)
        self.channels = Channels(self._reading, self._writing, _write_log)
        self.people = Register(self._reading, self._writing, _write_log)
        self.factors = Factors(self._reading, self._writing, _write_log)
        self.conflicts = Conflicts(self._reading, self._writing, _write_log)
        self.counted = Counted(self._reading, self._writing)
        self.broadcasts = Broadcasts(self._reading, self._writing, _write_log, _tell)
        self.work = WorkList(self._reading, _case)
        self.days = DayBook(self._reading, _case)
        with self._writing() as connection:
            upgrades.prepare(connection)
            _keep_all_time(connection, clocks)

    def close(self) -> None:
        """Lets go of the file."""
        self._readers.dispose()
        self._writers.dispose()

    def leave_no_trace(self) -> None:
        """Writes the file anew, and empties its write-ahead log. Raises StorageFailed while somebody still reads it."""
        leave_no_trace(self._writers, rewrite=True)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _named_failures(), self._writers.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _named_failures(), self._readers.begin() as connection:
            yield connection

    # Members and keys -------------------------------------------------------------------------------------------------

    def enrol(
        self,
        act: Act,
        instance: bytes,
        members: Sequence[Member],
        keys: Mapping[GroupKey, frozenset[str]],
        recoveries: Mapping[str, str],
    ) -> None:
        """Takes over what a ceremony handed out: keys, and to which recipients each is sealed. What is here already stays.

        The act is that keys were taken over; each member has a line besides. Raises DeskRefused for another instance, and for
        a new member of a desk that has members; KeysOfOthers for a new key that is not sealed to whoever holds it today.
        """
        with self._writing() as connection:
            if connection.scalar(select(_state.c.instance)) not in (None, instance):
                raise DeskRefused("This database belongs to another instance. Give the desk a database of its own.")
            connection.execute(update(_state).values(instance=instance))
            names = set(connection.scalars(select(_member.c.name))) | people.known(connection)  # who left stays away
            known = {tuple(row) for row in connection.execute(select(_key.c.group, _key.c.epoch, _key.c.purpose))}
            known |= epochs.destroyed(connection)
            known_groups = set(connection.scalars(select(_group.c.id)))
            for group, recovery in recoveries.items():
                if group not in known_groups:
                    connection.execute(insert(_group).values(id=group, recovery=recovery))
            new = [member for member in members if member.name not in names]
            if new and names:
                raise DeskRefused(
                    f"{new[0].name} is new to this desk: who comes now is invited by a member and let in by another."
                )
            for member in new:
                connection.execute(insert(_member).values(vars(member)))
                _write_log(connection, replace(act, action=f"enrolled {member.name}"))
            taken = {key: to for key, to in keys.items() if (key.group, key.epoch, key.purpose) not in known}
            for key, sealed_to in taken.items():
                if sealed_to != set(people.holders(connection, key.group, key.purpose)):
                    raise KeysOfOthers
                connection.execute(insert(_key).values(vars(key)))
            if taken:
                _write_log(connection, act)

    def instance(self) -> bytes | None:
        """Whose desk this is; None before anybody is enrolled."""
        with self._reading() as connection:
            found: bytes | None = connection.scalar(select(_state.c.instance))
            return found

    def member(self, name: str) -> Member | None:
        with self._reading() as connection:
            row = connection.execute(select(_member).where(_member.c.name == name)).first()
            return Member(**row._mapping) if row else None

    def rewrap(self, name: str, key: str) -> None:
        """Puts a member's newly wrapped key in place of the former."""
        with self._writing() as connection:
            connection.execute(update(_member).where(_member.c.name == name).values(key=key))

    def members(self) -> list[Member]:
        with self._reading() as connection:
            return [Member(**row._mapping) for row in connection.execute(select(_member).order_by(_member.c.name))]

    def recoveries(self) -> Mapping[str, str]:
        """The recovery recipient of every group, as age1pq1… text."""
        with self._reading() as connection:
            return {row.id: row.recovery for row in connection.execute(select(_group))}

    def group_keys(self) -> list[GroupKey]:
        with self._reading() as connection:
            rows = connection.execute(select(_key.c.group, _key.c.epoch, _key.c.purpose, _key.c.sealed).order_by(_key.c.id))
            return [GroupKey(**row._mapping) for row in rows]

    # Arrivals ---------------------------------------------------------------------------------------------------------

    def relayed(self) -> Relayed:
        with self._reading() as connection:
            return Relayed(*connection.execute(select(_state.c.after, _state.c.contact)).one())

    def in_contact(self, today: date) -> None:
        """Notes the day of the last answer."""
        with self._writing() as connection:
            connection.execute(update(_state).values(contact=today))

    def pull_from_the_start(self) -> None:
        """Asks for everything again, and sends every receipt again; what is here already is not stored twice."""
        with self._writing() as connection:
            connection.execute(update(_state).values(after=0))
            send_again(connection)

    def arrive(self, frames: Sequence[Frame], today: date, sign: Sign, earliest: date = date.min) -> None:
        """Stores what was pulled, each envelope of a box once and with its receipt.

        No day of the server's lies after the one it was pulled on, nor before `earliest`, the last one on which everything
        there was had been pulled. The first one that was stored stays.
        """
        with self._writing() as connection:
            for frame in frames:
                if is_erased(connection, frame.box):
                    continue
                same = select(_arrival.c.day).where(_arrival.c.box == frame.box, _arrival.c.digest == frame.digest)
                day = connection.scalar(same)
                if day is None:
                    day = min(max(frame.day, earliest), today)
                    values = {"box": frame.box, "day": day, "digest": frame.digest, "sealed": frame.sealed}
                    connection.execute(insert(_arrival).values(**values, state=WAITING, group=None))
                keep_receipt(connection, frame.box, frame.digest, day, sign)
            if frames:
                connection.execute(update(_state).values(after=max(frame.position for frame in frames)))

    def sign_missing(self, sign: Sign) -> None:
        """Makes the receipts that could not be signed on arrival, because no card listed the key then."""
        with self._writing() as connection:
            lacking = select(_arrival.c.box, _arrival.c.digest, _arrival.c.day)
            for row in connection.execute(lacking.where(without_receipt(_arrival.c.digest, _arrival.c.box))).all():
                keep_receipt(connection, row.box, row.digest, row.day, sign)
        self.files.sign_missing(sign)

    def unopened(self, groups: Iterable[str]) -> list[File]:
        """Whole files of the cases that are or were these groups', whose key is still in their header."""
        here = select(_case.c.box).where(conflicts.was_of(_case, list(groups)))
        return self.files.unopened(lambda box: here.where(_case.c.box == box).exists())

    def waiting(self, after: int = 0) -> list[Arrival]:
        """What nobody has opened yet, in the order of arrival, after an arrival that was tried already."""
        with self._reading() as connection:
            return _arrivals(connection, (_arrival.c.state == WAITING) & (_arrival.c.id > after))

    def oldest_waiting(self) -> date | None:
        with self._reading() as connection:
            found: date | None = connection.scalar(select(func.min(_arrival.c.day)).where(_arrival.c.state == WAITING))
            return found

    def unopened_reports(self) -> tuple[int, date | None]:
        """How many have come that nobody has opened, of whatever group, and the day of the oldest. What has a case is none."""
        known = select(_case.c.number).where(_case.c.box == _arrival.c.box).exists()
        asked = select(func.count(_arrival.c.box.distinct()), func.min(_arrival.c.day))
        with self._reading() as connection:
            count, oldest = connection.execute(asked.where(_arrival.c.state == WAITING, ~known)).one()
            return count, oldest

    def refused(self, groups: Sequence[str], member: str, box: bytes | None = None) -> list[Arrival]:
        """What opened for these groups and is no part of any case, of one box if it is given, and not kept from this member."""
        kept = select(_case.c.number).where(_case.c.box == _arrival.c.box, conflicts.is_kept_from(_case, member)).exists()
        here = (_arrival.c.state == REFUSED) & _arrival.c.group.in_(groups) & ~kept
        with self._reading() as connection:
            return _arrivals(connection, here if box is None else here & (_arrival.c.box == box))

    def refuse(self, arrival: Arrival, group: str) -> None:
        """Notes that this opened for a group and is not what it should be."""
        with self._writing() as connection:
            connection.execute(update(_arrival).where(_still_waits(arrival)).values(state=REFUSED, group=group))

    def join(self, arrival: Arrival, case: int, content: Stored, first: First | None = None) -> None:
        """Puts an opened arrival into its case, unless another session did so first. It may put the case first."""
        with self._writing() as connection:
            if _take(connection, arrival):
                _add(connection, case, content)
                if first is not None:
                    _put_first(connection, case, first)
                    self._keep_time(connection, case)

    def begin(self, arrival: Arrival, case: Case, content: Stored, now: datetime) -> list[Arrival]:
        """Makes a case of an opened report, unless another session did so first.

        What the group was sent for this box and refused, for there was no case yet, waits again; it is given back.
        """
        with self._writing() as connection:
            if not _take(connection, arrival):
                return []
            number = _begin(connection, case, now)
            _add(connection, number, content)
            self._keep_time(connection, number)
            here = (_arrival.c.box == case.box) & (_arrival.c.group == case.group)
            again = _arrivals(connection, here & (_arrival.c.state == REFUSED))
            connection.execute(update(_arrival).where(here & (_arrival.c.state == REFUSED)).values(state=WAITING, group=None))
            return again

    def take_in(
        self, act: Act, case: Case, contents: Sequence[tuple[Stored, bytes | None]], channel: Channel, files: Sequence[Finished]
    ) -> int:
        """Makes a case of what came in another way, all of it or nothing; its number. The last content names the files.

        What goes to its reporter says that the code was seen: nobody has answered them by that.
        """
        with self._writing() as connection:
            number = _begin(connection, case, act.time)
            for content, envelope in contents:
                place = _put(connection, number, content) if envelope else _add(connection, number, content)
                if envelope is not None:
                    _send(connection, place, case.box, content.day, envelope)
            for file in files:
                finish(connection, file, place)
            channels.keep(connection, number, channel)
            self._keep_time(connection, number)
            _write_log(connection, replace(act, case=number))
            return number

    # Cases ------------------------------------------------------------------------------------------------------------

    def visible_case(self, number: int, groups: Iterable[str], member: str) -> Case | None:
        """The case, if this member may know of it."""
        here = (_case.c.number == number) & visible(_case, list(groups), member)
        with self._reading() as connection:
            return _one_case(connection.execute(select(_case).where(here)).first())

    def case(self, number: int) -> Case | None:
        with self._reading() as connection:
            return _one_case(connection.execute(select(_case).where(_case.c.number == number)).first())

    def case_of(self, box: bytes) -> Case | None:
        with self._reading() as connection:
            return _one_case(connection.execute(select(_case).where(_case.c.box == box)).first())

    def inbox(self, groups: Sequence[str], member: str, numbers: Sequence[int] | None = None) -> list[tuple[Case, int]]:
        """The cases that a member sees, or those of them with these numbers, in that order.

        Each with how many contents from its reporter this member has not seen.
        """
        case = worklist.among(_case, numbers)
        seen = (_reading.c.member == member) & (_reading.c.case == case.c.number)
        read = select(_reading.c.place).where(seen).correlate(case).scalar_subquery()  # two levels up: not by itself
        new = (
            select(func.count())
            .where(_content.c.case == case.c.number, _content.c.sequence.is_(None), _content.c.place > func.coalesce(read, 0))
            .scalar_subquery()
        )
        with self._reading() as connection:
            rows = connection.execute(select(case, new.label("new")).where(visible(case, groups, member)))
            found = [(Case(*row[:-1]), row.new) for row in rows]
            return found if numbers is None else sorted(found, key=lambda each: numbers.index(each[0].number))

    def contents(self, case: int) -> list[Stored]:
        """Everything said in a case, in order, still sealed."""
        columns = [_content.c[name] for name in Stored.__dataclass_fields__]
        with self._reading() as connection:
            rows = connection.execute(select(*columns).where(_content.c.case == case).order_by(_content.c.place))
            return [Stored(**row._mapping) for row in rows]

    def ends(self) -> dict[int, int]:
        """The place of the last content of every case."""
        with self._reading() as connection:
            rows = connection.execute(
                select(_content.c.case, func.max(_content.c.place).label("place")).group_by(_content.c.case)
            )
            return {row.case: row.place for row in rows}

    def opened(self, act: Act, place: int) -> None:
        """Notes, before anything is shown, that a member opens a case and has then read it up to a place."""
        with self._writing() as connection:
            here = (_reading.c.member == act.who) & (_reading.c.case == act.case)
            read = {"place": place, "purpose": act.purpose}
            if not connection.execute(update(_reading).where(here).values(read)).rowcount:
                connection.execute(insert(_reading).values(member=act.who, case=act.case, **read))
            _write_log(connection, act)

    def write(
        self,
        act: Act,
        content: Stored | None,
        envelope: bytes | None,
        step: Step | None,
        file: Finished | None = None,
        asked: Ask | Part | None = None,
        beside: Beside | None = None,
        notice: tuple[Stored, bytes | None] | None = None,
        recorded: date | None = None,
    ) -> None:
        """Keeps what a member did, all of it or nothing: a content, its envelope to be sent, a step, a line of the log.

        A file that the content names is sent before it, or is a recording of this day; a notice is sent before it;
        a request has its reason in the content, and so has what is kept `beside` it. Raises NotYours for who must not see
        the case any more.

        Raises Overtaken if another content took this sequence, ForbiddenStep if the case has left the state before.
        """
        assert act.case is not None
        with self._writing() as connection:
            conflicts.refuse_kept_away(connection, act.case, act.who)
            turns = step is None or step.before == step.after
            told, note = _say(connection, act.case, *notice, turns) if notice else None, None
            if content is not None:
                place = _say(connection, act.case, content, envelope, turns)
                if file is not None:
                    finish(connection, file, place)
                    if recorded is not None:
                        keep_recording(connection, act.case, file.id, place, recorded)
                if isinstance(asked, Ask):
                    erasure.ask(connection, act.case, asked, place)
                elif asked is not None:
                    removal.ask(connection, act.case, asked, place)
                if beside is not None:
                    beside.keep(connection, act.case, place, told)
                if content.direction == INTERNAL and recorded is None:
                    note = place
            if step is not None:
                _take_step(connection, act, step)
            self._keep_time(connection, act.case)
            _write_log(connection, replace(act, note=note))

    def _keep_time(self, connection: Connection, number: int) -> None:
        if self._clocks is not None:
            rows = connection.execute(select(_case).where(_case.c.number == number))
            worklist.keep_time(connection, [Case(**row._mapping) for row in rows], self._clocks)

    # To be sent -------------------------------------------------------------------------------------------------------

    def to_push(self) -> list[tuple[int, int, Frame]]:
        """What waits to be sent, in order: its number, the place of the content, its frame."""
        with self._reading() as connection:
            there = _outbox.c.box.not_in(channels.without_box())
            rows = connection.execute(select(_outbox).where(_outbox.c.pushed.is_(None), there).order_by(_outbox.c.id))
            return [(row.id, row.place, Frame(0, TO_REPORTER, row.day, row.box, row.sealed)) for row in rows]

    def pushed(self, id_: int, today: date, unknown: bool) -> None:
        """Notes that it is in its box, or that the box is gone. The envelope itself is not needed any more."""
        with self._writing() as connection:
            connection.execute(update(_outbox).where(_outbox.c.id == id_).values(pushed=today, unknown=unknown, sealed=b""))

    def unsent(self, case: int) -> dict[int, bool]:
        """The places of a case that are not in the reporter's box: False waits to be sent, True found no box."""
        missing = _outbox.c.pushed.is_(None) | _outbox.c.unknown
        with self._reading() as connection:
            rows = connection.execute(
                select(_outbox.c.place, _outbox.c.unknown).join(_content).where(_content.c.case == case, missing)
            )
            return {row.place: row.unknown for row in rows}

    # The log ----------------------------------------------------------------------------------------------------------

    def log(self, act: Act) -> None:
        with self._writing() as connection:
            _write_log(connection, act)

    def openings(self, case: int) -> list[tuple[str, str]]:
        """Who opened a case and when, the last first."""
        rows = select(_log.c.who, _log.c.time).where(_log.c.case == case, _log.c.action == "opened")
        with self._reading() as connection:
            return [(row.who, row.time) for row in connection.execute(rows.order_by(_log.c.number.desc()))]

    def verify_log(self) -> int:
        """How many lines the log has. Raises LogBroken if one was changed or taken away."""
        return max(self.hashes_of_log())

    def hashes_of_log(self, wanted: Container[int] = ()) -> Mapping[int, bytes]:
        """The hash after the last line, by its number, and after each of those `wanted`. Raises LogBroken."""
        with self._reading() as connection:
            log, hashes = chain.Chain(), {}
            for row in connection.execute(select(_log).order_by(_log.c.number)):
                if log.lines in wanted:
                    hashes[log.lines] = log.head
                log.take(row)
            log.end(*connection.execute(select(_state.c.log_lines, _state.c.log_head)).one())
            still_here = _log.c.digest.is_not(None) & _log.c.case.in_(select(_case.c.number))
            line = connection.scalar(select(func.min(_log.c.number)).where(still_here))
            if line is not None:
                raise LogBroken(f"The log is broken at line {line}: who read a case that is still here was taken away.")
            return hashes | {log.lines: log.head}


def _write_log(connection: Connection, act: Act) -> None:
    lines, head = connection.execute(select(_state.c.log_lines, _state.c.log_head)).one()
    words = (act.written_time, act.who, act.action, act.case, _purpose(connection, act), act.note)
    row = chain.Row(*words, salt=urandom(chain.SALT_BYTES))
    head = chain.chained(head, row)
    connection.execute(insert(_log).values(number=lines + 1, hash=head, **vars(row)))
    connection.execute(update(_state).values(log_lines=lines + 1, log_head=head))


def _purpose(connection: Connection, act: Act) -> str | None:
    if act.purpose is not None or act.case is None or act.action in _UNREAD:
        return act.purpose
    here = (_reading.c.member == act.who) & (_reading.c.case == act.case)
    found: str | None = connection.scalar(select(_reading.c.purpose).where(here))
    return found


def _arrivals(connection: Connection, where: Any) -> list[Arrival]:
    rows = select(*(_arrival.c[name] for name in Arrival.__dataclass_fields__)).where(where).order_by(_arrival.c.id)
    return [Arrival(**row._mapping) for row in connection.execute(rows)]


def _still_waits(arrival: Arrival) -> Any:
    return (_arrival.c.id == arrival.id) & (_arrival.c.state == WAITING)


def _take(connection: Connection, arrival: Arrival) -> bool:
    """Whether this session is the one that opens it. The header with its stanzas is not kept (spec section 6.5)."""
    return bool(connection.execute(update(_arrival).where(_still_waits(arrival)).values(state=OPENED, sealed=b"")).rowcount)


def _begin(connection: Connection, case: Case, now: datetime) -> int:
    """Makes the case, however it came. That it is there since its day is on the log, whether or not anybody ever reads it."""
    values = {name: value for name, value in vars(case).items() if name != "number"}
    number: int = connection.execute(insert(_case).values(values).returning(_case.c.number)).scalar_one()
    _write_log(connection, Act(now, "desk", f"{BEGAN}{case.received}", number))
    return number


def _add(connection: Connection, case: int, content: Stored, takes_turn: bool = True) -> int:
    place = _put(connection, case, content)
    worklist.spoken(connection, case, content.direction, content.day, place, takes_turn)
    return place


def _put(connection: Connection, case: int, content: Stored) -> int:
    values = {name: value for name, value in vars(content).items() if name != "place"}
    try:
        place: int = connection.execute(insert(_content).values(case=case, **values).returning(_content.c.place)).scalar_one()
    except IntegrityError:
        raise Overtaken from None
    return place


def _tell(connection: Connection, case: int, box: bytes, content: Stored, envelope: bytes) -> None:
    """Says what every mailbox is told: it answers nobody, and takes no turn."""
    _send(connection, _put(connection, case, content), box, content.day, envelope)


def _say(connection: Connection, case: int, content: Stored, envelope: bytes | None, takes_turn: bool = True) -> int:
    """Adds a content, and its envelope to what waits to be sent, if it is for the reporter."""
    place = _add(connection, case, content, takes_turn)
    if envelope is not None:
        box = connection.execute(select(_case.c.box).where(_case.c.number == case)).scalar_one()
        _send(connection, place, box, content.day, envelope)
    return place


def _send(connection: Connection, place: int, box: bytes, day: date, envelope: bytes) -> None:
    values = {"place": place, "box": box, "day": day, "sealed": envelope}
    connection.execute(insert(_outbox).values(**values, pushed=None, unknown=False))


def _take_step(connection: Connection, act: Act, step: Step) -> None:
    assert act.case is not None
    case, today = act.case, act.time.date()
    values: dict[str, Any] = {"state": step.after, "closed": step.closed}
    told = {name: getattr(step, name) for name in ("acknowledged", "suppressed", "feedback", "outcome", "decided", "looked")}
    values |= {name: value for name, value in told.items() if value is not None}
    if step.reopens:
        values |= {"outcome": None, "decided": None}
    if step.outcome is not None:
        values["out_of_scope"] = step.out_of_scope
    if step.before != step.after:
        if step.after in (OUT_OF_SCOPE, *IN_SCOPE):
            values["out_of_scope"] = today if step.after == OUT_OF_SCOPE else None
        erasure.drop_request(connection, case)
        counts.note(connection, case, step.told)
    if "out_of_scope" in values:
        said = connection.scalar(select(_case.c.outcome).where(_case.c.number == case))
        again = step.outcome is not None and said not in (None, step.outcome)
        erasure.decide_scope(connection, case, values["out_of_scope"] is not None, again, act.who, today)
    here = (_case.c.number == case) & (_case.c.state == step.before)
    if not connection.execute(update(_case).where(here).values(values)).rowcount:
        raise ForbiddenStep


def _put_first(connection: Connection, case: int, first: First) -> None:
    """What was decided about its end is over too, if it is opened again."""
    here = _case.c.number == case
    if connection.scalar(select(_case.c.state).where(here)) == first.again.before:
        _take_step(connection, first.opened, first.again)
        _write_log(connection, first.opened)
    connection.execute(update(_case).where(here).values(priority="high"))
    _write_log(connection, first.act)


def _one_case(row: Row[Any] | None) -> Case | None:
    return Case(**row._mapping) if row else None


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError:
        raise StorageFailed("The database did not take or give this. Check its place, its space, its permissions.") from None


def _keep_all_time(connection: Connection, clocks: Clocks | None) -> None:
    """Computes the due days of every case, if they were computed under other rules or never."""
    if clocks is None or connection.scalar(select(_state.c.rules)) == clocks.rules:
        return
    last, some = 0, select(_case).order_by(_case.c.number).limit(_TOGETHER)
    while rows := connection.execute(some.where(_case.c.number > last)).all():
        last = rows[-1].number
        worklist.keep_time(connection, [Case(**row._mapping) for row in rows], clocks)
    connection.execute(update(_state).values(rules=clocks.rules))

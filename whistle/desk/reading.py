"""Opening what came and reading a case, with the keys of a session. What is opened is given back, and never stored open."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from threading import Lock

from whistle.desk.members import GroupKeys, Random
from whistle.desk.sessions import Session
from whistle.desk.starting import KeyCard
from whistle.desk.states import State, step
from whistle.errors import (
    BadSignature,
    CardRefused,
    GroupUnknown,
    HeaderForged,
    Malformed,
    NoMatch,
    NotACard,
    NotAContent,
    NotARecipient,
    NotDeclared,
    NotYours,
    PayloadFailed,
    SealingError,
)
from whistle.protocol.card import Card
from whistle.protocol.content import INTERNAL, TO_DESK, TO_REPORTER, Content, IntakeRecord, Position, Report, Retaliation
from whistle.protocol.content import parse as parse_content
from whistle.protocol.plaintext import parse
from whistle.sealing import cases as at_rest
from whistle.sealing.age import read_header, unwrap, write_header
from whistle.sealing.contents import Box, Entry, Opened, SealedTo, Thread, open_envelope, open_payload, read, read_thread
from whistle.sealing.derivation import box_id
from whistle.sealing.files import joined
from whistle.sealing.keys import CaseKey, FileKey
from whistle.store.desk import Act, Arrival, Case, Cases, First, Step, Stored
from whistle.store.files import DAMAGED, File

_CASE_KEY_BYTES = 32


@dataclass(frozen=True, eq=False)
class OpenCase:
    """A case as a session reads it: its report, its thread, and the key to write in it."""

    case: Case
    key: CaseKey
    report: Report
    thread: Thread
    written: Mapping[str, Position]  # what the desk itself wrote last, whatever its verdict is by now
    last_place: int
    refused: tuple[Arrival, ...]  # what came for this box and is damaged
    closed: frozenset[int]  # files that no key of this session opens

    @property
    def records(self) -> tuple[IntakeRecord, ...]:
        """What the desk took in in another way."""
        bodies = [item.content.body for item in self.thread.items if item.content is not None]
        return tuple(body for body in bodies if isinstance(body, IntakeRecord))


class Reader:
    """Reads with a session's keys. The card says whose words may stand in a thread."""

    def __init__(self, cases: Cases, card: KeyCard, random: Random) -> None:
        self._cases, self._card, self._random = cases, card, random
        self._opening = Lock()

    def open_arrivals(self, session: Session, now: datetime) -> bool:
        """Puts everything that waits and that this session's groups open into its case. The rest is left as it is.

        A new case is sealed to the card; whether a box must wait, and all that comes into it, for a renewed one.
        """
        closed: set[bytes] = set()
        with self._opening:
            for arrival in self._cases.waiting(session.tried):
                if arrival.box not in closed and not self._try(arrival, session, now):
                    closed.add(arrival.box)
                if not closed:
                    session.tried = arrival.id
            self._open_files(session, now.date())
        return bool(closed)

    def find(self, session: Session, number: int) -> Case:
        """What is known of a case without opening it. Raises NotYours whether it is kept from this member or there is none."""
        case = self._cases.visible_case(number, session.groups, session.member)
        if case is None:
            raise NotYours
        return case

    def read(self, session: Session, number: int) -> OpenCase:
        """The case. Raises NotYours, or NotDeclared until the member has said that they have no conflict of interest."""
        case = self.find(session, number)
        if not self._cases.conflicts.has_declared(number, session.member):
            raise NotDeclared
        return self._open(session, case)

    def unshown(self, session: Session, number: int) -> OpenCase:
        """The case, for what is done in it without showing it, declared or not. Raises NotYours."""
        return self._open(session, self.find(session, number))

    def of_group(self, session: Session, number: int) -> OpenCase:
        """The case, whoever it is kept from, for what all cases of a group get alike: never shown. Raises NotYours."""
        case = self._cases.case(number)
        keys = session.groups.get(case.group) if case is not None else None
        if case is None or keys is None:
            raise NotYours
        return self._open(session, case)

    def _open(self, session: Session, case: Case) -> OpenCase:
        number, key = case.number, _case_key(case, session.groups[case.group])
        stored = self._cases.contents(number)
        entries = self._entries(number, stored, key)
        report, thread = self._thread(case, entries)
        secrets = self._cases.conflicts.secrets(number, session.member)
        thread = replace(thread, items=tuple(item for item in thread.items if item.place not in secrets))
        refused = tuple(self._cases.refused([case.group], session.member, case.box))
        closed = frozenset(session.tried_files)
        return OpenCase(case, key, report, thread, _written(stored, entries), stored[-1].place, refused, closed)

    def _entries(self, number: int, stored: Sequence[Stored], key: CaseKey) -> list[Entry]:
        removed = {each.content: each.link for each in self._cases.removals.of_case(number) if each.link}
        return [_entry(each, key, removed.get(each.place)) for each in stored]

    def _thread(self, case: Case, entries: Sequence[Entry]) -> tuple[Report, Thread]:
        """What was said, judged, and the report that it begins with. Raises NotAContent."""
        card, first = self._card.known(), next(entry for entry in entries if entry.direction == TO_DESK)
        report = _report(first, case.box, card)
        return report, read_thread(entries, Box(card.instance, case.box, report.signing, card))

    def _open_files(self, session: Session, today: date) -> None:
        """Wraps the key of every whole file of a case of this session's groups, and drops its header (spec section 6.5)."""
        for file in self._cases.unopened(session.groups):
            case = self._cases.case_of(file.box)
            if case is not None and file.id not in session.tried_files:
                with suppress(CardRefused, NotACard):  # what is to be passed on waits for a renewed card
                    self._open_file(file, case, session, today)

    def _open_file(self, file: File, case: Case, session: Session, today: date) -> None:
        """One of them. If its case is another group's by now, it is put under that group's key instead, and not looked at."""
        files, keys = self._cases.files, session.groups.get(case.group)
        former = self._cases.conflicts.former_groups(case.number)
        if keys is not None and case.epoch not in keys.identities:
            return
        groups = {case.group, *former} & session.groups.keys()
        identities = [each for group in groups for each in session.groups[group].identities.values()]
        try:
            file_key = unwrap(read_header(joined(files.pieces(file))), identities)
        except NoMatch:
            if not former:  # or it may be with a former group, whose sessions pass it on
                session.tried_files.add(file.id)  # perhaps another member has the epoch's key
            return
        except SealingError:
            files.judge(file, DAMAGED)
            return
        if keys is not None:
            files.opened(file, at_rest.wrap_file_key(file_key, file.salt or b"", _case_key(case, keys), self._random))
        else:
            files.pass_on(file, write_header(file_key, [self._card.on(today).recipient(case.group).raw]))

    def _try(self, arrival: Arrival, session: Session, now: datetime) -> bool:
        """Opens it, if it is for one of the session's groups. False if it must wait for another card."""
        try:
            any(self._open_arrival(arrival, group, keys, now) for group, keys in session.groups.items())
        except (CardRefused, NotACard):
            return False
        return True

    def _open_arrival(self, arrival: Arrival, group: str, keys: GroupKeys, now: datetime) -> bool:
        """Whether it was this group's."""
        for epoch, identity in keys.identities.items():
            try:
                opened = open_envelope(arrival.sealed, [identity])
            except (HeaderForged, PayloadFailed):
                self._refuse(arrival, group, self._cases.case_of(arrival.box))
                return True
            except (SealingError, Malformed):
                continue
            sealed_to = SealedTo(group, epoch, sha256(identity.recipient).digest())
            self._file(arrival, opened, _first_sealed_to(arrival) or sealed_to, group, keys, now)
            return True
        return False

    def _file(self, arrival: Arrival, opened: Opened, sealed_to: SealedTo, group: str, keys: GroupKeys, now: datetime) -> None:
        case = self._cases.case_of(arrival.box)
        if case is not None and case.group == group:
            key, entry = _case_key(case, keys), Entry(0, TO_DESK, arrival.day, opened.plaintext, sealed_to)
            first = _first(case.number, now) if self._tells_of_retaliation(case, key, entry) else None
            self._cases.join(arrival, case.number, self._kept(arrival, opened, sealed_to, key), first)
        elif case is not None and group in self._cases.conflicts.former_groups(case.number):
            self._pass_on(arrival, opened, sealed_to, case.group, now.date())
        elif case is None and self._is_report(arrival, opened, sealed_to):
            for earlier in self._begin(arrival, opened, sealed_to, now):
                self._open_arrival(earlier, sealed_to.group, keys, now)
        else:
            self._refuse(arrival, group, case)

    def _tells_of_retaliation(self, case: Case, key: CaseKey, entry: Entry) -> bool:
        """Whether it is the reporter's own word, in its place: what is forged or doubled puts no case first."""
        try:
            if not isinstance(parse_content(parse(entry.plaintext or b"").json).body, Retaliation):
                return False
            entries = self._entries(case.number, self._cases.contents(case.number), key)
            _, thread = self._thread(case, [*entries, entry])
        except NotAContent:
            return False
        return thread.items[-1].content is not None

    def _refuse(self, arrival: Arrival, group: str, case: Case | None) -> None:
        """What came for a case that was handed on is told to whoever has it now."""
        handed = case is not None and group in self._cases.conflicts.former_groups(case.number)
        self._cases.refuse(arrival, case.group if case is not None and handed else group)

    def _pass_on(self, arrival: Arrival, opened: Opened, sealed_to: SealedTo, group: str, today: date) -> None:
        """A fresh header on the same payload, for the group that has the case now (spec section 6.5). Nobody reads it here."""
        header = write_header(opened.file_key, [self._card.on(today).recipient(group).raw])
        place = (sealed_to.group, sealed_to.epoch, sealed_to.recipient)
        self._cases.conflicts.pass_on(arrival.id, header + opened.payload, *place)

    def _is_report(self, arrival: Arrival, opened: Opened, sealed_to: SealedTo) -> bool:
        entry = Entry(0, TO_DESK, arrival.day, opened.plaintext, sealed_to)
        try:
            _report(entry, arrival.box, self._card.known())
        except NotAContent:
            return False
        return True

    def _begin(self, arrival: Arrival, opened: Opened, sealed_to: SealedTo, now: datetime) -> list[Arrival]:
        """Makes the case; what came for its box before it, and belongs to it after all."""
        key = CaseKey(self._random(_CASE_KEY_BYTES))
        current = self._card.on(now.date()).recipient(sealed_to.group)
        sealed_key = at_rest.seal_case_key(key, current.raw)
        case = Case(0, arrival.box, sealed_to.group, current.epoch, State.RECEIVED, arrival.day, None, None, sealed_key)
        return self._cases.begin(arrival, case, self._kept(arrival, opened, sealed_to, key), now)

    def _kept(self, arrival: Arrival, opened: Opened, sealed_to: SealedTo, key: CaseKey) -> Stored:
        kept = at_rest.keep(opened.payload, opened.file_key, key, self._random)
        place = (sealed_to.group, sealed_to.epoch, sealed_to.recipient)
        return Stored(TO_DESK, None, arrival.day, *place, kept.wrapped_key, kept.payload)


def _first(case: int, now: datetime) -> First:
    """What a message about retaliation does, by nobody's word."""
    again = Step(State.CLOSED, step(State.CLOSED, State.ASSESSING), reopens=True)
    return First(again, Act(now, "desk", f"state {again.after}", case), Act(now, "desk", "put first", case))


def _report(entry: Entry, box: bytes, card: Card) -> Report:
    """The report that opens a case: its own keys hash to the box and verify it. Raises NotAContent."""

    def writers(content: Content) -> list[bytes]:
        body, context = content.body, content.context
        sealed_to = SealedTo(context.group, context.epoch, context.recipient)
        here = (context.instance, context.box, context.direction) == (card.instance, box, TO_DESK)
        if not isinstance(body, Report) or not here or sealed_to != entry.sealed_to:
            raise GroupUnknown
        if box_id(body.signing, body.reply_to) != box:
            raise GroupUnknown
        write_header(FileKey(bytes(16)), [body.reply_to])  # a key that nothing can be sealed to could never be answered
        return [body.signing]

    try:
        content = read(entry.plaintext or b"", writers)
    except (BadSignature, GroupUnknown, NotARecipient):
        raise NotAContent from None
    assert isinstance(content.body, Report)
    return content.body


def _written(stored: Sequence[Stored], entries: Sequence[Entry]) -> Mapping[str, Position]:
    """The end of each chain that the desk writes. A revoked voice takes the trust from its words, not their places."""
    last = {TO_REPORTER: Position(), INTERNAL: Position()}
    for each, entry in zip(stored, entries, strict=True):
        if each.sequence is not None and each.sequence > last[each.direction].sequence:
            # What the disk has damaged cannot be named by its hash: what follows it is a broken chain, and is shown as that.
            known = sha256(parse(entry.plaintext).json).digest() if entry.plaintext is not None else bytes(32)
            known = entry.removed.position.hash if entry.removed is not None else known
            last[each.direction] = Position(each.sequence, known)
    return last


def _first_sealed_to(arrival: Arrival) -> SealedTo | None:
    """What the reporter sealed it to, if a session of that group has passed it on."""
    if arrival.group is None or arrival.epoch is None or arrival.recipient is None:
        return None
    return SealedTo(arrival.group, arrival.epoch, arrival.recipient)


def _case_key(case: Case, keys: GroupKeys) -> CaseKey:
    if case.epoch not in keys.identities:
        raise NotYours
    return at_rest.open_case_key(case.key, keys.identities[case.epoch])


def _entry(stored: Stored, key: CaseKey, removed: bytes | None) -> Entry:
    sealed_to = SealedTo(stored.group, stored.epoch, stored.recipient)
    if removed is not None and not stored.payload:
        with suppress(PayloadFailed):  # what nobody with the case key wrote excuses nothing
            link = at_rest.open_link(removed, stored.place, key)
            return Entry(stored.place, stored.direction, stored.day, None, sealed_to, link)
    kept = at_rest.Kept(stored.wrapped_key, stored.payload)
    try:
        plaintext: bytes | None = open_payload(kept.payload, at_rest.file_key_of(kept, key))
    except SealingError:
        plaintext = None
    return Entry(stored.place, stored.direction, stored.day, plaintext, sealed_to)

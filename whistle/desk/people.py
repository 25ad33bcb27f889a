"""Who can sign in: inviting, letting in, leaving, blocking, and what is done when a passphrase is forgotten or known.

Nobody comes in, and nobody gets another key, by one person's word alone. Keys are handed on by whoever holds them: what a
session opens is sealed anew to those who may hold it. Nothing here gives anybody the keys of both rings.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from hashlib import sha256

from whistle.desk.deadlines import months_after
from whistle.desk.members import Members, Random
from whistle.desk.roles import STAFF, Right, Role, may
from whistle.desk.sessions import Session, Sessions
from whistle.desk.starting import KeyCard
from whistle.errors import (
    NameRefused,
    NeedsHolder,
    NoMatch,
    NotAllowed,
    NotSignedIn,
    PassphraseOver,
    PassphrasesDiffer,
    PersonChanged,
    PlaceRefused,
)
from whistle.protocol.bech32 import read_recipient
from whistle.protocol.card import GROUP_ID, Card, Group
from whistle.sealing.groups import seal_anew
from whistle.store.desk import Act, Cases
from whistle.store.people import (
    ACTIVE,
    BLOCKED,
    INVESTIGATOR,
    INVITED,
    LEAD,
    NEW_KEY,
    RESET,
    REVIEWED,
    UNBLOCK,
    WAITING,
    Asked,
    Person,
    Review,
    can_become,
    list_hash,
)

_TOKEN_BYTES = 32
_THE_LOGS_OWN = ("desk", "unknown", "nobody")  # who it says did something, if no member did
_REVIEW_MONTHS = 6
_STILL_OPEN = ("/passphrase", "/sign-out", "/block")  # with a passphrase that is over
Form = Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """Somebody on the page: their last day here, what waits for a second member, and what this session can do about them."""

    person: Person
    last: date | None
    asked: tuple[Asked, ...]
    acts: tuple[str, ...]
    ring_owed: bool

    @property
    def check(self) -> str:
        """What the invited person reads out to whoever lets them in, so that it is their key and nobody else's."""
        return check_words(self.person.recipient)


@dataclass(frozen=True)
class Notices:
    """What the inbox and the page of people say: groups whose keys must be turned; who waits for this session's ring.

    And for those who can do something about it: groups with a case that nobody can read, and a review that is overdue.
    """

    turn: tuple[str, ...]
    ring: tuple[str, ...]
    unread: tuple[str, ...]
    review: bool


def check_words(recipient: str) -> str:
    """64 bits of a recipient, to be read out."""
    digest = sha256(recipient.encode()).hexdigest()[:16]
    return " ".join(digest[place : place + 4] for place in range(0, len(digest), 4))


class People:
    """What members do about each other. Whatever was changed meanwhile raises PersonChanged."""

    def __init__(self, cases: Cases, members: Members, sessions: Sessions, card: KeyCard, random: Random) -> None:
        self._register, self._members, self._sessions = cases.people, members, sessions
        self._conflicts = cases.conflicts
        self._card, self._random = card, random

    def meet(self, session: Session, path: str, now: datetime) -> None:
        """Before every answer: whether the session is still a member's. Seals anew what somebody who left still opens.

        Raises NotSignedIn, or PassphraseOver.
        """
        standing = self._register.standing(session.member)
        if not standing.there:
            self._sessions.end(session)
            raise NotSignedIn
        if standing.renew and path not in _STILL_OPEN:
            raise PassphraseOver
        if standing.stale:
            for group in session.groups:
                act = Act(now, session.member, f"resealed {group}")
                self._register.seal_stale(act, group, partial(_seal, session, group))

    def must_renew(self, session: Session) -> bool:
        return self._register.standing(session.member).renew

    def is_known(self, name: str) -> bool:
        return self._register.is_known(name)

    # Coming -----------------------------------------------------------------------------------------------------------

    def invite(self, session: Session, form: Form, now: datetime) -> tuple[Person, str]:
        """Whom, and the token of their link. Raises NameRefused, NameTaken or PlaceRefused."""
        name = form.get("name", "").strip().lower()
        if not GROUP_ID.fullmatch(name) or name in _THE_LOGS_OWN:
            raise NameRefused
        role, group, ring = self._place(form)
        token = self._random(_TOKEN_BYTES).hex()
        person = Person(name, role, group, ring, INVITED)
        self._register.invite(Act(now, session.member, f"invited {name}"), person, _hash(token))
        return self._register.person(name), token

    def invite_again(self, session: Session, name: str, now: datetime) -> tuple[Person, str]:
        """Another link; the former one works no more."""
        token = self._random(_TOKEN_BYTES).hex()
        self._register.invite_again(Act(now, session.member, f"reinvited {name}"), name, _hash(token))
        return self._register.person(name), token

    def invited(self, token: str, today: date) -> Person:
        """Whose link this is. Raises InvitationEnded."""
        return self._register.invited(_hash(token), today)

    def accept(self, token: str, form: Form, now: datetime) -> str:
        """Makes the key of who was invited; its check words. Raises InvitationEnded, PassphrasesDiffer, PassphraseTooWeak."""
        person = self.invited(token, now.date())
        if form.get("new", "") != form.get("again", ""):
            raise PassphrasesDiffer
        recipient, key = self._members.make(person.name, form.get("new", ""))
        self._register.accept(Act(now, person.name, "accepted invitation"), _hash(token), recipient, key)
        return check_words(recipient)

    def admit(self, session: Session, form: Form, now: datetime) -> None:
        """Lets in who waits, with the keys of their group. Raises NeedsHolder, NeedsAnother or GroupFull."""
        person = self._register.person(form.get("name", ""))
        if check_words(person.recipient) != form.get("check", ""):
            raise PersonChanged
        if person.group and not _leads(session, person):
            raise NeedsHolder
        act = Act(now, session.member, f"admitted {person.name}")
        self._register.admit(act, person, partial(_seal, session, person.group))

    def hand_ring(self, session: Session, name: str, now: datetime) -> None:
        """Hands the keys of one's own ring to a new member of it. Raises NeedsHolder."""
        group = self._register.person(name).group
        act = Act(now, session.member, f"ring-to {name}")
        self._register.hand_ring(act, name, partial(_seal, session, group))

    # Going ------------------------------------------------------------------------------------------------------------

    def remove(self, session: Session, name: str, now: datetime) -> None:
        """For good, with effect on the next request. Raises NeedsAnother for oneself, LastAuditor or what takes a key away."""
        person = self._register.person(name)
        if not _may_remove(session, person):
            raise NotAllowed
        act = Act(now, session.member, f"removed {name}")
        self._register.remove(act, name, self._last_epoch(person.group), partial(_seal, session, person.group))
        self._sessions.end_all(name)

    def block(self, session: Session, name: str, now: datetime) -> None:
        """At once: oneself, or by an administrator anybody. Raises NotAllowed."""
        if name != session.member and session.role is not Role.ADMINISTRATOR:
            raise NotAllowed
        self._register.block(Act(now, session.member, f"blocked {name}"), name)
        self._sessions.end_all(name)

    # What takes two ---------------------------------------------------------------------------------------------------

    def ask(self, session: Session, what: str, name: str, now: datetime) -> None:
        """The first word. Raises NeedsAnother for oneself."""
        person = None if what == RESET else self._register.person(name)
        if what not in (UNBLOCK, NEW_KEY, RESET) and not (person and can_become(person, what)):
            raise PersonChanged
        name = person.name if person else ""
        self._register.ask(Act(now, session.member, _about(f"asked-{what}", name)), what, name)

    def withdraw(self, session: Session, what: str, name: str, now: datetime) -> None:
        self._register.withdraw(Act(now, session.member, _about(f"withdrew-{what}", name)), what, name)

    def unblock(self, session: Session, name: str, now: datetime) -> None:
        """The second word, here and below. Raises NeedsAnother."""
        self._register.unblock(Act(now, session.member, f"unblocked {name}"), name)

    def new_key(self, session: Session, name: str, now: datetime) -> tuple[Person, str]:
        """Who must come in anew, and the token of their link. Raises NeedsAnother, LastLead, LastOfRing or CaseUnread."""
        token, group = self._random(_TOKEN_BYTES).hex(), self._register.person(name).group
        act = Act(now, session.member, f"rekeyed {name}")
        self._register.new_key(act, name, _hash(token), partial(_seal, session, group))
        self._sessions.end_all(name)
        return self._register.person(name), token

    def change_role(self, role: str, session: Session, name: str, now: datetime) -> None:
        """What they could do before ends with their sessions. Raises NeedsAnother or LastLead."""
        self._register.change_role(Act(now, session.member, f"made-{role} {name}"), name, role)
        self._sessions.end_all(name)

    def reset(self, session: Session, now: datetime) -> None:
        """Every session ends now, and every passphrase opens only the page for another one."""
        self._register.reset(Act(now, session.member, "reset passphrases"))
        self._sessions.end_all()

    # The half-yearly review -------------------------------------------------------------------------------------------

    def review(self, session: Session, form: Form, now: datetime) -> None:
        """Signs for the list that the form was under."""
        self._register.review(Act(now, session.member, REVIEWED), form.get("seen", ""))

    def last_review(self) -> Review | None:
        return self._register.last_review()

    def review_is_due(self, today: date) -> bool:
        last = self._register.last_review()
        return last is not None and months_after(last.day, _REVIEW_MONTHS) < today

    # What the pages show ----------------------------------------------------------------------------------------------

    def lines(self, session: Session, today: date) -> list[Line]:
        asked, owed = self._register.asked(today), {each.name for each in self._register.owed_rings()}
        return [self._line(session, person, asked, owed) for person in self._register.people()]

    def list_hash(self) -> str:
        """What a review of the list as it is now signs for."""
        return list_hash(self._register.people())

    def asked_of_all(self, today: date) -> Asked | None:
        """The reset of all passphrases, if it waits for its second word."""
        return next((each for each in self._register.asked(today) if each.what == RESET), None)

    def notices(self, session: Session, today: date) -> Notices:
        groups = None if may(session.role, Right.PEOPLE) else session.groups.keys()
        turning = self._register.turning()
        behind = {each.id for each in self._card.known().groups if _epoch(each, min) <= turning.get(each.id, 0)}
        mine = next((each for each in self._register.people() if each.name == session.member), None)
        owed = self._register.owed_rings()
        holds = mine is not None and mine.state == ACTIVE and mine not in owed
        ring = [each.name for each in owed if mine and holds and (each.group, each.ring) == (mine.group, mine.ring)]
        unread = sorted(self._conflicts.unread()) if groups is None else ()
        turn = sorted(each for each in behind if groups is None or each in groups)
        return Notices(tuple(turn), tuple(ring), tuple(unread), groups is None and self.review_is_due(today))

    def _line(self, session: Session, person: Person, asked: list[Asked], owed: set[str]) -> Line:
        last, about = self._register.last_sign_in(person.name), tuple(each for each in asked if each.name == person.name)
        day = date.fromisoformat(last[:10]) if last else None
        acts = _acts(session, person, {each.what: each.by for each in about})
        return Line(person, day, about, acts, person.name in owed)

    def _last_epoch(self, group: str) -> int:
        return max((_epoch(each, max) for each in self._card.known().groups if each.id == group), default=0)

    def _place(self, form: Form) -> tuple[Role, str, str | None]:
        """Role, group and ring of who is invited. Raises PlaceRefused unless they go together."""
        try:
            role = Role(form.get("role", ""))
        except ValueError:
            raise PlaceRefused from None
        group, ring = form.get("group", ""), form.get("ring", "") or None
        found = _group(self._card.known(), group)
        if role in STAFF:
            fits = not group and ring is None
        else:
            fits = found is not None and (ring in ("a", "b") if found.rings else ring is None)
        if not fits:
            raise PlaceRefused
        return role, group, ring


def _acts(session: Session, person: Person, asked: Mapping[str, str]) -> tuple[str, ...]:
    """What this session can do about somebody, in the order of the page."""
    if person.name == session.member:
        return ()
    acts = []
    if person.state == WAITING and person.by != session.member and (not person.group or _leads(session, person)):
        acts.append("admit")
    if person.state in (INVITED, WAITING):
        acts.append("link")
    roles = tuple(each for each in (LEAD, INVESTIGATOR) if can_become(person, each))
    for what in {BLOCKED: (UNBLOCK, NEW_KEY), ACTIVE: (NEW_KEY, *roles)}.get(person.state, ()):
        if what not in asked:
            acts.append(what)
        elif asked[what] != session.member:
            acts.append(f"confirm-{what}")
    if person.state == ACTIVE and session.role is Role.ADMINISTRATOR:
        acts.append("block")
    if person.state != "gone" and _may_remove(session, person):
        acts.append("remove")
    return tuple(acts)


def _leads(session: Session, person: Person) -> bool:
    return session.role is Role.LEAD and person.group in session.groups


def _may_remove(session: Session, person: Person) -> bool:
    """An administrator, everybody; a lead, who is in their own group, and an administrator: there may be a single one."""
    return session.role is Role.ADMINISTRATOR or person.role == Role.ADMINISTRATOR or _leads(session, person)


def _seal(session: Session, group: str, file: bytes, holders: list[str]) -> bytes | None:
    """A sealed key of a group to these holders instead; None if this session's member holds no such key."""
    keys = session.groups.get(group)
    try:
        return seal_anew(file, keys.holder, [read_recipient(each) for each in holders]) if keys else None
    except NoMatch:
        return None


def _group(card: Card, name: str) -> Group | None:
    return next((each for each in card.groups if each.id == name), None)


def _epoch(group: Group, which: Callable[[Iterable[int]], int]) -> int:
    return which(key.epoch for key in (group.recipient, *(group.rings or ())))


def _about(action: str, name: str) -> str:
    return f"{action} {name}".strip()


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()

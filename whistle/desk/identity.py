"""Who the reporter is, revealed by two: a member of ring A takes the outer seal off, a member of ring B opens the inner one.

Nothing here does both in one session. Whoever of the two is of ring A gives their half with their own word: when they ask, or
when they approve. What the outer seal held is kept as long as the request is open; the name itself is never kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from whistle.desk.members import GroupKeys
from whistle.desk.reading import OpenCase, Reader
from whistle.desk.sessions import Session
from whistle.desk.starting import KeyCard
from whistle.desk.writing import Place, Writer
from whistle.errors import IdentityUnreadable, NoMatch, NotInARing, Overtaken, SealingError
from whistle.protocol.content import Report, SealedIdentity
from whistle.protocol.identity import IdentityGiven
from whistle.sealing.identity import open_inner, strip_outer
from whistle.sealing.keys import Identity
from whistle.store.desk import Act, Cases
from whistle.store.identity import RING_A, Refused, Request

_WAITS, _OPEN = timedelta(days=3), timedelta(days=1)  # a weekend for the second member; then a whole day to read
Form = Mapping[str, str]
Given = TypeVar("Given")
Opened = TypeVar("Opened")


@dataclass(frozen=True)
class Source:
    """A content in which the reporter gives an identity."""

    place: int
    day: date
    field: str


@dataclass(frozen=True)
class Shown:
    """What a case's page says of identities. Without a `ring` the member can neither ask nor approve."""

    sources: tuple[Source, ...]
    ring: str | None
    has_rings: bool
    request: Request | None


class Revealing:
    """What members ask for, approve, refuse, end and read. Raises NotYours for a case that is not theirs."""

    def __init__(self, cases: Cases, reader: Reader, writer: Writer, card: KeyCard) -> None:
        self._cases, self._reader, self._writer, self._card = cases, reader, writer, card

    def ask(self, place: Place, form: Form, now: datetime) -> None:
        """Asks to reveal an identity, for a reason. Raises NotInARing, Overtaken, IdentityUnreadable."""
        opened = self._reader.read(place.session, place.case)
        keys = place.session.groups[opened.case.group]
        source = _source(opened, form.get("source", ""))
        if keys.ring is None:
            raise NotInARing
        half = _half(source, keys) if keys.ring == RING_A else None
        self.lapse(now)
        today = now.date()
        request = Request(source.place, place.session.member, keys.ring, today, today + _WAITS, half)
        self._writer.beside(place, "asked identity", form.get("text", ""), request, now)

    def approve(self, place: Place, form: Form, now: datetime) -> None:
        """The word of a member of the other ring. Raises NeedsAnother, NeedsOtherRing, NotInARing, RequestEnded."""
        opened = self._reader.read(place.session, place.case)
        keys = place.session.groups[opened.case.group]
        if keys.ring is None:
            raise NotInARing
        request = self._cases.identities.request(place.case)
        gives = request is not None and request.half is None and keys.ring == RING_A and request.ring != RING_A
        half = _half(_source(opened, str(request.source)), keys) if request and gives else None
        act = Act(now, place.session.member, "approved identity", place.case)
        self._cases.identities.approve(act, _id(form), keys.ring, half, now.date() + _OPEN)

    def refuse(self, place: Place, form: Form, now: datetime) -> None:
        """Another member's no, with a reason. Raises NeedsAnother, RequestEnded."""
        refused = Refused(_id(form), place.session.member)
        self._writer.beside(place, "refused identity", form.get("text", ""), refused, now)

    def end(self, place: Place, form: Form, now: datetime) -> None:
        """Takes a request back, or ends it when the name was read. Raises RequestEnded."""
        self._reader.read(place.session, place.case)
        self._cases.identities.end(Act(now, place.session.member, "ended identity", place.case), _id(form))

    def reveal(self, session: Session, case: int, form: Form, now: datetime) -> IdentityGiven:
        """The name, to the member of ring B and nobody else. Raises RequestEnded, NeedsAnother, IdentityUnreadable."""
        keys = session.groups[self._reader.read(session, case).case.group]
        half = self._cases.identities.reveal(Act(now, session.member, "revealed identity", case), _id(form))
        return _with_any(open_inner, half, keys.ring_b)

    def lapse(self, now: datetime) -> None:
        """Ends what has been open too long."""
        self._cases.identities.lapse(now, lambda case: Act(now, "desk", "ended identity", case))

    def shown(self, opened: OpenCase, session: Session, today: date) -> Shown:
        group, request = opened.case.group, self._cases.identities.request(opened.case.number)
        has_rings = any(each.id == group and each.rings for each in self._card.known().groups)
        open_ = request if request and request.ends >= today else None
        return Shown(_sources(opened), session.groups[group].ring, has_rings, open_)


def _sources(opened: OpenCase) -> tuple[Source, ...]:
    """Every identity that this reporter gave, the newest first."""
    said = [(item, item.content.body) for item in opened.thread.items if item.verdict.taken and item.content]
    found = [(item, body.identity) for item, body in said if isinstance(body, Report | SealedIdentity)]
    return tuple(Source(item.place, item.day, field) for item, field in reversed(found) if field is not None)


def _source(opened: OpenCase, text: str) -> Source:
    for each in _sources(opened):
        if str(each.place) == text:
            return each
    raise Overtaken


def _half(source: Source, keys: GroupKeys) -> bytes:
    return _with_any(strip_outer, source.field, keys.ring_a)


def _with_any(open_with: Callable[[Given, Identity], Opened], given: Given, keys: tuple[Identity, ...]) -> Opened:
    """What the first key that fits opens. Raises IdentityUnreadable."""
    for key in keys:
        try:
            return open_with(given, key)
        except NoMatch:
            continue  # perhaps of an earlier epoch
        except SealingError:
            break
    raise IdentityUnreadable


def _id(form: Form) -> int:
    """The number of a request from a form; 0, which is nobody's, if it is none."""
    text = form.get("asked", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0

"""A message to every open mailbox of a group: a lead writes it, another member confirms it, and each case gets its own.

A closed case gets one too: its mailbox is open until it is erased.

It is signed and sealed like any reply, in the language of the report. No case is shown to whoever sends it, so that it reaches
those too that they must not see.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from whistle.desk.letters import LANGUAGES
from whistle.desk.reading import Reader
from whistle.desk.sessions import Session
from whistle.desk.starting import KeyCard
from whistle.desk.writing import Writer, recipient_for
from whistle.errors import (
    BroadcastOver,
    BroadcastUnfinished,
    BroadcastUnreadable,
    FallbackMissing,
    NotAContent,
    NotYours,
    Overtaken,
    SealingError,
    TextTooLong,
)
from whistle.protocol.canonical import written_length
from whistle.protocol.constants import TEXT_LIMIT
from whistle.sealing.broadcasts import OTHERWISE, open_texts, seal_texts
from whistle.store.broadcast import Broadcast
from whistle.store.desk import Act, Cases

_WAITS = timedelta(days=7)
Form = Mapping[str, str]


@dataclass(frozen=True)
class Waiting:
    """What the members of a group read of theirs: no text if it does not open. `check` names exactly what was read."""

    broadcast: Broadcast
    texts: Mapping[str, str]
    check: str
    until: date


class Broadcasting:
    """What members write, read, confirm and withdraw. Raises NotYours for a group that is not theirs."""

    def __init__(self, cases: Cases, reader: Reader, writer: Writer, card: KeyCard) -> None:
        self._cases, self._reader, self._writer, self._card = cases, reader, writer, card

    def ask(self, session: Session, form: Form, now: datetime) -> None:
        """Raises FallbackMissing, TextTooLong, BroadcastWaits."""
        group, texts = form.get("group", ""), _texts_in(form)
        keys = session.groups.get(group)
        if keys is None:
            raise NotYours
        sealed = seal_texts(texts, recipient_for(self._card.on(now.date()), group, keys).raw)
        self.lapse(now)
        self._cases.broadcasts.ask(Act(now, session.member, "asked broadcast"), group, sealed)

    def confirm(self, session: Session, form: Form, now: datetime) -> None:
        """The word of a second member, and the sending; once that is given, anybody of the group sends what is left.

        Raises NeedsAnother, BroadcastOver, BroadcastUnreadable, and BroadcastUnfinished if some cases could not have it.
        """
        broadcast = self._find(session, form, now)
        texts = _opened(session, broadcast)
        if not texts:
            raise BroadcastUnreadable
        self._reader.open_arrivals(session, now)
        if broadcast.confirmed_by is None:
            self._cases.broadcasts.confirm(Act(now, session.member, "confirmed broadcast"), broadcast.id)
        for case in self._cases.broadcasts.left(broadcast.id):
            with suppress(NotYours, NotAContent, SealingError, Overtaken):  # it stays among those that are left
                self._writer.tell(session, case, texts, broadcast.id, now)
        if not self._cases.broadcasts.finish(Act(now, session.member, "sent broadcast"), broadcast.id):
            raise BroadcastUnfinished

    def withdraw(self, session: Session, form: Form, now: datetime) -> None:
        """Raises BroadcastOver."""
        broadcast = self._find(session, form, now)
        self._cases.broadcasts.withdraw(Act(now, session.member, "withdrew broadcast"), broadcast.id)

    def lapse(self, now: datetime) -> None:
        """Ends what has waited too long."""
        self._cases.broadcasts.lapse(Act(now, "desk", "ended broadcast"), now.date() - _WAITS)

    def waiting(self, session: Session, today: date) -> list[Broadcast]:
        return self._cases.broadcasts.waiting(session.groups.keys(), today - _WAITS)

    def shown(self, session: Session, now: datetime) -> Mapping[str, Waiting]:
        """What waits, by its group. That it was read is on the log before it is shown."""
        waiting = self.waiting(session, now.date())
        if waiting:
            self._cases.log(Act(now, session.member, "opened broadcast"))
        return {each.group: Waiting(each, _opened(session, each), _check(each), each.day + _WAITS) for each in waiting}

    def _find(self, session: Session, form: Form, now: datetime) -> Broadcast:
        """The one whose text stood on the page, as it stood there."""
        for each in self.waiting(session, now.date()):
            if _check(each) == form.get("asked"):
                return each
        raise BroadcastOver


def _texts_in(form: Form) -> Mapping[str, str]:
    """By language: those that have one, and the one for all others. Raises FallbackMissing, TextTooLong."""
    texts = {each: form[each] for each in LANGUAGES if form.get(each, "").strip()}
    if OTHERWISE not in texts:
        raise FallbackMissing
    if any(written_length(each) > TEXT_LIMIT for each in texts.values()):
        raise TextTooLong
    return texts


def _opened(session: Session, broadcast: Broadcast) -> Mapping[str, str]:
    """No text if the session's keys do not open it."""
    try:
        return open_texts(broadcast.sealed, session.groups[broadcast.group].identities.values())
    except (SealingError, NotAContent):
        return {}


def _check(broadcast: Broadcast) -> str:
    return sha256(broadcast.sealed).hexdigest()

"""Mail to members: one constant text at fixed hours, whatever it is about. What that is, the desk says to who signs in.

One mail for each address and hour at most. What has not gone is tried again; the mail server may be given one twice if this
program is killed between its word and ours, under the same Message-ID.
"""

import asyncio
import re
import smtplib
import ssl
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from typing import Protocol

from whistle.desk.casefile import to_escalate
from whistle.desk.deadlines import SOON, CaseDays, Urgency, noted, owed, unopened_is_urgent
from whistle.desk.heads import Heads
from whistle.desk.presets import Preset, reminders, to_close
from whistle.desk.relay import Clock
from whistle.desk.settings import MailSettings, Told
from whistle.desk.states import State
from whistle.errors import HeadNotWritten, LogBroken, MailNotSent, ReceiptKeyNotListed, SettingsWrong, StorageFailed
from whistle.protocol.card import Card
from whistle.settings import secret
from whistle.store.desk import Act, Cases
from whistle.store.mail import About, Waiting
from whistle.web.templates import Catalogue

STARTTLS, TLS, NONE = "starttls", "tls", "none"
HEAD = "head"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LOOK_SECONDS, _AGAIN, _PATIENCE = 60, timedelta(minutes=10), 30.0
_CARD_DAYS = (30, 14, 7, 1)  # before a card ends; then daily
_KEPT = timedelta(days=100)  # longer than any two of these are apart
_REMINDERS = {"answer": "answer", **dict.fromkeys(SOON, "soon")}


class Post(Protocol):
    """Sends a mail. Raises MailNotSent."""

    def __call__(self, mail: EmailMessage, /) -> None: ...


@dataclass(frozen=True)
class Watch:
    """What is wrong with the desk itself, as far as whoever asks can tell today."""

    refusals: bool
    log: bool
    silent: bool
    unerased: bool
    access: bool  # whether it was too long since somebody went through the list of people
    card: Card
    reviews: frozenset[bytes]  # boxes of cases whose hold is to be looked at

    def alarms(self, today: date, last: date | None) -> set[str]:
        """`last` is when the end of the card was last told."""
        names = ("refusals", "log", "silent", "unerased", "access")
        told = {name: getattr(self, name) for name in names}
        told["card"] = _card_is_to_be_told(self.card, today, last)
        return {kind for kind, holds in told.items() if holds}


class Mail:
    """Makes mail at the set hours, and sends it until it has gone."""

    def __init__(
        self,
        cases: Cases,
        settings: MailSettings,
        preset: Preset,
        watch: Callable[[date], Watch],
        heads: Heads,
        words: Iterable[Catalogue],
        post: Post | None = None,
    ) -> None:
        self._cases, self._settings, self._preset = cases, check(settings), preset
        self._watch, self._heads, self._words = watch, heads, tuple(words)
        self._post: Post = post or Smtp(settings)
        self._again: datetime | None = None  # when to try once more
        self._told = {each.address: each for each in settings.recipients}
        self._addresses = {hash_of(address): address for address in [*self._told, settings.head] if address}

    async def run(self, clock: Clock) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.to_thread(self.once, clock())
            await asyncio.sleep(_LOOK_SECONDS)

    def once(self, now: datetime) -> None:
        """Makes what is due at the last set hour, unless it was made, and sends what waits."""
        try:
            slot, planned = _slot(self._settings.hours, now), self._cases.mails.planned()
            if planned is None or planned < slot:
                self._plan(slot, now.date())
                self._again = now
            if self._again is None or self._again <= now:
                self._again = now + _AGAIN
                for mail in self._cases.mails.waiting():
                    self._send(mail, now)
        except StorageFailed:  # the pages say so; another minute
            return

    def _plan(self, slot: datetime, today: date) -> None:
        mails, watch = self._cases.mails, self._watch(today)
        last, about = mails.last(), mails.about()
        due = [(each, kind) for each in about for kind in self._kinds(each, today, watch)]
        kinds: dict[bytes, set[str]] = {}
        for address, told in self._told.items():
            key, kept = hash_of(address), mails.kept_from(told.member)
            mine = {kind for each, kind in due if _concerns(each, told) and each.box not in kept}
            mine |= watch.alarms(today, last.get((key, "card")))
            mine = mine & {"overdue"} if told.overdue_only else mine
            kinds[key] = {kind for kind in mine if kind in _REMINDERS.values() or last.get((key, kind)) != today}
        if self._settings.head and not watch.log and last.get((hash_of(self._settings.head), HEAD)) != today:
            kinds.setdefault(hash_of(self._settings.head), set()).add(HEAD)
        new = {key: each for key, each in kinds.items() if each}
        mails.plan(slot, new, [each.box for each in about], today - _KEPT)

    def _kinds(self, about: About, today: date, watch: Watch) -> set[str]:
        """What is to be said of a case today, by its days alone."""
        days = CaseDays(
            received=about.received,
            answered=about.answered,
            acknowledged=about.acknowledged,
            suppressed=about.suppressed,
            feedback=about.feedback,
            out_of_scope=about.out_of_scope,
            closed=about.closed,
            warned=about.money_laundering,
            escalated=about.escalated,
            task=about.task_by,
            plan=about.plan_by,
            telling=about.telling_by,
        )
        kinds = {_REMINDERS[each.what] for each in reminders(days, self._preset, about.last, today)}
        state = State(about.state)
        late = owed(state, about.received, about.acknowledged, self._preset, today, about.feedback, about.suppressed)
        board = to_escalate(about.money_laundering, about.escalated, self._preset, today)
        close = to_close(about.out_of_scope, about.closed, self._preset, today)
        own = noted(about.task_by, about.plan_by, about.telling_by, today)
        if any(each.urgency is Urgency.OVERDUE for each in (*board, *close, *own, *(late if about.closed is None else ()))):
            kinds.add("overdue")
        if about.group is None and unopened_is_urgent(about.received, today, self._preset):
            kinds.add("unopened")
        if about.box in watch.reviews:
            kinds.add("review")
        return kinds

    def _send(self, mail: Waiting, now: datetime) -> None:
        address = self._addresses.get(mail.address)
        if address is None:
            self._cases.mails.drop(mail)
            return
        try:
            self._post(self._written(mail, address, now.date()))
        except (MailNotSent, HeadNotWritten, LogBroken, ReceiptKeyNotListed):
            self._cases.mails.failed(mail, Act(now, "desk", "mail failed"))
        else:
            self._cases.mails.sent(mail, Act(now, "desk", "mailed"))

    def _written(self, mail: Waiting, address: str, today: date) -> EmailMessage:
        """The same words whatever its kinds, in every language of the desk. Its date is the hour that it was made for."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._settings.sender, address, self._words[0]("mail.subject")
        message["Date"] = format_datetime(mail.slot)
        message["Message-ID"] = f"<{hash_of(f'{mail.slot} {address}').hex()}@{_domain(self._settings.sender)}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(_text(words, mail.kinds) for words in self._words))
        if HEAD in mail.kinds:
            name, head = self._heads.signed(today)
            message.add_attachment(head, maintype="text", subtype="plain", filename=name)
        return message


class Smtp:
    """The mail server of the settings. Its certificate is always checked; its name for us is the sender's domain."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    def __call__(self, mail: EmailMessage, /) -> None:
        try:
            with self._connected() as server:
                if self._settings.user and self._settings.password is not None:
                    server.login(self._settings.user, secret(self._settings.password))
                server.send_message(mail)
        except (smtplib.SMTPException, OSError, SettingsWrong):
            raise MailNotSent from None  # what the server answered may name an address

    def _connected(self) -> smtplib.SMTP:
        to, name = (self._settings.host, self._settings.port), _domain(self._settings.sender)
        context = ssl.create_default_context(cafile=self._settings.authority)
        if self._settings.security == TLS:
            return smtplib.SMTP_SSL(*to, name, timeout=_PATIENCE, context=context)
        server = smtplib.SMTP(*to, name, timeout=_PATIENCE)
        if self._settings.security == STARTTLS:
            try:
                server.starttls(context=context)
            except Exception:
                server.close()
                raise
        return server


def check(settings: MailSettings) -> MailSettings:
    """The settings, if mail can be sent by them. Raises SettingsWrong."""
    addresses = [settings.sender, *(each.address for each in settings.recipients), *filter(None, [settings.head])]
    if settings.security not in (STARTTLS, TLS) and (settings.security != NONE or settings.host not in _LOOPBACK):
        raise SettingsWrong("The setting mail.security must be starttls or tls; none is for a mail server on this machine.")
    if not settings.hours or not all(0 <= hour <= 23 for hour in settings.hours):
        raise SettingsWrong("The setting mail.hours must be a list of hours in UTC, each from 0 to 23.")
    if not all(_is_address(each) for each in addresses):
        raise SettingsWrong("Each address of the setting mail must be one plain address: name@example.org.")
    if bool(settings.user) != (settings.password is not None):
        raise SettingsWrong("The settings mail.user and mail.password go together.")
    return settings


def hash_of(address: str) -> bytes:
    """How the database names an address."""
    return sha256(address.encode()).digest()[:16]


def _concerns(about: About, told: Told) -> bool:
    """Whether an address is told of a case, or of a box that nobody has opened, whose group is unknown."""
    return about.group is None or not told.groups or about.group in told.groups


def _slot(hours: Collection[int], now: datetime) -> datetime:
    """The last set hour that has come."""
    days = (now.date(), now.date() - timedelta(days=1))
    return max(each for day in days for hour in hours if (each := datetime.combine(day, time(hour), now.tzinfo)) <= now)


def _card_is_to_be_told(card: Card, today: date, last: date | None) -> bool:
    days = [*(card.ends - timedelta(days=before) for before in _CARD_DAYS), *([today] if today >= card.ends else [])]
    return any((last is None or last < day) and day <= today for day in days)


def _text(words: Catalogue, kinds: Collection[str]) -> str:
    """That there is something to do, unless the head of the log is all."""
    said = [*(["mail.head"] if HEAD in kinds else []), *(["mail.sign_in"] if {*kinds} - {HEAD} else [])]
    return "\n".join([*map(words, said), ""])


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _is_address(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+", text) is not None

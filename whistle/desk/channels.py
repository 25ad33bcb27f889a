"""Reports that came in another way: by telephone, e-mail, letter, meeting, or to somebody else. Sealed like any other.

The code is made here and shown once: it is never stored, never logged, and nothing that it derives stays but a hash. A name
goes to the rings, never into the text. Recordings are kept with consent only, and never for long.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from threading import Lock

from whistle.desk.eml import Attached
from whistle.desk.letters import LANGUAGES, Letters
from whistle.desk.members import GroupKeys, Random
from whistle.desk.presets import Preset, erase_recording_on
from whistle.desk.reading import OpenCase, Reader
from whistle.desk.sessions import Session
from whistle.desk.starting import KeyCard
from whistle.desk.states import State
from whistle.desk.uploads import FileForm, Sending
from whistle.desk.writing import Place, Writer, recipient_for, stored_of
from whistle.errors import (
    AlreadyFiled,
    ChoiceMissing,
    ConsentMissing,
    MailGone,
    NoFileChosen,
    NotAContent,
    NotYours,
    Overtaken,
    ReceivedRefused,
    RecordedRefused,
    TextMissing,
    TextTooLong,
)
from whistle.protocol import code as codes
from whistle.protocol.canonical import written_length
from whistle.protocol.card import Card, GroupKey
from whistle.protocol.constants import CHUNK_BYTES, TEXT_LIMIT
from whistle.protocol.content import (
    INTERNAL,
    TO_DESK,
    TO_REPORTER,
    Body,
    CodeSeen,
    Content,
    Context,
    IntakeRecord,
    Minutes,
    MinutesAgreed,
    Position,
    Report,
    SentFile,
)
from whistle.protocol.identity import IdentityGiven
from whistle.sealing import cases as at_rest
from whistle.sealing.contents import seal
from whistle.sealing.derivation import ReporterKeys, reporter_keys
from whistle.sealing.identity import rings_of, seal_identity
from whistle.sealing.keys import CaseKey
from whistle.store.channels import Channel, Recording
from whistle.store.desk import Act, Case, Cases, Stored
from whistle.store.files import Files, Finished

HOW = ("phone", "email", "letter", "meeting", "misdirected")
RECORDING = "recording"
_CASE_KEY_BYTES = 32
_YEARS = 10


@dataclass(frozen=True)
class Taken:
    """A report as a member wrote it down."""

    how: str
    group: str
    received: date
    language: str
    text: str
    given: IdentityGiven | None
    acknowledge: bool
    files: tuple[Attached, ...]


@dataclass(frozen=True)
class Filed:
    """What is shown once: the case, and the code that is then forgotten."""

    case: int
    code: str


@dataclass(frozen=True)
class Shown:
    """What a case's page says of other channels: how it came, and until when each recording is kept, by its place."""

    channel: Channel | None
    records: tuple[tuple[int, date, IntakeRecord], ...]
    until: Mapping[int, date]


def taken_in(form: Mapping[str, str], session: Session, today: date) -> Taken:
    """The form, checked. Raises ChoiceMissing, ReceivedRefused, TextMissing, TextTooLong or MailGone."""
    text, mail = form.get("text", ""), session.mail
    if form.get("mail") and (mail is None or mail.id != form["mail"]):
        raise MailGone
    received = _day(form.get("received", ""))
    if received is None or not today.year - _YEARS <= received.year or received > today:
        raise ReceivedRefused
    if not text.strip():
        raise TextMissing
    if written_length(text) > TEXT_LIMIT:
        raise TextTooLong
    given = IdentityGiven(form.get("name", "").strip(), form.get("contact", "").strip())
    return Taken(
        how=_chosen(form, "how", HOW),
        group=_chosen(form, "group", tuple(session.groups)),
        received=received,
        language=_chosen(form, "language", LANGUAGES),
        text=text,
        given=given if given.name or given.contact else None,
        acknowledge="acknowledge" in form,
        files=mail.files if mail is not None and form.get("mail") else (),
    )


class Taking:
    """Makes cases of what came in another way, and keeps recordings."""

    def __init__(
        self, cases: Cases, card: KeyCard, reader: Reader, writer: Writer, letters: Letters, preset: Preset, random: Random
    ) -> None:
        self._cases, self._card, self._reader, self._writer = cases, card, reader, writer
        self._letters, self._preset, self._random = letters, preset, random
        self._filing = Lock()

    def file(self, form: Mapping[str, str], session: Session, now: datetime) -> Filed:
        """Seals a report as its reporter's client would, and makes its case. Each page files once: raises AlreadyFiled.

        Raises what `taken_in` raises; NoRings or IdentityTooLong for a name that cannot be sealed to two rings; CardRefused.
        """
        taken, page = taken_in(form, session, now.date()), form.get("page", "")
        with self._filing:
            if page in session.filed:
                raise AlreadyFiled
            filed = self._take_in(taken, session, now)
            session.filed.add(page)
        if taken.files:
            session.mail = None
        return filed

    def _take_in(self, taken: Taken, session: Session, now: datetime) -> Filed:
        card, keys, code = self._card.on(now.date()), session.groups[taken.group], codes.generate(self._random)
        identity = seal_identity(taken.given, rings_of(card, taken.group)) if taken.given else None
        reporter, key = reporter_keys(code, card.instance), CaseKey(self._random(_CASE_KEY_BYTES))
        new = _New(card, taken.group, recipient_for(card, taken.group, keys), keys, reporter, key, now.date(), self._random)
        body = Report(reporter.signing.public, reporter.identity.recipient, taken.language, taken.text, (), identity)
        report = new.content(TO_DESK, body, Position())
        told = new.content(TO_REPORTER, CodeSeen(self._letters.code_seen(taken.language)), report.position)
        access = sha256(reporter.access).digest()
        channel = Channel(taken.how, now.date(), taken.acknowledge, access, new.sealed(report), reporter.box)
        act = Act(now, session.member, "filed report")
        sendings = [new.sending(self._cases.files) for _ in taken.files]
        try:
            files = [_written(sending, each) for sending, each in zip(sendings, taken.files, strict=True)]
            record = IntakeRecord(session.member, taken.how, "", tuple(sent for sent, _ in files))
            contents = [
                (new.kept(report, channel.sealed), None),
                new.said(told),
                (new.said(new.content(INTERNAL, record, report.position))[0], None),
            ]
            number = self._cases.take_in(act, new.case(taken.received), contents, channel, [done for _, done in files])
        finally:
            for sending in sendings:
                sending.drop()
        return Filed(number, codes.write(code))

    # Recordings -------------------------------------------------------------------------------------------------------

    def begin_recording(self, place: Place, now: datetime) -> Sending:
        """A recording that a member is sending, to be kept here. Raises NotYours, Overtaken or CardRefused."""
        opened = self._reader.read(place.session, place.case)
        if opened.last_place != place.seen:
            raise Overtaken
        group, today = opened.case.group, now.date()
        recipient = recipient_for(self._card.on(today), group, place.session.groups[group])
        return Sending(self._cases.files, opened.case.box, opened.key, recipient.raw, self._random, today, INTERNAL)

    def keep_recording(self, place: Place, sending: Sending, form: FileForm, now: datetime) -> None:
        """Keeps it with the words of the consent. Raises ConsentMissing, RecordedRefused or NoFileChosen."""
        words, recorded = form.fields.get("text", "").strip(), _day(form.fields.get("recorded", ""))
        if "consent" not in form.fields or not words:
            raise ConsentMissing
        if recorded is None or recorded > now.date() or erase_recording_on(recorded, None, self._preset) <= now.date():
            raise RecordedRefused
        file = sending.end()
        if not sending.size or not form.name:
            raise NoFileChosen
        sent = SentFile(sending.file, form.name, form.type, sending.size, file.digest)
        self._writer.record(place, IntakeRecord(place.session.member, RECORDING, words, (sent,)), file, recorded, now)

    def settle(self, session: Session, now: datetime) -> bool:
        """Erases the recordings whose minutes are agreed, as far as this session reads them. Whether there were any."""
        settled, channels = False, self._cases.channels
        for each in channels.to_look_at(session.groups, session.member):
            try:
                opened = self._reader.unshown(session, each.case)
            except (NotYours, NotAContent):
                continue
            if _is_agreed(opened, each):
                channels.erase_recording(each, Act(now, "desk", "recording erased after minutes", each.case))
                settled = True
            else:
                channels.looked_at(each, opened.last_place)
        return settled

    def shown(self, opened: OpenCase) -> Shown:
        items = [(item.place, item.day, item.content.body) for item in opened.thread.items if item.content is not None]
        records = tuple((place, day, body) for place, day, body in items if isinstance(body, IntakeRecord))
        channels, number = self._cases.channels, opened.case.number
        until = {each.place: erase_recording_on(each.recorded, None, self._preset) for each in channels.recordings(number)}
        return Shown(channels.of(number), records, until)


@dataclass(frozen=True, eq=False)
class _New:
    """A case in the making: to whom it is sealed, who reports, and under which key it is kept."""

    card: Card
    group: str
    recipient: GroupKey
    keys: GroupKeys
    reporter: ReporterKeys
    key: CaseKey
    day: date
    random: Random

    def content(self, direction: str, body: Body, seen: Position) -> Content:
        """The first content of a direction."""
        key = (self.group, self.recipient.epoch, self.recipient.digest)
        return Content(Context(self.card.instance, self.reporter.box, direction, *key, 1, bytes(32), seen), body)

    def sealed(self, content: Content) -> bytes:
        direction, both = content.context.direction, [self.recipient.raw, self.reporter.identity.recipient]
        signer = self.reporter.signing if direction == TO_DESK else self.keys.voice
        return seal(content, signer, both[:1] if direction == INTERNAL else both)

    def kept(self, content: Content, envelope: bytes) -> Stored:
        return stored_of(content, envelope, self.keys, self.key, self.day, self.random)

    def said(self, content: Content) -> tuple[Stored, bytes]:
        envelope = self.sealed(content)
        return self.kept(content, envelope), envelope

    def sending(self, files: Files) -> Sending:
        return Sending(files, self.reporter.box, self.key, self.recipient.raw, self.random, self.day, INTERNAL)

    def case(self, received: date) -> Case:
        sealed_key = at_rest.seal_case_key(self.key, self.recipient.raw)
        return Case(0, self.reporter.box, self.group, self.recipient.epoch, State.RECEIVED, received, None, None, sealed_key)


def _written(sending: Sending, file: Attached) -> tuple[SentFile, Finished]:
    """A file of a mail, sealed and stored."""
    for start in range(0, len(file.content), CHUNK_BYTES):
        sending.feed(file.content[start : start + CHUNK_BYTES])
    done = sending.end()
    return SentFile(sending.file, file.name, file.type, sending.size, done.digest), done


def _is_agreed(opened: OpenCase, recording: Recording) -> bool:
    """Whether the reporter has agreed, since a recording was kept, with minutes that may be its own.

    They were sent after it, or last before it but not before the day of the conversation.
    """
    place, items = recording.place, [(item, item.content) for item in opened.thread.items if item.content is not None]
    sent = [item.place for item, content in items if isinstance(content.body, Minutes) and item.day >= recording.recorded]
    first = max((each for each in sent if each < place), default=place)
    agreeing = [content for item, content in items if isinstance(content.body, MinutesAgreed) and item.place > place]
    agreed = [opened.thread.named_by(each) for each in agreeing]
    return any(minutes is not None and minutes.place >= first for minutes in agreed)


def _chosen(form: Mapping[str, str], field: str, offered: Sequence[str]) -> str:
    if form.get(field) not in offered:
        raise ChoiceMissing(field)
    return form[field]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

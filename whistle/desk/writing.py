"""What a member says and does in a case: signed, sealed, and kept before anybody is told that it was sent.

One writer at a time in a case, so that two members never fork its chain.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Any

from whistle.desk import states
from whistle.desk.casefile import sheet_of
from whistle.desk.counting import told
from whistle.desk.members import GroupKeys, Random
from whistle.desk.numbers import noted
from whistle.desk.outcomes import BELONGS_ELSEWHERE, code_of
from whistle.desk.reading import OpenCase, Reader
from whistle.desk.saying import check_feedback, checks_of, form_of, owes_feedback
from whistle.desk.sessions import Session
from whistle.desk.starting import KeyCard
from whistle.desk.states import State
from whistle.desk.uploads import Sending
from whistle.errors import (
    CardRefused,
    FeedbackMissing,
    ForbiddenStep,
    NoFileChosen,
    OutcomeMissing,
    Overtaken,
    QuestionsIncomplete,
    RiskUnassessed,
    TextMissing,
    TextTooLong,
)
from whistle.protocol.canonical import written_length
from whistle.protocol.card import Card, GroupKey
from whistle.protocol.constants import ANSWER_LIMIT, CHOICES_LIMIT, QUESTIONS_LIMIT, TEXT_LIMIT
from whistle.protocol.content import (
    INTERNAL,
    TO_DESK,
    TO_REPORTER,
    Acknowledgement,
    Body,
    Closing,
    Content,
    Context,
    Feedback,
    Files,
    IntakeRecord,
    Message,
    Minutes,
    Note,
    Notice,
    Outcome,
    Question,
    Questions,
    SentFile,
)
from whistle.sealing import cases as at_rest
from whistle.sealing.broadcasts import OTHERWISE
from whistle.sealing.contents import open_envelope, seal
from whistle.sealing.keys import CaseKey
from whistle.store.desk import Act, Case, Cases, Step, Stored
from whistle.store.erasure import Ask
from whistle.store.files import Finished
from whistle.store.identity import Beside
from whistle.store.removal import Part


@dataclass(frozen=True, eq=False)
class Place:
    """Where a member writes: a case, and the last entry of it that their page showed."""

    session: Session
    case: int
    seen: int


class Writer:
    """Writes in cases for members. Raises Overtaken if a case has an entry that its writer has not seen."""

    def __init__(self, cases: Cases, reader: Reader, card: KeyCard, random: Random) -> None:
        self._cases, self._reader, self._card, self._random = cases, reader, card, random
        self.random = random
        self._locks: dict[int, Lock] = {}

    def acknowledge(self, place: Place, text: str, now: datetime) -> None:
        """Tells the reporter that a person has read the report. Raises ForbiddenStep if somebody has done so."""
        step = Step(State.RECEIVED, State.ACKNOWLEDGED, acknowledged=now.date())
        self._write(place, "acknowledged", Acknowledgement(_given(text)), step, now)

    def suppress(self, place: Place, text: str, now: datetime) -> None:
        """Leaves the acknowledgement out; why is a note. Its clock counts as met, feedback is due as if nobody had sent one."""
        step = Step(State.RECEIVED, State.ACKNOWLEDGED, suppressed=now.date())
        self._write(place, "suppressed acknowledgement", Note(place.session.member, _given(text)), step, now)

    def reply(self, place: Place, text: str, now: datetime) -> None:
        self._write(place, "replied", Message(_given(text)), None, now)

    def ask(self, place: Place, text: str, questions: Sequence[Question], now: datetime) -> None:
        """Asks what can be ticked, with or without words before it. Raises QuestionsIncomplete."""
        self._write(place, "asked", _asked(text, questions), None, now)

    def minutes(self, place: Place, text: str, now: datetime) -> None:
        """Sends minutes of a meeting, for the reporter to agree with or to correct."""
        self._write(place, "sent minutes", Minutes(_given(text)), None, now)

    def feedback(self, place: Place, text: str, ticked: Collection[str], now: datetime) -> None:
        """Says what was done about the report or will be. The state of the case stays as it is, here and below.

        Raises ChecklistIncomplete or FeedbackUnfinished. The log says that the checklist was confirmed.
        """
        case = self._reader.read(place.session, place.case).case
        check_feedback(text, ticked, checks_of(case, "feedback"))
        step = _staying(case, feedback=case.feedback or now.date())
        self._write(place, "gave checked feedback", Feedback(_given(text)), step, now)

    def outcome(self, place: Place, text: str, chosen: str, ticked: Collection[str], now: datetime) -> None:
        """Says what the case came to, and keeps its code.

        Raises NoOutcomeChosen, ForbiddenStep in a closed case, ChecklistIncomplete or FeedbackUnfinished.
        """
        code = code_of(chosen)
        case = self._reader.read(place.session, place.case).case
        if case.state == State.CLOSED:
            raise ForbiddenStep
        check_feedback(text, ticked, checks_of(case, form_of(code)))
        elsewhere = (case.out_of_scope or now.date()) if code in BELONGS_ELSEWHERE else None
        step = _staying(case, outcome=code, decided=now.date(), out_of_scope=elsewhere)
        self._write(place, f"outcome {code}", Outcome(_given(text)), step, now)

    def closing(self, place: Place, text: str, ticked: Collection[str], now: datetime) -> None:
        """Says the last words. Raises ChecklistIncomplete or FeedbackUnfinished."""
        case = self._reader.read(place.session, place.case).case
        check_feedback(text, ticked, checks_of(case, "closing"))
        self._write(place, "sent closing", Closing(_given(text)), None, now)

    def tell(self, session: Session, case: int, texts: Mapping[str, str], broadcast: int, now: datetime) -> None:
        """A message to every open mailbox, in this one, in the language of its report. Nothing of the case is shown."""
        with self._locks.setdefault(case, Lock()):
            opened = self._reader.of_group(session, case)
            text = texts.get(opened.report.language, texts[OTHERWISE])
            stored, envelope = self._sealed(session, opened, Message(_given(text)), now)
            assert envelope is not None
            self._cases.broadcasts.send(Act(now, session.member, "broadcast", case), broadcast, stored, envelope)

    def note(self, place: Place, text: str, now: datetime) -> None:
        """Writes to the desk itself."""
        self._write(place, "noted", Note(place.session.member, _given(text)), None, now)

    def still_needed(self, place: Place, case: Case, text: str, now: datetime) -> None:
        """Somebody has asked whether the case must still be kept; why is a note."""
        step = _staying(case, looked=now.date())
        self._write(place, "asked whether needed", Note(place.session.member, _given(text)), step, now)

    def request(self, place: Place, text: str, asked: Ask | Part, now: datetime) -> None:
        """Asks for what takes two members. Why is a note in the thread."""
        what = asked.what if isinstance(asked, Ask) else "removal"
        self._write(place, f"asked {what}", Note(place.session.member, _given(text)), None, now, asked=asked)

    def beside(self, place: Place, action: str, text: str, kept: Beside, now: datetime, notice: str = "") -> None:
        """A note with something kept beside it; `notice` is a message to the reporter that goes before it."""
        told = Message(_given(notice)) if notice else None
        self._write(place, action, Note(place.session.member, _given(text)), None, now, beside=kept, notice=told)

    def record(self, place: Place, body: IntakeRecord, file: Finished, recorded: date, now: datetime) -> None:
        """Keeps a recording that has come to its end."""
        self._write(place, "kept recording", body, None, now, file, recorded=recorded)

    def begin_file(self, place: Place, now: datetime) -> Sending:
        """A file that a member is sending. What would keep it from being sent at its end is raised now, if it holds now."""
        opened = self._reader.read(place.session, place.case)
        if opened.last_place != place.seen:
            raise Overtaken
        self._card.on(now.date())
        return Sending(self._cases.files, opened.case.box, opened.key, opened.report.reply_to, self._random, now.date())

    def send_file(self, place: Place, sending: Sending, name: str, kind: str, now: datetime) -> None:
        """Names a file that has come to its end to the reporter. Raises NoFileChosen."""
        file, size = sending.end(), sending.size
        if not size or not name:
            raise NoFileChosen
        body = Files((SentFile(sending.file, name, kind, size, file.digest),))
        self._write(place, "sent file", body, None, now, file)

    def change_state(self, place: Place, chosen: str, tell: bool, now: datetime, why: str = "") -> None:
        """Takes the case to another state, and tells the reporter or not. `why` it is closed without feedback becomes a note.

        Raises ForbiddenStep, of which OutcomeMissing, FeedbackMissing and RiskUnassessed name what has to come first, and
        SheetDamaged.
        """
        after, opened = states.state_of(chosen), self._reader.read(place.session, place.case)
        case, before = opened.case, State(opened.case.state)
        if after not in states.following(before):
            raise ForbiddenStep
        if after is State.CLOSED and case.outcome is None:
            raise OutcomeMissing
        if after is State.ADDRESSING and not sheet_of(self._cases, opened)[1].risk:
            raise RiskUnassessed
        closed, reopens = now.date() if after is State.CLOSED else None, before is State.CLOSED
        facts = noted(told(opened)) if closed else None
        step = Step(before, states.step(before, after), closed=closed, reopens=reopens, told=facts)
        notice = Notice(states.told(after), "") if tell else None
        if after is State.CLOSED and owes_feedback(case):
            if not why.strip():
                raise FeedbackMissing
            note = Note(place.session.member, _given(why))
            self._write(place, "closed without feedback", note, step, now, notice=notice)
        else:
            self._write(place, f"state {after}", notice, step, now)

    def _write(
        self,
        place: Place,
        action: str,
        body: Body | None,
        step: Step | None,
        now: datetime,
        file: Finished | None = None,
        asked: Ask | Part | None = None,
        beside: Beside | None = None,
        notice: Body | None = None,
        recorded: date | None = None,
    ) -> None:
        act = Act(now, place.session.member, action, place.case)
        with self._locks.setdefault(place.case, Lock()):
            opened = self._reader.read(place.session, place.case)
            if step is not None and opened.case.state != step.before:
                raise ForbiddenStep
            if opened.last_place != place.seen:  # a signature says what its writer has seen
                raise Overtaken
            stored, envelope = self._sealed(place.session, opened, body, now) if body else (None, None)
            told = self._sealed(place.session, opened, notice, now) if notice else None
            self._cases.write(act, stored, envelope, step, file, asked, beside, told, recorded)

    def _sealed(self, session: Session, opened: OpenCase, body: Body, now: datetime) -> tuple[Stored, bytes | None]:
        """A body in its place in the chain: as the desk keeps it, and as it is sent, if it is for the reporter."""
        card, keys = self._card.on(now.date()), session.groups[opened.case.group]
        recipient = recipient_for(card, opened.case.group, keys)
        content = _content(card, opened, body)
        to_reporter = content.context.direction == TO_REPORTER
        recipients: Sequence[bytes] = [recipient.raw, opened.report.reply_to] if to_reporter else [recipient.raw]
        envelope = seal(content, keys.voice, recipients)
        stored = stored_of(content, envelope, keys, opened.key, now.date(), self._random)
        return stored, envelope if to_reporter else None


def recipient_for(card: Card, group: str, keys: GroupKeys) -> GroupKey:
    """What a member of a group seals to. Raises CardRefused if the card does not know the keys of this desk."""
    recipient = card.recipient(group)
    if recipient.epoch not in keys.identities or keys.voice.public not in card.voices(card.group(group)):
        raise CardRefused("The key card has other keys than this desk. Enrol the keys of the newest ceremony.")
    return recipient


def stored_of(content: Content, envelope: bytes, keys: GroupKeys, key: CaseKey, day: date, random: Random) -> Stored:
    """A content that was sealed here, as it is kept in a case."""
    context = content.context
    opened = open_envelope(envelope, [keys.identities[context.epoch]])
    kept = at_rest.keep(opened.payload, opened.file_key, key, random)
    place = (context.group, context.epoch, context.recipient)
    sequence = None if context.direction == TO_DESK else context.sequence
    return Stored(context.direction, sequence, day, *place, kept.wrapped_key, kept.payload)


def _content(card: Card, opened: OpenCase, body: Body) -> Content:
    """The body after the last content that the desk wrote in its direction, with what was last seen from the reporter."""
    direction = INTERNAL if isinstance(body, Note | IntakeRecord) else TO_REPORTER
    group = card.group(opened.case.group)
    last, seen = opened.written[direction], opened.thread.last[TO_DESK]
    key = (group.id, group.recipient.epoch, group.recipient.digest)
    context = Context(card.instance, opened.case.box, direction, *key, last.sequence + 1, last.hash, seen)
    return Content(context, body)


def _staying(case: Case, **told: Any) -> Step:
    """No step to another state, but something that the case is to remember."""
    return Step(case.state, case.state, closed=case.closed, **told)


def _given(text: str) -> str:
    if not text.strip():
        raise TextMissing
    if written_length(text) > TEXT_LIMIT:
        raise TextTooLong
    return text


def _asked(text: str, questions: Sequence[Question]) -> Questions:
    words = [word for each in questions for word in (each.text, *each.choices)]
    counted = all(2 <= len(each.choices) <= CHOICES_LIMIT for each in questions)
    if not 1 <= len(questions) <= QUESTIONS_LIMIT or not counted or not all(word.strip() for word in words):
        raise QuestionsIncomplete
    lengths = [written_length(word) for word in words]
    if max(lengths) > ANSWER_LIMIT or written_length(text) + sum(lengths) > TEXT_LIMIT:  # all of it goes into one plaintext
        raise TextTooLong
    return Questions(text, tuple(questions))

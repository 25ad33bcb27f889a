"""A content: one thing that a reporter or the desk says, with where it stands in the dialogue (spec sections 6.2 and 6.3).

Parses and writes the JSON; signs nothing and seals nothing. A content that would be written otherwise is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Annotated, Any

from whistle.errors import Malformed, NotAContent
from whistle.protocol import canonical
from whistle.protocol.card import GROUP_ID
from whistle.protocol.constants import (
    ANSWER_LIMIT,
    ANSWERS_LIMIT,
    CHOICES_LIMIT,
    FILE_ID_BYTES,
    FILE_LIMIT,
    FILES_LIMIT,
    IDENTITY_FIELD,
    INSTANCE_BYTES,
    INTEGER_LIMIT,
    NAME_LIMIT,
    PROTOCOL,
    QUESTIONS_LIMIT,
    TEXT_LIMIT,
    TYPE_LIMIT,
)
from whistle.protocol.fields import Bytes, Count, Listed, OrNull, Recipient, Record, Sealed, Text, Word, must
from whistle.protocol.spelling import hexadecimal

TO_DESK, TO_REPORTER, INTERNAL = "to-desk", "to-reporter", "internal"
STATES = ("received", "assessing", "addressing", "out-of-scope", "concluding", "closed")
Words = Annotated[str, Text(1, TEXT_LIMIT)]
Hash = Annotated[bytes, Bytes(32)]  # the content hash of another content of this dialogue


@dataclass(frozen=True)
class Position:
    """A place in a chain: sequence 0 and zero bytes mean that there is nothing yet."""

    sequence: int = 0
    hash: bytes = bytes(32)


@dataclass(frozen=True)
class Context:
    """Where a content stands. `group`, `epoch` and `recipient` (a digest) name the key it is sealed to."""

    instance: bytes
    box: bytes
    direction: str
    group: str
    epoch: int
    recipient: bytes
    sequence: int
    previous: bytes
    seen: Position


@dataclass(frozen=True)
class Answer:
    """A structured answer in a report."""

    question: Annotated[str, Word(GROUP_ID)]
    answer: Annotated[str, Text(1, ANSWER_LIMIT)]


@dataclass(frozen=True)
class Report:
    """The first content of a box. `signing` and `reply_to` (1,216 raw bytes) are the keys that the box id commits to."""

    signing: Annotated[bytes, Bytes(32)]
    reply_to: Annotated[bytes, Recipient()]
    language: Annotated[str, Word(re.compile("[a-z]{2}"))]
    text: Words
    answers: Annotated[tuple[Answer, ...], Listed(Record(Answer), 0, ANSWERS_LIMIT)]
    identity: Annotated[str | None, OrNull(Sealed(IDENTITY_FIELD))]


@dataclass(frozen=True)
class Message:
    """Something written, by either side."""

    text: Words


@dataclass(frozen=True)
class SentFile:
    """A file that was sent in parts: its name, media type and true size in bytes, and SHA-256 of the sealed file."""

    id: Annotated[bytes, Bytes(FILE_ID_BYTES)]
    name: Annotated[str, Text(1, NAME_LIMIT)]
    type: Annotated[str, Text(0, TYPE_LIMIT)]
    size: Annotated[int, Count(1, FILE_LIMIT)]
    sealed: Annotated[bytes, Bytes(32)]


def _have_ids_of_their_own(files: tuple[SentFile, ...]) -> bool:
    return len({file.id for file in files}) == len(files)


@dataclass(frozen=True)
class Files:
    """Files that were sent, by either side."""

    files: Annotated[tuple[SentFile, ...], Listed(Record(SentFile), 1, FILES_LIMIT, _have_ids_of_their_own)]


# From the reporter ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ticked:
    """The choice that was ticked under a question; both count from 0."""

    question: Annotated[int, Count(0, QUESTIONS_LIMIT - 1)]
    choice: Annotated[int, Count(0, CHOICES_LIMIT - 1)]


def _rise(answers: tuple[Ticked, ...]) -> bool:
    questions = [each.question for each in answers]
    return questions == sorted(set(questions))


@dataclass(frozen=True)
class Answers:
    """Answers to questions of the desk; what is not answered is left out."""

    questions: Hash
    answers: Annotated[tuple[Ticked, ...], Listed(Record(Ticked), 1, QUESTIONS_LIMIT, _rise)]


@dataclass(frozen=True)
class MinutesAgreed:
    """The reporter agrees with these minutes of a meeting."""

    minutes: Hash


@dataclass(frozen=True)
class MinutesCorrected:
    """What the reporter would have otherwise in these minutes."""

    minutes: Hash
    text: Words


@dataclass(frozen=True)
class Consent:
    """What the reporter agrees to, in the words that were shown."""

    scope: Annotated[str, Text(1, ANSWER_LIMIT)]


@dataclass(frozen=True)
class ConsentWithdrawn:
    """A consent that holds no more."""

    consent: Hash


@dataclass(frozen=True)
class SealedIdentity:
    """Who the reporter is, sealed to two rings."""

    identity: Annotated[str, Sealed(IDENTITY_FIELD)]


@dataclass(frozen=True)
class Retaliation:
    """That somebody makes the reporter suffer for having reported."""

    text: Words


@dataclass(frozen=True)
class MeetingRequest:
    """The reporter wants to meet, with or without words."""

    text: Annotated[str, Text(0, TEXT_LIMIT)]


@dataclass(frozen=True)
class Close:
    """The reporter has no more to say, with or without words."""

    text: Annotated[str, Text(0, TEXT_LIMIT)]


@dataclass(frozen=True)
class Read:
    """The reporter has read this content of the desk."""

    content: Hash


@dataclass(frozen=True)
class Continues:
    """This box goes on from an earlier one, whose reporter signed this box's id with the key of the code before."""

    box: Annotated[bytes, Bytes(32)]
    signature: Annotated[bytes, Bytes(64)]


# From the desk --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Acknowledgement:
    """A member's word that the report was read."""

    text: Words


@dataclass(frozen=True)
class CodeSeen:
    """The desk made the code of this box, so that one of its members has seen it."""

    text: Words


@dataclass(frozen=True)
class Notice:
    """The state of the case that the reporter may know, with or without a text."""

    state: Annotated[str, Word(re.compile("|".join(STATES)))]
    text: Annotated[str, Text(0, TEXT_LIMIT)]


@dataclass(frozen=True)
class Question:
    """A question with the choices that can be ticked."""

    text: Annotated[str, Text(1, ANSWER_LIMIT)]
    choices: Annotated[tuple[str, ...], Listed(Text(1, ANSWER_LIMIT), 2, CHOICES_LIMIT)]


@dataclass(frozen=True)
class Questions:
    """Questions to tick answers under, with or without words before them."""

    text: Annotated[str, Text(0, TEXT_LIMIT)]
    questions: Annotated[tuple[Question, ...], Listed(Record(Question), 1, QUESTIONS_LIMIT)]

    def words(self, ticked: Ticked) -> tuple[str | None, str | None]:
        """The question and the choice that were meant; None for one that is not here."""
        if ticked.question >= len(self.questions):
            return None, None
        question = self.questions[ticked.question]
        return question.text, question.choices[ticked.choice] if ticked.choice < len(question.choices) else None


@dataclass(frozen=True)
class Minutes:
    """What was said at a meeting, for the reporter to agree with or to correct."""

    text: Words


@dataclass(frozen=True)
class Feedback:
    """What was done about the report or will be, and why."""

    text: Words


@dataclass(frozen=True)
class Outcome:
    """What it came to, as far as the reporter may know."""

    text: Words


@dataclass(frozen=True)
class Closing:
    """The desk's last words in a case."""

    text: Words


@dataclass(frozen=True)
class Note:
    """What the desk writes to itself."""

    author: Annotated[str, Text(1, ANSWER_LIMIT)]
    text: Words


@dataclass(frozen=True)
class IntakeRecord:
    """What came to the desk in another way, and who took it in: by which channel, with which files."""

    author: Annotated[str, Text(1, ANSWER_LIMIT)]
    channel: Annotated[str, Word(GROUP_ID)]
    text: Annotated[str, Text(0, TEXT_LIMIT)]
    files: Annotated[tuple[SentFile, ...], Listed(Record(SentFile), 0, FILES_LIMIT, _have_ids_of_their_own)]


Said = (
    Message
    | Files
    | Answers
    | MinutesAgreed
    | MinutesCorrected
    | Consent
    | ConsentWithdrawn
    | SealedIdentity
    | Retaliation
    | MeetingRequest
    | Close
    | Read
    | Continues
)  # what a reporter can say after the report
Told = Acknowledgement | CodeSeen | Notice | Questions | Minutes | Feedback | Outcome | Closing
Body = Report | Said | Told | Note | IntakeRecord
KINDS: Mapping[str, Mapping[str, type[Body]]] = MappingProxyType(
    {
        TO_DESK: {
            "report": Report,
            "message": Message,
            "files": Files,
            "answers": Answers,
            "minutes-agreed": MinutesAgreed,
            "minutes-corrected": MinutesCorrected,
            "consent": Consent,
            "consent-withdrawn": ConsentWithdrawn,
            "identity": SealedIdentity,
            "retaliation": Retaliation,
            "meeting-request": MeetingRequest,
            "close": Close,
            "read": Read,
            "continues": Continues,
        },
        TO_REPORTER: {
            "acknowledgement": Acknowledgement,
            "message": Message,
            "code-seen": CodeSeen,
            "notice": Notice,
            "files": Files,
            "questions": Questions,
            "minutes": Minutes,
            "feedback": Feedback,
            "outcome": Outcome,
            "closing": Closing,
        },
        INTERNAL: {"note": Note, "intake-record": IntakeRecord},
    }
)
_NAMES = {body: kind for kinds in KINDS.values() for kind, body in kinds.items()}


@dataclass(frozen=True)
class Named:
    """Another content that a body is about: its direction, its hash, and the kinds that it can be."""

    direction: str
    hash: bytes
    kinds: tuple[type[Body], ...]


def named_in(body: Body) -> Named | None:
    """What a body is about, if it names a content at all. Whether there is one, only the dialogue knows."""
    match body:
        case Answers():
            return Named(TO_REPORTER, body.questions, (Questions,))
        case MinutesAgreed() | MinutesCorrected():
            return Named(TO_REPORTER, body.minutes, (Minutes,))
        case ConsentWithdrawn():
            return Named(TO_DESK, body.consent, (Consent,))
        case Read():
            return Named(TO_REPORTER, body.content, tuple(KINDS[TO_REPORTER].values()))
    return None


@dataclass(frozen=True)
class Content:
    """A body in its context."""

    context: Context
    body: Body

    @property
    def kind(self) -> str:
        return _NAMES[type(self.body)]

    @property
    def position(self) -> Position:
        """Where this content stands in its chain, with its own hash."""
        return Position(self.context.sequence, sha256(serialize(self)).digest())


def serialize(content: Content) -> bytes:
    """The JSON of a content. Raises NotAContent if a limit of spec section 6 is passed."""
    context = content.context
    _check(content)
    return canonical.write(
        {
            "protocol": PROTOCOL,
            "instance": context.instance.hex(),
            "box": context.box.hex(),
            "direction": context.direction,
            "kind": content.kind,
            "group": context.group,
            "epoch": context.epoch,
            "recipient": context.recipient.hex(),
            "sequence": context.sequence,
            "previous": context.previous.hex(),
            "seen": {"sequence": context.seen.sequence, "hash": context.seen.hash.hex()},
            "body": Record(type(content.body)).write(content.body),
        }
    )


def parse(text: bytes) -> Content:
    """The content of its JSON. Raises NotAContent."""
    value = canonical.read(text)
    try:
        content = _read(value)
        if serialize(content) == text:
            return content
    except (KeyError, TypeError, ValueError, AttributeError, Malformed):
        pass  # a missing field, a value of another kind, another spelling
    raise NotAContent


def _read(value: Any) -> Content:
    body = KINDS[value["direction"]][value["kind"]]
    context = Context(
        instance=hexadecimal(value["instance"], INSTANCE_BYTES),
        box=hexadecimal(value["box"], 32),
        direction=value["direction"],
        group=value["group"],
        epoch=value["epoch"],
        recipient=hexadecimal(value["recipient"], 32),
        sequence=value["sequence"],
        previous=hexadecimal(value["previous"], 32),
        seen=Position(value["seen"]["sequence"], hexadecimal(value["seen"]["hash"], 32)),
    )
    return Content(context, Record(body).read(value["body"]))


def _check(content: Content) -> None:
    """Refuse what section 6 does not permit, on the way in and on the way out. The body is checked as it is written."""
    context, body = content.context, content.body
    must(KINDS.get(context.direction, {}).get(content.kind) is type(body))
    must(GROUP_ID.fullmatch(context.group) is not None)
    must(_is_count(context.epoch) and context.epoch > 0)
    must(_is_count(context.sequence) and context.sequence > 0 and _is_count(context.seen.sequence))
    must((context.sequence == 1) == (context.previous == bytes(32)))
    must((context.seen.sequence == 0) == (context.seen.hash == bytes(32)))
    if context.direction == TO_DESK:
        must((context.sequence == 1) == isinstance(body, Report))


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= INTEGER_LIMIT

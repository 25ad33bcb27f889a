"""A content: one thing that a reporter or the desk says, with where it stands in the dialogue (spec sections 6.2 and 6.3).

Parses and writes the JSON; signs nothing and seals nothing. A content that would be written otherwise is refused.
"""

import re
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

from whistle.errors import Malformed, NotAContent
from whistle.protocol import canonical
from whistle.protocol.bech32 import read_recipient, write_recipient
from whistle.protocol.card import GROUP_ID
from whistle.protocol.constants import (
    ANSWER_LIMIT,
    ANSWERS_LIMIT,
    FILE_ID_BYTES,
    FILE_LIMIT,
    FILES_LIMIT,
    IDENTITY_FIELD,
    INSTANCE_BYTES,
    INTEGER_LIMIT,
    NAME_LIMIT,
    PROTOCOL,
    TEXT_LIMIT,
    TYPE_LIMIT,
)
from whistle.protocol.spelling import hexadecimal, read_base64

TO_DESK, TO_REPORTER, INTERNAL = "to-desk", "to-reporter", "internal"
STATES = ("received", "assessing", "addressing", "out-of-scope", "concluding", "closed")


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

    question: str
    answer: str


@dataclass(frozen=True)
class Report:
    """The first content of a box. `signing` and `reply_to` (1,216 raw bytes) are the keys that the box id commits to."""

    signing: bytes
    reply_to: bytes
    language: str
    text: str
    answers: tuple[Answer, ...]
    identity: str | None


@dataclass(frozen=True)
class Message:
    """Something written, by either side."""

    text: str


@dataclass(frozen=True)
class Acknowledgement:
    """A member's word that the report was read."""

    text: str


@dataclass(frozen=True)
class Notice:
    """The state of the case that the reporter may know, with or without a text."""

    state: str
    text: str


@dataclass(frozen=True)
class Note:
    """What the desk writes to itself."""

    author: str
    text: str


@dataclass(frozen=True)
class SentFile:
    """A file that was sent in parts: its name, media type and true size in bytes, and SHA-256 of the sealed file."""

    id: bytes
    name: str
    type: str
    size: int
    sealed: bytes


@dataclass(frozen=True)
class Files:
    """Files that were sent, by either side."""

    files: tuple[SentFile, ...]


Body = Report | Message | Acknowledgement | Notice | Note | Files
_KINDS: dict[tuple[str, str], type[Body]] = {
    (TO_DESK, "report"): Report,
    (TO_DESK, "message"): Message,
    (TO_DESK, "files"): Files,
    (TO_REPORTER, "acknowledgement"): Acknowledgement,
    (TO_REPORTER, "message"): Message,
    (TO_REPORTER, "notice"): Notice,
    (TO_REPORTER, "files"): Files,
    (INTERNAL, "note"): Note,
}


@dataclass(frozen=True)
class Content:
    """A body in its context."""

    context: Context
    body: Body

    @property
    def kind(self) -> str:
        return type(self.body).__name__.lower()

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
            "body": _write_body(content.body),
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
    kind = _KINDS[value["direction"], value["kind"]]
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
    return Content(context, _read_body(kind, value["body"]))


def _read_body(kind: type[Body], value: Any) -> Body:
    if kind is Report:
        answers = tuple(Answer(each["question"], each["answer"]) for each in value["answers"])
        signing, reply_to = hexadecimal(value["signing"], 32), read_recipient(value["reply_to"])
        return Report(signing, reply_to, value["language"], value["text"], answers, value["identity"])
    if kind is Files:
        return Files(tuple(_read_file(each) for each in value["files"]))
    return kind(**{field.name: value[field.name] for field in fields(kind)})


def _read_file(value: Any) -> SentFile:
    sealed = hexadecimal(value["sealed"], 32)
    return SentFile(hexadecimal(value["id"], FILE_ID_BYTES), value["name"], value["type"], value["size"], sealed)


def _write_body(body: Body) -> dict[str, Any]:
    if isinstance(body, Report):
        return {
            "signing": body.signing.hex(),
            "reply_to": write_recipient(body.reply_to),
            "language": body.language,
            "text": body.text,
            "answers": [{"question": each.question, "answer": each.answer} for each in body.answers],
            "identity": body.identity,
        }
    if isinstance(body, Files):
        return {"files": [vars(each) | {"id": each.id.hex(), "sealed": each.sealed.hex()} for each in body.files]}
    return {field.name: getattr(body, field.name) for field in fields(body)}


def _check(content: Content) -> None:
    """Refuse what section 6 does not permit, on the way in and on the way out."""
    context, body = content.context, content.body
    _must(_KINDS.get((context.direction, content.kind)) is type(body))
    _must(GROUP_ID.fullmatch(context.group) is not None)
    _must(_is_count(context.epoch) and context.epoch > 0)
    _must(_is_count(context.sequence) and context.sequence > 0 and _is_count(context.seen.sequence))
    _must((context.sequence == 1) == (context.previous == bytes(32)))
    _must((context.seen.sequence == 0) == (context.seen.hash == bytes(32)))
    if context.direction == TO_DESK:
        _must((context.sequence == 1) == isinstance(body, Report))
    _must(_body_holds(body))


def _body_holds(body: Body) -> bool:
    match body:
        case Report():
            return _report_holds(body)
        case Notice():
            return body.state in STATES and _is_text(body.text, 0, TEXT_LIMIT)
        case Note():
            return _is_text(body.author, 1, ANSWER_LIMIT) and _is_text(body.text, 1, TEXT_LIMIT)
        case Files():
            ids = {file.id for file in body.files}
            return 1 <= len(ids) == len(body.files) <= FILES_LIMIT and all(map(_file_holds, body.files))
        case Message() | Acknowledgement():
            return _is_text(body.text, 1, TEXT_LIMIT)


def _report_holds(report: Report) -> bool:
    answers = [(each.question, each.answer) for each in report.answers]
    return (
        re.fullmatch(r"[a-z]{2}", report.language) is not None
        and _is_text(report.text, 1, TEXT_LIMIT)
        and len(answers) <= ANSWERS_LIMIT
        and all(GROUP_ID.fullmatch(question) and _is_text(answer, 1, ANSWER_LIMIT) for question, answer in answers)
        and (report.identity is None or len(read_base64(report.identity)) == IDENTITY_FIELD * 3 // 4)
    )


def _file_holds(file: SentFile) -> bool:
    named = _is_text(file.name, 1, NAME_LIMIT) and _is_text(file.type, 0, TYPE_LIMIT)
    return named and _is_count(file.size) and 1 <= file.size <= FILE_LIMIT


def _must(holds: bool) -> None:
    if not holds:
        raise NotAContent


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= INTEGER_LIMIT


def _is_text(value: Any, shortest: int, longest: int) -> bool:
    return isinstance(value, str) and canonical.is_well_formed(value) and shortest <= canonical.written_length(value) <= longest

"""Removing what plainly has nothing to do with a case: a message, a note or a file. One member asks, another confirms.

Its key and bytes are destroyed. Where it stood in its chain stays, sealed under the case key: so what follows verifies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from whistle.desk.reading import OpenCase, Reader
from whistle.desk.sessions import Session
from whistle.desk.uploads import shown_name
from whistle.desk.writing import Place, Writer
from whistle.errors import NothingChosen, Overtaken
from whistle.protocol.content import INTERNAL, TO_DESK, Body, ConsentWithdrawn, Files, IntakeRecord, Note, Report
from whistle.protocol.thread import link_of
from whistle.sealing.cases import seal_link
from whistle.sealing.contents import Item
from whistle.store.desk import Act, Cases
from whistle.store.removal import Part

_EXCERPT = 60  # characters
_STAYS = (Report, ConsentWithdrawn)


@dataclass(frozen=True)
class Choice:
    """What a member can ask to have removed, as the page names it: `value` is what the form sends."""

    value: str
    kind: str
    day: date
    words: str


@dataclass(frozen=True)
class Removing:
    """What a case's page says of removal: what can be, what was asked for, and on which day what stood in a place went."""

    choices: tuple[Choice, ...]
    pending: tuple[tuple[Part, Choice], ...]
    days: Mapping[int, date]
    files: tuple[date, ...]  # on which a file went


class Removal:
    """What members ask for, confirm and take back. Raises NotYours for a case that is not theirs."""

    def __init__(self, cases: Cases, reader: Reader, writer: Writer) -> None:
        self._cases, self._reader, self._writer = cases, reader, writer

    def ask(self, place: Place, text: str, chosen: str, now: datetime) -> None:
        """Raises NothingChosen or PartNeeded if it cannot be removed, Overtaken if it was asked for already."""
        opened = self._reader.read(place.session, place.case)
        if chosen not in {each.value for each in choices_of(opened)}:
            raise NothingChosen
        kind, _, which = chosen.partition("-")
        named = {"content": int(which)} if kind == "content" else {"file": bytes.fromhex(which)}
        self._writer.request(place, text, Part(place.session.member, now.date(), **named), now)

    def confirm(self, session: Session, case: int, id_: int, now: datetime) -> None:
        """The word of a second member. Raises NeedsAnother, Overtaken, PartNeeded, or ForbiddenStep under a legal hold."""
        opened = self._reader.read(session, case)
        part = next((each for each in self._cases.removals.of_case(case) if each.id == id_ and not each.confirmed), None)
        if part is None:
            raise Overtaken
        link, direction = None, TO_DESK
        files: tuple[bytes, ...] = () if part.file is None else (part.file,)
        if part.content is not None:
            item = next(each for each in opened.thread.items if each.place == part.content)
            if item.content is None:
                raise Overtaken
            link, direction = seal_link(link_of(item.content), item.place, opened.key, self._writer.random), item.direction
            files = _files_of(item.content.body)
        act = Act(now, session.member, "confirmed removal", case)
        self._cases.removals.confirm(act, part, link, direction, files)

    def withdraw(self, session: Session, case: int, id_: int, now: datetime) -> None:
        self._reader.read(session, case)
        self._cases.removals.withdraw(Act(now, session.member, "withdrew removal", case), id_)

    def shown(self, opened: OpenCase) -> Removing:
        parts = self._cases.removals.of_case(opened.case.number)
        choices = {each.value: each for each in choices_of(opened)}
        pending = tuple((each, choices[_value(each)]) for each in parts if not each.confirmed and _value(each) in choices)
        kept = {f"content-{place}" for place in self._cases.removals.needed(opened.case.number)}
        left_out = kept | {_value(each) for each in parts}
        return Removing(
            choices=tuple(each for value, each in choices.items() if value not in left_out),
            pending=pending,
            days={each.content: each.confirmed for each in parts if each.confirmed and each.content is not None},
            files=tuple(each.confirmed for each in parts if each.confirmed and each.file is not None),
        )


def choices_of(opened: OpenCase) -> list[Choice]:
    """What came after the report, notes, and the reporter's files. Not the report: its keys are the case's.

    Nor the withdrawal of a consent: what was withdrawn would hold again.
    """
    found: list[Choice] = []
    for item in opened.thread.items:
        if item.content is None or item.direction not in (TO_DESK, INTERNAL) or isinstance(item.content.body, _STAYS):
            continue
        found.append(Choice(f"content-{item.place}", item.content.kind, item.day, _excerpt(item)))
        if item.direction == TO_DESK and isinstance(item.content.body, Files):
            found += [
                Choice(f"file-{each.id.hex()}", "file", item.day, shown_name(each.name)) for each in item.content.body.files
            ]
    return found


def _files_of(body: Body) -> tuple[bytes, ...]:
    """What a content names goes with it: nobody could name it any more."""
    return tuple(each.id for each in body.files) if isinstance(body, Files | IntakeRecord) else ()


def _excerpt(item: Item) -> str:
    assert item.content is not None
    names = ", ".join(shown_name(each.name) for each in getattr(item.content.body, "files", ()))
    text = str(getattr(item.content.body, "text", "")) or names
    author = f"{item.content.body.author}: " if isinstance(item.content.body, Note) else ""
    return author + (text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…")


def _value(part: Part) -> str:
    return f"content-{part.content}" if part.file is None else f"file-{part.file.hex()}"

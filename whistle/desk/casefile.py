"""The case beyond its dialogue: its sheet, its marks, its timeline, and the warning of money laundering with its clock.

A sheet is opened with a member's keys and kept sealed. Two members who change it at once never overwrite each other: the second
is told, and keeps the text. Whatever changes is on the log by the name of its field, in the same transaction.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime

from whistle.desk.counting import told
from whistle.desk.deadlines import Deadline, escalation
from whistle.desk.members import Random
from whistle.desk.numbers import CATEGORIES
from whistle.desk.presets import Preset, escalate_by
from whistle.desk.reading import OpenCase, Reader
from whistle.desk.sessions import Session
from whistle.desk.sheet import (
    IN_MARKS,
    ON_SHEET,
    PARTS,
    PRIORITIES,
    RISKS,
    TELLINGS,
    WARNINGS,
    About,
    Form,
    Sheet,
    changed,
    days_of,
    parse,
    serialize,
)
from whistle.errors import NoSuchCase, NoSuchChoice, NotADay, NotYours, Overtaken, PayloadFailed, SheetDamaged
from whistle.protocol.content import TO_DESK
from whistle.sealing.sheets import open_sheet, seal_sheet, tag_hash
from whistle.store.desk import Act, Case, Cases
from whistle.store.log import Which
from whistle.store.sheets import Change, Kept, Marks, Tags

_LONGEST_TAG = 500  # characters: a line of the sheet


@dataclass(frozen=True)
class Event:
    """A line of the timeline: something of this kind came from the reporter, or a member did this."""

    day: date
    who: str = ""
    kind: str = ""
    action: str = ""


@dataclass(frozen=True)
class Shown:
    """What a case's page shows of it. `sheet` is None if it does not open; `related` are those that the member may see."""

    sheet: Sheet | None
    revision: int
    marks: Marks
    members: tuple[str, ...]
    related: tuple[int, ...]
    reported: str  # the category that the reporter chose
    events: tuple[Event, ...]
    today: date
    categories: tuple[str, ...] = CATEGORIES
    priorities: tuple[str, ...] = PRIORITIES
    risks: tuple[str, ...] = RISKS
    warnings: tuple[str, ...] = WARNINGS
    tellings: tuple[str, ...] = TELLINGS

    @property
    def warning(self) -> str:
        """How far the warning of money laundering is: one of `warnings`."""
        return "escalated" if self.marks.escalated else "warned" if self.marks.money_laundering else ""


class Casefile:
    """Shows and changes it. Raises NotYours for a case that is not the member's."""

    def __init__(self, cases: Cases, reader: Reader, random: Random) -> None:
        self._cases, self._reader, self._random = cases, reader, random

    def change(self, session: Session, number: int, form: Form, now: datetime) -> None:
        """What the form's part asks for. Raises Overtaken if the sheet is not the one that the form's page showed."""
        part, opened = form.get("part", ""), self._reader.read(session, number)
        if part not in PARTS:
            raise NoSuchChoice
        kept, sheet = sheet_of(self._cases, opened)
        if form.get("revision", "") != str(kept.revision):
            raise Overtaken
        if part == "work" and form.get("seen", "") != str(opened.last_place):  # what came may have changed the priority
            raise Overtaken
        marks, about = marks_of(opened.case), About(session.member, self._members(opened.case), now.date())
        after = ON_SHEET[part](sheet, form, about) if part in ON_SHEET else sheet
        after_marks = IN_MARKS[part](marks, form, about) if part in IN_MARKS else marks
        others: tuple[int, ...] = ()
        if part == "related":
            after, others = self._link(session, number, sheet, after)
        names = [*changed(sheet, after), *changed(marks, after_marks)]
        if not names:
            return
        acts = [Act(now, session.member, f"changed {name}", number) for name in names]
        acts += [Act(now, session.member, "changed related", other) for other in others]
        tags = self._hashed(session, opened.case, after.tags) if "tags" in names else None
        mine = self._sealed(opened, kept, after, after_marks, tags)
        theirs = [self._linked(session, other, number, linked=other in after.related) for other in others]
        self._cases.sheets.keep([mine, *theirs], acts)

    def join(self, session: Session, number: int, other: int, acts: Iterable[Act]) -> None:
        """Links two cases. Raises Overtaken, SheetDamaged, TextTooLong or NotAContent."""
        pair = ((number, other), (other, number))
        self._cases.sheets.keep([self._linked(session, one, its, linked=True) for one, its in pair], acts)

    def related(self, session: Session, opened: OpenCase) -> tuple[int, ...]:
        """The cases that are linked with it and that the member may see."""
        with suppress(SheetDamaged):
            return tuple(each for each in sheet_of(self._cases, opened)[1].related if self._sees(session, each))
        return ()

    def shown(self, session: Session, opened: OpenCase, today: date) -> Shown:
        sheet: Sheet | None = None
        try:
            kept, sheet = sheet_of(self._cases, opened)
        except SheetDamaged:
            kept = self._cases.sheets.kept(opened.case.number)
        return Shown(
            sheet=sheet,
            revision=kept.revision,
            marks=marks_of(opened.case),
            members=self._members(opened.case),
            related=self.related(session, opened) if sheet else (),
            reported=told(opened).category or "",
            events=tuple(self._timeline(session, opened)),
            today=today,
        )

    def tagged(self, session: Session, tag: str) -> set[int]:
        """The cases of a member's groups that have this tag, found without opening one. They may be of fewer that one sees."""
        if len(tag) > _LONGEST_TAG:
            return set()
        keys = (identity for each in session.groups.values() for identity in each.identities.values())
        return self._cases.sheets.tagged([tag_hash(tag, identity) for identity in keys])

    def _sealed(
        self, opened: OpenCase, kept: Kept, sheet: Sheet, marks: Marks | None = None, tags: Tags | None = None
    ) -> Change:
        sealed = seal_sheet(serialize(sheet), kept.revision + 1, opened.key, self._random)
        return Change(opened.case.number, kept.revision, sealed, marks, tags, days=days_of(sheet))

    def _link(self, session: Session, number: int, before: Sheet, after: Sheet) -> tuple[Sheet, tuple[int, ...]]:
        """The sheet with its links, and the cases whose links change with it. What the member does not see stays as it is."""
        unseen = {each for each in before.related if not self._sees(session, each)}
        wanted, had = set(after.related) - unseen, set(before.related) - unseen
        if number in wanted or not all(self._sees(session, each) for each in wanted):
            raise NoSuchCase
        return replace(after, related=tuple(sorted(wanted | unseen))), tuple(sorted(wanted ^ had))

    def _linked(self, session: Session, other: int, number: int, *, linked: bool) -> Change:
        """A link stands on both sheets."""
        opened = self._reader.unshown(session, other)
        kept, sheet = sheet_of(self._cases, opened)
        related = {*sheet.related} - {number} | ({number} if linked else set())
        return self._sealed(opened, kept, replace(sheet, related=tuple(sorted(related))))

    def _sees(self, session: Session, number: int) -> bool:
        try:
            self._reader.find(session, number)
        except NotYours:
            return False
        return True

    def _hashed(self, session: Session, case: Case, tags: Iterable[str]) -> Tags:
        identities = session.groups[case.group].identities
        newest = max(identities)
        return Tags(newest, [tag_hash(tag, identities[newest]) for tag in tags])

    def _members(self, case: Case) -> tuple[str, ...]:
        return tuple(self._cases.conflicts.readers(case.number, case.group))

    def _timeline(self, session: Session, opened: OpenCase) -> list[Event]:
        """What the reporter sent, and what members did, each in its own order; a day's arrivals before its acts."""
        items = [item for item in opened.thread.items if item.direction == TO_DESK and item.content is not None]
        came = [Event(item.day, kind=item.content.kind) for item in items if item.content is not None]
        lines = self._cases.lines.lines(Which(session.groups.keys(), session.member, opened.case.number))[::-1]
        done = [Event(date.fromisoformat(line.time[:10]), line.who, action=line.action) for line in lines]
        acts = [each for each in done if not each.action.startswith(("opened", "refused"))]
        return sorted([*came, *acts], key=lambda event: event.day)


def sheet_of(cases: Cases, opened: OpenCase) -> tuple[Kept, Sheet]:
    """Raises SheetDamaged."""
    kept = cases.sheets.kept(opened.case.number)
    if not kept.revision:
        return kept, Sheet()
    try:
        return kept, parse(open_sheet(kept.sealed, kept.revision, opened.key))
    except PayloadFailed:
        raise SheetDamaged from None


def marks_of(case: Case) -> Marks:
    return Marks(**{name: getattr(case, name) for name in Marks.__dataclass_fields__})


def to_escalate(warned: date | None, escalated: date | None, preset: Preset, today: date) -> tuple[Deadline, ...]:
    """What a case owes the board: a warning of money laundering that has not gone there, if the preset has that clock."""
    if warned is None or escalated is not None:
        return ()
    by = escalate_by(warned, preset)
    return () if by is None else (escalation(by, today),)


def where(form: Mapping[str, str], error: Exception) -> str:
    """The form, or its day, at which a refusal is to be shown."""
    part = form.get("part", "")
    return f"{part}-day" if isinstance(error, NotADay) else part

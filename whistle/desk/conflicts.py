"""Conflicts of interest: who opens a case declares that they have none, steps aside, or is kept away by a lead.

Also where a case goes whose whole group should not have it. Which cases a member may see is whistle.store.conflicts' to say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from whistle.desk.reading import Reader
from whistle.desk.sessions import Session
from whistle.desk.starting import KeyCard
from whistle.desk.writing import Place, Writer
from whistle.errors import NoGroupChosen, NoMemberChosen, Overtaken
from whistle.sealing.cases import seal_case_key
from whistle.store import conflicts as at_rest
from whistle.store.conflicts import EXCLUDED, STEPPED_ASIDE, Aside, Handing
from whistle.store.desk import Act, Case, Cases


@dataclass(frozen=True)
class Shown:
    """What a case's page says of it: who is kept away, whom and where else a lead may choose."""

    aside: tuple[Aside, ...]
    members: tuple[str, ...]
    groups: tuple[str, ...]

    def lacks(self, form: str) -> bool:
        """Whether it is a form of this section, and the page has no such form any more."""
        there = (
            [f"readmit-{each.id}" for each in self.aside] + ["exclude"] * bool(self.members) + ["hand-over"] * bool(self.groups)
        )
        return form.startswith(("readmit-", "exclude", "hand-over")) and form not in there


@dataclass(frozen=True)
class _Then:
    """Done in one transaction with the note that says why, whose place it is told."""

    act: Callable[[Any, int], None]

    def keep(self, connection: Any, _case: int, place: int, _told: int | None, /) -> None:
        self.act(connection, place)


class Conflicts:
    """What members do about a conflict. Raises NotYours for a case that is not theirs."""

    def __init__(self, cases: Cases, reader: Reader, writer: Writer, card: KeyCard) -> None:
        self._cases, self._reader, self._writer, self._card = cases, reader, writer, card

    def declare(self, session: Session, number: int, now: datetime) -> None:
        """That this member knows of no conflict of interest in a case."""
        self._reader.find(session, number)
        self._cases.conflicts.declare(Act(now, session.member, "declared", number))

    def step_aside(self, session: Session, number: int, now: datetime) -> None:
        """Without a reason, at any time. Raises LastReader."""
        self._reader.find(session, number)
        self._cases.conflicts.step_aside(Act(now, session.member, STEPPED_ASIDE, number))

    def exclude(self, place: Place, text: str, member: str, now: datetime) -> None:
        """Keeps another member away. The reason is never theirs to read. Raises NoMemberChosen, LastReader."""
        case = self._reader.read(place.session, place.case).case
        if member not in self._others(place.session, case):
            raise NoMemberChosen
        act = partial(at_rest.exclude, case=case.number, member=member, by=place.session.member, day=now.date())
        self._writer.beside(place, f"{EXCLUDED} {member}", text, _Then(act), now)

    def readmit(self, place: Place, text: str, aside: int, now: datetime) -> None:
        """Lifts what keeps a member away, who then declares anew. Raises Overtaken."""
        self._reader.read(place.session, place.case)
        lifted = next((each for each in self._cases.conflicts.aside(place.case) if each.id == aside), None)
        if lifted is None:
            raise Overtaken
        act = partial(at_rest.readmit, case=place.case, id_=aside, day=now.date())
        self._writer.beside(place, f"readmitted {lifted.member}", text, _Then(act), now)

    def hand_over(self, place: Place, text: str, group: str, now: datetime) -> None:
        """Gives the case to another group, and its key with it. Raises NoGroupChosen, FilesUnopened."""
        self._reader.open_arrivals(place.session, now)
        opened = self._reader.read(place.session, place.case)
        case = opened.case
        if group not in self._groups(case):
            raise NoGroupChosen
        recipient = self._card.on(now.date()).recipient(group)
        key = seal_case_key(opened.key, recipient.raw)
        handing = Handing(case.number, case.group, group, recipient.epoch, key, now.date(), opened.closed)
        act = _Then(partial(at_rest.hand_over, handing=handing))
        self._writer.beside(place, f"handed over to {group}", text, act, now)

    def shown(self, session: Session, case: Case) -> Shown:
        aside = tuple(self._cases.conflicts.aside(case.number))
        return Shown(aside, self._others(session, case), self._groups(case))

    def _others(self, session: Session, case: Case) -> tuple[str, ...]:
        readers = self._cases.conflicts.readers(case.number, case.group)
        return tuple(name for name in readers if name != session.member)

    def _groups(self, case: Case) -> tuple[str, ...]:
        """The other groups of the card in which somebody could read the case."""
        others = [group.id for group in self._card.known().groups if group.id != case.group]
        return tuple(group for group in others if self._cases.conflicts.readers(case.number, group))

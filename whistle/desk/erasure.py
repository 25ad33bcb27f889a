"""The end of a case: when it is erased, what keeps it or hastens it, which takes two members, and the purge that does it.

A hold counts once a second member has confirmed it, and so does the short time of what belongs elsewhere. Nothing is erased
within a whole day of the last word about it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from whistle.desk.counting import rows_of_erased
from whistle.desk.deadlines import CaseDays
from whistle.desk.presets import (
    NOTICE,
    Preset,
    erase_by_rule,
    erase_look_up_log_on,
    erase_recording_on,
    review_hold_by,
    review_necessity_by,
)
from whistle.desk.reading import Reader
from whistle.desk.relay import Clock
from whistle.desk.sessions import Session
from whistle.desk.writing import Place, Writer
from whistle.errors import ForbiddenStep, ReviewRefused, StorageFailed
from whistle.store.chain import DROPPED
from whistle.store.desk import Act, Cases
from whistle.store.erasure import EARLY, HOLD, LIFT, SCOPE, Ask, Ending

_AHEAD = timedelta(days=14)  # that members are told before they must have asked whether a case is still needed
_SECONDS = 60


@dataclass(frozen=True, order=True)
class End:
    """On which day a case is erased, and by which rule."""

    day: date
    rule: str


@dataclass(frozen=True)
class Shown:
    """What a case's page says of its end. `hold` and `early` are in force; `latest` is the last day for a review."""

    end: End | None
    hold: Ask | None
    overdue: bool
    early: Ask | None
    scope: Ask | None  # that it belongs elsewhere, and so is kept for a shorter time
    pending: tuple[Ask, ...]
    closed: bool
    today: date
    latest: date
    needed: date | None  # by when somebody must ask whether it must still be kept


def end_of(ending: Ending, preset: Preset) -> End | None:
    """When a case is erased if nobody does anything more. None while it is open or held."""
    if ending.closed is None or ending.confirmed(HOLD):
        return None
    lift, early, scope = (ending.confirmed(what) for what in (LIFT, EARLY, SCOPE))
    days = CaseDays(ending.received, out_of_scope=ending.out_of_scope if scope else None, closed=ending.closed)
    by, rule = erase_by_rule(days, ending.closed, preset)
    said = max(ending.closed, *((each and each.confirmed) or date.min for each in (lift, scope)))
    ends = [End(max(by, said + NOTICE), rule)]
    if early and early.confirmed:
        ends.append(End(early.confirmed + NOTICE, "early"))
    return min(ends)


class Keeping:
    """What members ask for, confirm and take back. Raises NotYours for a case that is not theirs."""

    def __init__(self, cases: Cases, reader: Reader, writer: Writer, preset: Preset) -> None:
        self._cases, self._reader, self._writer, self._preset = cases, reader, writer, preset

    def hold(self, place: Place, text: str, review: str, now: datetime) -> None:
        """Asks for a legal hold, or for a new review of one. Raises ReviewRefused."""
        day = self._review(review, now.date())
        self._writer.request(place, text, Ask(HOLD, place.session.member, now.date(), day), now)

    def lift(self, place: Place, text: str, now: datetime) -> None:
        self._writer.request(place, text, Ask(LIFT, place.session.member, now.date()), now)

    def early(self, place: Place, text: str, now: datetime) -> None:
        self._writer.request(place, text, Ask(EARLY, place.session.member, now.date()), now)

    def still_needed(self, place: Place, text: str, now: datetime) -> None:
        """Why a case must still be kept. Raises ForbiddenStep where no law asks for it."""
        case = self._reader.read(place.session, place.case).case
        if self._preset.necessity_months is None:
            raise ForbiddenStep
        self._writer.still_needed(place, case, text, now)

    def confirm(self, session: Session, case: int, asked: tuple[int, str], now: datetime) -> None:
        """The word of a second member. Raises NeedsAnother, Overtaken."""
        self._reader.read(session, case)
        self._cases.erasure.confirm(Act(now, session.member, f"confirmed {asked[1]}", case), *asked)

    def withdraw(self, session: Session, case: int, asked: tuple[int, str], now: datetime) -> None:
        """Takes a request back, or stops an early erasure. Raises Overtaken."""
        self._reader.read(session, case)
        self._cases.erasure.withdraw(Act(now, session.member, f"withdrew {asked[1]}", case), *asked)

    def shown(self, case: int, today: date) -> Shown:
        ending = self._cases.erasure.ending(case)
        hold = ending.confirmed(HOLD)
        return Shown(
            end=end_of(ending, self._preset),
            hold=hold,
            overdue=hold is not None and _is_over(hold.review, today),
            early=ending.confirmed(EARLY),
            scope=ending.confirmed(SCOPE) if self._shortens else None,
            pending=tuple(each for each in ending.pending if each.what != SCOPE or self._shortens),
            closed=ending.closed is not None,
            today=today,
            latest=review_hold_by(today, self._preset),
            needed=review_necessity_by(ending.looked or ending.received, self._preset),
        )

    def to_confirm(self, session: Session) -> list[int]:
        """Which cases of this member another one has decided to belong elsewhere, so that they wait for a second word."""
        waiting = self._cases.erasure.to_confirm(session.member) if self._shortens else []
        return [case.number for case, _ in self._cases.inbox(list(session.groups), session.member, waiting)] if waiting else []

    @property
    def _shortens(self) -> bool:
        """Whether what belongs elsewhere is kept for a shorter time."""
        return self._preset.out_of_scope_days is not None

    def overdue(self, session: Session, today: date) -> list[tuple[int, date, str]]:
        """Which cases of this member somebody must look at again, by when, and at what. A hold holds nevertheless."""
        over = self._over(today)
        seen = self._cases.inbox(list(session.groups), session.member, sorted(over)) if over else []
        return [(case.number, *over[case.number]) for case, _ in seen]

    def overdue_boxes(self, today: date) -> frozenset[bytes]:
        """The boxes of those cases of all groups."""
        overdue = [self._cases.case(number) for number in self._over(today)]
        return frozenset(case.box for case in overdue if case is not None)

    def _over(self, today: date) -> Mapping[int, tuple[date, str]]:
        """The cases whose hold is overdue for review, or of which it must soon be asked whether they are needed, and by when.

        A hold answers that as long as it holds.
        """
        erasure, found = self._cases.erasure, {}
        if self._preset.necessity_months is not None:
            asked = {case: review_necessity_by(since, self._preset) for case, since in erasure.looked().items()}
            found = {case: (day, "necessity") for case, day in asked.items() if day is not None and day <= today + _AHEAD}
        held = erasure.reviews()
        return {case: each for case, each in found.items() if case not in held} | {
            case: (day, "review") for case, day in held.items() if _is_over(day, today)
        }

    def _review(self, text: str, today: date) -> date:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise ReviewRefused from None
        if not today < day <= review_hold_by(today, self._preset):
            raise ReviewRefused
        return day


class Purge:
    """Erases, once a day, every case whose day has come. It keeps at it until the files of the database are clean."""

    def __init__(self, cases: Cases, preset: Preset, clock: Clock, lapse: Callable[[datetime], None]) -> None:
        self._cases, self._preset, self._clock, self._lapse = cases, preset, clock, lapse
        self._done = date.min
        self._dropped = False  # whether look-ups were since the file was last rewritten
        self.failed = False  # whether the last try could not be ended

    async def run(self) -> None:
        """Tries until it is cancelled."""
        while True:
            if self._clock().date() != self._done:
                await asyncio.to_thread(self.once)
            await asyncio.sleep(_SECONDS)

    def again(self) -> None:
        """Has today's run once more: something was erased whose traces are left."""
        self._done = date.min

    def once(self) -> None:
        """Everything that is due today."""
        now, erasure, channels = self._clock(), self._cases.erasure, self._cases.channels
        try:
            self._lapse(now)
            for ending in erasure.closed():
                end = end_of(ending, self._preset)
                if end is not None and end.day <= now.date():
                    rows_of = partial(rows_of_erased, now.date(), self._preset.acknowledge_days)
                    erasure.erase(ending, partial(_certificate, now, ending.number, end), rows_of)
            while erasure.erase_parts():
                pass
            for recording in channels.recordings():
                if erase_recording_on(recording.recorded, None, self._preset) <= now.date():
                    channels.erase_recording(recording, Act(now, "desk", "recording erased after its time", recording.case))
            self._dropped |= self._cases.look_ups.drop(partial(self._are_over, now), partial(Act, now, "desk", DROPPED))
            rooms = (erasure, channels, self._cases.removals, self._cases.epochs)
            if self._dropped or any(room.has_traces() for room in rooms):
                self._cases.leave_no_trace()
                self._dropped = False
                for room in rooms:
                    room.traceless()
            erasure.sweep(now.date() - timedelta(days=self._preset.backup_days))
        except StorageFailed:
            self.failed = True
        else:
            self.failed, self._done = False, now.date()

    def _are_over(self, now: datetime, closed: date) -> bool:
        return erase_look_up_log_on(closed, self._preset) <= now.date()


def _certificate(now: datetime, case: int, end: End, contents: int, files: int) -> Act:
    """The line of the log that says what was erased, by which rule, and when that was due. It names nobody."""
    return Act(now, "desk", f"erased {contents} contents and {files} files by {end.rule} due {end.day}", case)


def _is_over(review: date | None, today: date) -> bool:
    return review is not None and review < today

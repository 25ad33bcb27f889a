"""The inbox as a work list: which cases a member asked for, a page of them, and the days by which it is sorted.

It opens nothing, and it decides on no day: the deadlines and the preset do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from urllib.parse import urlencode

from whistle.desk.casefile import Casefile, to_escalate
from whistle.desk.deadlines import SOON, CaseDays, Deadline, acknowledge_by, feedback_by, noted, owed
from whistle.desk.presets import Preset, answer_by, to_close
from whistle.desk.sessions import Session
from whistle.desk.states import State, state_of
from whistle.errors import ForbiddenStep, NoSuchView
from whistle.protocol import canonical
from whistle.store.desk import Case, Cases
from whistle.store.worklist import NEVER, SECTIONS, Clocks, Due, Wanted

_A_PAGE = 50
_FIELDS = ("section", "state", "from", "to", "tagged")
_DIGITS = 9  # of the number of a case


@dataclass(frozen=True)
class Row:
    """A case as the inbox shows it."""

    case: Case
    state: State
    new: int
    owed: tuple[Deadline, ...]

    @property
    def standing(self) -> str:
        """The state in words of the page: who left the acknowledgement out has acknowledged nothing."""
        left_out = self.state is State.ACKNOWLEDGED and self.case.acknowledged is None
        return "suppressed" if left_out else self.state.value

    @property
    def answer(self) -> date | None:
        """By when somebody is to say the first words."""
        return None if self.case.answer_by == NEVER else self.case.answer_by


@dataclass(frozen=True)
class View:
    """A page of the cases that were asked for. `asked` is the form as it was filled in, but for the tag."""

    rows: tuple[Row, ...]
    wanted: Wanted
    counts: Mapping[str, int]
    asked: Mapping[str, str]
    today: date
    more: bool
    tag: str = ""

    def path(self, **changes: str) -> str:
        """Where the same is, with another section or from another case on."""
        query = self._query(changes)
        return f"/?{query}" if query else "/"

    @property
    def query(self) -> str:
        """What asks for the same again."""
        after = self.wanted.after
        return self._query({"after": f"{after[0]}.{after[1]}"} if after else {})

    @property
    def next(self) -> str:
        """Where the page after this one is."""
        last = self.rows[-1].case
        return self.path(after=f"{last.due}.{last.number}")

    @property
    def is_filtered(self) -> bool:
        """Whether more is asked for than a section."""
        return any(self.asked[name] for name in _FIELDS[1:])

    def _query(self, changes: Mapping[str, str]) -> str:
        return urlencode({name: value for name, value in {**self.asked, **changes}.items() if value})


class Inbox:
    """Lists what a member may see."""

    def __init__(self, cases: Cases, casefile: Casefile, preset: Preset) -> None:
        self._cases, self._casefile, self._preset = cases, casefile, preset

    def view(self, session: Session, query: Mapping[str, str], today: date) -> View:
        """A page of what was asked for. Raises NoSuchView."""
        wanted, groups, tag = _wanted(query), list(session.groups), _tag(session, query)
        if query.get("tagged") and not tag:
            raise NoSuchView
        if tag:
            wanted = replace(wanted, numbers=frozenset(self._casefile.tagged(session, tag)))
        counts = self._cases.work.counts(groups, session.member, wanted, today)
        numbers = self._cases.work.page(groups, session.member, wanted, today, _A_PAGE + 1)
        found = self._cases.inbox(groups, session.member, numbers[:_A_PAGE])
        rows = tuple(self.row(case, new, today) for case, new in found)
        return View(rows, wanted, counts, _asked(query), today, len(numbers) > _A_PAGE, tag)

    def path_of(self, session: Session, form: Mapping[str, str]) -> str:
        """Where a page has what a form asks for. A tag is sealed at rest: the address has its place in the session's memory."""
        tag = " ".join(form.get("tag", "").split())
        if tag and tag not in session.tags:
            session.tags.append(tag)
        asked = _asked(form) | {"tagged": str(session.tags.index(tag)) if tag else ""}
        return f"/?{urlencode({name: value for name, value in asked.items() if value})}"

    def nothing(self, session: Session, query: Mapping[str, str], today: date) -> View:
        """The whole list under a form that was not understood, as it was filled in."""
        return replace(self.view(session, {}, today), asked=_asked(query), tag=_tag(session, query))

    def row(self, case: Case, new: int, today: date) -> Row:
        return Row(case, State(case.state), new, _owed(case, self._preset, today))


def clocks_of(preset: Preset) -> Clocks:
    """The days of cases under a preset, named by every number that they hang on."""
    rules = {
        "acknowledge_days": preset.acknowledge_days,
        "feedback_months": preset.feedback_months,
        "feedback_otherwise_from": sorted(preset.feedback_otherwise_from),
        "answer_days": preset.answer_days,
        "money_laundering_days": preset.money_laundering_days,
        "out_of_scope_days": preset.out_of_scope_days,
        "soon": dict(SOON),
    }
    return Clocks(sha256(canonical.write(rules)).hexdigest(), partial(due_of, preset))


def due_of(preset: Preset, case: Case) -> Due:
    """What the columns of a case say: the first thing that it owes, and the day for the first words of a person."""
    answer = (
        answer_by(CaseDays(case.received, case.answered, case.acknowledged, case.suppressed, closed=case.closed), preset)
        or NEVER
    )
    owes = _owed(case, preset, case.received)
    every = Due(
        answer_by=answer,
        acknowledge_by=acknowledge_by(case.received, preset),
        feedback_by=feedback_by(case.received, case.acknowledged, preset),
    )
    return replace(every, due=owes[0].by, due_what=owes[0].what, due_soon=min(each.soon for each in owes)) if owes else every


def _owed(case: Case, preset: Preset, today: date) -> tuple[Deadline, ...]:
    days = (case.received, case.acknowledged, preset, today, case.feedback, case.suppressed)
    board = to_escalate(case.money_laundering, case.escalated, preset, today)
    close = to_close(case.out_of_scope, case.closed, preset, today)
    own = noted(case.task_by, case.plan_by, case.telling_by, today)
    return tuple(sorted((*board, *close, *own, *owed(State(case.state), *days)), key=lambda each: each.by))


def _asked(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query.get(name, "") for name in _FIELDS}


def _tag(session: Session, query: Mapping[str, str]) -> str:
    """The words of the tag; "" for none, and for one that was asked for in another session."""
    return dict(zip(map(str, range(len(session.tags))), session.tags, strict=True)).get(query.get("tagged", ""), "")


def _wanted(query: Mapping[str, str]) -> Wanted:
    """Raises NoSuchView."""
    section, state = query.get("section", ""), query.get("state", "")
    try:
        since, until = (date.fromisoformat(text) if (text := query.get(name, "")) else None for name in ("from", "to"))
        if section not in ("", *SECTIONS) or (since and until and until < since):
            raise NoSuchView
        return Wanted(section, state and state_of(state), since, until, after=_after(query.get("after", "")))
    except (ValueError, ForbiddenStep):
        raise NoSuchView from None


def _after(text: str) -> tuple[date, int] | None:
    if not text:
        return None
    day, _, number = text.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        raise NoSuchView
    return date.fromisoformat(day), int(number)

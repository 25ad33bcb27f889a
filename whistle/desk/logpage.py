"""The page of the log: who did what and when, as far as a session may see it, and whether the log is whole. No content."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from whistle.desk.heads import Heads
from whistle.desk.roles import Role
from whistle.desk.sessions import Session
from whistle.desk.showing import Pages
from whistle.errors import NotACaseNumber
from whistle.store.desk import Act, Cases
from whistle.store.log import OPENED_LOG, Which

_A_PAGE = 50


def may_audit(session: Session) -> Collection[str] | None:
    """The groups whose cases' lines a session may see, beside the lines without a case; None for all, which an auditor sees."""
    return None if session.role is Role.AUDITOR else session.groups.keys()


@dataclass(frozen=True)
class LookUps:
    """How often a member opened a case; the first and the last time."""

    who: str
    count: int
    first: str
    last: str


def look_ups(openings: Sequence[tuple[str, str]]) -> list[LookUps]:
    """By member, from who opened a case and when, the last first."""
    times: dict[str, list[str]] = {}
    for who, time in openings:
        times.setdefault(who, []).append(time)
    return [LookUps(who, len(each), each[-1], each[0]) for who, each in sorted(times.items())]


@dataclass(frozen=True, eq=False)
class LogPage:
    """Shows the log. `refusals` is how many within a day are too many."""

    cases: Cases
    heads: Heads
    pages: Pages
    refusals: int

    def show(self, session: Session, asked: Mapping[str, str], now: datetime) -> Response:
        """A page of lines, the newest first; that it was opened is its first line."""
        self.cases.log(Act(now, session.member, OPENED_LOG))
        case, who, before = (asked.get(name, "").strip() for name in ("case", "who", "before"))
        error = NotACaseNumber() if case and _number(case) is None else None
        which = Which(may_audit(session), session.member, _number(case), who.lower() or None)
        lines, there = ([], 0) if error else self.cases.lines.page(which, _A_PAGE + 1, _number(before))
        shown = {"lines": lines[:_A_PAGE], "more": len(lines) > _A_PAGE, "case": case, "who": who, "before": before}
        status = 400 if error else 200
        counted = {"older": there - _A_PAGE, "sees_all": which.groups is None}
        return self.pages.render(
            "log", "/log", session.language, session, status, error=error, heads=self.heads, **shown, **counted
        )

    def is_alarming(self) -> bool:
        """Whether too many sign-ins failed or too much access was refused, and no member has looked since."""
        return self.cases.lines.is_alarming(self.refusals)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

"""The page of the log: who did what and when, as far as a session may see it, and whether the log is whole. No content."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from starlette.responses import Response

from whistle.desk.heads import Heads
from whistle.desk.paths import go
from whistle.desk.roles import Role
from whistle.desk.sessions import Session
from whistle.desk.showing import Pages
from whistle.errors import NotACaseNumber
from whistle.store.desk import Act, Cases
from whistle.store.log import OPENED_LOG, SAW_REFUSALS, Which

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
        refused = self.refused()
        self.cases.log(Act(now, session.member, OPENED_LOG))
        if refused and session.member not in refused:  # or whoever was refused could put the alarm out
            self.cases.log(Act(now, session.member, SAW_REFUSALS))
        case, who, before = (asked.get(name, "").strip() for name in ("case", "who", "before"))
        error = NotACaseNumber() if case and number_in(case) is None else None
        which = Which(may_audit(session), session.member, number_in(case), who.lower() or None)
        lines, there = ([], 0) if error else self.cases.lines.page(which, _A_PAGE + 1, number_in(before))
        shown = {"lines": lines[:_A_PAGE], "more": len(lines) > _A_PAGE, "case": case, "who": who, "before": before}
        shown |= {"refusals": refused, "now": asked.get("done") == "verify" and self.heads.verified}
        if case and not error:
            opened = self.cases.lines.lines(replace(which, who=None, action="opened"))
            openings = [(each.who, each.time) for each in opened if each.time]  # not those that are dropped
            shown |= {"openings": openings, "look_ups": look_ups(openings)}
        status = 400 if error else 200
        counted = {"older": there - _A_PAGE, "sees_all": which.groups is None}
        return self.pages.render(
            "log", "/log", session.language, session, status, error=error, heads=self.heads, **shown, **counted
        )

    def verify(self, session: Session, _: Mapping[str, str], now: datetime) -> Response:
        """Verifies the log now, against every signed head that is here; the page says what was found."""
        self.cases.log(Act(now, session.member, "verified log"))
        self.heads.verify(now.date())
        return go("/log?done=verify")

    def refused(self) -> frozenset[str]:
        """Who had too many sign-ins fail, or was refused too often, and nobody else has looked since; or nobody."""
        return self.cases.lines.refused(self.refusals)

    def were_refused(self, today: date) -> bool:
        """Whether it was too often since yesterday, whoever has looked: what the mail goes by."""
        return self.cases.lines.were_refused(self.refusals, today - timedelta(days=1))


def number_in(text: str) -> int | None:
    """The number of a case or a line, if it is one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

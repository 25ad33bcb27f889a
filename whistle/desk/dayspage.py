"""The page of the days of every case: when each was received, acknowledged and answered, and what was late. No content."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from whistle.desk.deadlines import Rules, acknowledge_by
from whistle.desk.logpage import may_audit, number_in
from whistle.desk.sessions import Session
from whistle.desk.showing import Pages
from whistle.store.desk import Act, Cases

_A_PAGE = 50


@dataclass(frozen=True, eq=False)
class DaysPage:
    """Shows to each member the days of the cases whose lines of the log they may see."""

    cases: Cases
    pages: Pages
    rules: Rules

    def show(self, session: Session, asked: Mapping[str, str], now: datetime) -> Response:
        """A page of cases, the newest first; that it was opened is on the log."""
        self.cases.log(Act(now, session.member, "opened days"))
        groups, today, late = may_audit(session), now.date(), asked.get("late") == "1"
        before = number_in(asked.get("before", ""))
        rows = self.cases.days.page(groups, session.member, today, _A_PAGE + 1, late, before)
        shown = {"rows": rows[:_A_PAGE], "more": len(rows) > _A_PAGE, "late": late, "before": before}
        if groups is None:  # whose group an unopened report is for nobody knows: it may be about who looks
            count, oldest = self.cases.unopened_reports()
            by = acknowledge_by(oldest, self.rules) if oldest else None
            shown["unopened"] = {"count": count, "oldest": oldest, "by": by, "late": by is not None and by < today}
        query = "late=1" if late else ""
        return self.pages.render("days", "/days", session.language, session, 200, query=query, **shown)

"""The page of the numbers of a period, and the same as a file. No content."""

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from whistle.desk.arrivals import Arrivals
from whistle.desk.counting import Counting, label, sheet
from whistle.desk.paths import Form
from whistle.desk.sessions import Session
from whistle.desk.showing import Pages
from whistle.errors import NoSuchPeriod


@dataclass(frozen=True, eq=False)
class NumbersPage:
    """Shows what `counting` counts, once what has come is opened and can be counted."""

    counting: Counting
    arrivals: Arrivals
    pages: Pages

    def show(self, session: Session, asked: Form, now: datetime) -> Response:
        error = None
        self.arrivals.open(session, now)
        try:
            look = self.counting.look(session, asked, now)
        except NoSuchPeriod as mistaken:
            error, look = mistaken, self.counting.look(session, {}, now)
        groups = {name: self.pages.group_names(session.language).get(name, name) for name in session.groups}
        values = {"look": look, "groups": groups, "label": label, "error": error, "query": look.query}
        return self.pages.render("numbers", "/numbers", session.language, session, 400 if error else 200, **values)

    def file(self, session: Session, asked: Form, now: datetime) -> Response:
        """What the page shows, as a file."""
        look = self.counting.look(session, asked, now)
        name = f"numbers-{look.period.year}{f'-{look.period.quarter}' if look.period.quarter else ''}.csv"
        headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
        words = self.pages.catalogues[session.language]
        return Response(sheet(look.numbers, words), headers=headers, media_type="text/csv")

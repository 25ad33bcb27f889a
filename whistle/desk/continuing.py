"""A case that goes on from an earlier one: its reporter took a code that the desk has not seen (spec section 6.5).

The key of the earlier case's reporter must vouch for it. The two are linked once: a link that a member takes out stays out.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from whistle.desk.casefile import Casefile
from whistle.desk.reading import OpenCase, Reader
from whistle.desk.sessions import Session
from whistle.errors import BadSignature, NotAContent, NotYours, Overtaken, SheetDamaged, TextTooLong
from whistle.protocol.content import Continues
from whistle.sealing.continuing import check_continues
from whistle.store.desk import Act, Cases
from whistle.store.log import LINKED, RELATED, Which


@dataclass(frozen=True)
class Continued:
    """What a case's page says: where it goes on from and where to, of cases that the member sees and whose key vouches."""

    said: bool
    earlier: int | None = None
    forged: bool = False
    later: int | None = None


class Continuing:
    """Finds the earlier case and the later one, and links them."""

    def __init__(self, cases: Cases, reader: Reader, casefile: Casefile) -> None:
        self._cases, self._reader, self._casefile = cases, reader, casefile

    def shown(self, session: Session, opened: OpenCase, now: datetime) -> Continued:
        number, said, later = opened.case.number, _said(opened), self._later(session, opened)
        if said is None:
            return Continued(said=False, later=later)
        try:
            earlier = self._earlier(session, said, opened)
        except (NotYours, NotAContent):
            return Continued(said=True, later=later)
        except BadSignature:
            return Continued(said=True, forged=True, later=later)
        if not self._is_linked(number):
            acts = [Act(now, "desk", LINKED, number), Act(now, "desk", RELATED, earlier)]
            with suppress(Overtaken, SheetDamaged, TextTooLong, NotAContent):  # the next opening links them, if it can
                self._casefile.join(session, number, earlier, acts)
        return Continued(said=True, earlier=earlier, later=later)

    def _earlier(self, session: Session, said: Continues, opened: OpenCase) -> int:
        """Raises NotYours for a case that is not there or not this member's; BadSignature."""
        found = self._cases.case_of(said.box)
        if found is None or found.number == opened.case.number:
            raise NotYours
        earlier = self._reader.unshown(session, found.number)
        check_continues(said, earlier.report.signing, opened.case.box)
        return found.number

    def _later(self, session: Session, opened: OpenCase) -> int | None:
        """Of the cases that are linked with this one, that which goes on from it."""
        for other in filter(self._is_linked, self._casefile.related(session, opened)):
            with suppress(NotYours, NotAContent):  # one that does not open is none that this page can name
                said = _said(self._reader.unshown(session, other))
                if said is not None and said.box == opened.case.box:
                    return other
        return None

    def _is_linked(self, number: int) -> bool:
        return any(line.action == LINKED for line in self._cases.lines.lines(Which(case=number)))


def _said(opened: OpenCase) -> Continues | None:
    """What the reporter said first of it."""
    bodies = (item.content.body for item in opened.thread.items if item.content is not None)
    return next((body for body in bodies if isinstance(body, Continues)), None)

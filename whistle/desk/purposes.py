"""What a member reads a case for: a code beside each reading and act on the log. Presumed, unless the member says otherwise.

Where a case stands tells what its readers are at, and nobody is asked at each opening. Whoever reads it for something else
says so on its page, which holds until they sign out and is a line of its own.
"""

from datetime import datetime
from enum import StrEnum

from whistle.desk.reading import Reader
from whistle.desk.roles import Role
from whistle.desk.sessions import Session
from whistle.desk.states import State
from whistle.errors import NoSuchChoice
from whistle.store.desk import Act, Case, Cases


class Purpose(StrEnum):
    """The first four follow from where a case stands, the fifth from who else works on it; the others are only given."""

    ASSESS = "assess"
    INVESTIGATE = "investigate"
    CONCLUDE = "conclude"
    KEEP = "keep"
    SUPERVISE = "supervise"
    ANSWER = "answer"
    AUDIT = "audit"


_BY_STATE = {
    State.RECEIVED: Purpose.ASSESS,
    State.ACKNOWLEDGED: Purpose.ASSESS,
    State.ASSESSING: Purpose.ASSESS,
    State.OUT_OF_SCOPE: Purpose.CONCLUDE,
    State.ADDRESSING: Purpose.INVESTIGATE,
    State.CONCLUDING: Purpose.CONCLUDE,
    State.CLOSED: Purpose.KEEP,
}


def purpose_of(session: Session, case: Case) -> Purpose:
    """What the member has said; or what is presumed."""
    if case.number in session.purposes:
        return Purpose(session.purposes[case.number])
    if session.role is Role.LEAD and case.assigned not in (None, session.member):
        return Purpose.SUPERVISE
    return _BY_STATE[State(case.state)]


class Purposes:
    """Takes what a member says. Raises NotYours for a case that is not theirs."""

    def __init__(self, cases: Cases, reader: Reader) -> None:
        self._cases, self._reader = cases, reader

    def give(self, session: Session, number: int, chosen: str, now: datetime) -> None:
        """Raises NoSuchChoice."""
        self._reader.read(session, number)
        if chosen not in list(Purpose):
            raise NoSuchChoice
        self._cases.log(Act(now, session.member, "gave purpose", number, chosen))
        session.purposes[number] = chosen

"""A message about retaliation: its case comes first, and is open again, by nobody's word but the reporter's own."""

from datetime import timedelta

import pytest

from tests.desk.running import ANNA, BO, Desk, Member, Reporter, today
from tests.desk.test_casework import SAID, TICKS, acts, brought, case_at
from tests.desk.test_writing import begun
from whistle.protocol.content import Message, Retaliation
from whistle.sealing.keys import SigningKey
from whistle.store.erasure import EARLY, HOLD

FEAR = Retaliation("My shifts are gone.")


@pytest.fixture(scope="module")
def anna(desk: Desk) -> Member:
    return desk.member(ANNA)


def close(anna: Member, number: int) -> None:
    brought(anna, number, "assessing", "addressing", "concluding")
    assert anna.post(f"/cases/{number}/feedback", text="We looked.", **TICKS).status == 303
    assert anna.post(f"/cases/{number}/outcome", **SAID["outcome"]).status == 303
    assert anna.post(f"/cases/{number}/state", state="closed").status == 303


def comes(desk: Desk, reporter: Reporter, envelope: bytes) -> None:
    """Arrives, and is opened by whoever looks at the inbox next."""
    desk.deliver(reporter.frame(envelope, desk.cases.relayed().after + 1))
    assert desk.signed_in(BO).get("/").status == 200


def row(anna: Member, number: int, section: str = "") -> str:
    """The case's line of the inbox; nothing if it has none there."""
    return anna.get(f"/?section={section}").text.partition(f'href="/cases/{number}"')[2].partition("</tr>")[0]


def asked(desk: Desk, number: int, what: str) -> bool:
    ending = desk.cases.erasure.ending(number)
    return what in [each.what for each in ending.asked]


def test_it_reopens_a_closed_case_and_its_clock_of_retention_runs_no_more(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    close(anna, number)
    assert desk.running.desk.keeping.shown(number, today()).end is not None
    comes(desk, reporter, reporter.say(FEAR))
    case = case_at(desk, number)
    assert (case.state, case.closed, case.outcome, case.priority) == ("assessing", None, None, "high")
    assert desk.running.desk.keeping.shown(number, today()).end is None
    assert acts(desk, number)[-2:] == ["state assessing", "put first"]
    assert "High priority" in row(anna, number, "desk")
    page = anna.get(f"/cases/{number}").text
    assert "Raised the priority: the reporter tells of retaliation" in page
    assert FEAR.text in page


@pytest.mark.parametrize("confirmed", [False, True])
def test_an_early_erasure_that_was_asked_for_is_stopped_and_a_hold_holds(desk: Desk, anna: Member, confirmed: bool) -> None:
    reporter, number = begun(desk, anna)
    close(anna, number)
    assert anna.post(f"/cases/{number}/early", text="Now.").status == 303
    if confirmed:
        bo = desk.signed_in(BO)
        page = bo.get(f"/cases/{number}").text
        (id_,) = (each.id for each in desk.cases.erasure.ending(number).asked)
        assert f'value="{id_}"' in page
        assert bo.post(f"/cases/{number}/confirm", asked=str(id_), what=EARLY).status == 303
    assert anna.post(f"/cases/{number}/hold", text="Keep.", review=str(today() + timedelta(30))).status == 303
    comes(desk, reporter, reporter.say(FEAR))
    assert (asked(desk, number, EARLY), asked(desk, number, HOLD)) == (False, True)
    desk.clock.ahead = timedelta(days=5)
    try:
        desk.running.purge.again()
        desk.running.purge.once()
    finally:
        desk.clock.ahead = timedelta()
    assert desk.cases.case(number) is not None


def test_an_open_case_stays_where_it_is_and_comes_first(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    brought(anna, number, "assessing")
    assert anna.post(f"/cases/{number}/reply", text="When?").status == 303
    assert row(anna, number, "desk") == ""
    comes(desk, reporter, reporter.say(FEAR))
    assert (case_at(desk, number).state, case_at(desk, number).priority) == ("assessing", "high")
    assert "High priority" in row(anna, number, "desk")
    assert acts(desk, number)[-1] == "put first"


def test_another_message_in_a_closed_case_leaves_it_closed(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    close(anna, number)
    comes(desk, reporter, reporter.say(Message("Thank you.")))
    assert (case_at(desk, number).state, case_at(desk, number).priority) == ("closed", "normal")


def test_what_the_reporter_has_not_signed_reopens_nothing(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    close(anna, number)
    comes(desk, reporter, reporter.say(FEAR, keep=False, key=SigningKey(b"x" * 32)))
    assert (case_at(desk, number).state, case_at(desk, number).priority) == ("closed", "normal")


def test_the_same_message_sealed_once_more_reopens_nothing_again(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    brought(anna, number, "assessing", "addressing", "concluding")
    first = reporter.last
    comes(desk, reporter, reporter.say(FEAR))
    anna.post(f"/cases/{number}/feedback", text="We looked.", **TICKS)
    anna.post(f"/cases/{number}/outcome", **SAID["outcome"])
    assert anna.post(f"/cases/{number}/state", state="closed").status == 303
    reporter.last = first
    comes(desk, reporter, reporter.say(FEAR))
    assert case_at(desk, number).state == "closed"

"""Who is there changes: another role in the same place takes two, and the whole list is gone through every half year."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.desk.running import ANNA, BO, CARL, DORA, ERIK, Desk, Member, Page, started
from tests.desk.test_people import NILS, WORDS, acts, brought_in, cheap, state
from whistle.store.people import REVIEWED

__all__ = ["cheap"]


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path) -> Iterator[Desk]:
    with started(tmp_path, ceremony, 9) as running:
        yield running


def role(desk: Desk, name: str) -> str:
    return desk.cases.people.person(name).role


def give(first: Member, second: Member, name: str, to: str = "lead") -> Page:
    assert first.post("/people/ask", what=to, name=name).status == 303
    return second.post(f"/people/{to}", name=name)


# Another role ---------------------------------------------------------------------------------------------------------


def test_two_make_an_investigator_a_lead_who_signs_in_anew_and_can_then_do_what_leads_do(desk: Desk) -> None:
    brought_in(desk)
    nils, anna, erik = Member(desk.port), desk.signed_in(ANNA), desk.signed_in(ERIK)
    nils.sign_in(NILS, WORDS)
    assert nils.get("/people").status == 403
    assert give(erik, anna, NILS).status == 303
    assert nils.get("/").header("location") == "/sign-in", "what they could do before has ended"
    nils.sign_in(NILS, WORDS)
    assert nils.get("/people").status == 200
    assert acts(desk)[-3:-1] == [(ERIK, f"asked-lead {NILS}"), (ANNA, f"made-lead {NILS}")]


def test_two_make_a_lead_an_investigator_and_what_the_lead_asked_for_is_asked_no_more(desk: Desk) -> None:
    brought_in(desk)
    anna, erik = desk.signed_in(ANNA), desk.signed_in(ERIK)
    give(erik, anna, NILS)
    nils = Member(desk.port)
    nils.sign_in(NILS, WORDS)
    nils.post("/people/ask", what="reset")
    assert give(anna, erik, NILS, "investigator").status == 303
    assert role(desk, NILS) == "investigator"
    assert erik.post("/people/reset").status == 409


def test_nobody_changes_a_role_alone_or_their_own(desk: Desk) -> None:
    brought_in(desk)
    anna, erik = desk.signed_in(ANNA), desk.signed_in(ERIK)
    assert erik.post("/people/lead", name=NILS).status == 409, "nobody asked"
    assert give(erik, erik, NILS).status == 409
    assert anna.post("/people/ask", what="investigator", name=ANNA).status == 409
    assert role(desk, NILS) == "investigator"


def test_the_last_lead_of_a_group_stays_one(desk: Desk) -> None:
    brought_in(desk)
    other = desk.signed_in(CARL)
    page = give(desk.signed_in(ERIK), other, ANNA, "investigator")
    assert page.status == 409
    assert "lead" in page.text
    assert role(desk, ANNA) == "lead"


@pytest.mark.parametrize(("name", "to"), [(DORA, "lead"), (ERIK, "investigator"), (BO, "investigator"), (ANNA, "lead")])
def test_a_role_is_changed_within_a_group_and_to_another_one_alone(desk: Desk, name: str, to: str) -> None:
    asker = desk.signed_in(CARL)
    before = role(desk, name)
    asker.post("/people/ask", what=to, name=name)
    assert desk.signed_in(ANNA if name == ERIK else ERIK).post(f"/people/{to}", name=name).status == 409
    assert role(desk, name) == before


def test_whoever_waits_or_is_blocked_changes_no_role(desk: Desk) -> None:
    brought_in(desk)
    anna, erik = desk.signed_in(ANNA), desk.signed_in(ERIK)
    anna.post("/people/ask", what="lead", name=NILS)
    erik.post("/people/block", name=NILS)
    assert erik.post("/people/lead", name=NILS).status == 409
    assert (state(desk, NILS), role(desk, NILS)) == ("blocked", "investigator")


# The half-yearly review -----------------------------------------------------------------------------------------------


def list_of(member: Member) -> str:
    """What the page of people says that it showed."""
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', member.get("/people").text)
    assert found
    return found[1]


def reviewed(desk: Desk, member: Member) -> Page:
    return member.post("/people/reviewed", seen=list_of(member))


def test_whoever_goes_through_the_list_signs_for_it_and_the_page_says_who_and_when(desk: Desk) -> None:
    erik = desk.signed_in(ERIK)
    assert "Nobody has gone through this list yet" in erik.get("/people").text
    assert reviewed(desk, erik).status == 303
    assert f"by {ERIK}" in erik.get("/people").text
    assert acts(desk)[-1] == (ERIK, REVIEWED)
    assert "Signed that the list of people is right" in desk.signed_in(DORA).get("/log").text


def test_a_list_that_has_changed_meanwhile_is_not_signed_for(desk: Desk) -> None:
    erik = desk.signed_in(ERIK)
    seen = list_of(erik)
    brought_in(desk)
    assert erik.post("/people/reviewed", seen=seen).status == 409
    assert (ERIK, REVIEWED) not in acts(desk)


def test_after_half_a_year_the_pages_and_the_mail_ask_for_it_until_it_is_done(desk: Desk) -> None:
    def told() -> tuple[bool, bool]:
        today = desk.clock().date()
        page = desk.signed_in(ERIK).get("/people").text
        return "has not been gone through for half a year" in page, "access" in desk.running.watch(today).alarms(today, None)

    desk.member(ANNA)  # whose sign-in is the log's first line
    assert told() == (False, False)
    desk.clock.ahead += timedelta(days=185)
    assert told() == (True, True)
    assert "has not been gone through for half a year" in desk.signed_in(ANNA).get("/").text
    assert "has not been gone through for half a year" not in desk.signed_in(BO).get("/").text, "who can do nothing about it"
    reviewed(desk, desk.signed_in(ERIK))
    assert told() == (False, False)
    desk.clock.ahead += timedelta(days=185)
    assert told() == (True, True)

"""What takes two takes two people who are there: a request goes with whoever asked for it, and with the group that asked."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.desk.relaying import Public, public
from tests.desk.running import ANNA, BO, CARL, CHEAP, ERIK, Desk, Member, Reporter, started, today
from tests.desk.test_conflicts import hand_over, made_lead
from tests.desk.test_erasure import ALL, HERE, answer, asked, close, in_days, later, reported, there, two
from tests.desk.test_log import part
from tests.desk.test_people import NILS, WORDS, accept, admit, brought_in, invite, link_in, state
from whistle.desk import members as whistle_members
from whistle.errors import BroadcastOver, Overtaken
from whistle.store.desk import Act
from whistle.store.identity import Request

REQUESTS = ("hold", "early", "removal")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whistle_members, "STANDARD", CHEAP)


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    """With a closed case in which anna wrote a note."""
    with started(tmp_path, ceremony, server.port) as running:
        reported(running)
        close(running)
        assert running.signed_in(ANNA).post(f"{HERE}/note", text="En bemærkning.").status == 303
        yield running


def ask(member: Member, what: str) -> str:
    """The id of a request."""
    fields = {"part": part(member, 1)} if what == "removal" else {"review": in_days(30)}
    assert member.post(f"{HERE}/{what}", text="why", **fields).status == 303
    return "1" if what == "removal" else asked(member.get(HERE).text, what)


def confirm(member: Member, what: str, id_: str) -> int:
    if what == "removal":
        return member.post(f"{HERE}/removal-confirm", asked=id_).status
    return answer(member, "confirm", what, id_)


def rows(desk: Desk, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute(statement).fetchall()


# In a case ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", REQUESTS)
def test_a_member_who_is_kept_away_is_not_one_of_the_two(desk: Desk, what: str) -> None:
    made_lead(desk, BO)
    id_, bo = ask(desk.signed_in(ANNA), what), desk.signed_in(BO)
    assert bo.post(f"{HERE}/exclude", member=ANNA, text="Hun er nævnt.").status == 303
    assert confirm(bo, what, id_) == 409
    assert f"asked for by {ANNA}" not in bo.get(HERE).text
    assert ask(bo, what) != "0", "somebody else can ask"


def test_that_a_case_belongs_elsewhere_outlives_who_decided_it_and_takes_two_who_are_there(desk: Desk) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(), desk.cases.relayed().after + 1))
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert anna.post("/cases/2/outcome", outcome="complaint", text="Spørg banken.", **ALL).status == 303
    assert anna.post("/cases/2/step-aside").status == 303
    [waiting] = desk.cases.erasure.ending(2).asked
    assert bo.post("/cases/2/confirm", asked=str(waiting.id), what="scope").status == 409
    [waiting] = desk.cases.erasure.ending(2).asked
    assert (waiting.by, waiting.confirmed) == (BO, None)
    assert bo.post("/cases/2/confirm", asked=str(waiting.id), what="scope").status == 409


def test_what_is_kept_for_the_long_time_after_all_is_to_be_closed_by_no_day(desk: Desk) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(), desk.cases.relayed().after + 1))
    anna = desk.signed_in(ANNA)
    assert anna.post("/cases/2/outcome", outcome="complaint", text="Spørg banken.", **ALL).status == 303
    assert "To be closed by" in anna.get("/").text
    [waiting] = desk.cases.erasure.ending(2).asked
    assert anna.post("/cases/2/withdraw", asked=str(waiting.id), what="scope").status == 303
    assert "To be closed by" not in anna.get("/").text


def test_a_member_who_steps_aside_takes_their_requests_along(desk: Desk) -> None:
    ask(desk.signed_in(BO), "early")
    assert desk.signed_in(BO).post(f"{HERE}/step-aside").status == 303
    assert rows(desk, "SELECT * FROM asked") == []


@pytest.mark.parametrize("what", REQUESTS)
def test_a_member_who_is_blocked_is_not_one_of_the_two_until_they_are_back(desk: Desk, what: str) -> None:
    id_, bo = ask(desk.signed_in(ANNA), what), desk.signed_in(BO)
    assert desk.signed_in(ERIK).post("/people/block", name=ANNA).status == 303
    assert confirm(bo, what, id_) == 409
    desk.signed_in(ERIK).post("/people/ask", what="unblock", name=ANNA)
    assert desk.signed_in(CARL).post("/people/unblock", name=ANNA).status == 303
    assert confirm(bo, what, id_) == 303


@pytest.mark.parametrize("what", REQUESTS)
def test_nobody_comes_back_under_another_name_to_confirm_what_they_asked_for(desk: Desk, what: str) -> None:
    id_ = ask(desk.signed_in(BO), what)
    brought_in(desk, ring="b")
    assert desk.signed_in(BO).post("/ring", name=NILS).status == 303
    assert desk.signed_in(ERIK).post("/people/remove", name=BO).status == 303
    again = Member(desk.port)
    assert again.sign_in(NILS, WORDS).status == 303
    again.get("/")
    assert confirm(again, what, id_) == 409
    assert there(desk)


def test_what_a_group_asked_for_or_hastened_another_group_has_not_agreed_to(desk: Desk) -> None:
    two(desk, "early")
    anna = desk.signed_in(ANNA)
    ask(anna, "removal")
    assert hand_over(anna).status == 303
    later(desk, 3)
    assert there(desk)
    page = desk.signed_in(CARL).get(HERE).text
    assert "Early erasure" not in page
    assert "asked for by" not in page


def test_a_hold_stays_in_force_wherever_its_case_goes(desk: Desk) -> None:
    two(desk, "hold", review=in_days(100))
    assert hand_over(desk.signed_in(ANNA)).status == 303
    assert "under a legal hold" in desk.signed_in(CARL).get(HERE).text


@pytest.mark.parametrize("approved", [None, BO])
def test_half_an_identity_does_not_go_with_its_case_to_another_group(desk: Desk, approved: str | None) -> None:
    request = Request(1, ANNA, "a", today(), today(), b"half", approved)
    with desk.cases._writing() as connection:
        request.keep(connection, 1, 1, None)
    assert hand_over(desk.signed_in(ANNA)).status == 303
    assert desk.cases.identities.request(1) is None


def test_who_may_not_see_a_case_any_more_does_not_help_to_reveal_an_identity(desk: Desk) -> None:
    made_lead(desk, BO)
    with desk.cases._writing() as connection:
        Request(1, ANNA, "a", today(), today(), b"half").keep(connection, 1, 1, None)
    desk.signed_in(ERIK).post("/people/block", name=ANNA)
    with pytest.raises(Overtaken):
        desk.cases.identities.approve(Act(desk.clock(), BO, "approved identity", 1), 1, "b", None, today())
    desk.signed_in(ERIK).post("/people/ask", what="unblock", name=ANNA)
    desk.signed_in(CARL).post("/people/unblock", name=ANNA)
    assert desk.signed_in(BO).post(f"{HERE}/exclude", member=ANNA, text="Hun er nævnt.").status == 303
    assert desk.cases.identities.request(1) is None


# Elsewhere ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["remove", "block"])
def test_whoever_is_gone_or_blocked_is_not_one_of_the_two_for_people_either(desk: Desk, how: str) -> None:
    brought_in(desk, role="lead")
    nils = Member(desk.port)
    nils.sign_in(NILS, WORDS)
    nils.get("/people")
    assert nils.post("/people/ask", what="reset").status == 303
    assert desk.signed_in(ERIK).post(f"/people/{how}", name=NILS).status == 303
    assert desk.signed_in(ANNA).post("/people/reset").status == 409
    assert len(rows(desk, "SELECT * FROM person_asked")) == (how == "block")


def test_whoever_is_gone_or_blocked_is_not_one_of_the_two_for_a_message_to_every_mailbox(desk: Desk) -> None:
    brought_in(desk, role="lead")
    desk.cases.broadcasts.ask(Act(desk.clock(), NILS, "asked broadcast"), "risk-control", b"sealed")
    desk.signed_in(ERIK).post("/people/block", name=NILS)
    with pytest.raises(BroadcastOver):
        desk.cases.broadcasts.confirm(Act(desk.clock(), BO, "confirmed broadcast"), 1)
    assert rows(desk, "SELECT confirmed_by FROM broadcast") == [(None,)]
    assert desk.signed_in(ERIK).post("/people/remove", name=NILS).status == 303
    assert rows(desk, "SELECT * FROM broadcast") == []


def test_whom_somebody_who_is_gone_invited_needs_another_ones_link(desk: Desk) -> None:
    brought_in(desk, "mona", role="lead")
    mona = Member(desk.port)
    mona.sign_in("mona", WORDS)
    mona.get("/people")
    check = accept(desk, invite(mona, ring="a"))
    link = link_in(mona.post("/people/invite", name="olga", role="auditor", group="", ring=""))
    assert desk.signed_in(ERIK).post("/people/remove", name="mona").status == 303
    assert admit(desk.signed_in(ANNA), check).status == 409
    assert (state(desk, NILS), Member(desk.port).get(link).status) == ("invited", 404)
    check = accept(desk, link_in(desk.signed_in(ERIK).post("/people/link", name=NILS)))
    assert admit(desk.signed_in(ANNA), check).status == 303

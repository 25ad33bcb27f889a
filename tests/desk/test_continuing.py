"""Going on with a fresh code: two cases are linked if the earlier key vouches for it, and only before whoever sees both."""

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from html import unescape

import pytest

from tests.desk.running import ANNA, BO, CARL, Desk, Member, Reporter
from tests.desk.test_writing import begun
from whistle.errors import NotAContent
from whistle.protocol.content import Continues
from whistle.sealing.continuing import continue_from

VOUCHED, NOWHERE, FORGED = "key of that case's code vouches", "no such case here that you can open", "key does not vouch for it"


@pytest.fixture
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


def words(member: Member, number: int) -> str:
    """The page of a case without its markup."""
    page = member.get(f"/cases/{number}?language=en")
    assert page.status == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page.text)))


def said(desk: Desk, reporter: Reporter, body: Continues) -> None:
    desk.deliver(reporter.frame(reporter.say(body), 2))


def acts(desk: Desk, number: int) -> list[str]:
    with closing(sqlite3.connect(desk.database)) as connection:
        rows = connection.execute('SELECT action FROM log WHERE who = ? AND "case" = ?', ("desk", number))
        return [action for (action,) in rows if not action.startswith("began ")]


def test_a_case_that_goes_on_is_linked_with_the_earlier_one_and_each_shows_the_other(desk: Desk, anna: Member) -> None:
    (old, earlier), (new, later) = begun(desk, anna), begun(desk, anna)
    said(desk, new, continue_from(old.keys, new.keys.box))
    page = words(anna, later)
    assert f"goes on here from Case {earlier}" in page
    assert VOUCHED in page
    assert (acts(desk, later), acts(desk, earlier)) == (["linked with earlier"], ["changed related"])
    page = words(anna, earlier)
    assert f"in Case {later}. Write to them there." in page
    assert f"Case {later}" in anna.get(f"/cases/{earlier}").text


def test_a_link_that_a_member_takes_out_stays_out(desk: Desk, anna: Member) -> None:
    (old, earlier), (new, later) = begun(desk, anna), begun(desk, anna)
    said(desk, new, continue_from(old.keys, new.keys.box))
    words(anna, later)
    assert anna.post(f"/cases/{later}/sheet", part="related", revision="1", text="").status == 303
    assert f"goes on here from Case {earlier}" in words(anna, later)
    assert acts(desk, later) == ["linked with earlier"]
    assert "Write to them there." not in words(anna, earlier)


def test_what_another_key_has_signed_links_nothing(desk: Desk, anna: Member) -> None:
    (old, earlier), (new, later), (stranger, _) = begun(desk, anna), begun(desk, anna), begun(desk, anna)
    forged = Continues(old.keys.box, continue_from(stranger.keys, new.keys.box).signature)
    said(desk, new, forged)
    page = words(anna, later)
    assert FORGED in page
    assert VOUCHED not in page
    assert acts(desk, later) == acts(desk, earlier) == []


def test_what_was_signed_for_one_box_does_not_vouch_for_another(desk: Desk, anna: Member) -> None:
    (old, _), (new, _), (thief, stolen) = begun(desk, anna), begun(desk, anna), begun(desk, anna)
    said(desk, thief, continue_from(old.keys, new.keys.box))
    assert FORGED in words(anna, stolen)


def test_a_box_that_is_not_here_and_its_own_box_are_no_earlier_case(desk: Desk, anna: Member) -> None:
    new, number = begun(desk, anna)
    said(desk, new, continue_from(Reporter.new(desk.card).keys, new.keys.box))
    assert NOWHERE in words(anna, number)
    own, number = begun(desk, anna)
    said(desk, own, continue_from(own.keys, own.keys.box))
    assert NOWHERE in words(anna, number)
    assert acts(desk, number) == []


def test_a_member_who_does_not_see_the_earlier_case_learns_nothing_of_it(desk: Desk, anna: Member) -> None:
    old, earlier = begun(desk, anna)
    new = Reporter.new(desk.card, desk.cases.member(CARL).group)  # type: ignore[union-attr]
    desk.deliver(new.frame(new.report()))
    carl = desk.signed_in(CARL)
    carl.get("/")
    case = desk.cases.case_of(new.keys.box)
    assert case is not None
    desk.declare(CARL, case.number)
    said(desk, new, continue_from(old.keys, new.keys.box))
    page = words(carl, case.number)
    assert NOWHERE in page
    assert f"Case {earlier}." not in page
    assert acts(desk, case.number) == acts(desk, earlier) == []


def test_a_full_sheet_keeps_no_case_from_being_read_and_is_linked_once_there_is_room(
    desk: Desk, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old, earlier), (new, later) = begun(desk, anna), begun(desk, anna)
    said(desk, new, continue_from(old.keys, new.keys.box))
    with monkeypatch.context() as full:
        full.setattr("whistle.desk.sheet.PLAINTEXT_LIMIT", 10)
        assert f"goes on here from Case {earlier}" in words(anna, later)
        assert acts(desk, later) == []
    words(anna, later)
    assert acts(desk, later) == ["linked with earlier"]


@pytest.mark.parametrize("damaged", ["earlier", "later"])
def test_a_damaged_case_keeps_none_from_being_read_that_is_linked_with_it(desk: Desk, anna: Member, damaged: str) -> None:
    (old, earlier), (new, later) = begun(desk, anna), begun(desk, anna)
    said(desk, new, continue_from(old.keys, new.keys.box))
    words(anna, later)
    broken, whole = (earlier, later) if damaged == "earlier" else (later, earlier)
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute('UPDATE content SET payload = zeroblob(99) WHERE "case" = ?', (broken,))
        connection.commit()
    assert "Write to them there." not in words(anna, whole)


def test_a_case_that_is_damaged_while_it_is_linked_keeps_none_from_being_read(
    desk: Desk, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old, earlier), (new, later) = begun(desk, anna), begun(desk, anna)
    said(desk, new, continue_from(old.keys, new.keys.box))

    def join(*_: object) -> None:
        raise NotAContent

    monkeypatch.setattr(desk.running.desk.case_pages.casefile, "join", join)
    assert f"goes on here from Case {earlier}" in words(anna, later)


@pytest.mark.parametrize("kept", ["earlier", "later"])
def test_who_is_kept_away_from_one_of_the_two_finds_no_trace_of_the_link_on_the_other(
    desk: Desk, anna: Member, kept: str
) -> None:
    desk.clock.ahead += timedelta(seconds=1)  # links of one second hide together, and an earlier test's is hidden from bo
    (old, earlier), (new, later) = begun(desk, anna), begun(desk, anna)
    said(desk, new, continue_from(old.keys, new.keys.box))
    words(anna, later)
    away, here = (earlier, later) if kept == "earlier" else (later, earlier)
    line = "Linked with the case that it goes on from" if kept == "earlier" else "Changed the related cases"
    bo = desk.signed_in(BO)
    assert line in words(bo, here)
    assert anna.post(f"/cases/{away}/exclude", member=BO, text="He is named there.").status == 303
    assert line not in words(bo, here)
    assert line not in bo.get(f"/log?case={here}").text
    assert line in words(anna, here)
    assert line in anna.get(f"/log?case={here}").text

"""Who gets in: name and passphrase, the cookie, the log, the wait, another passphrase."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from threading import Event

import pytest

from tests.desk.running import ANNA, BO, CARL, CHEAP, PASSPHRASES, Desk, Member
from whistle.desk import members
from whistle.desk.members import Turns
from whistle.errors import DeskBusy
from whistle.sealing import wrapping


def log_of(desk: Desk) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute("SELECT who, action FROM log ORDER BY number").fetchall()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a passphrase costs is for test_members."""
    for module in (members, wrapping):
        monkeypatch.setattr(module, "STANDARD", CHEAP)


def test_the_cookie_is_bound_to_this_host_and_ends_with_the_browser(desk: Desk) -> None:
    cookie = Member(desk.port).sign_in(ANNA).header("set-cookie")
    assert cookie.startswith("__Host-desk=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"path=/", "secure", "httponly", "samesite=strict"}


def test_a_wrong_passphrase_and_an_unknown_name_get_the_same_answer(desk: Desk) -> None:
    wrong, unknown = (
        Member(desk.port).sign_in(CARL, "not this passphrase"),
        Member(desk.port).sign_in("nils", "not this passphrase"),
    )
    assert wrong.status == unknown.status == 403
    assert wrong.text.replace("carl", "nils") == unknown.text


def test_sign_ins_refusals_and_sign_outs_are_on_the_log_and_no_unknown_name_is(desk: Desk) -> None:
    before = len(log_of(desk))
    Member(desk.port).sign_in("hemmelig-adgangskode", "x")
    Member(desk.port).sign_in(ANNA, "x")
    anna = desk.member(ANNA)
    anna.post("/sign-out")
    assert log_of(desk)[before:] == [
        ("unknown", "sign-in refused"),
        (ANNA, "sign-in refused"),
        (ANNA, "signed in"),
        (ANNA, "signed out"),
    ]


def test_after_signing_out_the_cookie_opens_nothing(desk: Desk) -> None:
    anna = desk.member(ANNA)
    cookie = anna.cookie
    assert anna.post("/sign-out").status == 303
    anna.cookie = cookie
    assert anna.get("/").header("location") == "/sign-in"


@pytest.mark.parametrize("path", ["/", "/passphrase", "/cases/1"])
def test_without_a_session_every_page_leads_to_the_sign_in(desk: Desk, path: str) -> None:
    answer = Member(desk.port).get(path)
    assert (answer.status, answer.header("location")) == (303, "/sign-in")


def test_after_five_failures_even_the_right_passphrase_must_wait(desk: Desk) -> None:
    for _ in range(5):
        Member(desk.port).sign_in(CARL, "wrong")
    desk.clock.ahead -= timedelta(seconds=30)  # the wait of a second, seen from before its end
    try:
        assert Member(desk.port).sign_in(CARL).status == 403
    finally:
        desk.clock.ahead = timedelta()
    desk.clock.ahead = timedelta(minutes=20)
    assert Member(desk.port).sign_in(CARL).status == 303
    desk.clock.ahead = timedelta()


def test_a_session_left_for_a_quarter_of_an_hour_has_ended_and_a_form_says_so(desk: Desk) -> None:
    anna = desk.member(ANNA)
    desk.clock.ahead = timedelta(minutes=16)
    answer = anna.post("/cases/1/reply", text="words")
    desk.clock.ahead = timedelta()
    assert answer.status == 403
    assert "Your session had ended: nothing was sent" in answer.text


def test_another_passphrase_works_from_then_on_and_the_old_one_does_not(desk: Desk) -> None:
    new = "en helt anden sætning om tog"
    anna, elsewhere = desk.member(ANNA), desk.member(ANNA)
    assert anna.get("/passphrase").status == 200
    assert anna.post("/passphrase", old=PASSPHRASES[ANNA], new=new, again=new).status == 303
    assert elsewhere.get("/").status == 303
    assert anna.get("/").status == 200
    assert Member(desk.port).sign_in(ANNA).status == 403
    assert Member(desk.port).sign_in(ANNA, new).status == 303
    anna.get("/passphrase")
    anna.post("/passphrase", old=new, new=PASSPHRASES[ANNA], again=PASSPHRASES[ANNA])


@pytest.mark.parametrize(
    ("old", "new", "again", "words"),
    [
        ("wrong", "en helt anden sætning", "en helt anden sætning", "do not belong together"),
        (PASSPHRASES[BO], "too short", "too short", "too short, or too easy"),
        (PASSPHRASES[BO], "en helt anden sætning", "en helt tredje sætning", "not typed the same twice"),
    ],
)
def test_a_passphrase_is_not_changed_by_mistake(desk: Desk, old: str, new: str, again: str, words: str) -> None:
    bo = desk.member(BO)
    answer = bo.post("/passphrase", old=old, new=new, again=again)
    assert answer.status == 400
    assert words in answer.text
    assert Member(desk.port).sign_in(BO).status == 303


def test_a_form_of_passphrases_takes_three_long_ones_and_nothing_longer(desk: Desk) -> None:
    """Nobody has said who they are yet: a form of megabytes would be read, and its passphrase composed."""
    bo = desk.signed_in(BO)
    longest = "\N{ROMAN NUMERAL ONE}" * 1_024
    assert bo.post("/passphrase", old=longest, new=longest, again=longest).status == 400
    for path in ("/sign-in", "/sign-in/second", f"/invitation/{'f' * 64}", "/passphrase"):
        assert bo.post(path, passphrase="a" * 41_000).status == 413, path


def test_a_crowd_at_the_door_is_told_to_come_back_and_does_not_queue_for_minutes() -> None:
    turns, going = Turns(), Event()
    waiting = [turns.submit(going.wait) for _ in range(18)]
    with pytest.raises(DeskBusy):
        turns.submit(going.wait)
    going.set()
    assert all(turn.result() for turn in waiting)
    assert turns.submit(lambda: "my turn").result() == "my turn"
    turns.shutdown()

"""The second factor: nothing opens without it, it holds once, and what weighs much asks for it again."""

import re
import sqlite3
from base64 import b32decode
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from html import unescape
from pathlib import Path
from threading import current_thread

import pyotp
import pytest

from tests.desk.authenticator import PRESENT, Authenticator
from tests.desk.relaying import Public, public
from tests.desk.running import _OPENED, ANNA, BO, ERIK, PASSPHRASES, Desk, Member, Page, Reporter, started
from tests.desk.test_erasure import close
from whistle.desk.factors import RECENT
from whistle.desk.sessions import HALFWAY, Owes
from whistle.errors import WrongPassphrase
from whistle.store.desk import Act
from whistle.store.factors import PASSKEY, TOTP
from whistle.store.log import Which
from whistle.store.people import RESET

SECRET = "Only whoever has keys may read this."
REFUSED = "did not prove it is you"


@pytest.fixture(scope="module")
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port) as running:
        yield running


@pytest.fixture
def strict(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port, second_factor="required") as running:
        yield running


def host_of(desk: Desk) -> str:
    return f"localhost:{desk.port}"


def passkey_of(desk: Desk, member: Member) -> Authenticator:
    """A passkey that this member has set up."""
    made = Authenticator(f"http://{host_of(desk)}")
    answer = add_passkey(desk, member, made)
    assert (answer.status, answer.header("location")) == (303, "/factors?done=added"), answer.text
    return made


def add_passkey(desk: Desk, member: Member, made: Authenticator) -> Page:
    page = member.get("/factors", {"host": host_of(desk)})
    return member.post("/factors/passkey", {"host": host_of(desk)}, passkey=made.create(page.text))


def app_of(desk: Desk, member: Member) -> pyotp.TOTP:
    """A code app that this member has set up, with the secret that the page spells out."""
    app = spelt_app(member)
    answer = member.post("/factors/totp", code=code(desk, app))
    assert (answer.status, answer.header("location")) == (303, "/factors?done=added"), answer.text
    return app


def spelt_app(member: Member) -> pyotp.TOTP:
    """The app that this page proposes."""
    spelt = re.search(r"<code>([A-Z2-7 ]+)</code>", member.get("/factors/totp").text)
    assert spelt
    return pyotp.TOTP(spelt[1].replace(" ", ""))


def code(desk: Desk, app: pyotp.TOTP, steps: int = 0) -> str:
    return app.at(int(desk.clock().timestamp()) + 30 * steps)


def halfway(desk: Desk, name: str) -> tuple[Member, Page]:
    """A browser where the right passphrase was given, and the page that came then."""
    desk.signed_in(name)  # in place of the second that a passphrase takes
    token, _ = desk.running.sessions.begin(name, desk.role(name), _OPENED[desk.ceremony, name], "en", desk.clock(), Owes.PROOF)
    member = Member(desk.port, f"__Host-desk={token}")
    return member, member.get("/sign-in/second", {"host": host_of(desk)})


def second(desk: Desk, member: Member, **proof: str) -> Page:
    return member.post("/sign-in/second", {"host": host_of(desk)}, **{f"proof_{name}": text for name, text in proof.items()})


def log_of(desk: Desk) -> list[tuple[str, str]]:
    return [(line.who, line.action) for line in reversed(desk.cases.lines.lines(Which()))]


def later(desk: Desk, **more: int) -> None:
    desk.clock.ahead += timedelta(**more)


def with_case(desk: Desk) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(SECRET)))
    desk.signed_in(BO)


def test_no_proof_has_a_passphrase_tried_outside_its_queue(strict: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id takes 256 MiB each time: many forms at once would all be tried before the first failure counts."""
    tried = list[str]()

    def unwrap(*_: object) -> bytes:
        tried.append(current_thread().name)
        raise WrongPassphrase

    anna, (other, _) = strict.signed_in(ANNA), halfway(strict, BO)
    monkeypatch.setattr("whistle.desk.members.unwrap", unwrap)
    for proof in ({"proof_code": "1"}, {"proof_passkey": "{}"}, {"proof_code": "1", "proof_passphrase": ""}):
        assert anna.post("/factors/totp", code="1", **proof).status == 403
        assert other.post("/sign-in/second", **proof).status == 403
    assert tried == []
    for member, path in ((anna, "/factors/totp"), (other, "/sign-in/second")):
        member.post(path, proof_passphrase="words")
    assert [name.partition("_")[0] for name in tried] == ["passphrase", "passphrase"]


# Signing in -----------------------------------------------------------------------------------------------------------


def test_a_stolen_passphrase_alone_gets_no_session_and_opens_no_case(desk: Desk) -> None:
    with_case(desk)
    app_of(desk, desk.signed_in(ANNA))
    thief = Member(desk.port)
    assert thief.sign_in(ANNA).header("location") == "/sign-in/second"
    assert log_of(desk)[-1] == (ANNA, "gave passphrase")
    assert thief.get("/sign-in/second").status == 200
    for line in desk.running.desk.table:
        if line.method == "GET" and line.right is not None:
            answer = thief.get(re.sub(r"\{file:file\}", "f" * 32, line.path.replace("{number:case}", "1")))
            assert (answer.status, answer.header("location")) == (303, "/sign-in"), line
    for path in ("/cases/1/reply", "/factors/totp", "/factors/remove", "/passphrase", "/sign-out"):
        assert thief.post(path, text="words").status == 403, path
    session = next(each for each in desk.running.sessions._sessions.values() if each.id and each.held)
    assert session.groups == {}
    assert len(desk.running.desk.factor_pages.second.of(ANNA)) == 1


def test_a_code_lets_in_with_a_new_cookie_and_the_old_one_opens_nothing(desk: Desk) -> None:
    with_case(desk)
    app = app_of(desk, desk.signed_in(ANNA))
    member, _ = halfway(desk, ANNA)
    before = member.cookie
    assert second(desk, member, code=code(desk, app, 1)).header("location") == "/"
    assert member.cookie != before
    assert SECRET in member.get("/cases/1").text
    member.cookie = before
    assert member.get("/").header("location") == "/sign-in"
    assert member.get("/sign-in/second").header("location") == "/sign-in"


def test_a_passkey_lets_in(desk: Desk) -> None:
    with_case(desk)
    made = passkey_of(desk, desk.signed_in(ANNA))
    member, page = halfway(desk, ANNA)
    assert second(desk, member, passkey=made.prove(page.text)).header("location") == "/"
    assert SECRET in member.get("/cases/1").text


def test_what_is_halfway_ends_after_five_minutes_and_with_the_members_other_sessions(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    app = app_of(desk, anna)
    slow, _ = halfway(desk, ANNA)
    later(desk, seconds=HALFWAY.seconds + 1)
    assert second(desk, slow, code=code(desk, app)).status == 403
    ended, _ = halfway(desk, ANNA)
    desk.running.sessions.end_others(next(iter(desk.running.sessions._sessions.values())))
    assert second(desk, ended, code=code(desk, app)).status == 403
    assert ("anna", "signed in") not in log_of(desk)


def test_a_code_counts_once_even_if_it_was_the_one_that_confirmed_the_app(desk: Desk) -> None:
    app = app_of(desk, desk.signed_in(ANNA))
    member, _ = halfway(desk, ANNA)
    assert REFUSED in second(desk, member, code=code(desk, app)).text
    assert second(desk, member, code=code(desk, app, 1)).status == 303
    again, _ = halfway(desk, ANNA)
    assert second(desk, again, code=code(desk, app, 1)).status == 403


def test_a_code_of_the_next_half_minute_or_the_last_one_is_taken_and_none_further_away(desk: Desk) -> None:
    app = app_of(desk, desk.signed_in(ANNA))
    later(desk, minutes=3)
    for steps, status in ((-2, 403), (2, 403), (-1, 303), (0, 303), (1, 303)):
        member, _ = halfway(desk, ANNA)
        assert second(desk, member, code=code(desk, app, steps)).status == status, steps


def test_guesses_wait_longer_each_time_whatever_the_passphrase_and_all_of_them_are_on_the_log(desk: Desk) -> None:
    app = app_of(desk, desk.signed_in(ANNA))
    later(desk, minutes=2)
    thief, _ = halfway(desk, ANNA)
    for _ in range(5):
        assert second(desk, thief, code="000000").status == 403
    assert log_of(desk)[-5:] == [(ANNA, "factor refused")] * 5
    noted = len(log_of(desk))
    thief, _ = halfway(desk, ANNA)
    later(desk, seconds=-30)  # the wait of a second, seen from before its end
    assert second(desk, thief, code=code(desk, app)).status == 403
    assert log_of(desk)[noted:] == [(ANNA, "waited 1")]
    later(desk, minutes=2)
    thief, _ = halfway(desk, ANNA)
    assert second(desk, thief, code=code(desk, app)).status == 303


def test_failed_second_factors_light_the_alarm_of_refusals(desk: Desk) -> None:
    app_of(desk, desk.signed_in(ANNA))
    thief, _ = halfway(desk, ANNA)
    for _ in range(5):
        second(desk, thief, code="000000")
    assert desk.cases.lines.refused(4)


# Passkeys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"flags": PRESENT},
        {"origin": "http://elsewhere.example"},
        {"origin": "https://localhost.example"},
        {"site": "elsewhere.example"},
        {"id": b"another passkey."},
    ],
    ids=["its user not verified", "another page", "a look-alike", "another site", "an unknown one"],
)
def test_a_passkey_is_neither_set_up_nor_taken_with(desk: Desk, wrong: dict[str, object]) -> None:
    anna = desk.signed_in(ANNA)
    made = passkey_of(desk, anna)
    right = vars(made).copy()
    vars(made).update(wrong)
    member, page = halfway(desk, ANNA)
    assert REFUSED in second(desk, member, passkey=made.prove(page.text)).text
    if "id" not in wrong:
        new = Authenticator(**{"origin": right["origin"]} | wrong)  # type: ignore[arg-type]
        answer = add_passkey(desk, desk.signed_in(BO), new)
        assert (answer.status, REFUSED in answer.text) == (400, True)
        assert desk.cases.factors.of(BO) == []


def test_an_answer_holds_for_one_challenge_and_one_challenge_for_one_answer(desk: Desk) -> None:
    made = passkey_of(desk, desk.signed_in(ANNA))
    first, page = halfway(desk, ANNA)
    answer = made.prove(page.text)
    other, _ = halfway(desk, ANNA)
    assert second(desk, other, passkey=answer).status == 403
    assert second(desk, first, passkey=answer).status == 303
    third, page = halfway(desk, ANNA)
    wrong, right = made.sign("AAAA"), made.prove(page.text)
    assert second(desk, third, passkey=wrong).status == 403
    assert second(desk, third, passkey=right).status == 403


def test_a_passkey_whose_counter_went_back_is_refused_and_on_the_log_as_that(desk: Desk) -> None:
    made = passkey_of(desk, desk.signed_in(ANNA))
    made.counter = 10
    member, page = halfway(desk, ANNA)
    assert second(desk, member, passkey=made.prove(page.text)).status == 303
    for counter in (9, 10):  # the copy's next one is 10: seen before; or 11, when the first has gone on to 11
        made.counter = counter
        member, page = halfway(desk, ANNA)
        answer = second(desk, member, passkey=made.prove(page.text))
        assert "there may be a copy of it" in answer.text
        assert log_of(desk)[-1] == (ANNA, "passkey cloned")


def test_a_passkey_that_counts_nothing_is_taken_again_and_again(desk: Desk) -> None:
    anna, made = desk.signed_in(ANNA), Authenticator(f"http://{host_of(desk)}", counts=False)
    assert add_passkey(desk, anna, made).status == 303
    for _ in range(2):
        member, page = halfway(desk, ANNA)
        assert second(desk, member, passkey=made.prove(page.text)).status == 303


@pytest.mark.parametrize(
    "junk", ["{", "[]", "null", '{"id":"a"}', '{"id":"AA","rawId":"AA","type":"public-key","response":{}}', "x" * 9]
)
def test_junk_in_place_of_an_answer_is_refused_by_name(desk: Desk, junk: str) -> None:
    anna = desk.signed_in(ANNA)
    passkey_of(desk, anna)
    anna.get("/factors")
    assert REFUSED in anna.post("/factors/passkey", passkey=junk).text
    member, _ = halfway(desk, ANNA)
    assert REFUSED in second(desk, member, passkey=junk).text


def test_the_same_passkey_is_not_set_up_twice(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    made = passkey_of(desk, anna)
    assert add_passkey(desk, anna, made).status == 400
    assert len(desk.cases.factors.of(ANNA)) == 1


# Setting up -----------------------------------------------------------------------------------------------------------


def test_where_one_is_required_nothing_opens_before_it_is_set_up_and_everything_after(strict: Desk) -> None:
    with_case(strict)
    member = Member(strict.port)
    assert member.sign_in(ANNA).header("location") == "/"
    for path in ("/", "/cases/1", "/log", "/numbers"):
        assert member.get(path).header("location") == "/factors", path
    session = strict.running.sessions.find(member.cookie.partition("=")[2], strict.clock())
    assert session.groups == {}
    assert "Set up a second factor first" in member.get("/factors").text
    assert member.post("/cases/1/reply", text="words").header("location") == "/factors"
    app_of(strict, member)
    assert SECRET in member.get("/cases/1").text


def test_whoever_owes_a_factor_and_a_new_passphrase_chooses_this_first_and_is_not_locked_out(strict: Desk) -> None:
    for name, what in ((ANNA, strict.cases.people.ask), (BO, lambda act, *_: strict.cases.people.reset(act))):
        what(Act(strict.clock(), name, "reset passphrases"), RESET, "")
    member = Member(strict.port)
    assert member.sign_in(ANNA).header("location") == "/"
    for path, to in (("/", "/factors"), ("/factors", "/passphrase"), ("/factors/totp", "/passphrase")):
        assert member.get(path).header("location") == to
    old, new = PASSPHRASES[ANNA], "an altogether different sentence, of boats"
    assert member.get("/passphrase").status == 200
    assert member.post("/passphrase", old=old, new=new, again=new).status == 303
    assert member.get("/").header("location") == "/factors"
    app_of(strict, member)
    assert member.get("/").status == 200


def test_whoever_owes_a_factor_can_block_their_own_access(strict: Desk) -> None:
    member = Member(strict.port)
    member.sign_in(ANNA)
    assert "Block my access" in member.get("/passphrase").text
    assert "Your access is blocked" in member.post("/block").text


def test_the_last_one_stays_where_one_is_required(strict: Desk) -> None:
    anna = strict.signed_in(ANNA)
    app_of(strict, anna)
    factor = strict.cases.factors.of(ANNA)[0]
    answer = anna.post("/factors/remove", factor=str(factor.id))
    assert (answer.status, "keep one second factor" in answer.text) == (400, True)
    passkey_of(strict, anna)
    assert anna.post("/factors/remove", factor=str(factor.id)).status == 303
    assert [each.kind for each in strict.cases.factors.of(ANNA)] == [PASSKEY]


def test_each_of_two_apps_lets_in(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    for app in (app_of(desk, anna), app_of(desk, anna)):
        member, _ = halfway(desk, ANNA)
        assert second(desk, member, code=code(desk, app, 1)).status == 303


def test_nobody_removes_another_members(desk: Desk) -> None:
    app_of(desk, desk.signed_in(ANNA))
    bo = desk.signed_in(BO)
    assert bo.post("/factors/remove", factor=str(desk.cases.factors.of(ANNA)[0].id)).status == 400
    assert len(desk.cases.factors.of(ANNA)) == 1


def test_a_code_app_counts_only_once_a_code_of_it_has_come(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    page = anna.get("/factors/totp").text
    answer = anna.post("/factors/totp", code="000000")
    assert (answer.status, REFUSED in answer.text) == (400, True)
    assert re.findall("<code>.*?</code>", page) == re.findall("<code>.*?</code>", answer.text)
    assert desk.cases.factors.of(ANNA) == []
    app_of(desk, anna)
    assert [each.kind for each in desk.cases.factors.of(ANNA)] == [TOTP]


def test_the_secret_of_an_app_is_shown_once_and_in_no_file_in_plain(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    app = app_of(desk, anna)
    assert app.secret[:8] not in anna.get("/factors/totp").text.replace(" ", "")
    raw = b32decode(app.secret)
    files = b"".join(path.read_bytes() for path in desk.database.parent.glob("desk.sqlite*"))
    for form in (raw, app.secret.encode(), raw.hex().encode(), raw.hex().upper().encode()):
        assert form not in files
    with closing(sqlite3.connect(desk.database)) as connection:
        (kept,) = connection.execute("SELECT key FROM factor").fetchone()
    assert b"purpose: totp anna\nfactors: machine " in kept


def test_a_change_of_factors_ends_the_members_other_sessions(desk: Desk) -> None:
    anna, elsewhere = desk.signed_in(ANNA), desk.signed_in(ANNA)
    app_of(desk, anna)
    assert elsewhere.get("/").header("location") == "/sign-in"
    assert anna.get("/").status == 200


# Once more ------------------------------------------------------------------------------------------------------------


def test_whoever_is_asked_again_reads_what_for_and_about_whom_and_can_turn_back(desk: Desk) -> None:
    words = {language: each.words for language, each in desk.running.desk.pages.catalogues.items()}
    paths = {re.sub("/{[^}]+}", "", line.path).strip("/").replace("/", "-") for line in desk.running.desk.table if line.fresh}
    for each in words.values():
        assert {key.removeprefix("factor.act.") for key in each if key.startswith("factor.act.")} == paths
    erik = desk.signed_in(ERIK)
    desk.clock.ahead += timedelta(minutes=6)
    page = erik.post("/people/remove", name=BO).text
    assert f"asked once more: end somebody's access for good ({BO})." in unescape(page)
    assert '<a href="/">Do nothing: leave this page</a>' in page


def test_these_forms_ask_again(desk: Desk) -> None:
    case = "/cases/{number:case}"
    people = ("invite", "link", "admit", "remove", "block", "ask", "withdraw", "unblock", "new-key", "reset")
    people += ("lead", "investigator", "reviewed")
    assert {line.path for line in desk.running.desk.table if line.fresh} == {
        "/ring",
        *(f"/people/{form}" for form in people),
        *("/broadcast", "/broadcast/confirm"),
        *(f"/factors/{form}" for form in ("passkey", "totp", "remove")),
        *(f"{case}/{form}" for form in ("lift", "early", "confirm", "removal-confirm")),
        *(f"{case}/{form}" for form in ("identity", "identity/approve", "identity/reveal", "disclose")),
        *(f"{case}/{form}" for form in ("exclude", "readmit", "hand-over")),
    }


@pytest.mark.parametrize(
    "path", ["/ring", *(f"/cases/1/{form}" for form in ("identity", "disclose", "exclude", "readmit", "hand-over"))]
)
def test_handing_on_excluding_and_saying_who_it_was_ask_again(desk: Desk, path: str) -> None:
    with_case(desk)
    anna = desk.signed_in(ANNA)
    later(desk, seconds=RECENT.seconds + 1)
    before = log_of(desk)
    asked = anna.post(path, text="why", member=BO, group="audit-chair")
    assert (asked.status, "Is it still you?" in asked.text) == (403, True)
    assert [line for line in log_of(desk)[len(before) :] if line[1] not in ("opened", "declared")] == []


def test_what_weighs_much_asks_again_after_five_minutes_and_nothing_typed_is_lost(desk: Desk) -> None:
    with_case(desk)
    anna = desk.signed_in(ANNA)
    app = app_of(desk, anna)
    close(desk)
    why = 'Linje 1 "citat"\n\n<b>æøå</b> & mere'
    anna.get("/cases/1")
    seen = anna.seen
    later(desk, seconds=RECENT.seconds + 1)
    asked = anna.post("/cases/1/early", text=why, seen=seen)
    assert (asked.status, "Is it still you?" in asked.text) == (403, True)
    assert desk.cases.erasure.ending(1).pending == ()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked.text))
    assert hidden.keys() == {"token", "seen", "text"}
    carried = {"text": why, "seen": hidden["seen"]}
    wrong = anna.post("/cases/1/early", **carried, proof_code="000000")
    assert (wrong.status, REFUSED in wrong.text, "&lt;b&gt;æøå" in wrong.text) == (403, True, True)
    assert desk.cases.erasure.ending(1).pending == ()
    assert anna.post("/cases/1/early", **carried, proof_code=code(desk, app)).header("location") == "/cases/1?done=early"
    assert [each.by for each in desk.cases.erasure.ending(1).pending] == [ANNA]
    assert why.splitlines()[0] in desk.signed_in(BO).get("/cases/1").text.replace("&#34;", '"')
    assert [action for _, action in log_of(desk) if action in ("factor refused", "proved again", "asked early")] == [
        "factor refused",
        "proved again",
        "asked early",
    ]


def test_whoever_has_no_second_factor_is_asked_for_the_passphrase(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    later(desk, minutes=6)
    app = spelt_app(anna)
    given = {"code": code(desk, app)}
    asked = anna.post("/factors/totp", **given)
    assert 'name="proof_passphrase"' in asked.text
    wrong = anna.post("/factors/totp", **given, proof_passphrase="wrong")
    assert (wrong.status, desk.cases.factors.of(ANNA)) == (403, [])
    assert log_of(desk)[-1] == (ANNA, "passphrase refused")
    assert anna.post("/factors/totp", **given, proof_passphrase=PASSPHRASES[ANNA]).status == 303


def test_whoever_has_one_is_not_let_through_by_the_passphrase(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    app_of(desk, anna)
    later(desk, minutes=6)
    factor = str(desk.cases.factors.of(ANNA)[0].id)
    assert anna.post("/factors/remove", factor=factor, proof_passphrase=PASSPHRASES[ANNA]).status == 403
    assert len(desk.cases.factors.of(ANNA)) == 1


def test_a_passkey_answers_when_asked_again_and_no_other_page_than_those_two_may_run_its_script(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    made = passkey_of(desk, anna)
    later(desk, minutes=6)
    factor, where = str(desk.cases.factors.of(ANNA)[0].id), {"host": host_of(desk)}
    asked = anna.post("/factors/remove", where, factor=factor)
    scripted = [asked.text, anna.get("/factors").text, halfway(desk, ANNA)[1].text]
    assert all('<script src="/passkey.js" defer></script>' in each and "script-src 'none'" not in each for each in scripted)
    for path in ("/", "/factors/totp", "/passphrase", "/log", "/cases/999"):
        assert "<script" not in anna.get(path).text
        assert "script-src 'none'" in anna.get(path).text
    assert anna.post("/factors/remove", where, factor=factor, proof_passkey=made.prove(asked.text)).status == 303


def test_an_answer_that_was_taken_once_is_not_taken_again_not_even_of_a_passkey_that_counts_nothing(desk: Desk) -> None:
    anna, made = desk.signed_in(ANNA), Authenticator(f"http://{host_of(desk)}", counts=False)
    assert add_passkey(desk, anna, made).status == 303
    later(desk, minutes=6)
    where, nobodys = {"host": host_of(desk)}, {"factor": "0"}
    answer = made.prove(anna.post("/factors/remove", where, **nobodys).text)
    assert anna.post("/factors/remove", where, **nobodys, proof_passkey=answer).status == 400
    later(desk, minutes=6)
    assert REFUSED in anna.post("/factors/remove", where, **nobodys, proof_passkey=answer).text


def test_one_path_alone_serves_a_script(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    kinds = {
        line.path: anna.get(line.path).header("content-type").partition(";")[0]
        for line in desk.running.desk.table
        if line.method == "GET" and "{" not in line.path
    }
    assert [path for path, kind in kinds.items() if "script" in kind] == ["/passkey.js"]

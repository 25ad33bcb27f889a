"""What the desk answers: forms from elsewhere, other groups' cases, headers, languages, hostile text, mistakes."""

import html
import json
import re
import sqlite3
from base64 import b64encode
from contextlib import closing
from datetime import timedelta

import pytest

from tests.desk.running import ANNA, CARL, Desk, Member, Reporter
from whistle.protocol.content import Answer
from whistle.web.headers import DESK_POLICY, security_headers

HOSTILE = "</textarea></p><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}\u202e&lt;\x1b[31m"


@pytest.fixture(scope="module")
def number(desk: Desk) -> int:
    """A case of risk control, with hostile text."""
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(HOSTILE)))
    desk.member(ANNA)
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    return case.number


@pytest.fixture(scope="module")
def anna(desk: Desk, number: int) -> Member:
    return desk.member(ANNA)


@pytest.fixture(scope="module")
def carl(desk: Desk, number: int) -> Member:
    """A member of the other group."""
    return desk.member(CARL)


def test_every_answer_has_the_one_set_of_security_headers_and_is_never_stored(desk: Desk, anna: Member, number: int) -> None:
    answers = [anna.get(path) for path in ("/", f"/cases/{number}", "/cases/999", "/nowhere", "/style.css", "/passphrase")]
    answers += [anna.get("/", {"host": "elsewhere"}), Member(desk.port).get("/sign-in"), Member(desk.port).get("/")]
    for answer in answers:
        for name, value in security_headers(DESK_POLICY):
            assert [sent for key, sent in answer.headers if key.lower() == name] == [value]
        assert answer.header("cache-control") == "no-store"


def test_no_page_has_a_script_an_inline_style_or_anything_from_elsewhere(anna: Member, number: int) -> None:
    for path in ("/", f"/cases/{number}", "/passphrase", "/sign-in"):
        text = anna.get(path).text
        assert "<script" not in text
        assert "script-src 'none'" in text
        assert " style=" not in text
        assert "://" not in text


def test_every_place_on_the_page_of_a_case_that_it_links_to_is_there(anna: Member, number: int) -> None:
    page = anna.get(f"/cases/{number}").text
    places = re.findall(r'href="#([^"]+)"', page)
    assert len(places) > 6
    assert [place for place in places if f'id="{place}"' not in page] == []


def test_an_unknown_host_is_answered_421(anna: Member) -> None:
    assert anna.get("/", {"host": "127.0.0.1"}).status == 421


def test_hostile_text_is_shown_as_the_text_it_is(anna: Member, number: int) -> None:
    text = anna.get(f"/cases/{number}").text
    assert "&lt;/textarea&gt;&lt;/p&gt;&lt;script&gt;alert(1)" in text
    assert "{{ 7*7 }}" in text
    assert "<img" not in text


@pytest.mark.parametrize("path", ["", "/acknowledge", "/reply", "/note", "/state"])
def test_a_case_of_another_group_is_answered_exactly_as_one_that_is_not_there(carl: Member, number: int, path: str) -> None:
    fields = {"text": "words", "state": "assessing"}
    other, none = (
        carl.post(f"/cases/{case}{path}", **fields) if path else carl.get(f"/cases/{case}") for case in (number, 999)
    )
    assert (other.status, other.text, other.headers) == (404, none.text, none.headers)


def test_another_groups_inbox_neither_lists_nor_counts_it(carl: Member) -> None:
    assert "There is no case here" in carl.get("/").text


def test_an_empty_inbox_promises_no_report_while_the_card_has_ended(desk: Desk, carl: Member) -> None:
    assert "appears here by itself" in carl.get("/").text
    desk.clock.ahead = timedelta(days=91)
    try:
        page = desk.member(CARL).get("/").text
    finally:
        desk.clock.ahead = timedelta()
    assert "There is no case here" in page
    assert "appears here by itself" not in page


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "http://localhost.elsewhere.example"},
        {"content-type": "text/plain"},
        {"content-type": "multipart/form-data; boundary=x"},
    ],
)
def test_a_form_from_another_site_is_refused_and_nothing_is_kept(
    desk: Desk, anna: Member, number: int, headers: dict[str, str]
) -> None:
    before = len(desk.cases.contents(number))
    answer = anna.post(f"/cases/{number}/reply", headers, text="planted")
    assert answer.status == 403
    assert len(desk.cases.contents(number)) == before


def test_a_form_without_the_sessions_own_token_is_refused(anna: Member, carl: Member, number: int) -> None:
    mine = anna.token
    for token in ("", "0" * 64, carl.token, "æ"):
        anna.token = token
        assert anna.post(f"/cases/{number}/reply", text="planted").status == 403
    anna.token = mine


def test_a_sign_in_form_from_another_site_is_refused(desk: Desk) -> None:
    stranger = Member(desk.port)
    assert stranger.post("/sign-in", {"sec-fetch-site": "cross-site"}, name=ANNA, passphrase="x").status == 403


def test_an_old_browser_is_believed_by_its_origin(desk: Desk) -> None:
    stranger = Member(desk.port)
    answer = stranger._ask(
        "POST",
        "/sign-in",
        b"name=anna&passphrase=x",
        {"origin": "http://localhost", "content-type": "application/x-www-form-urlencoded"},
    )
    assert "do not belong together" in answer.text


@pytest.mark.parametrize(("text", "words"), [("  \n ", "write something first"), ("ø" * 130_000, "too long for one message")])
def test_after_bad_input_the_page_comes_back_with_the_text_still_there(
    anna: Member, number: int, text: str, words: str
) -> None:
    for form in ("reply", "note", "acknowledge"):
        answer = anna.post(f"/cases/{number}/{form}", text=text)
        assert answer.status == 400
        assert words in answer.text
        assert f"\n{text}</textarea>" in answer.text


def test_a_body_far_beyond_any_form_is_refused_before_it_is_read_to_the_end(anna: Member, number: int) -> None:
    assert anna.post(f"/cases/{number}/reply", text="x" * 2_200_000).status == 413


def test_a_member_picks_a_language_by_a_link_and_keeps_it(anna: Member, number: int) -> None:
    assert '<html lang="en">' in anna.get("/").text
    assert '<html lang="da">' in anna.get("/?language=da").text
    assert '<html lang="da">' in anna.get(f"/cases/{number}").text
    assert '<html lang="da">' in anna.get(f"/cases/{number}?language=xx").text
    assert '<html lang="en">' in anna.get("/?language=en").text


def test_every_page_of_a_demo_says_so(desk: Desk, anna: Member, number: int) -> None:
    for answer in (anna.get("/"), anna.get(f"/cases/{number}"), anna.get("/cases/999"), Member(desk.port).get("/sign-in")):
        assert "These keys protect nobody" in answer.text


def test_what_nobody_foresaw_is_a_page_without_a_word_of_it(anna: Member, desk: Desk) -> None:
    damage(desk, "UPDATE state SET contact = 'planted'")
    answer = anna.get("/")
    damage(desk, "UPDATE state SET contact = NULL")
    assert answer.status == 500
    assert "that nobody foresaw" in answer.text
    assert "planted" not in answer.text


def test_a_store_that_fails_is_named_and_nothing_is_said_to_be_sent(anna: Member, desk: Desk, number: int) -> None:
    damage(desk, "ALTER TABLE outbox RENAME TO gone")
    answer = anna.post(f"/cases/{number}/reply", text="planted")
    damage(desk, "ALTER TABLE gone RENAME TO outbox")
    assert answer.status == 503
    assert "This could not be stored. Nothing was sent." in answer.text
    assert "\nplanted</textarea>" in answer.text
    assert "planted" not in anna.get(f"/cases/{number}").text


def test_after_a_failure_to_store_the_case_comes_back_with_the_text(anna: Member, desk: Desk, number: int) -> None:
    damage(desk, "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END")
    answer = anna.post(f"/cases/{number}/reply", text="my draft")
    damage(desk, "DROP TRIGGER full")
    assert answer.status == 503
    assert f"Case {number}" in answer.text
    assert "\nmy draft</textarea>" in answer.text


def test_a_form_sent_after_the_session_ended_gets_its_text_back_in_that_answer_alone(desk: Desk, number: int) -> None:
    member = desk.member(ANNA)
    member.get(f"/cases/{number}")
    desk.clock.ahead = timedelta(minutes=16)
    try:
        answer = member.post(f"/cases/{number}/reply", text="</textarea>long thought")
    finally:
        desk.clock.ahead = timedelta()
    assert answer.status == 403
    assert "Copy this before you sign in; it was not sent." in answer.text
    assert "\n&lt;/textarea&gt;long thought</textarea>" in answer.text
    assert answer.header("cache-control") == "no-store"
    assert "long thought" not in member.get("/sign-in").text


def test_a_form_of_an_earlier_session_gets_its_text_back(anna: Member, number: int) -> None:
    answer = anna.post(f"/cases/{number}/reply", token="0" * 64, text="long thought")
    assert answer.status == 403
    assert "\nlong thought</textarea>" in answer.text


def test_a_refused_old_passphrase_is_on_the_log(desk: Desk, carl: Member) -> None:
    new = "en helt anden sætning om tog"
    assert carl.post("/passphrase", old="wrong", new=new, again=new).status == 400
    with closing(sqlite3.connect(desk.database)) as connection:
        last = connection.execute("SELECT who, action FROM log ORDER BY number DESC LIMIT 1").fetchone()
    assert last == (CARL, "passphrase refused")


def damage(desk: Desk, statement: str) -> None:
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("never", [2**31, 2**63, "9" * 5000, "-1"])
def test_a_number_that_no_case_can_have_is_answered_like_any_missing_case(anna: Member, never: object) -> None:
    answer = anna.get(f"/cases/{never}")
    assert (answer.status, answer.text) == (404, anna.get("/cases/999").text)


def test_asking_for_a_case_that_is_not_ones_own_is_on_the_log(desk: Desk, carl: Member, number: int) -> None:
    carl.get(f"/cases/{number}")
    with closing(sqlite3.connect(desk.database)) as connection:
        last = connection.execute('SELECT who, action, "case" FROM log ORDER BY number DESC LIMIT 1').fetchone()
    assert last == (CARL, "refused", number)


def test_who_opened_a_case_is_on_its_page_and_on_the_log_before_the_answer(desk: Desk, anna: Member, number: int) -> None:
    before = len(desk.cases.openings(number))
    page = anna.get(f"/cases/{number}").text
    assert [who for who, _ in desk.cases.openings(number)][: -before or None] == [ANNA]
    assert f"Openings: {before + 1}" in page


def test_the_inbox_has_pages_of_fifty_in_the_order_of_what_is_due(desk: Desk, anna: Member) -> None:
    reporters = [Reporter.new(desk.card) for _ in range(51)]
    desk.deliver(*(each.frame(each.report(), 100 + place) for place, each in enumerate(reporters)))
    first = anna.get("/").text
    assert first.count('<th scope="row">') == 50
    after = html.unescape(re.findall(r'<a href="(/\?after=[^"]+)">Later due', first)[0])
    second = anna.get(after).text
    shown = [re.findall(r'<th scope="row"><a href="/cases/(\d+)"', page) for page in (first, second)]
    assert len(shown[1]) >= 2
    assert len({*shown[0], *shown[1]}) == len(shown[0]) + len(shown[1]) == len(desk.cases.inbox(["risk-control"], ANNA))
    assert "Later due" not in second
    assert '<a href="/">Back to what is due first</a>' in second


def test_no_planted_text_is_in_the_database_or_its_files_in_any_spelling(desk: Desk, anna: Member) -> None:
    marks = {name: f"planted-{name}-kanariefugl" for name in ("report", "answer", "message", "ack", "reply", "note")}
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(marks["report"], answers=(Answer("category", marks["answer"]),)), 500))
    anna.get("/")
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    path = f"/cases/{case.number}"
    anna.get(path)
    assert anna.post(f"{path}/acknowledge", text=marks["ack"]).status == 303
    assert anna.post(f"{path}/reply", text=marks["reply"]).status == 303
    assert anna.post(f"{path}/note", text=marks["note"]).status == 303
    desk.deliver(reporter.frame(reporter.message(marks["message"]), 501))
    page = anna.get(path).text
    assert all(mark in page for mark in marks.values())
    kept = b"".join(file.read_bytes() for file in sorted(desk.database.parent.iterdir()) if file.is_file())
    assert len(kept) > 100_000
    for spelling in [spelling for mark in marks.values() for spelling in spellings(mark)]:
        assert spelling not in kept


def spellings(text: str) -> list[bytes]:
    """The ways in which a text could lie in a file: its bytes, as UTF-16, hexadecimal, base64 at each alignment, as JSON."""
    raw = text.encode()
    aligned = [b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
    return [raw, text.encode("utf-16-le"), text.encode("utf-16-be"), raw.hex().encode(), json.dumps(text).encode(), *aligned]

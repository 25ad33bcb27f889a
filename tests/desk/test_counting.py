"""The page of the numbers and its file: whose cases are counted, what is kept of them, what the log says."""

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from io import StringIO
from pathlib import Path

import pytest

from tests.desk.running import ANNA, BO, CARL, Desk, Member, Page, Reporter, started, today
from whistle.desk.reading import Reader
from whistle.protocol.content import Answer, Close, Files, Message, Read, SealedIdentity, SentFile

IDENTITY = "A" * 5_790


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, ceremony: Path) -> Iterator[Desk]:
    """Eight reports of bribery and six of money laundering to risk control; five to the other group."""
    with started(tmp_path_factory.mktemp("desk"), ceremony, 9) as running:
        deliver(running, 8, "bribery")
        deliver(running, 6, "aml")
        deliver(running, 5, "bribery", "audit-chair")
        for name in (ANNA, CARL):
            running.signed_in(name)
        yield running


@pytest.fixture
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


def deliver(desk: Desk, count: int, category: str, group: str = "risk-control") -> list[Reporter]:
    reporters = [Reporter.new(desk.card, group) for _ in range(count)]
    desk.deliver(*(each.frame(each.report(answers=(Answer("category", category),))) for each in reporters))
    return reporters


def shown(page: Page) -> dict[str, list[str]]:
    """The lines of the page's tables, by the name of the row."""
    assert page.status == 200
    lines = re.findall(r'<th scope="row">(.*?)</th>\s*<td[^>]*>(.*?)</td>\s*<td[^>]*>(.*?)</td>', page.text, re.DOTALL)
    return {unescape(name): [count, share.removesuffix(" %")] for name, count, share in lines}


def lines_of(page: Page) -> list[list[str]]:
    return list(csv.reader(StringIO(page.text.removeprefix("\ufeff"))))


def log(desk: Desk) -> list[tuple[str, str, int | None]]:
    with desk.cases._reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql('SELECT who, action, "case" FROM log ORDER BY number')]  # type: ignore[misc]


def test_the_page_counts_the_members_own_group_and_no_other(desk: Desk, anna: Member) -> None:
    ours, theirs = anna.get("/numbers"), desk.signed_in(CARL).get("/numbers")
    assert "Cases received: 14" in ours.text
    assert (shown(ours)["Bribery"], shown(ours)["Money laundering or terrorist financing"]) == (["8", "57"], ["6", "43"])
    assert "Cases received: 5" in theirs.text
    assert shown(theirs)["Bribery"] == ["5", "100"]


def test_a_look_is_one_line_of_the_log_with_no_case_and_marks_nothing_as_read(desk: Desk, anna: Member) -> None:
    before, new = log(desk), [count for _, count in desk.cases.inbox(["risk-control"], ANNA)]
    anna.get("/numbers")
    anna.get("/numbers.csv")
    assert log(desk)[len(before) :] == [(ANNA, "counted", None)] * 2
    assert desk.cases.verify_log() == len(log(desk))
    assert [count for _, count in desk.cases.inbox(["risk-control"], ANNA)] == new


def test_a_second_look_opens_nothing_but_what_has_changed(desk: Desk, anna: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    anna.get("/numbers")
    opened: list[int] = []
    read = Reader.unshown
    monkeypatch.setattr(Reader, "unshown", lambda self, session, number: opened.append(number) or read(self, session, number))
    anna.get("/numbers")
    assert opened == []
    anna.post("/cases/1/note", text="Looked at.")
    opened.clear()
    anna.get("/numbers")
    assert opened == [1]


def test_what_is_kept_between_two_looks_is_facts_and_no_words(desk: Desk, anna: Member) -> None:
    anna.get("/numbers")
    for session in desk.running.sessions._sessions.values():
        assert "signed by nobody" not in repr(session.counted)
    assert any(session.counted for session in desk.running.sessions._sessions.values())


@pytest.mark.parametrize("query", ["year=1999", "year=abcd", "year=", "quarter=5", "quarter=0", "group=audit-chair", "group=x"])
def test_a_period_or_group_that_is_not_offered_is_named_and_shows_none_of_it(desk: Desk, anna: Member, query: str) -> None:
    page = anna.get(f"/numbers?{query}")
    assert page.status == 400
    assert "There are no such numbers for you" in page.text
    assert "Cases received: 14" in page.text
    assert anna.get(f"/numbers.csv?{query}").status == 400


def test_the_file_has_what_the_page_has(desk: Desk, anna: Member) -> None:
    deliver(desk, 2, "crime")
    try:
        for language in ("en", "da"):
            page, file = anna.get(f"/numbers?language={language}"), anna.get("/numbers.csv")
            head, total, *lines = lines_of(file)
            hidden = {"en": "not shown", "da": "vises ikke"}[language]
            assert len(head) == 4
            assert total[2] == "16"
            assert {line[1]: line[2:] for line in lines[:-3]} == shown(page)
            assert ["8", "50"] in shown(page).values()
            assert [hidden, hidden] in shown(page).values()
            facts = re.findall(r"<dd>(\d+|\D+?)(?: %| days| dage)?</dd>", page.text)
            assert [line[2] or line[3] for line in lines[-3:]] == facts
    finally:
        anna.get("/numbers?language=en")
    assert file.header("content-type") == "text/csv; charset=utf-8"
    assert file.header("content-disposition") == f'attachment; filename="numbers-{today().year}.csv"'
    assert file.header("cache-control") == "no-store"


def test_another_language_keeps_the_period(desk: Desk, anna: Member) -> None:
    page = anna.get(f"/numbers?year={today().year}&quarter=1").text
    link = unescape(re.findall(r'href="([^"]*)" lang="da"', page)[0])
    assert f"year={today().year}&quarter=1" in link
    assert '<option value="1" selected>' in anna.get(link).text
    anna.get("/numbers?language=en")


def test_a_year_without_a_case_says_0_and_has_no_table(desk: Desk) -> None:
    desk.clock.ahead = timedelta(days=366)
    try:
        page = desk.signed_in(CARL).get("/numbers").text
    finally:
        desk.clock.ahead = timedelta()
    assert "Cases received: 0" in page
    assert "<table" not in page


def test_a_quarter_with_too_few_hides_the_quarters_of_its_year_and_says_so(desk: Desk) -> None:
    year = today().year - 1
    for count, day in ((5, date(year, 11, 3)), (2, date(year, 2, 3))):
        reporters = [Reporter.new(desk.card, "audit-chair") for _ in range(count)]
        desk.deliver(*(each.frame(each.report(), day=day) for each in reporters))
    carl = desk.signed_in(CARL)
    assert shown(carl.get(f"/numbers?year={year}"))["Bribery"] == ["7", "100"]
    for quarter in (1, 2, 4):
        page = carl.get(f"/numbers?year={year}&quarter={quarter}").text
        assert "A quarter of this year had fewer than 5 cases" in page
        assert "Cases received:" not in page
        assert "<table" not in page
        assert lines_of(carl.get(f"/numbers.csv?year={year}&quarter={quarter}"))[1:] == [
            ["Cases received", "", "not shown", ""]
        ]


def test_whoever_is_not_signed_in_counts_nothing(desk: Desk) -> None:
    for path in ("/numbers", "/numbers.csv"):
        assert Member(desk.port).get(path).header("location") == "/sign-in"


def test_words_count_as_coming_back_and_files_and_receipts_of_reading_do_not(desk: Desk) -> None:
    file = Files((SentFile(b"f" * 16, "a.pdf", "", 1, bytes(32)),))
    silent, wrote = (file, Read(b"h" * 32)), (Message("More."), Close(""))
    for bodies, expected in ((silent, False), *(((each,), True) for each in wrote)):
        [reporter] = deliver(desk, 1, "other")
        desk.deliver(*(reporter.frame(reporter.say(body)) for body in bodies))
        assert facts_of(desk, reporter) == (True, expected)


def test_a_name_that_is_given_later_is_a_name(desk: Desk) -> None:
    [reporter] = deliver(desk, 1, "other")
    desk.deliver(reporter.frame(reporter.say(SealedIdentity(IDENTITY))))
    assert facts_of(desk, reporter) == (False, True)


def facts_of(desk: Desk, reporter: Reporter) -> tuple[bool, bool]:
    """Whether the reporter is anonymous, and wrote again, as a member's session has counted it."""
    bo = desk.signed_in(BO)
    bo.get("/numbers")
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    session = list(desk.running.sessions._sessions.values())[-1]
    known = session.counted[case.number][1]
    return known.anonymous, known.wrote

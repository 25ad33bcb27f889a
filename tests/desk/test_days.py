"""The days of every case: an auditor finds what was late and what was not; the log knows a report that nobody reads."""

import html
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.desk.dates import VECTORS
from tests.desk.relaying import Public, public
from tests.desk.running import ANNA, BO, CARL, DORA, ERIK, Desk, Member, Reporter, started, today
from tests.desk.test_channels import filed
from tests.desk.test_inbox import act, begun, one
from tests.desk.test_roles import erased
from whistle.desk.deadlines import acknowledge_by
from whistle.desk.showing import written_day
from whistle.protocol.wire import TO_DESK, Frame
from whistle.store.conflicts import exclude
from whistle.store.desk import Step
from whistle.store.log import Which

RECEIVED = date(2026, 11, 24)
COLUMNS = ("case", "received", "acknowledged", "feedback", "closed", "state")
SECRET = "Bilag 7 er forfalsket"


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port) as running:
        yield running


def go_to(desk: Desk, on: date) -> None:
    """The desk's clock, to a day."""
    desk.clock.ahead = on - today()


def received(desk: Desk, on: date, group: str = "risk-control") -> int:
    """A case, and nothing else of it."""
    return begun(desk.cases, on, bytes([len(desk.cases.ends()) + 1]) * 32, group)


def acknowledged(desk: Desk, number: int, on: date, how: str = "acknowledged") -> None:
    act(desk.cases, number, Step("received", "acknowledged", **{how: on}), on)


def rows_of(text: str) -> list[dict[str, str]]:
    """The cells of each row, as they are read aloud."""
    body = text.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in text else ""
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("</tr>")[:-1]]
    plain = [[" ".join(html.unescape(re.sub("<[^>]*>", " ", cell)).split()) for cell in row] for row in rows]
    return [dict(zip(COLUMNS, row, strict=True)) for row in plain]


def days_of(member: Member, query: str = "") -> list[dict[str, str]]:
    page = member.get(f"/days{query}")
    assert page.status == 200
    return rows_of(page.text)


def english(on: date | str) -> str:
    return written_day(date.fromisoformat(str(on)), "en")


# The log --------------------------------------------------------------------------------------------------------------


def test_a_report_that_nobody_ever_reads_is_on_the_log_with_the_day_on_which_it_was_received(desk: Desk) -> None:
    reporter, came = Reporter.new(desk.card), today() - timedelta(days=3)
    desk.deliver(reporter.frame(reporter.report(), day=came))
    desk.signed_in(ANNA)
    lines = [(line.who, line.action) for line in desk.cases.lines.lines(Which(case=1))]
    assert lines == [("desk", f"began {came}")]
    page = desk.signed_in(DORA).get("/log?case=1").text
    assert f"The case began; the report was received on {english(came)}" in page


def test_a_report_that_a_member_files_has_the_line_too_with_the_day_that_they_gave(desk: Desk) -> None:
    anna, came = desk.signed_in(ANNA), today() - timedelta(days=2)
    filed(desk, anna, received=str(came))
    lines = [(line.who, line.action) for line in desk.cases.lines.lines(Which(case=1))]
    assert lines == [(ANNA, "filed report"), ("desk", f"began {came}")]


def test_the_line_stays_when_the_case_is_erased(desk: Desk, server: Public) -> None:
    case = erased(desk, server, ANNA)
    assert f"began {today()}" in [line.action for line in desk.cases.lines.lines(Which(case=case.number))]


# The page -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("came", "answered", "by", "feedback", "_"), VECTORS)
def test_the_page_has_the_last_days_of_the_requirements(
    desk: Desk, came: str, answered: str | None, by: str, feedback: str, _: str
) -> None:
    number = received(desk, date.fromisoformat(came))
    if answered:
        acknowledged(desk, number, date.fromisoformat(answered))
    go_to(desk, date.fromisoformat(came))
    [row] = days_of(desk.signed_in(DORA))
    assert row == {
        "case": "Case 1",
        "received": english(came),
        "acknowledged": f"{english(answered) if answered else 'Not yet'} Last day: {english(by)}",
        "feedback": f"Not yet Last day: {english(feedback)}",
        "closed": "Not yet",
        "state": "Acknowledged" if answered else "Received",
    }


def test_an_auditor_finds_which_case_was_acknowledged_late_and_which_in_time(desk: Desk) -> None:
    in_time, late = received(desk, RECEIVED), received(desk, RECEIVED)
    acknowledged(desk, in_time, date(2026, 12, 1))
    acknowledged(desk, late, date(2026, 12, 2))
    go_to(desk, date(2026, 12, 3))
    dora = desk.signed_in(DORA)
    assert [(row["case"], row["acknowledged"]) for row in days_of(dora)] == [
        ("Case 2", "Late: 2 December 2026 Last day: 1 December 2026"),
        ("Case 1", "1 December 2026 Last day: 1 December 2026"),
    ]
    assert [row["case"] for row in days_of(dora, "?late=1")] == ["Case 2"]


@pytest.mark.parametrize("on", [date(2026, 12, 1), date(2026, 12, 2)])
def test_what_is_still_owed_is_late_on_the_day_after_its_last_and_not_before(desk: Desk, on: date) -> None:
    received(desk, RECEIVED)
    go_to(desk, on)
    dora, is_late = desk.signed_in(DORA), on > date(2026, 12, 1)
    [row] = days_of(dora)
    assert row["acknowledged"].startswith("Late: Not yet" if is_late else "Not yet")
    assert len(days_of(dora, "?late=1")) == is_late


def test_feedback_is_late_after_its_day_whether_it_was_given_then_or_never(desk: Desk) -> None:
    for how in ("in time", "late", "never", "closed"):
        number = received(desk, RECEIVED)
        acknowledged(desk, number, date(2026, 11, 25))
        if how in ("in time", "late"):
            given = date(2027, 2, 25) + timedelta(days=how == "late")
            act(desk.cases, number, Step("acknowledged", "acknowledged", feedback=given), given)
        if how == "closed":
            act(desk.cases, number, Step("acknowledged", "closed", closed=date(2027, 2, 25)), date(2027, 2, 25))
    go_to(desk, date(2027, 3, 10))
    dora = desk.signed_in(DORA)
    by = "Last day: 25 February 2027"
    assert [row["feedback"] for row in days_of(dora)] == [
        f"None: closed without {by}",
        f"Late: Not yet {by}",
        f"Late: 26 February 2027 {by}",
        f"25 February 2027 {by}",
    ]
    assert [row["case"] for row in days_of(dora, "?late=1")] == ["Case 3", "Case 2"]


def test_an_acknowledgement_that_was_left_out_is_told_as_that_and_is_late_only_if_that_was(desk: Desk) -> None:
    for left_out in (date(2026, 12, 1), date(2026, 12, 2)):
        acknowledged(desk, received(desk, RECEIVED), left_out, "suppressed")
    go_to(desk, date(2026, 12, 3))
    assert [(row["acknowledged"], row["state"]) for row in days_of(desk.signed_in(DORA))] == [
        ("Late: Left out, with a reason, on 2 December 2026 Last day: 1 December 2026", "Acknowledgement left out"),
        ("Left out, with a reason, on 1 December 2026 Last day: 1 December 2026", "Acknowledgement left out"),
    ]


def test_a_database_from_before_gets_the_last_days_when_the_desk_starts(tmp_path: Path, ceremony: Path, server: Public) -> None:
    with started(tmp_path, ceremony, server.port) as desk:
        received(desk, RECEIVED)
        with desk.cases._writing() as connection:
            for name in ("acknowledge_by", "feedback_by"):
                connection.exec_driver_sql(f'ALTER TABLE "case" DROP COLUMN {name}')
            connection.exec_driver_sql("UPDATE schema SET version = 24")
    with started(tmp_path, ceremony, server.port) as desk:
        assert one(desk.cases, 1).acknowledge_by == date(2026, 12, 1)
        assert one(desk.cases, 1).feedback_by == date(2027, 3, 1)


def test_pages_go_back_by_the_number_of_a_case_and_keep_the_filter(desk: Desk) -> None:
    for _ in range(53):
        received(desk, RECEIVED)
    go_to(desk, date(2026, 12, 3))
    dora = desk.signed_in(DORA)
    first = dora.get("/days?late=1").text
    assert [row["case"] for row in rows_of(first)] == [f"Case {number}" for number in range(53, 3, -1)]
    assert 'href="/days?late=1&amp;before=4"' in first
    rest = dora.get("/days?late=1&before=4").text
    assert [row["case"] for row in rows_of(rest)] == ["Case 3", "Case 2", "Case 1"]
    assert "Older cases" not in rest
    assert len(days_of(dora, "?before=none")) == 50


# Who sees what --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [BO, ERIK])
def test_an_investigator_and_an_administrator_get_no_such_page(desk: Desk, name: str) -> None:
    assert desk.signed_in(name).get("/days").status == 403


def test_a_lead_sees_the_cases_of_their_groups_but_for_one_that_they_are_kept_from_and_an_auditor_all(desk: Desk) -> None:
    own, away, other = received(desk, RECEIVED), received(desk, RECEIVED), received(desk, RECEIVED, "audit-chair")
    with desk.cases._writing() as connection:
        exclude(connection, 0, away, ANNA, "another lead", today())
    go_to(desk, date(2026, 12, 3))
    for query in ("", "?late=1", "?before=9"):
        seen = {name: [row["case"] for row in days_of(desk.signed_in(name), query)] for name in (ANNA, CARL, DORA)}
        assert seen == {ANNA: [f"Case {own}"], CARL: [f"Case {other}"], DORA: ["Case 3", "Case 2", "Case 1"]}


def test_an_erased_case_is_not_there_and_the_page_says_where_its_certificate_is(desk: Desk, server: Public) -> None:
    erased(desk, server, ANNA)
    page = desk.signed_in(DORA).get("/days").text
    assert rows_of(page) == []
    assert "its certificate is on the log" in page


def test_nothing_but_days_and_the_state_is_on_the_page(desk: Desk) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(SECRET)))
    anna = desk.signed_in(ANNA)
    anna.get("/cases/1")
    anna.post("/cases/1/sheet", part="work", revision="0", priority="high", assigned=BO, category="fraud")
    page = desk.signed_in(DORA).get("/days").text
    assert rows_of(page)[0]["case"] == "Case 1"
    body = page.split("<main")[1]
    for word in (SECRET, "ribery", "raud", "igh", ANNA, f">{BO}<", "risk-control", "Risk control"):
        assert word not in body.replace("which", ""), word


def test_that_the_page_was_opened_is_on_the_log(desk: Desk) -> None:
    dora = desk.signed_in(DORA)
    assert 'href="/days"' in dora.get("/log").text
    dora.get("/days")
    assert [(line.who, line.action) for line in desk.cases.lines.lines(Which(), 1)] == [(DORA, "opened days")]
    assert "Opened the days of every case" in dora.get("/log").text


def test_the_auditor_alone_sees_how_many_reports_nobody_has_opened_and_since_when(desk: Desk) -> None:
    dora, anna = desk.signed_in(DORA), desk.signed_in(ANNA)
    assert "Every report that has come is a case here." in dora.get("/days").text
    oldest = today() - timedelta(days=8)
    for number, age in enumerate((8, 1)):
        box = bytes([number + 1]) * 32
        frames = [Frame(2 * number + each, TO_DESK, oldest + timedelta(days=8 - age), box, bytes([each])) for each in (1, 2)]
        desk.deliver(*frames)
    page, by = dora.get("/days").text, acknowledge_by(oldest, desk.running.desk.rules)
    assert f"in all groups: 2. The oldest came on {english(oldest)}; it is to be acknowledged by {english(by)}." in page
    assert "<strong>Late:</strong>" in page
    assert "nobody has opened" not in anna.get("/days").text


def test_a_message_that_waits_for_a_case_is_no_unopened_report(desk: Desk) -> None:
    received(desk, RECEIVED)
    desk.deliver(Frame(9, TO_DESK, today(), bytes([1]) * 32, b"another"))
    assert desk.cases.oldest_waiting() is not None
    assert desk.cases.unopened_reports() == (0, None)

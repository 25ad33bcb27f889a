"""The case beyond its dialogue: sealed, changed by one member at a time, on the log by field, and gone with the case."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.desk.relaying import Public, public
from tests.desk.running import ANNA, BO, CARL, Desk, Member, Page, Reporter, started, today
from tests.desk.test_casework import TICKS
from tests.desk.test_erasure import HERE, close, in_days, later, log_of, reported, step, there
from whistle.desk.casefile import Casefile, to_escalate
from whistle.desk.counting import Counting, _facts
from whistle.desk.deadlines import CaseDays, owed
from whistle.desk.presets import PRESETS, reminders
from whistle.desk.reading import Reader
from whistle.desk.sheet import LISTS, PARTS, Hearing, Person, Sheet, Task, Telling, changed, parse, serialize
from whistle.desk.showing import written_day
from whistle.desk.starting import KeyCard
from whistle.desk.states import State
from whistle.errors import NotAContent, TextTooLong
from whistle.protocol import canonical
from whistle.store.sheets import Marks
from whistle.web.templates import read_catalogues

TOP = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 24)
PLAIN = {
    "task": {"text": "Bed om bilag 7", "who": BO, "day": "2026-12-01"},
    "risk": {"risk": "high", "text": "Tal med tillidsmanden", "day": in_days(30)},
    "person": {"text": "Jens Kanariefugl", "role": "direktør"},
    "telling": {"telling": "postponed", "text": "Han ville slette bilagene", "day": in_days(60)},
    "hearing": {"who": "Jens Kanariefugl", "day": str(today()), "text": "Han nægter alt", "rights": "yes"},
    "tags": {"text": "Leverandør A,  bilag 7, leverandør a"},
    "work": {"assigned": BO, "category": "aml", "priority": "high"},
    "money": {"warning": "warned"},
}


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    """With one case."""
    (tmp_path / "desk").mkdir()
    with started(tmp_path / "desk", ceremony, server.port) as running:
        reported(running)
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, ceremony: Path) -> Iterator[Desk]:
    """With one case, for tests that leave it as it was, or do not mind what others wrote in it."""
    with started(tmp_path_factory.mktemp("shared"), ceremony, 9) as running:
        reported(running)
        yield running


@pytest.fixture
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


def revision(page: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found is not None
    return found[1]


def put(member: Member, part: str, path: str = HERE, **fields: str) -> Page:
    """A part, with the revision that the page of the case has now."""
    given = {"revision": revision(member.get(path).text)} | PLAIN.get(part, {}) | fields
    return member.post(f"{path}/sheet", part=part, **given)


def kept(member: Member, part: str, path: str = HERE, **fields: str) -> str:
    """The page of the case once it is kept."""
    answer = put(member, part, path, **fields)
    assert answer.status == 303, answer.text[:3000]
    return member.get(path).text


def section(page: str) -> str:
    return page.split('aria-labelledby="casefile"')[1]


# What is kept ---------------------------------------------------------------------------------------------------------


def test_everything_that_a_member_notes_of_a_case_is_on_its_page(anna: Member) -> None:
    for part in PLAIN:
        kept(anna, part)
    page = section(anna.get(HERE).text)
    for words in (
        *("Bed om bilag 7", "due 1 December 2026", "High", "Look again on", "Tal med tillidsmanden"),
        *("<strong>Jens Kanariefugl</strong>, direktør", "heard by anna", "told their rights", "Han nægter alt"),
        *("Leverandør A, bilag 7</span>", "<dd>bo</dd>", "<dd>Money laundering or terrorist financing</dd>", "Warned of since"),
    ):
        assert words in page


def test_a_task_is_done_undone_and_removed_and_an_overdue_one_says_so(desk: Desk, anna: Member) -> None:
    assert "done " not in kept(anna, "task").split("Bed om bilag 7")[1][:400]
    assert f"done {today().day} " in kept(anna, "tick", at="0")
    assert f"done {today().day} " not in kept(anna, "tick", at="0")
    desk.clock.ahead = timedelta(days=60)
    assert "<strong>Overdue:</strong>" in desk.signed_in(ANNA).get(HERE).text
    desk.clock.ahead = timedelta()
    assert "Bed om bilag 7" not in kept(anna, "remove", list="tasks", at="0")


def test_each_list_loses_the_line_that_was_named_and_no_other(anna: Member) -> None:
    for name in ("Ib", "Bodil", "Cai"):
        kept(anna, "person", text=name)
    page = section(kept(anna, "remove", list="persons", at="1"))
    assert ("Ib" in page, "<strong>Bodil" in page, "<strong>Cai" in page) == (True, False, True)
    assert set(LISTS) == {"tasks", "persons", "hearings"}


def test_every_change_is_on_the_log_by_the_name_of_its_field_and_nothing_that_stays_is(anna: Member, desk: Desk) -> None:
    names = {
        "task": ["tasks"],
        "risk": ["risk", "plan", "review"],
        "person": ["persons"],
        "hearing": ["hearings"],
        "tags": ["tags"],
        "work": ["assigned", "category", "priority"],
        "money": ["money_laundering"],
    }
    for part, fields in names.items():
        before = len(log_of(desk))
        kept(anna, part)
        new = [line for line in log_of(desk)[before:] if line[1] not in ("opened", "declared")]
        assert new == [(ANNA, f"changed {field}") for field in fields]
    before = len(log_of(desk))
    for part in ("risk", "tags", "work", "money"):
        kept(anna, part)
    assert {line[1] for line in log_of(desk)[before:]} == {"opened"}
    assert desk.cases.verify_log() > 10


def test_every_field_has_words_for_the_log_in_both_languages() -> None:
    fields = [*Sheet.__dataclass_fields__, *Marks.__dataclass_fields__]
    for catalogue in read_catalogues(TOP / "templates/desk", ("en", "da")).values():
        assert [each for each in fields if f"act.changed_{each}" not in catalogue.words] == []
        assert [each for each in PARTS if f"done.{each}" not in catalogue.words] == []


def test_what_is_written_is_in_no_file_of_the_desk_and_codes_and_days_alone_are(anna: Member, desk: Desk) -> None:
    for part in PLAIN:
        kept(anna, part)
    files = b"".join(each.read_bytes() for each in desk.database.parent.glob(f"{desk.database.name}*"))
    for words in ("bilag 7", "Leverand", "Kanariefugl", "direkt", "tillidsmanden", "alt", "Bed om"):
        spellings = (words.encode(), words.encode("utf-16-le"), words.encode().hex().encode())
        assert [each for each in spellings if len(words) > 3 and each in files] == []
    with closing(sqlite3.connect(desk.database)) as connection:
        row = connection.execute('SELECT assigned, category, priority, money_laundering FROM "case"').fetchone()
    assert row == (BO, "aml", "high", str(today()))


def test_a_sheet_that_was_put_in_anothers_place_is_said_and_the_case_can_still_be_read(anna: Member, desk: Desk) -> None:
    kept(anna, "task")
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        [(first,)] = connection.execute("SELECT sealed FROM sheet").fetchall()
        connection.execute("UPDATE sheet SET revision = 2")
    page = anna.get(HERE).text
    assert "its bytes are not those that were kept" in page
    assert "Bilag 7 er forfalsket." in page
    answer = put(anna, "person")
    assert (answer.status, "Bed om bilag 7" in answer.text) == (400, False)
    with closing(sqlite3.connect(desk.database)) as connection:
        assert connection.execute("SELECT sealed FROM sheet").fetchall() == [(first,)]


# Two members ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [part for part in PLAIN if part not in ("work", "money")])
def test_who_comes_second_overwrites_nothing_and_finds_the_text_still_there(shared: Desk, part: str) -> None:
    anna, bo = shared.signed_in(ANNA), shared.signed_in(BO)
    seen = revision(bo.get(HERE).text)
    kept(anna, "person", text=f"Annas {part}")
    late = bo.post(f"{HERE}/sheet", part=part, revision=seen, **PLAIN[part])
    assert late.status == 409
    assert "has something new" in late.text
    assert f"Annas {part}" in late.text
    open_ = late.text.split(f'name="part" value="{part}"')[1].split("</form>")[0]
    for text in PLAIN[part].values():
        assert text.split(",")[0] in open_
    assert f"Annas {part}" in kept(bo, part)


def test_marks_are_not_overwritten_unseen_either(desk: Desk, anna: Member) -> None:
    bo = desk.signed_in(BO)
    seen = revision(bo.get(HERE).text)
    kept(anna, "work", assigned=ANNA)
    for wrong in (seen, "99", "x", ""):
        assert bo.post(f"{HERE}/sheet", part="work", revision=wrong, assigned=BO, priority="low").status == 409
    case = desk.cases.case(1)
    assert case is not None
    assert (case.assigned, case.priority) == (ANNA, "high")


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "changes", "words"),
    [
        ("task", {"text": "  "}, "write something first"),
        ("task", {"text": "x" * 501}, "too long"),
        ("task", {"day": "2026-02-30"}, "Give a day of the calendar"),
        ("task", {"who": CARL}, "Choose something of the list"),
        ("tick", {"at": "9"}, "Choose something of the list"),
        ("remove", {"list": "tasks", "at": "-1"}, "Choose something of the list"),
        ("remove", {"list": "tags", "at": "0"}, "Choose something of the list"),
        ("risk", {"risk": ""}, "Choose something of the list"),
        ("risk", {"text": ""}, "write something first"),
        ("risk", {"day": ""}, "Give a day of the calendar"),
        ("risk", {"day": str(today())}, "Give a day of the calendar"),
        ("telling", {"telling": ""}, "Choose something of the list"),
        ("telling", {"text": " "}, "write something first"),
        ("telling", {"day": ""}, "Give a day of the calendar"),
        ("telling", {"day": str(today())}, "Give a day of the calendar"),
        ("person", {"text": ""}, "write something first"),
        ("hearing", {"text": ""}, "write something first"),
        ("hearing", {"day": in_days(1)}, "Give a day of the calendar"),
        ("hearing", {"who": ""}, "write something first"),
        ("work", {"assigned": CARL}, "Choose something of the list"),
        ("work", {"category": "gossip"}, "Choose something of the list"),
        ("work", {"priority": ""}, "Choose something of the list"),
        ("money", {"warning": "perhaps"}, "Choose something of the list"),
        ("tags", {"text": "a, " + "x" * 501}, "too long"),
        ("related", {"text": "one"}, "numbers of other cases"),
        ("related", {"text": "1"}, "numbers of other cases"),
        ("related", {"text": "999"}, "numbers of other cases"),
        ("planted", {"text": "x"}, "Choose something of the list"),
    ],
)
def test_what_cannot_be_taken_is_named_with_the_text_still_there_and_changes_nothing(
    shared: Desk, part: str, changes: dict[str, str], words: str
) -> None:
    anna = shared.signed_in(ANNA)
    before = (shared.cases.sheets.kept(1), shared.cases.case(1), changes_on_log(shared))
    answer = put(anna, part, **changes)
    assert answer.status == 400
    assert words in answer.text
    if part in PLAIN and "Choose" not in words:  # what is no choice cannot be shown as chosen
        assert [text for text in (PLAIN[part] | changes).values() if text not in answer.text] == []
    assert (shared.cases.sheets.kept(1), shared.cases.case(1), changes_on_log(shared)) == before


def changes_on_log(desk: Desk) -> int:
    return sum(action.startswith("changed") for _, action in log_of(desk))


def test_no_risk_needs_neither_plan_nor_day(anna: Member) -> None:
    assert "<dd>None</dd>" in kept(anna, "risk", risk="none", text="", day="")


def test_the_case_of_another_group_takes_nothing(desk: Desk) -> None:
    carl = desk.signed_in(CARL)
    for form in ("sheet", "suppress"):
        assert carl.post(f"{HERE}/{form}", part="tags", revision="0", text="x").status == 404
    assert desk.cases.sheets.kept(1).revision == 0
    assert log_of(desk)[-1] == (CARL, "refused")


# Cases that belong together -------------------------------------------------------------------------------------------


def test_a_link_stands_on_both_cases_and_goes_from_both(desk: Desk, anna: Member) -> None:
    reported(desk)
    link = '<a href="/cases/{}">Case {}</a>'
    assert link.format(2, 2) in kept(anna, "related", text="2")
    assert link.format(1, 1) in anna.get("/cases/2").text
    assert anna.get("/cases/2").text.count("anna: Changed the related cases") == 1
    kept(anna, "related", "/cases/2", text="")
    assert link.format(2, 2) not in section(anna.get(HERE).text)
    assert link.format(1, 1) not in section(anna.get("/cases/2").text)


def test_who_is_kept_away_from_a_linked_case_finds_no_trace_of_the_link(desk: Desk, anna: Member) -> None:
    reported(desk)
    kept(anna, "related", text="2")
    bo, line = desk.signed_in(BO), "Changed the related cases"
    assert line in bo.get(HERE).text
    assert anna.post("/cases/2/exclude", member=BO, text="Han er nævnt.").status == 303
    assert line not in bo.get(HERE).text + bo.get("/log?case=1").text
    assert line in anna.get(HERE).text


def test_a_case_of_another_group_is_linked_by_nobody_and_reads_as_none(desk: Desk, anna: Member) -> None:
    chair = Reporter.new(desk.card, "audit-chair")
    desk.deliver(chair.frame(chair.report()))
    desk.signed_in(CARL)
    refusals = []
    for number in ("2", "999"):
        page = put(anna, "related", text=number).text
        refusals.append(re.search(r'role="alert">.*?</div>', page, re.DOTALL)[0])  # type: ignore[index]
    assert refusals[0] == refusals[1]


# Tags -----------------------------------------------------------------------------------------------------------------


def test_a_tag_is_found_without_opening_a_case_and_by_its_own_group_alone(desk: Desk, anna: Member) -> None:
    reported(desk)
    kept(anna, "tags", text="Leverandør A, bilag")
    kept(anna, "tags", "/cases/2", text="bilag")
    casefile = Casefile(desk.cases, reader_of(desk), bytes)
    mine, carls = (desk.running.sessions.find(each.cookie.split("=")[1], desk.clock()) for each in (anna, desk.signed_in(CARL)))
    assert casefile.tagged(mine, " LEVERANDØR  a") == {1}
    assert casefile.tagged(mine, "bilag") == {1, 2}
    assert casefile.tagged(mine, "bil") == set()
    assert casefile.tagged(carls, "bilag") == set()
    kept(anna, "tags", text="")
    assert casefile.tagged(mine, "bilag") == {2}


def test_words_that_are_longer_than_any_tag_are_of_no_case_and_not_composed(
    desk: Desk, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whistle.desk.casefile.tag_hash", pytest.fail)
    *_, session = desk.running.sessions._sessions.values()
    assert desk.running.desk.case_pages.casefile.tagged(session, "\u0300\u0316" * 251) == set()


def reader_of(desk: Desk) -> Reader:
    """As the running desk has it."""
    return Reader(desk.cases, KeyCard(desk.settings.card, desk.settings.root_fingerprint, desk.card.instance), bytes)


# Money laundering -----------------------------------------------------------------------------------------------------


def test_a_warning_has_a_clock_until_the_board_has_it_and_keeps_its_first_day(desk: Desk, anna: Member) -> None:
    page = kept(anna, "money")
    assert "Money laundering: to the board by" in page
    assert "Money laundering: to the board by" in anna.get("/").text
    desk.clock.ahead = timedelta(days=5)
    anna = desk.signed_in(ANNA)
    assert re.search(r"to the board by: *<span class=\"overdue\">", anna.get("/").text.replace("\n", ""))
    page = kept(anna, "money", warning="escalated")
    assert "to the board by" not in page
    case = desk.cases.case(1)
    assert case is not None
    assert (case.money_laundering, case.escalated) == (today(), today() + timedelta(days=5))
    kept(anna, "money", warning="")
    case = desk.cases.case(1)
    assert case is not None
    assert (case.money_laundering, case.escalated) == (None, None)


@pytest.mark.parametrize(
    ("preset", "warned", "by"),
    [
        ("dk_branch_of_se", date(2026, 11, 24), date(2026, 11, 25)),
        ("dk_branch_of_se", date(2026, 11, 27), date(2026, 11, 30)),
        ("dk", date(2026, 11, 28), date(2026, 11, 30)),
        ("se", date(2026, 11, 24), None),
    ],
)
def test_the_board_must_have_it_on_the_next_working_day_where_the_law_says_so(
    preset: str, warned: date, by: date | None
) -> None:
    assert [each.by for each in to_escalate(warned, None, PRESETS[preset], DAY)] == ([by] if by else [])


def test_feedback_is_checked_more_strictly_once_money_laundering_was_warned_of(desk: Desk, anna: Member) -> None:
    assert "check-laundering" not in anna.get(HERE).text
    page = kept(anna, "money")
    assert "check-laundering" in page
    refused = anna.post(f"{HERE}/feedback", text="We looked.", **TICKS)
    assert refused.status == 400
    assert "Every line of the checklist must be ticked" in refused.text
    assert "\nWe looked.</textarea>" in refused.text
    assert anna.post(f"{HERE}/feedback", text="We looked.", **TICKS, **{"check-laundering": "yes"}).status == 303


# No acknowledgement ---------------------------------------------------------------------------------------------------


def test_an_acknowledgement_that_is_left_out_counts_as_met_and_says_nothing_to_the_reporter(desk: Desk, anna: Member) -> None:
    assert "Acknowledge by" in anna.get(HERE).text
    before = anna.get(HERE).text.split("Feedback by")[1].split("</dd>")[0]
    answer = anna.post(f"{HERE}/suppress", text="Hun bad om ingen.")
    assert answer.status == 303
    page = anna.get(HERE).text
    assert "Acknowledge by" not in page
    assert f"Left out, with a reason, on {today().day} " in page
    assert "Hun bad om ingen." in page
    assert page.split("Feedback by")[1].split("</dd>")[0] == before
    assert "Left out, with a reason" in anna.get("/").text
    case = desk.cases.case(1)
    assert case is not None
    assert (case.state, case.acknowledged, case.suppressed) == ("acknowledged", None, today())
    assert desk.cases.to_push() == []
    assert (ANNA, "suppressed acknowledgement") in log_of(desk)
    desk.clock.ahead = timedelta(days=40)
    assert "Acknowledge by" not in desk.signed_in(ANNA).get(HERE).text
    desk.clock.ahead = timedelta()
    step(anna, "assessing")


def test_it_is_left_out_only_with_a_reason_and_only_while_it_is_owed(desk: Desk, anna: Member) -> None:
    assert anna.post(f"{HERE}/suppress", text=" ").status == 400
    assert anna.post(f"{HERE}/acknowledge", text="Tak.").status == 303
    late = anna.post(f"{HERE}/suppress", text="Hun bad om ingen.")
    assert late.status == 409
    assert "Hun bad om ingen." in late.text
    case = desk.cases.case(1)
    assert case is not None
    assert case.suppressed is None


def test_what_was_left_out_is_neither_owed_nor_reminded_of_and_feedback_is_due_as_without_it() -> None:
    preset = PRESETS["dk_branch_of_se"]
    owes = owed(State.ACKNOWLEDGED, DAY, None, preset, DAY, None, DAY)
    assert [(each.what, each.by) for each in owes] == [("feedback", date(2027, 3, 1))]
    days = range(90)
    for suppressed, kinds in ((None, {"answer", "acknowledge", "feedback"}), (DAY, {"feedback"})):
        case = CaseDays(DAY, suppressed=suppressed)
        assert {each.what for day in days for each in reminders(case, preset, None, DAY + timedelta(day))} == kinds


def test_the_numbers_count_the_desks_category_and_what_was_left_out_as_met(desk: Desk, anna: Member) -> None:
    kept(anna, "work", category="harassment")
    anna.post(f"{HERE}/suppress", text="Hun bad om ingen.")
    session = desk.running.sessions.find(anna.cookie.split("=")[1], desk.clock())
    counting = Counting(desk.cases, reader_of(desk), 7)
    case = desk.cases.case(1)
    assert case is not None
    [(_, told)] = counting._opened(session, [case])
    facts = _facts(case, told)
    assert (facts.told.category, facts.acknowledged) == ("harassment", today())


def test_a_page_from_before_something_came_does_not_take_the_priority_back(anna: Member) -> None:
    page = anna.get(HERE).text
    seen = anna.seen
    anna.post(f"{HERE}/note", text="Noget nyt.")
    refused = anna.post(f"{HERE}/sheet", part="work", revision=revision(page), **(PLAIN["work"] | {"seen": seen}))
    assert refused.status == 409
    assert put(anna, "work").status == 303


# The timeline ---------------------------------------------------------------------------------------------------------


def test_the_timeline_tells_what_came_and_what_was_done_in_order(desk: Desk, anna: Member) -> None:
    anna.post(f"{HERE}/acknowledge", text="Tak.")
    kept(anna, "task")
    step(anna, "assessing")
    page = anna.get(HERE).text.split('class="timeline"')[1].split("</ol>")[0]
    lines = [re.sub("<[^>]+>", "", line).split(": ", 1)[1].strip() for line in page.split("</li>")[:-1]]
    assert lines == [
        "Reporter: report",
        f"desk: The case began; the report was received on {written_day(today(), 'en')}",
        "anna: Declared to have no conflict of interest",
        "anna: Acknowledged the report",
        "anna: Changed the tasks",
        "anna: Changed the state: Being assessed",
    ]


# The end --------------------------------------------------------------------------------------------------------------


def test_an_erased_case_leaves_nothing_of_its_file_in_the_database_or_on_other_cases(desk: Desk, anna: Member) -> None:
    reported(desk)
    for part in PLAIN:
        kept(anna, part)
    kept(anna, "related", text="2")
    with closing(sqlite3.connect(desk.database)) as connection:
        traces = [row[0] for row in connection.execute('SELECT hash FROM tag WHERE "case" = 1')]
        traces += [row[0][1_000:1_032] for row in connection.execute('SELECT sealed FROM sheet WHERE "case" = 1')]
    assert len(traces) == 3
    close(desk)
    later(desk, 731)
    assert not there(desk)
    files = b"".join(each.read_bytes() for each in desk.database.parent.glob(f"{desk.database.name}*"))
    assert [each for each in traces if each in files] == []
    with closing(sqlite3.connect(desk.database)) as connection:
        rooms = ("sheet", "tag")
        assert [connection.execute(f'SELECT * FROM {room} WHERE "case" = 1').fetchall() for room in rooms] == [[], []]
    assert 'href="/cases/1"' not in section(desk.signed_in(ANNA).get("/cases/2").text)


# The sheet by itself --------------------------------------------------------------------------------------------------


def test_a_sheet_is_read_as_it_was_written() -> None:
    sheet = Sheet(
        tasks=(Task("a", "", None), Task("b", BO, DAY, DAY)),
        risk="low",
        plan="x\ny",
        review=DAY,
        persons=(Person("p", ""),),
        hearings=(Hearing("p", ANNA, DAY, "æ\u2028", "no"),),
        tags=("t",),
        related=(2, 3),
        telling=Telling("postponed", "å", DAY),
    )
    assert parse(serialize(sheet)) == sheet
    before = {name: value for name, value in canonical.read(serialize(sheet)).items() if name != "telling"}
    assert parse(canonical.write(before)) == replace(sheet, telling=None)
    assert parse(serialize(Sheet())) == Sheet()
    assert changed(sheet, Sheet()) == list(Sheet.__dataclass_fields__)
    with pytest.raises(NotAContent):
        parse(b"{} ")
    with pytest.raises(TextTooLong):
        serialize(Sheet(plan="x" * 262_144))

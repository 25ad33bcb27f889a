"""The inbox as a work list: due days that always equal the deadlines, sections that are what they say, filters, pages."""

import html
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from tests.desk.dates import DAYS
from tests.desk.relaying import Public, public
from tests.desk.running import ANNA, BO, CARL, Desk, Member, Reporter, started, today
from whistle.desk.casefile import to_escalate
from whistle.desk.deadlines import CaseDays, Urgency, acknowledge_by, feedback_by, owed
from whistle.desk.inbox import clocks_of
from whistle.desk.presets import DEFAULT, PRESETS, Preset, answer_by, to_close
from whistle.desk.states import _NEXT, State
from whistle.protocol.wire import TO_DESK, Frame
from whistle.store.desk import Act, Case, Cases, Step, Stored
from whistle.store.sheets import Change, Days, Marks
from whistle.store.worklist import NEVER, SECTIONS, Wanted

PRESET = PRESETS[DEFAULT]
GROUP, BOX = "risk-control", b"b" * 32
ACTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9), st.booleans()), max_size=7)  # days later, which, whose
OLD = ("assigned", "answered", "heard", "turn", "due", "due_what", "due_soon", "answer_by")


def unsigned(*_: object) -> None:
    """No receipt."""


def stored(direction: str, sequence: int | None, day: date) -> Stored:
    return Stored(direction, sequence, day, GROUP, 1, b"r" * 32, b"key", b"payload")


def begun(cases: Cases, received: date, box: bytes = BOX, group: str = GROUP) -> int:
    """A case of one report."""
    cases.arrive([Frame(1, TO_DESK, received, box, b"sealed")], received, unsigned)
    [arrival] = cases.waiting()
    case = Case(0, box, group, 1, "received", received, None, None, b"case key")
    cases.begin(arrival, case, stored("to-desk", None, received), datetime.combine(received, time(9), UTC))
    made = cases.case_of(box)
    assert made is not None
    return made.number


def one(cases: Cases, number: int) -> Case:
    found = cases.case(number)
    assert found is not None
    return found


def act(cases: Cases, number: int, step: Step | None, day: date, words: str | None = "to-reporter") -> None:
    sequence = 1 + max((each.sequence or 0 for each in cases.contents(number) if each.direction == words), default=0)
    content = None if words is None else stored(words, None if words == "to-desk" else sequence, day)
    cases.write(Act(datetime.combine(day, time(9), UTC), "anna", "acts", number), content, None, step)


def steps_of(case: Case, day: date) -> list[Step | None]:
    """Everything that can be done with a case; no step is a word of its own."""
    if case.state == State.RECEIVED:
        moves = [Step(case.state, State.ACKNOWLEDGED, **{how: day}) for how in ("acknowledged", "suppressed")]
    else:
        moves = [
            Step(case.state, after, closed=day if after is State.CLOSED else None, reopens=case.state == State.CLOSED)
            for after in _NEXT[State(case.state)]
        ]
    return [None, *moves, Step(case.state, case.state, closed=case.closed, feedback=case.feedback or day)]


def mark(cases: Cases, number: int, day: date, **days: date) -> None:
    """A change of the sheet, with a day that the case itself shows."""
    revision, who = cases.sheets.kept(number).revision, Act(datetime.combine(day, time(9), UTC), "anna", "acts", number)
    now = {name: getattr(one(cases, number), name) for name in Marks.__dataclass_fields__}
    cases.sheets.keep([Change(number, revision, b"sheet", Marks(**(now | days)), days=Days())], [who])


def acts_of(cases: Cases, number: int, day: date) -> list[Callable[[], None]]:
    steps = [partial(act, cases, number, step, day) for step in steps_of(one(cases, number), day)]
    return steps + [partial(mark, cases, number, day, **{name: day}) for name in ("money_laundering", "escalated")]


def check(cases: Cases, number: int, preset: Preset, on: date) -> None:
    case = one(cases, number)
    told = owed(State(case.state), case.received, case.acknowledged, preset, on, case.feedback, case.suppressed)
    board = to_escalate(case.money_laundering, case.escalated, preset, on)
    found = sorted((*board, *to_close(case.out_of_scope, case.closed, preset, on), *told), key=lambda each: each.by)
    assert (case.due, case.due_what) == ((found[0].by, found[0].what) if found else (NEVER, None))
    days = CaseDays(
        received=case.received,
        answered=case.answered,
        acknowledged=case.acknowledged,
        suppressed=case.suppressed,
        feedback=case.feedback,
        out_of_scope=case.out_of_scope,
        closed=case.closed,
        warned=case.money_laundering,
        escalated=case.escalated,
    )
    assert case.answer_by == (answer_by(days, preset) or NEVER)
    assert case.acknowledge_by == acknowledge_by(case.received, preset)
    assert case.feedback_by == feedback_by(case.received, case.acknowledged, preset)
    counts = cases.work.counts([GROUP], "anna", Wanted(), on)
    assert counts["overdue"] == (bool(found) and found[0].urgency is Urgency.OVERDUE)
    assert counts["due"] == (bool(found) and found[0].urgency is Urgency.SOON)
    assert counts["answer"] == (case.answered is None and case.acknowledged is None and case.suppressed is None)
    for section in SECTIONS:
        assert len(cases.work.page([GROUP], "anna", Wanted(section), on, 9)) == counts[section]


@settings(max_examples=12, deadline=None)
@given(
    DAYS,
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9), st.booleans()), max_size=7),
    st.sampled_from(sorted(PRESETS)),
)
@example(date(2026, 11, 24), [(1, 2, False), (2, 3, False), (1, 4, False)], DEFAULT)  # left out, warned, told the board
def test_after_any_acts_the_columns_say_what_the_deadlines_say(
    received: date, acts: list[tuple[int, int, bool]], name: str
) -> None:
    preset, day = PRESETS[name], received
    with TemporaryDirectory() as folder, closing(Cases(f"sqlite:///{folder}/desk.sqlite", clocks_of(preset))) as cases:
        number = begun(cases, received)
        check(cases, number, preset, day)
        for waited, choice, from_reporter in acts:
            day += timedelta(days=waited)
            acts_now = acts_of(cases, number, day)
            if from_reporter:
                act(cases, number, None, day, "to-desk")
            else:
                acts_now[choice % len(acts_now)]()
            for later in (0, 1, 3, 90):
                check(cases, number, preset, day + timedelta(days=later))


RECEIVED = date(2026, 11, 24)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with an acknowledged case that owes feedback, and one that nobody answered."""
    path = tmp_path / "desk.sqlite"
    with closing(Cases(f"sqlite:///{path}", clocks_of(PRESET))) as cases:
        number = begun(cases, RECEIVED)
        act(cases, number, Step("received", "acknowledged", acknowledged=RECEIVED), RECEIVED)
        act(cases, number, None, RECEIVED)
        begun(cases, RECEIVED, b"c" * 32)
    return path


def plan_of(file: Path, text: str, bound: Any = ()) -> list[str]:
    """How SQLite goes about a statement."""
    with closing(sqlite3.connect(file)) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", bound)]


def test_other_rules_are_taken_over_when_the_desk_starts_and_the_same_ones_cost_nothing(file: Path) -> None:
    shorter = replace(PRESET, acknowledge_days=3, feedback_months=1, answer_days=1)
    with closing(Cases(f"sqlite:///{file}", clocks_of(shorter))) as cases:
        assert [(one(cases, n).due, one(cases, n).answer_by) for n in (1, 2)] == [
            (date(2026, 12, 24), NEVER),
            (date(2026, 11, 27), date(2026, 11, 25)),
        ]

    def never(_: Case) -> None:
        raise AssertionError

    with closing(Cases(f"sqlite:///{file}", replace(clocks_of(shorter), due=never))) as cases:  # type: ignore[arg-type]
        assert one(cases, 2).due == date(2026, 11, 27)


@pytest.mark.parametrize("field", ["acknowledge_days", "feedback_months", "answer_days", "out_of_scope_days"])
def test_every_number_that_the_days_hang_on_names_the_rules(field: str) -> None:
    assert clocks_of(replace(PRESET, **{field: 1})).rules != clocks_of(PRESET).rules
    assert clocks_of(PRESET).rules != clocks_of(PRESETS["de"]).rules
    assert clocks_of(replace(PRESET, backup_days=1)).rules == clocks_of(PRESET).rules


def test_a_database_of_an_earlier_version_gets_its_days_and_who_spoke_last(file: Path) -> None:
    with closing(Cases(f"sqlite:///{file}")) as cases:
        before = [one(cases, number) for number in (1, 2)]
    with closing(sqlite3.connect(file)) as connection:
        for index in ("case_work", "ix_arrival_state"):
            connection.execute(f"DROP INDEX {index}")
        for name in OLD:
            connection.execute(f'ALTER TABLE "case" DROP COLUMN {name}')
        connection.execute("ALTER TABLE state DROP COLUMN rules")
        connection.execute("UPDATE schema SET version = 7")
        connection.commit()
    with closing(Cases(f"sqlite:///{file}", clocks_of(PRESET))) as cases:
        assert [one(cases, number) for number in (1, 2)] == before
        assert [one(cases, number).turn for number in (1, 2)] == ["reporter", "desk"]
    with closing(sqlite3.connect(file)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {"case_work", "ix_arrival_state"} <= names


def test_counting_every_section_is_one_pass_that_looks_at_no_row_of_a_case(file: Path) -> None:
    with closing(Cases(f"sqlite:///{file}")) as cases:
        query = cases.work._counted([GROUP], "a", Wanted(), RECEIVED)
        text = str(query.compile(cases._readers, compile_kwargs={"literal_binds": True}))
    assert plan_of(file, text) == [
        "SEARCH case USING COVERING INDEX case_work (group=?)",
        "LIST SUBQUERY 1",
        "SEARCH aside USING INDEX ix_aside_member (member=?)",
        "SEARCH reading USING PRIMARY KEY (member=? AND case=?) LEFT-JOIN",
    ]


def test_the_cases_of_a_page_are_looked_up_by_their_numbers_and_not_among_all_of_the_group(file: Path) -> None:
    asked: list[tuple[str, Any]] = []
    with closing(Cases(f"sqlite:///{file}")) as cases:
        event.listen(cases._readers, "before_cursor_execute", lambda _, __, text, bound, *___: asked.append((text, bound)))
        assert [case.number for case, _ in cases.inbox([GROUP], "anna", [2, 1, *range(3, 51)])] == [2, 1]
    [(text, bound)] = [each for each in asked if each[0].startswith("SELECT")]
    assert [each for each in plan_of(file, text, bound) if " case " in each] == [
        "SEARCH case USING INTEGER PRIMARY KEY (rowid=?)"
    ]


@pytest.mark.parametrize("section", ["", *SECTIONS])
def test_listing_neither_looks_at_the_rows_of_cases_nor_sorts_them(file: Path, section: str) -> None:
    with closing(Cases(f"sqlite:///{file}")) as cases:
        query = cases.work._listed([GROUP], "a", Wanted(section, after=(RECEIVED, 1)), RECEIVED)
        text = str(query.compile(cases._readers, compile_kwargs={"literal_binds": True}))
    plan = " ".join(plan_of(file, text))
    assert "case USING COVERING INDEX case_work" in plan
    assert "TEMP B-TREE" not in plan


# On the page --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, ceremony: Path, server: Public) -> Iterator[Desk]:
    """Case 1 is new, 2 was acknowledged and asked something, 3 acknowledged alone, 4 overdue, 5 another group's."""
    with started(tmp_path_factory.mktemp("desk"), ceremony, server.port) as running:
        reporters = [Reporter.new(running.card) for _ in range(4)] + [Reporter.new(running.card, "audit-chair")]
        days = [today(), today(), today(), today() - timedelta(days=8), today()]
        for place, (each, day) in enumerate(zip(reporters, days, strict=True)):
            running.deliver(each.frame(each.report(), place + 1, day))
        anna, carl = running.signed_in(ANNA), running.signed_in(CARL)
        assert carl.get("/").status == 200
        for case in (2, 3):
            anna.get(f"/cases/{case}")
            assert anna.post(f"/cases/{case}/acknowledge", text="Vi har læst det.").status == 303
        assert anna.post("/cases/2/reply", text="Hvornår?").status == 303
        anna.get("/cases/4")
        with closing(sqlite3.connect(running.database)) as connection:
            connection.execute('UPDATE "case" SET assigned = ? WHERE number IN (3, 5)', (ANNA,))
            connection.commit()
        yield running


def shown(member: Member, path: str) -> list[int]:
    page = member.get(path)
    assert page.status == 200
    return [int(number) for number in re.findall(r'<th scope="row"><a href="/cases/(\d+)"', page.text)]


@pytest.mark.parametrize(
    ("section", "cases"),
    [
        ("", [4, 1, 2, 3]),
        ("new", [1]),
        ("overdue", [4]),
        ("due", []),
        ("answer", [4, 1]),
        ("desk", [4, 1, 3]),
        ("reporter", [2]),
        ("mine", [3]),
    ],
)
def test_a_section_lists_what_it_says_and_its_link_counts_it(desk: Desk, section: str, cases: list[int]) -> None:
    anna = desk.signed_in(ANNA)
    path = f"/?section={section}" if section else "/"
    assert shown(anna, path) == cases
    assert re.findall(r'<a href="([^"]*)" aria-current="true">[^<]* <b>(\d+)</b>', anna.get(path).text) == [
        (path, str(len(cases)))
    ]


def test_what_is_new_stays_new_while_later_cases_are_read(tmp_path: Path) -> None:
    with closing(Cases(f"sqlite:///{tmp_path}/desk.sqlite")) as cases:
        for box in (BOX, b"c" * 32):
            begun(cases, RECEIVED, box)
        cases.opened(Act(datetime.combine(RECEIVED, time(9), UTC), "anna", "opened", 2), 2)
        assert [(case.number, new) for case, new in cases.inbox([GROUP], "anna", [1, 2])] == [(1, 1), (2, 0)]
        assert cases.work.page([GROUP], "anna", Wanted("new"), RECEIVED, 9) == [1]


def test_what_is_new_is_new_to_each_member(desk: Desk) -> None:
    assert shown(desk.signed_in(BO), "/?section=new") == [4, 1, 2, 3]


def test_states_and_days_narrow_every_section_and_its_count(desk: Desk) -> None:
    anna, yesterday = desk.signed_in(ANNA), today() - timedelta(days=1)
    assert shown(anna, "/?state=acknowledged") == [2, 3]
    assert shown(anna, f"/?from={today()}&to={today()}") == [1, 2, 3]
    assert shown(anna, f"/?to={yesterday}") == [4]
    page = anna.get(f"/?section=answer&to={yesterday}").text
    assert f'<a href="/?section=answer&amp;to={yesterday}" aria-current="true">No answer yet <b>1</b>' in page
    assert f'<a href="/?to={yesterday}">All <b>1</b>' in page


def test_a_tag_narrows_the_inbox_and_stands_in_no_address(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    for case in (1, 4):
        revision = re.search(r'name="revision" value="([0-9]+)"', anna.get(f"/cases/{case}").text)
        assert revision is not None
        assert anna.post(f"/cases/{case}/sheet", part="tags", revision=revision[1], text="Nordlys ApS").status == 303
    asked = {"tag": "nordlys  aps", "state": "received", "section": "answer", "from": "", "to": ""}
    to = anna.post("/", **asked).header("location")
    assert to == "/?section=answer&state=received&tagged=0"
    assert shown(anna, to) == [4, 1]
    page = html.unescape(anna.get(to).text)
    assert 'name="tag" type="text" value="nordlys aps"' in page
    assert '<form method="post" action="/">' in page
    addresses = re.findall(r'(?:href|action)="([^"]*)"', page)
    assert f"{to}&language=da" in addresses
    assert "/?state=received&tagged=0" in addresses
    assert "/?section=answer" in addresses, "all days and states"
    assert not [each for each in addresses if "nordlys" in each.lower()]
    assert anna.post("/", **asked).header("location") == to
    assert anna.post("/", tag="bilag").header("location") == "/?tagged=1"
    assert shown(anna, "/?tagged=1") == []
    wrong = anna.post("/", **{**asked, "from": "x"}).header("location")
    assert anna.get(wrong).status == 400
    assert 'name="tag" type="text" value="nordlys aps"' in anna.get(wrong).text


def test_a_tag_in_an_address_finds_nothing_and_its_place_only_what_this_session_asked_for(desk: Desk) -> None:
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert len(shown(anna, "/?tag=nordlys")) == 4
    assert anna.post("/", tag="nordlys aps").header("location") == "/?tagged=0"
    for place in ("0", "1", "-1", "x", "00"):
        answer = bo.get(f"/?tagged={place}")
        assert (answer.status, "There is no such view" in answer.text) == (400, True), place


@pytest.mark.parametrize(
    "query",
    [
        "section=none",
        "state=none",
        "from=2026-02-30",
        "from=2026-11-25&to=2026-11-24",
        "after=x",
        "after=2026-11-24.-1",
        "to=x",
    ],
)
def test_a_view_that_does_not_exist_is_named_over_the_whole_inbox_with_what_was_typed(desk: Desk, query: str) -> None:
    page = desk.signed_in(ANNA).get(f"/?{query}")
    assert page.status == 400
    assert "There is no such view" in page.text
    assert page.text.count('<th scope="row">') == 4
    for name, value in re.findall(r"(from|to)=([^&]+)", query):
        assert f'name="{name}" type="date" value="{value}"' in page.text


@pytest.mark.parametrize(
    ("query", "words"), [("section=due", "Nothing is due soon"), ("state=closed", "No case here is in this state")]
)
def test_an_empty_section_says_what_that_means(desk: Desk, query: str, words: str) -> None:
    assert words in desk.signed_in(ANNA).get(f"/?{query}").text


def test_a_first_answer_is_a_reminder_of_its_own_until_somebody_says_anything(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    row = dict(re.findall(r'<a href="/cases/(\d)">(.*?)</tr>', anna.get("/").text, re.DOTALL))
    assert "First answer by" in row["1"]
    assert re.search(r"overdue\"><strong>Overdue:</strong> First answer by", row["4"])
    assert "First answer by" not in row["2"] + row["3"]


def test_the_language_links_keep_the_view(desk: Desk) -> None:
    page = html.unescape(desk.signed_in(ANNA).get("/?section=answer&state=received").text)
    assert 'href="/?section=answer&state=received&language=da"' in page


def test_an_answer_gives_the_turn_and_a_message_takes_it_back(desk: Desk) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(), 50))
    anna = desk.signed_in(ANNA)
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    path = f"/cases/{case.number}"
    anna.get(path)
    for form, fields, turn in (("note", {"text": "Kun os."}, "desk"), ("reply", {"text": "Tak."}, "reporter")):
        assert anna.post(f"{path}/{form}", **fields).status == 303
        assert one(desk.cases, case.number).turn == turn
    desk.deliver(reporter.frame(reporter.message("Mere."), 51))
    assert case.number in shown(anna, "/?section=desk")
    anna.get(path)
    assert anna.post(f"{path}/acknowledge", text="Vi har læst det.").status == 303
    anna.get(path)
    assert anna.post(f"{path}/state", state="assessing", tell="yes").status == 303
    assert one(desk.cases, case.number).turn == "desk", "word of a step answers nothing"


def test_a_purged_case_leaves_neither_row_nor_count(file: Path) -> None:
    with closing(Cases(f"sqlite:///{file}", clocks_of(PRESET))) as cases:
        act_ = Act(datetime.combine(RECEIVED, time(9), UTC), "desk", "erased", 2)
        assert cases.erasure.erase(cases.erasure.ending(2), lambda *_: act_, lambda _: ())
        assert cases.work.counts([GROUP], "anna", Wanted(), RECEIVED)[""] == 1
        assert cases.work.page([GROUP], "anna", Wanted(), RECEIVED, 9) == [1]

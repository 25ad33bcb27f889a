"""Conflicts of interest: nothing is opened before a declaration; who is kept away from a case finds no trace of it."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.desk.relaying import Evidence, Public, public, thread_of
from tests.desk.running import ANNA, BO, CARL, DORA, Desk, Member, Page, Reporter, started, today, troubles
from tests.desk.test_erasure import answer, close
from tests.desk.test_reading import flipped
from whistle.desk.reading import Reader
from whistle.errors import NoMatch, NotYours
from whistle.protocol.content import Files
from whistle.protocol.wire import TO_REPORTER
from whistle.sealing.cases import open_case_key
from whistle.sealing.contents import open_envelope
from whistle.sealing.keys import Identity
from whistle.store.desk import Act

HERE = "/cases/1"
TEXT = "Bilag 7 er forfalsket."
WHY = "Bo is a brother of whom the report names."


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port) as running:
        yield running


@pytest.fixture
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


@pytest.fixture
def bo(desk: Desk) -> Member:
    return desk.signed_in(BO)


def reported(desk: Desk, group: str = "risk-control", opener: str = ANNA) -> Reporter:
    reporter = Reporter.new(desk.card, group)
    desk.deliver(reporter.frame(reporter.report(TEXT), desk.cases.relayed().after + 1))
    desk.signed_in(opener)
    return reporter


def undeclared(desk: Desk, name: str) -> Member:
    member = desk.signed_in(name)
    member.declares = False
    return member


def made_lead(desk: Desk, name: str) -> None:
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("UPDATE member SET role = 'lead' WHERE name = ?", (name,))
        connection.commit()


def log_of(desk: Desk) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute("SELECT who, action FROM log WHERE \"case\" = 1 AND who != 'desk' ORDER BY number").fetchall()


def exclude(member: Member, name: str = BO, text: str = WHY) -> int:
    return member.post(f"{HERE}/exclude", member=name, text=text).status


def without_tokens(text: str) -> str:
    return re.sub(r'name="token" value="[0-9a-f]+"', "", text)


# Declaring ------------------------------------------------------------------------------------------------------------


def test_before_a_declaration_the_page_shows_number_group_and_day_and_nothing_else_is_opened(desk: Desk) -> None:
    reported(desk)
    anna = undeclared(desk, ANNA)
    page = anna.get(HERE)
    assert page.status == 200
    assert all(
        said in page.text for said in ("case 1", "Risk control", f"{today().day} ", "I know of no conflict", "I have one")
    )
    assert TEXT not in page.text
    assert log_of(desk) == []
    assert "1 new" in anna.get("/").text


def test_before_a_declaration_no_path_of_a_case_shows_or_changes_anything(desk: Desk) -> None:
    reported(desk)
    made_lead(desk, BO)
    member = undeclared(desk, BO)
    before = desk.cases.case(1), desk.cases.contents(1), log_of(desk)
    tried = 0
    for line in desk.running.desk.table:
        if "{number:case}" in line.path and not line.path.endswith(("/declare", "/step-aside", "}", "/files")):
            path = line.path.replace("{number:case}", "1")
            fields = {"text": "words", "member": ANNA, "group": "audit-chair", "token": member.token}
            page = member._send(path, fields) if line.method == "POST" else member.get(path)
            assert page.status == (403 if line.method == "POST" else 200), line
            assert TEXT not in page.text
            tried += 1
    assert tried > 15
    assert member.get(f"{HERE}/files/{'f' * 32}").status == 403
    assert (desk.cases.case(1), desk.cases.contents(1), log_of(desk)) == before


def test_what_was_typed_before_a_declaration_is_not_lost(desk: Desk) -> None:
    reported(desk)
    anna = undeclared(desk, ANNA)
    page = anna._send(f"{HERE}/reply", {"text": "a long answer", "token": anna.token})
    assert (page.status, "a long answer" in page.text, "Open the case first" in page.text) == (403, True, True)


def test_a_declaration_opens_the_case_for_its_member_alone_and_is_one_line_of_the_log(desk: Desk) -> None:
    reported(desk)
    anna = undeclared(desk, ANNA)
    for _ in range(2):
        anna.get(HERE)
        assert anna._send(f"{HERE}/declare", {"token": anna.token}).header("location") == HERE
    assert TEXT in anna.get(HERE).text
    assert TEXT not in undeclared(desk, BO).get(HERE).text
    assert log_of(desk) == [(ANNA, "declared"), (ANNA, "opened"), (ANNA, "opened")]


# Stepping aside -------------------------------------------------------------------------------------------------------


def test_who_steps_aside_sees_nothing_from_then_on_and_another_sees_who_and_when(desk: Desk, anna: Member, bo: Member) -> None:
    before = without_tokens(bo.get("/").text)
    reported(desk)
    assert TEXT in bo.get(HERE).text
    gone = bo.post(f"{HERE}/step-aside")
    assert (gone.status, gone.header("location")) == (303, "/?done=step-aside")
    assert "You have stepped aside" in bo.get("/?done=step-aside").text
    assert bo.get(HERE).text == bo.get("/cases/999").text
    assert bo.get(HERE).status == 404
    assert without_tokens(bo.get("/").text) == before
    assert re.search(r"bo stepped aside on \d+ ", anna.get(HERE).text)
    assert (BO, "stepped aside") in log_of(desk)


def test_one_can_step_aside_instead_of_declaring(desk: Desk) -> None:
    reported(desk)
    bo = undeclared(desk, BO)
    bo.get(HERE)
    assert bo._send(f"{HERE}/step-aside", {"token": bo.token}).status == 303
    assert bo.get(HERE).status == 404


@pytest.mark.parametrize("declares", [True, False])
def test_the_last_one_who_can_read_a_case_cannot_step_aside(desk: Desk, declares: bool) -> None:
    reported(desk, "audit-chair", CARL)
    carl = desk.signed_in(CARL)
    carl.declares = declares
    carl.get(HERE)
    page = carl._send(f"{HERE}/step-aside", {"token": carl.token})
    assert (page.status, "hand it to another group first" in page.text, TEXT in page.text) == (409, True, declares)
    assert (CARL, "stepped aside") not in log_of(desk)


def test_who_stepped_aside_does_not_come_back_alone_and_with_a_leads_reason_declares_anew(desk: Desk, bo: Member) -> None:
    made_lead(desk, BO)
    reported(desk)
    bo = desk.signed_in(BO)
    bo.post(f"{HERE}/step-aside")
    assert bo.post(f"{HERE}/readmit", aside="1", text="me again").status == 404
    assert bo._send(f"{HERE}/declare", {"token": bo.token}).status == 404
    anna = desk.signed_in(ANNA)
    refused = anna.post(f"{HERE}/readmit", aside="1", text=" ")
    assert (refused.status, 'aria-invalid="true"' in refused.text) == (400, True)
    assert bo.get(HERE).status == 404
    assert anna.post(f"{HERE}/readmit", aside="1", text="It was a namesake.").header("location") == f"{HERE}?done=readmit"
    again = undeclared(desk, BO)
    assert "I know of no conflict" in again.get(HERE).text
    assert "It was a namesake." in bo.get(HERE).text
    assert (ANNA, "readmitted bo") in log_of(desk)
    late = anna.post(f"{HERE}/readmit", aside="1", text="a long reason")
    assert (late.status, "a long reason" in late.text) == (409, True)


# Excluding ------------------------------------------------------------------------------------------------------------


def test_an_excluded_lead_finds_no_trace_of_the_case_on_any_page(desk: Desk, anna: Member) -> None:
    made_lead(desk, BO)
    bo = desk.signed_in(BO)
    paths = ("/", "/?language=da", "/numbers?language=en", "/numbers.csv")
    before = {path: without_tokens(bo.get(path).text) for path in paths}
    reporter = reported(desk)
    anna.post(f"{HERE}/hold", text="why", review=str(today() + timedelta(days=1)))
    answer(bo, "confirm", "hold")
    assert exclude(anna) == 303
    desk.deliver(reporter.frame(reporter.message("Mere."), 20), reporter.frame(flipped(reporter.message("hidden")), 21))
    desk.clock.ahead = timedelta(days=3)
    bo, anna = desk.signed_in(BO), desk.signed_in(ANNA)
    assert {path: without_tokens(bo.get(path).text) for path in paths} == before
    assert "An overdue" in anna.get("/").text or "/cases/1#keeping" in anna.get("/").text
    for path in ("/log", "/log?case=1", "/log?who=bo"):
        assert not re.search(r"Case 1|/cases/1|xcluded", bo.get(path).text), path
    assert "Mere." in anna.get(HERE).text, "what this member's session opened went into the case all the same"
    assert "Excluded bo" in anna.get("/log").text


def test_the_reason_is_never_the_excluded_ones_to_read_not_even_once_they_are_back(
    desk: Desk, anna: Member, bo: Member
) -> None:
    made_lead(desk, CARL)
    reported(desk)
    assert exclude(anna) == 303
    page = anna.get(HERE).text
    assert (WHY in page, "bo was excluded by anna" in page) == (True, True)
    assert anna.post(f"{HERE}/readmit", aside="1", text="Cleared.").status == 303
    assert WHY in anna.get(HERE).text
    page = bo.get(HERE).text
    assert ("Cleared." in page, WHY in page) == (True, False)
    assert bo.post(f"{HERE}/note", text="A word of mine.").status == 303
    thread = anna.get(HERE).text
    assert "A word of mine." in thread
    assert troubles(thread) == []


def test_once_the_case_is_erased_an_excluded_lead_learns_nothing_from_the_log_either(desk: Desk, anna: Member) -> None:
    made_lead(desk, BO)
    reported(desk)
    assert exclude(anna) == 303
    close(desk)
    desk.clock.ahead = timedelta(days=800)
    desk.running.purge.once()
    assert desk.cases.case(1) is None
    assert "Erased" in desk.signed_in(ANNA).get("/log").text
    assert "Case 1" not in desk.signed_in(BO).get("/log").text
    with closing(sqlite3.connect(desk.database)) as connection:
        for table in ("declared", "aside", "handed"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


@pytest.mark.parametrize("name", [ANNA, CARL, DORA, "nobody", ""])
def test_only_another_who_can_read_the_case_is_excluded_and_what_was_typed_stays(desk: Desk, anna: Member, name: str) -> None:
    reported(desk)
    page = anna.post(f"{HERE}/exclude", member=name, text="a long reason")
    assert (page.status, "Choose a member" in page.text, "a long reason" in page.text) == (400, True, True)
    assert desk.cases.conflicts.aside(1) == []


def test_without_a_reason_nobody_is_excluded_and_the_choice_stays(desk: Desk, anna: Member) -> None:
    reported(desk)
    page = anna.post(f"{HERE}/exclude", member=BO, text="")
    assert page.status == 400
    assert re.search(r'value="bo" required checked', page.text)
    assert desk.cases.conflicts.aside(1) == []


def test_a_form_that_was_open_when_its_member_was_excluded_does_nothing(desk: Desk, anna: Member, bo: Member) -> None:
    reported(desk)
    bo.get(HERE)
    assert exclude(anna) == 303
    assert bo.post(f"{HERE}/reply", text="too late").status == 404
    with pytest.raises(NotYours):  # even between its reading and its writing
        desk.cases.write(Act(desk.clock(), BO, "noted", 1), None, None, None)


# Handing over ---------------------------------------------------------------------------------------------------------


def hand_over(member: Member, group: str = "audit-chair", text: str = "It concerns risk control.") -> Page:
    return member.post(f"{HERE}/hand-over", group=group, text=text)


def came(desk: Desk, reporter: Reporter, *envelopes: bytes) -> None:
    for place, envelope in enumerate(envelopes, desk.cases.relayed().after + 1):
        desk.deliver(reporter.frame(envelope, place))


def verdicts(desk: Desk) -> list[tuple[str, str]]:
    """Everything in case 1 as the session of carl reads it."""
    session = next(each for each in desk.running.sessions._sessions.values() if each.member == CARL)
    items = desk.running.desk.case_pages.reader.unshown(session, 1).thread.items
    return [(item.direction, item.verdict.value) for item in items]


def identities(desk: Desk, group: str) -> list[Identity]:
    desk.signed_in(CARL if group == "audit-chair" else ANNA)
    session = list(desk.running.sessions._sessions.values())[-1]
    return list(session.groups[group].identities.values())


def test_a_case_that_was_handed_over_is_the_other_groups_with_all_that_is_in_it(
    desk: Desk, server: Public, anna: Member
) -> None:
    carl = desk.signed_in(CARL)
    before = {path: without_tokens(anna.get(path).text) for path in ("/", "/numbers", "/numbers.csv")}
    reporter, evidence = Reporter.new(desk.card), Evidence.of(desk, b"bilag 7")
    server.submit(reporter, reporter.report(TEXT))
    server.send(reporter, *evidence.parts)
    server.submit(reporter, reporter.say(Files((evidence.named(),))))
    desk.poll()
    assert anna.post(f"{HERE}/reply", text="Vi ser på det.").status == 303
    gone = hand_over(anna)
    assert (gone.status, gone.header("location")) == (303, "/?done=hand-over")
    assert anna.get(HERE).text == anna.get("/cases/999").text
    assert {path: without_tokens(anna.get(path).text) for path in before} == before
    assert "Case 1" not in anna.get("/log").text
    page = carl.get(HERE).text
    assert all(said in page for said in (TEXT, "Vi ser på det.", "It concerns risk control.", "bilag 7.pdf", "Chair"))
    assert carl.post(f"{HERE}/files/{evidence.id.hex()}").text == "bilag 7"
    assert "Handed the case to audit-chair" in carl.get("/log").text
    assert "/cases/1" in carl.get("/").text
    assert carl.post(f"{HERE}/acknowledge", text="Nu læser en anden gruppe.").status == 303
    desk.poll()
    said = thread_of(server, reporter, TO_REPORTER)
    assert [(item.verdict.value, item.content and item.content.context.group) for item in said] == [
        ("verified", "risk-control"),
        ("verified", "audit-chair"),
    ]


def test_no_key_of_the_former_group_opens_the_case_key_any_more(desk: Desk, anna: Member) -> None:
    reported(desk)
    case = desk.cases.case(1)
    assert case is not None
    old, new = identities(desk, "risk-control"), identities(desk, "audit-chair")
    assert [open_case_key(case.key, each) for each in old]
    hand_over(anna)
    case = desk.cases.case(1)
    assert case is not None
    for identity in old:
        with pytest.raises(NoMatch):
            open_case_key(case.key, identity)
    assert [open_case_key(case.key, each) for each in new]


def test_what_the_reporter_sends_later_to_the_former_group_is_passed_on_unseen_and_in_order(desk: Desk, anna: Member) -> None:
    reporter = reported(desk)
    hand_over(anna)
    carl = desk.signed_in(CARL)
    came(desk, reporter, reporter.message("Først."), reporter.message("Så."))
    assert "Først." not in carl.get(HERE).text, "it waits for whoever has its key"
    read = without_tokens(anna.get("/").text)
    assert ("Case 1" in read, desk.cases.refused(["risk-control"], ANNA)) == (False, [])
    page = carl.get(HERE).text
    assert page.index("Først.") < page.index("Så.")
    assert verdicts(desk) == [("to-desk", "verified"), ("internal", "verified"), *[("to-desk", "verified")] * 2]
    assert desk.cases.waiting() == []
    came(desk, reporter, reporter.message("Først."))
    assert [each.box for each in desk.cases.waiting()] == [reporter.keys.box]


def test_what_is_passed_on_opens_with_the_new_groups_key_alone(desk: Desk, anna: Member) -> None:
    reporter = reported(desk)
    hand_over(anna)
    came(desk, reporter, reporter.message("Senere."))
    anna.get("/")
    [arrival] = desk.cases.waiting()
    for identity in identities(desk, "risk-control"):
        with pytest.raises(NoMatch):
            open_envelope(arrival.sealed, [identity])
    assert b"Senere." in open_envelope(arrival.sealed, identities(desk, "audit-chair")).plaintext


def test_a_file_that_comes_later_is_passed_on_too(desk: Desk, server: Public, anna: Member) -> None:
    reporter, evidence = Reporter.new(desk.card), Evidence.of(desk, b"bilag 8" * 99_999)
    server.submit(reporter, reporter.report(TEXT))
    desk.poll()
    anna.get("/")
    hand_over(anna)
    carl = desk.signed_in(CARL)
    server.send(reporter, *evidence.parts)
    server.submit(reporter, reporter.say(Files((evidence.named(),))))
    desk.poll()
    assert "Damaged" not in carl.get(HERE).text
    anna.get("/")
    assert "bilag 7.pdf" in carl.get(HERE).text
    assert carl.post(f"{HERE}/files/{evidence.id.hex()}").text == "bilag 8" * 99_999


def test_what_comes_damaged_is_told_to_whoever_has_the_case(desk: Desk, anna: Member) -> None:
    reporter = reported(desk)
    came(desk, reporter, flipped(reporter.message("en")))
    assert len(desk.cases.refused(["risk-control"], ANNA)) == 0
    anna.get("/")
    assert len(desk.cases.refused(["risk-control"], ANNA)) == 1
    hand_over(anna)
    came(desk, reporter, flipped(reporter.message("to")))
    anna.get("/")
    assert desk.cases.refused(["risk-control"], ANNA) == []
    assert len(desk.cases.refused(["audit-chair"], CARL)) == 2


def test_a_case_can_come_back_and_nothing_of_it_is_lost(desk: Desk, anna: Member) -> None:
    reporter = reported(desk)
    hand_over(anna)
    came(desk, reporter, reporter.message("en"))
    anna.get("/")  # passed on, and still closed when the case comes back
    carl = desk.signed_in(CARL)
    came(desk, reporter, reporter.message("to"))
    assert carl.post(f"{HERE}/hand-over", group="risk-control", text="Not ours.").status == 303
    anna.declares = False
    assert "I know of no conflict" in anna.get(HERE).text, "a declaration is for one time"
    anna.declares = True
    page = anna.get(HERE).text
    assert page.index(">en<") < page.index(">to<")
    assert troubles(page) == []
    assert carl.get(HERE).status == 404


@pytest.mark.parametrize("group", ["risk-control", "nobody", ""])
def test_a_case_goes_to_another_group_of_the_card_and_what_was_typed_stays(desk: Desk, anna: Member, group: str) -> None:
    reported(desk)
    page = hand_over(anna, group, "a long reason")
    assert (page.status, "Choose another group" in page.text, "a long reason" in page.text) == (400, True, True)
    page = hand_over(anna, text="")
    assert (page.status, 'value="audit-chair" required checked' in page.text) == (400, True)
    assert anna.get(HERE).status == 200


def test_a_group_in_which_nobody_could_read_the_case_is_not_offered(desk: Desk, anna: Member) -> None:
    reported(desk)
    with closing(sqlite3.connect(desk.database)) as connection:
        values = (1, CARL, CARL, "2026-11-21", 0)
        connection.execute('INSERT INTO aside ("case", member, "by", day, place) VALUES (?, ?, ?, ?, ?)', values)
        connection.commit()
    assert "Hand this case" not in anna.get(HERE).text
    assert hand_over(anna).status == 400


def test_a_file_that_is_still_sealed_to_the_group_is_opened_before_the_case_is_handed_over(
    desk: Desk, server: Public, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter, evidence = Reporter.new(desk.card), Evidence.of(desk, b"bilag 9")
    server.submit(reporter, reporter.report(TEXT))
    desk.poll()
    anna.get(HERE)
    server.send(reporter, *evidence.parts)
    desk.poll()
    with monkeypatch.context() as before:  # it becomes whole between the opening of files and the handing over
        before.setattr(Reader, "_open_files", lambda *_: None)
        page = hand_over(anna, text="a long reason")
    assert (page.status, "still sealed to your group" in page.text, "a long reason" in page.text) == (409, True, True)
    assert hand_over(anna).status == 303


def test_an_envelope_to_a_group_that_never_had_the_case_is_not_passed_on(desk: Desk, anna: Member) -> None:
    reporter = reported(desk)
    other = Reporter(reporter.card, reporter.keys, "audit-chair", reporter.last)
    came(desk, reporter, other.message("to the chair"))
    desk.signed_in(CARL)
    assert "to the chair" not in anna.get(HERE).text
    assert len(desk.cases.refused(["audit-chair"], CARL)) == 1

"""Every path by every role by one's own case, another group's and none: generated from the route table."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.desk.relaying import Public, public
from tests.desk.running import ANNA, BO, CARL, DORA, ERIK, Desk, Member, Page, Reporter, started, today
from whistle.desk.pages import Guarded
from whistle.desk.roles import RIGHTS, Right, Role
from whistle.store.conflicts import exclude
from whistle.store.desk import Case
from whistle.store.log import Which

WHO = {Role.LEAD: ANNA, Role.INVESTIGATOR: BO, Role.AUDITOR: DORA, Role.ADMINISTRATOR: ERIK}
SECOND = {("GET", "/sign-in/second"), ("POST", "/sign-in/second"), ("GET", "/passkey.js")}  # for whoever gave a passphrase
INVITATION = "/invitation/{token:token}"  # a one-time link of 256 bits opens it
OPEN = {("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/style.css"), ("GET", INVITATION), ("POST", INVITATION), *SECOND}
FILES = ("/files", "/recording")
NOT_ALLOWED = "Your role does not include this"


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port, recordings=True) as running:
        yield running


def case_of(desk: Desk, group: str, opener: str) -> Case:
    reporter = Reporter.new(desk.card, group)
    desk.deliver(reporter.frame(reporter.report(text=f"Something about {group} that nobody else may read.")))
    desk.signed_in(opener)
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    return case


def asked(member: Member, line: Guarded, number: int) -> Page:
    path = re.sub(r"\{file:file\}", "f" * 32, line.path.replace("{number:case}", str(number)))
    path = re.sub(r"\{[a-z]+:[a-z]+\}", "1", path)
    if line.method == "GET":
        return member.get(path)
    return member._ask("POST", path, f"token={member.token}".encode(), FORM)


FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", "origin": "null"}


def refusals(desk: Desk) -> int:
    return sum(line.action == "refused" for line in desk.cases.lines.lines(Which()))


def test_every_path_states_the_right_that_it_takes_and_only_signing_in_takes_none(desk: Desk) -> None:
    table = desk.running.desk.table
    assert {(line.method, line.path) for line in table if line.right is None} == OPEN
    assert len({(line.method, line.path) for line in table}) == len(table)
    assert all(line.right is Right.CASES for line in table if "{number:case}" in line.path and line.right is not Right.LEAD)


def test_whoever_is_not_signed_in_gets_nowhere(desk: Desk) -> None:
    stranger = Member(desk.port)
    for line in desk.running.desk.table:
        if line.right is not None:
            page = asked(stranger, line, 1)
            assert (page.status, page.header("location")) == (303, "/sign-in") or page.status == 403, line
            assert "<h1>Sign in</h1>" in page.text or page.status == 303, line


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_what_the_table_gives_it_and_nothing_else(desk: Desk, role: Role) -> None:
    own, other = case_of(desk, "risk-control", ANNA), case_of(desk, "audit-chair", CARL)
    member = desk.signed_in(WHO[role])
    before = desk.cases.case(own.number), desk.cases.contents(own.number)
    for line, case in product(desk.running.desk.table, (own, other)):
        if line.right is None or line.right in RIGHTS[role]:
            continue
        noted = refusals(desk)
        page = asked(member, line, case.number)
        assert (page.status, NOT_ALLOWED in page.text) == (403, True), (role, line)
        assert refusals(desk) == noted + 1, line
        assert "nobody else may read" not in page.text
    assert (desk.cases.case(own.number), desk.cases.contents(own.number)) == before


@pytest.mark.parametrize("role", [Role.LEAD, Role.INVESTIGATOR])
def test_another_groups_case_is_no_case(desk: Desk, role: Role) -> None:
    other, member = case_of(desk, "audit-chair", CARL), desk.signed_in(WHO[role])
    for line in desk.running.desk.table:
        if "{number:case}" in line.path and line.right in RIGHTS[role]:
            pages = [asked(member, line, number) for number in (other.number, 999)]
            expected = 403 if line.path.endswith(FILES) else 404  # a form that carries no file is refused before its case
            assert [page.status for page in pages] == [expected] * 2, line
            assert pages[0].text == pages[1].text.replace("/999", f"/{other.number}"), line


@pytest.mark.parametrize("role", [Role.LEAD, Role.INVESTIGATOR])
def test_a_case_that_a_member_is_excluded_from_is_no_case(desk: Desk, role: Role) -> None:
    own, member = case_of(desk, "risk-control", ANNA), desk.signed_in(WHO[role])
    member.get(f"/cases/{own.number}")
    with desk.cases._writing() as connection:
        exclude(connection, 0, own.number, WHO[role], "another lead", today())
    before = desk.cases.case(own.number), desk.cases.contents(own.number)
    for line in desk.running.desk.table:
        if "{number:case}" in line.path and line.right in RIGHTS[role]:
            noted = refusals(desk)
            pages = [asked(member, line, number) for number in (own.number, 999)]
            expected = 403 if line.path.endswith(FILES) else 404  # a form that carries no file is refused before its case
            assert [page.status for page in pages] == [expected] * 2, line
            assert pages[0].text == pages[1].text, line
            assert refusals(desk) == noted + (0 if expected == 403 else 2), line
        elif "{number:case}" not in line.path and line.method == "GET" and line.right in RIGHTS[role]:
            page = asked(member, line, own.number).text
            assert "nobody else may read" not in page
            assert f"Case {own.number}" not in page, line
            assert f"/cases/{own.number}" not in page, line
    assert (desk.cases.case(own.number), desk.cases.contents(own.number)) == before


def test_who_is_in_no_group_has_no_key_and_sees_no_case_not_even_on_a_page_that_they_may_see(desk: Desk) -> None:
    case_of(desk, "risk-control", ANNA)
    for name in (DORA, ERIK):
        member = desk.signed_in(name)
        session = next(each for each in desk.running.sessions._sessions.values() if each.member == name)
        assert session.groups == {}
        for line in desk.running.desk.table:
            if line.method == "GET" and line.right is not None:
                assert "nobody else may read" not in asked(member, line, 1).text


def test_the_auditor_reads_the_log_of_every_group_and_its_lead_only_that_of_their_own(desk: Desk) -> None:
    own, other = case_of(desk, "risk-control", ANNA), case_of(desk, "audit-chair", CARL)
    desk.signed_in(ANNA).get(f"/cases/{own.number}")
    desk.signed_in(CARL).get(f"/cases/{other.number}")
    seen = {name: re.findall(r"/cases/(\d+)|Case (\d+)", desk.signed_in(name).get("/log").text) for name in (DORA, ANNA, CARL)}
    numbers = {name: {int(a or b) for a, b in found} for name, found in seen.items()}
    assert numbers == {DORA: {own.number, other.number}, ANNA: {own.number}, CARL: {other.number}}

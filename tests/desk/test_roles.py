"""Every path by every role by one's own case, another group's, one that is kept from them, an erased one and none.

What is asked comes from the route table; what is expected is written out here, by hand.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.desk.relaying import Evidence, Public, public
from tests.desk.running import ANNA, BO, CARL, DORA, ERIK, Desk, Member, Page, Reporter, started, today
from tests.desk.test_files import form
from whistle.desk.paths import Guarded
from whistle.desk.roles import Right, Role
from whistle.protocol.content import Files
from whistle.store.conflicts import exclude
from whistle.store.desk import Act

WHO = {Role.LEAD: ANNA, Role.INVESTIGATOR: BO, Role.AUDITOR: DORA, Role.ADMINISTRATOR: ERIK}
MATRIX = {
    Right.ACCOUNT: {Role.LEAD, Role.INVESTIGATOR, Role.AUDITOR, Role.ADMINISTRATOR},
    Right.CASES: {Role.LEAD, Role.INVESTIGATOR},
    Right.LEAD: {Role.LEAD},
    Right.LOG: {Role.LEAD, Role.AUDITOR},
    Right.PEOPLE: {Role.LEAD, Role.ADMINISTRATOR},
}
# Which paths take which right, by hand; whatever is not named here is of cases.
PATHS = {
    Right.ACCOUNT: {
        *("GET /", "POST /sign-out", "POST /block", "GET /passphrase", "POST /passphrase", "GET /factors", "GET /factors/totp"),
        *(f"POST /factors/{form}" for form in ("passkey", "totp", "remove")),
    },
    Right.LEAD: {
        *(f"POST /cases/{{number:case}}/{form}" for form in ("exclude", "readmit", "hand-over")),
        *("POST /broadcast",),
    },
    Right.LOG: {"GET /log", "POST /log/verify", "GET /days"},
    Right.PEOPLE: {
        "GET /people",
        *(f"POST /people/{form}" for form in ("invite", "link", "admit", "remove", "block", "ask", "withdraw", "unblock")),
        *(f"POST /people/{form}" for form in ("new-key", "lead", "investigator", "reviewed", "reset")),
    },
}
ONESELF_ALONE = {(Role.LEAD, "/people/block")}  # the form names nobody: an administrator may block whom it names
SECOND = {("GET", "/sign-in/second"), ("POST", "/sign-in/second"), ("GET", "/passkey.js")}  # for whoever gave a passphrase
INVITATION = "/invitation/{token:token}"  # a one-time link of 256 bits opens it
OPEN = {("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/style.css"), ("GET", INVITATION), ("POST", INVITATION), *SECOND}
UPLOADS = ("/files", "/recording", "/reports/mail")
ENDING = ("/cases/{number:case}/step-aside", "/sign-out", "/block")  # after these a member is not where they were
NOT_ALLOWED = "Your role does not include this"
SECRET = "that nobody else may read"


@dataclass(frozen=True)
class Named:
    """A case, and the file that came with it."""

    number: int
    file: str = "f" * 32


NONE = Named(999)


@pytest.fixture(scope="module")
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path_factory.mktemp("roles"), ceremony, server.port, recordings=True) as running:
        yield running


@pytest.fixture
def fresh(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    """A desk for who blocks themselves."""
    with started(tmp_path, ceremony, server.port) as running:
        yield running


def case_of(desk: Desk, server: Public, group: str = "risk-control", opener: str = ANNA) -> Named:
    reporter, evidence = Reporter.new(desk.card, group), Evidence.of(desk, b"bilag", group)
    server.submit(reporter, reporter.report(text=f"Something about {group} {SECRET}."))
    server.send(reporter, *evidence.parts)
    server.submit(reporter, reporter.say(Files((evidence.named(),))))
    desk.poll()
    desk.signed_in(opener)
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    return Named(case.number, evidence.id.hex())


def another_groups(desk: Desk, server: Public) -> Named:
    return case_of(desk, server, "audit-chair", CARL)


def excluded(desk: Desk, server: Public, name: str) -> Named:
    """A case that this member has read, and is kept away from since."""
    case = case_of(desk, server)
    assert SECRET in desk.signed_in(name).get(f"/cases/{case.number}").text
    with desk.cases._writing() as connection:
        exclude(connection, 0, case.number, name, "another lead", today())
    return case


def erased(desk: Desk, server: Public, name: str) -> Named:
    """A case that this member has read, and that is gone."""
    case = case_of(desk, server)
    assert SECRET in desk.signed_in(name).get(f"/cases/{case.number}").text
    act = Act(desk.clock(), "desk", "erased", case.number)
    assert desk.cases.erasure.erase(desk.cases.erasure.ending(case.number), lambda *_: act, lambda _: ())
    while desk.cases.erasure.erase_parts():
        pass
    return case


def asked(member: Member, line: Guarded, case: Named) -> Page:
    """What a path answers. Its form has a token and, of what it takes, a group alone."""
    path = line.path.replace("{number:case}", str(case.number)).replace("{file:file}", case.file)
    path = re.sub(r"\{[a-z]+:[a-z]+\}", "1", path)
    if line.method == "GET":
        return member.get(path)
    if line.path.endswith(UPLOADS):
        body, kind = form(member, b"words", "svar.txt"), "multipart/form-data; boundary=edge"
    else:
        body, kind = f"token={member.token}&group=risk-control".encode(), "application/x-www-form-urlencoded"
    return member._ask("POST", path, body, {"content-type": kind, "sec-fetch-site": "same-origin", "origin": "null"})


def refusals(desk: Desk) -> int:
    with closing(sqlite3.connect(desk.database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM log WHERE action = 'refused'").fetchone()
    return int(count)


def guarded(desk: Desk) -> list[Guarded]:
    """Every path that takes a right; what ends a session, or one's work on a case, comes last."""
    lines = [line for line in desk.running.desk.table if line.right is not None]
    return sorted(lines, key=lambda line: ENDING.index(line.path) if line.path in ENDING else -1)


def may(role: Role, line: Guarded) -> bool:
    assert line.right is not None
    return role in MATRIX[line.right]


def of_cases(desk: Desk, role: Role) -> list[Guarded]:
    found = [line for line in guarded(desk) if "{number:case}" in line.path and may(role, line)]
    assert len(found) > 30
    return found


def test_every_path_states_the_right_that_it_takes_and_only_signing_in_takes_none(desk: Desk) -> None:
    table = desk.running.desk.table
    assert {(line.method, line.path) for line in table if line.right is None} == OPEN
    assert len({(line.method, line.path) for line in table}) == len(table)
    assert all(line.right is Right.CASES for line in table if "{number:case}" in line.path and line.right is not Right.LEAD)


def test_every_right_is_that_of_the_paths_that_are_written_down_for_it(desk: Desk) -> None:
    found = {right: {f"{line.method} {line.path}" for line in guarded(desk) if line.right is right} for right in Right}
    assert {right: paths for right, paths in found.items() if right is not Right.CASES} == PATHS


def test_whoever_is_not_signed_in_gets_nowhere(desk: Desk) -> None:
    stranger = Member(desk.port)
    for line in guarded(desk):
        page = asked(stranger, line, NONE)
        assert (page.status, page.header("location")) == (303, "/sign-in") or page.status == 403, line
        assert "<h1>Sign in</h1>" in page.text or page.status == 303, line


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_what_the_table_gives_it_and_nothing_else(fresh: Desk, server: Public, role: Role) -> None:
    own, other, away = case_of(fresh, server), another_groups(fresh, server), excluded(fresh, server, BO)
    cases = [own, other, away, erased(fresh, server, ANNA)]
    member = fresh.signed_in(WHO[role])
    before = [(fresh.cases.case(each.number), fresh.cases.contents(each.number)) for each in cases]
    for line in [each for each in guarded(fresh) if not may(role, each)]:
        for case in cases if "{number:case}" in line.path else [NONE]:
            noted = refusals(fresh)
            page = asked(member, line, case)
            assert (page.status, NOT_ALLOWED in page.text) == (403, True), (role, line)
            assert refusals(fresh) == noted + 1, line
            assert SECRET not in page.text
    assert [(fresh.cases.case(each.number), fresh.cases.contents(each.number)) for each in cases] == before
    for line in [each for each in guarded(fresh) if may(role, each)]:
        if line.path in ENDING:
            member = fresh.signed_in(WHO[role])
        page = asked(member, line, own)
        expected = (role, line.path) not in ONESELF_ALONE
        assert (page.status not in (403, 404)) == expected, (role, line, page.status)
        assert page.status < 500, (role, line, page.text)


def is_no_case(desk: Desk, role: Role, case: Named) -> None:
    """No path of the case answers this role otherwise than for a number that nothing has; each try is on the log."""
    member = desk.signed_in(WHO[role])
    before = desk.cases.case(case.number), desk.cases.contents(case.number)
    for line in of_cases(desk, role):
        noted = refusals(desk)
        pages = [asked(member, line, each) for each in (case, NONE)]
        assert [page.status for page in pages] == [404] * 2, (line, pages[0].text)
        assert pages[0].text == pages[1].text, line
        assert refusals(desk) == noted + 2, line
    assert (desk.cases.case(case.number), desk.cases.contents(case.number)) == before


def is_on_no_page(desk: Desk, role: Role, case: Named) -> None:
    member = desk.signed_in(WHO[role])
    for line in guarded(desk):
        if line.method == "GET" and "{number:case}" not in line.path and may(role, line):
            page = asked(member, line, case).text
            assert SECRET not in page
            assert not re.search(rf"(Case |/cases/){case.number}\b", page), line


@pytest.mark.parametrize("role", [Role.LEAD, Role.INVESTIGATOR])
def test_another_groups_case_is_no_case(desk: Desk, server: Public, role: Role) -> None:
    other = another_groups(desk, server)
    is_no_case(desk, role, other)
    is_on_no_page(desk, role, other)


@pytest.mark.parametrize("role", [Role.LEAD, Role.INVESTIGATOR])
def test_a_case_that_a_member_is_excluded_from_is_no_case(desk: Desk, server: Public, role: Role) -> None:
    away = excluded(desk, server, WHO[role])
    is_no_case(desk, role, away)
    is_on_no_page(desk, role, away)


@pytest.mark.parametrize("role", [Role.LEAD, Role.INVESTIGATOR])
def test_an_erased_case_is_no_case(desk: Desk, server: Public, role: Role) -> None:
    is_no_case(desk, role, erased(desk, server, WHO[role]))


def test_who_is_in_no_group_has_no_key_and_sees_no_case_not_even_on_a_page_that_they_may_see(
    desk: Desk, server: Public
) -> None:
    own = case_of(desk, server)
    for name in (DORA, ERIK):
        member = desk.signed_in(name)
        sessions = [each for each in desk.running.sessions._sessions.values() if each.member == name]
        assert [each.groups for each in sessions] == [{}] * len(sessions) != []
        for line in guarded(desk):
            if line.method == "GET":
                assert SECRET not in asked(member, line, own).text


def test_the_auditor_reads_the_log_of_every_group_and_its_lead_only_that_of_their_own(desk: Desk, server: Public) -> None:
    own, other = case_of(desk, server).number, another_groups(desk, server).number
    desk.signed_in(ANNA).get(f"/cases/{own}")
    desk.signed_in(CARL).get(f"/cases/{other}")
    seen = {name: re.findall(r"/cases/(\d+)|Case (\d+)", desk.signed_in(name).get("/log").text) for name in (DORA, ANNA, CARL)}
    numbers = {name: {int(a or b) for a, b in found} & {own, other} for name, found in seen.items()}
    assert numbers == {DORA: {own, other}, ANNA: {own}, CARL: {other}}

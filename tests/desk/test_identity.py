"""An identity at the desk: revealed by a member of each ring and a reason, never by one, and not after its time."""

import re
import sqlite3
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.desk.running import ANNA, BO, CARL, PASSPHRASES, Desk, Member, Page, Reporter, hold_ceremony, started, today
from whistle.ceremony.plan import GroupPlan, MemberPlan, Plan
from whistle.desk.members import keys_of
from whistle.errors import SealingError
from whistle.protocol.content import Report, SealedIdentity, parse
from whistle.protocol.identity import IdentityGiven
from whistle.protocol.plaintext import parse as signed
from whistle.protocol.spelling import write_base64
from whistle.sealing.age import open_file
from whistle.sealing.cases import Kept, file_key_of
from whistle.sealing.contents import open_payload
from whistle.sealing.identity import rings_of, seal_identity
from whistle.sealing.keys import CaseKey, Identity
from whistle.sealing.wrapping import Factors, unwrap

NAME = "Kanarie Fugl-Hansen"
RINGS = (MemberPlan(ANNA, "a"), MemberPlan(BO, "b"), MemberPlan(CARL, "a"))
PLAN = Plan(True, 90, (GroupPlan("risk-control", {"en": "Risk control"}, RINGS),))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two members of ring A, one of ring B. The public server is not there."""
    folder = tmp_path_factory.mktemp("rings")
    (folder / "desk").mkdir()
    with started(folder / "desk", hold_ceremony(folder, PLAN), 9) as running:
        yield running


@pytest.fixture(autouse=True)
def _on_time(desk: Desk) -> Iterator[None]:
    yield
    desk.clock.ahead = timedelta()


@pytest.fixture
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


@pytest.fixture
def bo(desk: Desk) -> Member:
    return desk.signed_in(BO)


@pytest.fixture
def carl(desk: Desk) -> Member:
    return desk.signed_in(CARL)


def sealed_name(desk: Desk, name: str = NAME, group: str = "risk-control") -> str:
    return seal_identity(IdentityGiven(name, "20 12 34 56"), rings_of(desk.card, group))


def path_of(desk: Desk, reporter: Reporter) -> str:
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    return f"/cases/{case.number}"


@pytest.fixture
def case(desk: Desk) -> str:
    """The path of a new case whose reporter gave a name."""
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(identity=sealed_name(desk)), desk.cases.relayed().after + 1))
    desk.signed_in(ANNA)
    return path_of(desk, reporter)


def ask(member: Member, case: str, text: str = "Vi skal spørge om bilaget.", **fields: str) -> Page:
    source = re.search(r'name="source" value="(\d+)"', member.get(case).text)
    return member.post(f"{case}/identity", **({"source": source[1] if source else "0", "text": text} | fields))


def number_in(page: Page) -> str:
    """The request on a page."""
    found = re.search(r'name="asked" value="(\d+)"', page.text)
    return found[1] if found else "0"


def say(member: Member, case: str, how: str, number: str = "", **fields: str) -> Page:
    asked = number_in(member.get(case))
    return member.post(f"{case}/identity/{how}", asked=number or asked, **fields)


def log_of(desk: Desk, case: str) -> list[tuple[str, str]]:
    number = int(case.rpartition("/")[2])
    with closing(sqlite3.connect(desk.database)) as connection:
        rows = connection.execute('SELECT who, action FROM log WHERE "case" = ? ORDER BY number', (number,)).fetchall()
    return [(who, action) for who, action in rows if not action.startswith(("opened", "declared", "began "))]


def requests(desk: Desk, case: str) -> list[Any]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute('SELECT * FROM reveal WHERE "case" = ?', (case.rpartition("/")[2],)).fetchall()


def shows(page: Page) -> bool:
    return NAME in page.text


def test_an_identity_that_somebody_asks_to_read_is_not_removed_meanwhile(desk: Desk, anna: Member) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(), desk.cases.relayed().after + 1))
    desk.deliver(reporter.frame(reporter.say(SealedIdentity(sealed_name(desk))), desk.cases.relayed().after + 1))
    anna.get("/")
    path = path_of(desk, reporter)
    [part] = re.findall(r'<option value="(content-\d+)"', anna.get(path).text)
    assert ask(anna, path).status == 303
    assert part not in anna.get(path).text
    assert anna.post(f"{path}/removal", part=part, text="x").status == 409
    assert say(anna, path, "end").status == 303
    assert part in anna.get(path).text


# Two reveal it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [(ANNA, BO), (BO, ANNA)])
def test_a_name_is_read_by_the_member_of_ring_b_whoever_asked_and_each_step_is_on_the_log(
    desk: Desk, case: str, first: str, second: str
) -> None:
    asker, other, bo = desk.signed_in(first), desk.signed_in(second), desk.signed_in(BO)
    assert ask(asker, case).status == 303
    assert not shows(other.get(case))
    assert "Vi skal spørge om bilaget." in unescape(other.get(case).text)
    assert say(other, case, "approve").status == 303
    for member in (asker, other):
        assert not shows(member.get(case))
    for _ in range(2):
        page = say(bo, case, "reveal")
        assert (page.status, shows(page), page.header("cache-control")) == (200, True, "no-store")
        assert "20 12 34 56" in page.text
    assert say(bo, case, "end").status == 303
    assert log_of(desk, case) == [
        (first, "asked identity"),
        (second, "approved identity"),
        (BO, "revealed identity"),
        (BO, "revealed identity"),
        (BO, "ended identity"),
    ]
    assert desk.cases.verify_log() > 0


def test_that_a_name_is_read_is_on_the_log_before_it_is_opened(
    desk: Desk, case: str, anna: Member, bo: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(anna, case)
    say(bo, case, "approve")
    lines: list[tuple[str, str]] = []

    def opened(half: bytes, _: Identity) -> IdentityGiven:
        lines.extend(log_of(desk, case))
        return IdentityGiven(NAME, "")

    monkeypatch.setattr("whistle.desk.identity.open_inner", opened)
    assert shows(say(bo, case, "reveal"))
    assert lines[-1] == (BO, "revealed identity")


def test_a_name_that_is_given_later_is_revealed_and_the_page_asks_which_of_two(desk: Desk, anna: Member, bo: Member) -> None:
    reporter = Reporter.new(desk.card)
    at = desk.cases.relayed().after
    first, later = (sealed_name(desk, name) for name in ("Et andet navn", NAME))
    desk.deliver(reporter.frame(reporter.report(identity=first), at + 1))
    desk.deliver(reporter.frame(reporter.say(SealedIdentity(later)), at + 2))
    anna.get("/")
    case = path_of(desk, reporter)
    sources = re.findall(r'name="source" value="(\d+)"', anna.get(case).text)
    assert sources == sorted(sources, key=int, reverse=True)
    for source, name in zip(sources, (NAME, "Et andet navn"), strict=True):
        assert ask(anna, case, source=source).status == 303
        say(bo, case, "approve")
        assert name in say(bo, case, "reveal").text
        say(bo, case, "end")


# Nobody reads alone ---------------------------------------------------------------------------------------------------


def test_nobody_approves_their_own_request(desk: Desk, case: str, anna: Member, bo: Member) -> None:
    for member in (anna, bo):
        assert ask(member, case).status == 303
        answer = say(member, case, "approve")
        assert (answer.status, "another member must confirm" in answer.text) == (409, True)
        assert not shows(say(bo, case, "reveal"))
        assert say(member, case, "end").status == 303
    assert "revealed identity" not in dict(log_of(desk, case)).values()


def test_two_of_one_ring_do_not_do(desk: Desk, case: str, anna: Member, bo: Member, carl: Member) -> None:
    assert ask(anna, case).status == 303
    page = carl.get(case)
    assert "/identity/approve" not in page.text
    answer = say(carl, case, "approve")
    assert (answer.status, "You are of the same ring" in answer.text) == (409, True)
    for member in (anna, carl, bo):
        assert (say(member, case, "reveal").status, shows(say(member, case, "reveal"))) == (409, False)
    assert ask(carl, case, source="1").status == 409
    assert [action for _, action in log_of(desk, case)] == ["asked identity"]


def test_the_member_of_ring_a_never_reads_it_nor_does_a_third(case: str, anna: Member, bo: Member, carl: Member) -> None:
    ask(bo, case)
    say(anna, case, "approve")
    for member in (anna, carl):
        page = say(member, case, "reveal")
        assert (page.status, shows(page)) == (409, False)
    assert shows(say(bo, case, "reveal"))


def test_it_takes_a_reason(desk: Desk, case: str, anna: Member, bo: Member) -> None:
    assert ask(anna, case, " ").status == 400
    assert requests(desk, case) == []
    assert ask(anna, case).status == 303
    assert say(bo, case, "refuse", text=" ").status == 400
    assert len(requests(desk, case)) == 1


def test_a_request_of_another_case_or_an_earlier_one_is_not_approved(desk: Desk, case: str, anna: Member, bo: Member) -> None:
    ask(anna, case)
    earlier = number_in(bo.get(case))
    say(anna, case, "end")
    ask(anna, case)
    for number in (earlier, "0", "x", "9" * 30):
        assert say(bo, case, "approve", number).status == 409
    other = Reporter.new(desk.card)
    desk.deliver(other.frame(other.report(identity=sealed_name(desk)), desk.cases.relayed().after + 1))
    bo.get("/")
    assert bo.post(f"{path_of(desk, other)}/identity/approve", asked=number_in(bo.get(case))).status == 409
    assert [row for row in requests(desk, case) if BO in row] == []


def alone(desk: Desk, *names: str) -> bytes:
    """All that these members can open with the database, the disk of the desk and their own passphrases.

    Every key that is found is tried on everything that is found, until nothing new comes.
    """
    with closing(sqlite3.connect(desk.database)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
        contents = connection.execute("SELECT wrapped_key, payload FROM content").fetchall()
    files = [file.read_bytes() for file in (desk.ceremony / "desk").rglob("*") if file.is_file()]
    found = {value for row in rows for value in row if isinstance(value, bytes) and len(value) >= 32} | set(files)
    keys = [Identity(_secret(desk.ceremony, name)) for name in names]
    tried: set[tuple[bytes, bytes]] = set()
    while True:
        new = set(_opened(found, keys, tried)) | set(_said(found, contents)) - found
        if new <= found:
            return b"\n".join(found)
        found |= new
        keys += [Identity.of_text(each.decode().strip()) for each in new if each.startswith(b"AGE-SECRET-KEY")]


@cache
def _secret(ceremony: Path, name: str) -> bytes:
    file = (ceremony / f"desk/members/{name}.enrolment").read_text()
    return unwrap(file, f"member {name}", Factors(PASSPHRASES[name]))


def _opened(found: set[bytes], keys: list[Identity], tried: set[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for key in keys:
        for file in found:
            if file.startswith(b"age-encryption.org/v1") and (key.recipient, file) not in tried:
                tried.add((key.recipient, file))
                with suppress(SealingError):
                    yield open_file(file, [key])


def _said(found: set[bytes], contents: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """What was said in cases, and the identities in it as files of their own."""
    for key in [each for each in found if len(each) == 32]:
        for wrapped, payload in contents:
            with suppress(SealingError):
                plaintext = open_payload(payload, file_key_of(Kept(wrapped, payload), CaseKey(key)))
                yield plaintext
                body = parse(signed(plaintext).json).body
                if isinstance(body, Report | SealedIdentity) and body.identity:
                    yield _decoded(body.identity)


def _decoded(field: str) -> bytes:
    file = b64decode(field + "==")
    assert write_base64(file) == field
    return file


def test_one_member_with_the_database_the_disk_and_their_passphrase_cannot_open_an_identity(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "desk").mkdir()
    with started(tmp_path / "desk", desk.ceremony, 9) as fresh:
        reporter = Reporter.new(fresh.card)
        fresh.deliver(reporter.frame(reporter.report("Bilag 7 er forfalsket.", identity=sealed_name(fresh))))
        anna, bo, name = fresh.signed_in(ANNA), fresh.signed_in(BO), NAME.encode()
        case = path_of(fresh, reporter)
        for member in (ANNA, BO, CARL):
            assert "Bilag 7 er forfalsket." in alone(fresh, member).decode("latin-1")
            assert name not in alone(fresh, member)
        assert name not in alone(fresh, ANNA, CARL)
        assert name in alone(fresh, ANNA, BO), "what is tried here must open it for two"
        ask(bo, case)
        assert name not in alone(fresh, BO), "bo asked, and nobody of ring A has said yes"
        say(bo, case, "end")
        ask(anna, case)
        assert name not in alone(fresh, ANNA, CARL)
        say(bo, case, "approve")
        assert shows(say(bo, case, "reveal"))
        assert name not in alone(fresh, ANNA, CARL), "ring A never opens it, not even while bo reads"
        say(bo, case, "end")
        for member in (ANNA, BO, CARL):
            assert name not in alone(fresh, member), "the half is gone with its request"
        assert name not in b"".join(file.read_bytes() for file in fresh.database.parent.rglob("*") if file.is_file())


# The end of a request -------------------------------------------------------------------------------------------------


def test_a_request_is_refused_with_a_reason_that_stays_and_can_be_made_anew(
    desk: Desk, case: str, anna: Member, bo: Member, carl: Member
) -> None:
    for member, other in ((anna, bo), (bo, carl)):
        ask(member, case)
        assert say(member, case, "refuse", text="mine").status == 409
        assert say(other, case, "refuse", text="Ikke nødvendigt endnu.").status == 303
        assert "Ikke nødvendigt endnu." in unescape(member.get(case).text)
        assert requests(desk, case) == []
    assert not shows(say(bo, case, "reveal", "1"))
    assert [action for _, action in log_of(desk, case)] == ["asked identity", "refused identity"] * 2


def test_a_reason_that_came_too_late_is_still_on_the_page(case: str, anna: Member, bo: Member) -> None:
    ask(anna, case)
    number = number_in(bo.get(case))
    say(anna, case, "end")
    for path, text in (("identity/refuse", "Først bilaget."), ("identity", "Også jeg.")):
        page = bo.post(f"{case}/{path}", asked=number, source="0", text=text)
        assert page.status == 409
        assert f"{text}</textarea>" in page.text


def test_what_is_approved_cannot_be_refused_or_approved_again(case: str, anna: Member, bo: Member, carl: Member) -> None:
    ask(bo, case)
    assert say(anna, case, "approve").status == 303
    assert say(carl, case, "approve").status == 409
    assert say(carl, case, "refuse", text="nej").status == 409
    assert shows(say(bo, case, "reveal"))


@pytest.mark.parametrize(("approved", "lasts"), [(False, 3), (True, 1)])
def test_a_request_ends_by_itself_and_its_half_is_gone(
    desk: Desk, case: str, anna: Member, bo: Member, approved: bool, lasts: int
) -> None:
    ask(anna, case)
    if approved:
        say(bo, case, "approve")
    assert [row for row in requests(desk, case) if any(isinstance(each, bytes) for each in row)]
    number = number_in(bo.get(case))
    desk.clock.ahead = timedelta(days=lasts)
    desk.running.purge.once()
    assert len(requests(desk, case)) == 1
    desk.clock.ahead = timedelta(days=lasts + 1)
    bo = desk.signed_in(BO)
    assert "Request to reveal the name" not in bo.get(case).text
    how = "reveal" if approved else "approve"
    answer = bo.post(f"{case}/identity/{how}", asked=number)
    assert (answer.status, "is not open any more" in answer.text, shows(answer)) == (409, True, False)
    desk.running.purge.once()
    assert requests(desk, case) == []
    assert log_of(desk, case)[-1] == ("desk", "ended identity")


def test_a_request_that_is_over_does_not_stand_in_the_way_of_a_new_one(desk: Desk, case: str, anna: Member) -> None:
    ask(anna, case)
    desk.clock.ahead = timedelta(days=9)
    assert ask(desk.signed_in(CARL), case).status == 303
    assert [action for _, action in log_of(desk, case)] == ["asked identity", "ended identity", "asked identity"]


# Where it cannot be ---------------------------------------------------------------------------------------------------


def test_a_name_that_was_not_sealed_to_these_rings_is_said_to_be_unreadable(desk: Desk, anna: Member, bo: Member) -> None:
    strange = seal_identity(IdentityGiven(NAME, ""), [Identity(b"s" * 32).recipient] * 2)
    halfway = seal_identity(IdentityGiven(NAME, ""), [rings_of(desk.card, "risk-control")[0], Identity(b"s" * 32).recipient])
    cases = []
    for field in (strange, halfway):
        reporter = Reporter.new(desk.card)
        desk.deliver(reporter.frame(reporter.report(identity=field), desk.cases.relayed().after + 1))
        anna.get("/")
        cases.append(path_of(desk, reporter))
    answer = ask(anna, cases[0])
    assert (answer.status, "Nobody can read it here" in answer.text) == (400, True)
    assert "Vi skal spørge om bilaget.</textarea>" in unescape(answer.text)
    ask(anna, cases[1])
    say(bo, cases[1], "approve")
    assert "Nobody can read it here" in say(bo, cases[1], "reveal").text


def test_a_member_of_no_ring_is_told_so_and_can_neither_ask_nor_approve(desk: Desk, case: str, anna: Member) -> None:
    holder = Identity(_secret(desk.ceremony, CARL))
    groups = {group: replace(keys, ring_a=(), ring_b=()) for group, keys in keys_of(desk.cases.group_keys(), holder).items()}
    token, _ = desk.running.sessions.begin(CARL, desk.role(CARL), groups, "en", desk.clock())
    outside = Member(desk.port, f"__Host-desk={token}")
    outside.get("/")
    assert "keys of this group, so you can neither ask nor approve" in outside.get(case).text
    source = re.search(r'name="source" value="(\d+)"', anna.get(case).text)
    assert source is not None
    assert outside.post(f"{case}/identity", source=source[1], text="hvem").status == 409
    ask(anna, case)
    assert say(outside, case, "approve").status == 409
    assert "/identity/approve" not in outside.get(case).text


def test_a_group_without_rings_is_told_why_a_name_stays_closed(tmp_path: Path, ceremony: Path) -> None:
    with started(tmp_path, ceremony, 9) as other:
        reporter = Reporter.new(other.card, "audit-chair")
        other.deliver(reporter.frame(reporter.report(identity=sealed_name(other))))
        carl = other.signed_in(CARL)
        assert "This group has no rings" in carl.get(path_of(other, reporter)).text
        assert ask(carl, path_of(other, reporter)).status == 409


def test_another_groups_name_cannot_be_asked_for(tmp_path: Path, ceremony: Path) -> None:
    with started(tmp_path, ceremony, 9) as other:
        reporter = Reporter.new(other.card)
        other.deliver(reporter.frame(reporter.report(identity=sealed_name(other))))
        other.signed_in(ANNA)
        carl, case = other.signed_in(CARL), path_of(other, reporter)
        for how in ("", "/approve", "/refuse", "/end", "/reveal"):
            assert carl.post(f"{case}/identity{how}", asked="1", source="1", text="hvem").status == 404


def test_without_a_name_the_page_says_nothing_of_one(desk: Desk, anna: Member) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(), desk.cases.relayed().after + 1))
    anna.get("/")
    assert 'id="identity"' not in anna.get(path_of(desk, reporter)).text
    assert ask(anna, path_of(desk, reporter)).status == 409


def test_a_request_prints_nothing_of_its_half(desk: Desk, case: str, anna: Member) -> None:
    ask(anna, case)
    kept = desk.cases.identities.request(int(case.rpartition("/")[2]))
    assert kept is not None
    assert kept.half is not None
    assert "half" not in repr(kept)
    assert today() == kept.day

"""What the desk's store keeps of identities: one request at a time, by two, and nothing of it once it or its case is gone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from secrets import token_bytes

import pytest

from tests.store.test_desk import FROM_DESK, NOW, TODAY
from tests.store.test_erasure import NOTE, act, close, erase, random_content, rows, with_case
from whistle.errors import NeedsAnother, NeedsOtherRing, Overtaken, RequestEnded
from whistle.store.desk import Cases
from whistle.store.identity import Beside, Disclosed, Refused, Request

HALF = token_bytes(2_683)
BY_A = Request(1, "anna", "a", TODAY, TODAY + timedelta(3), HALF)
BY_B = Request(1, "bo", "b", TODAY, TODAY + timedelta(3))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def cases(file: Path) -> Iterator[Cases]:
    with closing(Cases(f"sqlite:///{file}")) as opened:
        with_case(opened)
        yield opened


def keep(cases: Cases, kept: Beside, number: int = 1) -> None:
    note = replace(NOTE, sequence=len(cases.contents(number)) + 10)
    cases.write(act("anna", "asked identity", number), note, None, None, beside=kept)


def asked(cases: Cases, request: Request, number: int = 1) -> int:
    keep(cases, request, number)
    kept = cases.identities.request(number)
    assert kept is not None
    return kept.id


def test_a_case_has_one_request_at_a_time_and_a_number_is_never_given_again(cases: Cases) -> None:
    first = asked(cases, BY_A)
    before = len(cases.contents(1))
    with pytest.raises(Overtaken):
        keep(cases, BY_B)
    assert len(cases.contents(1)) == before
    cases.identities.end(act(), first)
    assert asked(cases, BY_B) > first


def test_only_another_member_of_the_other_ring_approves_and_only_once(cases: Cases) -> None:
    number, ends = asked(cases, BY_B), TODAY + timedelta(1)
    for who, ring, error in (("bo", "a", NeedsAnother), ("dora", "b", NeedsOtherRing)):
        with pytest.raises(error):
            cases.identities.approve(act(who), number, ring, HALF, ends)
    with pytest.raises(RequestEnded):
        cases.identities.approve(act("anna", case=2), number, "a", HALF, ends)
    cases.identities.approve(act("anna"), number, "a", HALF, ends)
    with pytest.raises(RequestEnded):
        cases.identities.approve(act("carl"), number, "a", HALF, ends)
    with pytest.raises(RequestEnded):
        keep(cases, Refused(number, "carl"))
    assert cases.identities.request(1) == replace(BY_B, half=HALF, approved_by="anna", ends=ends, place=3, id=number)


@pytest.mark.parametrize(("request_", "second", "ring"), [(BY_A, "bo", "b"), (BY_B, "anna", "a")])
def test_the_half_is_given_to_the_one_of_ring_b_once_it_is_on_the_log(
    cases: Cases, request_: Request, second: str, ring: str
) -> None:
    number = asked(cases, request_)
    for who in ("anna", "bo"):
        with pytest.raises(NeedsAnother):
            cases.identities.reveal(act(who), number)
    cases.identities.approve(act(second), number, ring, None if request_.half else HALF, TODAY)
    for who in ("anna", "carl", ""):
        with pytest.raises(NeedsAnother):
            cases.identities.reveal(act(who), number)
    lines = cases.verify_log()
    assert cases.identities.reveal(act("bo", "revealed identity"), number) == HALF
    assert cases.verify_log() == lines + 1


def test_after_its_last_day_nobody_reads_or_approves(cases: Cases) -> None:
    number = asked(cases, BY_A)
    late = replace(act("bo"), time=NOW + timedelta(4))
    with pytest.raises(RequestEnded):
        cases.identities.approve(late, number, "b", None, TODAY)
    cases.identities.approve(act("bo"), number, "b", None, TODAY)
    with pytest.raises(RequestEnded):
        cases.identities.reveal(replace(act("bo"), time=NOW + timedelta(1)), number)


def test_what_is_over_is_gone_with_a_line_for_each_and_what_is_not_stays(cases: Cases, file: Path) -> None:
    with_case(cases)
    asked(cases, BY_A)
    asked(cases, replace(BY_B, ends=TODAY + timedelta(9)), 2)
    lines = cases.verify_log()
    for _ in range(2):
        cases.identities.lapse(NOW + timedelta(4), lambda case: act("desk", "ended identity", case))
    assert cases.verify_log() == lines + 1
    assert [row[1] for row in rows(file, "reveal")] == [2]
    cases.leave_no_trace()
    assert HALF[:32] not in file.read_bytes()


def test_an_erased_case_keeps_no_request_and_no_disclosure(cases: Cases, file: Path) -> None:
    with_case(cases)
    for number in (1, 2):
        asked(cases, BY_A, number)
        keep(cases, Disclosed("investigation", None), number)
    close(cases)
    assert erase(cases)
    for table in ("reveal", "disclosure"):
        assert [row[1] for row in rows(file, table)] == [2]
    assert [each.ground for each in cases.identities.disclosures(2)] == ["investigation"]


def test_a_disclosure_knows_the_place_of_its_message_which_is_sent_before_it(cases: Cases) -> None:
    told = replace(random_content(FROM_DESK), sequence=77)
    cases.write(act(), replace(NOTE, sequence=78), None, None, beside=Disclosed("proceedings", None), notice=(told, b"sealed"))
    [kept] = cases.identities.disclosures(1)
    places = {each.sequence: each.place for each in cases.contents(1)}
    assert (kept.notice, kept.place) == (places[77], places[78])
    assert cases.to_push()[-1][1] == kept.notice


def test_a_database_from_before_identities_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "before.sqlite"
    with closing(Cases(f"sqlite:///{file}")) as cases:
        with_case(cases)
    with closing(sqlite3.connect(file)) as connection:
        for statement in ("DROP TABLE reveal", "DROP TABLE disclosure", "UPDATE schema SET version = 6"):
            connection.execute(statement)
        connection.commit()
    with closing(Cases(f"sqlite:///{file}")) as cases:
        asked(cases, BY_A)
        keep(cases, Disclosed("consent", 1))

"""Removal of an irrelevant part: by two members, destroyed for good, and what follows it in the chain still verifies."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.desk.relaying import Evidence, Public, public
from tests.desk.running import ANNA, BO, CARL, Desk, Member, Reporter, started, troubles
from tests.desk.test_channels import keep
from tests.desk.test_erasure import close, in_days, later, log_of, two
from tests.desk.test_files import upload
from tests.desk.test_log import part
from whistle.protocol.content import INTERNAL, TO_DESK, Consent, ConsentWithdrawn, Files
from whistle.protocol.thread import Verdict

HERE = "/cases/1"
SECRET = "Hun har sagt, at hun er syg, og det kommer ikke sagen ved."


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    (tmp_path / "desk").mkdir()
    with started(tmp_path / "desk", ceremony, server.port, recordings=True) as running:
        yield running


@pytest.fixture
def reporter(desk: Desk, server: Public) -> Reporter:
    """A report, a message that is irrelevant, another, and a file."""
    reporter, evidence = Reporter.new(desk.card), Evidence.of(desk, b"bilag" * 99)
    server.submit(reporter, reporter.report("Bilag 7 er forfalsket."))
    server.submit(reporter, reporter.message(SECRET))
    server.submit(reporter, reporter.message("Og bilag 8."))
    server.send(reporter, *evidence.parts)
    server.submit(reporter, reporter.say(Files((evidence.named(),))))
    desk.poll()
    desk.signed_in(ANNA)
    return reporter


def ask(member: Member, number: int, text: str = "Privat.") -> int:
    return member.post(f"{HERE}/removal", part=part(member, number), text=text).status


def answer(member: Member, how: str, id_: int = 1) -> int:
    return member.post(f"{HERE}/removal-{how}", asked=str(id_)).status


def removed(desk: Desk, number: int) -> None:
    assert ask(desk.signed_in(ANNA), number) == 303
    assert answer(desk.signed_in(BO), "confirm") == 303


def verdicts(desk: Desk, direction: str = TO_DESK) -> list[Verdict]:
    desk.signed_in(ANNA)
    session = next(iter(desk.running.sessions._sessions.values()))
    return [
        item.verdict
        for item in desk.running.desk.case_pages.reader.read(session, 1).thread.items
        if item.direction == direction
    ]


def rows(desk: Desk, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute(statement).fetchall()


def test_what_two_members_remove_is_gone_from_the_page_and_the_rest_still_verifies(desk: Desk, reporter: Reporter) -> None:
    removed(desk, 1)
    assert verdicts(desk) == [Verdict.VERIFIED, Verdict.REMOVED, Verdict.VERIFIED, Verdict.VERIFIED]
    page = desk.signed_in(BO).get(HERE).text
    assert SECRET not in page
    assert "as irrelevant, by two members." in page
    assert "Og bilag 8." in page
    assert troubles(page) == []


def test_the_dialogue_goes_on_after_a_removal(desk: Desk, server: Public, reporter: Reporter) -> None:
    removed(desk, 3)  # the last that came: what members write next says that it was seen
    assert desk.signed_in(BO).post(f"{HERE}/acknowledge", text="Tak.").status == 303
    server.submit(reporter, reporter.message("Selv tak."))
    desk.poll()
    assert verdicts(desk)[-2:] == [Verdict.REMOVED, Verdict.VERIFIED]
    assert "Selv tak." in desk.signed_in(ANNA).get(HERE).text


def test_key_and_payload_are_destroyed_and_the_file_of_the_database_has_neither(desk: Desk, reporter: Reporter) -> None:
    (before,) = rows(desk, "SELECT wrapped_key, payload FROM content ORDER BY place LIMIT 1 OFFSET 1")
    removed(desk, 1)
    assert rows(desk, "SELECT wrapped_key, payload FROM content ORDER BY place LIMIT 1 OFFSET 1") == [(b"", b"")]
    later(desk, 1)
    for file in desk.database.parent.glob("desk.sqlite*"):
        found = file.read_bytes()
        assert not any(bytes(each[:48]) in found for each in before if isinstance(each, bytes))
    assert desk.cases.removals.has_traces() is False


def test_a_note_is_removed_like_a_message_and_the_next_one_follows_it(desk: Desk, reporter: Reporter) -> None:
    anna = desk.signed_in(ANNA)
    assert anna.post(f"{HERE}/note", text=SECRET).status == 303
    removed(desk, 5)
    assert desk.signed_in(BO).post(f"{HERE}/note", text="videre").status == 303
    assert verdicts(desk, INTERNAL) == [Verdict.REMOVED, Verdict.VERIFIED, Verdict.VERIFIED]


def test_a_file_is_removed_with_every_part_and_cannot_be_downloaded_or_come_again(
    desk: Desk, server: Public, reporter: Reporter
) -> None:
    assert len(rows(desk, "SELECT 1 FROM part")) > 0
    removed(desk, 4)
    assert rows(desk, "SELECT count(*) FROM part") == [(0,)]
    page = desk.signed_in(BO).get(HERE).text
    assert "Removed as irrelevant." in page
    assert "/files/" not in page.split('id="dialogue"')[1].split('id="send-file"')[0]
    desk.cases.files.pull_from_the_start()
    desk.poll()
    assert rows(desk, "SELECT count(*) FROM part") == [(0,)]


def test_a_message_that_names_files_is_removed_with_every_byte_of_them(desk: Desk, server: Public, reporter: Reporter) -> None:
    anna = desk.signed_in(ANNA)
    assert upload(anna, b"svar")[0].status == 303
    kept = rows(desk, "SELECT id FROM file WHERE direction = 'to-reporter'")
    assert "bilag 7.pdf" in anna.get(HERE).text
    removed(desk, 3)
    assert rows(desk, "SELECT DISTINCT file FROM part") == kept
    assert rows(desk, "SELECT verdict, wrapped_key, header FROM file WHERE direction = 'to-desk'") == [("removed", None, 0)]
    assert "bilag 7.pdf" not in desk.signed_in(BO).get(HERE).text
    desk.cases.files.pull_from_the_start()
    desk.poll()
    assert rows(desk, "SELECT DISTINCT file FROM part") == kept


def test_a_record_of_the_desk_is_removed_with_its_recording(desk: Desk, reporter: Reporter) -> None:
    anna = desk.signed_in(ANNA)
    before = rows(desk, "SELECT file FROM part")
    assert keep(anna) == 303
    assert len(rows(desk, "SELECT file FROM part")) == len(before) + 1
    removed(desk, 5)
    assert rows(desk, "SELECT file FROM part") == before
    assert rows(desk, "SELECT verdict, wrapped_key FROM file WHERE direction = 'internal'") == [("removed", None)]
    later(desk, 100)
    assert ("desk", "recording erased after its time") not in log_of(desk), "no clock erases it once more"
    assert "samtale.m4a" not in desk.signed_in(BO).get(HERE).text


def test_nobody_confirms_their_own_request_and_none_is_confirmed_twice(desk: Desk, reporter: Reporter) -> None:
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert ask(anna, 1) == 303
    assert answer(anna, "confirm") == 409
    assert SECRET in bo.get(HERE).text
    assert answer(bo, "confirm") == 303
    assert answer(bo, "confirm") == 409


def test_a_request_that_was_taken_back_removes_nothing(desk: Desk, reporter: Reporter) -> None:
    assert ask(desk.signed_in(ANNA), 1) == 303
    assert answer(desk.signed_in(ANNA), "withdraw") == 303
    assert answer(desk.signed_in(BO), "confirm") == 409
    assert SECRET in desk.signed_in(BO).get(HERE).text


def test_nothing_is_removed_under_a_legal_hold(desk: Desk, reporter: Reporter) -> None:
    assert ask(desk.signed_in(ANNA), 1) == 303
    two(desk, "hold", review=in_days(30))
    assert answer(desk.signed_in(BO), "confirm") == 409
    assert SECRET in desk.signed_in(BO).get(HERE).text


@pytest.mark.parametrize("chosen", ["", "content-1", "content-99", "file-00", "content-x"])
def test_what_cannot_be_removed_is_said_at_its_field_with_the_reason_still_there(
    desk: Desk, reporter: Reporter, chosen: str
) -> None:
    answered = desk.signed_in(ANNA).post(f"{HERE}/removal", part=chosen, text="min begrundelse")
    assert answered.status == 400
    assert 'id="removal-part-mistake"' in answered.text
    assert "min begrundelse" in answered.text


@pytest.mark.parametrize(
    ("form", "fields"),
    [("hold", {"review": in_days(30)}), ("exclude", {"member": BO}), ("suppress", {}), ("removal", {"part": "content-2"})],
)
def test_a_note_that_says_why_something_was_done_cannot_be_removed(
    desk: Desk, reporter: Reporter, form: str, fields: dict[str, str]
) -> None:
    anna = desk.signed_in(ANNA)
    before = offered(anna)
    assert anna.post(f"{HERE}/{form}", text=SECRET, **fields).status == 303
    [(place,)] = rows(desk, "SELECT max(place) FROM content")
    assert f"content-{place}" not in offered(anna)
    assert set(offered(anna)) <= set(before)
    page = anna.post(f"{HERE}/removal", part=f"content-{place}", text="x")
    assert (page.status, "something else in the case points to it" in page.text) == (409, True)
    if form != "suppress":  # of which only a line of the log gives the reason
        with closing(sqlite3.connect(desk.database)) as connection, connection:
            connection.execute("UPDATE log SET note = NULL")
        assert place in desk.cases.removals.needed(1), "in a database of before lines had a reason"


def offered(member: Member) -> list[str]:
    """The parts that the page offers for removal."""
    return re.findall(r'<option value="((?:content|file)-\w+)"', member.get(HERE).text)


def test_the_withdrawal_of_a_consent_is_not_offered_for_removal(desk: Desk, server: Public, reporter: Reporter) -> None:
    server.submit(reporter, reporter.say(Consent("Politiet må få mit navn.")))
    consent = reporter.last.hash
    server.submit(reporter, reporter.say(ConsentWithdrawn(consent)))
    desk.poll()
    anna = desk.signed_in(ANNA)
    [(place,)] = rows(desk, "SELECT max(place) FROM content")
    assert f"content-{place}" not in offered(anna), "or what was withdrawn would hold again"
    assert f"content-{place - 1}" in offered(anna)


def test_a_member_of_another_group_can_neither_ask_nor_confirm(desk: Desk, reporter: Reporter) -> None:
    assert ask(desk.signed_in(ANNA), 1) == 303
    carl = desk.signed_in(CARL)
    assert carl.post(f"{HERE}/removal", part="content-2", text="x").status == 404
    assert answer(carl, "confirm") == 404


def test_a_content_that_somebody_empties_in_the_database_is_no_removal(desk: Desk, reporter: Reporter) -> None:
    removed(desk, 1)
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        (place, after) = [row[0] for row in connection.execute("SELECT place FROM content ORDER BY place LIMIT 2 OFFSET 1")]
        connection.execute("UPDATE content SET wrapped_key = x'', payload = x'' WHERE place = ?", (after,))
        connection.execute(
            'INSERT INTO removal ("case", content, by, day, place, confirmed_by, confirmed, link, rewritten) '
            'SELECT "case", ?, by, day, place, confirmed_by, confirmed, link, 1 FROM removal WHERE content = ?',
            (after, place),
        )
    assert verdicts(desk)[1:3] == [Verdict.REMOVED, Verdict.FOREIGN]


def test_every_word_of_a_removal_is_on_the_log_without_saying_what_it_was(desk: Desk, reporter: Reporter) -> None:
    removed(desk, 1)
    said = [(who, action) for who, action in log_of(desk) if "removal" in action]
    assert said == [(ANNA, "asked removal"), (BO, "confirmed removal")]


def test_a_case_that_is_erased_keeps_nothing_of_its_removals(desk: Desk, reporter: Reporter) -> None:
    removed(desk, 1)
    close(desk)
    later(desk, 800)
    assert rows(desk, "SELECT count(*) FROM removal") == [(0,)]

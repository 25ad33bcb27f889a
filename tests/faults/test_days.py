"""Days that go wrong: the relay is down for one, a clock is one off. Nothing is lost or doubled, and nobody helps."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx2
import pytest

from tests.desk.running import ANNA, Desk, hold_ceremony, today
from tests.desk.running import started as desk_started
from tests.faults.link import Link, link
from tests.intake.running import Intake as Running
from tests.intake.running import started
from whistle.protocol.content import TO_DESK, SentFile
from whistle.protocol.thread import Verdict
from whistle.reporter.dialogue import Mailbox, PreparedReport, open_mailbox, prepare_report
from whistle.reporter.files import Attachment, Sending
from whistle.reporter.intake import Intake

pytestmark = pytest.mark.slow
EVIDENCE = bytes(range(256)) * 1_500  # two parts
CALM = "1000000"


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys that are older than any clock here says."""
    return hold_ceremony(tmp_path_factory.mktemp("ceremony"), day=today() - timedelta(days=7))


def test_a_relay_that_is_down_for_a_day_costs_a_day_and_nothing_else(tmp_path: Path, ceremony: Path) -> None:
    with desk_behind_a_link(tmp_path, ceremony) as (desk, way), started(tmp_path / "intake.sqlite") as running:
        way.to = running.relay_port
        with client(running) as intake:
            before, _ = told(desk, intake)
            desk.poll()
            way.fall(True)
            answer(desk, before, "Hvilken konto?")
            meanwhile, file = told(desk, intake)
            for hours in (1, 12, 25):
                desk.clock.ahead = timedelta(hours=hours)
                desk.poll()
            assert "No contact with the public server since" in desk.signed_in(ANNA).get("/").text
            assert texts(desk, intake, before) == ["Noget er galt."]
            way.fall(False)
            desk.poll()
            assert "No contact" not in desk.signed_in(ANNA).get("/").text
            assert texts(desk, intake, before) == ["Noget er galt.", "Hvilken konto?"]
            signed_for(desk, intake, meanwhile, file)
            case = desk.cases.case_of(meanwhile.keys.box)
            assert case
            assert case.received == today()  # its deadlines count from the day on which it was sent


@pytest.mark.parametrize("days", [-1, 1])
@pytest.mark.parametrize("whose", ["intake's", "desk's"])
def test_a_clock_that_is_a_day_off_and_is_set_right_loses_and_doubles_nothing(
    tmp_path: Path, ceremony: Path, whose: str, days: int
) -> None:
    off = ["0", "128", CALM, "0", str(days)] if whose == "intake's" else []
    with desk_behind_a_link(tmp_path, ceremony) as (desk, way):
        desk.clock.ahead = timedelta(days=0 if off else days)
        with started(tmp_path / "intake.sqlite", *off) as running, client(running) as intake:
            way.to = running.relay_port
            report, file = told(desk, intake)
            desk.poll()
            answer(desk, report, "Hvilken konto?")
            desk.poll()
            signed_for(desk, intake, report, file)
        desk.clock.ahead = timedelta()
        with started(tmp_path / "intake.sqlite") as running, client(running) as intake:
            way.to = running.relay_port
            mailbox(desk, intake, report).reply("Konto 4711.")
            desk.poll()
            answer(desk, report, "Tak.")
            desk.poll()
            signed_for(desk, intake, report, file)
            assert texts(desk, intake, report) == ["Noget er galt.", "Hvilken konto?", "Konto 4711.", "Tak."]
            told(desk, intake)
            desk.poll()
        assert desk.signed_in(ANNA).get("/").text.count("/cases/") == 2


@contextmanager
def desk_behind_a_link(folder: Path, ceremony: Path) -> Iterator[tuple[Desk, Link]]:
    with link(9) as way, desk_started(folder, ceremony, way.port) as desk:
        yield desk, way


@contextmanager
def client(running: Running) -> Iterator[Intake]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{running.port}", timeout=20, trust_env=False) as connected:
        yield Intake(connected)


def told(desk: Desk, intake: Intake) -> tuple[PreparedReport, SentFile]:
    """A report with a file, acknowledged."""
    report = prepare_report(desk.card, "risk-control", "Noget er galt.", "da", (), os.urandom)
    report.deliver(intake)
    attachment = Attachment(Path("kvittering.pdf"), "kvittering.pdf", "application/pdf", len(EVIDENCE))
    sending = Sending(attachment, BytesIO(EVIDENCE), desk.card.recipient("risk-control").raw, os.urandom)
    file = sending.go_on(intake, report.keys, lambda _: None)
    mailbox(desk, intake, report).announce(file)
    return report, file


def answer(desk: Desk, report: PreparedReport, words: str) -> None:
    """What a member who has read the case writes back."""
    anna = desk.signed_in(ANNA)  # whoever looks at the inbox makes cases of what has arrived
    case = desk.cases.case_of(report.keys.box)
    assert case
    assert anna.get(f"/cases/{case.number}").status == 200
    assert anna.post(f"/cases/{case.number}/reply", text=words).status == 303


def mailbox(desk: Desk, intake: Intake, report: PreparedReport) -> Mailbox:
    return open_mailbox(report.keys, desk.card, intake)


def texts(desk: Desk, intake: Intake, report: PreparedReport) -> list[str]:
    """What the reporter reads, all of it verified."""
    items = mailbox(desk, intake, report).thread.items
    assert {item.verdict for item in items} == {Verdict.VERIFIED}
    return [item.content.body.text for item in items if item.content and hasattr(item.content.body, "text")]


def signed_for(desk: Desk, intake: Intake, report: PreparedReport, file: SentFile) -> None:
    """The desk has each of the reporter's contents and the file once, and the reporter holds a receipt for each."""
    box = mailbox(desk, intake, report)
    own = [item for item in box.thread.items if item.content and item.direction == TO_DESK]
    assert all(box.receipt_of(item) for item in own)
    assert file.sealed in box.receipts
    case = desk.cases.case_of(report.keys.box)
    assert case
    assert "complete" in desk.signed_in(ANNA).get(f"/cases/{case.number}").text.lower()

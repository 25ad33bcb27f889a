"""Both programs are killed at fifty random moments under load: everything acknowledged is there, once, and opens."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from random import Random

import httpx2
import pytest

from tests.desk.running import hold_ceremony, settings_of
from tests.intake.running import Intake as Running
from tests.intake.running import started
from tests.reporter.conftest import PLAN, anna, card, files, group, prepared
from whistle.errors import IntakeRefused, NetworkFailed
from whistle.protocol.card import Card, parse
from whistle.protocol.content import SentFile
from whistle.protocol.parts import Part, parse_part
from whistle.protocol.wire import parse_pages
from whistle.reporter.dialogue import PreparedReport, open_mailbox
from whistle.reporter.files import Attachment, Sending
from whistle.reporter.intake import Intake
from whistle.sealing.files import open_file
from whistle.sealing.keys import Identity

__all__ = ["anna", "card", "files", "group"]  # fixtures
KILLS, ABREAST = 50, 3
CALM = "1000000"
SEED = 20261121
DESK = str(Path(sys.executable).parent / "whistle-desk")
EVIDENCE = bytes(range(256)) * 1_500  # two parts


@dataclass
class Acknowledged:
    """What reporters were told is stored."""

    reports: list[PreparedReport] = field(default_factory=list)
    files: list[tuple[PreparedReport, SentFile]] = field(default_factory=list)


@pytest.mark.slow
def test_intake_killed_at_fifty_moments_has_every_answered_report_and_file(tmp_path: Path, card: Card, group: Identity) -> None:
    database, random, told = tmp_path / "intake.sqlite", Random(SEED), Acknowledged()
    for _ in range(KILLS):
        with started(database, "0", "128", CALM) as running, load(running.port, card, told):
            threading.Event().wait(random.uniform(0.05, 0.5))
            running.process.kill()
    assert len(told.reports) > KILLS
    assert len(told.files) > KILLS / 5
    with started(database) as running:
        stored = parts_of(running)
        with client(running.port) as intake:
            for report in told.reports:
                items = open_mailbox(report.keys, card, intake).thread.items
                assert [item.content.kind for item in items if item.content][:1] == ["report"]
        for report, file in told.files:
            parts = stored[report.keys.box, file.id]
            assert [part.index for part in parts] == list(range(len(parts)))
            assert b"".join(open_file(BytesIO(b"".join(part.sealed for part in parts)), file.size, group)) == EVIDENCE


@pytest.mark.slow
def test_the_desk_killed_at_fifty_moments_has_every_report_and_file_once_and_receipts_them(tmp_path: Path) -> None:
    ceremony, random, told = hold_ceremony(tmp_path / "ceremony", PLAN), Random(SEED), Acknowledged()
    card = parse((ceremony / "public/key-card.txt").read_bytes())
    with started(tmp_path / "intake.sqlite", "0", "128", CALM) as running:
        settings = desk_settings(tmp_path, ceremony, running.relay_port)
        with load(running.port, card, told, pause=1):
            for _ in range(KILLS):
                program = subprocess.Popen([DESK, "serve", "--settings", settings], stdout=subprocess.PIPE)
                assert program.stdout
                with program.stdout:
                    assert program.stdout.readline()  # it listens, and polls
                    threading.Event().wait(random.uniform(0, 1))
                    program.kill()
                    program.wait()
        assert len(told.files) > KILLS / 5
        program = subprocess.Popen([DESK, "serve", "--settings", settings], stdout=subprocess.DEVNULL)
        try:
            with client(running.port) as intake:
                for report, file in told.files:
                    receipted(intake, card, report, file)
        finally:
            program.terminate()
            program.wait(30)
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as desk:
        arrived = Counter(box for (box,) in desk.execute("SELECT box FROM arrival GROUP BY box, digest"))
        assert desk.execute("SELECT count(*) FROM arrival").fetchone() == (sum(arrived.values()),)
    assert all(arrived[report.keys.box] >= 1 for report in told.reports)


def receipted(intake: Intake, card: Card, report: PreparedReport, file: SentFile) -> None:
    """Waits until the desk has signed for the report and for its file."""
    while True:
        box = open_mailbox(report.keys, card, intake)
        if box.report and box.receipt_of(box.report) and file.sealed in box.receipts:
            return
        threading.Event().wait(0.2)


def desk_settings(folder: Path, ceremony: Path, relay_port: int) -> str:
    """A settings file of a desk that polls every second, with everybody enrolled."""
    values = vars(settings_of(folder, ceremony, relay_port, poll_seconds=1))
    lines = (
        f"{key} = {json.dumps(list(value) if isinstance(value, tuple) else value, default=str)}"
        for key, value in values.items()
        if value is not None
    )
    file = folder / "desk.toml"
    file.write_text("\n".join(lines) + "\n")
    subprocess.run([DESK, "enrol", "--settings", str(file), str(ceremony / "desk")], check=True, stdout=subprocess.DEVNULL)
    return str(file)


@contextmanager
def load(port: int, card: Card, told: Acknowledged, pause: float = 0) -> Iterator[None]:
    """Reporters who send one report and one file after another, until they are told to stop or get no answer any more."""
    over = threading.Event()
    threads = [threading.Thread(target=report_on, args=(port, card, told, over, pause)) for _ in range(ABREAST)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def report_on(port: int, card: Card, told: Acknowledged, over: threading.Event, pause: float) -> None:
    with client(port) as intake:
        while not over.wait(pause):
            report = prepared(card)
            file = Attachment(Path("kvittering.pdf"), "kvittering.pdf", "application/pdf", len(EVIDENCE))
            sending = Sending(file, BytesIO(EVIDENCE), card.groups[0].recipient.raw, os.urandom)
            try:
                report.deliver(intake)
                told.reports.append(report)
                sent = sending.go_on(intake, report.keys, lambda _: None)
                told.files.append((report, sent))
                open_mailbox(report.keys, card, intake).announce(sent)
            except (NetworkFailed, IntakeRefused):
                return


@contextmanager
def client(port: int) -> Iterator[Intake]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as connected:
        yield Intake(connected)


def parts_of(running: Running) -> dict[tuple[bytes, bytes], list[Part]]:
    """Every part that intake has for the desk, by box and file, in order."""
    found: dict[tuple[bytes, bytes], list[Part]] = {}
    after, more = 0, True
    while more:
        frames, more = parse_pages(running.relay("/relay/parts", after.to_bytes(4)).body)
        for frame in frames:
            part = parse_part(frame.sealed)
            found.setdefault((frame.box, part.file), []).append(part)
        after = frames[-1].position if frames else after
    return {key: sorted(parts, key=lambda part: part.index) for key, parts in found.items()}

"""A hostile public server, and what a reporter's mailbox makes of it: each tampering is shown as exactly what it is.

The server's own database is changed under it, and it is given what a thief of the relay's token could push.
"""

import os
import signal
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import TOP, Demo
from whistle.protocol import code as codes
from whistle.protocol.card import Card
from whistle.protocol.content import TO_DESK, TO_REPORTER, Acknowledgement, Body, Content, Context, Message, Position
from whistle.protocol.thread import Verdict
from whistle.protocol.wire import TO_REPORTER as FRAME_TO_REPORTER
from whistle.protocol.wire import Frame, serialize_pages
from whistle.reporter.dialogue import PreparedReport, open_mailbox, prepare_report
from whistle.reporter.intake import Intake
from whistle.sealing import contents, groups
from whistle.sealing.cards import check
from whistle.sealing.keys import Identity, SigningKey
from whistle.sealing.wrapping import Factors, unwrap

TODAY = datetime.now(UTC).date()
pytestmark = pytest.mark.slow
GROUP = "risk-control"
FIRST, SECOND = "Vi har modtaget din indberetning.", "Hvilken konto drejer det sig om?"
WORDS = tomllib.loads((TOP / "templates" / "intake" / "en.toml").read_text("utf-8"))["script"]["mailbox"]


@dataclass(frozen=True)
class World:
    """A running demo, its card, the voice of the group, and ways to do harm."""

    demo: Demo
    card: Card
    voice: SigningKey
    intake: Intake

    def report(self) -> PreparedReport:
        prepared = prepare_report(self.card, GROUP, "Noget er galt.", "da", (), os.urandom)
        prepared.deliver(self.intake)
        return prepared

    def content(self, report: PreparedReport, body: Body, last: Position) -> Content:
        recipient = self.card.recipient(GROUP)
        seen = open_mailbox(report.keys, self.card, self.intake).thread.last[TO_DESK]
        key = recipient.epoch, recipient.digest
        where = self.card.instance, report.keys.box, TO_REPORTER, GROUP
        return Content(Context(*where, *key, last.sequence + 1, last.hash, seen), body)

    def push(self, report: PreparedReport, content: Content, voice: SigningKey) -> None:
        holders = [self.card.recipient(GROUP).raw, report.keys.identity.recipient]
        frame = Frame(0, FRAME_TO_REPORTER, TODAY, report.keys.box, contents.seal(content, voice, holders))
        token = (self.demo.state / "secrets" / "relay.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
        answer = httpx2.post(f"{self.demo.relay}/relay/push", content=serialize_pages([frame], False), headers=headers)
        assert answer.json() == {"stored": 1, "unknown": 0}

    def dialogue(self) -> PreparedReport:
        """A report in place 1, an acknowledgement in place 2, a question in place 3."""
        report = self.report()
        acknowledgement = self.content(report, Acknowledgement(FIRST), Position())
        self.push(report, acknowledgement, self.voice)
        self.push(report, self.content(report, Message(SECOND), acknowledgement.position), self.voice)
        return report

    def database(self, report: PreparedReport, statement: str, *values: object) -> None:
        """Change the box of this report behind the server's back; `:box` is its number."""
        with closing(sqlite3.connect(self.demo.state / "intake.sqlite", timeout=30)) as connection, connection:
            (box,) = connection.execute("SELECT id FROM box WHERE box = ?", (report.keys.box,)).fetchone()
            done = connection.execute(statement.replace(":box", str(box)), values)
            assert done.rowcount > 0

    def sealed(self, report: PreparedReport, place: int) -> bytes:
        return next(frame.sealed for frame in self.intake.fetch(report.keys) if frame.position == place)


@pytest.fixture(scope="module")
def world(demo: Demo) -> Iterator[World]:
    keys = demo.state / "keys"
    card = check((keys / "public/key-card.txt").read_bytes(), bytes.fromhex(demo.fingerprint), None, TODAY)
    text = (keys / "desk/members/anna.enrolment").read_text()
    anna = Identity(unwrap(text, "member anna", Factors(demo.passphrases["anna"])))
    voice = groups.open_voice_key((keys / f"desk/groups/{GROUP}.voice.age").read_bytes(), anna)
    with httpx2.Client(base_url=demo.intake, trust_env=False) as client, standing_still(demo):
        yield World(demo, card, voice, Intake(client))


@contextmanager
def standing_still(demo: Demo) -> Iterator[None]:
    """Its desk, whose receipts would otherwise land in the boxes between two acts of a test."""
    state = f"WHISTLE_DEMO_STATE={demo.state}".encode()
    programs = [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if b"whistle-desk" in path.read_bytes()]
    [desk] = [int(path.name) for path in programs if state in (path / "environ").read_bytes().split(b"\0")]
    os.kill(desk, signal.SIGSTOP)
    yield
    os.kill(desk, signal.SIGCONT)


def nothing(_: World, __: PreparedReport) -> None:
    """The honest server, so that the others are not seen where there is nothing."""


def remove(world: World, report: PreparedReport) -> None:
    world.database(report, "DELETE FROM entry WHERE box = :box AND place = 2")


def double(world: World, report: PreparedReport) -> None:
    copy = "INSERT INTO entry (box, place, direction, day, digest, sealed) SELECT box, 4, direction, day, x'00', sealed"
    world.database(report, f"{copy} FROM entry WHERE box = :box AND place = 3")


def swap(world: World, report: PreparedReport) -> None:
    world.database(report, "UPDATE entry SET place = 9 WHERE box = :box AND place = 2")


def put_in_another_boxs(world: World, report: PreparedReport) -> None:
    other = world.sealed(world.dialogue(), 3)
    world.database(report, "UPDATE entry SET sealed = ? WHERE box = :box AND place = 3", other)


def forge(world: World, report: PreparedReport) -> None:
    last = open_mailbox(report.keys, world.card, world.intake).thread.last[TO_REPORTER]
    world.push(report, world.content(report, Message("Giv os dit navn."), last), SigningKey(os.urandom(32)))


def contradict(world: World, report: PreparedReport) -> None:
    first = open_mailbox(report.keys, world.card, world.intake).thread.items[1].content
    assert first
    world.push(report, world.content(report, Message("Noget andet."), first.position), world.voice)


def break_off(world: World, report: PreparedReport) -> None:
    last = open_mailbox(report.keys, world.card, world.intake).thread.last[TO_REPORTER]
    wrong = Position(last.sequence, bytes(31) + b"x")
    world.push(report, world.content(report, Message("Uden sammenhæng."), wrong), world.voice)


def withhold(world: World, report: PreparedReport) -> None:
    """The reporter has seen and answered the question; later the server takes it away."""
    open_mailbox(report.keys, world.card, world.intake).reply("Konto 4711.")
    world.database(report, "DELETE FROM entry WHERE box = :box AND place = 3")


def scramble(world: World, report: PreparedReport) -> None:
    changed = bytearray(world.sealed(report, 3))
    changed[-1] ^= 1
    world.database(report, "UPDATE entry SET sealed = ? WHERE box = :box AND place = 3", bytes(changed))


def remove_everything(world: World, report: PreparedReport) -> None:
    world.database(report, "DELETE FROM entry WHERE box = :box")


def remove_the_report(world: World, report: PreparedReport) -> None:
    world.database(report, "DELETE FROM entry WHERE box = :box AND place = 1")


TAMPERINGS: list[tuple[Callable[[World, PreparedReport], None], list[str]]] = [
    (nothing, []),
    (remove, ["gap"]),
    (double, ["doubled"]),
    (swap, ["gap", "out-of-order"]),
    (put_in_another_boxs, ["foreign"]),
    (scramble, ["foreign"]),
    (forge, ["forged"]),
    (contradict, ["conflicting"]),
    (break_off, ["broken"]),
    (withhold, ["withheld"]),
]


@pytest.mark.parametrize(("tamper", "verdicts"), TAMPERINGS, ids=[tamper.__name__ for tamper, _ in TAMPERINGS])
def test_a_mailbox_shows_what_a_hostile_server_did(
    world: World, browser: Browser, tamper: Callable[[World, PreparedReport], None], verdicts: list[str]
) -> None:
    report = world.dialogue()
    tamper(world, report)
    page = opened(world, browser, report)
    for verdict in (*(each for each in Verdict if each not in (Verdict.VERIFIED, Verdict.REMOVED)), "withheld"):
        expect(page.get_by_text(WORDS[f"{verdict}-words"])).to_have_count(verdicts.count(verdict))
    page.context.close()


@pytest.mark.parametrize("tamper", [forge, contradict, break_off])
def test_the_words_of_a_message_that_does_not_hold_are_nowhere_on_the_page(
    world: World, browser: Browser, tamper: Callable[[World, PreparedReport], None]
) -> None:
    report = world.dialogue()
    tamper(world, report)
    page = opened(world, browser, report)
    expect(page.get_by_text(FIRST)).to_be_visible()
    content = page.content()
    assert not any(words in content for words in ("Giv os dit navn.", "Noget andet.", "Uden sammenhæng."))
    page.context.close()


@pytest.mark.parametrize("tamper", [remove_everything, remove_the_report])
def test_a_mailbox_without_the_report_says_so_and_promises_nothing(
    world: World, browser: Browser, tamper: Callable[[World, PreparedReport], None]
) -> None:
    report = world.dialogue()
    tamper(world, report)
    page = opened(world, browser, report, WORDS["no-report"])
    expect(page.get_by_text(WORDS["no-report-words"])).to_be_visible()
    expect(page.locator("#status div, #status-days:visible, #reply:visible")).to_have_count(0)
    page.context.close()


def test_a_mailbox_whose_report_is_there_raises_no_alarm(world: World, browser: Browser) -> None:
    page = opened(world, browser, world.dialogue())
    expect(page.get_by_text(WORDS["no-report"])).to_have_count(0)
    expect(page.locator("#status div")).not_to_have_count(0)
    expect(page.locator("#status-days")).to_be_visible()
    expect(page.locator("#reply")).to_be_visible()
    page.context.close()


def opened(world: World, browser: Browser, report: PreparedReport, shown: str = "Noget er galt.") -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{world.demo.intake}/en/mailbox")
    page.locator("#case-code").fill(codes.write(report.code))
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#opened").get_by_text(shown)).to_be_visible(timeout=20_000)
    return page

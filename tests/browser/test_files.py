"""The journey of evidence: files over a network that fails, receipts, a proof, and a file from the desk back to the reporter.

Everything is what `make run` starts: both programs, the real browser, keys from the real ceremony.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser import test_journey as journey
from tests.conftest import TOP, Demo

LARGE, SMALL, ANSWER = os.urandom(3_000_000), b"Dato: 3. marts", os.urandom(300_000)
SIGNED = re.compile("Arrival confirmed automatically on ")


@dataclass(frozen=True)
class Sent:
    """A report with two files, as its reporter left the page."""

    code: str
    proof: Path
    suggested: str


@pytest.fixture(scope="module")
def sent(demo: Demo, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo.intake}/en/report")
    code = journey.report_on(page)
    send_over_a_failing_network(page, context)
    proof, suggested = keep_proof(page, tmp_path_factory.mktemp("proof"))
    context.close()
    return Sent(code, proof, suggested)


def send_over_a_failing_network(page: Page, context: BrowserContext) -> None:
    held: list[Route] = []
    page.route("**/api/part", lambda route: held.append(route))
    page.locator("#files-input").set_input_files({"name": "Kontrakt 4711.pdf", "mimeType": "application/pdf", "buffer": LARGE})
    page.get_by_label("Name under which it is sent").fill("Kontrakt.pdf")
    page.get_by_role("button", name="Send it as it is: Kontrakt 4711.pdf").click()
    page.locator("#files-input").set_input_files({"name": "note.txt", "mimeType": "text/plain", "buffer": SMALL})
    page.get_by_role("button", name="Send it: note.txt").click()
    first, second = page.locator("#files-list li").all()
    first.get_by_role("button", name="Pause").click(timeout=20_000)
    expect(first).to_contain_text("Paused. 261 kB of 3 MB.")
    expect(second).to_contain_text("Waiting for its turn.")
    first.get_by_role("button", name="Go on").click()
    expect(first).to_contain_text("Being sent.")
    context.set_offline(True)
    for route in held:
        route.abort()
    expect(first).to_contain_text("Waiting for the network. It goes on by itself.")
    page.unroute("**/api/part")
    context.set_offline(False)
    for row in (first, second):
        expect(row).to_contain_text(SIGNED, timeout=60_000)
    expect(page.locator("#receipt-words")).to_contain_text("with a signature")


def keep_proof(page: Page, folder: Path) -> tuple[Path, str]:
    page.get_by_text("Keep proof that you can show others").click()
    expect(page.get_by_text("can read what is in it and see that you had it")).to_be_visible()
    with page.expect_download() as begun:
        page.get_by_role("button", name="Save the proof").click()
    begun.value.save_as(folder / "proof.json")
    return folder / "proof.json", begun.value.suggested_filename


@pytest.fixture
def mailbox(demo: Demo, browser: Browser, sent: Sent) -> Iterator[Page]:
    """Opened in a fresh browser with nothing but the code."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo.intake}/en/mailbox")
    page.locator("#case-code").fill(sent.code)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text(journey.REPORT)).to_be_visible(timeout=20_000)
    yield page
    context.close()


@pytest.fixture(scope="module")
def desk(demo: Demo, browser: Browser, sent: Sent) -> Page:
    page = journey.signed_in(browser, demo)
    journey.open_newest_case(page)
    return page


def test_the_proof_convinces_a_stranger_and_its_name_says_nothing(demo: Demo, sent: Sent) -> None:
    assert re.fullmatch(r"proof-\d{4}-\d\d-\d\d\.json", sent.suggested)
    command = [sys.executable, str(TOP / "spec" / "verify.py"), str(sent.proof), "--fingerprint", demo.fingerprint]
    assert journey.REPORT in subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert not [group for group in sent.code.split("-") if group in sent.proof.read_text()]


def test_the_code_alone_shows_that_the_report_and_every_file_arrived(mailbox: Page) -> None:
    expect(mailbox.locator("#receipt-words")).to_contain_text("with a signature")
    for name in ("Kontrakt.pdf", "file-2.txt"):
        expect(mailbox.locator("#thread .mine li").filter(has_text=name)).to_contain_text(SIGNED, timeout=20_000)
    expect(mailbox.locator("#thread > .mine > .from").filter(has_text=SIGNED)).to_have_count(1)
    expect(mailbox.locator("#thread").get_by_text("not confirmed yet")).to_have_count(0)


@pytest.mark.parametrize(("name", "content"), [("Kontrakt.pdf", LARGE), ("file-2.txt", SMALL)])
def test_the_desk_gets_a_file_byte_for_byte(desk: Page, name: str, content: bytes, tmp_path: Path) -> None:
    back = desk.url
    desk.locator(".files li").filter(has_text=name).get_by_role("link").click()
    with desk.expect_download() as begun:
        desk.locator("main form button").click()
    begun.value.save_as(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == content
    desk.goto(back)


def test_a_file_from_the_desk_is_saved_byte_for_byte_after_a_warning(desk: Page, mailbox: Page, tmp_path: Path) -> None:
    form = desk.locator("form[action$=files]")
    form.locator("input[type=file]").set_input_files({"name": "Svar.pdf", "mimeType": "application/pdf", "buffer": ANSWER})
    form.locator("button").click()
    row = mailbox.locator("#thread .desk li").filter(has_text="Svar.pdf")
    for _ in range(60):
        mailbox.get_by_role("button", name="Look for anything new").click()
        expect(mailbox.locator("#thread-words")).to_contain_text(re.compile("There is (nothing|something) new"))
        if row.count():
            break
        mailbox.wait_for_timeout(500)
    expect(mailbox.get_by_text("links that reach out")).to_be_visible()
    with mailbox.expect_download() as begun:
        row.get_by_role("button").click()
    assert begun.value.suggested_filename == "Svar.pdf"
    begun.value.save_as(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == ANSWER
    expect(row).to_contain_text("Your browser saves it as Svar.pdf.")

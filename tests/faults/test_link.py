"""The journey on a telephone in a train: 400 ms there and back, 50 kB a second, resets on the way, and a file of a megabyte."""

import os
import re
from itertools import repeat
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import test_journey as journey
from tests.conftest import Demo
from tests.faults.link import Link, link

FILE = os.urandom(1_000_000)
THERE, RATE = 0.2, 50_000  # seconds one way, bytes a second
BETWEEN_RESETS = 300_000  # bytes
PATIENCE = 180_000  # milliseconds


@pytest.mark.slow
def test_a_report_and_a_file_of_a_megabyte_get_through_a_thin_slow_link_that_drops(
    demo: Demo, browser: Browser, tmp_path: Path
) -> None:
    with link(int(demo.intake.rpartition(":")[2]), THERE, RATE) as way:
        code = send(browser, way)
        assert way.cuts >= 3
        read_again(browser, way, code)
    desk = journey.signed_in(browser, demo)
    journey.open_newest_case(desk)
    expect(desk.get_by_text(journey.REPORT)).to_be_visible()
    assert saved_at_the_desk(desk, tmp_path / "file") == FILE


def send(browser: Browser, way: Link) -> str:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"http://127.0.0.1:{way.port}/en/report")
    page.get_by_label("What happened").fill(journey.REPORT)
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
    way.cut_after, way.again = 8_000, repeat(BETWEEN_RESETS)  # in the middle of the report, and from then on now and then
    page.get_by_role("button", name="Send").click()
    shown = page.locator("[data-part=code]")
    expect(shown).to_be_visible(timeout=PATIENCE)
    code = "-".join(re.findall(r"[a-z]{5}", shown.inner_text()))
    page.get_by_role("button", name="I have written it down").click()
    journey.type_back(page, code)
    page.locator("#files-input").set_input_files([{"name": "film.mp4", "mimeType": "video/mp4", "buffer": FILE}])
    row = page.locator("#files-list li")
    row.get_by_role("button", name="Send it").click()
    expect(row).to_contain_text("Arrival confirmed automatically on", timeout=PATIENCE)
    page.close(run_before_unload=False)
    return code


def read_again(browser: Browser, way: Link, code: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"http://127.0.0.1:{way.port}/en/mailbox")
    page.locator("#case-code").fill(code)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text(journey.REPORT)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("file-1.mp4")).to_be_visible(timeout=PATIENCE)
    page.close(run_before_unload=False)


def saved_at_the_desk(desk: Page, path: Path) -> bytes:
    desk.locator(".files li").filter(has_text="file-1.mp4").get_by_role("link").click()
    with desk.expect_download() as begun:
        desk.locator("main form button").click()
    begun.value.save_as(path)
    return path.read_bytes()

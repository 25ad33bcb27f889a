"""The journey without a compiler for scripts and without WebAssembly: what stands in for Tor Browser at "Safer"."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import test_journey as journey
from tests.conftest import CHROMIUM, Demo

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def interpreting() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*CHROMIUM, "--js-flags=--jitless"])
        yield chromium
        chromium.close()


def test_this_browser_really_has_no_webassembly(interpreting: Browser) -> None:
    page = interpreting.new_page()
    assert page.evaluate("typeof WebAssembly") == "undefined"
    page.close()


def test_a_report_goes_its_whole_way_without_compiler_and_webassembly(demo: Demo, interpreting: Browser) -> None:
    journey.test_a_report_is_read_acknowledged_and_answered_and_only_sealed_bytes_crossed(demo, interpreting)

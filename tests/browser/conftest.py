"""What the tests of the reporter's pages share: an intake of their own before a desk made of functions, and a fresh browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.desk import Desk, started
from tests.browser.reporting import HASTY, Opens

# Whole files that `make test` has no time for: `make test-slow` runs them. What is left shows each program in a browser.
LONG = {
    *("test_casework", "test_coming_back", "test_form", "test_mailbox_pages", "test_photos", "test_sending_files"),
    *("test_casefile_pages", "test_desk_closing", "test_desk_noted", "test_desk_pages", "test_files", "test_reporter_pages"),
    *("test_desk_channels", "test_desk_conflicts", "test_desk_factors", "test_desk_identity", "test_desk_keeping"),
    *("test_desk_broadcast", "test_desk_removal", "test_fresh_code", "test_numbers_page", "test_people_pages", "test_seen"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem in LONG:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with started(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context()
    yield fresh
    fresh.close()


@pytest.fixture
def opens(desk: Desk, context: BrowserContext) -> Opens:
    """A page of the reporter's, in English and on a small telephone unless the test says otherwise."""

    def opened(path: str, language: str = "en", width: int = 320, hasty: bool = False) -> Page:
        page = context.new_page()
        if hasty:
            page.add_init_script(HASTY)
        page.set_viewport_size({"width": width, "height": 640})
        page.goto(f"{desk.address}/{language}/{path}")
        return page

    return opened

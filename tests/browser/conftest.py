"""What the tests of the reporter's pages share: an intake of their own before a desk made of functions, and a fresh browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.desk import Desk, started
from tests.browser.reporting import HASTY, Opens


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

"""A message to every open mailbox in a real browser: accessible, fit for a telephone, and confirmed with the keyboard alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_desk_pages import AXE, LONG
from tests.desk.running import ANNA, BO, PASSPHRASES, Desk, Reporter, hold_ceremony, started

WORDS = {"en": f"Data were lost. {LONG}", "da": "Data er gået tabt.\n\nSkriv til os her."}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A case, and a message that waits for bo."""
    with started(tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony")), 9) as running:
        reporter = Reporter.new(running.card)
        running.deliver(reporter.frame(reporter.report()))
        assert running.signed_in(ANNA).post("/broadcast", group="risk-control", **WORDS).status == 303
        yield running


@pytest.fixture
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    """Bo's, signed in, without JavaScript of the page's own; axe is brought by the test."""
    context = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True)
    opened = context.new_page()
    opened.goto("/")
    opened.get_by_label("Name").fill(BO)
    opened.get_by_label("Passphrase").fill(PASSPHRASES[BO])
    opened.get_by_role("button", name="Sign in").click()
    expect(opened.get_by_role("heading", level=1)).to_have_text("Inbox", timeout=20_000)
    yield opened
    context.close()


def test_what_waits_is_found_from_the_inbox_read_and_confirmed_with_the_keyboard_alone(page: Page, desk: Desk) -> None:
    page.get_by_role("link", name="Read it").press("Enter")
    expect(page.get_by_text("Data er gået tabt.")).to_be_visible()
    for language in ("da", "en"):
        page.goto(f"/broadcast?language={language}")
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
        for width in (320, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, width
    page.get_by_role("button", name="Confirm and send").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("stored for every open mailbox")

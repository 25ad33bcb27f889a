"""Declaring, excluding and handing over in a real browser: without a script, accessible, on a narrow page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_desk_keeping import be
from tests.browser.test_desk_pages import AXE
from tests.desk.running import ANNA, BO, Desk, Reporter, hold_ceremony, started


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two cases; from the first somebody stepped aside."""
    with started(tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony")), 9) as running:
        for place in (1, 2):
            reporter = Reporter.new(running.card)
            running.deliver(reporter.frame(reporter.report(), place))
        running.signed_in(ANNA).get("/cases/1")
        assert running.signed_in(BO).post("/cases/1/step-aside").status == 303
        yield running


@pytest.fixture
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    opened: BrowserContext = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True)
    be(opened, desk.signed_in(ANNA))
    yield opened.new_page()
    opened.close()


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("path", ["/cases/1", "/cases/2"])
def test_the_pages_of_a_conflict_have_no_violation_and_fit_a_telephone(page: Page, path: str, language: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{path}?language={language}")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.evaluate(AXE)
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_case_is_declared_for_and_handed_over_by_keyboard_alone(page: Page) -> None:
    page.goto("/cases/2?language=en")
    page.get_by_role("button", name="I know of no conflict").press("Enter")
    page.get_by_text("Hand this case to another group").press("Enter")
    page.get_by_label("Chair").press("Space")
    page.locator("#hand-over-text").fill("It concerns risk control.")
    page.get_by_role("button", name="Hand over", exact=True).press("Enter")
    expect(page.get_by_role("status")).to_contain_text("handed over")
    expect(page.get_by_role("link", name="Case 2")).to_have_count(0)

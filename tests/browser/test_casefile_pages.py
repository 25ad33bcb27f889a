"""A case's file in a real browser: accessible and fitting when everything is unfolded, worked by keyboard without a script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_desk_pages import AXE, sign_in, unfold
from tests.desk.running import ANNA, Desk, Reporter, hold_ceremony, started
from tests.desk.test_casefile import HERE, PLAIN, kept


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two cases; of the first everything is noted that can be."""
    with started(tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony")), 9) as running:
        for position in (1, 2):
            reporter = Reporter.new(running.card)
            running.deliver(reporter.frame(reporter.report(), position))
        anna = running.signed_in(ANNA)
        for part in PLAIN:
            kept(anna, part)
        kept(anna, "related", text="2")
        kept(anna, "task", text="x" * 400, day="2026-01-01")
        yield running


@pytest.fixture
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True)
    signed_in = opened.new_page()
    sign_in(signed_in)
    yield signed_in
    opened.close()


def test_a_case_file_is_accessible_and_fits_a_small_screen_with_everything_unfolded_and_a_mistake_in_it(page: Page) -> None:
    for language, width, scheme in (("en", 1280, "light"), ("da", 320, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{HERE}?language={language}")
        unfold(page)
        page.locator("#risk-day-text").fill("2026-01-01")
        page.locator("form:has(#risk-day-text) button").click()
        page.get_by_role("alert").get_by_role("link").press("Enter")
        expect(page.locator("#risk-day-text")).to_be_focused()
        expect(page.locator("#risk-text")).to_have_value("Tal med tillidsmanden")
        unfold(page)
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        sizes = [
            each.bounding_box() for each in page.locator(".casefile").locator("button, summary, select, input:visible").all()
        ]
        assert [box for box in sizes if box is not None and min(box["width"], box["height"]) < 24] == []


def test_a_task_is_added_and_done_by_keyboard_alone_and_without_javascript(browser: Browser, desk: Desk) -> None:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", java_script_enabled=False)
    page = opened.new_page()
    sign_in(page)
    page.goto("/cases/2?language=en")
    page.locator("form[action$=declare] button").press("Enter")
    page.get_by_text("Add a task").press("Enter")
    page.get_by_label("What is to be done").type("Ring til revisionen")
    page.keyboard.press("Tab")
    expect(page.get_by_label("By whom")).to_have_value(ANNA)
    page.get_by_role("button", name="Keep the task").press("Enter")
    expect(page.get_by_role("status")).to_have_text("The task is kept.")
    page.get_by_role("button", name="Done Ring til revisionen").press("Enter")
    expect(page.get_by_role("status")).to_have_text("The task is changed.")
    expect(page.get_by_role("button", name="Not done after all Ring til revisionen")).to_be_visible()
    opened.close()

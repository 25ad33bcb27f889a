"""Removing an irrelevant part, in a real browser: without a script, by keyboard, accessible and narrow."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_desk_keeping import be
from tests.browser.test_desk_pages import AXE
from tests.desk.running import ANNA, BO, Desk, Reporter, hold_ceremony, started


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A case in which one message is removed and another asked to be, and a group with an earlier key."""
    with started(tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony")), 9) as running:
        reporter = Reporter.new(running.card)
        said = (reporter.report(), *(reporter.message(text) for text in ("en", "to" * 60, "tre")))
        running.deliver(*(reporter.frame(envelope, place) for place, envelope in enumerate(said, 1)))
        anna, bo = running.signed_in(ANNA), running.signed_in(BO)
        assert anna.post("/cases/1/removal", part="content-2", text="Privat.").status == 303
        assert bo.post("/cases/1/removal-confirm", asked="1").status == 303
        assert bo.post("/cases/1/removal", part="content-3", text="Også privat.").status == 303
        running.cases.epochs.turned("risk-control", 2, running.card.ends)
        yield running


@pytest.fixture
def context(browser: Browser, desk: Desk) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True)
    be(opened, desk.signed_in(ANNA))
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("path", ["/", "/cases/1"])
def test_removal_and_earlier_keys_have_no_violation_and_fit_a_telephone(page: Page, path: str, language: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{path}?language={language}")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.evaluate(AXE)
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_part_is_asked_for_and_confirmed_by_keyboard_alone(context: BrowserContext, page: Page, desk: Desk) -> None:
    page.goto("/cases/1?language=en")
    page.get_by_text("Ask to remove a part").press("Enter")
    page.get_by_label("Which part").press("End")
    page.get_by_label("Why it has nothing to do with the case").fill("Private.")
    page.get_by_role("button", name="Ask for the removal").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Another member must confirm it")
    be(context, desk.signed_in(BO))
    page.goto("/cases/1?language=en")
    page.get_by_role("button", name="Remove it for good").last.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It is removed for good.")

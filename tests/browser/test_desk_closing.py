"""The end of a case in a real browser: what is missing is named at its field, with the keyboard alone and on a telephone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_desk_keeping import be
from tests.browser.test_desk_pages import AXE, unfold
from tests.desk.running import ANNA, Desk, Member, Reporter, hold_ceremony, started
from tests.desk.test_casework import TICKS, brought
from whistle.protocol.content import Retaliation


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A case that could be closed but for its feedback, and one whose reporter tells of retaliation."""
    with started(tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony")), 9) as running:
        reporter, other = Reporter.new(running.card), Reporter.new(running.card)
        running.deliver(reporter.frame(reporter.report(), 1), other.frame(other.report(), 2))
        running.deliver(other.frame(other.say(Retaliation("Mine vagter er væk.")), 3))
        anna: Member = running.member(ANNA)
        brought(anna, 1, "assessing", "addressing", "concluding")
        assert anna.post("/cases/1/outcome", text="words", outcome="out_of_scope", **TICKS).status == 303
        running.declare(ANNA, 2)
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True)
    be(opened, desk.signed_in(ANNA))
    yield opened.new_page()
    opened.close()


def is_sound(page: Page) -> None:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_case_is_closed_with_a_reason_for_no_feedback(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    for language in ("da", "en"):
        page.goto(f"/?language={language}")
        is_sound(page)
        page.goto(f"/cases/1?language={language}")
        page.locator("#state-closed").press("Space")
        page.locator("#state-closed").press("Enter")
        page.get_by_role("alert").get_by_role("link").press("Enter")
        field = page.locator("#unsaid-text")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        unfold(page)
        is_sound(page)
    field.type("She asked for none.")
    page.locator("#state-closed").press("Space")
    page.locator("#state-closed").press("Enter")
    expect(page.get_by_role("status")).to_have_text("The state is changed.")
    expect(page.get_by_text("She asked for none.", exact=True)).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("row", name="Case 2")).to_contain_text("High priority")

"""How long a case is kept, in a real browser: asked for, confirmed and stopped without a script, accessible and narrow."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_desk_pages import AXE
from tests.browser.test_journey import declare
from tests.desk.running import ANNA, BO, Desk, Member, Reporter, hold_ceremony, started, today
from tests.desk.test_erasure import ALL, step


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A closed case, and one under a hold whose review is overdue, whose lifting is asked for and which belongs elsewhere."""
    with started(tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony")), 9) as running:
        for place in (1, 2):
            reporter = Reporter.new(running.card)
            running.deliver(reporter.frame(reporter.report(), place))
        anna = running.member(ANNA)
        anna.post("/cases/1/acknowledge", text="Vi har læst det.")
        step(anna, "assessing", "addressing", "concluding", "closed")
        anna.post("/cases/2/hold", text="x" * 300, review=str(today() + timedelta(days=1)))
        bo = running.signed_in(BO)
        assert bo.post("/cases/2/confirm", asked="1", what="hold").status == 303
        assert bo.post("/cases/2/lift", text="Retssagen er slut.").status == 303
        assert bo.post("/cases/2/outcome", outcome="out_of_scope", text="Det hører til et andet sted.", **ALL).status == 303
        running.clock.ahead = timedelta(days=3)
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


def be(context: BrowserContext, member: Member) -> None:
    """From here on the browser is this member's."""
    name, value = member.cookie.split("=")
    context.add_cookies([{"name": name, "value": value, "domain": "localhost", "path": "/", "secure": True}])


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("path", ["/", "/cases/1", "/cases/2"])
def test_what_is_said_of_the_end_of_a_case_has_no_violation_and_fits_a_telephone(page: Page, path: str, language: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{path}?language={language}")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.evaluate(AXE)
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    for each in page.locator("section[aria-labelledby=keeping] :is(button, input, textarea, summary):visible").all():
        box = each.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 24


def test_an_early_erasure_is_asked_for_confirmed_and_stopped(context: BrowserContext, page: Page, desk: Desk) -> None:
    page.goto("/cases/1?language=en")
    page.get_by_text("Ask to erase the case early").press("Enter")
    page.get_by_label("Why it must be erased now").fill("Indberettet ved en fejl.")
    page.get_by_role("button", name="Ask for early erasure").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Early erasure is asked for. Another member must confirm it.")
    expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
    be(context, desk.signed_in(BO))
    page.goto("/cases/1?language=en")
    declare(page)
    expect(page.get_by_text("asked for by anna")).to_be_visible()
    page.get_by_role("button", name="Confirm").press("Enter")
    expect(page.get_by_role("status")).to_have_text("It is confirmed.")
    expect(page.get_by_text("Two members decided that.")).to_be_visible()
    page.get_by_role("button", name="Stop the erasure").press("Enter")
    expect(page.get_by_role("status")).to_have_text("It is withdrawn.")
    expect(page.get_by_text("Its time after closing is over then.")).to_be_visible()


def test_a_review_that_is_overdue_leads_from_the_inbox_to_the_case(page: Page) -> None:
    page.goto("/?language=en")
    page.locator("p", has_text="It still holds.").get_by_role("link", name="Case 2").press("Enter")
    expect(page.get_by_text("It is under a legal hold")).to_be_visible()


def test_a_day_of_review_that_is_too_far_is_said_at_its_field(page: Page) -> None:
    page.goto("/cases/1?language=en")
    page.get_by_text("Ask for a legal hold").press("Enter")
    page.get_by_label("Why it must be kept").fill("Retssag.")
    field = page.get_by_label("To be reviewed by")
    field.evaluate("each => each.removeAttribute('max')")
    field.fill(str(today() + timedelta(days=400)))
    page.get_by_role("button", name="Ask for the hold").press("Enter")
    page.get_by_role("alert").get_by_role("link").click()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Why it must be kept")).to_have_value("Retssag.")

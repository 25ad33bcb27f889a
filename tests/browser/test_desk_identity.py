"""Revealing an identity and entering a disclosure, in a real browser: without a script, accessible and narrow."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_desk_keeping import be
from tests.browser.test_desk_pages import AXE
from tests.browser.test_journey import declare
from tests.desk.running import ANNA, BO, CARL, Desk, Reporter, hold_ceremony, started
from tests.desk.test_disclosing import TOLD, UNTOLD
from tests.desk.test_identity import ask, say, sealed_name
from whistle.protocol.content import Consent, ConsentWithdrawn, SealedIdentity

LONG = "x" * 300


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A name to be asked for; one that is asked for; one that is revealed, with disclosures; one that no ring opens."""
    with started(tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony")), 9) as running:
        reporters = [Reporter.new(running.card, group) for group in ("risk-control",) * 3 + ("audit-chair",)]
        for place, each in enumerate(reporters, 1):
            running.deliver(each.frame(each.report(identity=sealed_name(running, f"Karen Holm {LONG}")), place))
        third = reporters[2]
        running.deliver(third.frame(third.say(Consent(f"Politiet {LONG}")), 5))
        running.deliver(third.frame(third.say(Consent("Finanstilsynet")), 6))
        running.deliver(third.frame(third.say(ConsentWithdrawn(third.last.hash)), 7))
        running.deliver(reporters[0].frame(reporters[0].say(SealedIdentity(sealed_name(running))), 8))
        anna, bo = running.member(ANNA), running.member(BO)
        running.member(CARL)
        for case in ("/cases/2", "/cases/3"):
            assert ask(anna, case, LONG).status == 303
        assert say(bo, "/cases/3", "approve").status == 303
        for fields in (TOLD, UNTOLD):
            assert bo.post("/cases/3/disclose", **fields | {"to": LONG}).status == 303
        yield running


@pytest.fixture
def context(browser: Browser, desk: Desk) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True)
    be(opened, desk.signed_in(BO))
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def is_sound(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.evaluate(AXE)
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


@pytest.mark.parametrize("language", ["en", "da"])
def test_every_page_about_an_identity_has_no_violation_and_fits_a_telephone(
    context: BrowserContext, page: Page, desk: Desk, language: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    for case in (1, 2, 3):
        page.goto(f"/cases/{case}?language={language}")
        is_sound(page)
    page.locator("form[action$='/identity/reveal'] button").press("Enter")
    expect(page.locator("dd").first).to_have_text(f"Karen Holm {LONG}")
    is_sound(page)
    be(context, desk.signed_in(CARL))
    page.goto(f"/cases/4?language={language}")
    is_sound(page)


def test_two_members_reveal_a_name_by_keyboard_and_enter_what_they_disclose(
    context: BrowserContext, page: Page, desk: Desk
) -> None:
    page.goto("/cases/1?language=en")
    declare(page)
    page.get_by_text("Ask to reveal the name").press("Enter")
    page.get_by_label("Why the name is needed").fill("Politiet spørger.")
    page.get_by_role("button", name="Send the request").press("Enter")
    expect(page.get_by_role("status")).to_have_text("The request is kept. A member of the other ring must approve it.")
    be(context, desk.signed_in(ANNA))
    page.goto("/cases/1?language=en")
    declare(page)
    page.get_by_role("button", name="Approve, and take the outer seal off").press("Enter")
    expect(page.get_by_role("button", name="Show the name")).to_have_count(0)
    be(context, desk.signed_in(BO))
    page.goto("/cases/1?language=en")
    page.get_by_role("button", name="Show the name").press("Enter")
    expect(page.get_by_text("Kanarie Fugl-Hansen")).to_be_visible()
    page.get_by_role("button", name="End the request").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The request has ended.")
    page.get_by_text("Enter a disclosure").press("Enter")
    page.get_by_label("To whom").fill("Politiet")
    page.get_by_label("What is disclosed", exact=True).fill("Navn")
    page.get_by_role("button", name="Enter it").press("Enter")
    page.get_by_role("alert").get_by_role("link").press("Enter")
    expect(page.get_by_label("To whom")).to_be_focused()
    page.get_by_label("Court proceedings").check()
    page.get_by_label("The reporter is told first").check()
    page.get_by_label("Message to the reporter").fill("Retten skal kende dit navn.")
    page.get_by_role("button", name="Enter it").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The disclosure is in the register.")

"""A report that came in another way, in a real browser: written down, filed, its code in large print; accessible and narrow."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_desk_keeping import be
from tests.browser.test_desk_pages import AXE
from tests.browser.test_journey import declare
from tests.desk.running import ANNA, Desk, hold_ceremony, started
from tests.desk.test_channels import file, keep

LONG = "x" * 200


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A case that came by telephone, with a recording. The public server is not there."""
    folder, ceremony = tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony"))
    with started(folder, ceremony, 9, recordings=True) as running:
        running.member(ANNA)
        anna = running.signed_in(ANNA)
        assert file(anna).status == 200
        assert keep(anna) == 303
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


def look(page: Page) -> None:
    """At 320 pixels, with everything unfolded: no violation, no scrolling sideways, nothing too small to be hit."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.evaluate(AXE)
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    for each in page.locator("main :is(button, input, textarea, summary):visible").all():
        box = each.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 24


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("path", ["/reports/new", "/cases/1"])
def test_the_pages_of_other_channels_have_no_violation_and_fit_a_telephone(page: Page, path: str, language: str) -> None:
    page.goto(f"{path}?language={language}")
    look(page)


def test_an_e_mail_is_read_in_and_filed_by_keyboard_and_its_code_is_shown_once(page: Page) -> None:
    made = EmailMessage()
    made["From"], made["Subject"] = f"{LONG} <karen@example.com>", LONG
    made.set_content("Se vedhæftede.")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename=f"{LONG}.pdf")
    page.goto("/reports/new?language=en")
    page.get_by_text("Read an e-mail in").press("Enter")
    page.get_by_label("The e-mail, saved as a file").set_input_files(
        {"name": "a.eml", "mimeType": "message/rfc822", "buffer": made.as_bytes()}
    )
    page.get_by_role("button", name="Read it in").press("Enter")
    expect(page.get_by_label("What was reported")).to_have_value(f"{LONG}\n\nSe vedhæftede.")
    expect(page.get_by_label("E-mail", exact=True)).to_be_checked()
    look(page)
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_label("Danish").check()
    page.get_by_role("button", name="File the report").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Case 2 is filed")
    expect(page.locator(".aloud li")).to_have_count(9)
    look(page)
    page.get_by_role("link", name="go to case 2").press("Enter")
    declare(page)
    expect(page.get_by_text("not on the public server yet")).to_be_visible()
    expect(page.locator("section[aria-labelledby=channels]").get_by_text(f"{LONG}.pdf").first).to_be_visible()


def test_a_mistake_leads_to_its_field_and_what_was_typed_is_still_there(page: Page) -> None:
    page.goto("/reports/new?language=en")
    page.get_by_label("Telephone", exact=True).check()
    page.get_by_label("English").last.check()
    page.get_by_label("What was reported").fill("Words.")
    page.get_by_label("Received on").evaluate("each => { each.removeAttribute('max'); each.value = '2999-01-01' }")
    page.get_by_role("button", name="File the report").press("Enter")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Received on")).to_be_focused()
    expect(page.get_by_label("What was reported")).to_have_value("Words.")
    look(page)

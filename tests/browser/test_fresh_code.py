"""A mailbox whose code the desk has seen: the offer of another, taken and kept, and what the desk then gets."""

from playwright.sync_api import expect

from tests.browser import reporting as pages
from tests.browser.desk import Desk
from tests.browser.reporting import Opens
from whistle.protocol.content import CodeSeen, Message

SEEN = CodeSeen("Vi har set din sagskode.")


def test_a_code_that_only_the_reporter_knows_is_taken_kept_and_opens_the_new_mailbox(opens: Opens, desk: Desk) -> None:
    code, report = pages.reported(opens, desk)
    desk.answer(report, SEEN)
    page = opens("mailbox")
    pages.open_box(page, code)
    offer = page.get_by_role("button", name="Take a code that only you know")
    expect(offer).to_be_visible()
    assert pages.faults_of(page) == []
    offer.press("Enter")
    fresh = pages.code_on(page)
    assert fresh != code
    expect(page.locator("#code h2")).to_be_focused()
    assert pages.faults_of(page) == []
    page.locator("#written").click()
    for field in page.locator("[data-part=type-back] input").all():
        field.fill(fresh.split("-")[int(field.get_attribute("data-group") or "")])
    assert pages.faults_of(page) == []
    page.locator("[data-part=type-back] button[type=submit]").click()
    expect(page.locator("#moved")).to_be_visible()
    expect(offer).to_be_hidden()
    expect(page.locator("#thread > li")).to_have_count(2)
    assert fresh.split("-")[4] not in page.content()
    boxes = [frame.box for frame in desk.arrived()][-2:]
    assert boxes[0] == boxes[1] != report.context.box
    page.close(run_before_unload=False)
    page = opens("mailbox")
    pages.open_box(page, fresh)
    expect(page.locator("#thread .mine").last).to_contain_text("You went on from an earlier mailbox")


def test_a_mailbox_whose_code_nobody_saw_offers_no_other(opens: Opens, desk: Desk) -> None:
    code, report = pages.reported(opens, desk)
    desk.answer(report, Message("Vi har læst det."))
    page = opens("mailbox")
    pages.open_box(page, code)
    expect(page.locator("#thread .desk")).to_have_count(1)
    expect(page.locator("#fresh")).to_be_hidden()


def test_a_fresh_code_that_cannot_be_sent_leaves_the_mailbox_open_and_says_why(opens: Opens, desk: Desk) -> None:
    code, report = pages.reported(opens, desk)
    desk.answer(report, SEEN)
    page = opens("mailbox", hasty=True)
    pages.open_box(page, code)
    page.route("**/api/submit", lambda route: route.abort())
    page.locator("#fresh-take").click()
    expect(page.locator("#fresh-words")).to_contain_text("No answer came back", timeout=30_000)
    page.unroute("**/api/submit")
    page.locator("#fresh-take").click()
    assert pages.code_on(page) != code

"""The reporter's pages in a real browser, before a real intake: usable by everybody, and honest when something fails."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Request, Route, expect

from tests.browser.desk import Desk
from tests.browser.reporting import LANGUAGES, PAGES, TEXT, Opens, code_on, faults_of, open_box, row, send, type_back, write
from whistle.protocol.content import Report
from whistle.protocol.wire import parse_submission


@pytest.mark.parametrize(("language", "width"), [("fi", 320), ("en", 1280)])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible_and_fits(opens: Opens, path: str, language: str, width: int) -> None:
    """In every language and every state: test_markup, among the slow ones."""
    assert faults_of(opens(path, language, width)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_screen_of_a_small_telephone_says_who_reads_and_leads_on(opens: Opens, language: str) -> None:
    page = opens("", language)
    page.set_viewport_size({"width": 320, "height": 568})
    first = page.locator(".first")
    assert len(first.inner_text().split()) <= 60
    for each in (*first.locator("dd").all(), *first.get_by_role("link").all()):
        box = each.bounding_box()
        assert box
        assert box["y"] + box["height"] <= 568
    assert [link.get_attribute("href") for link in first.get_by_role("link").all()] == [
        f"/{language}/report",
        f"/{language}/mailbox",
    ]


@pytest.mark.parametrize(("language", "width"), [("da", 320), ("en", 1280)])
def test_every_step_of_a_report_is_accessible_and_fits(opens: Opens, language: str, width: int) -> None:
    page, faults = opens("report", language, width), []
    write(page, "")
    faults += faults_of(page)
    page.locator("#text").fill(TEXT)
    page.locator("#next").click()
    faults += faults_of(page)
    page.locator("#next").click()
    faults += faults_of(page)
    page.locator("#ask").click()
    while page.locator("#check").is_hidden():
        faults += faults_of(page)
        page.locator("#next").click()
    page.locator("#send").click()
    code = code_on(page)
    faults += faults_of(page)
    page.locator("#written").click()
    page.locator("[data-part=type-back] button[type=submit]").click()
    faults += faults_of(page)
    page.locator("#show-again").click()
    type_back(page, code)
    assert faults + faults_of(page) == []


def test_a_report_arrives_as_it_was_written(opens: Opens, desk: Desk) -> None:
    send(opens("report", "da"))
    arrived = desk.newest()
    assert isinstance(arrived.body, Report)
    assert (arrived.body.language, arrived.body.text) == ("da", TEXT)


def test_the_check_step_shows_the_very_text(opens: Opens) -> None:
    page = opens("report")
    write(page)
    assert page.locator("#check-list dd").first.text_content() == TEXT


def test_the_code_is_never_shown_before_the_report_was_acknowledged(opens: Opens, context: BrowserContext) -> None:
    page = opens("report", hasty=True)
    write(page)
    context.set_offline(True)
    page.locator("#send").click()
    expect(page.locator("#failed")).to_be_visible(timeout=20_000)
    assert page.locator("[data-part=code] li").count() == 0


def test_trying_again_sends_the_same_sealed_bytes(opens: Opens) -> None:
    page, sent = opens("report", hasty=True), []

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.on("request", lambda request: sent.append(request.post_data_buffer) if request.url.endswith("/submit") else None)
    page.route("**/api/submit", lose_the_answer, times=4)  # as often as it goes again by itself
    write(page)
    page.locator("#send").click()
    expect(page.locator("#failed")).to_be_visible(timeout=20_000)
    page.locator("#back").click()
    assert page.locator("#text").input_value() == TEXT
    page.locator("#next").click()
    page.locator("#send").click()
    code_on(page)
    arrived = [parse_submission(body) for body in sent]
    assert len(arrived) == 5
    assert len({(each.box, each.envelope) for each in arrived}) == 1


@pytest.mark.parametrize("answer", ["no answer", "another answer", "too_slow"])
def test_after_an_uncertain_failure_the_way_back_says_that_a_change_makes_a_second_report(opens: Opens, answer: str) -> None:
    page = opens("report", hasty=True)

    def fail(route: Route) -> None:
        if answer == "no answer":
            route.abort()
        else:
            route.fulfill(status=408, body=json.dumps({"error": answer, "message": ""}))

    page.route("**/api/submit", fail)
    write(page)
    page.locator("#send").click()
    expect(page.locator("#failed-second")).to_be_visible(timeout=20_000)
    expect(page.locator("#failed-second")).to_contain_text("a second report")
    expect(page.locator("#failed button:not(.quiet)")).to_have_text("Try again")


def test_after_a_plain_refusal_nothing_is_said_of_a_second_report(opens: Opens) -> None:
    page = opens("report", hasty=True)
    page.route("**/api/submit", lambda route: route.fulfill(status=503, body='{"error":"storage_failed","message":""}'))
    write(page)
    page.locator("#send").click()
    expect(page.locator("#failed")).to_be_visible(timeout=20_000)
    expect(page.locator("#failed-second")).to_be_hidden()


def test_the_promised_dates_count_from_the_day_that_intake_answered(opens: Opens) -> None:
    page = opens("report")

    def answer_later(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"day": "2026-12-28"})

    page.route("**/api/submit", answer_later)
    type_back(page, send(page))
    expect(page.locator("#done-acknowledge")).to_have_text("4 January 2027")
    expect(page.locator("#done-feedback")).to_have_text("4 April 2027")


def test_a_wrong_group_is_named_and_the_code_is_shown_again_on_request(opens: Opens) -> None:
    page = opens("report")
    code = send(page)
    page.locator("#written").click()
    expect(page.locator("[data-part=code]")).to_be_hidden()
    assert code.split("-")[0] not in page.locator("main").inner_html()
    first = page.locator("#typeback-first")
    first.fill("babab")
    page.locator("[data-part=type-back] button[type=submit]").click()
    place = int(first.get_attribute("data-group") or "") + 1
    expect(page.locator("#typeback-first-mistake")).to_contain_text(f"Group {place} ")
    page.locator("#show-again").click()
    assert code_on(page) == code


def test_the_whole_code_can_be_pasted_to_prove_that_it_was_kept(opens: Opens) -> None:
    page = opens("report")
    code = send(page)
    page.locator("#written").click()
    for field in page.locator("[data-part=type-back] input").all():
        field.fill(code.upper())
    page.locator("[data-part=type-back] button[type=submit]").click()
    expect(page.locator("[data-part=done]")).to_be_visible()


def test_the_code_is_gone_from_the_page_once_it_was_typed_back(opens: Opens) -> None:
    page = opens("report")
    code = send(page)
    type_back(page, code)
    content = page.content() + json.dumps([field.input_value() for field in page.locator("input[type=text], textarea").all()])
    assert not [group for group in code.split("-") if group in content]


def test_the_code_can_be_copied(opens: Opens) -> None:
    page = opens("report")
    code = send(page)
    page.evaluate("document.addEventListener('copy', (e) => setTimeout(() => { globalThis.copied = 1; }))")
    page.locator("#copy").click()
    expect(page.locator("#code-words")).to_contain_text("copied")
    page.locator("#written").click()
    field = page.locator("#typeback-first")
    field.focus()
    page.keyboard.press("Control+V")
    assert field.input_value() == code


def test_a_copy_that_the_browser_refused_leaves_no_trap_for_the_next(opens: Opens) -> None:
    page = opens("report")
    code = send(page)
    page.evaluate("document.execCommand = () => false")
    page.locator("#copy").click()
    expect(page.locator("#code-words")).to_contain_text("did not let us copy")
    type_back(page, code)
    untouched = "document.dispatchEvent(new ClipboardEvent('copy', { cancelable: true, clipboardData: new DataTransfer() }))"
    assert page.evaluate(untouched) is True


def test_a_printed_slip_bears_the_code_the_days_to_look_again_and_no_name(opens: Opens) -> None:
    page = opens("report")
    page.route("**/api/submit", lambda route: route.fulfill(json=route.fetch().json() | {"day": "2026-12-28"}))
    code = send(page)
    page.emulate_media(media="print")
    shown = page.locator("body").inner_text()
    assert all(group in shown for group in code.split("-"))
    assert "4 January 2027 · 4 February 2027 · 4 March 2027 · 4 April 2027" in shown
    assert not [name for name in ("Demobank", "Whistle", "127.0.0.1", "report") if name in shown]


def test_reminders_are_saved_with_days_and_a_title_of_ones_own_and_ask_nobody(opens: Opens, tmp_path: Path) -> None:
    page = opens("report")
    page.route("**/api/submit", lambda route: route.fulfill(json=route.fetch().json() | {"day": "2099-12-28"}))
    type_back(page, send(page))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#reminders-title").fill("Tandlæge")
    with page.expect_download() as begun:
        page.locator("#reminders-save").click()
    assert begun.value.suggested_filename == "calendar.ics"
    begun.value.save_as(tmp_path / "calendar.ics")
    saved = (tmp_path / "calendar.ics").read_text("utf-8")
    assert re.findall(r"DTSTART;VALUE=DATE:(\d+)", saved) == ["21000104", "21000204", "21000304", "21000404"]
    assert set(re.findall(r"SUMMARY:(.*)", saved)) == {"Tandlæge"}
    assert not [url for url in asked if "/api/" in url and "fetch" not in url and not url.endswith("challenge")]


def test_a_text_over_the_limit_is_refused_and_kept(opens: Opens) -> None:
    page, text = opens("report"), "æ" * 125_001
    write(page, text)
    expect(page.locator("#text-left")).to_contain_text("Over the limit")
    expect(page.locator("#write-summary")).to_be_focused()
    assert len(page.locator("#text").input_value()) == len(text)


def test_a_person_with_a_keyboard_alone_can_report(opens: Opens) -> None:
    page = opens("report")

    def tab_to(selector: str) -> None:
        for _ in range(40):
            if page.evaluate("(selector) => document.activeElement?.matches(selector)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab never came to {selector}.")

    tab_to("#text")
    page.keyboard.type("Det skete i marts.")
    tab_to("#next")
    page.keyboard.press("Enter")
    tab_to("#group-risk-control")
    page.keyboard.press("ArrowDown")
    tab_to("#next")
    page.keyboard.press("Enter")
    tab_to("#send")
    page.keyboard.press("Enter")
    code = code_on(page)
    tab_to("#written")
    page.keyboard.press("Enter")
    for place in ("first", "second"):
        tab_to(f"#typeback-{place}")
        group = page.locator(f"#typeback-{place}").get_attribute("data-group") or ""
        page.keyboard.type(code.split("-")[int(group)])
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=done] h2").first).to_be_focused()
    tab_to("#files-input")
    page.on("filechooser", lambda _: None)  # asked for before the key is pressed, so that no real dialog swallows it
    page.wait_for_timeout(100)
    with page.expect_file_chooser() as asked:
        page.keyboard.press("Space")
    asked.value.set_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
    tab_to("[data-state=held] button:not([hidden])")
    page.keyboard.press("Enter")
    expect(row(page, "a.txt")).to_contain_text("Sent as “file-", timeout=20_000)


def test_a_whole_journey_asks_nobody_else_and_stores_nothing(opens: Opens, desk: Desk, context: BrowserContext) -> None:
    asked: list[Request] = []
    context.on("request", lambda request: asked.append(request))
    page = opens("")
    page.locator(".first .button").first.click()
    code = send(page)
    type_back(page, code)
    page.locator("[data-part=done] a").click()
    open_box(page, code)
    assert {re.sub(r"^(https?://[^/]+|data:).*", r"\1", request.url, flags=re.DOTALL) for request in asked} <= {
        desk.address,
        "data:",
    }
    assert not [request for request in asked if "?" in request.url or code.split("-")[0] in request.url]
    stored = page.evaluate(
        "indexedDB.databases().then((d) => [localStorage.length, sessionStorage.length, document.cookie, d.length])"
    )
    assert stored == [0, 0, "", 0]
    assert context.cookies() == []


def test_the_report_page_takes_four_requests(opens: Opens, context: BrowserContext) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = opens("report")
    expect(page.locator("#write")).to_be_visible()
    assert len([url for url in asked if not url.startswith("data:")]) == 4


@pytest.mark.parametrize("path", ["report", "mailbox"])
def test_without_javascript_the_page_says_so_and_gives_the_other_ways(browser: Browser, desk: Desk, path: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{desk.address}/en/{path}")
    expect(page.get_by_text("JavaScript").first).to_be_visible()
    expect(page.get_by_role("link", name="risikokontrol@demobank.example")).to_be_visible()
    expect(page.locator("textarea:visible")).to_have_count(0)
    page.locator("#leave").click()
    expect(page).to_have_url(f"{desk.address}/robots.txt")
    context.close()


@pytest.mark.parametrize("lack", ["isSecureContext", "TransformStream"])
def test_a_browser_that_cannot_seal_is_told_so_and_sends_nothing(opens: Opens, context: BrowserContext, lack: str) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.add_init_script(f"Object.defineProperty(globalThis, '{lack}', {{ value: undefined }})")
    page = opens("report")
    expect(page.locator("#incapable")).to_contain_text("lacks what it takes")
    expect(page.get_by_role("link", name="risikokontrol@demobank.example")).to_be_visible()
    expect(page.locator("textarea:visible")).to_have_count(0)
    assert not [url for url in asked if "/api/" in url]


def test_shift_three_times_leaves_and_the_way_back_is_empty(opens: Opens, desk: Desk) -> None:
    page = opens("report")
    page.locator("#text").fill(TEXT)
    for _ in range(3):
        page.keyboard.press("Shift")
    expect(page).to_have_url(f"{desk.address}/robots.txt")
    page.go_back()
    assert page.url == "about:blank"  # where the tab began: the report has left the way back


@pytest.mark.parametrize("sure", [False, True])
def test_the_browsers_way_back_goes_one_step_and_asks_before_it_leaves(opens: Opens, sure: bool) -> None:
    """Asked by the page itself: some telephones ask nothing."""
    page, asked = opens("report"), []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept() if sure else dialog.dismiss()

    page.on("dialog", answer)
    write(page)
    for step in ("group", "text"):
        page.evaluate("history.back()")
        expect(page.locator(f"[data-step={step}]")).to_be_visible()
    expect(page.locator("#text")).to_have_value(TEXT)
    with page.expect_event("dialog"):
        page.evaluate("history.back()")
    if sure:
        page.wait_for_url("about:blank")
    else:
        expect(page.locator("#text")).to_have_value(TEXT)
    assert asked == ["What you wrote is not sent, and is gone once you leave. Leave the page all the same?"]


def test_the_browsers_way_back_does_not_lose_a_code(opens: Opens) -> None:
    page = opens("report")
    code = send(page)
    page.evaluate("history.back()")
    page.wait_for_timeout(200)
    assert code_on(page) == code
    page.locator("#written").click()
    page.evaluate("history.back()")
    assert code_on(page) == code


def test_capital_letters_do_not_leave(opens: Opens) -> None:
    page = opens("report")
    page.locator("#text").focus()
    for letter in "KPMG":
        page.keyboard.press(f"Shift+{letter}")
    expect(page.locator("#text")).to_have_value("KPMG")


def test_a_page_that_was_loaded_again_is_left_as_fast(opens: Opens, desk: Desk) -> None:
    page = opens("report")
    page.on("dialog", lambda dialog: dialog.accept())
    write(page)
    page.reload()
    page.locator("#text").fill(TEXT)
    for _ in range(3):
        page.keyboard.press("Shift")
    expect(page).to_have_url(f"{desk.address}/robots.txt")


def test_the_link_leaves_and_blanks_the_page_first(opens: Opens, desk: Desk) -> None:
    page = opens("report")
    page.locator("#text").fill(TEXT)
    page.route("**/robots.txt", lambda route: None)
    assert page.evaluate("document.getElementById('leave').click(), document.body.innerHTML") == ""


def test_the_browsers_way_back_finds_an_empty_page(opens: Opens, desk: Desk) -> None:
    page = opens("report")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#text").fill(TEXT)
    page.goto(f"{desk.address}/en/privacy")
    page.go_back()
    expect(page.locator("#text")).to_have_value("")


def test_closing_the_page_before_the_code_was_typed_back_is_asked_about(opens: Opens) -> None:
    page = opens("report")
    code = send(page)
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    type_back(page, code)
    with page.expect_event("close"):
        page.close(run_before_unload=True)


def test_after_the_card_has_ended_nothing_is_reported_and_the_page_gives_the_other_ways(
    opens: Opens, context: BrowserContext
) -> None:
    context.clock.set_fixed_time("2031-01-01T12:00:00Z")
    page = opens("report")
    expect(page.locator("#incapable-why")).to_contain_text("has expired")
    expect(page.get_by_role("link", name="risikokontrol@demobank.example")).to_be_visible()


def test_a_report_goes_again_by_itself_after_a_passing_failure_and_says_so(opens: Opens) -> None:
    page = opens("report")
    page.route(
        "**/api/submit", lambda route: route.fulfill(status=503, body='{"error":"storage_failed","message":""}'), times=2
    )
    write(page)
    page.locator("#send").click()
    expect(page.locator("#sending-words")).to_contain_text("It is tried again in", timeout=20_000)
    code_on(page)

"""The reporter's pages in a real browser, before a real intake: usable by everybody, and honest when something fails."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Request, Route, expect

from tests.browser.desk import OTHER_VOICE, TOP, Desk
from whistle.protocol.content import TO_REPORTER, Acknowledgement, Content, Message, Notice, Report
from whistle.protocol.wire import parse_submission

AXE = (TOP / "browser" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
PAGES = ["", "report", "mailbox", "privacy", "accessibility", "nowhere"]
LANGUAGES = ["da", "sv", "nb", "fi", "en"]
TEXT = "Kontrakten er falsk.\n<img src=x onerror=alert(1)>"
Opens = Callable[..., Page]
LARGE = bytes(1_500_000)  # several parts
# Pauses in a twentieth of their time, for what is said after all of them.
HASTY = "(plain => { setTimeout = (act, pause = 0) => plain(act, pause / 20); })(setTimeout)"


@pytest.fixture
def opens(desk: Desk, context: BrowserContext) -> Opens:
    """A page of the reporter's, in English and on a small telephone unless the test says otherwise."""

    def opened(path: str, language: str = "en", width: int = 320, hasty: bool = False) -> Page:
        page = context.new_page()
        if hasty:
            page.add_init_script(HASTY)
        page.set_viewport_size({"width": width, "height": 640})
        page.goto(f"{desk.address}/{language}/{path}")
        return page

    return opened


def write(page: Page, text: str = TEXT) -> None:
    """Writes one text and goes on to the check, if it is taken."""
    page.locator("#text").fill(text)
    page.locator("#next").click()
    if page.locator("#text").is_hidden():
        page.locator("#next").click()


def code_on(page: Page) -> str:
    shown = page.locator("[data-part=code]")
    expect(shown).to_be_visible(timeout=20_000)
    return "-".join(re.findall(r"[a-z]{5}", shown.inner_text()))


def send(page: Page, text: str = TEXT) -> str:
    """Writes and sends a report; the case code."""
    write(page, text)
    page.locator("#send").click()
    return code_on(page)


def type_back(page: Page, code: str) -> None:
    page.locator("#written").click()
    for field in page.locator("[data-part=type-back] input").all():
        field.fill(code.split("-")[int(field.get_attribute("data-group") or "")])
    page.locator("[data-part=type-back] button[type=submit]").click()
    expect(page.locator("[data-part=done]")).to_be_visible()


def open_box(page: Page, code: str) -> None:
    page.locator("#case-code").fill(code)
    page.locator("#enter button[type=submit]").click()
    expect(page.locator("#opened")).to_be_visible(timeout=20_000)


def reported(opens: Opens, desk: Desk) -> tuple[str, Content]:
    """A report that has arrived: its code, and what the desk reads."""
    page = opens("report")
    code = send(page)
    page.close(run_before_unload=False)
    return code, desk.newest()


def faults_of(page: Page) -> list[str]:
    """What axe finds, and whether one must scroll sideways."""
    page.evaluate(AXE)
    page.evaluate("scrollTo(0, 0)")  # what stays in sight may lie over anything else
    found = page.evaluate(
        "axe.run({ rules: { 'target-size': { enabled: true } } }).then(({violations, passes}) => [violations, passes.length])"
    )
    assert found[1] > 10
    faults = [f"{fault['id']}: {node['target']}" for fault in found[0] for node in fault["nodes"]]
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*faults, "wider than the screen"] if wide else faults


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


@pytest.mark.parametrize(("language", "width"), [("da", 320), ("en", 1280)])
def test_every_step_of_a_mailbox_is_accessible_and_fits(opens: Opens, desk: Desk, language: str, width: int) -> None:
    code, report = reported(opens, desk)
    desk.answer(report, Acknowledgement("Tak. " + "etmegetlangtord" * 9))
    desk.push_noise(report)
    page, faults = opens("mailbox", language, width), []
    page.locator("#case-code").fill("q")
    page.locator("#enter button[type=submit]").click()
    faults += faults_of(page)
    page.locator("#case-code").fill(mistyped(code))
    page.locator("#enter button[type=submit]").click()
    expect(page.locator("#suggestion")).to_be_visible()
    faults += faults_of(page)
    page.locator("#accept").click()
    expect(page.locator(".verdict")).to_be_visible(timeout=20_000)
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


def test_the_browsers_way_back_closes_the_mailbox_first(opens: Opens, desk: Desk) -> None:
    code, _ = reported(opens, desk)
    page = opens("mailbox")
    open_box(page, code)
    page.evaluate("history.back()")
    expect(page.locator("#closed")).to_be_visible()
    assert "Kontrakten" not in page.content()
    page.evaluate("history.back()")
    page.wait_for_url("about:blank")


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


def test_after_the_card_has_ended_the_mailbox_is_read_and_takes_no_reply(
    opens: Opens, desk: Desk, context: BrowserContext
) -> None:
    code, report = reported(opens, desk)
    desk.answer(report, Acknowledgement("Tak for din indberetning."))
    context.clock.set_fixed_time("2031-01-01T12:00:00Z")
    page = opens("mailbox")
    open_box(page, code)
    expect(page.locator("#thread")).to_contain_text("Tak for din indberetning.")
    page.locator("#reply-text").fill("Det var i marts.")
    page.locator("#reply-send").click()
    expect(page.locator("#reply-text-mistake")).to_contain_text("the clock of your device")
    expect(page.locator("#reply-text")).to_have_value("Det var i marts.")


def test_the_first_tab_is_not_taken_away(opens: Opens) -> None:
    page = opens("report")
    expect(page.locator("#write")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()


def mistyped(code: str) -> str:
    return code[0] + ("a" if code[1] != "a" else "i") + code[2:]


def test_one_wrong_letter_is_offered_for_comparison_and_accepted_by_the_person(opens: Opens, desk: Desk) -> None:
    code, _ = reported(opens, desk)
    page = opens("mailbox")
    page.locator("#case-code").fill(mistyped(code))
    page.locator("#enter button[type=submit]").click()
    expect(page.locator("#suggestion-groups .differs")).to_have_text(code.split("-")[0])
    page.locator("#accept").click()
    expect(page.locator("#thread")).to_contain_text("Kontrakten er falsk.", timeout=20_000)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "Enter your case code"), ("babab", "There are 5 here"), ("babab ba.by", "“y” cannot stand in group 2, letter 4")],
)
def test_what_is_wrong_with_a_code_is_said_in_words(opens: Opens, typed: str, said: str) -> None:
    page = opens("mailbox")
    page.locator("#case-code").fill(typed)
    page.locator("#enter button[type=submit]").click()
    expect(page.locator("#case-code-mistake")).to_contain_text(said)


def test_a_code_without_a_mailbox_blames_nobody(opens: Opens) -> None:
    page = opens("mailbox")
    page.locator("#case-code").fill("-".join(["babab"] * 9))
    page.locator("#enter button[type=submit]").click()
    expect(page.locator("#failed-why")).to_contain_text("It need not be a mistake of yours", timeout=20_000)


def test_the_dialogue_is_shown_with_who_when_and_what_stands(opens: Opens, desk: Desk) -> None:
    code, report = reported(opens, desk)
    first = desk.answer(report, Acknowledgement("Tak for din indberetning."))
    second = desk.answer(report, Notice("addressing", ""), after=first)
    desk.answer(report, Message("<b>Hvornår</b>\nskete det?"), after=second)
    page = opens("mailbox")
    open_box(page, code)
    expect(page.locator("#thread h3")).to_have_text(
        ["Your report", "Acknowledgement of receipt", "News about your case: Being investigated", "Message"]
    )
    expect(page.locator("#status")).to_contain_text("Being investigated")
    expect(page.locator("#thread .desk .from").first).to_contain_text("From Risk control, ")
    assert page.locator("#thread .desk .said").last.text_content() == "<b>Hvornår</b>\nskete det?"


def test_what_is_not_genuine_is_named_and_never_shown_as_a_message(opens: Opens, desk: Desk) -> None:
    code, report = reported(opens, desk)
    desk.answer(report, Message("Oplys dit navn."), voice=OTHER_VOICE)
    desk.push_noise(report)
    page = opens("mailbox")
    open_box(page, code)
    expect(page.locator("#thread .verdict h3")).to_have_text(
        [re.compile("without a valid signature"), re.compile("does not belong here")]
    )
    expect(page.locator("#thread")).not_to_contain_text("Oplys dit navn.")


def test_letters_that_are_missing_are_counted(opens: Opens, desk: Desk) -> None:
    code, report = reported(opens, desk)
    lost = Content(replace(report.context, direction=TO_REPORTER), Message("Dette brev kom aldrig frem."))
    desk.answer(report, Message("Svar på det."), after=lost)
    page = opens("mailbox")
    open_box(page, code)
    expect(page.locator("#thread .verdict h3")).to_contain_text("Messages missing before the next one: 1")
    expect(page.locator("#thread")).to_contain_text("Svar på det.")


def test_a_message_of_ones_own_that_the_desk_saw_and_the_mailbox_lacks_is_reported(opens: Opens, desk: Desk) -> None:
    code, report = reported(opens, desk)
    desk.answer(report, Message("Tak for dine tre beskeder."), seen=3)
    page = opens("mailbox")
    open_box(page, code)
    expect(page.locator("#withheld")).to_contain_text("Missing messages: 2")


def test_a_reply_appears_because_the_mailbox_was_fetched_again(opens: Opens, desk: Desk) -> None:
    code, _ = reported(opens, desk)
    page = opens("mailbox")
    open_box(page, code)
    page.locator("#reply-text").fill("Det var i marts.")
    page.locator("#reply-send").click()
    expect(page.locator("#thread .mine").last).to_contain_text("Det var i marts.", timeout=20_000)
    expect(page.locator("#reply-text")).to_have_value("")


def test_a_reply_that_is_not_confirmed_is_kept(opens: Opens, desk: Desk, context: BrowserContext) -> None:
    code, _ = reported(opens, desk)
    page = opens("mailbox", hasty=True)
    open_box(page, code)
    context.set_offline(True)
    page.locator("#reply-text").fill("Det var i marts.")
    page.locator("#reply-send").click()
    expect(page.locator("#reply-text-mistake")).to_contain_text("still in the box below", timeout=20_000)
    expect(page.locator("#reply-text")).to_have_value("Det var i marts.")


def test_a_reply_that_another_window_overtook_is_kept_and_goes_behind_it(opens: Opens, desk: Desk) -> None:
    code, _ = reported(opens, desk)
    first, second = opens("mailbox"), opens("mailbox")
    for page, words in ((first, "Fra det ene."), (second, "Fra det andet.")):
        open_box(page, code)
        page.locator("#reply-text").fill(words)
    first.locator("#reply-send").click()
    expect(first.locator("#reply-words")).to_contain_text("has arrived", timeout=20_000)
    second.locator("#reply-send").click()
    expect(second.locator("#reply-text-mistake")).to_contain_text("in another window", timeout=20_000)
    expect(second.locator("#thread")).to_contain_text("Fra det ene.")
    expect(second.locator("#reply-text")).to_have_value("Fra det andet.")
    second.locator("#reply-send").click()
    expect(second.locator("#thread .mine").last).to_contain_text("Fra det andet.", timeout=20_000)


@pytest.mark.parametrize("fails", [False, True])
def test_a_reply_that_ends_after_the_mailbox_was_closed_writes_nothing(opens: Opens, desk: Desk, fails: bool) -> None:
    code, _ = reported(opens, desk)
    held: list[Route] = []
    page = opens("mailbox")
    open_box(page, code)
    page.route("**/api/post", lambda route: held.append(route))
    page.locator("#reply-text").fill("Det var i marts.")
    with page.expect_request("**/api/post"):
        page.locator("#reply-send").click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#close").click()
    if fails:
        with page.expect_event("requestfailed"):
            held[0].abort()
    else:
        with page.expect_response("**/api/fetch"):
            held[0].continue_()
    open_box(page, code)  # fetched and read after the reply was: by now it has ended
    assert page.locator("#reply-words").text_content() == ""
    expect(page.locator("#reply-summary")).to_be_hidden()


def test_closing_the_mailbox_leaves_nothing_on_the_page(opens: Opens, desk: Desk) -> None:
    code, _ = reported(opens, desk)
    page = opens("mailbox")
    open_box(page, code)
    page.locator("#close").click()
    expect(page.locator("#closed")).to_be_visible()
    assert "Kontrakten" not in page.content()
    assert page.locator("#case-code").input_value() == ""


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    """Chooses text files and sends each that is not refused."""
    page.locator("#files-input").set_input_files(
        [{"name": name, "mimeType": "text/plain", "buffer": content} for name, content in files]
    )
    expect(page.locator("[data-state=looking]")).to_have_count(0)
    held = page.locator("[data-state=held]")
    while held.count():
        held.first.locator("button:visible").first.click()


def row(page: Page, name: str) -> Locator:
    return page.locator("#files-list li").filter(has_text=name)


def done(opens: Opens, language: str = "en", width: int = 320, hasty: bool = False) -> Page:
    """A page on which a report was written and its code typed back."""
    page = opens("report", language, width, hasty)
    type_back(page, send(page))
    return page


def hold_parts(page: Page) -> list[Route]:
    held: list[Route] = []
    page.route("**/api/part", lambda route: held.append(route))
    return held


@pytest.mark.parametrize(("language", "width", "scheme"), [("da", 320, "light"), ("en", 1280, "dark")])
def test_every_state_of_a_file_and_of_a_receipt_is_accessible_and_fits(
    opens: Opens, desk: Desk, context: BrowserContext, language: str, width: int, scheme: str
) -> None:
    page = done(opens, language, width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    faults = faults_of(page)
    held = hold_parts(page)
    choose(page, ("x" * 80 + ".pdf", LARGE), ("small.txt", b"a"), ("empty.txt", b""))
    expect(page.locator("#files-list progress").first).not_to_have_js_property("value", 0, timeout=20_000)
    faults += faults_of(page)
    page.locator("#files-list button").first.click()
    faults += faults_of(page)
    context.set_offline(True)
    page.locator("#files-list button").first.click()
    for route in held:
        route.abort()
    page.unroute("**/api/part")
    expect(page.locator("#files-words")).to_contain_text("etværk" if language == "da" else "network")
    faults += faults_of(page)
    page.route("**/api/part", lambda route: route.fulfill(status=507, body='{"error":"no_room","message":""}'))
    context.set_offline(False)
    expect(row(page, "small.txt")).to_contain_text("Sen", timeout=20_000)
    expect(row(page, "small.txt").locator("button:visible")).to_have_count(0, timeout=20_000)
    desk.sign_for_all()
    page.evaluate("document.getElementById('receipt-again').click()")  # unless the page has looked by itself
    for summary in page.locator("#receipt summary").all():
        summary.click()
    expect(page.locator("#proof-save")).to_be_visible()
    assert faults + faults_of(page) == []


def test_a_mailbox_with_files_both_ways_is_accessible_and_fits(opens: Opens, desk: Desk) -> None:
    code, report = reported(opens, desk)
    desk.give(report, "y" * 80 + ".pdf", b"Referat")
    page = opens("mailbox")
    open_box(page, code)
    choose(page, ("x" * 80 + ".pdf", b"Bilag"))
    expect(page.locator("#thread .mine li")).to_be_visible(timeout=20_000)
    page.locator("#thread .desk button").click()
    expect(page.locator("#thread .desk li")).to_contain_text("Your browser saves it")
    assert faults_of(page) == []


def test_a_file_with_another_beside_it_is_refused_by_name_before_anything_is_sent(
    opens: Opens, context: BrowserContext
) -> None:
    context.route("**/instance.js", lambda route: route.fulfill(response=(got := route.fetch()), body=smaller(got.text())))
    page, begun = done(opens), []
    page.on("request", lambda request: begun.append(request) if request.url.endswith("/begin") else None)
    expect(page.locator("#files-limits")).to_have_text("At most 2 files of up to 20 kB each.")
    choose(page, ("empty", b""), ("large", bytes(20_001)), ("first", b"1"), ("second", b"2"), ("third", b"3"))
    said = ["“empty” is empty", "“large” is larger than 20 kB", "“third” is not sent, because 2 files is the most"]
    expect(page.locator("#files-refused li")).to_have_text([re.compile(words) for words in said])
    for name in ("first", "second"):
        expect(row(page, name)).to_contain_text("Sent as “file-", timeout=20_000)
    assert len(begun) == 2


def smaller(instance: str) -> str:
    """What intake says of itself, with limits that a test can reach."""
    return re.sub(r'"fileBytes": \d+', '"fileBytes": 20000', re.sub(r'"files": \d+', '"files": 2', instance))


def test_of_a_file_only_what_changed_is_read_out(opens: Opens) -> None:
    page = done(opens)
    page.evaluate(
        "globalThis.heard = []; new MutationObserver(() => heard.push(document.getElementById('files-words').textContent))"
        ".observe(document.getElementById('files-words'), { childList: true })"
    )
    choose(page, ("a.txt", LARGE))
    expect(row(page, "a.txt")).to_contain_text("Sent as “file-", timeout=20_000)
    assert page.evaluate("heard") == ["a.txt: Not sent yet.", "a.txt: Being sent.", "a.txt: Sent as “file-1.txt”."]


def test_a_cancelled_file_keeps_the_keyboard_and_lets_the_next_go(opens: Opens) -> None:
    page = done(opens)
    hold_parts(page)
    choose(page, ("first.txt", LARGE), ("second.txt", b"2"))
    cancel = row(page, "first.txt").get_by_role("button", name="Cancel")
    expect(row(page, "first.txt").get_by_role("button", name="Pause")).to_be_visible(timeout=20_000)
    cancel.press("Enter")
    expect(row(page, "first.txt")).to_be_focused()
    expect(row(page, "first.txt")).to_contain_text("Cancelled.")
    expect(row(page, "second.txt")).to_contain_text("Sent as “file-", timeout=20_000)


def test_a_file_that_found_no_room_says_what_to_do_and_goes_when_tried_again(opens: Opens) -> None:
    page = done(opens)
    page.route("**/api/begin", lambda route: route.fulfill(status=507, body='{"error":"no_room","message":""}'), times=1)
    choose(page, ("a.txt", b"a"))
    expect(row(page, "a.txt")).to_contain_text("It still takes reports and messages. Try again tomorrow", timeout=20_000)
    expect(page.locator("#files-words")).to_contain_text("a.txt: Not sent. The service has no room")
    row(page, "a.txt").get_by_role("button", name="Try again").click()
    expect(row(page, "a.txt")).to_contain_text("Sent as “file-", timeout=20_000)


def test_a_receipt_that_is_here_before_the_file_is_named_is_shown(opens: Opens, desk: Desk) -> None:
    """On a slow network the desk is quicker than the answer to the naming."""
    page = done(opens)
    report = desk.newest()
    posted: list[Request] = []
    held: list[Route] = []
    page.on("request", lambda request: posted.append(request) if request.url.endswith("/api/post") else None)
    page.route("**/api/fetch", lambda route: held.append(route) if posted and not held else route.continue_())
    choose(page, ("a.txt", b"a"))
    expect(row(page, "a.txt")).to_contain_text("All of it is sent. Just a moment", timeout=20_000)
    while not held:
        page.wait_for_timeout(20)
    desk.sign_for_all()
    desk.sign_for_files(report)
    held[0].continue_()
    expect(row(page, "a.txt")).to_contain_text("Arrival confirmed automatically on", timeout=20_000)


def test_naming_a_file_waits_for_the_network_and_goes_on_by_itself(opens: Opens) -> None:
    page = done(opens, hasty=True)
    page.route("**/api/post", lambda route: route.abort(), times=12)
    choose(page, ("a.txt", b"a"))
    expect(row(page, "a.txt")).to_contain_text("Waiting for the network", timeout=30_000)
    expect(row(page, "a.txt")).to_contain_text("Sent as “file-", timeout=30_000)


def test_leaving_with_an_unfinished_file_asks_and_quick_exit_forgets_it(opens: Opens, desk: Desk) -> None:
    page = done(opens)
    hold_parts(page)
    choose(page, ("a.txt", LARGE))
    expect(row(page, "a.txt").get_by_role("button", name="Pause")).to_be_visible(timeout=20_000)
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    leaving: list[Route] = []
    page.route("**/robots.txt", lambda route: leaving.append(route))
    assert page.evaluate("document.getElementById('leave').click(), document.body.innerHTML") == ""
    while not leaving:
        page.wait_for_timeout(20)
    leaving[0].continue_()  # without being asked: the test would hang on a dialog
    expect(page).to_have_url(f"{desk.address}/robots.txt")


def test_closing_the_mailbox_asks_about_an_unfinished_file_and_then_forgets_it(opens: Opens, desk: Desk) -> None:
    code, _ = reported(opens, desk)
    page, asked = opens("mailbox"), []
    open_box(page, code)
    hold_parts(page)
    choose(page, ("a.txt", LARGE))
    expect(row(page, "a.txt").get_by_role("button", name="Pause")).to_be_visible(timeout=20_000)
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.locator("#close").click()
    expect(page.locator("#opened")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#close").click()
    expect(page.locator("#closed")).to_be_visible()
    assert asked == ["Not every file is sent yet. Leave the page all the same?"]
    assert "a.txt" not in page.content()


def test_the_receipt_comes_by_itself_and_leaves_whoever_copies_the_code_alone(opens: Opens, desk: Desk) -> None:
    page = opens("report")
    code = send(page)
    page.locator("#print").focus()
    desk.sign_for_all()
    expect(page.locator("#receipt-words")).to_contain_text("with a signature.", timeout=20_000)
    expect(page.locator("#print")).to_be_focused()
    assert code_on(page) == code


def test_a_receipt_is_looked_for_again_on_request_and_what_it_means_is_said(opens: Opens, desk: Desk) -> None:
    page = done(opens)
    page.locator("#receipt-again").click()
    expect(page.locator("#receipt-words")).to_have_text("No receipt yet.")
    expect(page.locator("#proof")).to_be_hidden()
    page.get_by_text("What a receipt means").click()
    expect(page.get_by_text("If there is no receipt after a day")).to_be_visible()
    desk.sign_for_all()
    page.locator("#receipt-again").click()
    expect(page.locator("#receipt-words")).to_contain_text("with a signature")
    expect(page.get_by_text("If there is no receipt after a day")).to_be_hidden()
    expect(page.get_by_text("It does not prove that anybody has read it")).to_be_visible()


def test_after_ten_minutes_the_page_says_that_it_no_longer_looks(opens: Opens, context: BrowserContext) -> None:
    page = opens("report")
    page.clock.install()
    type_back(page, send(page))
    for _ in range(200):  # each look takes a time of its own that no clock is told
        page.clock.run_for(30_000)
        if "no longer" in page.locator("#receipt-looking").inner_text():
            break
    expect(page.locator("#receipt-looking")).to_contain_text("no longer looks by itself")


def test_a_letter_of_ones_own_says_when_it_is_not_receipted_and_when_it_is(opens: Opens, desk: Desk) -> None:
    code, _ = reported(opens, desk)
    page = opens("mailbox")
    open_box(page, code)
    expect(page.locator("#thread .mine")).to_contain_text("Arrival not confirmed yet")
    page.locator("#reply-text").fill("Mere")
    page.locator("#reply-text").focus()
    desk.sign_for_all()
    expect(page.locator("#thread .mine")).to_contain_text("Arrival confirmed automatically on", timeout=20_000)
    expect(page.locator("#reply-text")).to_be_focused()


@pytest.mark.parametrize(
    ("given", "saved"), [("../../.bashrc", "_.._.bashrc"), ("svar\u202efdp.exe", "svar_fdp.exe"), ("a\nb<c>.pdf", "a_b_c_.pdf")]
)
def test_a_file_from_the_desk_is_saved_under_a_name_that_does_no_harm(opens: Opens, desk: Desk, given: str, saved: str) -> None:
    code, report = reported(opens, desk)
    desk.give(report, given, b"Referat")
    page = opens("mailbox")
    open_box(page, code)
    expect(page.locator("#thread .desk .name bdi")).to_have_text(saved)
    with page.expect_download() as begun:
        page.locator("#thread .desk button").click()
    assert begun.value.suggested_filename == saved


def test_a_file_from_the_desk_that_was_changed_is_not_saved(opens: Opens, desk: Desk) -> None:
    code, report = reported(opens, desk)
    desk.give(report, "Svar.pdf", b"Referat")
    page, saved = opens("mailbox"), []
    open_box(page, code)

    def change(route: Route) -> None:
        body = bytearray((got := route.fetch()).body())
        body[10_000] ^= 1
        route.fulfill(response=got, body=bytes(body))

    page.route("**/api/file", change)
    page.on("download", lambda download: saved.append(download))
    page.locator("#thread .desk button").click()
    expect(page.locator("#thread .desk li")).to_contain_text("so nothing of it was saved", timeout=20_000)
    assert saved == []


def test_a_report_goes_again_by_itself_after_a_passing_failure_and_says_so(opens: Opens) -> None:
    page = opens("report")
    page.route(
        "**/api/submit", lambda route: route.fulfill(status=503, body='{"error":"storage_failed","message":""}'), times=2
    )
    write(page)
    page.locator("#send").click()
    expect(page.locator("#sending-words")).to_contain_text("It is tried again in", timeout=20_000)
    code_on(page)

"""Files and receipts on the reporter's pages, in every state that a person can bring them into."""

import re

import pytest
from playwright.sync_api import BrowserContext, Request, Route, expect

from tests.browser.desk import Desk
from tests.browser.reporting import (
    LARGE,
    Opens,
    choose,
    code_on,
    done,
    faults_of,
    hold_parts,
    open_box,
    reported,
    row,
    send,
    smaller,
    type_back,
)


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
    page.route("**/api/post", lambda route: route.abort())
    choose(page, ("a.txt", b"a"))
    expect(row(page, "a.txt")).to_contain_text("Waiting for the network", timeout=30_000)
    page.unroute("**/api/post")
    expect(row(page, "a.txt")).to_contain_text("Sent as “file-", timeout=60_000)


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

"""The mailbox in a real browser: what it takes for a code, what it shows and what it refuses to show, and what it keeps."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.desk import OTHER_VOICE, Desk
from tests.browser.reporting import Opens, faults_of, mistyped, open_box, reported
from whistle.protocol.content import TO_REPORTER, Acknowledgement, Content, Message, Notice


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


def test_the_browsers_way_back_closes_the_mailbox_first(opens: Opens, desk: Desk) -> None:
    code, _ = reported(opens, desk)
    page = opens("mailbox")
    open_box(page, code)
    page.evaluate("history.back()")
    expect(page.locator("#closed")).to_be_visible()
    assert "Kontrakten" not in page.content()
    page.evaluate("history.back()")
    page.wait_for_url("about:blank")


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

"""Coming back: everything that a reporter can say and do in the mailbox, as the desk gets it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import reporting as pages
from tests.browser.desk import RINGS, Desk
from whistle.protocol.content import (
    Acknowledgement,
    Answers,
    Close,
    Consent,
    ConsentWithdrawn,
    Content,
    Feedback,
    MeetingRequest,
    Message,
    Minutes,
    MinutesAgreed,
    MinutesCorrected,
    Notice,
    Question,
    Questions,
    Read,
    Retaliation,
    SealedIdentity,
    Ticked,
)
from whistle.sealing.identity import open_inner, strip_outer

ASKED = Questions(
    "To korte spørgsmål:",
    (Question("Skete det mere end én gang?", ("Ja", "Nej", "Ved ikke")), Question("Så andre det?", ("Ja", "Nej"))),
)


@dataclass(frozen=True)
class Box:
    """An open mailbox, and the report that it began with."""

    page: Page
    desk: Desk
    report: Content

    def look(self) -> None:
        self.page.locator("#refresh").click()
        expect(self.page.locator("#thread-words")).not_to_be_empty()

    def last(self) -> object:
        return self.desk.said(self.report)[-1].body

    def open(self, act: str) -> None:
        self.page.locator(f"#act-{act} summary").click()

    def send(self, act: str, text: str) -> None:
        if text:
            self.page.locator(f"#{act}-text").fill(text)
        self.page.locator(f"#{act}-send").click()
        expect(self.page.locator(f"#{act}-words")).to_contain_text("has arrived", timeout=20_000)


@pytest.fixture
def language() -> str:
    return "en"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(viewport={"width": 320, "height": 640})
    yield fresh
    fresh.close()


@pytest.fixture
def box(desk: Desk, context: BrowserContext, language: str) -> Box:
    page = context.new_page()
    page.goto(f"{desk.address}/en/report")
    code = pages.send(page)
    report = desk.newest()
    page.close(run_before_unload=False)
    page = context.new_page()
    page.goto(f"{desk.address}/{language}/mailbox")
    pages.open_box(page, code)
    return Box(page, desk, report)


def test_a_question_is_answered_with_one_press_and_the_answer_can_be_changed(box: Box) -> None:
    asked = box.desk.answer(box.report, ASKED)
    box.look()
    letter = box.page.locator("#thread .desk").last
    letter.get_by_role("group", name="Skete det mere end én gang?").get_by_role("button", name="Ved ikke").click()
    expect(box.page.locator("#thread .mine").last).to_contain_text("Ved ikke", timeout=20_000)
    assert box.last() == Answers(asked.position.hash, (Ticked(0, 2),))
    pressed = letter.get_by_role("button", pressed=True)
    expect(pressed).to_have_text(["Ved ikke"])
    letter.get_by_role("group", name="Skete det mere end én gang?").get_by_role("button", name="Ja").click()
    expect(pressed).to_have_text(["Ja"], timeout=20_000)
    assert box.last() == Answers(asked.position.hash, (Ticked(0, 0),))


def test_whoever_answers_with_the_keyboard_stays_with_the_letter(box: Box) -> None:
    box.desk.answer(box.report, ASKED)
    box.look()
    box.page.get_by_role("group", name="Så andre det?").get_by_role("button", name="Nej").press("Enter")
    expect(box.page.locator("#thread .mine").last).to_contain_text("Nej", timeout=20_000)
    assert box.page.evaluate("document.activeElement.closest('#thread .desk') !== null")


def test_minutes_are_agreed_to(box: Box) -> None:
    minutes = box.desk.answer(box.report, Minutes("Du fortalte, at kontrakten er falsk."))
    box.look()
    box.page.get_by_role("button", name="I have checked and agree with the minutes").click()
    expect(box.page.locator("#thread .desk").last).to_contain_text("You agreed", timeout=20_000)
    assert box.last() == MinutesAgreed(minutes.position.hash)


def test_minutes_are_corrected(box: Box) -> None:
    minutes = box.desk.answer(box.report, Minutes("Du fortalte, at kontrakten er ægte."))
    box.look()
    letter = box.page.locator("#thread .desk").last
    letter.get_by_text("Correct the minutes").click()
    letter.get_by_label("What should be different?").fill("Den er falsk.")
    letter.get_by_role("button", name="Send the correction").click()
    expect(box.page.locator("#thread .mine").last).to_contain_text("Den er falsk.", timeout=20_000)
    assert box.last() == MinutesCorrected(minutes.position.hash, "Den er falsk.")


def test_a_letter_is_confirmed_as_read_only_if_its_reader_wants_to(box: Box) -> None:
    answered = box.desk.answer(box.report, Acknowledgement("Tak."))
    box.look()
    expect(box.page.locator("#thread")).to_contain_text("Tak.")
    assert len(box.desk.said(box.report)) == 1
    box.page.get_by_role("button", name="Tell them that I have read this").click()
    expect(box.page.locator("#thread .mine").last).to_contain_text("You have read it", timeout=20_000)
    assert box.last() == Read(answered.position.hash)
    expect(box.page.get_by_role("button", name="Tell them that I have read this")).to_have_count(0)


def test_a_name_is_given_later_and_takes_two_to_open(box: Box) -> None:
    box.open("identity")
    box.page.locator("#identity-name").fill("Ane Ås")
    box.page.locator("#identity-contact").fill("ane@privat.example")
    box.page.locator("#identity-send").click()
    expect(box.page.locator("#identity-words")).to_contain_text("has arrived", timeout=20_000)
    expect(box.page.locator("#identity-name")).to_have_value("")
    body = box.last()
    assert isinstance(body, SealedIdentity)
    given = open_inner(strip_outer(body.identity, RINGS[0]), RINGS[1])
    assert (given.name, given.contact) == ("Ane Ås", "ane@privat.example")


def test_a_name_that_lacks_or_is_too_long_is_named_and_kept(box: Box) -> None:
    box.open("identity")
    box.page.locator("#identity-send").click()
    expect(box.page.locator("#identity-name-mistake")).to_contain_text("Give a name")
    box.page.locator("#identity-name").fill("æ" * 600)
    box.page.locator("#identity-send").click()
    expect(box.page.locator("#identity-name-mistake")).to_contain_text("too long together")
    assert len(box.page.locator("#identity-name").input_value()) == 600


@pytest.mark.parametrize(
    ("act", "text", "body"),
    [
        ("retaliation", "Jeg er flyttet til en anden afdeling.", Retaliation("Jeg er flyttet til en anden afdeling.")),
        ("meeting", "", MeetingRequest("")),
        ("enough", "Tak for hjælpen.", Close("Tak for hjælpen.")),
    ],
)
def test_an_act_arrives_as_what_it_is(box: Box, act: str, text: str, body: object) -> None:
    box.open(act)
    box.send(act, text)
    assert box.last() == body


def test_consent_is_given_for_what_it_says_and_withdrawn(box: Box) -> None:
    box.open("consent")
    box.send("consent", "Mit navn må gives til politiet.")
    assert box.last() == Consent("Mit navn må gives til politiet.")
    given = box.desk.said(box.report)[-1]
    box.page.locator("#thread .mine").last.get_by_role("button", name="Withdraw the consent").click()
    expect(box.page.locator("#thread .mine").last).to_contain_text("Consent withdrawn", timeout=20_000)
    assert box.last() == ConsentWithdrawn(given.position.hash)
    expect(box.page.get_by_role("button", name="Withdraw the consent")).to_have_count(0)


def test_an_act_that_lacks_its_text_or_is_too_long_is_refused_and_kept(box: Box) -> None:
    box.open("retaliation")
    box.page.locator("#retaliation-send").click()
    expect(box.page.locator("#retaliation-summary")).to_be_focused()
    box.open("consent")
    box.page.locator("#consent-text").fill("æ" * 1_001)
    box.page.locator("#consent-send").click()
    expect(box.page.locator("#consent-text-mistake")).to_contain_text("too long")
    assert len(box.page.locator("#consent-text").input_value()) == 1_001
    assert len(box.desk.said(box.report)) == 1


def test_closing_the_mailbox_asks_about_what_is_written_and_then_forgets_it(box: Box) -> None:
    box.open("retaliation")
    box.page.locator("#retaliation-text").fill("Jeg er flyttet.")
    asked: list[str] = []
    box.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    box.page.locator("#close").click()
    expect(box.page.locator("#retaliation-text")).to_have_value("Jeg er flyttet.")
    box.page.once("dialog", lambda dialog: dialog.accept())
    box.page.locator("#close").click()
    expect(box.page.locator("#closed")).to_be_visible()
    assert asked == ["Something that you wrote is not sent yet. Close the mailbox all the same?"]
    assert box.page.locator("#retaliation-text").input_value() == ""


def test_ones_own_data_is_a_file_made_in_the_browser(box: Box, tmp_path: Path) -> None:
    box.desk.answer(box.report, Message("Hvornår?"))
    box.look()
    box.open("own")
    asked: list[str] = []
    box.page.on("request", lambda request: asked.append(request.url))
    with box.page.expect_download() as begun:
        box.page.locator("#own-data").click()
    begun.value.save_as(tmp_path / "data.json")
    kept = json.loads((tmp_path / "data.json").read_text("utf-8"))
    assert [(each["direction"], each["kind"], each["body"]["text"]) for each in kept["contents"]] == [
        ("to-desk", "report", pages.TEXT),
        ("to-reporter", "message", "Hvornår?"),
    ]
    assert not [url for url in asked if "/api/post" in url]


def test_the_copy_to_read_is_a_page_that_holds_every_word_and_does_nothing(box: Box, tmp_path: Path) -> None:
    asked = Questions("Kort:", (Question("Mere end én gang?", ("Ja", "Nej")),))
    box.desk.answer(box.report, asked, after=box.desk.answer(box.report, Message("<script>alert(1)</script>")))
    box.look()
    box.open("own")
    with box.page.expect_download() as begun:
        box.page.locator("#own-page").click()
    assert begun.value.suggested_filename == "data.html"
    begun.value.save_as(tmp_path / "data.html")
    page = box.page.context.new_page()
    page.goto((tmp_path / "data.html").as_uri())
    shown = page.locator("body").inner_text()
    assert all(
        words in shown for words in ("<img src=x onerror=alert(1)>", "<script>alert(1)", "Mere end én gang?", "Ja. Nej.")
    )
    assert page.locator("script, button, form, a, img, link, [hidden]").count() == 0
    page.close()


def test_every_answer_of_the_report_stands_in_the_mailbox_as_it_was_asked(desk: Desk, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{desk.address}/en/report")
    pages.write(page)
    page.locator("#ask").click()
    page.get_by_label("Bribery").check()
    page.locator("#next").click()
    page.get_by_label("I am a customer").check()
    page.locator("#next").click()
    page.locator("#answer-when").fill("I marts")
    page.locator("#skip").click()
    page.locator("#send").click()
    code = pages.code_on(page)
    expect(page.locator(".top nav")).to_be_hidden()
    page.close(run_before_unload=False)
    page = context.new_page()
    page.goto(f"{desk.address}/en/mailbox")
    pages.open_box(page, code)
    said = page.locator("#thread .mine").inner_text()
    for words in ("What is it about?\nBribery", "relationship to Demobank?\nI am a customer", "When did it happen?\nI marts"):
        assert words in said


def test_what_was_written_last_is_one_press_away_if_the_desk_wrote_it(box: Box) -> None:
    expect(box.page.locator("#newest")).to_be_hidden()
    box.desk.answer(box.report, Acknowledgement("Tak."))
    box.look()
    box.page.locator("#newest").press("Enter")
    expect(box.page.locator("#thread > .desk")).to_be_focused()
    box.page.locator("#reply-text").fill("Selv tak.")
    box.page.locator("#reply-send").click()
    expect(box.page.locator("#newest")).to_be_hidden(timeout=20_000)


def test_the_status_says_in_words_what_was_promised_and_kept(box: Box) -> None:
    status = box.page.locator("#status-section")
    expect(status).to_contain_text("Nobody at the bank has told you yet that it was read")
    first = box.desk.answer(box.report, Acknowledgement("Tak."))
    second = box.desk.answer(box.report, Notice("addressing", ""), after=first)
    third = box.desk.answer(box.report, Feedback("Vi har ændret reglerne."), after=second)
    box.look()
    expect(status).to_contain_text("Being investigated")
    expect(status).to_contain_text("Feedback given")
    expect(status).not_to_contain_text("Feedback at the latest")
    box.desk.answer(box.report, Notice("closed", ""), after=third)
    box.look()
    expect(status).to_contain_text("Closed")


def test_a_question_that_was_asked_elsewhere_and_an_unknown_reference_break_nothing(box: Box) -> None:
    """A desk that sends what its own pages would not: shown as far as it goes."""
    box.desk.answer(box.report, Questions("", (Question("<b>?</b>", ("<i>a</i>", "a")),)))
    box.look()
    expect(box.page.locator("#thread .desk").last).to_contain_text("<b>?</b>")


def test_somebody_with_a_keyboard_alone_comes_back_answers_and_writes(box: Box) -> None:
    box.desk.answer(box.report, ASKED)
    page = box.page
    page.locator("#status-title").focus()

    def tab_to(selector: str) -> None:
        for _ in range(60):
            if page.evaluate("(selector) => document.activeElement?.matches(selector)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab never came to {selector}.")

    tab_to("#refresh")
    page.keyboard.press("Enter")
    expect(page.locator("#thread .desk")).to_have_count(1)
    page.locator("#thread-title").evaluate("(title) => { title.tabIndex = -1; title.focus(); }")
    tab_to("#thread fieldset button:first-child")
    page.keyboard.press("Enter")
    expect(page.locator("#thread .mine").last).to_contain_text("Skete det mere end én gang?", timeout=20_000)
    tab_to("#reply-text")
    page.keyboard.type("Det var i marts.")
    tab_to("#reply-send")
    page.keyboard.press("Enter")
    expect(page.locator("#reply-words")).to_contain_text("has arrived", timeout=20_000)
    tab_to("#act-meeting summary")
    page.keyboard.press("Enter")
    tab_to("#meeting-send")
    page.keyboard.press("Space")
    expect(page.locator("#meeting-words")).to_contain_text("has arrived", timeout=20_000)
    assert box.last() == MeetingRequest("")
    tab_to("#close")
    page.keyboard.press("Enter")
    expect(page.locator("#closed")).to_be_visible()


@pytest.mark.parametrize(("language", "width", "scheme"), [("fi", 320, "dark"), ("en", 1280, "light")])
def test_every_act_is_accessible_and_fits(box: Box, language: str, width: int, scheme: str) -> None:
    first = box.desk.answer(box.report, ASKED)
    box.desk.answer(box.report, Minutes("Du fortalte, at kontrakten er falsk."), after=first)
    box.page.set_viewport_size({"width": width, "height": 640})
    box.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    box.look()
    for details in box.page.locator("#opened details").all():
        details.evaluate("(details) => { details.open = true; }")
    box.page.locator("#retaliation-send").click()
    assert box.page.locator("html").get_attribute("lang") == language
    assert pages.faults_of(box.page) == []

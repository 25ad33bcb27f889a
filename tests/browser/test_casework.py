"""A case from both sides: what the desk's own pages send, the reporter's mailbox shows and answers, and the desk sees.

Everything is what `make run` starts: both programs, the real browser, keys from the real ceremony.
"""

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import test_journey as journey
from tests.conftest import Demo

QUESTION, ANSWER = "Skete det mere end én gang?", "I do not know"
MINUTES = "Vi talte sammen i en time."
FEEDBACK = "Vi har ændret reglerne, fordi din indberetning viste en fejl."
OUTCOME = "Det var, som du skrev."
PATIENCE = 60  # half seconds


def test_a_case_goes_from_questions_to_closing_words_and_the_reporter_answers_from_the_mailbox(
    demo: Demo, browser: Browser
) -> None:
    code = journey.write_report(browser, demo, [])
    desk = journey.signed_in(browser, demo)
    journey.open_newest_case(desk)
    journey.acknowledge(desk)

    ask(desk)
    mailbox = mailbox_of(browser, demo, code)
    letter = shown(mailbox, QUESTION)
    letter.get_by_role("button", name=ANSWER).click()
    expect(mailbox.locator("#thread .mine").last).to_contain_text(ANSWER, timeout=20_000)
    answers = re.compile("Answers to the questions of")
    comes(desk, answers)
    expect(desk.locator(".thread .reporter", has_text=answers)).to_contain_text(ANSWER)

    say(desk, "minutes", MINUTES)
    shown(mailbox, MINUTES).get_by_role("button", name="I have checked and agree with the minutes").click()
    expect(shown(mailbox, MINUTES)).to_contain_text("You agreed", timeout=20_000)
    comes(desk, re.compile("Agrees with the minutes of"))

    step(desk, "Being assessed")
    step(desk, "Being investigated")
    say(desk, "feedback", FEEDBACK, "#feedback-text >> xpath=ancestor::form >> input[type=checkbox]")
    shown(mailbox, FEEDBACK)
    expect(mailbox.locator("#status-section")).to_contain_text("Feedback given")

    step(desk, "Being concluded")
    step(desk, "Closed", "This case has no outcome yet.")
    say(desk, "outcome", OUTCOME, "#outcome-substantiated")
    closing = desk.locator("#closing-text").input_value()
    assert "We are closing the case of your report" in closing
    say(desk, "closing", closing)
    step(desk, "Closed")
    shown(mailbox, OUTCOME)
    shown(mailbox, "Nobody may punish you for having reported.")
    shown(mailbox, "Closed", "#status-section")


def ask(desk: Page) -> None:
    """A question with the usual choices, in the language of the report."""
    unfold(desk, "ask")
    desk.locator("#question-1").fill(QUESTION)
    send(desk, "ask")


def say(desk: Page, form: str, text: str, ticks: str = "") -> None:
    unfold(desk, form)
    desk.locator(f"#{form}-text").fill(text)
    for tick in desk.locator(ticks).all() if ticks else []:
        tick.check()
    send(desk, form)


def unfold(desk: Page, form: str) -> None:
    if desk.locator(f"#{form}-text").is_hidden():
        desk.locator(f"details:has(#{form}-text) > summary").click()


def send(desk: Page, form: str) -> None:
    desk.locator(f"form:has(#{form}-text) button").click()
    expect(desk.get_by_role("status")).to_contain_text("will be sent to the reporter.")


def step(desk: Page, state: str, refused: str = "") -> None:
    desk.get_by_label(state, exact=True).check()
    desk.get_by_role("button", name="Change the state").click()
    if refused:
        expect(desk.get_by_role("alert")).to_contain_text(refused)
    else:
        expect(desk.get_by_role("status")).to_have_text("The state is changed.")


def comes(desk: Page, words: re.Pattern[str]) -> None:
    """What the reporter says comes to the desk with a later poll."""
    for _ in range(PATIENCE):
        if desk.get_by_text(words).count():
            return
        desk.wait_for_timeout(500)
        desk.reload()
    raise AssertionError(f"It never came: {words.pattern}")


def mailbox_of(browser: Browser, demo: Demo, code: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{demo.intake}/en/mailbox")
    page.get_by_label("Case code").fill(code)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text(journey.REPORT)).to_be_visible(timeout=20_000)
    return page


def shown(mailbox: Page, words: str, place: str = "#thread > .desk") -> Locator:
    """The letter of the desk, or another place of the mailbox, with these words, once they have come."""
    letter = mailbox.locator(place, has_text=words)
    for _ in range(PATIENCE):
        if letter.count():
            return letter
        mailbox.locator("#refresh").click()
        mailbox.wait_for_timeout(500)
    raise AssertionError(f"It never came: {words}")

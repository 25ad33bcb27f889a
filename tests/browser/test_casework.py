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
CORRECTION, FEAR = "Vi talte i ti minutter.", "Jeg er flyttet til kælderen."
CONSENT, NOTICE = "Mit navn må gives til politiet.", "Politiet får dit navn i morgen."
NAME, ENOUGH = "Ane Ås", "Jeg har sagt alt."
PATIENCE = 60  # half seconds
TICKS = "#{}-text >> xpath=ancestor::form >> input[type=checkbox]"


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
    step(desk, "Being investigated", "The risk of retaliation is not assessed yet.")
    desk.get_by_text("Assess the risk", exact=True).click()
    desk.locator("#risk-risk").select_option("none")
    desk.get_by_role("button", name="Keep the assessment").click()
    expect(desk.get_by_role("status")).to_contain_text("The assessment is kept.")
    step(desk, "Being investigated")
    say(desk, "feedback", FEEDBACK, TICKS.format("feedback"))
    shown(mailbox, FEEDBACK)
    expect(mailbox.locator("#status-section")).to_contain_text("Feedback given")

    step(desk, "Being concluded")
    step(desk, "Closed", "This case has no outcome yet.")
    desk.locator("#outcome-substantiated").check()
    say(desk, "outcome", OUTCOME, TICKS.format("outcome"))
    closing = desk.locator("#closing-text").input_value()
    assert "We are closing the case of your report" in closing
    say(desk, "closing", closing, TICKS.format("closing"))
    step(desk, "Closed")
    shown(mailbox, OUTCOME)
    shown(mailbox, "Nobody may punish you for having reported.")
    shown(mailbox, "Closed", "#status-section")


def test_corrections_consent_a_name_and_fear_go_from_the_mailbox_to_the_desks_pages_and_back(
    demo: Demo, browser: Browser
) -> None:
    code = journey.write_report(browser, demo, [])
    desk = journey.signed_in(browser, demo)
    journey.open_newest_case(desk)
    journey.acknowledge(desk)
    say(desk, "minutes", MINUTES)

    mailbox = mailbox_of(browser, demo, code)
    letter = shown(mailbox, MINUTES)
    mailbox.get_by_role("button", name="Tell them that I have read this").first.click()
    comes(desk, re.compile("Has read: minutes of"))
    letter.get_by_text("Correct the minutes").click()
    letter.get_by_label("What should be different?").fill(CORRECTION)
    letter.get_by_role("button", name="Send the correction").click()
    comes(desk, re.compile("Would have this otherwise in the minutes of"))
    expect(desk.locator(".thread .reporter", has_text=CORRECTION)).to_be_visible()

    act(mailbox, "retaliation", FEAR)
    comes(desk, re.compile(FEAR))
    act(mailbox, "consent", CONSENT)
    comes(desk, re.compile("Agrees to this, until it is withdrawn:"))
    desk.get_by_text("Enter a disclosure").click()
    disclose(desk)
    expect(desk.get_by_role("status")).to_contain_text("The disclosure is in the register.")
    shown(mailbox, NOTICE)
    mailbox.locator("#thread .mine").last.get_by_role("button", name="Withdraw the consent").click()
    comes(desk, re.compile("The consent of .* holds no more. It was:"))

    mailbox.locator("#act-identity summary").click()
    mailbox.locator("#identity-name").fill(NAME)
    mailbox.locator("#identity-send").click()
    comes(desk, re.compile("A name is given, sealed separately."))
    assert NAME not in desk.content()
    reveal(desk, journey.signed_in(browser, demo, "bo"))

    act(mailbox, "enough", ENOUGH)
    comes(desk, re.compile(ENOUGH))


def act(mailbox: Page, kind: str, text: str) -> None:
    """What the reporter does from the list below the letters."""
    mailbox.locator(f"#act-{kind} summary").click()
    mailbox.locator(f"#{kind}-text").fill(text)
    mailbox.locator(f"#{kind}-send").click()
    expect(mailbox.locator(f"#{kind}-words")).to_contain_text("has arrived", timeout=20_000)


def disclose(desk: Page) -> None:
    """With the consent for its ground, and word to the reporter before."""
    desk.get_by_label("To whom").fill("Politiet")
    desk.get_by_label("What is disclosed", exact=True).fill("Navn")
    desk.locator("[id^=ground-consent-]").check()
    desk.get_by_label("The reporter is told first").check()
    desk.get_by_label("Message to the reporter").fill(NOTICE)
    desk.get_by_role("button", name="Enter it").click()


def reveal(first: Page, second: Page) -> None:
    """A member of ring B asks, one of ring A takes the outer seal off, and only who asked reads the name."""
    second.goto(first.url.partition("?")[0])
    journey.declare(second)
    second.get_by_text("Ask to reveal the name").click()
    second.get_by_label("Why the name is needed").fill("Han er bange.")
    second.get_by_role("button", name="Send the request").click()
    first.goto(first.url.partition("?")[0])
    first.get_by_role("button", name="Approve, and take the outer seal off").click()
    expect(first.get_by_role("button", name="Show the name")).to_have_count(0)
    assert NAME not in first.content()
    second.reload()
    second.get_by_role("button", name="Show the name").click()
    expect(second.get_by_text(NAME)).to_be_visible()


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
    page.locator("#case-code").fill(code)
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

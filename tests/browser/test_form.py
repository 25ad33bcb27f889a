"""Writing a report one thing at a time: one text is enough, the rest is offered, nothing is asked twice and nothing lost."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import RINGS, Desk
from whistle.protocol.content import Content, Report
from whistle.sealing.identity import open_inner, strip_outer

TEXT = "Kontrakten er falsk."
QUESTIONS = {"when": "I marts", "where": "Afdelingen i Aarhus", "evidence": "En kontrakt"}
STEPS = ["category", "relationship", "when", "where", "who", "how-known", "who-else", "evidence", "fear"]


@pytest.fixture
def page(desk: Desk, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 568})
    opened = context.new_page()
    opened.goto(f"{desk.address}/en/report")
    yield opened
    context.close()


def ahead(page: Page) -> None:
    page.locator("#next").click()


def step_of(page: Page) -> str:
    shown = page.locator("[data-step]:visible")
    expect(shown).to_have_count(1)
    return shown.get_attribute("data-step") or ""


def to_check(page: Page, text: str = TEXT) -> None:
    page.locator("#text").fill(text)
    ahead(page)
    ahead(page)  # nobody there is concerned
    expect(page.locator("#check")).to_be_visible()


def arrived(page: Page, desk: Desk) -> tuple[Content, Report]:
    page.locator("#send").click()
    expect(page.locator("[data-part=code]")).to_be_visible(timeout=20_000)
    content = desk.newest()
    assert isinstance(content.body, Report)
    return content, content.body


def test_one_text_is_enough(page: Page, desk: Desk) -> None:
    to_check(page)
    expect(page.locator("#check-list")).to_contain_text("Not given. This service does not know who you are.")
    expect(page.locator(".top nav")).to_be_hidden()  # another language would be another page, without the text
    content, report = arrived(page, desk)
    assert (content.context.group, report.text, report.answers, report.identity) == ("risk-control", TEXT, (), None)


def test_every_question_can_be_answered_left_out_or_declined_and_goes_where_it_was_asked(page: Page, desk: Desk) -> None:
    to_check(page)
    page.locator("#ask").click()
    seen = []
    while page.locator("#check").is_hidden():
        seen.append(step := step_of(page))
        if step == "category":
            page.get_by_label("Bribery").check()
        elif step in QUESTIONS:
            page.locator(f"#answer-{step}").fill(QUESTIONS[step])
        elif step == "who":
            page.locator("#answer-who").fill("Min chef")
            page.locator("#decline").click()
            continue
        ahead(page)
    assert seen == STEPS
    _, report = arrived(page, desk)
    assert {each.question: each.answer for each in report.answers} == {"category": "bribery", **QUESTIONS}


def test_the_rest_of_the_questions_can_be_skipped_and_one_be_answered_alone(page: Page, desk: Desk) -> None:
    to_check(page)
    page.locator("#ask").click()
    page.locator("#skip").click()
    expect(page.locator("#check")).to_be_visible()
    page.get_by_role("button", name="Ask for a meeting").click()
    assert step_of(page) == "meeting"
    page.get_by_label("Yes", exact=True).check()
    ahead(page)
    expect(page.locator("#check")).to_be_visible()
    _, report = arrived(page, desk)
    assert [(each.question, each.answer) for each in report.answers] == [("meeting", "yes")]


def test_back_loses_nothing_and_a_change_leads_back_to_the_check(page: Page) -> None:
    to_check(page)
    page.locator("#ask").click()
    ahead(page)
    ahead(page)
    assert step_of(page) == "when"
    page.locator("#answer-when").fill("I marts")
    for before in ("relationship", "category"):
        page.locator("#before").click()
        assert step_of(page) == before
    page.locator("#before").click()
    expect(page.locator("#check-list")).to_contain_text("I marts")
    page.evaluate("history.back()")  # not to the questions again: the way back ends
    expect(page.locator("[data-step=group]")).to_be_visible()
    ahead(page)
    expect(page.locator("#check")).to_be_visible()
    page.get_by_role("button", name=re.compile("Change: What happened")).click()
    expect(page.locator("#text")).to_have_value(TEXT)
    page.locator("#text").fill("Et andet")
    ahead(page)
    expect(page.locator("#check-list")).to_contain_text("Et andet")


@pytest.mark.parametrize("button", ["#before", "#skip"])
def test_nobody_comes_to_the_check_with_an_answer_that_cannot_be_sent(page: Page, button: str) -> None:
    to_check(page)
    page.locator("#ask").click()
    ahead(page)
    ahead(page)
    page.locator("#answer-when").fill("æ" * 1_001)
    page.locator(button).click()
    if button == "#before":
        page.locator("#skip").click()
    assert step_of(page) == "when"
    expect(page.locator("#answer-when-mistake")).to_contain_text("too long")
    page.locator("#answer-when").fill("I marts")
    ahead(page)
    expect(page.locator("#check-list")).to_contain_text("I marts")


def test_the_one_text_cannot_be_emptied_on_the_way_back(page: Page) -> None:
    to_check(page)
    page.get_by_role("button", name="Change: What happened").click()
    page.locator("#text").fill("")
    page.locator("#before").click()
    assert step_of(page) == "text"
    expect(page.locator("#text-mistake")).to_contain_text("Write what happened")


def test_somebody_concerned_is_kept_out_and_the_page_says_who_that_is(page: Page, desk: Desk) -> None:
    page.locator("#text").fill(TEXT)
    ahead(page)
    expect(page.locator("[data-step=group]")).to_contain_text("Does it concern Risk control, or somebody there?")
    page.locator("#group-audit-chair").check()
    expect(page.locator("#group-audit-chair-hint")).to_contain_text("The risk control function")
    ahead(page)
    expect(page.locator("#check-list")).to_contain_text("Chair")
    content, _ = arrived(page, desk)
    assert content.context.group == "audit-chair"


def test_a_name_is_given_only_by_whoever_asks_to_and_takes_two_to_open(page: Page, desk: Desk) -> None:
    to_check(page)
    page.get_by_role("button", name="Give my name").click()
    page.locator("#answer-name").fill("Ane Ås")
    page.locator("#answer-contact").fill("ane@privat.example")
    ahead(page)
    expect(page.locator("#check-list")).to_contain_text("Ane Ås")
    _, report = arrived(page, desk)
    assert report.answers == ()
    given = open_inner(strip_outer(report.identity or "", RINGS[0]), RINGS[1])
    assert (given.name, given.contact) == ("Ane Ås", "ane@privat.example")


def test_a_name_that_is_too_long_is_refused_and_kept(page: Page) -> None:
    to_check(page)
    page.get_by_role("button", name="Give my name").click()
    page.locator("#answer-name").fill("æ" * 600)
    ahead(page)
    expect(page.locator("#answer-name-mistake")).to_contain_text("too long together")
    assert len(page.locator("#answer-name").input_value()) == 600


def test_where_no_two_people_would_have_to_open_it_no_name_is_asked_for(page: Page, desk: Desk) -> None:
    to_check(page)
    page.get_by_role("button", name="Give my name").click()
    page.locator("#answer-name").fill("Ane Ås")
    ahead(page)
    page.get_by_role("button", name="Change: Goes to").click()
    page.locator("#group-audit-chair").check()
    ahead(page)
    expect(page.get_by_role("button", name="Give my name")).to_have_count(0)
    expect(page.locator("#check-list")).not_to_contain_text("Ane Ås")
    _, report = arrived(page, desk)
    assert report.identity is None


def test_an_answer_over_its_limit_is_refused_and_kept(page: Page) -> None:
    to_check(page)
    page.locator("#ask").click()
    ahead(page)
    ahead(page)
    page.locator("#answer-when").fill("æ" * 1_001)
    ahead(page)
    expect(page.locator("#write-summary")).to_be_focused()
    assert len(page.locator("#answer-when").input_value()) == 1_001

"""What is seen by whoever chose their own colours or no motion: nothing loses its meaning, and nothing moves."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser import reporting as pages
from tests.browser.desk import Desk
from whistle.protocol.content import Question, Questions

ASKED = Questions("", (Question("Skete det mere end én gang?", ("Ja", "Nej")),))
MOVING = (
    "document.getAnimations().map(({ effect, transitionProperty }) => [transitionProperty, effect.getTiming().duration])"
    ".filter(([, duration]) => duration > 0)"
)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(viewport={"width": 320, "height": 640}, forced_colors="active", reduced_motion="reduce")
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext, desk: Desk) -> Page:
    opened = context.new_page()
    opened.goto(f"{desk.address}/en/report")
    return opened


def style_of(element: Locator, *names: str) -> list[str]:
    return [str(element.evaluate("(each, name) => getComputedStyle(each)[name]", name)) for name in names]


def system_colours(page: Page, *names: str) -> list[str]:
    return [
        str(page.evaluate("name => { document.head.style.color = name; return getComputedStyle(document.head).color; }", name))
        for name in names
    ]


def test_the_way_out_and_both_ways_on_have_a_border_in_forced_colours(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.address}/en/")
    for each in (page.locator("#leave"), *page.locator(".first .button").all()):
        border, around = style_of(each, "borderTopColor", "backgroundColor")
        assert style_of(each, "borderTopStyle", "borderTopWidth") == ["solid", "2px"]
        assert border != around


def test_a_chosen_answer_differs_from_the_others_in_forced_colours(page: Page) -> None:
    page.locator("#text").fill(pages.TEXT)
    page.locator("#next").click()
    radio = page.locator("[data-step]:visible input[type=radio]").last
    before = radio.screenshot()
    radio.check()
    page.locator("[data-step]:visible h2").click()  # the pointer away from it
    assert radio.screenshot() != before


def test_a_pressed_answer_has_a_sign_and_the_colours_of_what_is_selected(page: Page, desk: Desk) -> None:
    code = pages.send(page)
    desk.answer(desk.newest(), ASKED)
    page.goto(f"{desk.address}/en/mailbox", wait_until="commit")
    pages.open_box(page, code)
    yes, no = page.locator("#thread .desk button").all()
    yes.click()
    expect(yes).to_have_attribute("aria-pressed", "true", timeout=20_000)
    assert yes.evaluate("each => getComputedStyle(each, '::before').content") == '"✓"'
    for pointed in (no, yes):
        pointed.hover()
        assert style_of(yes, "backgroundColor", "color") == system_colours(page, "Highlight", "HighlightText")
    page.emulate_media(forced_colors="none")
    assert style_of(yes, "backgroundColor", "color") == style_of(page.locator("#reply-send"), "backgroundColor", "color")


def test_a_mistake_is_framed_and_its_field_has_another_border_in_forced_colours(page: Page) -> None:
    usual = style_of(page.locator("#text"), "borderTopWidth")
    page.locator("#next").click()
    assert style_of(page.locator("#write-summary"), "borderTopStyle", "borderTopWidth") == ["solid", "3px"]
    assert style_of(page.locator("#text-mistake"), "borderLeftStyle", "borderLeftWidth") == ["solid", "4px"]
    assert style_of(page.locator("#text"), "borderTopWidth") != usual


def test_nothing_moves_where_no_motion_is_wanted(page: Page) -> None:
    seen = [page.evaluate(MOVING)]
    page.locator("#next").hover()
    seen.append(page.evaluate(MOVING))
    page.route("**/api/submit", lambda _: None)
    pages.write(page)
    page.locator("#send").click()
    expect(page.locator("#sending")).to_be_visible()
    bar = page.locator("#sending progress")
    assert style_of(bar, "appearance") == ["none"]
    assert bar.screenshot() == (page.wait_for_timeout(300), bar.screenshot())[1]
    assert [*seen, page.evaluate(MOVING)] == [[], [], []]


def test_a_button_changes_softly_where_motion_is_welcome(page: Page) -> None:
    """Otherwise the test above would see nothing anywhere. Time stands still, or a slow machine would look too late."""
    page.context.new_cdp_session(page).send("Animation.setPlaybackRate", {"playbackRate": 0})
    page.emulate_media(reduced_motion="no-preference", forced_colors="none")
    page.locator("#next").hover()
    assert page.evaluate(MOVING) == [["background-color", 120]]

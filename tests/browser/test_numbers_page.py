"""The numbers in a real browser: accessible, readable at every width, and as charts that need no colour."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_desk_pages import AXE, sign_in
from tests.desk.running import Desk, Reporter, hold_ceremony, started
from whistle.protocol.content import Answer

LONGEST = "retaliation"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Nine cases of one category and six of that with the longest name; two that are hidden, and five that go with them."""
    ceremony = hold_ceremony(tmp_path_factory.mktemp("ceremony"))
    with started(tmp_path_factory.mktemp("desk"), ceremony, 9) as running:
        for category in ["bribery"] * 9 + [LONGEST] * 6 + ["crime"] * 2 + ["other"] * 5:
            reporter = Reporter.new(running.card)
            running.deliver(reporter.frame(reporter.report(answers=(Answer("category", category),))))
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True)
    page = opened.new_page()
    sign_in(page)
    yield page
    opened.close()


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("da", "dark")])
def test_axe_finds_nothing(page: Page, language: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"/numbers?language={language}")
    expect(page.get_by_role("img")).to_have_count(4)
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []


@pytest.mark.parametrize("language", ["en", "da"])
def test_nothing_scrolls_sideways_and_no_word_of_a_chart_is_cut_off(page: Page, language: str) -> None:
    page.goto(f"/numbers?language={language}")
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, width
        ends = "all => all.map(text => [text.getBBox().x + text.getBBox().width, text.textContent])"
        assert [each for each in page.locator("svg text").evaluate_all(ends) if each[0] > 320] == []


@pytest.mark.parametrize("language", ["en", "da"])
def test_every_chart_has_a_name_and_a_table_before_it_with_the_same_numbers(page: Page, language: str) -> None:
    page.goto(f"/numbers?language={language}")
    for section in page.get_by_role("region").all():
        chart = section.get_by_role("img")
        expect(chart).to_have_accessible_name(chart.locator("title").text_content() or "")
        assert section.locator("table ~ svg").count() == 1
        cells = [row.locator("th, td").all_inner_texts()[:2] for row in section.locator("tbody tr").all()]
        words = chart.locator("text").all_text_contents()
        assert [list(pair) for pair in zip(words[::2], words[1::2], strict=True)] == [
            each for each in cells if each[1].isdigit() and each[1] != "0"
        ]


def test_a_bar_is_seen_in_both_schemes_and_as_long_as_its_number(page: Page) -> None:
    page.goto("/numbers?language=en")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        bars = page.get_by_role("region", name="Category").locator("rect")
        assert [bar.get_attribute("width") for bar in bars.all()] == ["270", "180"]
        colours = "bar => [getComputedStyle(bar).fill, getComputedStyle(document.body).backgroundColor]"
        fill, paper = bars.first.evaluate(colours)
        assert fill not in (paper, "none", "rgb(0, 0, 0)")


def test_a_period_is_chosen_with_the_keyboard_and_stays_chosen_in_another_language(page: Page) -> None:
    page.goto("/numbers?language=en")
    page.get_by_label("Part of the year").select_option(label="Quarter 1")
    page.get_by_role("button", name="Show").press("Enter")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Quarter 1")
    page.get_by_role("link", name="Dansk").press("Enter")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("1. kvartal")
    expect(page.get_by_label("Del af året")).to_have_value("1")


def test_the_numbers_are_downloaded(page: Page) -> None:
    page.goto("/numbers?language=en")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download these numbers").press("Enter")
    assert "Bribery,9,41" in begun.value.path().read_text("utf-8-sig")

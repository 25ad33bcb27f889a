"""The pages of people in a real browser: accessible, readable at every width; a whole way in by keyboard, without a script."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.desk.running import ANNA, BO, ERIK, Desk, Member, hold_ceremony, started
from tests.desk.test_people import NILS, WORDS, accept, brought_in, invite

AXE = (Path(__file__).resolve().parents[2] / "browser/node_modules/axe-core/axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Somebody in every state, and requests that wait."""
    with started(tmp_path_factory.mktemp("desk"), hold_ceremony(tmp_path_factory.mktemp("ceremony")), 9) as running:
        erik = running.signed_in(ERIK)
        brought_in(running, "mona", ring="b")
        accept(running, invite(erik, "ole", ring="a"))
        brought_in(running, "liv", ring="a")
        running.signed_in(ANNA).post("/people/remove", name="liv")
        erik.post("/people/block", name="carl")
        erik.post("/people/ask", what="unblock", name="carl")
        erik.post("/people/ask", what="reset")
        yield running


def opened(browser: Browser, desk: Desk, member: Member | None, script: bool = True) -> Page:
    """A browser that has this member's session."""
    context = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=script, java_script_enabled=script)
    if member is not None:
        name, value = member.cookie.split("=")
        site = {"url": f"https://localhost:{desk.port}", "secure": True, "httpOnly": True, "sameSite": "Strict"}
        context.add_cookies([{"name": name, "value": value, **site}])  # type: ignore[list-item]
    return context.new_page()


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("da", "dark")])
def test_axe_finds_nothing_and_no_page_of_people_scrolls_sideways(
    browser: Browser, desk: Desk, language: str, scheme: str
) -> None:
    link = invite(desk.signed_in(ERIK), f"vera-{language}", "auditor", "", "")
    anna, bo, nobody = desk.signed_in(ANNA), desk.signed_in(BO), None
    for member, path in (
        (anna, "/people"),
        (anna, "/passphrase"),
        (bo, "/"),
        (nobody, link),
        (nobody, f"{link[:-8]}{'0' * 8}"),
    ):
        page = opened(browser, desk, member)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{path}?language={language}")
        for each in page.locator("summary").all():
            each.click()
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == [], path
        for width in (320, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, (
                path,
                width,
            )
        page.context.close()


def test_somebody_comes_in_by_the_keyboard_alone_and_without_javascript(browser: Browser, desk: Desk) -> None:
    erik = opened(browser, desk, desk.signed_in(ERIK), script=False)
    erik.goto("/people")
    erik.get_by_label("Name").type(NILS)
    for letter in ("I", "R", "A"):
        erik.keyboard.press("Tab")
        erik.keyboard.type(letter)
    erik.keyboard.press("Tab")
    erik.keyboard.press("Enter")
    expect(erik.get_by_role("status")).to_have_text("This link is shown once, here and now.")
    link = erik.get_by_label("One-time link").input_value()
    nils = opened(browser, desk, None, script=False)
    nils.goto(link[link.index("/invitation") :])
    nils.get_by_label("New passphrase", exact=True).type(WORDS)
    nils.keyboard.press("Tab")
    nils.keyboard.type(WORDS)
    nils.keyboard.press("Tab")
    nils.keyboard.press("Enter")
    check = nils.get_by_role("status").locator("code").inner_text(timeout=20_000)
    anna = opened(browser, desk, desk.signed_in(ANNA), script=False)
    anna.goto("/people")
    row = anna.get_by_role("row").filter(has=anna.get_by_role("rowheader", name=NILS))
    expect(row.locator("code")).to_have_text(check)
    row.get_by_role("button", name="Let in").press("Enter")
    expect(anna.get_by_role("status").first).to_have_text("The person was let in.")
    for page in (erik, nils, anna):
        page.context.close()

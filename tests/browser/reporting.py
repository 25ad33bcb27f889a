"""What tests do at the reporter's pages: writing, sending, coming back, choosing files; and what axe finds there."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.desk import TOP, Desk
from whistle.protocol.content import Content

AXE = (TOP / "browser" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
PAGES = ["", "report", "mailbox", "privacy", "accessibility", "nowhere"]
LANGUAGES = ["da", "sv", "nb", "fi", "en"]
TEXT = "Kontrakten er falsk.\n<img src=x onerror=alert(1)>"
Opens = Callable[..., Page]
LARGE = bytes(1_500_000)  # several parts
# Pauses in a twentieth of their time, for what is said after all of them.
HASTY = "(plain => { setTimeout = (act, pause = 0) => plain(act, pause / 20); })(setTimeout)"


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


def mistyped(code: str) -> str:
    return code[0] + ("a" if code[1] != "a" else "i") + code[2:]


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


def smaller(instance: str) -> str:
    """What intake says of itself, with limits that a test can reach."""
    return re.sub(r'"fileBytes": \d+', '"fileBytes": 20000', re.sub(r'"files": \d+', '"files": 2', instance))

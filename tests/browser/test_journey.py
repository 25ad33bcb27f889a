"""The journey: a report is written, read, acknowledged, asked about and answered, and the public server saw sealed bytes only.

Everything is what `make run` starts: both programs, the real browser, keys from the real ceremony.
"""

import re
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.conftest import Demo

REPORT = "Kontrakten blev underskrevet af en person, der ikke findes. Årsag: ukendt."
QUESTION = "Hvilken måned skete det i, og hvem så det?"
ANSWER = "I marts; tre kolleger var i lokalet."


def test_a_report_is_read_acknowledged_and_answered_and_only_sealed_bytes_crossed(demo: Demo, browser: Browser) -> None:
    crossed: list[bytes] = []
    code = write_report(browser, demo, crossed)
    assert re.fullmatch(r"([a-z]{5}-){8}[a-z]{5}", code)

    desk = signed_in(browser, demo)
    open_newest_case(desk)
    expect(desk.get_by_text(REPORT)).to_be_visible()
    acknowledge(desk)
    ask(desk, QUESTION)

    mailbox = open_mailbox(browser, demo, code, crossed)
    expect(mailbox.get_by_text(QUESTION)).to_be_visible(timeout=20_000)
    answer(mailbox)

    desk.reload()
    expect_eventually(desk, ANSWER)
    refuse_plaintext(crossed, code)
    refuse_plaintext([file.read_bytes() for file in sorted(demo.state.glob("intake.sqlite*"))], code)
    refuse_plaintext([file.read_bytes() for file in sorted(demo.state.glob("desk.sqlite*"))], code)
    refuse_plaintext([demo.output.read_bytes()], code)


def write_report(browser: Browser, demo: Demo, crossed: list[bytes]) -> str:
    page = reporter_page(browser, crossed)
    page.goto(f"{demo.intake}/en/report")
    code = report_on(page)
    page.close()
    return code


def report_on(page: Page) -> str:
    """Writes, sends and keeps a report; its code."""
    page.get_by_label("What happened").fill(REPORT)
    while page.locator("#check").is_hidden():  # where there is one group, nobody is asked who is concerned
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Send").click()
    shown = page.locator("[data-part=code]")
    expect(shown).to_be_visible(timeout=20_000)
    code = "-".join(re.findall(r"[a-z]{5}", shown.inner_text()))
    page.get_by_role("button", name="I have written it down").click()
    expect(shown).to_be_hidden()
    type_back(page, code)
    return code


def type_back(page: Page, code: str) -> None:
    groups = code.split("-")
    for field in page.locator("[data-part=type-back] input").all():
        number = int(re.findall(r"\d+", field.get_attribute("data-group") or "")[0])
        field.fill(groups[number])
    page.locator("[data-part=type-back] button[type=submit]").click()
    expect(page.locator("[data-part=done]")).to_be_visible()
    assert code not in page.content()


def signed_in(browser: Browser, demo: Demo, name: str = "anna") -> Page:
    page = browser.new_context().new_page()
    page.goto(demo.desk)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Passphrase").fill(demo.passphrases[name])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Inbox"), timeout=20_000)
    return page


def open_newest_case(page: Page) -> None:
    link = page.locator("main a[href*='/case']").first
    for _ in range(60):
        if link.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    link.click()
    declare(page)


def declare(page: Page) -> None:
    """A member says that they have no conflict of interest, where the page of a case asks for it first."""
    asks, dialogue = page.locator("form[action$='/declare'] button"), page.locator("#dialogue")
    expect(asks.or_(dialogue)).to_be_visible()
    if asks.count():
        asks.press("Enter")
        expect(dialogue).to_be_visible()


def acknowledge(page: Page) -> None:
    page.locator("form[action$=acknowledge] button").click()
    expect(page.locator("form[action$=acknowledge]")).to_have_count(0)


def ask(page: Page, text: str) -> None:
    form = page.locator("form[action$=reply]")
    form.locator("textarea").fill(text)
    form.locator("button[type=submit]").click()
    expect(page.locator(".said", has_text=text)).to_be_visible()


def open_mailbox(browser: Browser, demo: Demo, code: str, crossed: list[bytes]) -> Page:
    """In a fresh browser with nothing but the code; opened again until the reply has come through the relay."""
    page = reporter_page(browser, crossed)
    for _ in range(30):
        page.goto(f"{demo.intake}/en/mailbox")
        page.locator("#case-code").fill(code.upper().replace("-", " "))
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text(REPORT)).to_be_visible(timeout=20_000)
        if page.get_by_text(QUESTION).count():
            break
        page.wait_for_timeout(500)
    return page


def answer(page: Page) -> None:
    page.locator("[data-part=reply] textarea").fill(ANSWER)
    page.locator("[data-part=reply] button[type=submit]").click()
    expect(page.locator("[data-part=thread]").get_by_text(ANSWER)).to_be_visible(timeout=20_000)


def expect_eventually(page: Page, text: str) -> None:
    said = page.locator(".said", has_text=text)
    for _ in range(60):
        if said.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(said).to_be_visible()


def reporter_page(browser: Browser, crossed: list[bytes]) -> Page:
    """A fresh browser whose every request body and address is kept for the end."""
    page = browser.new_context().new_page()
    page.on("request", lambda request: crossed.append(request.url.encode() + (request.post_data_buffer or b"")))
    return page


def refuse_plaintext(places: list[bytes], code: str) -> None:
    """None of the texts, nor the code, in any of the spellings in which bytes hide."""
    assert places
    for text in (REPORT, QUESTION, ANSWER, code, code.replace("-", "")):
        for spelled in spellings(text):
            assert not any(spelled in place for place in places), text


def spellings(text: str) -> list[bytes]:
    """UTF-8, UTF-16, hexadecimal, and base64 at its three alignments."""
    plain = text.encode()
    aligned = [b64encode(bytes(shift) + plain)[4:-4] for shift in range(3)]
    return [plain, text.encode("utf-16-le"), plain.hex().encode(), *aligned]


def test_the_journeys_check_would_notice_a_plain_text(tmp_path: Path) -> None:
    hidden = b64encode(b"x" + REPORT.encode())
    assert any(spelled in hidden for spelled in spellings(REPORT))

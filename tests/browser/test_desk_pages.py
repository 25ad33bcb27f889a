"""The desk's pages in a real browser: accessible, readable at every width and in both languages, and without a script."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.desk.relaying import Evidence
from tests.desk.running import ANNA, PASSPHRASES, Desk, Reporter, hold_ceremony, started, today
from whistle.desk.receipts import hashes
from whistle.protocol.content import Files, Message
from whistle.protocol.wire import PART, Frame
from whistle.sealing.keys import SigningKey

AXE = (Path(__file__).resolve().parents[2] / "browser/node_modules/axe-core/axe.min.js").read_text("utf-8")
LONG = "x" * 300
VIEW = "/?section=answer&state=acknowledged"
FILE = "/cases/1/files/" + "f" * 32
PAGES = (
    "/sign-in",
    "/",
    VIEW,
    "/?from=x",
    "/numbers",
    "/cases/1",
    "/cases/2",
    FILE,
    "/log",
    "/log?case=x",
    "/days",
    "/passphrase",
    "/broadcast",
    "/cases/999",
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two cases, one of them with everything that can be shown. The public server is not there, and the inbox says so."""
    ceremony = hold_ceremony(tmp_path_factory.mktemp("ceremony"))
    with started(tmp_path_factory.mktemp("desk"), ceremony, 9) as running:
        first, second = Reporter.new(running.card), Reporter.new(running.card)
        running.deliver(first.frame(first.report(f"Bilag 7 er forfalsket. {LONG}")), second.frame(second.report()))
        anna = running.member(ANNA)
        anna.get("/cases/1")
        anna.post("/cases/1/acknowledge", text="Vi har læst det.")
        anna.post("/cases/1/note", text="First secure the documents.")
        anna.post("/cases/1/state", state="assessing", tell="yes")
        send_files(running, first)
        forged = first.say(Message("planted"), keep=False, key=SigningKey(b"x" * 32))
        alone = Reporter.new(running.card)
        running.deliver(first.frame(forged), alone.frame(alone.message("alone", sequence=2, previous=b"p" * 32)))
        running.poll()
        running.declare(ANNA, 2)
        yield running


def send_files(desk: Desk, reporter: Reporter) -> None:
    """A complete one with a name that turns text around, a damaged one, one that is arriving, and one without a name."""
    whole, damaged, arriving, nameless = (
        replace(Evidence.of(desk, bytes(length)), id=bytes([digit]) * 16)
        for length, digit in ((1_300_000, 0xFF), (30_000, 0xDD), (600_000, 0xAA), (600_000, 0xBB))
    )
    parts = [*whole.parts, *damaged.parts, *arriving.parts[:1], *nameless.parts[:2]]
    frames = [(Frame(place, PART, today(), reporter.keys.box, b""), part) for place, part in enumerate(parts, 1)]
    desk.cases.files.arrive(frames, today())
    desk.poll()  # nobody answers: it hashes nothing
    for file in desk.cases.files.whole():
        desk.cases.files.received(file, *hashes(desk.cases.files.pieces(file)), desk.running.receipts.sign)
    long = f"kontrakt-{LONG[:180]}\u202efdp.exe"
    named = (whole.named(long), damaged.named("note.txt", sealed=bytes(32)), arriving.named("optagelse.m4a", type="audio/mp4"))
    desk.deliver(reporter.frame(reporter.say(Files(named))))


@pytest.fixture(scope="module")
def context(browser: Browser, desk: Desk) -> Iterator[BrowserContext]:
    """A browser in which anna has signed in, without JavaScript of the page's own; axe is brought by the test."""
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", bypass_csp=True)
    page = opened.new_page()
    sign_in(page)
    page.close()
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    yield opened
    opened.close()


def in_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}language={language}"


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(ANNA)
    page.get_by_label("Passphrase").fill(PASSPHRASES[ANNA])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox", timeout=20_000)


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("da", "dark")])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(page: Page, path: str, language: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(in_language(path, language))
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways(page: Page, path: str, language: str) -> None:
    page.goto(in_language(path, language))
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, width


@pytest.mark.parametrize("path", PAGES)
def test_everything_one_can_press_is_at_least_24_pixels_high_and_wide(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(in_language(path, "en"))
    sizes = [
        (each.inner_text(), box["width"], box["height"])
        for each in page.locator("a:visible, button:visible, input:visible, textarea:visible, summary:visible").all()
        if (box := each.bounding_box()) is not None
    ]
    assert sizes
    assert [each for each in sizes if min(each[1:]) < 24 and "skip" not in each[0].lower()] == []


def test_a_case_is_worked_with_the_keyboard_alone_and_without_javascript(browser: Browser, desk: Desk) -> None:
    opened = browser.new_context(base_url=f"http://localhost:{desk.port}", java_script_enabled=False)
    page = opened.new_page()
    sign_in(page)
    page.get_by_role("link", name="Case 2").press("Enter")
    page.get_by_label("Your words to the reporter").press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The acknowledgement is stored and will be sent to the reporter.")
    page.get_by_label("Reply to the reporter").type("Hvornår?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The reply is stored and will be sent to the reporter.")
    expect(page.get_by_text("Hvornår?")).to_be_visible()
    page.get_by_label("Being assessed").press("Space")
    page.get_by_label("Tell the reporter").press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The reporter was told: being assessed.")).to_be_visible()
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    opened.close()


def test_a_mistake_is_named_at_the_top_and_at_its_field(page: Page) -> None:
    page.goto("/cases/1?language=en")
    page.get_by_label("Reply to the reporter").fill("   ")
    page.get_by_role("button", name="Send the reply").click()
    expect(page.get_by_role("alert")).to_contain_text("There is nothing to send")
    page.get_by_role("alert").get_by_role("link").click()
    field = page.get_by_label("Reply to the reporter")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        "Never ask for a national identity number, a PIN or a password. Tell nothing that could tip off a person concerned, "
        "and nothing that bank secrecy covers, not even whether somebody is a customer. "
        "There is nothing to send: write something first."
    )


def test_nothing_is_asked_for_from_anywhere_else(page: Page, desk: Desk) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    for path in PAGES:
        page.goto(path)
    assert len(asked) > len(PAGES)
    assert [url for url in asked if not url.startswith((f"http://localhost:{desk.port}/", "data:"))] == []


def test_what_is_due_and_what_is_wrong_is_said_in_words(page: Page) -> None:
    page.goto("/?language=en")
    expect(page.get_by_text("There has been no contact with the public server yet.")).to_be_visible()
    expect(page.get_by_role("heading", name="Refused")).to_be_visible()
    page.goto("/cases/1?language=en")
    expect(page.get_by_text("Forged.")).to_be_visible()
    expect(page.get_by_text("planted")).to_have_count(0)


def test_the_log_is_searched_with_the_keyboard_and_says_how_it_stands(page: Page, desk: Desk) -> None:
    desk.running.heads.keep(today())
    page.goto("/cases/1?language=en")
    page.goto("/log")
    expect(page.locator("dl.facts dd").first).to_contain_text(str(today().year))
    expect(page.get_by_role("row").nth(1)).to_contain_text("Opened the log")
    page.get_by_label("Number of the case").fill("1")
    page.get_by_label("Member").fill(ANNA)
    page.get_by_label("Member").press("Enter")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Opened the case")
    expect(page.get_by_label("Number of the case")).to_have_value("1")
    page.get_by_label("Number of the case").fill("one")
    page.get_by_role("button", name="Show").press("Enter")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Number of the case")).to_be_focused()
    expect(page.get_by_label("Number of the case")).to_have_value("one")


@pytest.mark.parametrize(("language", "width"), [("da", 320), ("en", 1280)])
def test_why_a_case_is_read_is_said_otherwise_with_the_keyboard_and_the_log_shows_it(
    page: Page, language: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/cases/2?language={language}")
    page.locator("details:has(#purpose-text) > summary").press("Enter")
    page.locator("#purpose-text").select_option("answer")
    page.locator("details:has(#purpose-text) button").press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator("#purpose-text")).to_have_value("answer")
    page.goto("/log?case=2")
    page.locator("form[action='/log/verify'] button").press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    for path in ("/cases/2", "/log?case=2"):
        page.goto(path)
        unfold(page)
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_every_state_of_a_file_is_said_in_words_and_no_name_turns_text_around(page: Page) -> None:
    page.goto("/cases/1?language=en")
    files = page.locator(".thread .files li")
    expect(files.nth(0)).to_contain_text("1.3 MB")
    expect(files.nth(0)).to_contain_text("Complete.")
    expect(files.nth(0)).to_contain_text("\ufffdfdp.exe")
    expect(files.nth(1)).to_contain_text("Damaged:")
    expect(files.nth(2)).to_contain_text("Arriving. 1 of 3 parts are here.")
    expect(page.get_by_text("A file without a name yet")).to_be_visible()
    assert "\u202e" not in page.content()


def test_a_file_is_downloaded_after_a_warning_and_never_shown(page: Page) -> None:
    page.goto("/cases/1?language=en")
    page.get_by_role("link", name="Download").press("Enter")
    expect(page.get_by_text("Open it only on a computer that is kept for this")).to_be_visible()
    with page.expect_download() as begun:
        page.get_by_role("button", name="Download this file").press("Enter")
    assert begun.value.path().read_bytes() == bytes(1_300_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Download a file")


def test_a_file_is_sent_from_the_case_and_one_that_is_empty_is_said_at_its_field(page: Page) -> None:
    page.goto("/cases/2?language=en")
    field = page.get_by_label("File for the reporter")
    field.set_input_files({"name": "tom.txt", "mimeType": "text/plain", "buffer": b""})
    page.get_by_role("button", name="Send the file").click()
    page.get_by_role("alert").get_by_role("link").click()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    field.set_input_files({"name": 'et "svar".txt', "mimeType": "text/plain", "buffer": b"svar"})
    page.get_by_role("button", name="Send the file").click()
    expect(page.get_by_role("status")).to_have_text("The file is sealed and stored, and will be sent to the reporter.")
    expect(page.locator("bdi", has_text='et "svar".txt')).to_be_visible()


@pytest.mark.parametrize(("language", "width", "scheme"), [("en", 1280, "light"), ("da", 320, "dark")])
def test_every_form_of_a_case_is_accessible_and_fits_unfolded_and_with_its_mistake(
    page: Page, language: str, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"/cases/2?language={language}")
    for form, field in (("ask", "question-1"), ("feedback", "feedback-check-secrecy"), ("outcome", "outcome-substantiated")):
        unfold(page)
        page.locator(f"#{form}-text").fill("Ord, der skal blive stående.")
        page.locator(f"form:has(#{form}-text) button").click()
        page.get_by_role("alert").get_by_role("link").press("Enter")
        expect(page.locator(f"#{field}")).to_be_focused()
        expect(page.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{form}-text")).to_have_value("Ord, der skal blive stående.")
        unfold(page)
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def unfold(page: Page) -> None:
    """Everything that is folded, as a reader would."""
    for summary in page.locator("details:not([open]) > summary").all()[::-1]:
        summary.press("Enter")

"""What happens to a chosen file before anything of it is sent: photos are cleaned, of other kinds the person is warned, none
goes by its own name, and none without a last press."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, Request, Route, expect

from tests.browser import reporting as pages
from tests.browser.desk import Desk
from tests.browser.photos import picture, planted

SENT = "Sent as “"
SEND = "Send it:"
REMOVED = "Removed from the photo before sending: the place where it was taken, the camera, the time"
DAMAGED = b"\xff\xd8\xff\xe1\xff\xff not a photo"


@pytest.fixture
def asked(context: BrowserContext) -> list[str]:
    """The path of everything that is asked for."""
    paths: list[str] = []

    def note(request: Request) -> None:
        paths.append(re.sub(r"^https?://[^/]+", "", request.url))

    context.on("request", note)
    return paths


def done(desk: Desk, context: BrowserContext, language: str = "en", width: int = 320) -> Page:
    """A page on which a report was sent and its code typed back."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 640})
    page.goto(f"{desk.address}/{language}/report")
    pages.type_back(page, pages.send(page))
    return page


def choose(page: Page, *files: tuple[str, str, bytes]) -> None:
    chosen: list[FilePayload] = [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
    page.locator("#files-input").set_input_files(chosen)


def jpeg(name: str, content: bytes) -> tuple[str, str, bytes]:
    return name, "image/jpeg", content


def press(page: Page, name: str, label: str) -> None:
    pages.row(page, name).get_by_role("button", name=label).click()


def begun(asked: list[str]) -> int:
    return asked.count("/api/begin")


def test_what_cleans_photos_is_asked_for_once_and_only_when_a_photo_was_chosen(
    desk: Desk, context: BrowserContext, asked: list[str]
) -> None:
    page = done(desk, context)
    choose(page, ("note.txt", "text/plain", b"a"), ("a.pdf", "application/pdf", b"%PDF-1.7"))
    press(page, "note.txt", SEND)
    expect(pages.row(page, "note.txt")).to_contain_text(SENT, timeout=20_000)
    assert not [path for path in asked if "photos" in path]
    choose(page, jpeg("a.jpg", planted("jpegBaseline")), ("b.png", "", planted("png")))
    press(page, "b.png", SEND)
    expect(pages.row(page, "b.png")).to_contain_text(SENT, timeout=20_000)
    assert [path for path in asked if "photos" in path] == ["/photos.js"]


def test_a_photo_says_what_was_removed_while_it_is_sent_and_afterwards(desk: Desk, context: BrowserContext) -> None:
    page = done(desk, context)
    page.evaluate(
        "globalThis.heard = []; new MutationObserver(() => heard.push(document.getElementById('files-words').textContent))"
        ".observe(document.getElementById('files-words'), { childList: true })"
    )
    held = pages.hold_parts(page)
    choose(page, ("holiday.txt", "text/plain", planted("jpegColour") + bytes(900_000)))  # by its bytes, not by its name
    row = pages.row(page, "holiday.txt")
    expect(row).to_contain_text(REMOVED, timeout=20_000)
    press(page, "holiday.txt", SEND)
    expect(row).to_contain_text(re.compile("Being sent|Sent as"), timeout=20_000)
    for route in held:
        route.continue_()
    page.unroute("**/api/part")
    expect(row).to_contain_text(SENT, timeout=20_000)
    expect(row).to_contain_text(REMOVED)
    heard = page.evaluate("heard")
    assert heard[0].startswith(f"holiday.txt: {REMOVED}")
    assert heard[0].endswith("Not sent yet.")
    assert heard[1:] == ["holiday.txt: Being sent.", "holiday.txt: Sent as “file-1.txt”."]


def test_in_the_mailbox_photos_are_cleaned_too(desk: Desk, context: BrowserContext, asked: list[str]) -> None:
    page = context.new_page()
    page.goto(f"{desk.address}/en/report")
    code = pages.send(page)
    page.close(run_before_unload=False)
    page = context.new_page()
    page.goto(f"{desk.address}/en/mailbox")
    pages.open_box(page, code)
    assert "/photos.js" not in asked
    choose(page, jpeg("a.jpg", planted("jpegBaseline")))
    expect(pages.row(page, "a.jpg")).to_contain_text(REMOVED, timeout=20_000)
    press(page, "a.jpg", SEND)
    expect(pages.row(page, "a.jpg")).to_contain_text(SENT, timeout=20_000)


def test_a_photo_in_which_nothing_is_hidden_says_so_and_offers_no_original(desk: Desk, context: BrowserContext) -> None:
    page = done(desk, context)
    choose(page, jpeg("a.jpg", picture("jpegBaseline")))
    expect(pages.row(page, "a.jpg")).to_contain_text("Nothing hidden was found in the photo.", timeout=20_000)
    press(page, "a.jpg", SEND)
    expect(pages.row(page, "a.jpg")).to_contain_text(SENT, timeout=20_000)
    expect(page.get_by_role("button", name="Send the original too")).to_have_count(0)


def test_the_original_is_a_second_choice_and_counts(desk: Desk, context: BrowserContext, asked: list[str]) -> None:
    def smaller(route: Route) -> None:
        got = route.fetch()
        route.fulfill(response=got, body=re.sub(r'"files": \d+', '"files": 2', got.text()))

    context.route("**/instance.js", smaller)
    page = done(desk, context)
    choose(page, jpeg("a.jpg", planted("jpegBaseline")))
    press(page, "a.jpg", SEND)
    expect(pages.row(page, "a.jpg")).to_contain_text(SENT, timeout=20_000)
    assert begun(asked) == 1
    press(page, "a.jpg", "Send the original too")
    original = pages.row(page, "original-a.jpg")
    expect(original).to_contain_text(SENT, timeout=20_000)
    expect(original).to_contain_text("The original, with everything that is hidden in it.")
    expect(page.get_by_role("button", name="Send the original too")).to_have_count(0)
    assert begun(asked) == 2
    choose(page, ("third.txt", "text/plain", b"3"))
    expect(page.locator("#files-refused")).to_contain_text("2 files is the most")


def test_an_original_for_which_there_is_no_room_can_still_be_asked_for(desk: Desk, context: BrowserContext) -> None:
    def smaller(route: Route) -> None:
        got = route.fetch()
        route.fulfill(response=got, body=re.sub(r'"files": \d+', '"files": 2', got.text()))

    context.route("**/instance.js", smaller)
    page = done(desk, context)
    choose(page, jpeg("a.jpg", planted("jpegBaseline")), ("b.pdf", "application/pdf", b"%PDF"))
    press(page, "a.jpg", SEND)
    press(page, "a.jpg", "Send the original too")
    expect(page.locator("#files-refused")).to_contain_text("“original-a.jpg” is not sent")
    press(page, "b.pdf", "Leave it out")
    press(page, "a.jpg", "Send the original too")
    expect(pages.row(page, "original-a.jpg")).to_contain_text(SENT, timeout=20_000)


def test_no_file_goes_before_it_is_told_to_and_none_by_its_own_name(
    desk: Desk, context: BrowserContext, asked: list[str]
) -> None:
    page = done(desk, context)
    report = desk.newest()
    choose(page, jpeg("Hansens bord.JPG", planted("jpegBaseline")), ("noter fra Mette.txt", "text/plain", b"a"))
    choose(page, ("liste.hemmeligt", "", b"?"), ("kontrakt 4711.pdf", "application/pdf", b"%PDF"))
    expect(page.locator("[data-state=held]")).to_have_count(4, timeout=20_000)
    names = [field.input_value() for field in page.get_by_label("Name under which it is sent").all()]
    assert names == ["file-1.jpg", "file-2.txt", "file-3", "file-4.pdf"]
    assert begun(asked) == 0
    page.get_by_role("button", name=re.compile("files that are ready")).click()
    expect(pages.row(page, "noter fra Mette.txt")).to_contain_text("Sent as “file-2.txt”.", timeout=20_000)
    expect(page.locator("[data-state=held]")).to_have_count(2)  # of these it was warned: each takes a press of its own
    expect(page.get_by_role("button", name=re.compile("files that are ready"))).to_be_hidden()
    pages.row(page, "liste.hemmeligt").get_by_label("Name under which it is sent").fill(" ")
    press(page, "liste.hemmeligt", "Send it as it is")
    pages.row(page, "kontrakt 4711.pdf").get_by_label("Name under which it is sent").fill("kontrakt.pdf")
    press(page, "kontrakt 4711.pdf", "Send it as it is")
    expect(pages.row(page, "kontrakt 4711.pdf")).to_contain_text("Sent as “kontrakt.pdf”.", timeout=20_000)
    assert desk.files_of(report) == ["file-1.jpg", "file-2.txt", "file-3", "kontrakt.pdf"]


def test_in_the_mailbox_names_go_on_where_they_ended(desk: Desk, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{desk.address}/en/report")
    code = pages.send(page)
    page.close(run_before_unload=False)
    for number in (1, 2):
        page = context.new_page()
        page.goto(f"{desk.address}/en/mailbox")
        pages.open_box(page, code)
        choose(page, ("a.txt", "text/plain", b"a"))
        press(page, "a.txt", SEND)
        expect(page.locator("#thread")).to_contain_text(f"file-{number}.txt", timeout=20_000)


@pytest.mark.parametrize(("label", "sent"), [("Send it as it is", 1), ("Leave it out", 0)])
def test_a_damaged_photo_waits_for_the_persons_word(
    desk: Desk, context: BrowserContext, asked: list[str], label: str, sent: int
) -> None:
    page = done(desk, context)
    choose(page, jpeg("bad.jpg", DAMAGED), ("after.txt", "text/plain", b"a"))
    row = pages.row(page, "bad.jpg")
    expect(row).to_contain_text("This photo could not be cleaned")
    expect(row).to_contain_text("where, when and with which device")
    press(page, "after.txt", SEND)
    expect(pages.row(page, "after.txt")).to_contain_text(SENT, timeout=20_000)
    expect(row).to_contain_text("Not sent yet.")
    assert begun(asked) == 1
    press(page, "bad.jpg", label)
    expect(row).to_contain_text(SENT if sent else "Cancelled.", timeout=20_000)
    assert begun(asked) == 1 + sent


def test_a_photo_too_large_to_be_cleaned_is_not_even_read(desk: Desk, context: BrowserContext, tmp_path: Path) -> None:
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.write(DAMAGED)
        file.truncate(60_000_001)
    page = done(desk, context)
    page.locator("#files-input").set_input_files(tmp_path / "huge.jpg")
    expect(pages.row(page, "huge.jpg")).to_contain_text("it is larger than 60 MB")
    press(page, "huge.jpg", "Leave it out")


def test_without_what_cleans_them_photos_wait_and_nothing_is_sent(
    desk: Desk, context: BrowserContext, asked: list[str]
) -> None:
    page = done(desk, context)
    page.route("**/photos.js*", lambda route: route.abort())
    choose(page, jpeg("a.jpg", planted("jpegBaseline")), ("b.txt", "text/plain", b"b"))
    press(page, "b.txt", SEND)
    row = pages.row(page, "a.jpg")
    for _ in range(2):
        expect(row).to_contain_text("nothing of this one was sent")
        expect(pages.row(page, "b.txt")).to_contain_text(SENT, timeout=20_000)
        assert begun(asked) == 1
        press(page, "a.jpg", "Try again")
    expect(row).to_contain_text("nothing of this one was sent")
    page.unroute("**/photos.js*")
    press(page, "a.jpg", "Try again")
    expect(row).to_contain_text(REMOVED, timeout=20_000)
    press(page, "a.jpg", SEND)
    expect(row).to_contain_text(SENT, timeout=20_000)
    assert begun(asked) == 2


def test_a_file_that_may_say_more_waits_for_one_press_after_a_warning(
    desk: Desk, context: BrowserContext, asked: list[str]
) -> None:
    page = done(desk, context)
    for name, kind, content, warning in (
        ("a.pdf", "application/pdf", b"%PDF-1.7", "who wrote it"),
        ("pdf.txt", "text/plain", b"%PDF-1.7", "who wrote it"),
        ("a.docx", "", b"PK\x03\x04", "who wrote it"),
        ("a.unknown", "", b"?", "who wrote it"),
        ("a.heic", "", b"\0\0\0\x18ftypheic\0\0\0\0", "This kind of picture"),
        ("a.tif", "image/tiff", b"II*\0\x08\0\0\0", "This kind of picture"),
        ("a.mp4", "", b"\0\0\0\x18ftypisom\0\0\0\0", "a voice can be recognised"),
        ("a.mp3", "audio/mpeg", b"ID3", "a voice can be recognised"),
    ):
        choose(page, (name, kind, content))
        expect(pages.row(page, name)).to_contain_text(warning)
        expect(pages.row(page, name)).to_contain_text("Not sent yet.")
        expect(page.locator("#files-words")).to_contain_text(warning)
    assert begun(asked) == 0


def test_one_press_with_the_keyboard_sends_it_and_keeps_the_place(desk: Desk, context: BrowserContext) -> None:
    page = done(desk, context)
    choose(page, ("a.pdf", "application/pdf", b"%PDF-1.7"))
    row = pages.row(page, "a.pdf")
    row.get_by_role("button", name="Send it as it is").focus()
    page.keyboard.press("Enter")
    expect(row).to_be_focused()
    expect(row).to_contain_text(SENT, timeout=20_000)
    expect(row).not_to_contain_text("who wrote it")


@pytest.mark.parametrize(("language", "width"), [("da", 320), ("da", 1280), ("en", 320), ("en", 1280)])
def test_every_note_beside_a_file_is_accessible_and_fits(
    desk: Desk, context: BrowserContext, language: str, width: int
) -> None:
    page = done(desk, context, language, width)
    page.route("**/photos.js*", lambda route: route.abort())
    choose(page, jpeg("waiting.jpg", planted("jpegBaseline")))
    expect(pages.row(page, "waiting.jpg").locator(".warning")).to_be_visible()
    page.unroute("**/photos.js*")
    choose(
        page,
        jpeg("IMG_20260311_081522.jpg", planted("jpegBaseline")),
        jpeg("plain.jpg", picture("jpegBaseline")),
        jpeg("bad.jpg", DAMAGED),
        ("Kontrakt med leverandøren, underskrevet.pdf", "application/pdf", b"%PDF"),
        ("IMG_1.heic", "", b"\0\0\0\x18ftypheic\0\0\0\0"),
        ("film.mp4", "video/mp4", b"\0\0\0\x18ftypisom\0\0\0\0"),
    )
    expect(pages.row(page, "film.mp4").locator(".warning")).to_be_visible()
    expect(page.locator("#files-all")).to_be_visible(timeout=20_000)
    assert pages.faults_of(page) == []

"""What the desk gets of a photo, read by a program that knows every trace; also without WebAssembly and without compiler."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import test_journey as journey
from tests.browser.photos import picture
from tests.conftest import CHROMIUM, Demo

pytestmark = pytest.mark.slow

TRACES = {
    "GPSLatitude": "55.676",
    "GPSLatitudeRef": "N",
    "GPSLongitude": "12.568",
    "GPSLongitudeRef": "E",
    "EXIF:Artist": "Canary Author",
    "EXIF:Make": "Canary Camera",
    "EXIF:Model": "Canary Model",
    "EXIF:Software": "Canary Software",
    "EXIF:DateTimeOriginal": "2026:03:11 08:15:22",
    "EXIF:SerialNumber": "Canary Serial",
    "XMP:Creator": "Canary Creator",
    "Orientation#": "6",
}
PHOTOS = {"day.jpg": "jpegColour", "screen.png": "pngColour", "web.webp": "webpColour"}


def known(photo: Path) -> dict[str, str]:
    """Everything that exiftool finds in it, by group and name."""
    printed = subprocess.run(["exiftool", "-j", "-G", "-a", "-n", str(photo)], capture_output=True, check=True, text=True)
    found: dict[str, str] = json.loads(printed.stdout)[0]
    return found


def pixels(photo: Path) -> bytes:
    """The photo when exiftool has taken away all that it can."""
    return subprocess.run(["exiftool", "-all=", "-o", "-", str(photo)], capture_output=True, check=True).stdout


def photographed(folder: Path, name: str) -> Path:
    """A picture with what a camera and its owner's programs write into one."""
    photo = folder / name
    photo.write_bytes(picture(PHOTOS[name]))
    small = folder / "small.jpg"
    small.write_bytes(picture("jpegBaseline"))
    tags = [f"-{tag}={value}" for tag, value in TRACES.items()]
    thumbnail = [f"-ThumbnailImage<={small}"] if name.endswith(".jpg") else []
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, *thumbnail, str(photo)], check=True)
    return photo


def refuse_traces(photo: Path, original: Path) -> None:
    found, before = known(photo), known(original)
    assert not re.search(
        r"Canary|GPS|Thumbnail|55\.67|2026:03:11", json.dumps({key: found[key] for key in found if "File:" not in key})
    )
    assert {key for key in found if key.startswith(("EXIF:", "XMP:"))} == {"EXIF:Orientation"}
    assert found["EXIF:Orientation"] == before["EXIF:Orientation"] == 6
    profile = {key: value for key, value in before.items() if key.startswith("ICC_Profile:")}
    assert profile
    assert profile.items() <= found.items()
    assert pixels(photo) == pixels(original)


def test_the_photos_of_this_test_really_hold_what_is_looked_for(tmp_path: Path) -> None:
    for name in PHOTOS:
        found = json.dumps(known(photographed(tmp_path, name)))
        for trace in ("Canary Author", "Canary Camera", "Canary Creator", "GPSLatitude", "EXIF:Orientation", "2026:03:11"):
            assert trace in found, (name, trace)
    assert "ThumbnailImage" in json.dumps(known(tmp_path / "day.jpg"))


@pytest.fixture(scope="module", params=[[], ["--js-flags=--jitless"]], ids=["compiled", "interpreted"])
def engine(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*CHROMIUM, *request.param])
        yield chromium
        chromium.close()


def send_photos(browser: Browser, demo: Demo, photos: list[Path]) -> None:
    page = browser.new_page()
    page.add_init_script("delete globalThis.WebAssembly")
    page.goto(f"{demo.intake}/en/report")
    assert page.evaluate("typeof WebAssembly") == "undefined"
    page.get_by_label("What happened").fill(journey.REPORT)
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Send").click()
    shown = page.locator("[data-part=code]")
    expect(shown).to_be_visible(timeout=60_000)
    code = "-".join(re.findall(r"[a-z]{5}", shown.inner_text()))
    page.get_by_role("button", name="I have written it down").click()
    journey.type_back(page, code)
    page.locator("#files-input").set_input_files(photos)
    expect(page.locator("[data-state=held]")).to_have_count(len(photos), timeout=60_000)
    page.get_by_role("button", name=re.compile("files that are ready")).click()
    for photo in photos:
        row = page.locator("#files-list li").filter(has_text=photo.name)
        expect(row).to_contain_text(
            "Removed from the photo before sending: the place where it was taken, the camera", timeout=60_000
        )
        expect(row).to_contain_text("Arrival confirmed automatically on ", timeout=60_000)
    page.get_by_role("button", name="Send the original too: day.jpg").click()
    original = page.locator("#files-list li").filter(has_text="original-day.jpg")
    expect(original).to_contain_text("Arrival confirmed automatically on ", timeout=60_000)
    page.close(run_before_unload=False)


def downloaded(desk: Page, name: str, folder: Path) -> Path:
    back = desk.url
    desk.locator(".files li").filter(has=desk.get_by_text(name, exact=True)).get_by_role("link").click()
    with desk.expect_download() as begun:
        desk.locator("main form button").click()
    begun.value.save_as(folder / name)
    desk.goto(back)
    return folder / name


def test_the_desk_gets_photos_without_traces_and_the_original_only_after_the_second_choice(
    demo: Demo, engine: Browser, tmp_path: Path
) -> None:
    photos = [photographed(tmp_path, name) for name in PHOTOS]
    send_photos(engine, demo, photos)
    desk = journey.signed_in(engine, demo)
    journey.open_newest_case(desk)
    expect(desk.locator(".files li")).to_have_count(4)
    arrived = tmp_path / "arrived"
    arrived.mkdir()
    for number, photo in enumerate(photos, 1):
        refuse_traces(downloaded(desk, f"file-{number}{photo.suffix}", arrived), photo)
    assert downloaded(desk, "original-file-1.jpg", arrived).read_bytes() == photos[0].read_bytes()
    desk.context.close()

"""Photographs every page of intake in every state, in every language and width, by walking through a demo of its own.

Usage: python -m tests.browser.pictures FOLDER. Complains, and ends with 1, if a console complained or a page scrolls sideways.
"""

import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.answering import Answerer, signed_in
from tests.browser.desk import OTHER_VOICE, Desk, started
from tests.browser.walking import Reporter, Tour
from tests.conftest import CHROMIUM, TOP, Demo, start_demo, stop_demo
from whistle.protocol.content import Acknowledgement, Content, Feedback, Message, Minutes, Notice, Question, Questions

WIDTHS = (320, 768, 1280)
DARK_WIDTH = 320
HEIGHT = 800


@dataclass
class Album:
    """The pictures by page, state and language; and what was wrong while they were taken."""

    folder: Path
    taken: dict[str, list[Path]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def take(self, state: str, language: str, page: Page) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                self.faults.append(f"{state} in {language} is wider than {width} pixels.")
            self._shoot(state, f"{language}-{width}", page)
            if width == DARK_WIDTH:
                page.emulate_media(color_scheme="dark")
                self._shoot(state, f"{language}-{width}-dark", page)
                page.emulate_media(color_scheme="light")

    def _shoot(self, state: str, name: str, page: Page) -> None:
        path = self.folder / state / f"{name}.png"
        page.evaluate("scrollTo(0, 0)")  # what stays in sight would otherwise lie over the middle
        page.screenshot(path=path, full_page=True)
        self.taken.setdefault(state, []).append(path.relative_to(self.folder))

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not is_of_the_walk(message):
            self.faults.append(f"{message.location['url']} complains: {message.text}")

    def bind(self) -> None:
        """An index to look through: a row for each state, under its page."""
        rows = "".join(
            f"<h2>{escape(state)}</h2><div>{''.join(map(_figure, paths))}</div>" for state, paths in self.taken.items()
        )
        style = "body{font:1rem sans-serif}div{display:flex;gap:1rem;overflow-x:auto;align-items:start}img{height:30rem}"
        head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Pictures</title><style>{style}</style>'
        (self.folder / "index.html").write_text(f"{head}{rows}</html>", "utf-8")

    @property
    def count(self) -> int:
        return sum(map(len, self.taken.values()))


def _figure(path: Path) -> str:
    shown = f'<a href="{path}"><img src="{path}" alt="" loading="lazy"></a>'
    return f"<figure><figcaption>{escape(path.stem)}</figcaption>{shown}</figure>"


def is_of_the_walk(message: ConsoleMessage) -> bool:
    """Whether the walk made it happen: a page that is not there, a network that is down, an answer that refuses a file."""
    url = message.location["url"]
    return message.text.startswith("Failed to load resource") and (url.endswith("/nowhere") or "/api/part" in url)


def languages() -> list[str]:
    return list(tomllib.loads((TOP / "deploy" / "demo" / "intake.toml").read_text("utf-8"))["languages"])


@contextmanager
def contexts(browser: Browser) -> Iterator[tuple[BrowserContext, BrowserContext]]:
    """One with scripts and one without."""
    opened = browser.new_context(), browser.new_context(java_script_enabled=False)
    yield opened
    for context in opened:
        context.close()


def photograph(album: Album, browser: Browser, demo: Demo, answerer: Answerer) -> None:
    for language in languages():
        with contexts(browser) as (context, scriptless):
            for each in (context, scriptless):
                each.on("console", album.hear)
                each.on("weberror", lambda error: album.faults.append(f"A script failed: {error.error}"))
            for state, page in Tour(context, scriptless, demo.intake, language, answerer):
                album.take(state, language, page)


def photograph_letters(album: Album, browser: Browser, desk: Desk) -> None:
    """What the desk's own pages cannot send yet, and what only a hostile server sends."""
    for language in languages():
        with contexts(browser) as (context, _):
            context.on("console", album.hear)
            page = context.new_page()
            reporter = Reporter(page, f"{desk.address}/{language}")
            for _step in reporter.report():
                pass
            say_everything(desk, desk.newest())
            for _step in reporter.mailbox(reporter.code):
                pass
            reporter.until("document.querySelectorAll('#thread > .desk').length >= 6")
            page.locator("#thread fieldset button").nth(1).click()
            reporter.until("document.querySelector('[aria-pressed=true]') !== null")
            album.take("mailbox/every-letter", language, page)
            page.evaluate("document.querySelectorAll('#opened details').forEach((each) => (each.open = true))")
            page.click("#retaliation-send")
            album.take("mailbox/every-act", language, page)


def say_everything(desk: Desk, report: Content) -> None:
    asked = Questions("To korte spørgsmål:", (Question("Skete det mere end én gang?", ("Ja", "Nej", "Ved ikke")),) * 2)
    last = None
    for body in (
        Acknowledgement("Tak for din indberetning."),
        Notice("addressing", ""),
        asked,
        Minutes("Du fortalte i telefonen, at kontrakten er falsk."),
        Message("Har du set kontrakten selv?"),
        Feedback("Vi har ændret reglerne og anmeldt sagen."),
    ):
        last = desk.answer(report, body, after=last)
    desk.answer(report, Message("Oplys dit navn."), after=last, voice=OTHER_VOICE)
    desk.push_noise(report)


def main(folder: Path) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    album = Album(folder)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        program, demo = start_demo(Path(scratch) / "state")
        try:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            photograph(album, browser, demo, signed_in(demo))
            (Path(scratch) / "letters").mkdir()
            with started(Path(scratch) / "letters") as desk:
                photograph_letters(album, browser, desk)
            browser.close()
        finally:
            stop_demo(program)
    album.bind()
    print(f"{album.count} pictures of {len(album.taken)} states: {folder / 'index.html'}")
    print("\n".join(album.faults), file=sys.stderr)
    return bool(album.faults)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

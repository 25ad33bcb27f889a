"""The way through the reporter's pages: which steps they have and how each is left. Ids and roles that others need not know.

A walk yields the name of every state that it reaches, and whoever walks looks at the page then. What should be seen there is
for others to say. The main way needs few hands, so that a browser without Playwright can go it; only the tour needs all.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from playwright.sync_api import BrowserContext, FilePayload, Page, Route

from tests.browser.photos import planted

TEXT = "Kontrakten er underskrevet af en person, der ikke findes."
REPLY = "Det var i marts."
LARGE = bytes(1_500_000)  # several parts
PATIENCE = 60  # seconds; a browser without a compiler takes its time
PASSING = ("sending", "opening")
DONE = "done"

_SHOWN = "const shown = (all) => [...document.querySelectorAll(all)].filter((each) => each.checkVisibility());"
_PART = "const part = shown('main > form, main > section, main > div').find(({ id }) => id && id !== 'receipt');"
_IN_PART = f"{_SHOWN} {_PART} const within = (all) => shown(all).filter((each) => part?.contains(each));"


def _asked(expression: str) -> str:
    """A script that knows what is shown of the page, and within the part of it where one is."""
    return f"(() => {{ {_IN_PART} return {expression}; }})()"


STEP = _asked("within('[data-step]')[0]?.dataset.step ?? part?.id ?? ''")
_ONWARD = _asked("within('#next').length ? '#next' : `#${part.id} button:not(.quiet)`")
_EMPTY = _asked("within('textarea, input[type=text]').filter(({ value }) => value === '').map(({ id }) => `#${id}`)")
_DEMANDS = _asked("within('[required], .typed').length > 0")
_REFUSED = _asked("within('.summary').length > 0")
_OFFERS_QUESTIONS = _asked("within('#ask').length > 0")
_OFFERS_MORE = _asked("within('#check-more button:not(#ask)').length > 0")
_CHOOSE = _asked(
    "within('[data-step]:not([data-step=group]) input[type=radio]').slice(-1).forEach((each) => (each.checked = true))"
)
_CODE = "document.querySelector('[data-part=code]').textContent"
_PLACES = "[...document.querySelectorAll('[data-part=type-back] input')].map(({ id, dataset }) => [id, Number(dataset.group)])"
_FROM_DESK = "document.querySelectorAll('#thread > .desk').length"
_ALL_FILES_ENDED = "![...document.querySelectorAll('#files-list progress')].some(({ hidden }) => !hidden)"
_LOOKED_AT = "!document.querySelector('[data-state=looking]') && !!document.querySelector('[data-state=held]')"
RECEIPT = "!document.querySelector('#proof').hidden"


class Hands(Protocol):
    """What a walk needs of a browser: a part of Playwright's Page."""

    def goto(self, url: str) -> Any: ...
    def evaluate(self, expression: str) -> Any: ...
    def click(self, selector: str) -> None: ...
    def fill(self, selector: str, value: str) -> None: ...
    def wait_for_timeout(self, timeout: float) -> None: ...


@dataclass
class Reporter:
    """Somebody at a page of intake, and the code that they wrote down."""

    page: Hands
    address: str  # with the language
    code: str = ""

    def report(self, text: str = TEXT, thorough: bool = False) -> Iterator[str]:
        """From the first question to `done`. Whoever is thorough makes each mistake once and answers what need not be."""
        self.page.goto(f"{self.address}/report")
        questions = thorough
        while (step := self.step()) != DONE:
            yield step
            if step in PASSING:
                self.until(f"{STEP} !== '{step}'")
            elif questions and self.page.evaluate(_OFFERS_QUESTIONS):
                questions = False
                self.page.click("#ask")
            elif thorough and self.page.evaluate(_OFFERS_MORE):
                self.page.click("#check-more button:not(#ask)")
            else:
                yield from self._leave(step, text, thorough)
        yield DONE

    def _leave(self, step: str, text: str, thorough: bool) -> Iterator[str]:
        if step == "code":
            self.code = "-".join(re.findall(r"[a-z]{5}", self.page.evaluate(_CODE)))
        if thorough:
            self.page.evaluate(_CHOOSE)
        if thorough and self.page.evaluate(_DEMANDS):
            yield from self.fail(step)
        groups = self.code.split("-")
        typed = {f"#{field}": groups[place] for field, place in self.page.evaluate(_PLACES)} if step == "typeback" else {}
        for field in self.page.evaluate(_EMPTY):
            self.page.fill(field, typed.get(field, text))
        self.onward(step)

    def fail(self, step: str) -> Iterator[str]:
        """Goes on without having done what the step demands."""
        self.page.click(self.page.evaluate(_ONWARD))
        self.until(_REFUSED)
        yield f"{step}-mistakes"

    def mailbox(self, code: str) -> Iterator[str]:
        """From the empty field to the opened mailbox."""
        self.page.goto(f"{self.address}/mailbox")
        yield self.step()
        yield from self.enter(code)

    def enter(self, code: str) -> Iterator[str]:
        self.page.fill("#case-code", code)
        self.onward("enter")
        while (step := self.step()) in PASSING:
            yield step
            self.until(f"{STEP} !== '{step}'")
        yield step

    def read_answers(self, count: int) -> Iterator[str]:
        """Looks again until so many letters of the desk are there."""
        self.until(f"{_FROM_DESK} >= {count}", "#refresh")
        yield "answered"

    def reply(self, text: str = REPLY) -> Iterator[str]:
        said = "document.querySelectorAll('#thread > .mine').length"
        before = self.page.evaluate(said)
        self.page.fill("#reply-text", text)
        self.page.click("#reply-send")
        self.until(f"{said} > {before} || document.querySelector('#reply-summary').checkVisibility()")
        yield "replied" if self.page.evaluate(said) > before else "reply-failed"

    def thread(self) -> str:
        return str(self.page.evaluate("document.querySelector('#thread').textContent"))

    def files(self) -> str:
        """What is said of the files that are on their way or were sent."""
        return str(self.page.evaluate("document.querySelector('#files-list').textContent"))

    def send_file(self) -> None:
        """Sends what was chosen last, once it was looked at."""
        self.until(_LOOKED_AT)
        self.page.click("[data-state=held] button:not([hidden])")

    def step(self) -> str:
        self.until(f"{STEP} !== ''")
        return str(self.page.evaluate(STEP))

    def onward(self, step: str) -> None:
        self.page.click(self.page.evaluate(_ONWARD))
        self.until(f"{STEP} !== '{step}'")

    def until(self, expression: str, press: str = "") -> None:
        """Waits until it holds, pressing a button now and then if one is named."""
        end = time.monotonic() + PATIENCE
        while not self.page.evaluate(expression):
            if time.monotonic() > end:
                raise AssertionError(f"The page never came to this: {expression}")
            if press:
                self.page.click(press)
            self.page.wait_for_timeout(500 if press else 50)


class Answering(Protocol):
    """What a tour needs of the desk: that it answers the newest case with words and a file, in three letters."""

    def __call__(self) -> None: ...


@dataclass(frozen=True)
class Tour:
    """Every state of every page in one language. Yields its name, such as `report/check`, and the page that is in it."""

    context: BrowserContext
    scriptless: BrowserContext
    intake: str
    language: str
    answer: Answering

    def __iter__(self) -> Iterator[tuple[str, Page]]:
        plain, without, incapable = self.context.new_page(), self.scriptless.new_page(), self.context.new_page()
        incapable.add_init_script("Object.defineProperty(globalThis, 'TransformStream', { value: undefined })")
        for path in ("", "privacy", "accessibility", "nowhere"):
            plain.goto(f"{self.address}/{path}")
            yield f"{path or 'front'}/read", plain
        for path in ("report", "mailbox"):
            incapable.goto(f"{self.address}/{path}")
            yield f"{path}/incapable", incapable
        for path in ("", "report", "mailbox"):
            without.goto(f"{self.address}/{path}")
            without.locator("h1").wait_for()
            without.wait_for_timeout(2_000)  # the style sheet gives a script that long
            yield f"{path or 'front'}/without-script", without
        for page in (plain, without, incapable):
            page.close()
        reporter = Reporter(self.context.new_page(), self.address)
        yield from self._report(reporter)
        self.answer()
        yield from self._mailbox(Reporter(self.context.new_page(), self.address), reporter.code)

    @property
    def address(self) -> str:
        return f"{self.intake}/{self.language}"

    def _report(self, reporter: Reporter) -> Iterator[tuple[str, Page]]:
        page = reporter.page
        assert isinstance(page, Page)
        line = Line(page)
        line.acts["submit"] = garble
        for state in reporter.report(thorough=True):
            passes = state == "sending" and not line.holds("submit")
            if not passes:
                yield f"report/{state}", page
            if state == "failed":
                line.hold("submit")
            elif state == "sending" and not passes:
                line.release("submit")
        yield from self._receipt("report", reporter, page)
        yield from self._files("report", reporter, page, line)
        page.close()

    def _receipt(self, name: str, reporter: Reporter, page: Page) -> Iterator[tuple[str, Page]]:
        reporter.until(RECEIPT)
        for summary in page.locator("#receipt summary").all():
            summary.click()
        yield f"{name}/receipt", page

    def _files(self, name: str, reporter: Reporter, page: Page, line: "Line") -> Iterator[tuple[str, Page]]:
        first = page.locator("#files-list button:visible").first
        line.hold("part")
        chosen = {"x" * 80 + ".pdf": LARGE, "small.txt": b"a", "empty.txt": b""}
        page.set_input_files("#files-input", [_file(*each) for each in chosen.items()])
        reporter.until(_LOOKED_AT)
        page.click("#files-all")
        reporter.until("document.querySelector('#files-list progress')?.value > 0")
        yield f"{name}/files-sending", page
        first.click()
        yield f"{name}/files-paused", page
        with _offline(self.context):
            first.click()
            line.drop("part")
            page.wait_for_timeout(500)
            yield f"{name}/files-offline", page
            line.acts["part"] = refuse
        reporter.until(_ALL_FILES_ENDED)
        yield f"{name}/files-failed", page
        photo = FilePayload(name="IMG_0412.jpg", mimeType="image/jpeg", buffer=planted("jpegBaseline"))
        page.set_input_files(
            "#files-input", [photo, FilePayload(name="Referat.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7")]
        )
        reporter.until(_LOOKED_AT)
        yield f"{name}/files-looked-at", page

    def _mailbox(self, reporter: Reporter, code: str) -> Iterator[tuple[str, Page]]:
        page = reporter.page
        assert isinstance(page, Page)
        line = Line(page)
        yield from ((f"mailbox/{state}", page) for state in self._entering(reporter, page, line, code))
        for state in (*reporter.read_answers(3), *self._saving(reporter, page)):
            yield f"mailbox/{state}", page
        yield from self._receipt("mailbox", reporter, page)
        page.click("#reply-send")
        yield "mailbox/reply-mistakes", page
        line.acts["post"] = garble
        yield from ((f"mailbox/{state}", page) for state in reporter.reply())
        line.acts.clear()
        yield from ((f"mailbox/{state}", page) for state in reporter.reply())
        page.set_input_files("#files-input", [_file("Bilag.pdf", b"Bilag")])
        reporter.send_file()
        reporter.until("document.querySelector('#thread').textContent.includes('.pdf')")
        yield "mailbox/files-sent", page
        page.click("#close")
        yield "mailbox/closed", page
        page.close()

    def _entering(self, reporter: Reporter, page: Page, line: "Line", code: str) -> Iterator[str]:
        yield from (state for state in reporter.mailbox("-".join(["babab"] * 9)) if state != "opening")  # a code of nobody
        page.click("#other")
        page.fill("#case-code", "q")
        yield from reporter.fail("enter")
        yield from reporter.enter(code[0] + ("a" if code[1] != "a" else "i") + code[2:])
        line.hold("fetch")
        reporter.onward("suggestion")
        yield reporter.step()
        line.release("fetch")
        reporter.until(f"{STEP} === 'opened'")
        yield "opened"

    def _saving(self, reporter: Reporter, page: Page) -> Iterator[str]:
        with page.expect_download():
            page.click("#thread > .desk .files button")
        yield "file-saved"


class Line:
    """Between a page and intake: what is asked passes, unless an act is set for that call."""

    def __init__(self, page: Page) -> None:
        self.acts: dict[str, Callable[[Route], object]] = {}
        self._held: list[Route] = []
        self._page = page
        page.route("**/api/*", lambda route: self.acts.get(route.request.url.rpartition("/")[2], Route.continue_)(route))

    def hold(self, call: str) -> None:
        self.acts[call] = self._held.append

    def holds(self, call: str) -> bool:
        return self.acts.get(call) == self._held.append

    def release(self, call: str) -> None:
        for route in self._taken(call):
            route.continue_()

    def drop(self, call: str) -> None:
        for route in self._taken(call):
            route.abort()

    def _taken(self, call: str) -> list[Route]:
        """What is held, once there is something."""
        for _ in range(PATIENCE * 20):
            if self._held:
                break
            self._page.wait_for_timeout(50)
        del self.acts[call]
        taken, self._held = self._held, []
        return taken


def garble(route: Route) -> None:
    """An answer that intake never gives, and that no console remarks on."""
    route.fulfill(body="<p>Log in to this network</p>")


def refuse(route: Route) -> None:
    route.fulfill(status=507, body='{"error":"no_room","message":""}')


@contextmanager
def _offline(context: BrowserContext) -> Iterator[None]:
    context.set_offline(True)
    yield
    context.set_offline(False)


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": content}

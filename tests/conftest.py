"""What several tests stand on: the running demo, a browser, free ports. Real parts only; nothing here pretends."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx2._transports.default as transports
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from whistle.web import templates

settings.register_profile("untimed", deadline=None)  # how long an example takes says nothing on a busy machine
settings.load_profile("untimed")
# Hundreds of programs are started in this process: what each reads of the machine and of the catalogues is read once.
transports.create_ssl_context = cache(transports.create_ssl_context)  # type: ignore[attr-defined]
templates._words = cache(templates._words)
TOP = Path(__file__).resolve().parent.parent
# Files that take long begin first, so that none is left over at the end.
FIRST = {
    *("test_cuts", "test_intake_alone", "test_markup", "test_kills", "test_disk"),
    *("test_sending_files", "test_mailbox_pages", "test_coming_back", "test_desk_pages", "test_clean_photos"),
    *("test_reporter_pages", "test_people", "test_log", "test_demo", "test_journey"),
}
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in FIRST)


@dataclass(frozen=True)
class Demo:
    """A running demo: where it is, who can sign in, where it keeps what."""

    intake: str
    relay: str
    desk: str
    passphrases: dict[str, str]
    fingerprint: str
    state: Path
    output: Path

    @property
    def greeting(self) -> str:
        return self.output.read_text()


_FIRSTS = iter(range(11_000 + os.getpid() % 300 * 60, 32_000, 3))  # above 10080, to which Chromium does not go


def free_ports() -> int:
    """The first of three neighbouring free ports on loopback, below those that the kernel gives to outgoing connections:
    a demo binds its ports seconds after they were found free. Tests that run beside this one begin elsewhere."""
    for first in _FIRSTS:
        try:
            for port in range(first, first + 3):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("No three neighbouring ports are free.")


def start_demo(state: Path, **more: str) -> tuple["subprocess.Popen[bytes]", Demo]:
    """What `make run` starts, with its own state and ports, as soon as it has printed where to go."""
    port, output = free_ports(), state.parent / f"{state.name}.out"
    environment = os.environ | {
        "WHISTLE_DEMO_STATE": str(state),
        "WHISTLE_DEMO_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        **more,
    }
    with output.open("wb") as sink:
        command = [sys.executable, str(TOP / "deploy" / "demo" / "run.py")]
        program = subprocess.Popen(command, env=environment, stdout=sink, stderr=subprocess.STDOUT)
    while "Stop with Ctrl-C" not in output.read_text():
        if program.poll() is not None:
            raise AssertionError(f"The demo did not start:\n{output.read_text()}")
        time.sleep(0.1)
    greeting = output.read_text()
    members = dict(re.findall(r"^ {6}(\w+) +(\S+)   \(", greeting, re.MULTILINE))
    fingerprint = (state / "keys" / "public" / "root-fingerprint.txt").read_text().strip()
    addresses = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", f"http://localhost:{port + 2}"
    return program, Demo(*addresses, members, fingerprint, state, output)


def stop_demo(program: "subprocess.Popen[bytes]") -> None:
    program.terminate()  # a shell that runs these tests in the background has it ignore SIGINT
    program.wait(30)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo of this test file's own. Its ceremony is held once; a second demo begins with a copy of its keys."""
    state = tmp_path_factory.mktemp("demo") / "state"
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kept"
    if kept.exists():
        shutil.copytree(kept, state)
    program, running = start_demo(state)
    if not kept.exists():
        shutil.copytree(state / "keys", base / "making" / "keys")
        shutil.copy(state / "passphrases.toml", base / "making")
        with contextlib.suppress(OSError):  # another worker was first
            (base / "making").rename(kept)
    yield running
    stop_demo(program)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without its windows where that can be had: a page takes a third of the time there.

    It is ended with its test file: playwright keeps an event loop running that others would trip over.
    """
    with sync_playwright() as playwright:
        program = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        yield chromium
        chromium.close()

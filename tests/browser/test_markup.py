"""Neither the Nu checker of HTML nor axe has a doubt about any page: as it is served, and in every state, in every language."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.answering import Answerer, signed_in
from tests.browser.pictures import contexts, languages
from tests.browser.reporting import faults_of
from tests.browser.walking import Tour
from tests.conftest import TOP, Demo

pytestmark = pytest.mark.slow
CHECKER = TOP / "browser" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
SERVED = ("", "report", "mailbox", "privacy", "accessibility", "nowhere")
DESK = ("/", "/cases/1", "/passphrase", "/cases/999")
STATES = 30  # of a language, at least: a tour that ended early would find little


def doubts(folder: Path) -> list[str]:
    """What the checker remarks on, once it has read every file of a folder. It starts once for all of them."""
    command = ["java", "-jar", str(CHECKER), "--format", "json", "--exit-zero-always", "--skip-non-html", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return [
        f"{Path(each.get('url', '')).name}:{each.get('lastLine')}: {each['message']} {each.get('extract', '').strip()}"
        for each in json.loads(done.stderr)["messages"]
    ]


@pytest.fixture(scope="module")
def answerer(demo: Demo) -> Answerer:
    return signed_in(demo)


@dataclass
class Seen:
    """What a whole tour in each language came to: pages in files, by kind, and what axe found at 320 pixels."""

    written: dict[str, list[Path]]
    faults: list[str]


@pytest.fixture(scope="module")
def seen(demo: Demo, browser: Browser, answerer: Answerer, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The pages as served and as they stand in each state, and the desk's afterwards."""
    folder = tmp_path_factory.mktemp("pages")
    written: dict[str, list[Path]] = {"served": [], "reached": [], "desk": []}
    faults: list[str] = []

    def write(kind: str, name: str, text: str) -> None:
        path = folder / f"{kind}-{name.replace('/', '-')}.html"
        path.write_text(text, "utf-8")
        written[kind].append(path)

    for language in languages():
        with contexts(browser) as (context, scriptless):
            for path in SERVED:
                write("served", f"{language}-{path}", context.request.get(f"{demo.intake}/{language}/{path}").text())
            for state, page in Tour(context, scriptless, demo.intake, language, answerer):
                dom = page.evaluate("document.documentElement.outerHTML")
                write("reached", f"{language}-{state}", f"<!doctype html>{dom}")
                if not state.endswith("/without-script"):
                    page.set_viewport_size({"width": 320, "height": 640})
                    faults += [f"{language} {state}: {fault}" for fault in faults_of(page)]
        for path in DESK:
            write("desk", f"{language}{path}", answerer.member.get(f"{path}?language={language}").text)
    return Seen(written, faults)


def test_the_checker_notices_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "wrong.html").write_text('<!doctype html><html lang="en"><title>x</title><p><b>x</p><img src="x">')
    found = doubts(tmp_path)
    assert any("Unclosed element" in each or "misnested" in each or "unclosed elements" in each for each in found)
    assert any("alt" in each for each in found)


def test_every_page_in_every_state_is_without_a_doubt(seen: Seen) -> None:
    assert len(seen.written["reached"]) >= STATES * len(languages())
    assert all(path.stat().st_size > 500 for paths in seen.written.values() for path in paths)
    assert doubts(seen.written["served"][0].parent) == []


def test_axe_finds_nothing_in_any_state_in_any_language(seen: Seen) -> None:
    assert seen.faults == []

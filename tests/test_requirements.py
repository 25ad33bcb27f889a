"""The register of requirements: every one has an entry, and what it names as evidence is there and runs."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parent.parent
# How many ids the design has of each kind, in its order.
COUNTS = {
    "CH": 12,
    "AN": 14,
    "CR": 11,
    "DL": 8,
    "CF": 9,
    "DP": 12,
    "IA": 10,
    "LG": 5,
    "IN": 5,
    "SD": 6,
    "AC": 4,
    "WF": 6,
    "L": 12,
}
ANSWERS = [{"shown_by"}, {"later"}, {"not_built"}, {"shown_by", "later"}]
LEFT_OUT = {"skip", "skipif", "xfail", "importorskip"}
Register = dict[str, dict[str, Any]]


@pytest.fixture
def register() -> Register:
    return tomllib.loads((TOP / "tests" / "requirements.toml").read_text("utf-8"))


def expected_ids() -> list[str]:
    return [f"{kind}{n}" if kind == "L" else f"{kind}-{n:02}" for kind, count in COUNTS.items() for n in range(1, count + 1)]


def faults_of(register: Register) -> list[str]:
    faults = [f"{each} is not an id of the design" for each in register if not re.fullmatch(r"[A-Z]{2}-\d\d|L\d{1,2}", each)]
    if list(register) != expected_ids():
        faults.append(f"missing, added or out of order: {sorted(set(register) ^ set(expected_ids()))}")
    return faults + [f"{each}: {fault}" for each, entry in register.items() for fault in faults_of_entry(entry)]


def faults_of_entry(entry: dict[str, Any]) -> list[str]:
    answers = set(entry) - {"sentence"}
    if "sentence" not in entry or answers not in ANSWERS:
        return [f"has {sorted(entry)}"]
    said = [entry[key] for key in sorted(set(entry) - {"shown_by"})]
    shown = entry.get("shown_by", ["templates/intake/front.html"])
    if not all(isinstance(each, str) and len(each) > 3 and each == each.strip() for each in said):
        return ["something that should be said in words is not"]
    if not entry["sentence"].endswith("."):
        return ["is not a sentence"]
    if not shown or not isinstance(shown, list) or len(set(shown)) < len(shown):
        return ["names nothing, or something twice"]
    return [f"{each} is not there, or does not run" for each in shown if not is_there(each)]


def is_there(evidence: str) -> bool:
    """Whether a page exists, or a test exists and is not left out of the run."""
    path, _, name = evidence.partition("::")
    file = TOP / path
    if not file.is_file() or ".." in path:
        return False
    if re.fullmatch(r"templates/(intake|desk)/[\w-]+\.html", evidence):
        return True
    if re.fullmatch(r"tests/[\w/]*test_\w+\.py", path):
        return name in run_by_pytest(file)
    return bool(re.fullmatch(r"tests/\w+/\w+\.test\.mjs", path)) and name in run_by_node(file.read_text("utf-8"))


def leaves_out(node: ast.AST) -> bool:
    """Whether anything in it skips a test or expects it to fail."""
    return any(isinstance(each, ast.Attribute) and each.attr in LEFT_OUT for each in ast.walk(node))


@cache
def run_by_pytest(file: Path) -> frozenset[str]:
    return frozenset(run_in(file.read_text("utf-8")))


def run_in(source: str) -> set[str]:
    """The names of a module's tests that are always run, each once for all of its parameters."""
    body = ast.parse(source).body
    tests = [node for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    if any(leaves_out(node) for node in body if node not in tests):  # a mark for all, or a fixture
        return set()
    once = Counter(node.name for node in tests)
    return {node.name for node in tests if once[node.name] == 1 and not leaves_out(node)}


def run_by_node(source: str) -> set[str]:
    named = re.findall(r"^ *test\('((?:[^'\\]|\\.)+)', (\{[^}]*\})?", source, re.MULTILINE)
    return {name for name, options in named if not re.search(r"\b(skip|todo)\b", options)}


def test_every_requirement_has_an_entry_whose_evidence_is_there(register: Register) -> None:
    assert faults_of(register) == []


def name_instead(evidence: str) -> Callable[[Register], None]:
    return lambda register: register["CH-01"]["shown_by"].append(evidence)


BREAKS: dict[str, Callable[[Register], Any]] = {
    "an id is missing": lambda register: register.pop("DL-05"),
    "an id is not of the design": lambda register: register.update({"ZZ-01": register["AN-09"]}),
    "two ids have changed places": lambda register: register.update({"CH-01": register.pop("CH-01")}),
    "a sentence is missing": lambda register: register["AN-01"].pop("sentence"),
    "a sentence does not end": lambda register: register["AN-01"].update(sentence="No address"),
    "nothing is said of where it stands": lambda register: register["AN-01"].pop("shown_by"),
    "it is shown and not built": lambda register: register["AN-01"].update(not_built="left out"),
    "a key is unknown": lambda register: register["AN-01"].update(note="words"),
    "it says that something comes later, and not what": lambda register: register["AN-14"].update(later=""),
    "no evidence is named": lambda register: register["AN-01"].update(shown_by=[]),
    "a text stands for a list": lambda register: register["AN-01"].update(shown_by="templates/intake/front.html"),
    "evidence is named twice": lambda register: register["AN-09"]["shown_by"].append("templates/intake/front.html"),
    "a test is not there": name_instead("tests/test_requirements.py::test_of_nothing"),
    "a test is one in name only": name_instead("tests/test_requirements.py::run_in"),
    "a whole file is named": name_instead("tests/test_requirements.py"),
    "a file is not there": name_instead("tests/test_nothing.py::test_of_nothing"),
    "a test in JavaScript is not there": name_instead("tests/js/card.test.mjs::a card of nobody is refused"),
    "a page is not there": name_instead("templates/intake/nothing.html"),
    "a page of nobody's": name_instead("templates/intake/../intake/front.html"),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_the_check_notices_that(broken: str, register: Register) -> None:
    changed = deepcopy(register)
    BREAKS[broken](changed)
    assert faults_of(changed) != []


def test_a_test_that_is_skipped_is_no_evidence() -> None:
    mark, test = "@pytest.mark.skipif(True, reason='x')\n", "def test_it() -> None:\n    assert works()\n"
    assert run_in(f"@pytest.mark.parametrize('x', [1])\n{test}") == {"test_it"}
    assert run_in(f"@pytest.mark.slow\n{test}") == {"test_it"}
    assert run_in(mark + test) == set()
    assert run_in(f"pytestmark = pytest.mark.skip\n{test}") == set()
    assert run_in(f"pytest.importorskip('x')\n{test}") == set()
    assert run_in(f"{test}    pytest.skip('x')\n") == set()
    assert run_in(f"@pytest.fixture\ndef needed() -> None:\n    pytest.skip('x')\n{test}") == set()
    assert run_in(f"@pytest.mark.xfail\n{test}") == set()
    assert run_in(test + test) == set()
    assert run_by_node("test('it works', () => {});\n  test('it runs', { timeout: 1 }, () => {});") == {"it works", "it runs"}
    assert run_by_node("test.skip('one', f);\ntest('two', { skip: true }, f);\n// test('three', f);") == set()

"""The documentation is tested: what it names exists, and nothing of a machine, a registry or a to-do is in the tree."""

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
PAGES = ["README.md", "SECURITY.md", "CHANGELOG.md", "spec/protocol.md", "keys/README.md"]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=True).stdout.splitlines()
    return [TOP / name for name in listed if (TOP / name).exists()]


def test_every_test_that_the_security_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (TOP / "SECURITY.md").read_text("utf-8"))
    assert len(named) > 15
    for file, name in named:
        assert re.search(rf"^def {name}\(", (TOP / file).read_text("utf-8"), re.MULTILINE), f"{file}::{name}"


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    text = (TOP / page).read_text("utf-8")
    folders = "whistle|browser|templates|tests|deploy|keys|spec|docs|bench"
    named = set(re.findall(rf"[`(]((?:{folders})/[\w./-]+?)(?:::\w+)?[`)]", text))
    public = {"keys/public", "keys/desk", "keys/offline"}  # of a ceremony, not of this repository
    missing = [name for name in named - {"whistle/1"} - public if not (TOP / name).exists()]
    assert not missing


def test_the_gaps_are_never_empty() -> None:
    gaps = (TOP / "SECURITY.md").read_text("utf-8").split("## Gaps")[1]
    assert len(re.findall(r"^- ", gaps, re.MULTILINE)) >= 5


def test_locks_name_no_index_and_hash_everything() -> None:
    for lock in (TOP / "requirements.lock", TOP / "requirements-test.lock", TOP / "deploy/intake/requirements.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "--index" not in text
        for package in re.findall(r"^\S+==\S+ .*", text, re.MULTILINE):
            assert package.endswith("\\"), package
    assert '"resolved"' not in (TOP / "browser/package-lock.json").read_text()


def test_no_path_of_a_machine_stands_in_the_tree() -> None:
    private = re.compile("/" + "work/|/" + "root/|/" + "home/")
    for path in tracked():
        if path.suffix not in (".png", ".json") and path.parent.name + path.suffix != "intake.js":
            found = private.search(path.read_text("utf-8"))
            assert not found, path

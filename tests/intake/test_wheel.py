"""Intake's own wheel: its list of files is exactly what the command imports, and nothing of it can open a seal."""

import subprocess
import sys
import tomllib

from tests.intake.running import TOP

LOADED = "import sys, whistle.intake.command; print(*(name for name, module in sys.modules.items() if module))"


def loaded() -> set[str]:
    """Every module that is there once the command has been imported, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=TOP, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_wheel_has_the_modules_that_the_command_imports_and_no_others() -> None:
    listed = tomllib.loads((TOP / "deploy/intake/pyproject.toml").read_text())["tool"]["setuptools"]["py-modules"]
    assert len(listed) == len(set(listed))
    assert {name.removesuffix(".__init__") for name in listed} == {name for name in loaded() if name.startswith("whistle")}


def test_nothing_that_can_open_a_seal_is_imported() -> None:
    forbidden = {"nacl", "argon2", "cryptography", "whistle.sealing", "whistle.desk", "whistle.reporter", "whistle.ceremony"}
    assert not forbidden & loaded()

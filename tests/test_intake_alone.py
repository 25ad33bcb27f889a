"""The public zone alone: intake's own wheel in an empty environment, without a line or a library that could open a seal.

There intake's own tests run, and the journey of a report goes through it.
"""

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import test_journey as journey
from tests.conftest import TOP, start_demo, stop_demo

pytestmark = pytest.mark.slow
ABSENT = ["nacl", "argon2", "cryptography", "httpx2", "typer"]
PRIVATE = ["whistle/desk", "whistle/sealing", "whistle/reporter", "whistle/ceremony", "whistle/store/desk.py", "templates/desk"]
RUNNER = ["pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "hypothesis", "sortedcontainers"]


def run(*command: object, cwd: Path = TOP) -> str:
    done = subprocess.run([str(each) for each in command], cwd=cwd, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with intake's wheel and its locked dependencies, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, TOP / "deploy" / "intake")
    venv.create(folder / "venv", with_pip=True)
    pip = [folder / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--require-hashes", "-r", TOP / "deploy/intake/requirements.lock")
    run(*pip, "--no-deps", next(folder.glob("*.whl")))
    return folder / "venv"


@pytest.mark.parametrize("name", [*ABSENT, "whistle.sealing", "whistle.desk", "whistle.reporter", "whistle.store.desk"])
def test_nothing_that_could_open_a_seal_is_installed(alone: Path, name: str) -> None:
    look = f"import importlib.util as u\ntry: found = u.find_spec({name!r})\nexcept ImportError: found = None\nprint(found)"
    assert run(alone / "bin/python", "-c", look, cwd=alone).strip() == "None"


def test_of_the_pages_only_intakes_and_the_shared_style_are_installed(alone: Path) -> None:
    installed = next(alone.glob("lib/python3*/site-packages/templates"))
    assert {path.name for path in installed.iterdir()} == {"intake", "style.css"}
    assert (installed / "style.css").read_bytes() == (TOP / "templates" / "style.css").read_bytes()


def test_intakes_own_tests_pass_in_a_tree_without_the_private_zone(alone: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tracked = run("git", "ls-files", "-co", "--exclude-standard").splitlines()
    wanted = (
        "whistle/",
        "templates/",
        "deploy/",
        "keys/",
        "spec/",
        "tests/intake/",
        "tests/web/",
        "tests/store/test_intake.py",
    )
    for name in tracked:
        if name.startswith((*wanted, "tests/vectors.py", "browser/src/")) and not name.startswith(tuple(PRIVATE)):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, tree / name)
    assert not any((tree / name).exists() for name in PRIVATE)
    runner = tmp_path / "runner"
    packages = Path(sysconfig.get_paths()["purelib"])
    for name in RUNNER:
        shutil.copytree(packages / name, runner / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(packages / "py.py", runner)  # pytest's own shim
    start = f"import sys; sys.path[:0] = [{str(tree)!r}, {str(runner)!r}]; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    options = [
        "-q",
        "-m",
        "not slow",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        "-o",
        "pythonpath=.",
        "--rootdir",
        tree,
    ]
    told = run(alone / "bin/python", "-c", start, *options, "tests/intake", "tests/web", "tests/store/test_intake.py", cwd=tree)
    assert int(told.splitlines()[-1].split(" passed")[0].split()[-1]) > 250


def test_a_report_goes_its_whole_way_through_an_intake_from_its_own_wheel(
    alone: Path, browser: Browser, tmp_path: Path
) -> None:
    program, demo = start_demo(tmp_path / "state", WHISTLE_DEMO_INTAKE=str(alone / "bin" / "whistle-intake"))
    try:
        journey.test_a_report_is_read_acknowledged_and_answered_and_only_sealed_bytes_crossed(demo, browser)
    finally:
        stop_demo(program)

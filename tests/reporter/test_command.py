"""`whistle` as a person runs it: against the running demo, and against servers that do not answer as they should."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from tests.conftest import TOP, Demo
from whistle.protocol import code as codes
from whistle.reporter import command

pytestmark = pytest.mark.slow
CODE = re.compile(r"(?:[a-z]{5}-){8}[a-z]{5}")
CARD = (TOP / "keys" / "example-key-card.txt").read_bytes()
FINGERPRINT = (TOP / "keys" / "example-root-fingerprint.txt").read_text().strip()


def whistle(*arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    program = [str(Path(sys.executable).parent / "whistle"), *arguments]
    return subprocess.run(program, input=given, capture_output=True, text=True, check=False, timeout=120)


def where(demo: Demo) -> list[str]:
    return ["--intake", demo.intake, "--fingerprint", demo.fingerprint]


def test_a_report_is_sent_read_and_answered_from_a_terminal(demo: Demo, tmp_path: Path) -> None:
    sent = whistle("report", *where(demo), "--language", "da", given="Noget er galt.\n")
    assert CODE.fullmatch(sent.stdout.strip())
    (tmp_path / "code").write_text(sent.stdout.upper().replace("-", " "))
    (tmp_path / "answer").write_text("Det var i marts.")
    options = ["--code-file", str(tmp_path / "code"), "--reply", str(tmp_path / "answer")]
    shown = whistle("mailbox", *where(demo), *options)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.index("Noget er galt.") < shown.stdout.index("Det var i marts.")


def test_files_a_receipt_and_a_proof_from_a_terminal(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "kvittering.txt").write_text("500 kr.")
    sent = whistle("report", *where(demo), "--attach", str(tmp_path / "kvittering.txt"), "--wait", "60", given="Noget er galt.")
    assert CODE.fullmatch(sent.stdout.strip())
    assert "RECEIPT: the desk's machine has your report" in sent.stderr
    (tmp_path / "code").write_text(sent.stdout)
    options = ["--code-file", str(tmp_path / "code"), "--proof", str(tmp_path / "proof.json")]
    shown = whistle("mailbox", *where(demo), *options)
    assert "report  [receipt of" in shown.stdout
    assert "kvittering.txt (7 bytes)" in shown.stdout
    assert "INCRIMINATES" in shown.stderr
    assert (tmp_path / "proof.json").stat().st_mode & 0o77 == 0
    verify = [sys.executable, "-I", str(TOP / "spec" / "verify.py"), str(tmp_path / "proof.json")]
    proven = subprocess.run([*verify, "--fingerprint", demo.fingerprint], capture_output=True, text=True, check=False)
    assert "Noget er galt." in proven.stdout
    again = whistle("mailbox", *where(demo), *options)
    assert again.returncode == 2
    assert "File exists" in again.stderr


def test_a_fresh_code_opens_a_mailbox_that_goes_on_from_the_one_before(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "code").write_text(whistle("report", *where(demo), given="Noget er galt.").stdout)
    moved = whistle("mailbox", *where(demo), "--code-file", str(tmp_path / "code"), "--fresh-code")
    assert moved.returncode == 0
    fresh = moved.stdout.splitlines()[0]
    assert CODE.fullmatch(fresh)
    (tmp_path / "fresh").write_text(fresh)
    shown = whistle("mailbox", *where(demo), "--code-file", str(tmp_path / "fresh"))
    assert "This mailbox goes on from an earlier one." in shown.stdout
    assert "Noget er galt." not in shown.stdout


def test_a_file_that_is_not_there_stops_the_report_before_it_is_sent(demo: Demo, tmp_path: Path) -> None:
    sent = whistle("report", *where(demo), "--attach", str(tmp_path / "nothing"), given="Noget er galt.")
    assert (sent.returncode, sent.stdout) == (2, "")
    assert sent.stderr.count("\n") == 1


def test_a_card_of_another_root_is_refused_in_one_line(demo: Demo) -> None:
    sent = whistle("report", "--intake", demo.intake, "--fingerprint", "00" * 32, given="Noget er galt.")
    assert (sent.returncode, sent.stdout) == (2, "")
    assert "another root" in sent.stderr
    assert "Traceback" not in sent.stderr


def test_a_mistyped_code_is_offered_and_not_assumed(demo: Demo, tmp_path: Path) -> None:
    right = codes.write(bytes(range(16)))
    (tmp_path / "code").write_text(right.replace(right[0], "z" if right[0] != "z" else "b", 1))
    shown = whistle("mailbox", *where(demo), "--code-file", str(tmp_path / "code"))
    assert shown.returncode == 2
    assert f"Did you write: {right}" in shown.stderr


def test_a_report_that_may_have_arrived_keeps_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_PAUSES", (0, 0))
    monkeypatch.setattr(command, "_today", lambda: date(2026, 11, 21))  # the example card's day
    with deaf() as address:
        arguments = ["report", "--intake", address, "--fingerprint", FINGERPRINT]
        done = CliRunner().invoke(command.app, arguments, input="Noget er galt.")
    assert done.exit_code == 3
    assert CODE.search(done.stdout)
    assert "NOT CONFIRMED" in done.stderr


@pytest.mark.parametrize("proxy", ["socks5h://127.0.0.1:9", "http://127.0.0.1:9", "nonsense"])
def test_a_proxy_that_is_not_there_is_said_in_one_line_and_never_passed_by(demo: Demo, proxy: str) -> None:
    sent = whistle("report", *where(demo), "--proxy", proxy, given="Noget er galt.")
    assert (sent.returncode, sent.stdout) == (2, "")
    assert sent.stderr.count("\n") == 1


@contextmanager
def deaf() -> Iterator[str]:
    """A server that publishes a card, gives challenges, and never answers a submission."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = CARD if self.path == "/card.txt" else b'{"challenge":"c","difficulty":1}'
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()

"""A running intake for tests: its process, its two ports, and a client that sends exactly the bytes it is told to."""

import json
import re
import secrets
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from whistle.protocol.envelope import payload_length
from whistle.protocol.spelling import write_base64
from whistle.protocol.wire import Fetch, Frame, Submission, parse_pages, serialize_fetch, serialize_submission
from whistle.web.challenge import is_solved

TOP = Path(__file__).resolve().parents[2]
TOKEN = "5a" * 32
SEALED = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


@dataclass(frozen=True)
class Intake:
    """A process that serves, and where."""

    process: "subprocess.Popen[bytes]"
    database: Path
    output: Path
    port: int
    relay_port: int

    def call(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        return call_at(self.port, method, path, body, headers or ({} if body is None else SEALED))

    def relay(self, path: str, body: bytes, token: str = TOKEN) -> Answer:
        return call_at(self.relay_port, "POST", path, body, {**SEALED, "Authorization": f"Bearer {token}"})

    def solved(self) -> tuple[str, bytes]:
        """A new challenge and its proof."""
        given = self.call("GET", "/api/challenge").json
        counter = 0
        while not is_solved(given["challenge"], counter.to_bytes(8), given["difficulty"]):
            counter += 1
        return given["challenge"], counter.to_bytes(8)

    def submission(self, box: bytes = b"", access: bytes = b"", size: int = 16384) -> Submission:
        """A whole new submission, solved; a new box unless one is named."""
        challenge, proof = self.solved()
        return Submission(box or secrets.token_bytes(32), access or secrets.token_bytes(32), proof, challenge, envelope(size))

    def send(self, path: str, submission: Submission) -> Answer:
        return self.call("POST", path, serialize_submission(submission))

    def fetch(self, box: bytes, access: bytes, after: int = 0) -> Answer:
        return self.call("POST", "/api/fetch", serialize_fetch(Fetch(box, access, after)))

    def thread(self, submission: Submission) -> tuple[Frame, ...]:
        return parse_pages(self.fetch(submission.box, submission.access).body)[0]

    def raw(self, sent: bytes, source: str = "127.0.0.1") -> bytes:
        """Everything that comes back for these very bytes, until intake ends the connection."""
        with socket.create_connection(("127.0.0.1", self.port), 30, (source, 0)) as connection:
            connection.sendall(sent)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def stored(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        with closing(sqlite3.connect(self.database)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def envelope(size: int = 16384) -> bytes:
    """What intake takes for an envelope: the structure of one, and random bytes. Nobody can open it."""
    stanza = b"-> mlkem768x25519 %s\n%s\n"
    stanzas = [stanza % (_base64(1120), _base64(32)) for _ in range(2)]
    header = b"age-encryption.org/v1\n" + b"".join(stanzas) + b"--- %s\n" % _base64(32)
    return header + secrets.token_bytes(payload_length(size))


def _base64(length: int) -> bytes:
    return write_base64(secrets.token_bytes(length)).encode()


@contextmanager
def started(database: Path, *arguments: str) -> Iterator[Intake]:
    """A server on this database, ended when the test is done with it."""
    output = database.with_suffix(".out")
    digest = sha256(bytes.fromhex(TOKEN)).hexdigest()
    command = [sys.executable, "-u", str(TOP / "tests/intake/server.py"), str(database), digest, *arguments]
    with output.open("wb") as sink:
        process = subprocess.Popen(command, env={"PYTHONPATH": str(TOP)}, stdout=subprocess.PIPE, stderr=sink)
    assert process.stdout
    with process.stdout:
        first = process.stdout.readline().decode()
        found = re.search(r"ports (\d+) and (\d+)", first)
        assert found, output.read_text()
        try:
            yield Intake(process, database, output, int(found[1]), int(found[2]))
        finally:
            process.terminate()
            rest = process.stdout.read()
            process.wait(30)
    with output.open("ab") as sink:
        sink.write(first.encode() + rest)


def call_at(port: int, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, tuple(response.getheaders()), response.read())

"""A file of 60 MB through the desk, both ways: memory stays flat. The public server is the double of tests.desk.relaying."""

import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from itertools import repeat
from pathlib import Path

import pytest

from tests.desk.relaying import Evidence, Public, public
from tests.desk.running import ANNA, Desk, Member, Reporter, started
from whistle.protocol.content import Files

PIECE = bytes(range(256)) * 256
PIECES = 60 * 1024 * 1024 // len(PIECE)
ROOM = 24 * 1024 * 1024

pytestmark = pytest.mark.slow


@contextmanager
def flat() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < ROOM
    finally:
        tracemalloc.stop()


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port) as running:
        yield running


def download(member: Member, path: str) -> str:
    """SHA-256 of what comes."""
    member.get(path)
    headers = {"host": "localhost", "cookie": member.cookie, "content-type": "application/x-www-form-urlencoded"}
    with closing(HTTPConnection("127.0.0.1", member.port, timeout=120)) as connection:
        connection.request("POST", path, f"token={member.token}", headers | {"sec-fetch-site": "same-origin"})
        response, hashed = connection.getresponse(), sha256()
        assert response.status == 200
        while piece := response.read(65_536):
            hashed.update(piece)
    return hashed.hexdigest()


def test_memory_stays_flat_while_a_file_comes_and_is_downloaded(desk: Desk, server: Public) -> None:
    reporter = Reporter.new(desk.card)
    server.submit(reporter, reporter.report())
    evidence = Evidence.of(desk, PIECE * PIECES)
    server.send(reporter, *evidence.parts)
    server.submit(reporter, reporter.say(Files((evidence.named(),))))
    anna, whole = desk.signed_in(ANNA), sha256(evidence.plain).hexdigest()
    with flat():
        desk.poll()
        while desk.running.relay.more:
            desk.poll()
        assert "Complete." in anna.get("/cases/1").text
        assert download(anna, f"/cases/1/files/{evidence.id.hex()}") == whole


def test_memory_stays_flat_while_a_member_sends_a_file(desk: Desk, server: Public) -> None:
    reporter = Reporter.new(desk.card)
    server.submit(reporter, reporter.report())
    desk.poll()
    anna = desk.signed_in(ANNA)
    anna.get("/cases/1")
    fields = {"token": anna.token, "seen": anna.seen}
    head = "".join(f'--e\r\ncontent-disposition: form-data; name="{key}"\r\n\r\n{given}\r\n' for key, given in fields.items())
    head += '--e\r\ncontent-disposition: form-data; name="file"; filename="x.bin"\r\n\r\n'
    start, end = head.encode(), b"\r\n--e--\r\n"
    length = len(start) + PIECES * len(PIECE) + len(end)
    headers = {"host": "localhost", "cookie": anna.cookie, "content-type": "multipart/form-data; boundary=e"}
    with flat(), closing(HTTPConnection("127.0.0.1", desk.port, timeout=120)) as connection:
        body = iter((start, *repeat(PIECE, PIECES), end))
        connection.request(
            "POST", "/cases/1/files", body, headers | {"content-length": str(length), "sec-fetch-site": "same-origin"}
        )
        assert connection.getresponse().getheader("location") == "/cases/1?done=file"

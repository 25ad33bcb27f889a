"""What was acknowledged was on the disk before: the kernel's own account of a running whistle-intake, by strace.

A kill cannot show this, because the kernel keeps what a process wrote; only a power cut could, or the order of its calls.
"""

import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.intake.running import Intake, started
from whistle.protocol.wire import Submission

CALLS = "fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"
REPORTS, SENDERS = 40, 8


@dataclass(frozen=True)
class Call:
    """A system call: the lines of the account on which it began and on which it returned."""

    began: int
    returned: int
    name: str
    on: str  # what its first argument is: a file's path, or a connection
    text: str


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/api/submit", "/api/post"])
def test_the_log_is_synced_after_the_write_and_before_the_first_byte_of_the_answer(tmp_path: Path, path: str) -> None:
    with started(tmp_path / "intake.sqlite") as intake:
        sent = _reports(intake, path)
        with traced(intake, tmp_path / "account"), ThreadPoolExecutor(SENDERS) as senders:
            assert {answer.status for answer in senders.map(lambda each: intake.send(path, each), sent)} == {200}
    calls = calls_of((tmp_path / "account").read_text())
    for each in sent:
        written, answered = written_at(calls, each.envelope), answered_at(calls, each.envelope)
        assert written < answered
        assert any(synced(call) and written < call.began and call.returned < answered for call in calls)


def _reports(intake: Intake, path: str) -> list[Submission]:
    """Solved already, so that the account holds nothing but their taking; for `post`, in boxes that have their first."""
    firsts = [intake.submission() for _ in range(REPORTS)]
    if path == "/api/submit":
        return firsts
    assert {intake.send("/api/submit", each).status for each in firsts} == {200}
    return [intake.submission(each.box, each.access) for each in firsts]


@contextmanager
def traced(intake: Intake, account: Path) -> Iterator[None]:
    """Every call of every thread, with all that it writes, in hexadecimal."""
    options = ["-f", "-yy", "-xx", "-s", "5000", "-e", f"trace={CALLS}", "-o", str(account), "-p", str(intake.process.pid)]
    with subprocess.Popen(["strace", *options], stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr
        said = tracer.stderr.readline()
        assert "attached" in said, said
        yield
        tracer.send_signal(signal.SIGINT)
        tracer.stderr.read()


def calls_of(account: str) -> list[Call]:
    """The calls, those that another thread interrupted put together again."""
    calls, begun = [], {}
    for place, line in enumerate(account.splitlines()):
        thread, _, rest = line.partition(" ")
        rest = rest.lstrip()
        if rest.endswith("<unfinished ...>"):
            begun[thread] = place, rest
            continue
        first = place
        if rest.startswith("<... "):
            first, start = begun.pop(thread)
            rest = start.removesuffix(" <unfinished ...>") + rest.partition("resumed>")[2]
        if found := re.match(r"(\w+)\(\d+<(.*?)>(?:,|\))", rest):
            calls.append(Call(first, place, found[1], _plain(found[2]), rest))
    return calls


def _plain(text: str) -> str:
    """Also the names of files are in hexadecimal."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda each: chr(int(each[1], 16)), text)


def spelled(some: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in some)


def written_at(calls: list[Call], envelope: bytes) -> int:
    """When all of this envelope had been written to the write-ahead log; pages that it shares are written again later."""
    pieces = [spelled(envelope[place : place + 24]) for place in range(1_000, len(envelope), 1_000)]
    log = [call for call in calls if call.on.endswith("-wal")]
    first = [next((call.returned for call in log if piece in call.text), None) for piece in pieces]
    found = [place for place in first if place is not None]  # some are cut in two by the end of a page
    assert len(found) > len(pieces) * 0.9
    return max(found)


def answered_at(calls: list[Call], envelope: bytes) -> int:
    """When the first byte of the answer to this envelope was given to the kernel."""
    (last,) = [call for call in calls if spelled(sha256(envelope).hexdigest().encode()) in call.text and "TCP" in call.on]
    return min(call.began for call in calls if call.on == last.on)


def synced(call: Call) -> bool:
    return call.name in ("fsync", "fdatasync") and call.on.endswith("-wal") and call.text.endswith("= 0")

"""What was acknowledged is there after a kill, on a full disk and after a restart: real processes, a limit of the kernel's."""

import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

from tests.intake.running import Intake, started
from whistle.protocol.wire import Submission, serialize_submission


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    database = tmp_path / "intake.sqlite"
    with started(database) as intake, ThreadPoolExecutor(8) as senders:
        submissions = [intake.submission() for _ in range(120)]
        acknowledged: list[Submission] = []
        list(senders.map(lambda submission: _send_until_the_kill(intake, submission, acknowledged), submissions))
    assert 60 <= len(acknowledged) < 120
    with started(database) as intake:
        for submission in acknowledged:
            assert [frame.sealed for frame in intake.thread(submission)] == [submission.envelope]


def test_a_full_disk_is_said_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    database = tmp_path / "intake.sqlite"
    kept = []
    with started(database, str(3_000_000)) as intake:
        while (answer := intake.send("/api/submit", submission := intake.submission(size=262144))).status == 200:
            kept.append(submission)
        assert (answer.status, answer.json["error"]) == (503, "storage_failed")
        assert intake.send("/api/submit", submission).status == 503
        assert len(kept) > 1
        assert all(intake.thread(each)[0].sealed == each.envelope for each in kept)
    with started(database) as intake:
        assert all(intake.thread(each)[0].sealed == each.envelope for each in kept)
        assert len(intake.stored()["entry"]) == len(kept)
        assert intake.send("/api/submit", submission).status == 200


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    database = tmp_path / "intake.sqlite"
    with started(database) as intake:
        submission = intake.submission()
        answer = intake.send("/api/submit", submission)
    with started(database) as intake:
        assert intake.send("/api/submit", submission) == answer
        assert intake.thread(submission)[0].sealed == submission.envelope


def test_a_stop_lets_the_request_under_way_end(tmp_path: Path) -> None:
    with started(tmp_path / "intake.sqlite") as intake:
        body = serialize_submission(intake.submission())
        head = f"POST /api/submit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        with socket.create_connection(("127.0.0.1", intake.port), 30) as connection:
            connection.sendall(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + body[:5_000])
            intake.call("GET", "/api/challenge")  # answered: the first half has been read by now
            intake.process.terminate()
            connection.sendall(body[5_000:])
            answered = connection.recv(65_536)
        intake.process.wait(30)  # a second signal, of the test's own end, would meet a loop that is gone
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert intake.process.returncode == 0


def _send_until_the_kill(intake: Intake, submission: Submission, acknowledged: list[Submission]) -> None:
    try:
        if intake.send("/api/submit", submission).status == 200:
            acknowledged.append(submission)
    except (OSError, HTTPException):
        return
    if len(acknowledged) >= 60:
        intake.process.kill()

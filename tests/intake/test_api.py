"""The calls of a reporter's client, over real sockets."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from tests.intake.running import SEALED, Answer, Intake, envelope
from whistle.protocol.constants import PAGE_BYTES
from whistle.protocol.wire import TO_DESK, parse_pages
from whistle.web.body import WrongType


def test_a_report_is_kept_and_found_again(intake: Intake) -> None:
    submission = intake.submission()
    answer = intake.send("/api/submit", submission)
    day = datetime.now(UTC).date()
    assert answer.json == {"envelope": sha256(submission.envelope).hexdigest(), "day": day.isoformat()}
    (frame,) = intake.thread(submission)
    assert (frame.position, frame.direction, frame.day, frame.box) == (1, TO_DESK, day, submission.box)
    assert frame.sealed == submission.envelope


def test_a_message_is_kept_after_the_report(intake: Intake) -> None:
    report = intake.submission()
    intake.send("/api/submit", report)
    message = intake.submission(report.box, report.access)
    assert intake.send("/api/post", message).status == 200
    assert [frame.sealed for frame in intake.thread(report)] == [report.envelope, message.envelope]


def test_the_same_envelope_again_gets_the_same_answer_before_any_challenge_is_looked_at(intake: Intake) -> None:
    submission = intake.submission()
    first = intake.send("/api/submit", submission)
    again = intake.send("/api/submit", replace(submission, challenge="none", proof=bytes(8)))
    assert again == first
    assert len(intake.thread(submission)) == 1


def test_another_envelope_for_a_box_that_has_its_first_is_refused(intake: Intake) -> None:
    submission = intake.submission()
    intake.send("/api/submit", submission)
    refused(intake.send("/api/submit", intake.submission(submission.box, submission.access)), 409, "place_taken")
    assert len(intake.thread(submission)) == 1


def test_a_spent_challenge_is_refused(intake: Intake) -> None:
    first = intake.submission()
    intake.send("/api/submit", first)
    second = replace(intake.submission(), challenge=first.challenge, proof=first.proof)
    refused(intake.send("/api/submit", second), 403, "challenge_refused")
    assert intake.fetch(second.box, second.access).body[:7] != b"whistle"


@pytest.mark.parametrize("path", ["/api/submit", "/api/post"])
def test_an_unsolved_challenge_is_refused(intake: Intake, path: str) -> None:
    refused(intake.send(path, replace(intake.submission(), challenge="a.b.c")), 403, "challenge_refused")


def test_posting_to_an_unknown_box_is_answered_like_any_other(intake: Intake) -> None:
    report = intake.submission()
    intake.send("/api/submit", report)
    known, unknown = intake.submission(report.box, report.access), intake.submission()
    mistyped = intake.submission(report.box)
    shapes = []
    for submission in (known, unknown, mistyped):
        first, again = intake.send("/api/post", submission), intake.send("/api/post", submission)
        other = intake.send("/api/post", replace(submission, envelope=envelope()))
        assert first.json["envelope"] == sha256(submission.envelope).hexdigest()
        assert again == first
        shapes.append((first.status, first.headers, len(first.body), first.json["day"], other))
    assert shapes[0] == shapes[1] == shapes[2]


def test_what_is_posted_to_an_unknown_box_is_discarded(intake: Intake) -> None:
    submission = intake.submission()
    intake.send("/api/post", submission)
    assert all(submission.box not in row and submission.envelope not in row for row in rows(intake))


def test_an_unknown_box_looks_like_a_box_without_news(intake: Intake) -> None:
    submission = intake.submission()
    intake.send("/api/submit", submission)
    read = intake.fetch(submission.box, submission.access, after=1)
    unknown, mistyped = intake.fetch(bytes(32), submission.access), intake.fetch(submission.box, bytes(32))
    assert parse_pages(read.body) == ((), False)
    for answer in (unknown, mistyped):
        assert (answer.status, answer.headers, len(answer.body)) == (read.status, read.headers, PAGE_BYTES)
    assert unknown.body != intake.fetch(bytes(32), submission.access).body


def test_a_long_thread_comes_in_answers_of_whole_pages(intake: Intake) -> None:
    report = intake.submission(size=262144)
    intake.send("/api/submit", report)
    sent = [report, *(intake.submission(report.box, report.access, 262144) for _ in range(4))]
    for message in sent[1:]:
        intake.send("/api/post", message)
    first = intake.fetch(report.box, report.access).body
    frames, more = parse_pages(first)
    rest, end = parse_pages(intake.fetch(report.box, report.access, frames[-1].position).body)
    assert (more, end, len(first) % PAGE_BYTES) == (True, False, 0)
    assert [frame.sealed for frame in frames + rest] == [submission.envelope for submission in sent]


def test_every_challenge_is_another_one(intake: Intake) -> None:
    assert intake.call("GET", "/api/challenge").json != intake.call("GET", "/api/challenge").json


def test_answers_of_the_api_are_not_to_be_stored(intake: Intake) -> None:
    answers = [
        intake.call("GET", "/api/challenge"),
        intake.fetch(bytes(32), bytes(32)),
        intake.call("POST", "/api/submit", b"x"),
    ]
    assert [answer.all("cache-control") for answer in answers] == [["no-store"]] * 3


def test_only_octet_streams_are_taken(intake: Intake) -> None:
    answer = intake.call("POST", "/api/submit", b"{}", {"Content-Type": "application/json"})
    refused(answer, 415, "wrong_type")
    assert answer.json["message"] == WrongType.__doc__


def test_a_fetch_of_another_length_is_refused(intake: Intake) -> None:
    refused(intake.call("POST", "/api/fetch", bytes(67)), 400, "not_a_submission")
    refused(intake.call("POST", "/api/fetch", bytes(69)), 413, "too_large")


def test_the_wrong_method_is_named(intake: Intake) -> None:
    refused(intake.call("GET", "/api/submit"), 405, "wrong_method")
    refused(intake.call("POST", "/", b"", SEALED), 405, "wrong_method")


def test_a_call_that_there_is_not_is_named(intake: Intake) -> None:
    refused(intake.call("POST", "/api/nothing", b""), 404, "not_found")


def refused(answer: Answer, status: int, name: str) -> None:
    assert (answer.status, answer.json["error"]) == (status, name)
    assert answer.json["message"].endswith(".")


def rows(intake: Intake) -> list[tuple[object, ...]]:
    return [row for table in intake.stored().values() for row in table]

"""What the desk asks of intake: pull, confirm, push, for whoever has the token."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from tests.intake.running import SEALED, TOKEN, Intake, call_at, envelope, started
from whistle.errors import NotPages
from whistle.protocol.constants import ANSWER_BYTES, PAGE_BYTES
from whistle.protocol.wire import RECEIPT, TO_DESK, TO_REPORTER, Frame, parse_pages, serialize_pages

DAY = date(2026, 11, 21)
CALLS = ("pull", "parts", "confirm", "push", "open", "taken", "forget")


def test_the_desk_pulls_what_came_and_may_pull_it_again(intake: Intake) -> None:
    submission = intake.submission()
    intake.send("/api/submit", submission)
    frames = pulled(intake)
    assert frames == pulled(intake)
    assert (frames[-1].box, frames[-1].direction, frames[-1].sealed) == (submission.box, TO_DESK, submission.envelope)
    assert pulled(intake, frames[-1].position) == []


def test_an_answer_of_the_relay_is_bounded_and_the_rest_is_asked_for_again(intake: Intake) -> None:
    start = max((frame.position for frame in pulled(intake)), default=0)
    for _ in range(5):
        intake.send("/api/submit", intake.submission(size=262144))
    body = intake.relay("/relay/pull", start.to_bytes(4)).body
    assert len(body) <= ANSWER_BYTES
    assert len(body) % PAGE_BYTES == 0
    assert parse_pages(body)[1]
    assert len(pulled(intake, start)) == 5


def test_confirming_never_deletes_and_never_goes_back(intake: Intake) -> None:
    intake.send("/api/submit", intake.submission())
    frames = pulled(intake)
    assert intake.relay("/relay/confirm", (7).to_bytes(4) + bytes(4)).json == {"confirmed": 7, "parts": 0, "room": True}
    assert intake.relay("/relay/confirm", (3).to_bytes(4) + bytes(4)).json == {"confirmed": 7, "parts": 0, "room": True}
    assert pulled(intake) == frames


def test_a_reply_is_found_by_the_reporter_and_stored_once(intake: Intake) -> None:
    report = intake.submission()
    intake.send("/api/submit", report)
    reply = Frame(0, TO_REPORTER, DAY, report.box, envelope())
    body = serialize_pages([reply, Frame(0, TO_REPORTER, DAY, bytes(32), envelope())], more=False)
    answers = [intake.relay("/relay/push", body).json for _ in range(2)]
    assert answers == [{"stored": 1, "unknown": 1}] * 2
    place, direction, day, sealed = [(f.position, f.direction, f.day, f.sealed) for f in intake.thread(report)][1]
    assert (place, direction, day, sealed) == (2, TO_REPORTER, DAY, reply.sealed)
    assert len(intake.thread(report)) == 2


def test_a_reply_is_not_pulled_by_the_desk(intake: Intake) -> None:
    report = intake.submission()
    intake.send("/api/submit", report)
    intake.relay("/relay/push", serialize_pages([Frame(0, TO_REPORTER, DAY, report.box, envelope())], more=False))
    assert {frame.direction for frame in pulled(intake)} == {TO_DESK}


@pytest.mark.parametrize(
    ("direction", "position", "more"),
    [(TO_DESK, 0, False), (RECEIPT, 0, False), (RECEIPT, 1, False), (TO_REPORTER, 1, False), (TO_REPORTER, 0, True)],
)
def test_a_push_of_anything_but_new_replies_is_refused(intake: Intake, direction: int, position: int, more: bool) -> None:
    body = serialize_pages([Frame(position, direction, DAY, bytes(32), envelope())], more)
    answer = intake.relay("/relay/push", body)
    assert (answer.status, answer.json["error"]) == (400, "not_pages")


def test_a_push_of_something_unsealed_keeps_nothing_of_it(intake: Intake) -> None:
    report = intake.submission()
    intake.send("/api/submit", report)
    frames = [Frame(0, TO_REPORTER, DAY, report.box, sealed) for sealed in (envelope(), b"plain words")]
    answer = intake.relay("/relay/push", serialize_pages(frames, more=False))
    assert (answer.status, answer.json["error"]) == (400, "not_an_envelope")
    assert len(intake.thread(report)) == 1


def test_a_box_that_the_desk_opens_is_like_any_other_and_opening_it_again_changes_nothing(intake: Intake) -> None:
    report = intake.submission()
    body = report.box + sha256(report.access).digest() + report.envelope
    answers = [intake.relay("/relay/open", body) for _ in range(2)]
    assert {(each.status, each.json["envelope"]) for each in answers} == {(200, sha256(report.envelope).hexdigest())}
    assert [frame.sealed for frame in intake.thread(report)] == [report.envelope]
    assert [frame.sealed for frame in pulled(intake) if frame.box == report.box] == [report.envelope]
    reply = Frame(0, TO_REPORTER, DAY, report.box, envelope())
    assert intake.relay("/relay/push", serialize_pages([reply], more=False)).json == {"stored": 1, "unknown": 0}
    assert intake.send("/api/post", intake.submission(report.box, report.access)).status == 200
    assert len(intake.thread(report)) == 3


def test_an_occupied_box_is_opened_with_nothing_else(intake: Intake) -> None:
    report, other = intake.submission(), intake.submission()
    token = sha256(report.access).digest()
    assert intake.relay("/relay/open", report.box + token + report.envelope).status == 200
    for body in (report.box + token + other.envelope, report.box + bytes(32) + report.envelope):
        answer = intake.relay("/relay/open", body)
        assert (answer.status, answer.json["error"]) == (409, "place_taken")
    assert [frame.sealed for frame in intake.thread(report)] == [report.envelope]


@pytest.mark.parametrize("sealed", [b"", b"plain words", envelope() + b"x", envelope()[:-1]])
def test_a_box_is_opened_with_a_sealed_envelope_only(intake: Intake, sealed: bytes) -> None:
    report = intake.submission()
    answer = intake.relay("/relay/open", report.box + sha256(report.access).digest() + sealed)
    assert (answer.status, answer.json["error"]) == (400, "not_an_envelope")
    assert intake.relay("/relay/open", report.box).json["error"] == "not_a_submission"
    reply = serialize_pages([Frame(0, TO_REPORTER, DAY, report.box, envelope())], more=False)
    assert intake.relay("/relay/push", reply).json == {"stored": 0, "unknown": 1}


def test_a_forgotten_box_answers_like_one_that_never_was(intake: Intake) -> None:
    report, never = intake.submission(), intake.submission()
    intake.send("/api/submit", report)
    reply = serialize_pages([Frame(0, TO_REPORTER, DAY, report.box, envelope())], more=False)
    assert intake.relay("/relay/push", reply).json == {"stored": 1, "unknown": 0}
    for _ in range(2):
        assert intake.relay("/relay/forget", report.box).json == {"forgotten": report.box.hex()}
    assert intake.relay("/relay/push", reply).json == {"stored": 0, "unknown": 1}
    assert report.box not in [frame.box for frame in pulled(intake)]
    for each in (report, never):
        page = intake.fetch(each.box, each.access)
        assert (page.status, len(page.body)) == (200, PAGE_BYTES)
        with pytest.raises(NotPages):
            parse_pages(page.body)
        later = intake.submission(each.box, each.access)
        answer = intake.send("/api/post", later)
        assert (answer.status, answer.json["envelope"]) == (200, sha256(later.envelope).hexdigest())
    assert {report.box, never.box}.isdisjoint(frame.box for frame in pulled(intake))


def test_nothing_of_a_forgotten_box_is_in_any_file_of_the_database_nor_in_what_is_said(tmp_path: Path) -> None:
    with started(tmp_path / "forgetful.sqlite") as intake:
        report, other = intake.submission(), intake.submission()
        for each in (report, other):
            assert intake.send("/api/submit", each).status == 200
        reply = Frame(0, TO_REPORTER, DAY, report.box, envelope())
        intake.relay("/relay/push", serialize_pages([reply], more=False))
        sealed = report.envelope + reply.sealed
        pieces = [sealed[start : start + 64] for start in range(0, len(sealed), 64)]  # one in sixty lies across two pages
        traces = [report.box, sha256(report.access).digest(), sha256(report.envelope).digest(), *pieces]
        assert sum(trace in kept_by(tmp_path) for trace in traces) > 500
        assert intake.relay("/relay/forget", report.box).status == 200
        assert [trace for trace in traces if trace in kept_by(tmp_path)] == []
        assert other.box in kept_by(tmp_path)
    assert report.box.hex() not in (tmp_path / "forgetful.out").read_text()


def kept_by(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(each.read_bytes() for each in folder.iterdir())


def test_confirming_after_the_newest_arrival_was_forgotten_does_not_go_back(intake: Intake) -> None:
    report = intake.submission()
    intake.send("/api/submit", report)
    last = pulled(intake)[-1].position
    intake.relay("/relay/confirm", last.to_bytes(4) + bytes(4))
    intake.relay("/relay/forget", report.box)
    assert intake.relay("/relay/confirm", last.to_bytes(4) + bytes(4)).json["confirmed"] == last


@pytest.mark.parametrize(("path", "length"), [("pull", 4), ("parts", 4), ("confirm", 8), ("taken", 48), ("forget", 32)])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_question_of_another_length_is_refused(intake: Intake, path: str, length: int, change: int) -> None:
    assert intake.relay(f"/relay/{path}", bytes(length)).status == 200
    assert intake.relay(f"/relay/{path}", bytes(length + change)).status in (400, 413)


@pytest.mark.parametrize("token", ["", "00" * 32, TOKEN[:-1], TOKEN.upper(), TOKEN + "0", "ø" * 64])
@pytest.mark.parametrize("path", [*(f"/relay/{call}" for call in CALLS), "/relay/nothing", "/"])
def test_nobody_without_the_token_learns_even_what_there_is(intake: Intake, path: str, token: str) -> None:
    answer = intake.relay(path, bytes(4), token)
    assert (answer.status, answer.json["error"]) == (401, "not_admitted")


def test_the_token_counts_only_as_a_bearer(intake: Intake) -> None:
    for header in ({}, {"Authorization": TOKEN}, {"Authorization": f"Basic {TOKEN}"}):
        assert call_at(intake.relay_port, "POST", "/relay/pull", bytes(4), {**SEALED, **header}).status == 401


def test_the_relay_is_not_on_the_public_listener(intake: Intake) -> None:
    headers = {**SEALED, "Authorization": f"Bearer {TOKEN}"}
    assert intake.call("POST", "/relay/pull", bytes(4), headers).status == 404


def pulled(intake: Intake, after: int = 0) -> list[Frame]:
    """Everything after an arrival number, over as many answers as it takes."""
    frames, more = parse_pages(intake.relay("/relay/pull", after.to_bytes(4)).body)
    return [*frames, *(pulled(intake, frames[-1].position) if more else [])]

"""Files at the door, over real sockets: begun, sent in any order, refused at the first byte that departs, read by the desk."""

import json
import random
import secrets
import signal
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.intake.running import Answer, Intake, envelope, started
from tests.intake.test_refusals import DEPARTURES, PLAIN, spellings
from whistle.protocol.constants import PAGE_BYTES, PART_BYTES
from whistle.protocol.parts import (
    HEAD_BYTES,
    LONGEST_BEGINNING,
    LONGEST_CONTINUATION,
    Beginning,
    Continuation,
    Owned,
    Part,
    padded_size,
    parse_part,
    sealed_length,
    serialize_beginning,
    serialize_continuation,
    serialize_part,
)
from whistle.protocol.receipt import Receipt, serialize
from whistle.protocol.wire import PART, RECEIPT, TO_REPORTER, Frame, Submission, parse_pages, serialize_head, serialize_pages

HEAD = "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n"
DAY = date(2026, 11, 21)


def file_of(size: int = 600_000) -> list[Part]:
    """The parts of what intake takes for a sealed file, of about this size."""
    sealed, name = envelope(padded_size(size)), secrets.token_bytes(16)
    pieces = [sealed[start : start + PART_BYTES] for start in range(0, len(sealed), PART_BYTES)]
    return [Part(name, len(sealed), index, piece) for index, piece in enumerate(pieces)]


def reported(intake: Intake) -> Submission:
    """A report that is kept, whose box is the reporter's."""
    own = intake.submission()
    assert intake.send("/api/submit", own).status == 200
    return own


def beginning(intake: Intake, own: Submission, part: Part) -> Beginning:
    challenge, proof = intake.solved()
    return Beginning(own.box, own.access, proof, challenge, part)


def begin(intake: Intake, own: Submission, part: Part) -> Answer:
    return intake.call("POST", "/api/begin", serialize_beginning(beginning(intake, own, part)))


def go_on(intake: Intake, own: Submission, part: Part) -> Answer:
    return intake.call("POST", "/api/part", serialize_continuation(Continuation(own.box, own.access, part)))


def sent(intake: Intake, own: Submission, parts: list[Part]) -> list[Part]:
    assert [begin(intake, own, parts[0]).status, *(go_on(intake, own, part).status for part in parts[1:])] == [200] * len(parts)
    return parts


def cancel(intake: Intake, owned: Owned) -> Answer:
    return intake.call("POST", "/api/cancel", owned.box + owned.access + owned.file)


def read(intake: Intake, own: Submission, file: bytes, index: int) -> Answer:
    return intake.call("POST", "/api/file", own.box + own.access + file + index.to_bytes(4))


def push(intake: Intake, *frames: Frame) -> Answer:
    return intake.relay("/relay/push", serialize_pages(frames, more=False))


def parts_at_the_desk(intake: Intake, box: bytes, after: int = 0) -> list[Part]:
    frames, more = parse_pages(intake.relay("/relay/parts", after.to_bytes(4)).body)
    assert {frame.direction for frame in frames} <= {PART}
    rest = parts_at_the_desk(intake, box, frames[-1].position) if more else []
    return [*(parse_part(frame.sealed) for frame in frames if frame.box == box), *rest]


def refused(answer: Answer, status: int, name: str) -> None:
    assert (answer.status, answer.json["error"]) == (status, name)
    assert answer.json["message"].endswith(".")


# Sent and read --------------------------------------------------------------------------------------------------------


def test_a_file_is_sent_and_read_by_the_desk(intake: Intake) -> None:
    own, parts = reported(intake), file_of()
    answers = [begin(intake, own, parts[0]), *(go_on(intake, own, part) for part in parts[1:])]
    today = datetime.now(UTC).date().isoformat()
    assert [answer.json for answer in answers] == [{"part": sha256(part.sealed).hexdigest(), "day": today} for part in parts]
    assert [answer.all("cache-control") for answer in answers] == [["no-store"]] * len(parts)
    assert parts_at_the_desk(intake, own.box) == parts


def test_parts_that_come_in_another_order_and_twice_are_each_kept_once(intake: Intake) -> None:
    own, parts = reported(intake), file_of(1_500_000)
    again = [*parts[1:], *parts[2:4], parts[1]]
    random.Random(7).shuffle(again)
    first = begin(intake, own, parts[0])
    answers = {part.index: go_on(intake, own, part) for part in again}
    assert begin(intake, own, parts[0]) == first
    assert all(go_on(intake, own, part) == answers[part.index] for part in parts[1:])
    assert sorted(parts_at_the_desk(intake, own.box), key=lambda part: part.index) == parts


def test_a_part_that_was_lost_is_sent_later_and_until_then_the_file_is_not_whole(intake: Intake) -> None:
    own, parts = reported(intake), file_of(1_000_000)
    sent(intake, own, [*parts[:2], *parts[3:]])
    assert len(parts_at_the_desk(intake, own.box)) == len(parts) - 1
    assert intake.relay("/relay/taken", own.box + parts[0].file).status == 200
    assert go_on(intake, own, parts[2]).status == 200
    assert {row[-1] for row in intake.stored()["file"] if row[3] == parts[0].file} == {None}


def test_the_same_beginning_again_is_answered_before_any_challenge_is_looked_at(intake: Intake) -> None:
    own, (first, *_) = reported(intake), file_of()
    answer = begin(intake, own, first)
    unsolved = Beginning(own.box, own.access, bytes(8), "none", first)
    assert intake.call("POST", "/api/begin", serialize_beginning(unsolved)) == answer
    refused(
        intake.call("POST", "/api/begin", serialize_beginning(replace(unsolved, part=file_of()[0]))), 403, "challenge_refused"
    )


def test_other_bytes_in_a_place_are_refused(intake: Intake) -> None:
    own = reported(intake)
    parts = sent(intake, own, file_of())
    other = file_of()
    refused(begin(intake, own, replace(other[0], file=parts[0].file)), 409, "place_taken")
    refused(go_on(intake, own, replace(other[1], file=parts[0].file)), 409, "place_taken")
    assert parts_at_the_desk(intake, own.box) == parts


def test_a_transfer_goes_on_after_a_kill(tmp_path: Path) -> None:
    database, parts = tmp_path / "intake.sqlite", file_of(2_000_000)
    with started(database) as intake:
        own = reported(intake)
        sent(intake, own, parts[:3])
        intake.process.send_signal(signal.SIGKILL)
        with pytest.raises((OSError, HTTPException)):
            go_on(intake, own, parts[3])
    with started(database) as intake:
        assert parts_at_the_desk(intake, own.box) == parts[:3]
        for part in parts[2:]:
            assert go_on(intake, own, part).status == 200
        assert parts_at_the_desk(intake, own.box) == parts


# Refused at the first byte that departs -------------------------------------------------------------------------------


@pytest.mark.parametrize("place", DEPARTURES.values(), ids=DEPARTURES)
def test_the_first_byte_of_a_first_part_that_departs_ends_the_request(intake: Intake, place: int) -> None:
    own, (first, *_) = reported(intake), file_of()
    body = serialize_beginning(beginning(intake, own, first))
    start = len(body) - len(first.sealed) + place
    assert cut_short(intake, "/api/begin", body[:start] + b"!", len(body)) == (400, "not_an_envelope")


def test_a_beginning_whose_challenge_does_not_hold_ends_with_its_head(intake: Intake) -> None:
    unsolved = Beginning(secrets.token_bytes(32), bytes(32), bytes(8), "a.b.c", file_of()[0])
    assert cut_short(intake, "/api/begin", serialize_head(unsolved), LONGEST_BEGINNING) == (403, "challenge_refused")


@pytest.mark.parametrize(
    ("record", "status", "name"),
    [
        (bytes(16) + (700_000).to_bytes(8), 400, "not_an_envelope"),
        (bytes(16) + bytes(8), 400, "not_an_envelope"),
        (bytes(16) + sealed_length(100_000_000).to_bytes(8) + b"\1", 400, "not_a_submission"),
        (bytes(16) + sealed_length(padded_size(100_000_000) + 1).to_bytes(8), 413, "too_large"),
        (bytes(16) + b"\xff" * 8, 413, "too_large"),
    ],
)
def test_a_record_that_can_begin_no_file_ends_the_request(intake: Intake, record: bytes, status: int, name: str) -> None:
    own = reported(intake)
    head = serialize_head(beginning(intake, own, file_of()[0]))
    assert cut_short(intake, "/api/begin", head + record, LONGEST_BEGINNING) == (status, name)


@pytest.mark.parametrize(
    "record",
    [
        serialize_part(Part(bytes(16), 700_000, 0, b"")),
        serialize_part(Part(bytes(16), 700_000, 3, b"x")),
        serialize_part(Part(bytes(16), 300_000, 1, bytes(300_000 - PART_BYTES + 1))),
    ],
    ids=["the first place", "a place behind the end", "a byte behind the end"],
)
def test_a_record_that_goes_on_with_no_file_ends_the_request(intake: Intake, record: bytes) -> None:
    own = reported(intake)
    assert cut_short(intake, "/api/part", own.box + own.access + record, LONGEST_CONTINUATION) == (400, "not_a_submission")


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_part_that_ends_early_is_not_kept(intake: Intake, index: int) -> None:
    own, parts = reported(intake), file_of()
    begun = [] if index == 0 else sent(intake, own, parts[:1])
    short = replace(parts[index], sealed=parts[index].sealed[:-1])
    refused(go_on(intake, own, short) if index else begin(intake, own, short), 400, "not_a_submission")
    assert parts_at_the_desk(intake, own.box) == begun


@pytest.mark.parametrize(
    ("path", "longest"), [("begin", LONGEST_BEGINNING), ("part", LONGEST_CONTINUATION), ("cancel", 80), ("file", 84)]
)
def test_a_declared_length_above_the_longest_is_refused_before_a_byte_of_it(intake: Intake, path: str, longest: int) -> None:
    assert cut_short(intake, f"/api/{path}", b"", longest + 1) == (413, "too_large")


@pytest.mark.parametrize(("path", "length"), [("begin", 60), ("part", 64 + HEAD_BYTES), ("cancel", 79), ("file", 83)])
def test_a_body_that_is_too_short_is_refused(intake: Intake, path: str, length: int) -> None:
    refused(intake.call("POST", f"/api/{path}", bytes(length)), 400, "not_a_submission")


# Whose it is ----------------------------------------------------------------------------------------------------------


def test_a_later_part_of_no_open_transfer_ends_with_its_head(intake: Intake) -> None:
    """Nobody makes the server hold a part without having begun a file."""
    own, part = reported(intake), file_of()[1]
    body = serialize_continuation(Continuation(own.box, own.access, part))
    answer = intake.raw(HEAD.format("/api/part", len(body)).encode() + body[: 64 + HEAD_BYTES])
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"no_such_file" in answer


def test_beginning_in_an_unknown_box_or_with_a_wrong_token_looks_like_any_other(intake: Intake) -> None:
    own = reported(intake)
    shapes = []
    for stranger in (own, intake.submission(), intake.submission(own.box)):
        first = file_of()[0]
        body = serialize_beginning(beginning(intake, stranger, first))
        answer, again = (intake.call("POST", "/api/begin", body) for _ in range(2))
        assert again == answer
        assert answer.json["part"] == first.digest.hex()
        other = replace(beginning(intake, stranger, file_of()[0]), challenge="a.b.c")
        unsolved = intake.call("POST", "/api/begin", serialize_beginning(other))
        shapes.append((answer.status, answer.headers, len(answer.body), answer.json["day"], unsolved))
        kept = [row for row in intake.stored()["file"] if row[3] == first.file]
        assert len(kept) == (stranger is own)
    assert shapes[0] == shapes[1] == shapes[2]


def test_a_later_part_without_its_transfer_is_refused_in_the_same_words(intake: Intake) -> None:
    own, other, parts = reported(intake), reported(intake), file_of()
    sent(intake, own, parts[:1])
    strangers = [other, intake.submission(), intake.submission(own.box)]
    answers = [go_on(intake, stranger, parts[1]) for stranger in strangers]
    answers += [
        go_on(intake, own, replace(parts[1], file=bytes(16))),
        go_on(intake, own, replace(file_of(550_000)[1], file=parts[0].file)),
    ]
    refused(answers[0], 404, "no_such_file")
    assert answers == answers[:1] * 5
    assert parts_at_the_desk(intake, own.box) == parts[:1]


def test_cancelling_is_answered_alike_and_drops_only_ones_own(intake: Intake) -> None:
    own, stranger, parts = reported(intake), intake.submission(), file_of()
    sent(intake, own, parts[:2])
    owned = Owned(own.box, own.access, parts[0].file)
    strange = [replace(owned, box=stranger.box), replace(owned, access=stranger.access)]
    answers = [cancel(intake, each) for each in strange]
    assert len(parts_at_the_desk(intake, own.box)) == 2
    answers += [cancel(intake, owned), cancel(intake, owned)]
    assert answers == answers[:1] * 4
    assert (answers[0].status, answers[0].json) == (200, {"file": parts[0].file.hex()})
    assert parts_at_the_desk(intake, own.box) == []
    refused(go_on(intake, own, parts[2]), 404, "no_such_file")


def test_a_file_from_the_desk_is_read_and_what_is_not_there_is_a_page_of_noise(intake: Intake) -> None:
    own, stranger, parts = reported(intake), intake.submission(), file_of(300_000)
    frames = [Frame(0, PART, DAY, own.box, serialize_part(part)) for part in parts]
    assert [push(intake, *frames).json for _ in range(2)] == [{"stored": 2, "unknown": 0}] * 2
    for part in parts:
        answer = read(intake, own, part.file, part.index)
        assert parse_pages(answer.body) == ((Frame(part.index, PART, DAY, own.box, serialize_part(part)),), False)
    absent = [
        read(intake, own, parts[0].file, 2),
        read(intake, own, bytes(16), 0),
        read(intake, replace(own, access=stranger.access), parts[0].file, 0),
        read(intake, stranger, parts[0].file, 0),
    ]
    assert {(each.status, each.headers, len(each.body)) for each in absent} == {(200, absent[0].headers, PAGE_BYTES)}
    assert len({each.body for each in absent}) == 4
    assert parts_at_the_desk(intake, own.box) == []


# Limits ---------------------------------------------------------------------------------------------------------------


def test_a_box_takes_ten_files_at_once(intake: Intake) -> None:
    own = reported(intake)
    assert [begin(intake, own, file_of(16384)[0]).status for _ in range(10)] == [200] * 10
    refused(begin(intake, own, file_of(16384)[0]), 429, "box_full")
    assert begin(intake, reported(intake), file_of(16384)[0]).status == 200


def test_without_room_on_the_disk_texts_are_taken_and_files_are_not(tmp_path: Path) -> None:
    database, parts, reply = tmp_path / "intake.sqlite", file_of(), file_of()
    with started(database) as intake:
        own = reported(intake)
        sent(intake, own, parts[:1])
        assert intake.relay("/relay/confirm", bytes(8)).json["room"] is True
    with started(database, "0", "128", "60", str(10**18)) as intake:
        refused(begin(intake, own, file_of()[0]), 507, "no_room")
        refused(go_on(intake, own, parts[1]), 507, "no_room")
        texts = Frame(0, TO_REPORTER, DAY, own.box, envelope())
        refused(push(intake, Frame(0, PART, DAY, own.box, serialize_part(reply[0])), texts), 507, "no_room")
        assert intake.relay("/relay/confirm", bytes(8)).json["room"] is False
        assert intake.send("/api/post", intake.submission(own.box, own.access)).status == 200
        assert [frame.direction for frame in intake.thread(own)] == [1, 2, 1]
        assert parts_at_the_desk(intake, own.box) == parts[:1]


# The desk's side ------------------------------------------------------------------------------------------------------


def test_the_desk_confirms_parts_by_their_own_number(intake: Intake) -> None:
    sent(intake, reported(intake), file_of())
    last = parse_pages(intake.relay("/relay/parts", bytes(4)).body)[0][-1].position
    before = intake.relay("/relay/confirm", bytes(8)).json
    assert intake.relay("/relay/confirm", bytes(4) + last.to_bytes(4)).json == {**before, "parts": last}
    assert intake.relay("/relay/confirm", bytes(8)).json == {**before, "parts": last}


def test_a_receipt_stands_in_the_box_once(intake: Intake) -> None:
    own = reported(intake)
    receipt = serialize(Receipt(bytes(16), own.box, sha256(own.envelope).digest(), bytes(32), DAY, bytes(32)))
    assert [push(intake, Frame(0, RECEIPT, DAY, own.box, receipt)).json for _ in range(2)] == [{"stored": 1, "unknown": 0}] * 2
    assert [(frame.position, frame.direction, frame.sealed) for frame in intake.thread(own)][1:] == [(2, RECEIPT, receipt)]


def test_what_is_taken_is_noted_once_it_is_whole(intake: Intake) -> None:
    own = reported(intake)
    parts = sent(intake, own, file_of())
    answers = [intake.relay("/relay/taken", own.box + parts[0].file), intake.relay("/relay/taken", bytes(48))]
    assert [answer.json for answer in answers] == [{"file": parts[0].file.hex()}, {"file": bytes(16).hex()}]
    assert [row[-1] for row in intake.stored()["file"] if row[3] == parts[0].file] == [datetime.now(UTC).date().isoformat()]


@pytest.mark.parametrize(
    ("direction", "sealed", "name"),
    [
        (RECEIPT, PLAIN, "not_pages"),
        (PART, PLAIN, "not_a_submission"),
        (PART, serialize_part(Part(bytes(16), len(PLAIN), 0, PLAIN)), "not_an_envelope"),
    ],
)
def test_a_push_of_something_else_keeps_nothing_of_it(intake: Intake, direction: int, sealed: bytes, name: str) -> None:
    own = reported(intake)
    before = intake.stored()
    refused(push(intake, Frame(0, TO_REPORTER, DAY, own.box, envelope()), Frame(0, direction, DAY, own.box, sealed)), 400, name)
    assert intake.stored() == before


def test_a_push_of_a_part_for_a_box_that_there_is_not_is_counted_and_of_one_without_its_first_refused(intake: Intake) -> None:
    own, parts = reported(intake), file_of()
    assert push(intake, Frame(0, PART, DAY, bytes(32), serialize_part(parts[0]))).json == {"stored": 0, "unknown": 1}
    refused(push(intake, Frame(0, PART, DAY, own.box, serialize_part(parts[1]))), 404, "no_such_file")


# Nothing of what was refused ------------------------------------------------------------------------------------------


def test_nothing_of_a_file_that_was_refused_is_anywhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("canary")
    words = PLAIN * 4000
    with started(folder / "intake.sqlite") as intake:
        own, stranger, parts = reported(intake), intake.submission(), file_of()
        sent(intake, own, parts[:1])
        header = 22 + 2 * 1557 + 48
        plain = replace(parts[0], sealed=parts[0].sealed[:header] + (words * 2)[: PART_BYTES - header])
        later = replace(parts[1], sealed=(words * 2)[:PART_BYTES])
        answers = [
            begin(intake, own, replace(plain, sealed=words)),
            begin(intake, own, plain),
            begin(intake, stranger, plain),
            begin(intake, replace(stranger, box=own.box), plain),
            go_on(intake, stranger, later),
            go_on(intake, own, replace(later, file=bytes(16))),
            go_on(intake, own, replace(later, index=0)),
            go_on(intake, own, replace(later, sealed=later.sealed[:-1])),
            cancel(intake, Owned(own.box, own.access, PLAIN[:16])),
            read(intake, own, PLAIN[:16], 0),
        ]
        assert [answer.status for answer in answers] == [400, 409, 200, 200, 404, 404, 400, 400, 200, 200]
        running = b"".join(file.read_bytes() for file in folder.iterdir())
    after = b"".join(file.read_bytes() for file in folder.iterdir())
    assert [word for word in (*spellings(PLAIN), PLAIN[:16]) if word in running + after] == []
    assert parts[0].sealed[-1000:] in running  # what is kept would have been found


def cut_short(intake: Intake, path: str, begun: bytes, declared: int) -> tuple[int, str]:
    """What is answered to the beginning of a longer body, the rest of which is never sent; and that nothing of it is kept."""
    before = intake.stored()
    answered = intake.raw(HEAD.format(path, declared).encode() + begun)
    assert intake.stored() == before
    return int(answered.split()[1]), json.loads(answered.partition(b"\r\n\r\n")[2])["error"]

"""What is not an envelope ends at the first byte that departs, and nothing of it, or of who sent it, is kept anywhere."""

import json
import socket
from base64 import b64encode
from dataclasses import replace

import pytest

from tests.intake.running import Intake, started
from whistle.protocol.constants import CHALLENGE_LIMIT
from whistle.protocol.wire import LONGEST_SUBMISSION, Submission, serialize_submission

HEAD = "POST /api/submit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n"
PLAIN = b"The chief risk officer signs what he has not read."
CANARIES = [b"127.0.0.2", b"Mozilla/9.canary", b"canary-cookie", b"canary.example", b"203.0.113.77"]
ENVELOPE = 32 + 32 + 8 + 2  # before the challenge
STANZA = len("age-encryption.org/v1\n")
ENCAPSULATION = STANZA + len("-> mlkem768x25519 ")
BODY = ENCAPSULATION + 1494 + 1
SECOND = BODY + 43 + 1
MAC = STANZA + 2 * 1557
DEPARTURES = {
    "the first byte": 0,
    "the end of the version line": STANZA - 1,
    "another kind of stanza": STANZA + 3,
    "a character that is not base64": ENCAPSULATION + 700,
    "a second spelling of base64": ENCAPSULATION + 1493,
    "the line after the encapsulation": BODY - 1,
    "the body of a stanza": BODY + 5,
    "neither a stanza nor the end": SECOND,
    "the header's end": MAC + 3,
    "a character of the header's code": MAC + 10,
}


@pytest.mark.parametrize("place", DEPARTURES.values(), ids=DEPARTURES)
def test_the_first_byte_that_departs_ends_the_request(intake: Intake, place: int) -> None:
    submission = intake.submission()
    body = serialize_submission(submission)
    start = ENVELOPE + len(submission.challenge) + place
    before = intake.stored()
    answered = intake.raw(HEAD.format(len(body)).encode() + body[:start] + b"!")  # and no more: the rest is never sent
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert named(answered) == "not_an_envelope"
    assert intake.stored() == before


@pytest.mark.parametrize("place", DEPARTURES.values(), ids=DEPARTURES)
def test_what_arrives_in_two_pieces_is_kept_if_it_does_not_depart(intake: Intake, place: int) -> None:
    submission = intake.submission()
    body = serialize_submission(submission)
    start = ENVELOPE + len(submission.challenge) + place
    with socket.create_connection(("127.0.0.1", intake.port), 30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(HEAD.format(len(body)).encode() + body[:start])
        connection.sendall(body[start:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_challenge_with_another_character_ends_the_request(intake: Intake) -> None:
    body = bytes(72) + (20).to_bytes(2) + b"abc!"
    assert named(intake.raw(HEAD.format(20000).encode() + body)) == "not_a_submission"


@pytest.mark.parametrize("path", ["submit", "post"])
def test_without_a_challenge_that_holds_the_envelope_is_not_waited_for(intake: Intake, path: str) -> None:
    body = serialize_submission(replace(intake.submission(), challenge="a.b.c"))
    head = HEAD.replace("submit", path).format(len(body)).encode()
    answered = intake.raw(head + body[: ENVELOPE + len("a.b.c")])  # and no more
    assert answered.startswith(b"HTTP/1.1 403 ")
    assert named(answered) == "challenge_refused"


@pytest.mark.parametrize("length", [0, CHALLENGE_LIMIT + 1])
def test_a_challenge_of_another_length_ends_the_request(intake: Intake, length: int) -> None:
    assert named(intake.raw(HEAD.format(20000).encode() + bytes(72) + length.to_bytes(2))) == "not_a_submission"


@pytest.mark.parametrize("change", [-1, 1, -1024])
def test_a_length_that_is_not_permitted_is_not_kept(intake: Intake, change: int) -> None:
    whole = intake.submission()
    sealed = whole.envelope[:change] if change < 0 else whole.envelope + bytes(change)
    before = intake.stored()
    answer = intake.send("/api/submit", Submission(whole.box, whole.access, whole.proof, whole.challenge, sealed))
    assert (answer.status, answer.json["error"]) == (400, "not_an_envelope")
    assert intake.stored() == before


def test_a_declared_length_above_the_longest_is_refused_before_a_byte_of_it(intake: Intake) -> None:
    answered = intake.raw(HEAD.format(LONGEST_SUBMISSION + 1).encode())
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert named(answered) == "too_large"


def test_a_body_without_a_declared_length_ends_where_no_envelope_is_so_long(intake: Intake) -> None:
    body = serialize_submission(intake.submission(size=262144)) + b"x"
    head = HEAD.replace("Content-Length: {}", "Transfer-Encoding: chunked").encode()
    assert named(intake.raw(head + b"%x\r\n%s\r\n" % (len(body), body))) == "not_an_envelope"


def test_a_report_that_is_cut_off_is_not_kept(intake: Intake) -> None:
    body = serialize_submission(intake.submission())
    before = intake.stored()
    with socket.create_connection(("127.0.0.1", intake.port), 30) as connection:
        connection.sendall(HEAD.format(len(body)).encode() + body[:-1])
    assert intake.call("GET", "/").status == 200
    assert intake.stored() == before


def test_nothing_of_who_sent_it_or_of_what_was_refused_is_anywhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("canary")
    with started(folder / "intake.sqlite") as intake:
        begun = bytes(72) + b"\0\3abc" + PLAIN
        kept = serialize_submission(intake.submission())
        for path, body in (("submit", kept), ("submit", PLAIN), ("post", begun), ("fetch", PLAIN), ("x", PLAIN)):
            intake.raw(_as_somebody(f"/api/{path}?secret=canary.example", body), source="127.0.0.2")
        intake.raw(PLAIN + b"\r\n\r\n", source="127.0.0.2")
        elsewhere = b"GET / HTTP/1.1\r\nHost: canary.example\r\nConnection: close\r\nCookie: %s\r\n\r\n" % PLAIN
        intake.raw(elsewhere, source="127.0.0.2")
        assert len(intake.stored()["entry"]) == 1
        running = b"".join(file.read_bytes() for file in folder.iterdir())
    after = b"".join(file.read_bytes() for file in folder.iterdir())
    found = [word for word in (*CANARIES, *spellings(PLAIN)) if word in running + after]
    assert found == []
    assert kept[-1000:] in running  # what is kept would have been found


def test_what_intake_prints_says_only_that_it_started_and_stopped(tmp_path_factory: pytest.TempPathFactory) -> None:
    with started(tmp_path_factory.mktemp("printed") / "intake.sqlite") as intake:
        intake.send("/api/submit", intake.submission())
        intake.raw(b"nonsense\r\n\r\n")
    expected = f"whistle-intake: listening on ports {intake.port} and {intake.relay_port}.\nwhistle-intake: stopped.\n"
    assert intake.output.read_text() == expected


def _as_somebody(path: str, body: bytes) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: Mozilla/9.canary",
        "Cookie: session=canary-cookie",
        "Referer: https://canary.example/",
        "X-Forwarded-For: 203.0.113.77",
        "Content-Type: application/octet-stream",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def spellings(plain: bytes) -> list[bytes]:
    """The words as they are, in hexadecimal, and in base64 at each of its three alignments."""
    base64 = [b64encode(b"\0" * shift + plain)[4:-4] for shift in range(3)]
    return [plain[:20], plain[:20].hex().encode(), *(each[:24] for each in base64)]


def named(answered: bytes) -> str:
    return str(json.loads(answered.partition(b"\r\n\r\n")[2])["error"])

"""Every answer of both listeners carries one and the same set of security headers, and no cookie; over raw sockets."""

import pytest

from tests.intake.running import SEALED, Intake, started
from whistle.web.headers import INTAKE_POLICY, security_headers

EXPECTED = sorted(security_headers(INTAKE_POLICY))
NAMES = {name for name, _ in EXPECTED}
LINE = "HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close"
TYPE = "Content-Type: application/octet-stream"
REQUESTS = {
    "a page": (200, f"GET / {LINE}\r\n\r\n"),
    "the head of a page": (200, f"HEAD / {LINE}\r\n\r\n"),
    "nothing": (404, f"GET /nothing {LINE}\r\n\r\n"),
    "a challenge": (200, f"GET /api/challenge {LINE}\r\n\r\n"),
    "a wrong method": (405, f"DELETE /api/submit {LINE}\r\n\r\n"),
    "a wrong type": (415, f"POST /api/submit {LINE}\r\nContent-Length: 1\r\n\r\nx"),
    "too much": (413, f"POST /api/submit {LINE}\r\n{TYPE}\r\nContent-Length: 999999999\r\n\r\n"),
    "no envelope": (400, f"POST /api/submit {LINE}\r\n{TYPE}\r\nContent-Length: 1\r\n\r\nx"),
    "another host": (421, f"GET / {LINE}\r\n\r\n".replace("127.0.0.1", "localhost")),
    "no host": (421, "GET / HTTP/1.0\r\n\r\n"),
    "two hosts": (421, f"GET / {LINE}\r\nHost: 127.0.0.1\r\n\r\n"),
    "no request": (400, "\x16\x03\x01nonsense\r\n\r\n"),
    "a header that is none": (400, f"GET / {LINE}\r\nx y z\r\n\r\n"),
    "two lengths": (400, f"POST / {LINE}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
    "both length and chunks": (400, f"POST / {LINE}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "a path that is none": (400, f"GET http:// {LINE}\r\n\r\n"),
    "an upgrade": (200, f"GET / {LINE}, upgrade\r\nUpgrade: websocket\r\n\r\n"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_answer_has_the_same_security_headers_once(intake: Intake, name: str) -> None:
    status, request = REQUESTS[name]
    head = intake.raw(request.encode("latin-1")).partition(b"\r\n\r\n")[0].decode()
    first, *lines = head.split("\r\n")
    headers = [(key.lower(), value) for key, _, value in (line.partition(": ") for line in lines)]
    assert first.split(" ")[1] == str(status)
    assert sorted(header for header in headers if header[0] in NAMES) == EXPECTED
    assert not {"server", "date", "set-cookie", "link", "refresh", "location"} & {key for key, _ in headers}


def test_the_very_first_connection_has_them_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    with started(tmp_path_factory.mktemp("first") / "intake.sqlite") as intake:
        assert b"content-security-policy" in intake.raw(b"nonsense\r\n\r\n")


def test_the_relay_has_them_too(intake: Intake) -> None:
    for answer in (intake.relay("/relay/pull", bytes(4)), intake.relay("/relay/pull", bytes(4), "00" * 32)):
        assert sorted((key.lower(), value) for key, value in answer.headers if key.lower() in NAMES) == EXPECTED


def test_a_cookie_changes_nothing(intake: Intake) -> None:
    for path in ("/", "/nothing", "/api/submit"):
        with_cookie = intake.call("GET", path, headers={"Cookie": "desk=stolen"})
        assert with_cookie == intake.call("GET", path)


def test_the_desks_cookie_on_intakes_port_is_sent_away(intake: Intake) -> None:
    host = {"Host": f"localhost:{intake.port}", "Cookie": "desk=stolen"}
    answer = intake.call("POST", "/api/fetch", bytes(68), {**SEALED, **host})
    assert (answer.status, answer.json["error"]) == (421, "wrong_host")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8440", "intake.example", "INTAKE.EXAMPLE:443"])
def test_its_own_names_are_answered_on_any_port(intake: Intake, host: str) -> None:
    assert intake.call("GET", "/", headers={"Host": host}).status == 200


@pytest.mark.parametrize("host", ["", ":80", "127.0.0.1.example", "x127.0.0.1", "127.0.0.1:port", "intake.example@x.example"])
def test_no_other_name_is_answered(intake: Intake, host: str) -> None:
    assert intake.call("GET", "/", headers={"Host": host}).status == 421


def test_a_page_is_not_sent_again_to_who_has_it(intake: Intake) -> None:
    page = intake.call("GET", "/", headers={"Accept-Encoding": "br"})
    (etag,) = page.all("etag")
    again = intake.call("GET", "/", headers={"Accept-Encoding": "br", "If-None-Match": etag})
    assert (again.status, again.body, again.all("etag")) == (304, b"", [etag])


def test_what_there_is_not_is_one_fixed_document(intake: Intake) -> None:
    first, second = intake.call("GET", "/nothing"), intake.call("GET", "/api/nothing?or=other")
    assert first == second
    assert (first.status, first.all("content-type")) == (404, ["text/html; charset=utf-8"])

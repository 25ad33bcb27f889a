"""nginx in front of both programs, as deploy/ has it: keeps nothing, passes on nothing, adds nothing but the same headers."""

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import test_journey as journey
from tests.conftest import CHROMIUM, TOP, Demo
from tests.deploy.running import DESK, INTAKE, RELAY, Deployed, Ports, certify_all, deployed, proxy, scratch, seven_ports
from tests.desk.running import PASSPHRASES
from tests.intake.running import TOKEN, Intake, envelope
from tests.intake.test_refusals import spellings
from whistle.protocol.wire import LONGEST_SUBMISSION, Fetch, Submission, serialize_fetch, serialize_submission
from whistle.web.headers import DESK_POLICY, INTAKE_POLICY, security_headers

pytestmark = pytest.mark.slow
PLAIN = b"The chief risk officer signs what he has not read."
WHO = [b"127.0.0.2", b"Mozilla/9.canary", b"canary-cookie", b"canary.example", b"203.0.113.77"]
SEALED = "Content-Type: application/octet-stream"
WHOLE_DISK = [Path("/var/log/nginx"), Path("/var/lib/nginx")]
PASSED = {"host", "content-type", "content-length", "accept-encoding", "if-none-match"}
NAMES = {name for name, _ in security_headers(INTAKE_POLICY)}


@pytest.fixture(scope="module")
def running() -> Iterator[Deployed]:
    with deployed() as everything:
        yield everything


def test_a_report_crosses_both_proxies_and_is_answered(running: Deployed, tmp_path: Path) -> None:
    for zone in ("intake", "desk"):
        for end in ("", "-wal"):
            (tmp_path / f"{zone}.sqlite{end}").symlink_to(running.root / f"lib/whistle-{zone}/{zone}.sqlite{end}")
    places = [f"MAP {INTAKE} 127.0.0.1:{running.ports.intake_tls}", f"MAP {DESK} 127.0.0.1:{running.ports.desk_tls}"]
    options = [*CHROMIUM, "--ignore-certificate-errors", f"--host-resolver-rules={', '.join(places)}"]
    demo = Demo(f"https://{INTAKE}", "", f"https://{DESK}", PASSPHRASES, "", tmp_path, running.root / "out/intake")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        journey.test_a_report_is_read_acknowledged_and_answered_and_only_sealed_bytes_crossed(demo, browser)
        page = browser.new_context().new_page()
        page.goto(demo.intake)
        assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
        browser.close()


def get(host: str, path: str = "/", *lines: str, method: str = "GET") -> bytes:
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *lines]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"


def post(host: str, path: str, body: bytes, *lines: str) -> bytes:
    return get(host, path, f"Content-Length: {len(body)}", *lines, method="POST") + body


PROGRAMS_ANSWER = {
    "a page": (200, get(INTAKE)),
    "nothing": (404, get(INTAKE, "/nothing")),
    "a challenge": (200, get(INTAKE, "/api/challenge")),
    "a wrong method": (405, get(INTAKE, "/api/submit", method="DELETE")),
    "a wrong type": (415, post(INTAKE, "/api/submit", b"x")),
    "too much for the program": (413, get(INTAKE, "/api/submit", SEALED, "Content-Length: 500000", method="POST")),
    "no envelope": (400, post(INTAKE, "/api/submit", b"x", SEALED)),
    "another host": (421, get("localhost")),
    "no host": (421, b"GET / HTTP/1.0\r\n\r\n"),
}
NGINX_ANSWERS = {
    "too much": (413, get(INTAKE, "/api/submit", SEALED, "Content-Length: 999999999", method="POST")),
    "no request": (400, b"nonsense\r\n\r\n"),
    "two hosts": (400, get(INTAKE, "/", f"Host: {INTAKE}")),
    "two lengths": (400, get(INTAKE, "/", "Content-Length: 1", "Content-Length: 2", method="POST") + b"xx"),
    "a path without end": (414, get(INTAKE, "/" + "x" * 20_000)),
    "a header without end": (400, get(INTAKE, "/", "X: " + "x" * 20_000)),
    "heads without end": (400, get(INTAKE, "/", *(f"X-{place}: {'x' * 8_000}" for place in range(9)))),
    "a trace": (405, get(INTAKE, method="TRACE")),
    "a tunnel": (400, get(INTAKE, f"{INTAKE}:443", method="CONNECT")),
    "a version that there is not": (505, f"GET / HTTP/9.0\r\nHost: {INTAKE}\r\n\r\n".encode()),
}


def head_of(answered: bytes) -> tuple[int, list[tuple[str, str]]]:
    first, *lines = answered.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return int(first.split(" ")[1]), [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]


def secured(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(header for header in headers if header[0] in NAMES)


@pytest.mark.parametrize("name", PROGRAMS_ANSWER)
def test_an_answer_of_the_program_gets_a_date_and_a_server_and_nothing_else(running: Deployed, name: str) -> None:
    expected, request = PROGRAMS_ANSWER[name]
    status, headers = head_of(running.raw(running.ports.intake_tls, INTAKE, request))
    assert status == expected
    with socket.create_connection(("127.0.0.1", running.ports.intake), 30) as direct:
        direct.sendall(request)
        _, own = head_of(b"".join(iter(lambda: direct.recv(65536), b"")))
    assert secured(headers) == sorted(security_headers(INTAKE_POLICY))
    assert [header for header in headers if header[0] == "server"] == [("server", "nginx")]
    added = {"server", "date", "connection"}
    assert sorted(each for each in headers if each[0] not in added) == sorted(each for each in own if each[0] not in added)


@pytest.mark.parametrize("name", NGINX_ANSWERS)
def test_an_answer_of_nginx_itself_has_the_same_security_headers_once(running: Deployed, name: str) -> None:
    expected, request = NGINX_ANSWERS[name]
    for port, host, policy in ((running.ports.intake_tls, INTAKE, INTAKE_POLICY), (running.ports.desk_tls, DESK, DESK_POLICY)):
        status, headers = head_of(running.raw(port, host, request))
        assert (status, secured(headers)) == (expected, sorted(security_headers(policy)))


def test_a_request_without_tls_gets_them_too(running: Deployed) -> None:
    with socket.create_connection(("127.0.0.1", running.ports.intake_tls), 30) as connection:
        connection.sendall(get(INTAKE))
        status, headers = head_of(b"".join(iter(lambda: connection.recv(65536), b"")))
    assert (status, secured(headers)) == (400, sorted(security_headers(INTAKE_POLICY)))


def test_the_desks_own_answer_has_them_once(running: Deployed) -> None:
    for path, expected in (("/sign-in", 200), ("/", 303), ("/nothing", 404)):
        status, headers = head_of(running.raw(running.ports.desk_tls, DESK, get(DESK, path)))
        assert (status, secured(headers)) == (expected, sorted(security_headers(DESK_POLICY)))


PULL = post(RELAY, "/relay/pull", bytes(4), SEALED, f"Authorization: Bearer {TOKEN}")


def test_the_relay_answers_whoever_has_the_desks_certificate_and_its_token(running: Deployed) -> None:
    status, headers = head_of(running.raw(running.ports.relay_tls, RELAY, PULL, certificate="desk"))
    assert (status, secured(headers)) == (200, sorted(security_headers(INTAKE_POLICY)))
    without = PULL.replace(TOKEN.encode(), b"00" * 32)
    assert head_of(running.raw(running.ports.relay_tls, RELAY, without, certificate="desk"))[0] == 401


@pytest.mark.parametrize("certificate", [None, "stranger"])
def test_nobody_reaches_the_relay_without_the_desks_certificate(running: Deployed, certificate: str | None) -> None:
    status, headers = head_of(running.raw(running.ports.relay_tls, RELAY, PULL, certificate=certificate))
    assert (status, secured(headers)) == (400, sorted(security_headers(INTAKE_POLICY)))


def test_the_relay_is_not_among_the_pages_nor_the_pages_in_the_relay(running: Deployed) -> None:
    assert head_of(running.raw(running.ports.intake_tls, INTAKE, PULL.replace(RELAY.encode(), INTAKE.encode())))[0] == 404
    assert head_of(running.raw(running.ports.relay_tls, RELAY, get(INTAKE), certificate="desk"))[0] == 401


# What is written.


def submission(running: Deployed, size: int = 16384, box: bytes = b"", access: bytes = b"") -> Submission:
    """A whole new submission, solved."""
    intake = Intake(running.nginx[0], Path(), Path(), running.ports.intake, running.ports.relay)
    challenge, proof = _solved(intake)
    return Submission(box or os.urandom(32), access or os.urandom(32), proof, challenge, envelope(size))


def _solved(intake: Intake) -> tuple[str, bytes]:
    given = intake.call("GET", "/api/challenge", headers={"Host": INTAKE}).json
    counter = 0
    while int.from_bytes(sha256(given["challenge"].encode() + counter.to_bytes(8)).digest()) >> (256 - given["difficulty"]):
        counter += 1
    return given["challenge"], counter.to_bytes(8)


def files_of(root: Path) -> dict[Path, bytes]:
    """Every file that nginx or a program could have written."""
    places = [path for top in (root, *WHOLE_DISK) for path in top.rglob("*")]
    return {path: path.read_bytes() for path in places if path.is_file() and not path.is_relative_to(root / "opt")}


def as_somebody(host: str, path: str, body: bytes, *lines: str) -> bytes:
    who = [
        "User-Agent: Mozilla/9.canary",
        "Cookie: session=canary-cookie",
        "Referer: https://canary.example/",
        "X-Forwarded-For: 203.0.113.77",
        "Forwarded: for=203.0.113.77",
        *lines,
    ]
    return post(host, f"{path}?secret=canary.example", body, *who)


def test_nothing_of_who_sent_it_or_of_what_was_refused_is_on_any_disk(running: Deployed) -> None:
    ports, somebody = running.ports, "127.0.0.2"
    kept = serialize_submission(submission(running))
    before = files_of(running.root)  # the machine's own logs may be there already, from whatever ran on it
    answers = []
    for path, body in (("submit", kept), ("submit", PLAIN), ("submit", kept[:9_000] + PLAIN), ("fetch", PLAIN), ("x", PLAIN)):
        answers += [running.raw(ports.intake_tls, INTAKE, as_somebody(INTAKE, f"/api/{path}", body, SEALED), somebody)]
    assert [head_of(each)[0] for each in answers] == [200, 400, 400, 400, 404]
    form = "Content-Type: application/x-www-form-urlencoded"
    signing_in = as_somebody(DESK, "/sign-in", b"name=anna&passphrase=" + PLAIN, form, "Sec-Fetch-Site: same-origin")
    answers = [running.raw(ports.desk_tls, DESK, signing_in, somebody)]
    assert head_of(answers[0])[0] == 403
    answers += [
        running.raw(ports.relay_tls, RELAY, as_somebody(RELAY, "/relay/pull", PLAIN, SEALED), somebody, each)
        for each in (None, "desk")
    ]
    for port, host in ((ports.intake_tls, INTAKE), (ports.desk_tls, DESK)):
        oversized = as_somebody(host, "/x", b"", SEALED).replace(b"Content-Length: 0", b"Content-Length: 999999999")
        answers += [
            running.raw(port, host, sent, somebody) for sent in (PLAIN + b"\r\n\r\n", get(PLAIN.decode()), oversized + PLAIN)
        ]
        with running.tls(port, host, somebody) as connection:  # and whoever hangs up half-way
            connection.sendall(as_somebody(host, "/api/submit", PLAIN * 4_000, SEALED)[:100_000])
        with socket.create_connection(("127.0.0.1", port), 30, (somebody, 0)) as connection:
            connection.sendall(PLAIN * 10)
            connection.recv(65536)
    assert all(answers)
    files = files_of(running.root)
    words = (*WHO, *spellings(PLAIN))
    found = [
        (path, word) for path, held in files.items() for word in words if held.count(word) > before.get(path, b"").count(word)
    ]
    assert found == []
    assert any(kept[-1000:] in held for held in files.values())  # what is kept would have been found
    assert all((running.root / f"out/nginx-{zone}").read_bytes() == b"" for zone in ("intake", "desk"))


def open_files(running: Deployed) -> set[str]:
    """What the processes of both nginx have open that is a file, deleted ones too."""
    pids = [str(process.pid) for process in running.nginx]
    for parent in list(pids):
        pids += Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    assert len(pids) > len(running.nginx)
    links = [str(link.readlink()) for pid in pids for link in Path(f"/proc/{pid}/fd").iterdir()]
    return {link for link in links if link.startswith("/") and not link.startswith(f"{running.root}/out/")}


def spooled(running: Deployed) -> list[Path]:
    return [path for path in (running.root / "run").rglob("nginx-*/**/*") if path.is_file()]


@contextmanager
def half_sent(running: Deployed, port: int, host: str, path: str, length: int, half: bytes) -> Iterator[None]:
    with running.tls(port, host) as connection:
        connection.sendall(get(host, path, SEALED, f"Content-Length: {length}", method="POST").replace(b"close", b"keep-alive"))
        connection.sendall(half)
        running.raw(port, host, get(host))  # answered: what came before has been read by now
        yield


def test_a_body_that_is_half_sent_is_in_no_file(running: Deployed) -> None:
    body = serialize_submission(submission(running, 262144))
    with half_sent(running, running.ports.intake_tls, INTAKE, "/api/submit", len(body), body[:200_000]):
        assert open_files(running) == {"/dev/null"}
        assert spooled(running) == []


def test_a_body_for_the_desk_that_is_half_sent_is_in_no_file(running: Deployed) -> None:
    with half_sent(running, running.ports.desk_tls, DESK, "/sign-in", 100_000_000, bytes(1_000_000)):
        assert open_files(running) == {"/dev/null"}
        assert spooled(running) == []


def test_an_answer_that_is_not_read_is_in_no_file(running: Deployed) -> None:
    first = submission(running, 262144)
    for path, each in (("submit", first), *(("post", submission(running, 262144, first.box, first.access)) for _ in range(3))):
        sent = post(INTAKE, f"/api/{path}", serialize_submission(each), SEALED)
        assert head_of(running.raw(running.ports.intake_tls, INTAKE, sent))[0] == 200
    fetch = post(INTAKE, "/api/fetch", serialize_fetch(Fetch(first.box, first.access, 0)), SEALED)
    with running.tls(running.ports.intake_tls, INTAKE, window=4_096) as connection:
        connection.sendall(fetch)
        assert connection.recv(1)
        running.raw(running.ports.intake_tls, INTAKE, get(INTAKE))
        assert open_files(running) == {"/dev/null"}
        assert spooled(running) == []
        assert len(b"".join(iter(lambda: connection.recv(65536), b""))) > 700_000


# What is passed on.


@contextmanager
def recorder() -> Iterator[tuple[int, list[bytes]]]:
    """In a program's place: keeps the head of what it is sent, and hangs up."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                connection, _ = listener.accept()
                with connection:
                    came = connection.recv(65536)
                    if came == b"stop":
                        return
                    heard.append(came)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield listener.getsockname()[1], heard
        finally:
            with socket.create_connection(listener.getsockname()) as last:
                last.sendall(b"stop")
            thread.join()


@pytest.mark.parametrize(
    ("zone", "passed"),
    [
        ("intake", {"host", "content-type", "content-length", "accept-encoding", "if-none-match"}),
        (
            "desk",
            {
                "host",
                "content-type",
                "content-length",
                "accept-encoding",
                "if-none-match",
                "cookie",
                "origin",
                "sec-fetch-site",
            },
        ),
    ],
)
def test_a_program_is_given_the_headers_that_it_reads_and_no_others(zone: str, passed: set[str]) -> None:
    """And what nginx says when a program hangs up has the same headers as everything."""
    host, policy = {"intake": (INTAKE, INTAKE_POLICY), "desk": (DESK, DESK_POLICY)}[zone]
    more = ["Accept-Language: kl", "Accept-Encoding: br", "If-None-Match: x", "Origin: null", "Sec-Fetch-Site: none", SEALED]
    with scratch() as root, recorder() as (port, heard):
        three = seven_ports()
        ports = Ports(port, port, port, three.intake_tls, three.relay_tls, three.desk_tls, three.desk_to_relay)
        certify_all(root)
        with proxy(root, zone, ports) as nginx:
            everything = Deployed(root, ports, (nginx,))
            public = ports.intake_tls if zone == "intake" else ports.desk_tls
            answered = everything.raw(public, host, as_somebody(host, "/api/x", PLAIN, *more), "127.0.0.2")
    status, headers = head_of(answered)
    assert (status, secured(headers)) == (502, sorted(security_headers(policy)))
    assert len(heard) == 1
    names = {line.partition(":")[0].lower() for line in heard[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]}
    assert names == passed
    assert not [word for word in WHO if word in heard[0].replace(b"?secret=canary.example", b"") and zone == "intake"]


@pytest.mark.parametrize(("zone", "shared"), [("intake", ["body", "static"]), ("desk", ["body", "forms"])])
def test_every_header_that_a_program_asks_for_is_passed_on(zone: str, shared: list[str]) -> None:
    files = [*(TOP / "whistle" / zone).glob("*.py"), *(TOP / f"whistle/web/{name}.py" for name in shared)]
    asked = re.findall(
        r"(?:request\.headers|Headers\(scope=scope\))\.get\(\"([\w-]+)\"", "".join(file.read_text() for file in files)
    )
    passed = re.findall(r"proxy_set_header (\S+) \$", (TOP / f"deploy/{zone}/nginx.conf").read_text())
    assert len(asked) > 2
    assert set(asked) <= {name.lower() for name in passed} | {"content-length"}


def test_the_longest_body_that_intake_takes_passes_through() -> None:
    limits = re.findall(r"client_max_body_size (\d+)([km]);", (TOP / "deploy/intake/nginx.conf").read_text())
    public = int(limits[0][0]) * {"k": 1024, "m": 1024 * 1024}[limits[0][1]]
    assert public >= LONGEST_SUBMISSION

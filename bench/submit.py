"""Durable submissions a second through a real intake, beside a bare Starlette endpoint that throws the same body away.

One worker of each, its sender in a process of its own, every challenge solved before the clock runs. A machine is noisy and
both its ends share it, so the relation says more than the figures. Usage: python bench/submit.py [requests for each line]
"""

import asyncio
import multiprocessing
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from tests.intake.running import envelope, started  # noqa: E402 - found only from the top
from whistle.protocol.wire import Submission, serialize_submission  # noqa: E402
from whistle.web.challenge import Challenges, is_solved  # noqa: E402
from whistle.web.headers import INTAKE_POLICY, security_headers  # noqa: E402
from whistle.web.listening import Server, bind, run  # noqa: E402

CONNECTIONS = (1, 16, 64, 256)
CALM = 10**9  # the work asked for does not rise while it is measured
GROUP, ALONE = ("0", "128", str(CALM)), ("0", "1", str(CALM))  # how many submissions may share a commit
HEAD = "POST /api/submit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n"


@dataclass(frozen=True)
class Measured:
    """What one sender saw."""

    rate: float
    latencies: list[float]
    errors: int

    def __str__(self) -> str:
        at = [1000 * self.latencies[int(len(self.latencies) * part)] if self.latencies else 0 for part in (0.5, 0.99)]
        return f"{self.rate:6.0f}/s  p50 {at[0]:6.1f} ms  p99 {at[1]:6.1f} ms  {self.errors} errors"


def main(count: int) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as sender, tempfile.TemporaryDirectory() as folder:

        def measure(port: int, connections: int) -> Measured:
            return sender.submit(send, port, connections, list(submissions(count))).result()

        print(f"fsync: {fsyncs(Path(folder) / 'plain'):.0f}/s of 16 KiB. Envelopes of the 16 KiB class, {count} a line")
        with bare() as port, started(Path(folder) / "group.sqlite", *GROUP) as intake:
            print(f"intake at rest: {resident(intake.process.pid)}")
            for connections in CONNECTIONS:
                beside, durable = measure(port, connections), measure(intake.port, connections)
                print(f"{connections:3} connections, bare    {beside}")
                print(f"{connections:3} connections, durable {durable}  {durable.rate / beside.rate:.0%} of bare")
                print(f"    {resident(intake.process.pid)}")
        with started(Path(folder) / "alone.sqlite", *ALONE) as intake:
            print(f" 64 connections, one commit for each {measure(intake.port, 64)}")


def submissions(count: int) -> Iterator[bytes]:
    """Whole requests without the envelope, which is the same in all of them: each opens another box."""
    challenges = Challenges("s" * 32, "test", time.time, secrets.token_bytes, CALM)  # the secret of tests/intake/server.py
    for _ in range(count):
        challenge = challenges.make()
        proof = next(n.to_bytes(8) for n in range(2**40) if is_solved(challenge.text, n.to_bytes(8), challenge.bits))
        body = serialize_submission(Submission(secrets.token_bytes(32), secrets.token_bytes(32), proof, challenge.text, b""))
        yield HEAD.format(len(body) + len(ENVELOPE)).encode() + body


ENVELOPE = envelope()


class Sender(asyncio.Protocol):
    """One connection: sends the next request as soon as the last one is answered."""

    def __init__(self, heads: Iterator[bytes], latencies: list[float], ended: Callable[[bool], None]) -> None:
        self.heads, self.latencies, self.ended = heads, latencies, ended
        self.came, self.waiting = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def next(self) -> None:
        head = next(self.heads, None)
        self.waiting = head is not None
        if head is None:
            self.transport.close()
        else:
            self.began = time.perf_counter()
            self.transport.writelines((head, ENVELOPE))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.came += data
        head, end, body = self.came.partition(b"\r\n\r\n")
        if end and len(body) == int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            if not head.startswith(b"HTTP/1.1 200 "):
                self.transport.abort()  # type: ignore[attr-defined]
                return
            self.latencies.append(time.perf_counter() - self.began)
            self.came = b""
            self.next()

    def connection_lost(self, _: Exception | None) -> None:
        self.ended(self.waiting)


def send(port: int, connections: int, heads: list[bytes]) -> Measured:
    """In a process of its own."""
    return uvloop.run(_send(port, connections, heads))


async def _send(port: int, connections: int, heads: list[bytes]) -> Measured:
    loop, latencies, errors, left = asyncio.get_running_loop(), list[float](), list[bool](), iter(heads)
    done = asyncio.Event()

    def ended(waiting: bool) -> None:
        errors.append(waiting)
        if len(errors) == connections:
            done.set()

    made = [loop.create_connection(lambda: Sender(left, latencies, ended), "127.0.0.1", port) for _ in range(connections)]
    senders = [sender for _, sender in await asyncio.gather(*made)]
    began = time.perf_counter()
    for sender in senders:
        sender.next()
    await done.wait()
    return Measured(len(latencies) / (time.perf_counter() - began), sorted(latencies), sum(errors))


@contextmanager
def bare() -> Iterator[int]:
    """The port of an endpoint that reads a body and keeps nothing, under the same server."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_serve_bare, args=(its,))
    process.start()
    yield ours.recv()
    process.terminate()
    process.join()


def _serve_bare(parent: Connection) -> None:
    async def endpoint(request: Request) -> JSONResponse:
        async for _ in request.stream():
            pass
        return JSONResponse({})

    application = Starlette(routes=[Route("/api/submit", endpoint, methods=["POST"])])
    listener = bind("127.0.0.1", 0)
    server = Server(application, security_headers(INTAKE_POLICY))
    run([(server, listener)], lambda: parent.send(listener.getsockname()[1]))


def fsyncs(file: Path, times: int = 200) -> float:
    """How often in a second this disk makes something durable."""
    with file.open("wb", buffering=0) as sink:
        began = time.perf_counter()
        for _ in range(times):
            sink.write(bytes(16384))
            os.fsync(sink.fileno())
        return times / (time.perf_counter() - began)


def resident(process: int) -> str:
    """What a process has in memory, and the most it had."""
    lines = dict(line.split(":") for line in Path(f"/proc/{process}/status").read_text().splitlines())
    now, most = (int(lines[name].split()[0]) / 1000 for name in ("VmRSS", "VmHWM"))
    return f"{now:.0f} MB resident, {most:.0f} MB at most"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)

"""Bytes a second of eight sealed files into a real intake, one upload at a time and all abreast, with the most memory it had.

Beside it, in the same run, a bare endpoint that writes each part to a file and syncs it. Parts are sent as a browser sends
them: one request each. Usage: python bench/files.py [megabytes]
"""

import multiprocessing
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from bench.submit import resident  # noqa: E402 - found only from the top
from tests.intake.running import SEALED, Intake, envelope, started  # noqa: E402
from tests.intake.test_files import begin, file_of, reported  # noqa: E402
from whistle.protocol.parts import Part, serialize_part  # noqa: E402
from whistle.web.headers import INTAKE_POLICY, security_headers  # noqa: E402
from whistle.web.listening import Server, bind, run  # noqa: E402

CALM = "1000000000"
ABREAST, FILES = (1, 8), 8


def main(megabytes: int) -> None:
    for uploads in ABREAST:
        files = [file_of(megabytes * 1_000_000 // FILES) for _ in range(FILES)]
        with tempfile.TemporaryDirectory() as folder:
            with bare(Path(folder)) as (process, port):
                beside = measured(port, uploads, [(envelope(), each) for each in files])
                print(f"{uploads} uploads, bare   {beside:5.0f} MB/s  {resident(process)}")
            with started(Path(folder) / "intake.sqlite", "0", "128", CALM) as intake:
                rate = measured(intake.port, uploads, [(begun(intake, each), each) for each in files])
                print(
                    f"{uploads} uploads, intake {rate:5.0f} MB/s  {resident(intake.process.pid)}  {rate / beside:.0%} of bare"
                )


def begun(intake: Intake, file: list[Part]) -> bytes:
    """A box with a report and the beginning of a file in it: what its owner shows."""
    own = reported(intake)
    assert begin(intake, own, file[0]).status == 200
    return own.box + own.access


def measured(port: int, uploads: int, jobs: list[tuple[bytes, list[Part]]]) -> float:
    """Megabytes a second, from the first byte of a later part to the last answer."""
    with ThreadPoolExecutor(uploads) as senders:
        began = time.perf_counter()
        list(senders.map(lambda job: send(port, job[0][:64], job[1]), jobs))
        return sum(part.length for _, (_, part, *_) in jobs) / 1e6 / (time.perf_counter() - began)


def send(port: int, owner: bytes, file: list[Part]) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for part in file[1:]:
            connection.request("POST", "/api/part", owner + serialize_part(part), SEALED)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                sys.exit(f"It answered {answer.status}.")


@contextmanager
def bare(folder: Path) -> Iterator[tuple[int, int]]:
    """The process and the port of an endpoint that appends what comes to a file and syncs it, under the same server."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_serve_bare, args=(its, folder))
    process.start()
    assert process.pid
    yield process.pid, ours.recv()
    process.terminate()
    process.join()


def _serve_bare(parent: Connection, folder: Path) -> None:
    async def endpoint(request: Request) -> JSONResponse:
        pieces = [piece async for piece in request.stream()]
        with (folder / secrets.token_hex(8)).open("wb") as sink:
            sink.writelines(pieces)
            sink.flush()
            os.fsync(sink.fileno())
        return JSONResponse({})

    application = Starlette(routes=[Route("/api/part", endpoint, methods=["POST"])])
    listener = bind("127.0.0.1", 0)
    server = Server(application, security_headers(INTAKE_POLICY))
    run([(server, listener)], lambda: parent.send(listener.getsockname()[1]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)

"""Submissions per second through a real intake, beside the same with one commit for each, in the same run.

Prints two figures; a machine is noisy, so only their relation says something. Usage: python bench/intake.py [submissions]
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from tests.intake.running import Intake, started  # noqa: E402 - found only from the top
from whistle.protocol.wire import serialize_submission  # noqa: E402

CONNECTIONS = 32
CALM = "1000000"  # the work asked for does not rise while it is measured: every challenge is solved before


def main(count: int) -> None:
    for name, arguments in (("group commit", ("0", "128", CALM)), ("one commit per request", ("0", "1", CALM))):
        with tempfile.TemporaryDirectory() as folder, started(Path(folder) / "intake.sqlite", *arguments) as intake:
            bodies = [_request(intake) for _ in range(count)]
            began = time.perf_counter()
            statuses = asyncio.run(_send_all(intake.port, bodies))
            rate = count / (time.perf_counter() - began)
            if statuses != {200}:
                sys.exit(f"Intake answered {statuses}.")
            print(f"{name}: {rate:.0f} submissions a second, {CONNECTIONS} connections, 16 KiB class")


def _request(intake: Intake) -> bytes:
    """A whole submission, its challenge solved before the clock runs."""
    body = serialize_submission(intake.submission())
    head = "POST /api/submit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


async def _send_all(port: int, requests: list[bytes]) -> set[int]:
    left, statuses = iter(requests), set[int]()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in left:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            statuses.add(int(head.split(b" ", 2)[1]))
            length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return statuses


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1500)

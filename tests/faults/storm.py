"""Junk for a running intake, as fast as asked: noise, envelopes without a proof, cut, oversized and dripping bodies.

A program of its own, so that its work is not the server's. Usage: python storm.py PORT REQUESTS_A_SECOND SECONDS
Prints how many requests it offered and how many connections were answered.
"""

import asyncio
import random
import secrets
import sys
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.intake.running import envelope

DRIPPING = 200  # connections that send a byte now and then
TICK = 0.02
GIVE_UP = 5.0
CHALLENGE = b"\x00\x40" + b"A" * 64
HURRIED = b"GET /api/challenge HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Attack(asyncio.Protocol):
    """One connection: sends its bytes at once and goes when it is answered."""

    open_ones = 0
    answered = 0

    def __init__(self, sent: bytes, leaves: bool) -> None:
        self._sent, self._leaves = sent, leaves

    def connection_made(self, transport: Any) -> None:
        Attack.open_ones += 1
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(GIVE_UP, transport.abort)
        transport.write(self._sent)
        if self._leaves:
            transport.close()

    def data_received(self, data: bytes) -> None:
        Attack.answered += 1
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        Attack.open_ones -= 1
        self._timer.cancel()


def post(path: str, body: bytes, length: int | None = None) -> bytes:
    head = f"POST /api/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: "
    return f"{head}{len(body) if length is None else length}\r\n\r\n".encode() + body


def junk() -> list[tuple[bytes, int, bool]]:
    """Bytes of a connection, how many requests they are, and whether it leaves without waiting."""
    unproved = secrets.token_bytes(72) + CHALLENGE + envelope()
    return [
        (post("submit", secrets.token_bytes(2_000)), 1, False),
        (post("submit", unproved), 1, False),
        (post("post", unproved), 1, False),
        (post("submit", unproved[:9_000], len(unproved)), 1, True),
        (post("submit", b"", 5_000_000), 1, False),
        (post("fetch", secrets.token_bytes(68)), 1, False),
        (post("begin", unproved), 1, False),
        (secrets.token_bytes(400), 1, False),
        (HURRIED * 20, 20, False),
    ]


async def drip(port: int) -> None:
    """A connection that never ends its request."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post("submit", b"", 20_000))
            while True:
                writer.write(b"\x00")
                await writer.drain()
                await asyncio.sleep(2)
        except OSError:
            await asyncio.sleep(1)


async def main(port: int, rate: int, seconds: float) -> None:
    loop, kinds, offered = asyncio.get_running_loop(), junk(), 0
    dripping = [asyncio.create_task(drip(port)) for _ in range(DRIPPING)]
    began = loop.time()
    while (now := loop.time()) < began + seconds:
        while offered < rate * (now - began) and Attack.open_ones < 900:
            sent, count, leaves = random.choice(kinds)
            offered += count
            await asyncio.wait([asyncio.ensure_future(_attack(loop, port, sent, leaves))], timeout=0)
        await asyncio.sleep(TICK)
    for task in dripping:
        task.cancel()
    print(f"{offered} {Attack.answered}")


async def _attack(loop: asyncio.AbstractEventLoop, port: int, sent: bytes, leaves: bool) -> None:
    try:
        await loop.create_connection(lambda: Attack(sent, leaves), "127.0.0.1", port)
    except OSError:
        return


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))

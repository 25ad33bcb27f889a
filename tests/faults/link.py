"""A way to a port that can be cut at any byte, slow and thin: what a telephone on a train has between itself and intake.

Forwards bytes and looks at none. Runs on an event loop in a thread of its own.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

_PIECE = 16_384


class Link:
    """Forwards connections from `port` to another port of loopback.

    `delay` is added to each direction, in seconds; `rate` bounds each direction of all connections together, in bytes a
    second. `cut_after` counts down with every byte of either direction: at 0 the connection that carries it is reset, and
    the count is put to the next of `again` (when they are at an end, nothing is cut any more).
    """

    def __init__(self, to: int, delay: float = 0.0, rate: int | None = None) -> None:
        self.to, self._delay, self._rate = to, delay, rate
        self.cut_after: int | None = None
        self.again: Iterator[int] = iter(())
        self.carried = 0
        self.cuts = 0
        self.down = False
        self.port = 0
        self._free = {"up": 0.0, "down": 0.0}  # when each direction is free for more, by the clock of the loop
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.Transport] = set()

    def start(self) -> None:
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()  # in which a test with a browser can start it, too: that has a loop of its own
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)

    async def _serve(self) -> None:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def fall(self, down: bool) -> None:
        """While it is down, what is open is reset and nothing new gets through."""
        self.down = down
        if down:
            self._loop.call_soon_threadsafe(lambda: [each.abort() for each in list(self._open)])

    async def _end(self) -> None:
        self._server.close()
        for transport in list(self._open):
            transport.abort()
        await asyncio.sleep(0)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.transport.abort()
            return
        ends = (writer.transport, far_writer.transport)
        self._open.update(ends)
        try:
            await asyncio.gather(self._carry("up", reader, far_writer, ends), self._carry("down", far_reader, writer, ends))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in ends:
                end.abort()
            self._open.difference_update(ends)

    async def _carry(
        self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: tuple[asyncio.Transport, ...]
    ) -> None:
        while piece := await reader.read(_PIECE):
            cut = self.cut_after is not None and len(piece) >= self.cut_after
            if self.cut_after is not None:
                piece = piece[: self.cut_after]
                self.cut_after = next(self.again, None) if cut else self.cut_after - len(piece)
            self.carried += len(piece)
            await self._wait(way, len(piece))
            writer.write(piece)
            await writer.drain()
            if cut:
                self.cuts += 1
                await asyncio.sleep(0)
                raise ConnectionResetError
        if writer.can_write_eof():
            writer.write_eof()

    async def _wait(self, way: str, length: int) -> None:
        if not self._delay and not self._rate:
            return
        now = self._loop.time()
        begins = max(now, self._free[way])
        self._free[way] = begins + (length / self._rate if self._rate else 0)
        await asyncio.sleep(self._free[way] + self._delay - now)


@contextmanager
def link(to: int, delay: float = 0.0, rate: int | None = None) -> Iterator[Link]:
    """A link that is taken down when the test is done with it."""
    made = Link(to, delay, rate)
    made.start()
    try:
        yield made
    finally:
        made.stop()

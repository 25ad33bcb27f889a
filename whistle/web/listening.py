"""Listening: the server under both programs, silent and with the same headers on everything that it answers.

Nothing of a request is printed or logged, whatever happens to it; client addresses are never asked for.
"""

import asyncio
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from whistle.errors import SettingsWrong

HEAD_BYTES, HEAD_SECONDS = 16_384, 20.0  # a request line and headers; no honest browser sends a quarter of it
STOP_SECONDS = 10  # what is under way when the program is told to stop may end


class WrongHost:
    """Answers 421 to any Host but its own, so that no other site's name, and no cookie set for it, leads in here."""

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and not self._names.isdisjoint((hosts[0], _without_port(hosts[0]))):
            await self._app(scope, receive, send)
        else:
            answer = {
                "error": "wrong_host",
                "message": "This server does not answer to that name. Use the address you were given.",
            }
            await JSONResponse(answer, 421, {"cache-control": "no-store", "connection": "close"})(scope, receive, send)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


class BoundedHead(HttpToolsProtocol):
    """uvicorn's parser takes a head of any length for any time; here it ends at HEAD_BYTES and HEAD_SECONDS."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_bytes = 0
        self._head_ends: asyncio.TimerHandle | None = None
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_ends is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse_head()

    def on_message_begin(self) -> None:
        self._begin_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._end_head()
        super().on_headers_complete()

    def _begin_head(self) -> None:
        self._end_head()
        self._head_ends = self.loop.call_later(HEAD_SECONDS, self._refuse_head)

    def _end_head(self) -> None:
        self._head_bytes = 0
        if self._head_ends is not None:
            self._head_ends.cancel()
        self._head_ends = None

    def _refuse_head(self) -> None:
        is_begun = self._head_bytes > 0
        self._end_head()
        if self.transport.is_closing():
            return
        if is_begun:
            self.send_400_response("Invalid HTTP request received.")
        else:
            # A browser opens connections before it needs one: it would take an answer here for that to its next question.
            self.transport.close()


class Server(uvicorn.Server):
    """A uvicorn that leaves signals to whoever runs several of them, and has its headers from the first connection on."""

    def __init__(self, app: ASGIApp, headers: list[tuple[str, str]]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedHead,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                headers=headers,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self.config.load()
        self.server_state.default_headers = self.config.encoded_headers

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. Raises SettingsWrong."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsWrong(f"Nothing can listen on {host} port {port}: {error.strerror}.") from None


def silence() -> None:
    """From here on no logger of this process prints: an error's text may hold a piece of a request."""
    logging.disable(logging.CRITICAL)


def allow_connections() -> None:
    """Raises the limit of open files, of which each connection is one, as far as this process may."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve(servers: Sequence[tuple[Server, socket.socket]], announce: Callable[[], None] = lambda: None) -> None:
    """Serves until SIGTERM or SIGINT, or until one of the servers ends; then all end. Announces that it can be stopped."""

    def stop() -> None:
        for server, _ in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    announce()
    async with asyncio.TaskGroup() as group:
        for server, listener in servers:
            group.create_task(server.serve([listener])).add_done_callback(lambda _: stop())


def run(servers: Sequence[tuple[Server, socket.socket]], announce: Callable[[], None]) -> None:
    """`serve`, on an event loop of its own, with as many connections as the system allows."""
    allow_connections()
    with asyncio.Runner(loop_factory=servers[0][0].config.get_loop_factory()) as runner:
        runner.run(serve(servers, announce))

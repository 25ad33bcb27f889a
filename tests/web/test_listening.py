"""The server under both programs: its headers on its own answers, its silence, and the time and length that a body may take."""

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from whistle.errors import SettingsWrong
from whistle.web import listening
from whistle.web.body import CutShort, TooLarge, TooSlow, WrongType, pieces
from whistle.web.headers import DESK_POLICY, security_headers
from whistle.web.listening import Server, allow_connections, bind

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/octet-stream\r\n"
Handler = Callable[[Request], Awaitable[Response]]


def exchange(handler: Handler, *pieces: bytes, hang_up: bool = False) -> bytes:
    """What a server with this handler answers to these pieces, sent over a socket of the loopback."""

    async def run() -> bytes:
        application = Starlette(routes=[Route("/", handler, methods=["GET", "POST"])])
        server, listener = Server(application, security_headers(DESK_POLICY)), bind("127.0.0.1", 0)
        port = listener.getsockname()[1]
        serving = asyncio.create_task(server.serve([listener]))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if hang_up:
            writer.close()
            await writer.wait_closed()
        answered = b"" if hang_up else await reader.read()
        writer.close()
        server.should_exit = True
        await serving
        return answered

    return asyncio.run(run())


def reading(seen: list[object], longest: int = 10, between: float = 20.0) -> Handler:
    """A handler that reads a body and notes what came of it."""

    async def handler(request: Request) -> Response:
        try:
            seen.append(b"".join([piece async for piece in pieces(request, longest, between=between)]))
        except (CutShort, TooLarge, TooSlow, WrongType) as error:
            seen.append(type(error))
        return PlainTextResponse("read")

    return handler


def test_an_unforeseen_mistake_has_the_headers_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(request: Request) -> Response:
        raise ZeroDivisionError(request.url.path)

    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)  # silence() does it for a whole process
    answered = exchange(broken, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").decode()
    head, _, body = answered.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 500 ")
    assert [head.count(f"{name}: {value}") for name, value in security_headers(DESK_POLICY)] == [1] * 10
    assert body == "Internal Server Error"


def test_a_body_is_read_in_whatever_pieces_it_comes() -> None:
    seen: list[object] = []
    exchange(reading(seen), HEAD + b"Content-Length: 6\r\n\r\nabc", b"def")
    assert seen == [b"abcdef"]


def test_a_body_that_stops_coming_is_too_slow() -> None:
    seen: list[object] = []
    exchange(reading(seen, between=0.05), HEAD + b"Content-Length: 6\r\n\r\nabc")
    assert seen == [TooSlow]


def test_a_body_that_is_too_long_is_refused() -> None:
    seen: list[object] = []
    exchange(reading(seen), HEAD + b"Content-Length: 11\r\n\r\n")
    exchange(reading(seen), HEAD + b"Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\nghijk\r\n")
    assert seen == [TooLarge, TooLarge]


def test_a_body_of_another_type_is_refused() -> None:
    seen: list[object] = []
    exchange(reading(seen), HEAD.replace(b"octet-stream", b"json") + b"Content-Length: 2\r\n\r\n{}")
    assert seen == [WrongType]


def test_a_sender_who_hangs_up_has_cut_it_short() -> None:
    seen: list[object] = []
    exchange(reading(seen), HEAD + b"Content-Length: 6\r\n\r\nabc", hang_up=True)
    assert seen == [CutShort]


def test_a_port_that_is_taken_is_named() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(SettingsWrong, match=r"Nothing can listen on 127\.0\.0\.1 port"):
        bind("127.0.0.1", taken.getsockname()[1])


def test_a_head_that_never_ends_is_refused_with_the_headers() -> None:
    answered = exchange(reading([]), b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", b"a" * 40_000, b"b" * 40_000)
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.lower().count(b"content-security-policy:") == 1


def test_a_head_that_stops_coming_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HEAD_SECONDS", 0.2)
    assert exchange(reading([]), b"GET / HTTP/1.1\r\nHost: x\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_connection_on_which_nothing_came_is_ended_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser opens connections before it needs them, and would show what came on one as the page that it asks for next."""
    monkeypatch.setattr(listening, "HEAD_SECONDS", 0.2)
    assert exchange(reading([]), b"") == b""


def test_a_body_may_take_longer_than_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HEAD_SECONDS", 0.2)
    seen: list[object] = []
    assert b" 200 " in exchange(reading(seen, between=0.6), HEAD + b"Content-Length: 4\r\n\r\n", b"ab")
    assert seen == [TooSlow]


def test_as_many_connections_are_allowed_as_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard // 2, hard))
    allow_connections()
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert allowed == (hard, hard)

"""The relay: what the desk asks of intake on its second listener (spec section 9). Intake never calls the desk."""

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from whistle.errors import NotASubmission, NotPages
from whistle.intake.answers import NotAdmitted, answer, refused
from whistle.intake.api import PAGES
from whistle.protocol import envelope
from whistle.protocol.constants import ANSWER_BYTES
from whistle.protocol.spelling import hexadecimal
from whistle.protocol.wire import TO_REPORTER, Frame, parse_pages, serialize_pages
from whistle.store.intake import Boxes
from whistle.web.body import whole


class DeskOnly:
    """Lets through whoever has the token, 32 bytes in hexadecimal, of which only the SHA-256 is known here."""

    def __init__(self, app: ASGIApp, token_sha256: str) -> None:
        self._app = app
        self._expected = bytes.fromhex(token_sha256)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._admits(Headers(scope=scope).get("authorization", "")):
            await self._app(scope, receive, send)
        else:
            await refused(Request(scope), NotAdmitted())(scope, receive, send)

    def _admits(self, authorization: str) -> bool:
        try:
            token = hexadecimal(authorization.removeprefix("Bearer "), 32)
        except ValueError:
            return False
        return authorization.startswith("Bearer ") and compare_digest(sha256(token).digest(), self._expected)


@dataclass(frozen=True)
class Relay:
    """The calls of the desk."""

    boxes: Boxes

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/relay/pull", self.pull, methods=["POST"]),
            Route("/relay/confirm", self.confirm, methods=["POST"]),
            Route("/relay/push", self.push, methods=["POST"]),
        ]

    async def pull(self, request: Request) -> Response:
        frames, more = await asyncio.to_thread(self.boxes.arrivals, await _number(request))
        return Response(serialize_pages(frames, more), headers={"cache-control": "no-store"}, media_type=PAGES)

    async def confirm(self, request: Request) -> JSONResponse:
        confirmed = await asyncio.wrap_future(self.boxes.confirm(await _number(request)))
        return answer({"confirmed": confirmed})

    async def push(self, request: Request) -> JSONResponse:
        frames = _to_reporters(await whole(request, ANSWER_BYTES))
        pushed = await asyncio.wrap_future(self.boxes.push(frames))
        return answer({"stored": pushed.stored, "unknown": pushed.unknown})


async def _number(request: Request) -> int:
    body = await whole(request, 4)
    if len(body) != 4:
        raise NotASubmission
    return int.from_bytes(body)


def _to_reporters(body: bytes) -> tuple[Frame, ...]:
    """The frames of a push: sealed envelopes for reporters, whose places are not yet known."""
    frames, more = parse_pages(body)
    if more or any(frame.direction != TO_REPORTER or frame.position != 0 for frame in frames):
        raise NotPages
    for frame in frames:
        envelope.parse(frame.sealed)
    return frames

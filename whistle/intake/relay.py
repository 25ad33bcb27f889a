"""The relay: what the desk asks of intake on its second listener (spec section 9). Intake never calls the desk."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
from whistle.protocol import envelope, receipt
from whistle.protocol.constants import ANSWER_BYTES, BOX_ID_BYTES, FILE_ID_BYTES, FILE_LIMIT
from whistle.protocol.envelope import LONGEST_ENVELOPE
from whistle.protocol.parts import Part, parse_first_part, parse_part
from whistle.protocol.spelling import hexadecimal
from whistle.protocol.wire import PART, RECEIPT, TO_DESK, TO_REPORTER, Frame, parse_pages, serialize_pages
from whistle.store.intake import Boxes
from whistle.store.transfers import Transfers
from whistle.web.body import whole

_OPENING_BYTES = BOX_ID_BYTES + 32  # with SHA-256 of the access token


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
    transfers: Transfers
    today: Callable[[], date]

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/relay/pull", self.pull, methods=["POST"]),
            Route("/relay/parts", self.parts, methods=["POST"]),
            Route("/relay/confirm", self.confirm, methods=["POST"]),
            Route("/relay/push", self.push, methods=["POST"]),
            Route("/relay/open", self.open, methods=["POST"]),
            Route("/relay/taken", self.taken, methods=["POST"]),
            Route("/relay/forget", self.forget, methods=["POST"]),
        ]

    async def pull(self, request: Request) -> Response:
        return _pages(*await asyncio.to_thread(self.boxes.arrivals, int.from_bytes(await _exactly(request, 4))))

    async def parts(self, request: Request) -> Response:
        return _pages(*await asyncio.to_thread(self.transfers.to_desk, int.from_bytes(await _exactly(request, 4))))

    async def confirm(self, request: Request) -> JSONResponse:
        body = await _exactly(request, 8)
        self.transfers.sweep(self.today())
        confirmed = await asyncio.wrap_future(self.boxes.confirm(int.from_bytes(body[:4])))
        parts = await asyncio.wrap_future(self.transfers.confirm(int.from_bytes(body[4:])))
        return answer({"confirmed": confirmed, "parts": parts.parts, "room": parts.room})

    async def push(self, request: Request) -> JSONResponse:
        frames, parts = _to_reporters(await whole(request, ANSWER_BYTES))
        pushed = await asyncio.wrap_future(self.boxes.push(frames))
        delivered = [await asyncio.wrap_future(self.transfers.deliver(*part)) for part in parts]
        unknown = pushed.unknown + delivered.count(False)
        return answer({"stored": len(frames) + len(parts) - unknown, "unknown": unknown})

    async def open(self, request: Request) -> JSONResponse:
        """A box with its first envelope, for whoever reported in another way. A token is never told: only its SHA-256 is."""
        body = await whole(request, _OPENING_BYTES + LONGEST_ENVELOPE)
        if len(body) < _OPENING_BYTES:
            raise NotASubmission
        box, access, sealed = body[:BOX_ID_BYTES], body[BOX_ID_BYTES:_OPENING_BYTES], envelope.parse(body[_OPENING_BYTES:])
        kept = await asyncio.wrap_future(self.boxes.open(box, access, sealed, self.today()))
        return answer({"envelope": kept.envelope.hex(), "day": kept.day.isoformat()})

    async def taken(self, request: Request) -> JSONResponse:
        body = await _exactly(request, BOX_ID_BYTES + FILE_ID_BYTES)
        await asyncio.wrap_future(self.transfers.taken(body[:BOX_ID_BYTES], body[BOX_ID_BYTES:], self.today()))
        return answer({"file": body[BOX_ID_BYTES:].hex()})

    async def forget(self, request: Request) -> JSONResponse:
        """Answered once nothing of the box is left, in no file of the database; asking again goes on with it."""
        box = await _exactly(request, BOX_ID_BYTES)
        while await asyncio.wrap_future(self.transfers.forget(box, self.today())):
            pass
        await asyncio.to_thread(self.boxes.leave_no_trace)
        return answer({"forgotten": box.hex()})


def _pages(frames: Sequence[Frame], more: bool) -> Response:
    return Response(serialize_pages(frames, more), headers={"cache-control": "no-store"}, media_type=PAGES)


async def _exactly(request: Request, length: int) -> bytes:
    body = await whole(request, length)
    if len(body) != length:
        raise NotASubmission
    return body


def _to_reporters(body: bytes) -> tuple[list[Frame], list[tuple[bytes, Part, date]]]:
    """What is pushed, whose places are not yet known: sealed envelopes and receipts, and the parts of files."""
    frames, more = parse_pages(body)
    if more or any(frame.direction == TO_DESK or frame.position != 0 for frame in frames):
        raise NotPages
    read = [(frame, _READERS[frame.direction](frame.sealed)) for frame in frames]
    entries = [frame for frame in frames if frame.direction != PART]
    return entries, [(frame.box, part, frame.day) for frame, part in read if isinstance(part, Part)]


def _part(record: bytes) -> Part:
    """A part, of which the first must begin a sealed file."""
    part = parse_part(record)
    return part if part.index else parse_first_part(record, FILE_LIMIT)


_READERS: Mapping[int, Callable[[bytes], object]] = {TO_REPORTER: envelope.parse, RECEIPT: receipt.parse, PART: _part}

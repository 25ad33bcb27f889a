"""The calls for files of a reporter's client (spec section 8): begin, send a later part, cancel, and read one part.

Reads only the body, as the other calls do, and ends at the first byte that departs. Opens nothing; answers only after what
it says is durable.
"""

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from whistle.errors import NoSuchFile, NotASubmission
from whistle.intake.answers import answer
from whistle.intake.api import PAGES, Api
from whistle.protocol.constants import ACCESS_TOKEN_BYTES, BOX_ID_BYTES, FILE_ID_BYTES, PAGE_BYTES
from whistle.protocol.parts import (
    LONGEST_BEGINNING,
    LONGEST_CONTINUATION,
    BeginningReader,
    Continuation,
    ContinuationReader,
    parse_owned,
)
from whistle.protocol.wire import serialize_pages
from whistle.store.transfers import KeptPart, Transfers
from whistle.web.body import pieces, whole

OWNED_BYTES = BOX_ID_BYTES + ACCESS_TOKEN_BYTES + FILE_ID_BYTES


@dataclass(frozen=True)
class Files:
    """The calls, beside those for texts. `largest` is how many bytes a file may have before it is sealed."""

    api: Api
    transfers: Transfers
    largest: int

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/begin", self.begin, methods=["POST"]),
            Route("/api/part", self.part, methods=["POST"]),
            Route("/api/cancel", self.cancel, methods=["POST"]),
            Route("/api/file", self.file, methods=["POST"]),
        ]

    async def begin(self, request: Request) -> JSONResponse:
        beginning, challenge = await self.api.read(request, BeginningReader(self.largest), LONGEST_BEGINNING)
        return await _kept(self.transfers.begin(beginning, challenge, self.api.today()))

    async def part(self, request: Request) -> JSONResponse:
        return await _kept(self.transfers.go_on(await self._continuation(request), self.api.today()))

    async def _continuation(self, request: Request) -> Continuation:
        """A later part, checked as it arrives; of a transfer that is not open nothing is waited for. Raises NoSuchFile."""
        reader, looked = ContinuationReader(), False
        async for piece in pieces(request, LONGEST_CONTINUATION):
            reader.feed(piece)
            if not looked and (head := reader.head):
                looked = True
                if not await asyncio.to_thread(self.transfers.is_open, *head):
                    raise NoSuchFile
        return reader.end()

    async def cancel(self, request: Request) -> JSONResponse:
        owned = parse_owned(await whole(request, OWNED_BYTES))
        await asyncio.wrap_future(self.transfers.cancel(owned))
        return answer({"file": owned.file.hex()})

    async def file(self, request: Request) -> Response:
        body = await whole(request, OWNED_BYTES + 4)
        if len(body) != OWNED_BYTES + 4:
            raise NotASubmission
        owned, index = parse_owned(body[:OWNED_BYTES]), int.from_bytes(body[OWNED_BYTES:])
        frame = await asyncio.to_thread(self.transfers.part, owned, index)
        pages = serialize_pages([frame], more=False) if frame else self.api.randomness(PAGE_BYTES)
        return Response(pages, headers={"cache-control": "no-store"}, media_type=PAGES)


async def _kept(future: Future[KeptPart]) -> JSONResponse:
    kept = await asyncio.wrap_future(future)
    return answer({"part": kept.part.hex(), "day": kept.day.isoformat()})

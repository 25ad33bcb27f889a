"""The four calls of a reporter's client (spec section 8): ask for a challenge, submit, post, fetch.

Reads only the body: no address, no agent, no cookie, no query. Opens nothing; answers only after what it says is durable.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from whistle.errors import ChallengeRefused
from whistle.intake.answers import answer
from whistle.protocol.constants import ACCESS_TOKEN_BYTES, BOX_ID_BYTES, PAGE_BYTES
from whistle.protocol.wire import LONGEST_SUBMISSION, Headed, Reader, SubmissionReader, parse_fetch, serialize_pages
from whistle.store.intake import Boxes, Kept
from whistle.web.body import pieces, whole
from whistle.web.challenge import Challenges

FETCH_BYTES = BOX_ID_BYTES + ACCESS_TOKEN_BYTES + 4
T = TypeVar("T")
PAGES = "application/octet-stream"


@dataclass(frozen=True)
class Api:
    """The calls, with what they need of the world."""

    boxes: Boxes
    challenges: Challenges
    today: Callable[[], date]
    randomness: Callable[[int], bytes]

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/challenge", self.challenge, methods=["GET"]),
            Route("/api/submit", self.submit, methods=["POST"]),
            Route("/api/post", self.post, methods=["POST"]),
            Route("/api/fetch", self.fetch, methods=["POST"]),
        ]

    async def challenge(self, _: Request) -> JSONResponse:
        challenge = self.challenges.make()
        return answer({"challenge": challenge.text, "difficulty": challenge.bits})

    async def submit(self, request: Request) -> JSONResponse:
        submission, challenge = await self.read(request, SubmissionReader(), LONGEST_SUBMISSION)
        return await _kept(self.boxes.submit(submission, challenge, self.today()))

    async def post(self, request: Request) -> JSONResponse:
        submission, challenge = await self.read(request, SubmissionReader(), LONGEST_SUBMISSION)
        return await _kept(self.boxes.post(submission, challenge, self.today()))

    async def fetch(self, request: Request) -> Response:
        fetch = parse_fetch(await whole(request, FETCH_BYTES))
        thread = await asyncio.to_thread(self.boxes.thread, fetch)
        pages = serialize_pages(*thread) if thread else self.randomness(PAGE_BYTES)
        return Response(pages, headers={"cache-control": "no-store"}, media_type=PAGES)

    async def read(self, request: Request, reader: Reader[T], longest: int) -> tuple[T, bytes | None]:
        """What begins with a challenge, checked as it arrives, and the hash of the challenge if that holds."""
        challenge = None
        async for piece in pieces(request, longest):
            fresh = reader.head is None
            reader.feed(piece)
            if fresh and reader.head is not None:
                challenge = await self._admitted(reader.head)
        return reader.end(), challenge

    async def _admitted(self, head: Headed) -> bytes | None:
        """Without a challenge that holds, only what a box may have already is worth reading. Raises ChallengeRefused."""
        try:
            return self.challenges.check(head.challenge, head.proof)
        except ChallengeRefused:
            if await asyncio.to_thread(self.boxes.knows, head.box, head.access):
                return None
            raise


async def _kept(future: Future[Kept]) -> JSONResponse:
    kept = await asyncio.wrap_future(future)
    return answer({"envelope": kept.envelope.hex(), "day": kept.day.isoformat()})

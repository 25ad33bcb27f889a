"""The four calls of a reporter's client (spec section 8): ask for a challenge, submit, post, fetch.

Reads only the body: no address, no agent, no cookie, no query. Opens nothing; answers only after what it says is durable.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from whistle.errors import ChallengeRefused
from whistle.intake.answers import answer
from whistle.protocol.constants import ACCESS_TOKEN_BYTES, BOX_ID_BYTES, PAGE_BYTES
from whistle.protocol.wire import LONGEST_SUBMISSION, Headed, Submission, SubmissionReader, parse_fetch, serialize_pages
from whistle.store.intake import Boxes, Kept
from whistle.web.body import pieces, whole
from whistle.web.challenge import Challenges

FETCH_BYTES = BOX_ID_BYTES + ACCESS_TOKEN_BYTES + 4
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
        submission = await _read(request)
        return await _kept(self.boxes.submit(submission, self._solved(submission), self.today()))

    async def post(self, request: Request) -> JSONResponse:
        submission = await _read(request)
        return await _kept(self.boxes.post(submission, self._solved(submission), self.today()))

    async def fetch(self, request: Request) -> Response:
        fetch = parse_fetch(await whole(request, FETCH_BYTES))
        thread = await asyncio.to_thread(self.boxes.thread, fetch)
        pages = serialize_pages(*thread) if thread else self.randomness(PAGE_BYTES)
        return Response(pages, headers={"cache-control": "no-store"}, media_type=PAGES)

    def _solved(self, submission: Submission) -> bytes | None:
        return solved(self.challenges, submission)


def solved(challenges: Challenges, sent: Headed) -> bytes | None:
    """The hash of the challenge, or None if it does not hold: then only what is kept already is answered."""
    try:
        return challenges.check(sent.challenge, sent.proof)
    except ChallengeRefused:
        return None


async def _read(request: Request) -> Submission:
    """The submission, checked as it arrives."""
    reader = SubmissionReader()
    async for piece in pieces(request, LONGEST_SUBMISSION):
        reader.feed(piece)
    return reader.end()


async def _kept(future: Future[Kept]) -> JSONResponse:
    kept = await asyncio.wrap_future(future)
    return answer({"envelope": kept.envelope.hex(), "day": kept.day.isoformat()})

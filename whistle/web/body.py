"""The body of a request, piece by piece, within a time and a length. Nothing of it is kept here, printed or echoed."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request

from whistle.errors import WhistleError

OVERALL_SECONDS = 120.0  # a long report over a slow network: 2.5 kB/s
BETWEEN_SECONDS = 20.0


class TooSlow(WhistleError):
    """This took too long to arrive. Nothing was kept; send the same again."""


class TooLarge(WhistleError):
    """This is longer than anything that is taken here. Nothing was kept."""


class WrongType(WhistleError):
    """Only application/octet-stream is taken here. Nothing was kept."""


class CutShort(WhistleError):
    """This ended before it was whole. Nothing was kept; send the same again."""


async def pieces(
    request: Request, longest: int, overall: float = OVERALL_SECONDS, between: float = BETWEEN_SECONDS
) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises WrongType, TooLarge (at once if its length is declared), TooSlow, CutShort."""
    if request.headers.get("content-type") != "application/octet-stream":
        raise WrongType
    if int(request.headers.get("content-length", "0")) > longest:  # digits: uvicorn has refused anything else
        raise TooLarge
    clock = asyncio.get_running_loop().time
    end = clock() + overall
    more, length = True, 0
    while more:
        try:
            async with asyncio.timeout_at(min(end, clock() + between)):
                message = await request.receive()
        except TimeoutError:
            raise TooSlow from None
        if message["type"] == "http.disconnect":
            raise CutShort
        piece, more = message["body"], message["more_body"]
        length += len(piece)
        if length > longest:
            raise TooLarge
        yield piece


async def whole(request: Request, longest: int) -> bytes:
    """The body in one, at most `longest` bytes of it."""
    return b"".join([piece async for piece in pieces(request, longest)])

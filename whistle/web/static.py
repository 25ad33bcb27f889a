"""Files that are known when the program starts: compressed once, served from memory, the same for everybody.

Nothing in them varies with the request; only their encoding is negotiated.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import brotli  # type: ignore[import-untyped]  # it ships no types
from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True)
class StaticFile:
    """The bytes of a file and what they are."""

    body: bytes
    media_type: str

    @cached_property
    def encoded(self) -> Mapping[str, bytes]:
        """The body in every encoding that is offered, the shortest first. No time in the gzip header: always the same bytes."""
        compressed = {"br": brotli.compress(self.body, quality=11), "gzip": gzip.compress(self.body, 9, mtime=0)}
        return {**compressed, "identity": self.body}

    @cached_property
    def digest(self) -> str:
        return sha256(self.body).hexdigest()


def respond(file: StaticFile, request: Request, status: int = 200) -> Response:
    """The file as this request takes it, or 304 if it has it already."""
    taken = _accepted(request.headers.get("accept-encoding", ""))
    encoding = next(name for name in file.encoded if name in taken)
    etag = f'"{file.digest}-{encoding}"'  # strong, so one for each encoding
    headers = {"etag": etag, "vary": "accept-encoding", "cache-control": "no-cache"}
    if status == 200 and etag in request.headers.get("if-none-match", "").replace(" ", "").split(","):
        return Response(status_code=304, headers=headers)
    if encoding != "identity":
        headers["content-encoding"] = encoding
    return Response(file.encoded[encoding], status, headers, file.media_type)


def _accepted(header: str) -> set[str]:
    """The encodings that a header names and does not refuse; plain bytes are always taken."""
    named = {name.strip().lower(): weight.strip() for name, _, weight in (part.partition(";") for part in header.split(","))}
    return {name for name, weight in named.items() if weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")} | {"identity"}

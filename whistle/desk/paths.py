"""What a line of the desk's route table is made of, and what its handlers are given: who asks, when, and what they sent.

Decided here: how the numbers in a path are spelled, and the status of the answer to each mistake.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from whistle.desk.roles import Right
from whistle.desk.sessions import Session
from whistle.errors import (
    ConsentIsWithdrawn,
    DeskBusy,
    FeedbackMissing,
    FilesUnopened,
    FileTooLarge,
    ForbiddenStep,
    LastReader,
    NeedsAnother,
    NeedsOtherRing,
    NotAllowed,
    NotDeclared,
    NotInARing,
    NotThisForm,
    NotYours,
    OutcomeMissing,
    Overtaken,
    PartNeeded,
    RequestEnded,
    RiskUnassessed,
    SignInRefused,
    StorageFailed,
    WhistleError,
)
from whistle.web.body import CutShort, TooLarge, TooSlow

_STATUS: Mapping[type[WhistleError], int] = {
    NotYours: 404,
    NotAllowed: 403,
    NotDeclared: 403,
    NotThisForm: 403,
    SignInRefused: 403,
    ForbiddenStep: 409,
    OutcomeMissing: 409,
    FeedbackMissing: 409,
    RiskUnassessed: 409,
    NeedsAnother: 409,
    NeedsOtherRing: 409,
    NotInARing: 409,
    RequestEnded: 409,
    ConsentIsWithdrawn: 409,
    PartNeeded: 409,
    LastReader: 409,
    FilesUnopened: 409,
    Overtaken: 409,
    TooSlow: 408,
    CutShort: 400,
    TooLarge: 413,
    FileTooLarge: 413,
    StorageFailed: 503,
    DeskBusy: 503,
}
Form = Mapping[str, str]
NOTHING: Form = MappingProxyType({})
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, eq=False)
class Visit:
    """A request of somebody who is signed in, and when it came."""

    request: Request
    session: Session
    now: datetime

    @property
    def case(self) -> int:
        """The number in the path."""
        number: int = self.request.path_params["number"]
        return number

    @property
    def file(self) -> bytes:
        """The id of a file in the path."""
        return bytes.fromhex(self.request.path_params["file"])


Take = Callable[[Visit, Form], Response]
TakeForm = Callable[[Session, Form, datetime], Response]  # of one who needs no more of the request


@dataclass(frozen=True, eq=False)
class Guarded:
    """A line of the route table. `right` is what its endpoint asks for; None is open to whoever is not signed in."""

    right: Right | None
    method: str
    path: str
    endpoint: Endpoint
    fresh: bool = False  # whoever sends it must have proved lately who they are

    @property
    def route(self) -> Route:
        return Route(self.path, self.endpoint, methods=[self.method])


class CaseNumber(Convertor[int]):
    """The number of a case in a path: no more digits than any case can have."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


class FileId(Convertor[str]):
    """The id of a file in a path."""

    regex = "[0-9a-f]{32}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class LinkToken(FileId):
    """What a one-time link holds: 256 bits."""

    regex = "[0-9a-f]{64}"


register_url_convertor("case", CaseNumber())
register_url_convertor("file", FileId())
register_url_convertor("token", LinkToken())


def go(path: str) -> RedirectResponse:
    """There, after a form or where a page is not for now."""
    return RedirectResponse(path, 303, {"cache-control": "no-store"})


def status_of(error: WhistleError) -> int:
    """The status of an answer that says so."""
    return _STATUS.get(type(error), 400)

"""What intake says: JSON, with a name for the program and a sentence for the person. Never a byte of what was sent."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from whistle.errors import (
    BoxFull,
    ChallengeRefused,
    FileTooLarge,
    NoRoom,
    NoSuchFile,
    NotAnEnvelope,
    NotAReceipt,
    NotASubmission,
    NotPages,
    PlaceTaken,
    StorageFailed,
    WhistleError,
)
from whistle.web.body import CutShort, TooLarge, TooSlow, WrongType


class NotAdmitted(WhistleError):
    """The relay is for the desk, which has its token."""


class NotFound(WhistleError):
    """There is nothing here."""


class WrongMethod(WhistleError):
    """That cannot be done here."""


# Spec section 8; the last three are the relay's own.
_NAMES: dict[type[WhistleError], tuple[str, int]] = {
    NotAnEnvelope: ("not_an_envelope", 400),
    NotASubmission: ("not_a_submission", 400),
    CutShort: ("not_a_submission", 400),  # whoever left does not read it
    ChallengeRefused: ("challenge_refused", 403),
    NotFound: ("not_found", 404),
    NoSuchFile: ("no_such_file", 404),
    WrongMethod: ("wrong_method", 405),
    TooSlow: ("too_slow", 408),
    PlaceTaken: ("place_taken", 409),
    TooLarge: ("too_large", 413),
    FileTooLarge: ("too_large", 413),
    WrongType: ("wrong_type", 415),
    BoxFull: ("box_full", 429),
    StorageFailed: ("storage_failed", 503),
    NoRoom: ("no_room", 507),
    NotPages: ("not_pages", 400),
    NotAReceipt: ("not_pages", 400),
    NotAdmitted: ("not_admitted", 401),
}


def answer(values: dict[str, Any]) -> JSONResponse:
    """A good answer."""
    return JSONResponse(values, headers={"cache-control": "no-store"})


def refused(_: Request, error: Exception) -> JSONResponse:
    """The answer to a named error. The connection ends with it, so that the rest of a refused body is never read."""
    name, status = _NAMES[type(error)]  # type: ignore[index]  # registered for WhistleError alone
    headers = {"cache-control": "no-store", "connection": "close"}
    return JSONResponse({"error": name, "message": str(error)}, status, headers)


def not_found(request: Request, _: Exception) -> JSONResponse:
    """Where there is no route."""
    return refused(request, NotFound())


def wrong_method(request: Request, _: Exception) -> JSONResponse:
    """Where there is a route, and not for that."""
    return refused(request, WrongMethod())

"""Forms: their fields, read within a length, and the proof that a page of this site sent them.

Nothing is ever spooled to a disk.
"""

import asyncio
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from whistle.errors import NotThisForm
from whistle.web.body import OVERALL_SECONDS, CutShort, TooLarge, TooSlow

LONGEST_FORM = 2_097_152  # the longest text in its most verbose spelling, twice
SHORT_FORM = 40_960  # three passphrases of 1,024 characters in theirs
_FIELDS_LIMIT = 20
_TYPE = "application/x-www-form-urlencoded"


class FormTokens:
    """The token in every form: bound to the session by a key of this process, so that no other site can know it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, session: bytes) -> str:
        return hmac.digest(self._key, session, "sha256").hex()

    def check(self, session: bytes, token: str) -> None:
        """Raises NotThisForm."""
        if not hmac.compare_digest(self.make(session).encode(), token.encode()):
            raise NotThisForm


def refuse_other_sites(request: Request) -> None:
    """Raises NotThisForm unless the browser says that this site itself sends the form.

    Under `referrer-policy: no-referrer` the Origin of a form is "null", which says nothing; then Sec-Fetch-Site decides.
    """
    origin, site = request.headers.get("origin", "null"), request.headers.get("sec-fetch-site")
    host = request.headers.get("host", "")
    if origin != "null" and origin not in (f"https://{host}", f"http://{host}"):
        raise NotThisForm
    if site not in ("same-origin", None) or (site is None and origin == "null"):
        raise NotThisForm


async def read_form(request: Request, longest: int = LONGEST_FORM) -> Mapping[str, str]:
    """The fields of a form, with line ends as people mean them. Raises NotThisForm, TooLarge, TooSlow or CutShort."""
    refuse_other_sites(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != _TYPE:
        raise NotThisForm
    try:
        body = (await _body(request, longest)).decode("ascii")
        fields = dict(parse_qsl(body, True, True, errors="strict", max_num_fields=_FIELDS_LIMIT)) if body else {}
    except ValueError:
        raise NotThisForm from None
    return MappingProxyType({name: text.replace("\r\n", "\n") for name, text in fields.items()})


async def _body(request: Request, longest: int) -> bytes:
    whole = bytearray()
    try:
        async with asyncio.timeout(OVERALL_SECONDS):
            async for piece in request.stream():
                whole += piece
                if len(whole) > longest:
                    raise TooLarge
    except TimeoutError:
        raise TooSlow from None
    except ClientDisconnect:
        raise CutShort from None
    return bytes(whole)

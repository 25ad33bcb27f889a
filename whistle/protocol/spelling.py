"""The one spelling of bytes and days as text (spec section 1). Everything else is refused with ValueError, which each
reader turns into its own named error."""

import re
from base64 import b64decode, b64encode
from datetime import date, timedelta

_EPOCH = date(1970, 1, 1)


def write_base64(raw: bytes) -> str:
    """RFC 4648 section 4 without padding."""
    return b64encode(raw).decode().rstrip("=")


def read_base64(text: str, length: int | None = None) -> bytes:
    """The bytes of a base64 text, `length` of them if given."""
    raw = b64decode(text + "=" * (-len(text) % 4), validate=True)
    if write_base64(raw) != text or length not in (None, len(raw)):
        raise ValueError
    return raw


def hexadecimal(text: str, length: int) -> bytes:
    """The bytes of lower-case hexadecimal, `length` of them."""
    if not re.fullmatch(f"[0-9a-f]{{{2 * length}}}", text):
        raise ValueError
    return bytes.fromhex(text)


def day(text: str) -> date:
    """The UTC day written YYYY-MM-DD."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError
    return date.fromisoformat(text)


def day_number(on: date) -> int:
    """The day as it crosses the wire: counted from 1970-01-01."""
    return (on - _EPOCH).days


def day_of(number: int) -> date:
    """The day of a number from the wire."""
    return _EPOCH + timedelta(days=number)

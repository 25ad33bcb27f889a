"""An identity that a reporter gives: name and contact, as the padded text that is sealed to two rings (spec section 6.4).

Pure: whistle.sealing.identity seals it and opens it.
"""

from dataclasses import dataclass

from whistle.errors import IdentityEmpty, IdentityTooLong, IdentityUnreadable, NotAContent
from whistle.protocol import canonical
from whistle.protocol.constants import IDENTITY_BYTES


@dataclass(frozen=True)
class IdentityGiven:
    """Who somebody says to be, and how to reach them. Either may be empty, not both."""

    name: str
    contact: str


def serialize(given: IdentityGiven) -> bytes:
    """IDENTITY_BYTES, whatever was given. Raises IdentityEmpty or IdentityTooLong."""
    if not given.name and not given.contact:
        raise IdentityEmpty
    if not canonical.is_well_formed(given.name + given.contact):
        raise IdentityUnreadable
    text = canonical.write({"name": given.name, "contact": given.contact})
    if len(text) > IDENTITY_BYTES:
        raise IdentityTooLong
    return text.ljust(IDENTITY_BYTES, b" ")


def parse(padded: bytes) -> IdentityGiven:
    """What was given. Raises IdentityUnreadable; a second spelling is refused."""
    try:
        value = canonical.read(padded.rstrip(b" "))
        given = IdentityGiven(value["name"], value["contact"])
        if serialize(given) == padded:
            return given
    except (NotAContent, KeyError, TypeError, IdentityEmpty, IdentityTooLong):
        pass  # no such object, a field that is no text, nothing in it, more than there is room for
    raise IdentityUnreadable

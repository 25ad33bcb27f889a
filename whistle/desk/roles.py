"""Who may do what at the desk. Pure: a table. Whatever it does not list is refused, content first of all."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from whistle.errors import NotAllowed


class Role(StrEnum):
    """What a member is there for. Only the first two have a group, and a group's keys."""

    INVESTIGATOR = "investigator"
    LEAD = "lead"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """What a page or a form needs."""

    ACCOUNT = "account"  # one's own way in and out
    CASES = "cases"  # whatever shows or changes a case of one's groups
    LEAD = "lead"  # deciding who works on a case
    LOG = "log"  # who did what and when, without content
    PEOPLE = "people"  # who can sign in


RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.INVESTIGATOR: frozenset({Right.ACCOUNT, Right.CASES}),
        Role.LEAD: frozenset({Right.ACCOUNT, Right.CASES, Right.LEAD, Right.LOG, Right.PEOPLE}),
        Role.AUDITOR: frozenset({Right.ACCOUNT, Right.LOG}),
        Role.ADMINISTRATOR: frozenset({Right.ACCOUNT, Right.PEOPLE}),
    }
)
STAFF = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})  # in no group


def may(role: Role, right: Right) -> bool:
    return right in RIGHTS[role]


def require(role: Role, right: Right) -> None:
    """Raises NotAllowed."""
    if not may(role, right):
        raise NotAllowed

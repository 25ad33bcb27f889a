"""What a ceremony is to make: the instance's groups, their names and first members. Makes nothing itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from whistle.errors import CeremonyRefused
from whistle.protocol.card import GROUP_ID

_LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True)
class MemberPlan:
    """A first member: the name to sign in with, ring "a" or "b" where the group has rings, and the role at the desk.

    A lead also decides who works on a case, reads the log, and lets new members in.
    """

    name: str
    ring: str | None = None
    role: str = "lead"


@dataclass(frozen=True)
class GroupPlan:
    """A group that reports can be sealed to; `names` per language."""

    id: str
    names: Mapping[str, str]
    members: tuple[MemberPlan, ...]

    @property
    def has_rings(self) -> bool:
        """An identity takes two people's keys: without members in both rings the group has none."""
        return {member.ring for member in self.members} >= {"a", "b"}


@dataclass(frozen=True)
class StaffPlan:
    """Somebody in no group, who can open nothing: an auditor reads the log, an administrator keeps the list of members."""

    name: str
    role: str


@dataclass(frozen=True)
class Plan:
    """The settings of `whistle-keys init`."""

    demo: bool
    days: int
    groups: tuple[GroupPlan, ...]
    staff: tuple[StaffPlan, ...] = ()

    @property
    def people(self) -> tuple[MemberPlan | StaffPlan, ...]:
        """Everybody, each with a passphrase of their own."""
        return (*(member for group in self.groups for member in group.members), *self.staff)

    def check(self) -> "Plan":
        """The plan itself. Raises CeremonyRefused if keys made by it could not work."""
        names = [each.name for each in self.people]
        ids = [group.id for group in self.groups]
        _must(1 <= self.days <= 100, "days must be 1 to 100: a key card never lasts longer.")
        _must(1 <= len(ids) <= 8 and len(set(ids)) == len(ids), "There must be one to eight groups, each with its own id.")
        _must(len(set(names)) == len(names), "Each member needs a name of their own.")
        for name in [*ids, *names]:
            _must(GROUP_ID.fullmatch(name) is not None, f"{name!r} must be small letters, digits and dashes.")
        for each in self.staff:
            _must(each.role in ("auditor", "administrator"), f"{each.name} must be auditor or administrator, or in a group.")
        for group in self.groups:
            _check_group(group)
        return self


def _check_group(group: GroupPlan) -> None:
    _must(bool(group.members), f"The group {group.id} has no member.")
    _must(bool(group.names), f"The group {group.id} has no name.")
    roles = {member.role for member in group.members}
    _must(roles <= {"lead", "investigator"}, f"A role in {group.id} is neither lead nor investigator.")
    _must("lead" in roles, f"The group {group.id} has no lead: nobody could let others in.")
    for language, name in group.names.items():
        written = _LANGUAGE.fullmatch(language) and 1 <= len(name) <= 80 and name.isprintable()
        _must(bool(written), f"The name of {group.id} in {language!r} must be 1 to 80 printable characters.")
    rings = {member.ring for member in group.members}
    _must(rings <= {"a", "b", None}, f"A ring in {group.id} is neither a nor b.")
    _must(group.has_rings or rings == {None}, f"The group {group.id} has members in one ring only: an identity takes both.")
    _must(not (group.has_rings and None in rings), f"Every member of {group.id} must be in a ring.")


def _must(holds: bool, message: str) -> None:
    if not holds:
        raise CeremonyRefused(message)

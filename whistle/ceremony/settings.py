"""Reads a ceremony's plan from TOML; every departure is an error that names its place."""

import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import Any

from whistle.ceremony.plan import GroupPlan, MemberPlan, Plan
from whistle.errors import CeremonyRefused


def read_plan(file: Path) -> Plan:
    """The plan of a file, checked. Raises CeremonyRefused."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise CeremonyRefused(f"The plan {file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CeremonyRefused(f"The plan {file} is not TOML: {error}.") from None
    top = _table(table, "the plan", {"demo": bool, "days": int, "groups": list})
    return Plan(top["demo"], top["days"], tuple(_group(each) for each in top["groups"])).check()


def _group(value: Any) -> GroupPlan:
    table = _table(value, "a group", {"id": str, "names": dict, "members": list})
    names = {str(language): str(name) for language, name in table["names"].items()}
    return GroupPlan(table["id"], MappingProxyType(names), tuple(_member(each) for each in table["members"]))


def _member(value: Any) -> MemberPlan:
    ring = {"ring": str} if isinstance(value, dict) and "ring" in value else {}
    table = _table(value, "a member", {"name": str, **ring})
    return MemberPlan(table["name"], table.get("ring"))


def _table(value: Any, what: str, kinds: dict[str, type]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CeremonyRefused(f"{what.capitalize()} must be a table.")
    wrong = [key for key in value if key not in kinds] + [key for key in kinds if key not in value]
    wrong += [key for key, kind in kinds.items() if key in value and type(value[key]) is not kind]
    if wrong:
        raise CeremonyRefused(f"In {what}, {wrong[0]} is unknown, missing or of the wrong kind.")
    return value

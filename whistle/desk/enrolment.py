"""Taking over what the ceremony handed out: the register, members' wrapped keys, sealed group keys.

It asks no passphrase and opens nothing; what it stores is as closed as what it read.
"""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from whistle.desk.log_command import BY_COMMAND
from whistle.desk.roles import STAFF, Role
from whistle.errors import DeskRefused, NotARecipient, WhistleError
from whistle.protocol.bech32 import read_recipient
from whistle.protocol.card import GROUP_ID, Card
from whistle.sealing.wrapping import factors_of
from whistle.store.desk import Act, Cases, GroupKey, Member

_KEY_FILE = re.compile(r"([a-z][a-z0-9-]{0,31})\.(?:(voice)|([1-9][0-9]{0,9})\.(recipient|ring-a|ring-b))\.age")


def enrol(cases: Cases, folder: Path, card: Card, now: datetime) -> tuple[int, int]:
    """Stores members and group keys of a folder; how many there were of each. Raises DeskRefused and keeps nothing then.

    What turns epochs hands over keys alone, with the register that they were sealed by: KeysOfOthers if it is not today's.
    """
    try:
        register = json.loads((folder / "register.json").read_text("utf-8"))
        lines = register["members"] if (folder / "members").exists() else []
        members = [_member(folder, line) for line in lines]
        recoveries = {str(group): _recipient(text) for group, text in register["recovery"].items()}
        files = sorted((folder / "groups").iterdir())
        keys = {key: _holders(register, key) for key in map(_group_key, files)}
    except OSError as error:
        raise DeskRefused(f"{error.filename} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, NotARecipient):
        raise DeskRefused("The register cannot be read: give the folder as the ceremony handed it over.") from None
    named = {member.group for member in members if member.group} | {key.group for key in keys} | recoveries.keys()
    strange = named - {group.id for group in card.groups}
    if strange:
        raise DeskRefused(f"The key card has no group {min(strange)}: this folder belongs to another card.")
    cases.enrol(Act(now, BY_COMMAND, "took keys"), card.instance, members, keys, recoveries)
    return len(members), len(keys)


def _member(folder: Path, line: dict[str, str | None]) -> Member:
    name, group, ring, recipient = line["name"], line["group"], line["ring"], line["recipient"]
    role = Role(line["role"] or "")
    if not (name and recipient and GROUP_ID.fullmatch(name)) or ring not in ("a", "b", None) or bool(group) is (role in STAFF):
        raise ValueError
    key = (folder / "members" / f"{name}.enrolment").read_text("ascii")
    try:
        _recipient(recipient)
        factors_of(key, f"member {name}")
    except WhistleError:
        raise DeskRefused(f"The enrolment file or the recipient of {name} is damaged.") from None
    return Member(name, group or "", ring, recipient, key, role)


def _holders(register: dict[str, Any], key: GroupKey) -> frozenset[str]:
    """To whom the ceremony has sealed a key."""
    ring = key.purpose.removeprefix("ring-") if key.purpose.startswith("ring-") else None
    lines = [line for line in register["members"] if line["group"] == key.group and ring in (None, line["ring"])]
    return frozenset([*(line["recipient"] for line in lines), register["recovery"][key.group]])


def _recipient(text: str) -> str:
    read_recipient(text)
    return text


def _group_key(file: Path) -> GroupKey:
    found = _KEY_FILE.fullmatch(file.name)
    if not found:
        raise DeskRefused(f"{file.name} is not the name of a sealed group key.")
    group, voice, epoch, purpose = found.groups()
    return GroupKey(group, int(epoch or 0), voice or purpose, file.read_bytes())

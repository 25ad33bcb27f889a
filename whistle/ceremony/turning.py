"""The next epoch of every group: new recipients and rings, sealed to members and recovery, and the card that names them.

Like the first ceremony it returns files by their path and writes none.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from whistle.ceremony.making import renew
from whistle.errors import CeremonyRefused, NotARecipient
from whistle.protocol.bech32 import read_recipient
from whistle.protocol.card import Card, Group, GroupKey
from whistle.sealing import keys
from whistle.sealing.groups import seal_recipient_key

_SECRET_BYTES = 32


@dataclass(frozen=True)
class Holder:
    """A member of a group as the register has them."""

    name: str
    group: str
    ring: str | None
    recipient: bytes


@dataclass(frozen=True)
class Register:
    """Who holds a group's keys, and to which recovery recipient they are sealed besides. `text` is the file that says so."""

    members: tuple[Holder, ...]
    recovery: Mapping[str, bytes]
    text: str

    def holders(self, group: str, ring: str | None) -> list[bytes]:
        chosen = [each.recipient for each in self.members if each.group == group and ring in (None, each.ring)]
        return [*chosen, self.recovery[group]]

    def has_rings(self, group: str) -> bool:
        return {each.ring for each in self.members if each.group == group} >= {"a", "b"}


def read_register(text: str, card: Card) -> Register:
    """Raises CeremonyRefused unless it has somebody, of each ring, and a recovery recipient for every group of the card."""
    try:
        given = json.loads(text)
        lines = [line for line in given["members"] if line["group"]]
        members = tuple(Holder(line["name"], line["group"], line["ring"], read_recipient(line["recipient"])) for line in lines)
        register = Register(members, {group: read_recipient(each) for group, each in given["recovery"].items()}, text)
    except (ValueError, KeyError, TypeError, AttributeError, NotARecipient):
        raise CeremonyRefused("The register cannot be read.") from None
    for group in card.groups:
        if group.id not in register.recovery or group.id not in {each.group for each in members}:
            raise CeremonyRefused(f"The register has no member or no recovery recipient of {group.id}.")
        if group.rings and not register.has_rings(group.id):
            raise CeremonyRefused(f"The register has nobody in one of the rings of {group.id}: no identity could be revealed.")
    return register


def turn(
    card: Card, register: Register, root: tuple[str, str], today: date, days: int, random: Callable[[int], bytes]
) -> tuple[Card, Mapping[str, bytes]]:
    """The card with the next epoch of every group, their sealed keys, and the register that says to whom.

    `root` is its file and passphrase. Raises what renewing raises.
    """
    files = {"desk/register.json": register.text.encode()}
    groups = tuple(_turned(group, register, files, random) for group in card.groups)
    return renew(card, *root, today, days, groups), files


def _turned(group: Group, register: Register, files: dict[str, bytes], random: Callable[[int], bytes]) -> Group:
    epoch = group.recipient.epoch + 1

    def key(role: str, ring: str | None) -> GroupKey:
        made = keys.Identity(random(_SECRET_BYTES))
        files[f"desk/groups/{group.id}.{epoch}.{role}.age"] = seal_recipient_key(made, register.holders(group.id, ring))
        return GroupKey(epoch, made.recipient)

    rings = (key("ring-a", "a"), key("ring-b", "b")) if register.has_rings(group.id) else None
    return replace(group, recipient=key("recipient", None), rings=rings)

"""The key card: which keys a reporter may seal to and believe, as one text file that a person can read (spec section 4).

Parses and writes; verifies no signature (whistle.sealing.cards does) and knows no clock.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType

from whistle.errors import GroupUnknown, Malformed, NotACard, RecipientRevoked
from whistle.protocol.bech32 import read_recipient, write_recipient
from whistle.protocol.constants import INSTANCE_BYTES, LABEL_ROOT
from whistle.protocol.spelling import day, hexadecimal, read_base64, write_base64

_LONGEST_DAYS = 100  # spec section 4: the only bound on rollback that a stateless browser has
_GROUPS_LIMIT = 8
GROUP_ID = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 public key (32 bytes) and the days from which and until which it signs; `until` None is open."""

    start: date
    until: date | None
    public: bytes


@dataclass(frozen=True)
class GroupKey:
    """An age hybrid recipient (1,216 raw bytes) of an epoch."""

    epoch: int
    raw: bytes

    @property
    def text(self) -> str:
        return write_recipient(self.raw)

    @property
    def digest(self) -> bytes:
        return sha256(self.raw).digest()


@dataclass(frozen=True)
class Group:
    """Who a report can be sealed to."""

    id: str
    names: Mapping[str, str]
    voice_keys: tuple[SigningKey, ...]
    recipient: GroupKey
    rings: tuple[GroupKey, GroupKey] | None


@dataclass(frozen=True)
class Card:
    """The values of a key card. `signature` is over `signed_bytes`, by `root`."""

    demo: bool
    instance: bytes
    counter: int
    issued: date
    ends: date
    receipt_keys: tuple[SigningKey, ...]
    groups: tuple[Group, ...]
    revoked: tuple[bytes, ...]
    root: bytes
    signature: bytes = bytes(64)

    @property
    def signed_text(self) -> str:
        return "".join(f"{line}\n" for line in _lines(self))

    @cached_property
    def digest(self) -> bytes:
        return sha256(serialize(self)).digest()

    @property
    def root_fingerprint(self) -> bytes:
        return fingerprint_of(self.root)

    def group(self, name: str) -> Group:
        """The group of this id. Raises GroupUnknown."""
        for group in self.groups:
            if group.id == name:
                return group
        raise GroupUnknown

    def recipient(self, name: str) -> GroupKey:
        """The key to seal to for this group. Raises GroupUnknown or RecipientRevoked."""
        recipient = self.group(name).recipient
        if recipient.digest in self.revoked:
            raise RecipientRevoked
        return recipient

    def voices(self, group: Group) -> tuple[bytes, ...]:
        """The voice keys of a group, current and earlier, that are not revoked."""
        return tuple(key.public for key in group.voice_keys if key.public not in self.revoked)


def fingerprint_of(root: bytes) -> bytes:
    """What posters and settings show of a root public key."""
    return sha256(LABEL_ROOT + root).digest()


def serialize(card: Card) -> bytes:
    """The bytes of a key card file."""
    return f"{card.signed_text}signature: {write_base64(card.signature)}\n".encode()


def parse(file: bytes) -> Card:
    """The card of a key card file. Raises NotACard; a second spelling of anything is refused."""
    try:
        card = _card(_Lines(file.decode("utf-8")))
        if serialize(card) == file:
            return card
    except (ValueError, Malformed):
        pass
    raise NotACard


def _lines(card: Card) -> list[str]:
    lines = [
        "whistle/1 card",
        f"label: {'demo' if card.demo else 'production'}",
        f"instance: {card.instance.hex()}",
        f"counter: {card.counter}",
        f"issued: {card.issued}",
        f"ends: {card.ends}",
        *(f"receipt-key: {_signing_key(key)}" for key in card.receipt_keys),
    ]
    for group in card.groups:
        lines += [f"group: {group.id}", *(f"name: {language} {name}" for language, name in group.names.items())]
        lines += [f"voice-key: {_signing_key(key)}" for key in group.voice_keys]
        lines += [f"recipient: {group.recipient.epoch} {group.recipient.text}"]
        lines += [f"ring-{letter}: {ring.epoch} {ring.text}" for letter, ring in zip("ab", group.rings or (), strict=False)]
    return [*lines, *(f"revoked: {key.hex()}" for key in card.revoked), f"root: {card.root.hex()}"]


def _signing_key(key: SigningKey) -> str:
    return f"{key.start} {key.until or 'open'} {key.public.hex()}"


class _Lines:
    """The lines of a card, taken one after another."""

    def __init__(self, text: str) -> None:
        self._left = text.split("\n")

    def take(self, key: str) -> str:
        if not self.next_is(key):
            raise NotACard
        return self._left.pop(0).removeprefix(f"{key}: ")

    def next_is(self, key: str) -> bool:
        return bool(self._left) and self._left[0].startswith(f"{key}: ")

    def take_all(self, key: str) -> list[str]:
        taken = []
        while self.next_is(key):
            taken.append(self.take(key))
        return taken

    def first(self) -> str:
        return self._left.pop(0)


def _card(lines: _Lines) -> Card:
    if lines.first() != "whistle/1 card":
        raise NotACard
    card = Card(
        demo=lines.take("label") == "demo",  # any third label does not serialize to itself
        instance=hexadecimal(lines.take("instance"), INSTANCE_BYTES),
        counter=_number(lines.take("counter")),
        issued=day(lines.take("issued")),
        ends=day(lines.take("ends")),
        receipt_keys=_read_signing_keys(lines.take_all("receipt-key")),
        groups=_read_groups(lines),
        revoked=tuple(hexadecimal(text, 32) for text in lines.take_all("revoked")),
        root=hexadecimal(lines.take("root"), 32),
        signature=read_base64(lines.take("signature"), 64),
    )
    if not 0 <= (card.ends - card.issued).days <= _LONGEST_DAYS:
        raise NotACard
    if len({group.id for group in card.groups}) != len(card.groups) or not 1 <= len(card.groups) <= _GROUPS_LIMIT:
        raise NotACard
    return card


def _read_groups(lines: _Lines) -> tuple[Group, ...]:
    groups = []
    while lines.next_is("group"):
        name = lines.take("group")
        if not GROUP_ID.fullmatch(name):
            raise NotACard
        names = _read_names(lines.take_all("name"))
        voices = _read_signing_keys(lines.take_all("voice-key"))
        recipient = _read_group_key(lines.take("recipient"))
        rings = (
            (_read_group_key(lines.take("ring-a")), _read_group_key(lines.take("ring-b"))) if lines.next_is("ring-a") else None
        )
        groups.append(Group(name, names, voices, recipient, rings))
    return tuple(groups)


def _read_names(texts: list[str]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for text in texts:
        language, _, name = text.partition(" ")
        if not re.fullmatch(r"[a-z]{2}", language) or language in names or not 1 <= len(name) <= 80 or not name.isprintable():
            raise NotACard
        names[language] = name
    if not names:
        raise NotACard
    return MappingProxyType(names)


def _read_signing_keys(texts: list[str]) -> tuple[SigningKey, ...]:
    keys = []
    for text in texts:
        start, until, public = text.split(" ")
        key = SigningKey(day(start), None if until == "open" else day(until), hexadecimal(public, 32))
        if key.until is not None and key.until < key.start:
            raise NotACard
        keys.append(key)
    if not keys or keys[-1].until is not None or any(key.until is None for key in keys[:-1]):
        raise NotACard
    return tuple(keys)


def _read_group_key(text: str) -> GroupKey:
    epoch, _, recipient = text.partition(" ")
    return GroupKey(_number(epoch), read_recipient(recipient))


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text) or int(text) > 0xFFFF_FFFF:
        raise NotACard
    return int(text)

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
from whistle.protocol.constants import LABEL_ROOT
from whistle.protocol.spelling import day, read_base64, write_base64

LONGEST_DAYS = 100  # spec section 4: the only bound on rollback that a stateless browser has
_GROUPS_LIMIT = 8
GROUP_ID = re.compile(r"[a-z][a-z0-9-]{0,31}")

# The grammar of the file, in the order of spec section 4. What a pattern cannot say is checked where the value is made.
_DAY, _COUNT, _HASH = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "([1-9][0-9]{0,9})", re.compile("[0-9a-f]{64}")
_SIGNING_KEY = f"{_DAY} (?:{_DAY}|open) {_HASH.pattern}"
_GROUP_KEY = f"{_COUNT} (age1pq1[0-9a-z]+)"
_GROUP = re.compile(
    f"group: ({GROUP_ID.pattern})\n"
    r"((?:name: [a-z]{2} .{1,80}\n)+)"
    f"((?:voice-key: {_SIGNING_KEY}\n)+)"
    f"recipient: {_GROUP_KEY}\n"
    f"(?:ring-a: {_GROUP_KEY}\nring-b: {_GROUP_KEY}\n)?"
)
_CARD = re.compile(
    "whistle/1 card\n"
    "label: (demo|production)\n"
    "instance: ([0-9a-f]{32})\n"
    f"counter: {_COUNT}\n"
    f"issued: ({_DAY})\n"
    f"ends: ({_DAY})\n"
    f"((?:receipt-key: {_SIGNING_KEY}\n)+)"
    r"((?:(?:group|name|voice-key|recipient|ring-[ab]): .*\n)+)"  # read by _GROUP; what it skips, parse() misses
    f"((?:revoked: {_HASH.pattern}\n)*)"
    f"root: ({_HASH.pattern})\n"
    "signature: ([A-Za-z0-9+/]{86})\n"
)


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

    def receipt_keys_on(self, on: date) -> tuple[bytes, ...]:
        """The keys that sign receipts of a day and are not revoked."""
        keys = (key for key in self.receipt_keys if key.start <= on and (key.until is None or on <= key.until))
        return tuple(key.public for key in keys if key.public not in self.revoked)


def fingerprint_of(root: bytes) -> bytes:
    """What posters and settings show of a root public key."""
    return sha256(LABEL_ROOT + root).digest()


def serialize(card: Card) -> bytes:
    """The bytes of a key card file."""
    return f"{card.signed_text}signature: {write_base64(card.signature)}\n".encode()


def parse(file: bytes) -> Card:
    """The card of a key card file. Raises NotACard; a second spelling of anything is refused."""
    try:
        match = _CARD.fullmatch(file.decode("utf-8"))
        card = _card(match) if match else None
    except (ValueError, Malformed):
        raise NotACard from None
    if card is None or serialize(card) != file:  # a second spelling, or a line out of its place
        raise NotACard
    return card


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


def _card(match: re.Match[str]) -> Card:
    label, instance, counter, issued, ends, receipts, groups, revoked, root, signature = match.groups()
    card = Card(
        demo=label == "demo",
        instance=bytes.fromhex(instance),
        counter=_number(counter),
        issued=day(issued),
        ends=day(ends),
        receipt_keys=_signing_keys(receipts),
        groups=tuple(_group(each) for each in _GROUP.finditer(groups)),
        revoked=tuple(bytes.fromhex(key) for key in _HASH.findall(revoked)),
        root=bytes.fromhex(root),
        signature=read_base64(signature, 64),
    )
    ids = {group.id for group in card.groups}
    if not 0 <= (card.ends - card.issued).days <= LONGEST_DAYS or len(ids) != len(card.groups) or len(ids) > _GROUPS_LIMIT:
        raise NotACard
    return card


def _group(match: re.Match[str]) -> Group:
    name, names, voices, epoch, recipient, epoch_a, ring_a, epoch_b, ring_b = match.groups()
    rings = (_group_key(epoch_a, ring_a), _group_key(epoch_b, ring_b)) if ring_a else None
    return Group(name, _names(names), _signing_keys(voices), _group_key(epoch, recipient), rings)


def _names(lines: str) -> Mapping[str, str]:
    texts = re.findall(r"name: (..) (.*)\n", lines)
    names = dict(texts)
    if len(names) != len(texts) or not all(name.isprintable() for name in names.values()):
        raise NotACard
    return MappingProxyType(names)


def _signing_keys(lines: str) -> tuple[SigningKey, ...]:
    texts = [line.split(" ")[1:] for line in lines.splitlines()]
    keys = [SigningKey(day(start), None if end == "open" else day(end), bytes.fromhex(key)) for start, end, key in texts]
    open_until = [key.until for key in keys if key.until is None or key.until < key.start]
    if open_until != [None] or keys[-1].until is not None:
        raise NotACard  # the last one alone is open, and none ends before it begins
    return tuple(keys)


def _group_key(epoch: str, recipient: str) -> GroupKey:
    return GroupKey(_number(epoch), read_recipient(recipient))


def _number(text: str) -> int:
    if int(text) > 0xFFFF_FFFF:
        raise NotACard
    return int(text)

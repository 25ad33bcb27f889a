"""The ceremony: every key of an instance, wrapped or sealed, and the first card. Pure but for age's own randomness.

It returns files by their path and writes none; nothing it returns holds a private key in the clear.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType

from whistle.ceremony.plan import GroupPlan, MemberPlan, Plan, StaffPlan
from whistle.errors import CeremonyRefused
from whistle.protocol.bech32 import write_recipient
from whistle.protocol.card import Card, Group, GroupKey, SigningKey, fingerprint_of, serialize
from whistle.protocol.constants import INSTANCE_BYTES
from whistle.sealing import keys
from whistle.sealing.cards import recognise, sign_card
from whistle.sealing.groups import seal_recipient_key, seal_voice_key
from whistle.sealing.wrapping import STANDARD, Cost, Factors, unwrap, wrap

_SECRET_BYTES = 32
_FIRST_EPOCH = 1
_LONGEST_DAYS = 100
_RegisterLine = dict[str, str | None]
CARD, FINGERPRINT, ROOT = "public/key-card.txt", "public/root-fingerprint.txt", "offline/root.key"


@dataclass(frozen=True, eq=False)
class _Making:
    """What making draws on: the day, randomness, the passphrase of each purpose, and what Argon2id may cost."""

    today: date
    random: Callable[[int], bytes]
    passphrases: Mapping[str, str]
    cost: Cost

    def seed(self) -> bytes:
        return self.random(_SECRET_BYTES)

    def wrapped(self, secret: bytes, purpose: str) -> bytes:
        """A private key file under the passphrase of its purpose."""
        return wrap(secret, purpose, Factors(passphrase=self.passphrases[purpose]), self.random, self.cost).encode()


def purposes(plan: Plan) -> tuple[str, ...]:
    """Whose passphrases a ceremony asks for, in the order of asking."""
    recoveries = [f"recovery {group.id}" for group in plan.groups]
    return ("root", *recoveries, *(f"member {each.name}" for each in plan.people))


def make(
    plan: Plan, passphrases: Mapping[str, str], today: date, random: Callable[[int], bytes], cost: Cost = STANDARD
) -> Mapping[str, bytes]:
    """All files of a new instance by path: public/, offline/ and desk/. Raises CeremonyRefused."""
    plan.check()
    missing = [purpose for purpose in purposes(plan) if not passphrases.get(purpose)]
    if missing:
        raise CeremonyRefused(f"There is no passphrase for: {', '.join(missing)}.")
    making = _Making(today, random, passphrases, cost)
    files: dict[str, bytes] = {}
    register: list[_RegisterLine] = []
    recoveries = {group.id: keys.Identity(making.seed()) for group in plan.groups}
    groups = tuple(_make_group(group, recoveries[group.id], making, files, register) for group in plan.groups)
    for each in plan.staff:
        _make_member(each, None, keys.Identity(making.seed()), making, files, register)
    root, receipt, machine = keys.SigningKey(making.seed()), keys.SigningKey(making.seed()), making.seed()
    card = sign_card(
        Card(
            demo=plan.demo,
            instance=random(INSTANCE_BYTES),
            counter=1,
            issued=today,
            ends=today + timedelta(days=plan.days),
            receipt_keys=(SigningKey(today, None, receipt.public),),
            groups=groups,
            revoked=(),
            root=root.public,
        ),
        root,
    )
    public = {group: write_recipient(key.recipient) for group, key in recoveries.items()}
    files["offline/root.key"] = making.wrapped(root.reveal(), "root")
    files["desk/machine.secret"] = f"WHISTLE-MACHINE-SECRET-1 {machine.hex()}\n".encode()
    files["desk/receipt.key"] = wrap(receipt.reveal(), "receipt", Factors(machine=machine), random).encode()
    files["desk/register.json"] = (json.dumps({"members": register, "recovery": public}, indent=1) + "\n").encode()
    return MappingProxyType(files | public_files(card))


def public_files(card: Card) -> dict[str, bytes]:
    """What of a card is published: the card, and the fingerprint of its root."""
    return {CARD: serialize(card), FINGERPRINT: f"{card.root_fingerprint.hex()}\n".encode()}


def renew(card: Card, root_file: str, passphrase: str, today: date, days: int) -> Card:
    """The same card with the next counter, for so many more days. Raises WrongPassphrase, CardRefused, CeremonyRefused."""
    if not 1 <= days <= _LONGEST_DAYS:
        raise CeremonyRefused("days must be 1 to 100: a key card never lasts longer.")
    root = keys.SigningKey(unwrap(root_file, "root", Factors(passphrase=passphrase)))
    # Whatever stands on the card is signed again: so it must be what this root signed before, to the last byte.
    recognise(serialize(card), fingerprint_of(root.public), card.instance)
    return sign_card(replace(card, counter=card.counter + 1, issued=today, ends=today + timedelta(days=days)), root)


def _make_member(
    plan: MemberPlan | StaffPlan,
    group: str | None,
    key: keys.Identity,
    making: _Making,
    files: dict[str, bytes],
    register: list[_RegisterLine],
) -> None:
    """A member's enrolment file, and their line of the register."""
    files[f"desk/members/{plan.name}.enrolment"] = making.wrapped(key.reveal(), f"member {plan.name}")
    ring = plan.ring if isinstance(plan, MemberPlan) else None
    line = {"name": plan.name, "group": group, "ring": ring, "role": plan.role}
    register.append(line | {"recipient": write_recipient(key.recipient)})


def _make_group(
    plan: GroupPlan, recovery: keys.Identity, making: _Making, files: dict[str, bytes], register: list[_RegisterLine]
) -> Group:
    """Keys of one group into `files`, its members into `register`; the group as the card shows it."""
    members = {member.name: keys.Identity(making.seed()) for member in plan.members}
    for each in plan.members:
        _make_member(each, plan.id, members[each.name], making, files, register)
    files[f"offline/recovery-{plan.id}.key"] = making.wrapped(recovery.reveal(), f"recovery {plan.id}")

    def holders(ring: str | None) -> list[bytes]:
        chosen = [members[each.name].recipient for each in plan.members if ring in (None, each.ring)]
        return [*chosen, recovery.recipient]

    def epoch_key(role: str, ring: str | None) -> GroupKey:
        key = keys.Identity(making.seed())
        files[f"desk/groups/{plan.id}.{_FIRST_EPOCH}.{role}.age"] = seal_recipient_key(key, holders(ring))
        return GroupKey(_FIRST_EPOCH, key.recipient)

    voice = keys.SigningKey(making.seed())
    files[f"desk/groups/{plan.id}.voice.age"] = seal_voice_key(voice, holders(None))
    rings = (epoch_key("ring-a", "a"), epoch_key("ring-b", "b")) if plan.has_rings else None
    voices = (SigningKey(making.today, None, voice.public),)
    return Group(plan.id, MappingProxyType(dict(plan.names)), voices, epoch_key("recipient", None), rings)


def readable(digest: bytes) -> str:
    """A fingerprint in groups of four, as posters show it."""
    text = digest.hex()
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))

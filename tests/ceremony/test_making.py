"""The ceremony: every key it makes works, none of them is on disk in the clear, and a demo says what it is."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from whistle.ceremony.making import CARD, FINGERPRINT, ROOT, make, purposes, renew
from whistle.ceremony.plan import GroupPlan, MemberPlan, Plan, StaffPlan
from whistle.errors import CardForged, CardNotFromThisRoot, CeremonyRefused, NoMatch, WrongPassphrase
from whistle.protocol.bech32 import read_recipient
from whistle.protocol.card import Card
from whistle.protocol.card import parse as parse_card
from whistle.sealing.cards import check
from whistle.sealing.groups import open_recipient_key, open_voice_key
from whistle.sealing.keys import Identity
from whistle.sealing.wrapping import Cost, Factors, unwrap

TODAY = date(2026, 11, 21)
LEAST = Cost(65_536, 3, 1)
RISK = GroupPlan("risk-control", MappingProxyType({"en": "Risk control"}), (MemberPlan("anna", "a"), MemberPlan("bo", "b")))
CHAIR = GroupPlan("audit-chair", MappingProxyType({"en": "Chair", "da": "Formand"}), (MemberPlan("carl"),))
PLAN = Plan(True, 100, (RISK, CHAIR))
PASSPHRASES = {purpose: f"a passphrase of {purpose}" for purpose in purposes(PLAN)}


class Remembering:
    """Randomness whose every draw can be searched for afterwards."""

    def __init__(self) -> None:
        self.drawn: list[bytes] = []

    def __call__(self, length: int) -> bytes:
        self.drawn.append(os.urandom(length))
        return self.drawn[-1]


@pytest.fixture(scope="module")
def random() -> Remembering:
    return Remembering()


@pytest.fixture(scope="module")
def files(random: Remembering) -> Mapping[str, bytes]:
    return make(PLAN, PASSPHRASES, TODAY, random, LEAST)


@pytest.fixture(scope="module")
def card(files: Mapping[str, bytes]) -> Card:
    return check(files[CARD], bytes.fromhex(files[FINGERPRINT].decode().strip()), None, TODAY)


def member(files: Mapping[str, bytes], name: str) -> Identity:
    factors = Factors(f"a passphrase of member {name}")
    return Identity(unwrap(files[f"desk/members/{name}.enrolment"].decode(), f"member {name}", factors))


def test_the_card_checks_against_the_fingerprint_that_was_handed_out(card: Card) -> None:
    assert card.demo
    assert (card.issued, card.ends) == (TODAY, TODAY + timedelta(days=100))
    assert [group.id for group in card.groups] == ["risk-control", "audit-chair"]


def test_a_group_of_one_has_no_rings_and_a_group_of_two_has_both(card: Card) -> None:
    assert card.group("risk-control").rings
    assert card.group("audit-chair").rings is None


def test_no_key_that_was_drawn_stands_in_any_file_in_the_clear(files: Mapping[str, bytes], random: Remembering) -> None:
    machine = files["desk/machine.secret"].decode().split()[1]
    secrets = {drawn.hex() for drawn in random.drawn if len(drawn) == 32} - {machine}
    assert len(secrets) == 13
    for name, content in files.items():
        for secret in secrets:
            assert secret not in content.hex(), name
            assert secret.encode() not in content, name
    assert not any(b"AGE-SECRET-KEY" in content for content in files.values())


def test_every_private_key_file_says_loudly_what_it_is(files: Mapping[str, bytes]) -> None:
    loud = [name for name, content in files.items() if content.startswith(b"WHISTLE PRIVATE KEY, WRAPPED. KEEP SECRET.\n")]
    assert sorted(loud) == [
        "desk/members/anna.enrolment",
        "desk/members/bo.enrolment",
        "desk/members/carl.enrolment",
        "desk/receipt.key",
        "offline/recovery-audit-chair.key",
        "offline/recovery-risk-control.key",
        "offline/root.key",
    ]


def test_members_open_their_groups_keys_and_no_others(files: Mapping[str, bytes], card: Card) -> None:
    for name, group in (("anna", "risk-control"), ("bo", "risk-control"), ("carl", "audit-chair")):
        key = open_recipient_key(files[f"desk/groups/{group}.1.recipient.age"], member(files, name))
        assert key.recipient == card.group(group).recipient.raw
        voice = open_voice_key(files[f"desk/groups/{group}.voice.age"], member(files, name))
        assert voice.public in card.voices(card.group(group))
    with pytest.raises(NoMatch):
        open_recipient_key(files["desk/groups/audit-chair.1.recipient.age"], member(files, "anna"))


def test_each_ring_opens_for_its_own_members_alone(files: Mapping[str, bytes], card: Card) -> None:
    ring_a, ring_b = card.group("risk-control").rings or pytest.fail("no rings")
    anna, bo = member(files, "anna"), member(files, "bo")
    assert open_recipient_key(files["desk/groups/risk-control.1.ring-a.age"], anna).recipient == ring_a.raw
    assert open_recipient_key(files["desk/groups/risk-control.1.ring-b.age"], bo).recipient == ring_b.raw
    with pytest.raises(NoMatch):
        open_recipient_key(files["desk/groups/risk-control.1.ring-b.age"], anna)
    with pytest.raises(NoMatch):
        open_recipient_key(files["desk/groups/risk-control.1.ring-a.age"], bo)


def test_the_recovery_identity_opens_what_its_group_holds(files: Mapping[str, bytes], card: Card) -> None:
    text = files["offline/recovery-risk-control.key"].decode()
    purpose = "recovery risk-control"
    recovery = Identity(unwrap(text, purpose, Factors(PASSPHRASES[purpose])))
    assert open_recipient_key(files["desk/groups/risk-control.1.recipient.age"], recovery)
    assert open_recipient_key(files["desk/groups/risk-control.1.ring-a.age"], recovery)
    with pytest.raises(NoMatch):
        open_recipient_key(files["desk/groups/audit-chair.1.recipient.age"], recovery)


def test_the_receipt_key_opens_with_the_machine_secret_alone(files: Mapping[str, bytes]) -> None:
    machine = bytes.fromhex(files["desk/machine.secret"].decode().split()[1])
    assert len(unwrap(files["desk/receipt.key"].decode(), "receipt", Factors(machine=machine))) == 32
    with pytest.raises(WrongPassphrase):
        unwrap(files["desk/receipt.key"].decode(), "receipt", Factors(machine=bytes(32)))


def test_the_register_names_members_with_their_public_keys(files: Mapping[str, bytes]) -> None:
    lines = json.loads(files["desk/register.json"])["members"]
    assert [(line["name"], line["group"], line["ring"]) for line in lines] == [
        ("anna", "risk-control", "a"),
        ("bo", "risk-control", "b"),
        ("carl", "audit-chair", None),
    ]
    assert read_recipient(lines[0]["recipient"]) == member(files, "anna").recipient


def test_nothing_of_the_root_goes_to_the_desk(files: Mapping[str, bytes]) -> None:
    assert ROOT.startswith("offline/")
    assert not any(b"purpose: root" in content for name, content in files.items() if not name.startswith("offline/"))


def test_a_renewed_card_counts_on_and_keeps_everything_else(files: Mapping[str, bytes], card: Card) -> None:
    later = TODAY + timedelta(days=70)
    renewed = renew(card, files[ROOT].decode(), PASSPHRASES["root"], later, 100)
    assert renewed.counter == card.counter + 1
    assert (renewed.instance, renewed.groups, renewed.root) == (card.instance, card.groups, card.root)
    assert renewed.ends == later + timedelta(days=100)


def test_a_card_is_not_renewed_by_another_root(files: Mapping[str, bytes], card: Card) -> None:
    other = make(PLAN, PASSPHRASES, TODAY, os.urandom, LEAST)
    with pytest.raises(CardNotFromThisRoot):
        renew(card, other[ROOT].decode(), PASSPHRASES["root"], TODAY, 100)
    with pytest.raises(CardNotFromThisRoot):
        check(files[CARD], parse_card(other[CARD]).root_fingerprint, None, TODAY)


def test_a_card_that_somebody_changed_is_not_signed_again(files: Mapping[str, bytes], card: Card) -> None:
    """Or a swapped recipient would get a good signature at the next renewal."""
    group = card.groups[0]
    swapped = replace(group, recipient=replace(group.recipient, raw=member(files, "carl").recipient))
    changed = replace(card, groups=(swapped, *card.groups[1:]))
    with pytest.raises(CardForged):
        renew(changed, files[ROOT].decode(), PASSPHRASES["root"], TODAY, 100)


@pytest.mark.parametrize(
    "plan",
    [
        Plan(True, 101, (RISK,)),
        Plan(True, 0, (RISK,)),
        Plan(True, 100, ()),
        Plan(True, 100, (RISK, RISK)),
        Plan(True, 100, (GroupPlan("Risk", CHAIR.names, CHAIR.members),)),
        Plan(True, 100, (GroupPlan("risk", CHAIR.names, ()),)),
        Plan(True, 100, (GroupPlan("risk", MappingProxyType({}), CHAIR.members),)),
        Plan(True, 100, (GroupPlan("risk", MappingProxyType({"english": "Risk"}), CHAIR.members),)),
        Plan(True, 100, (GroupPlan("risk", CHAIR.names, (MemberPlan("anna", "a"),)),)),
        Plan(True, 100, (GroupPlan("risk", CHAIR.names, (*RISK.members, MemberPlan("dora"))),)),
        Plan(True, 100, (GroupPlan("risk", CHAIR.names, (MemberPlan("anna", "c"),)),)),
        Plan(True, 100, (CHAIR, GroupPlan("risk", CHAIR.names, CHAIR.members))),
        Plan(True, 100, (GroupPlan("risk", CHAIR.names, (MemberPlan("anna", role="investigator"),)),)),
        Plan(True, 100, (GroupPlan("risk", CHAIR.names, (MemberPlan("anna"), MemberPlan("bo", role="auditor"))),)),
        Plan(True, 100, (CHAIR,), (StaffPlan("dora", "lead"),)),
        Plan(True, 100, (CHAIR,), (StaffPlan("carl", "auditor"),)),
    ],
)
def test_a_plan_whose_keys_could_not_work_is_refused(plan: Plan) -> None:
    with pytest.raises(CeremonyRefused):
        make(plan, PASSPHRASES, TODAY, os.urandom, LEAST)


def test_a_missing_passphrase_is_named_before_anything_is_made() -> None:
    drawn = Remembering()
    with pytest.raises(CeremonyRefused, match="recovery audit-chair"):
        make(PLAN, {**PASSPHRASES, "recovery audit-chair": ""}, TODAY, drawn, LEAST)
    assert not drawn.drawn


def test_the_example_card_of_the_repository_checks_at_its_day() -> None:
    keys = Path(__file__).parents[2] / "keys"
    fingerprint = bytes.fromhex((keys / "example-root-fingerprint.txt").read_text().strip())
    example = check((keys / "example-key-card.txt").read_bytes(), fingerprint, None, TODAY)
    assert example.demo

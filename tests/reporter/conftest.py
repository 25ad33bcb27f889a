"""A running intake and the keys of a ceremony: with them a test plays the desk."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import httpx2
import pytest

from tests.intake.running import Intake as Running
from tests.intake.running import started
from whistle.ceremony.making import CARD, make, purposes
from whistle.ceremony.plan import GroupPlan, MemberPlan, Plan
from whistle.protocol import card as cards
from whistle.protocol.card import Card
from whistle.reporter.dialogue import PreparedReport, prepare_report
from whistle.reporter.intake import Intake
from whistle.sealing import groups
from whistle.sealing.keys import Identity, SigningKey
from whistle.sealing.wrapping import Cost, Factors, unwrap

TODAY = datetime.now(UTC).date()
PLAN = Plan(True, 100, (GroupPlan("risk", MappingProxyType({"en": "Risk"}), (MemberPlan("anna"),)),))
WORDS = {purpose: f"a passphrase of {purpose}" for purpose in purposes(PLAN)}


@pytest.fixture(scope="module")
def files() -> Mapping[str, bytes]:
    return make(PLAN, WORDS, TODAY, os.urandom, Cost(65_536, 3, 1))


@pytest.fixture(scope="module")
def card(files: Mapping[str, bytes]) -> Card:
    return cards.parse(files[CARD])


@pytest.fixture(scope="module")
def anna(files: Mapping[str, bytes]) -> Identity:
    text = files["desk/members/anna.enrolment"].decode()
    return Identity(unwrap(text, "member anna", Factors(WORDS["member anna"])))


@pytest.fixture(scope="module")
def voice(files: Mapping[str, bytes], anna: Identity) -> SigningKey:
    return groups.open_voice_key(files["desk/groups/risk.voice.age"], anna)


@pytest.fixture(scope="module")
def group(files: Mapping[str, bytes], anna: Identity) -> Identity:
    """What opens what is sealed to the group."""
    return groups.open_recipient_key(files["desk/groups/risk.1.recipient.age"], anna)


@pytest.fixture(scope="module")
def receipt_key(files: Mapping[str, bytes]) -> SigningKey:
    machine = bytes.fromhex(files["desk/machine.secret"].decode().split()[1])
    return SigningKey(unwrap(files["desk/receipt.key"].decode(), "receipt", Factors(machine=machine)))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("intake") / "intake.sqlite") as server:
        yield server


@pytest.fixture
def intake(running: Running) -> Iterator[Intake]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{running.port}", trust_env=False) as client:
        yield Intake(client)


def prepared(card: Card, text: str = "Noget er galt.") -> PreparedReport:
    return prepare_report(card, "risk", text, "da", (), os.urandom)

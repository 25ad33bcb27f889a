"""The connection is cut at every byte of a submit exchange, in both directions: the reporter ends with exactly one report."""

import os
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import httpx2
import pytest

from tests.faults.link import Link, link
from tests.intake.running import Intake as Running
from tests.intake.running import started
from whistle.ceremony.making import CARD, make, purposes
from whistle.ceremony.plan import GroupPlan, MemberPlan, Plan
from whistle.errors import NetworkFailed
from whistle.protocol import card as cards
from whistle.reporter.dialogue import PreparedReport, prepare_report
from whistle.reporter.intake import Intake
from whistle.sealing.wrapping import Cost

PLAN = Plan(True, 100, (GroupPlan("risk", MappingProxyType({"en": "Risk"}), (MemberPlan("anna"),)),))
WORDS = {purpose: f"a passphrase of {purpose}" for purpose in purposes(PLAN)}
CALM = "1000000"  # a test sends more reports a minute than a bank has a year
ABREAST = 2
ANSWER = 2_000  # bytes at the end of an exchange, more than its last answer has
IN_A_ROW = 8  # cuts that one report meets, each a byte later than the one before


@pytest.fixture(scope="module")
def sealed() -> PreparedReport:
    """A report, sealed once: its box and token are drawn anew for every position, which intake cannot tell from its own."""
    files = make(PLAN, WORDS, datetime.now(UTC).date(), os.urandom, Cost(65_536, 3, 1))
    return prepare_report(cards.parse(files[CARD]), "risk", "they keep two sets of books", "en", (), os.urandom)


@pytest.mark.slow
def test_a_cut_at_any_byte_of_a_submit_exchange_leaves_exactly_one_report(tmp_path: Path, sealed: PreparedReport) -> None:
    with started(tmp_path / "intake.sqlite", "0", "128", CALM) as intake:
        length = _exchange(intake, sealed)
        with ThreadPoolExecutor(ABREAST) as workers:
            runs = _runs(length)
            cuts = sum(workers.map(lambda first: _cut_at(intake, sealed, runs[first::ABREAST]), range(ABREAST)))
        entries = Counter(box for _, box, *_ in intake.stored()["entry"])
        boxes = len(intake.stored()["box"])
    assert length > 18_000
    assert cuts == length
    assert boxes == len(runs) + 1
    assert set(entries.values()) == {1}


def _exchange(intake: Running, sealed: PreparedReport) -> int:
    """Bytes of a whole exchange, both directions: the challenge, its answer, the report, its answer."""
    with link(intake.port) as way, _client(way) as client:
        _deliver(client, sealed)
        return way.carried


def _runs(length: int) -> list[range]:
    """Every position of an exchange. Once the report is whole what follows differs, so there each report meets one cut."""
    whole = length - ANSWER
    return [
        *(range(first, min(first + IN_A_ROW, whole)) for first in range(0, whole, IN_A_ROW)),
        *(range(position, position + 1) for position in range(whole, length)),
    ]


def _cut_at(intake: Running, sealed: PreparedReport, runs: list[range]) -> int:
    with link(intake.port) as way, _client(way) as client:
        for run in runs:
            way.cut_after, *rest = (position + 1 for position in run)
            way.again = iter(rest)
            _deliver(client, sealed)
            assert way.cut_after is None, run
        return way.cuts


def _client(way: Link) -> httpx2.Client:
    return httpx2.Client(base_url=f"http://127.0.0.1:{way.port}", timeout=20, trust_env=False)


def _deliver(client: httpx2.Client, sealed: PreparedReport) -> None:
    """One person's report, sent until it has arrived."""
    own = replace(sealed, keys=replace(sealed.keys, box=secrets.token_bytes(32), access=secrets.token_bytes(32)))
    while True:
        try:
            own.deliver(Intake(client))
        except NetworkFailed:
            continue
        return

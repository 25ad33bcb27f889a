"""spec/verify.py on a stranger's machine: a proof of the real client holds, and no byte of it can be changed."""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType, ModuleType

import pytest

from tests.conftest import TOP
from tests.vectors import read
from whistle.ceremony.making import CARD, make, purposes
from whistle.ceremony.plan import GroupPlan, MemberPlan, Plan
from whistle.protocol import card as cards
from whistle.protocol.bech32 import write_recipient
from whistle.protocol.card import Card
from whistle.protocol.content import Answer
from whistle.protocol.spelling import write_base64
from whistle.protocol.wire import RECEIPT, TO_DESK, Frame
from whistle.reporter.dialogue import PreparedReport, open_mailbox, prepare_report
from whistle.reporter.intake import Intake
from whistle.reporter.proof import proof_of
from whistle.sealing import age
from whistle.sealing.cards import sign_card
from whistle.sealing.derivation import ReporterKeys
from whistle.sealing.keys import FileKey, SigningKey
from whistle.sealing.receipts import receipt_for
from whistle.sealing.wrapping import Cost, Factors, unwrap

VERIFY = TOP / "spec" / "verify.py"
TODAY = datetime.now(UTC).date()
PLAN = Plan(True, 100, (GroupPlan("risk", MappingProxyType({"en": "Risk"}), (MemberPlan("anna"),)),))
WORDS = {purpose: f"a passphrase of {purpose}" for purpose in purposes(PLAN)}
TEXT = "Noget er galt.\nPROVEN: nothing\u202e\x1b[2J"


def imported() -> ModuleType:
    described = importlib.util.spec_from_file_location("verify", VERIFY)
    assert described
    assert described.loader
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    module.sound = cache(module.sound)  # the slow one, asked of the same points again and again here
    return module


verify = imported()


class Held(Intake):
    """A box with a report and its receipt."""

    def __init__(self, frames: list[Frame]) -> None:
        object.__setattr__(self, "frames", frames)

    def fetch(self, keys: ReporterKeys) -> list[Frame]:  # type: ignore[override]
        return self.frames  # type: ignore[attr-defined, no-any-return]


@pytest.fixture(scope="module")
def files() -> Mapping[str, bytes]:
    return make(PLAN, WORDS, TODAY, os.urandom, Cost(65_536, 3, 1))


@pytest.fixture(scope="module")
def root(files: Mapping[str, bytes]) -> SigningKey:
    return SigningKey(unwrap(files["offline/root.key"].decode(), "root", Factors(WORDS["root"])))


@pytest.fixture(scope="module")
def desk() -> SigningKey:
    return SigningKey(bytes(range(32)))


@pytest.fixture(scope="module")
def card(files: Mapping[str, bytes], root: SigningKey, desk: SigningKey) -> Card:
    """The ceremony's card, with a receipt key that this test knows."""
    made = cards.parse(files[CARD])
    return sign_card(replace(made, receipt_keys=(replace(made.receipt_keys[0], public=desk.public),)), root)


def a_proof(card: Card, desk: SigningKey, report: PreparedReport, receipt: bytes | None = None) -> bytes:
    given = receipt or receipt_for(sha256(report.envelope).digest(), report.keys.box, TODAY, card, desk)
    frames = [Frame(1, TO_DESK, TODAY, report.keys.box, report.envelope), Frame(2, RECEIPT, TODAY, report.keys.box, given)]
    return proof_of(open_mailbox(report.keys, card, Held(frames)))


@pytest.fixture(scope="module")
def report(card: Card) -> PreparedReport:
    return prepare_report(card, "risk", TEXT, "da", (Answer("where", "Aarhus"),), os.urandom)


@pytest.fixture(scope="module")
def proof(card: Card, desk: SigningKey, report: PreparedReport) -> bytes:
    return a_proof(card, desk, report)


def refused(proof: bytes, card: Card, why: str | None = None) -> None:
    with pytest.raises(verify.NotProven, match=why):
        verify.verify(proof, card.root_fingerprint)


def run(path: Path, fingerprint: str, *before: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-I", *before, str(path), "--fingerprint", fingerprint]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=60)


def changed(proof: bytes, change: Callable[[dict[str, str]], object]) -> bytes:
    fields = json.loads(proof)
    change(fields)
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def test_a_proof_of_the_real_client_holds_and_says_what_it_proves(proof: bytes, card: Card) -> None:
    lines = verify.verify(proof, card.root_fingerprint)
    assert f"arrived on {TODAY}" in lines[1]
    assert "  | Noget er galt." in lines
    assert "  | Aarhus" in lines
    assert any("DEMO" in line for line in lines)
    assert any(f"number 1, of {TODAY}. Ask for a later one" in line for line in lines)


def test_the_text_stays_behind_a_margin_and_what_is_invisible_is_spelt_out(proof: bytes, card: Card) -> None:
    assert "  | PROVEN: nothing<U+202E><U+001B>[2J" in verify.verify(proof, card.root_fingerprint)


def test_the_command_prints_it_where_nothing_of_whistle_can_be_imported(proof: bytes, card: Card, tmp_path: Path) -> None:
    (tmp_path / "proof.json").write_bytes(proof)
    spaced = " ".join(card.root_fingerprint.hex().upper()[at : at + 4] for at in range(0, 64, 4))
    done = run(tmp_path / "proof.json", spaced, str(VERIFY))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Noget er galt." in done.stdout


def test_it_imports_nothing_but_cryptography_and_what_python_brings() -> None:
    names = set()
    for node in ast.walk(ast.parse(VERIFY.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    assert {name for name in names if name not in sys.stdlib_module_names} == {"cryptography"}


def holds(proof: bytes, card: Card, place: int, bit: int) -> bool:
    """Whether a proof is taken with this one bit turned."""
    spoiled = bytearray(proof)
    spoiled[place] ^= 1 << bit
    try:
        verify.verify(bytes(spoiled), card.root_fingerprint)
    except verify.NotProven:
        return False
    return True


def test_no_byte_of_a_proof_can_be_changed(proof: bytes, card: Card) -> None:
    """A bit of every seventh byte; which one moves with the place. Where little stands, every byte."""
    start = proof.index(b'"envelope":"') + 12
    outside = {*range(start + 64), *range(proof.index(b'"file_key"') - 64, len(proof))}
    assert [place for place in sorted({*range(0, len(proof), 7), *outside}) if holds(proof, card, place, place % 8)] == []


@pytest.mark.slow
def test_no_byte_of_the_envelope_in_a_proof_can_be_changed(proof: bytes, card: Card) -> None:
    """One bit of every byte."""
    assert [place for place in range(len(proof)) if holds(proof, card, place, place % 8)] == []


@pytest.mark.slow
def test_no_bit_outside_the_envelope_can_be_changed(proof: bytes, card: Card) -> None:
    """All eight of every byte where a few bits mean much: card, key, receipt, and what holds them."""
    start = proof.index(b'"envelope":"') + 12
    outside = [*range(start + 64), *range(proof.index(b'"file_key"') - 64, len(proof))]
    assert [(place, bit) for place in outside for bit in range(8) if holds(proof, card, place, bit)] == []


@pytest.mark.parametrize("where", ["protocol", "fingerprint", "card", "envelope", "file_key", "receipt"])
def test_the_command_names_what_failed_in_one_line_and_prints_no_text(
    proof: bytes, card: Card, tmp_path: Path, where: str
) -> None:
    spoiled = bytearray(proof)
    spoiled[proof.index(f'"{where}":"'.encode()) + len(where) + 14] ^= 1
    (tmp_path / "proof.json").write_bytes(spoiled)
    done = run(tmp_path / "proof.json", card.root_fingerprint.hex(), str(VERIFY))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("NOT PROVEN: ")
    assert done.stderr.count("\n") == 1


def test_another_fingerprint_than_the_trusted_one_is_refused(proof: bytes) -> None:
    with pytest.raises(verify.NotProven, match="another root"):
        verify.verify(proof, bytes(32))


def test_a_card_of_another_root_under_the_right_fingerprint_is_refused(proof: bytes, card: Card) -> None:
    """Whoever makes a proof writes the fingerprint in it as they like."""
    other = sign_card(card, SigningKey(bytes(32)))
    refused(changed(proof, lambda fields: fields.update(card=cards.serialize(other).decode())), card, "card is of another root")


def test_a_card_that_the_root_did_not_sign_is_refused(proof: bytes, card: Card) -> None:
    other = replace(card, counter=card.counter + 1)
    refused(
        changed(proof, lambda fields: fields.update(card=cards.serialize(other).decode())), card, "key card has a signature"
    )


def test_a_renewed_card_is_said_and_is_no_failure(
    card: Card, root: SigningKey, desk: SigningKey, report: PreparedReport
) -> None:
    receipt = receipt_for(sha256(report.envelope).digest(), report.keys.box, TODAY, card, desk)
    renewed = sign_card(replace(card, counter=card.counter + 1), root)
    lines = verify.verify(a_proof(renewed, desk, report, receipt), card.root_fingerprint)
    assert any("another key card" in line for line in lines)
    assert not any("another key card" in line for line in verify.verify(a_proof(card, desk, report), card.root_fingerprint))


def test_a_receipt_of_another_report_is_refused(proof: bytes, card: Card, desk: SigningKey) -> None:
    other = json.loads(a_proof(card, desk, prepare_report(card, "risk", TEXT, "da", (), os.urandom)))
    refused(changed(proof, lambda fields: fields.update(receipt=other["receipt"])), card, "other bytes")


def test_a_receipt_for_another_box_is_refused(proof: bytes, card: Card, desk: SigningKey, report: PreparedReport) -> None:
    elsewhere = receipt_for(sha256(report.envelope).digest(), bytes(32), TODAY, card, desk).decode()
    refused(changed(proof, lambda fields: fields.update(receipt=elsewhere)), card, "another box")


def test_a_receipt_under_a_key_that_is_not_on_the_card_is_refused(proof: bytes, card: Card, report: PreparedReport) -> None:
    forged = receipt_for(sha256(report.envelope).digest(), report.keys.box, TODAY, card, SigningKey(bytes(32))).decode()
    refused(changed(proof, lambda fields: fields.update(receipt=forged)), card, "not one of the card's")


def test_a_receipt_from_before_its_key_is_refused(proof: bytes, card: Card, desk: SigningKey, report: PreparedReport) -> None:
    early = card.receipt_keys[0].start - timedelta(days=1)
    receipt = receipt_for(sha256(report.envelope).digest(), report.keys.box, early, card, desk).decode()
    refused(changed(proof, lambda fields: fields.update(receipt=receipt)), card, "not one of the card's")


def test_a_revoked_receipt_key_is_refused(proof: bytes, card: Card, root: SigningKey, desk: SigningKey) -> None:
    revoked = cards.serialize(sign_card(replace(card, revoked=(desk.public,)), root)).decode()
    refused(changed(proof, lambda fields: fields.update(card=revoked)), card, "not one of the card's")


@pytest.mark.parametrize("name", ["protocol", "fingerprint", "card", "envelope", "file_key", "receipt"])
def test_a_missing_field_is_refused(proof: bytes, card: Card, name: str) -> None:
    refused(changed(proof, lambda fields: fields.pop(name)), card, "exactly the fields")


def test_a_field_too_many_is_refused(proof: bytes, card: Card) -> None:
    refused(changed(proof, lambda fields: fields.update(more="")), card, "exactly the fields")


def test_fields_in_another_order_are_refused(proof: bytes, card: Card) -> None:
    refused(changed(proof, lambda fields: fields.update(protocol=fields.pop("protocol"))), card, "exactly the fields")


@pytest.mark.parametrize("value", [None, 1, True, ["a"], {"a": "b"}])
def test_a_field_of_another_kind_is_refused(proof: bytes, card: Card, value: object) -> None:
    refused(changed(proof, lambda fields: fields.update(file_key=value)), card, "another kind")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"protocol"', b'{ "protocol"'),
        (b'"file_key":', b'"file_key": '),
        (b'{"protocol"', b'{"protocol":"whistle/1 proof","protocol"'),
        (b'"whistle/1 proof"', b'"whistle\\/1 proof"'),
        (b'"protocol"', b'"pr\\u006ftocol"'),
    ],
)
def test_another_spelling_is_refused(proof: bytes, card: Card, old: bytes, new: bytes) -> None:
    refused(proof.replace(old, new, 1), card, "one spelling")


@pytest.mark.parametrize("file", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b"1" * 5_000, b"NaN"])
def test_what_is_no_proof_at_all_is_refused(card: Card, file: bytes) -> None:
    refused(file, card)


def resealed(
    proof: bytes,
    card: Card,
    desk: SigningKey,
    report: PreparedReport,
    plain: bytes,
    times: int = 2,
    header_key: bytes = bytes(16),
) -> bytes:
    """A proof of another plaintext in the same box, with a receipt, as an insider could have made it."""
    key = FileKey(bytes(16))
    sealer = age.PayloadSealer(key)
    header = age.write_header(FileKey(header_key), [report.keys.identity.recipient] * times)
    envelope = header + sealer.nonce + sealer.feed(plain) + sealer.end()
    receipt = receipt_for(sha256(envelope).digest(), report.keys.box, TODAY, card, desk).decode()
    new = {"envelope": write_base64(envelope), "file_key": key.reveal().hex(), "receipt": receipt}
    return changed(proof, lambda fields: fields.update(new))


@pytest.fixture(scope="module")
def plain(report: PreparedReport) -> bytes:
    return age.open_file(report.envelope, [report.keys.identity])


def test_the_same_plaintext_sealed_again_holds(
    proof: bytes, card: Card, desk: SigningKey, report: PreparedReport, plain: bytes
) -> None:
    """Or the refusals below would prove nothing."""
    assert verify.verify(resealed(proof, card, desk, report, plain), card.root_fingerprint)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda plain: plain.replace(b"Noget", b"Intet"), "signature that does not verify"),
        (lambda plain: plain + b" " * 1024, "size class"),
        (lambda plain: plain[:-1] + b"x", "one spelling"),
        (lambda plain: plain.replace(b"whistle/1\n", b"whistle/2\n", 1), "signed plaintext"),
        (lambda plain: plain.replace(b'"to-desk"', b'"to-desk" '), "one spelling"),
        (lambda plain: plain.replace(b'"kind":"report"', b'"kind":"message"'), "another box or instance"),
        (lambda plain: plain.replace(b'"sequence":1,', b'"sequence":2,', 1), "first one"),
        (lambda plain: plain.replace(b'"language":"da"', b'"language":"dan"'), "language"),
        (lambda plain: plain.replace(b'"answer":"Aarhus"', b'"answer":""      '), "one spelling"),
        (lambda plain: plain.replace(b'"answer":"Aarhus"', b'"answer":""') + b" " * 6, "an answer that is none"),
        (lambda plain: plain.replace(b'"reply_to":"age1pq1', b'"reply_to":"age1pq2'), "age recipient"),
        (lambda plain: re.sub(b"(age1pq1)(.)", lambda at: at[1] + (b"p" if at[2] == b"q" else b"q"), plain), "misspelt"),
        (lambda plain: re.sub(b'age1pq1[^"]*', write_recipient(bytes(1_217)).encode(), plain)[:-2], "age recipient"),
    ],
    ids=[
        "word",
        "size",
        "end",
        "version",
        "space",
        "kind",
        "sequence",
        "language",
        "answer-",
        "answer",
        "recipient",
        "letter",
        "longer",
    ],
)
def test_a_plaintext_that_the_reporter_did_not_write_so_is_refused(
    proof: bytes, card: Card, desk: SigningKey, report: PreparedReport, plain: bytes, change: Callable[[bytes], bytes], why: str
) -> None:
    refused(resealed(proof, card, desk, report, change(plain)), card, why)


def test_a_report_moved_to_another_box_is_refused(
    proof: bytes, card: Card, desk: SigningKey, report: PreparedReport, plain: bytes
) -> None:
    """With a receipt for that box: the report's own keys say where it belongs."""
    box = bytes(32)
    moved = replace(report, keys=replace(report.keys, box=box))
    refused(resealed(proof, card, desk, moved, plain), card, "another box")
    refused(
        resealed(proof, card, desk, moved, plain.replace(report.keys.box.hex().encode(), box.hex().encode())), card, "keys are"
    )


@pytest.mark.parametrize("times", [1, 3])
def test_another_count_of_recipients_is_refused(
    proof: bytes, card: Card, desk: SigningKey, report: PreparedReport, plain: bytes, times: int
) -> None:
    refused(resealed(proof, card, desk, report, plain, times), card, "two hybrid recipients")


def test_a_header_that_gives_its_recipients_another_key_is_refused(
    proof: bytes, card: Card, desk: SigningKey, report: PreparedReport, plain: bytes
) -> None:
    """Or one envelope could say one thing to the desk and another to a stranger."""
    refused(resealed(proof, card, desk, report, plain, header_key=bytes(15) + b"x"), card, "file key is not the one")


def test_signatures_are_taken_as_the_vectors_say() -> None:
    """Points of small and mixed order, second spellings, scalars that are not reduced: OpenSSL alone takes some of them."""
    for case in read("signatures", 69).cases:
        given = case["input"]
        asked = given["label"].encode(), bytes.fromhex(given["public_key"]), given["message"].encode()
        try:
            verify.signed(*asked, bytes.fromhex(given["signature"]), "It")
            outcome = "verified"
        except verify.NotProven:
            outcome = "refused"
        assert outcome == case["expect"], case["name"]

"""Contents under seal: who can open them, what is believed, and how a whole thread reads."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from tests import vectors
from whistle.errors import NotAnEnvelope
from whistle.protocol.card import Card, Group, GroupKey
from whistle.protocol.card import SigningKey as PublicKey
from whistle.protocol.content import (
    TO_DESK,
    TO_REPORTER,
    Acknowledgement,
    Answers,
    Body,
    Close,
    ConsentWithdrawn,
    Content,
    Context,
    Message,
    Minutes,
    MinutesAgreed,
    Position,
    Question,
    Questions,
    Read,
    Report,
    Ticked,
)
from whistle.protocol.identity import IdentityGiven
from whistle.protocol.spelling import write_base64
from whistle.protocol.thread import Verdict
from whistle.sealing import age, contents
from whistle.sealing.contents import Box, Entry, SealedTo, Thread
from whistle.sealing.derivation import ReporterKeys, reporter_keys
from whistle.sealing.identity import seal_identity
from whistle.sealing.keys import Identity, SigningKey

VECTORS = vectors.read("contents-sealed", 60)
GIVEN = VECTORS.given
DAY = date(2026, 11, 21)
GROUP_ID, EPOCH = GIVEN["group"], int(GIVEN["epoch"])
INSTANCE = bytes.fromhex(GIVEN["instance"])
VOICE, GROUP_KEY = SigningKey(bytes.fromhex(GIVEN["voice_seed"])), Identity(bytes.fromhex(GIVEN["group_seed"]))
REPORTER = reporter_keys(bytes.fromhex(GIVEN["code"]), INSTANCE)
OTHER = reporter_keys(bytes.fromhex(GIVEN["other_code"]), INSTANCE)
CARD = Card(
    demo=True,
    instance=INSTANCE,
    counter=1,
    issued=DAY,
    ends=DAY,
    receipt_keys=(PublicKey(DAY, None, bytes(32)),),
    groups=(
        Group(
            GROUP_ID,
            MappingProxyType({"en": "Group"}),
            (PublicKey(DAY, None, VOICE.public),),
            GroupKey(EPOCH, GROUP_KEY.recipient),
            None,
        ),
    ),
    revoked=(),
    root=bytes(32),
)
BOX = Box(INSTANCE, REPORTER.box, REPORTER.signing.public, CARD)
SEALED_TO = SealedTo(GROUP_ID, EPOCH, sha256(GROUP_KEY.recipient).digest())
READERS: dict[str, tuple[Identity, SealedTo | None]] = {
    "reporter": (REPORTER.identity, None),
    "desk": (GROUP_KEY, SEALED_TO),
    "other_group": (Identity(bytes.fromhex(GIVEN["other_group_seed"])), SEALED_TO),
    "other_reporter": (OTHER.identity, None),
}


@vectors.each(VECTORS.cases)
def test_an_envelope_opens_and_is_judged_as_the_vectors_say(case: dict[str, Any]) -> None:
    given = case["input"]
    identity, sealed_to = READERS[given["reader"]]
    plaintext = contents.try_open(VECTORS.bytes(given["envelope"]), identity)
    thread = contents.read_thread([Entry(1, given["direction"], DAY, plaintext, sealed_to)], BOX)
    verdict, content = thread.items[0].verdict, thread.items[0].content
    if vectors.refused(case):
        assert verdict == case["error"]
        return
    found = contents.read(plaintext or b"", lambda _: [REPORTER.signing.public, VOICE.public])
    assert verdict.taken == (content is not None)
    assert {
        "kind": found.kind,
        "direction": found.context.direction,
        "sequence": found.context.sequence,
        "hash": found.position.hash.hex(),
        "text": getattr(found.body, "text", None),
    } == case["expect"]


def test_the_given_keys_are_those_of_the_code() -> None:
    assert REPORTER.box.hex() == GIVEN["box"]
    assert REPORTER.signing.public.hex() == GIVEN["reporter"]
    assert VOICE.public.hex() == GIVEN["voice"]


def context(direction: str, last: Position, seen: Position, keys: ReporterKeys = REPORTER) -> Context:
    key = GROUP_ID, EPOCH, SEALED_TO.recipient
    return Context(INSTANCE, keys.box, direction, *key, last.sequence + 1, last.hash, seen)


def report(keys: ReporterKeys = REPORTER) -> Content:
    body = Report(keys.signing.public, keys.identity.recipient, "da", "Noget er galt.", (), None)
    return Content(context(TO_DESK, Position(), Position(), keys), body)


def dialogue() -> list[Content]:
    """A report, its acknowledgement, a question, and an answer."""
    first = report()
    acknowledged = Content(context(TO_REPORTER, Position(), first.position), Acknowledgement("Modtaget."))
    question = Content(context(TO_REPORTER, acknowledged.position, first.position), Message("Hvornår?"))
    answer = Content(context(TO_DESK, first.position, question.position), Message("I marts."))
    return [first, acknowledged, question, answer]


def sealed(content: Content, key: SigningKey | None = None) -> bytes:
    own = REPORTER.signing if content.context.direction == TO_DESK else VOICE
    return contents.seal(content, key or own, [GROUP_KEY.recipient, REPORTER.identity.recipient])


def read(envelopes: list[tuple[str, bytes]], box: Box = BOX) -> Thread:
    """The thread as its reporter reads it."""
    entries = [
        Entry(place, direction, DAY, contents.try_open(envelope, REPORTER.identity))
        for place, (direction, envelope) in enumerate(envelopes, start=1)
    ]
    return contents.read_thread(entries, box)


def envelopes() -> list[tuple[str, bytes]]:
    return [(content.context.direction, sealed(content)) for content in dialogue()]


def verdicts(thread: Thread) -> list[str]:
    return [str(item.verdict) for item in thread.items]


def test_an_untouched_dialogue_is_verified() -> None:
    thread = read(envelopes())
    assert verdicts(thread) == ["verified"] * 4
    assert not any(thread.withheld.values())


def swap(them: list[Any]) -> list[Any]:
    return [them[0], them[2], them[1], them[3]]


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (lambda them: [them[0], *them[2:]], ["verified", "gap", "verified"]),
        (lambda them: [*them[:2], them[1], *them[2:]], ["verified", "verified", "doubled", "verified", "verified"]),
        (swap, ["verified", "gap", "out-of-order", "verified"]),
    ],
    ids=["removed", "doubled", "swapped"],
)
def test_a_tampered_thread_is_refused_by_name(tamper: Callable[[list[Any]], list[Any]], expected: list[str]) -> None:
    assert verdicts(read(tamper(envelopes()))) == expected


def test_a_truncated_tail_is_seen_by_the_side_that_has_seen_it() -> None:
    them = envelopes()
    thread = read([them[0], them[1], them[3]])  # the answer has seen a question that is withheld
    assert thread.withheld == {TO_DESK: 0, TO_REPORTER: 1}


def test_a_message_of_another_box_is_foreign() -> None:
    stolen = contents.seal(report(OTHER), OTHER.signing, [GROUP_KEY.recipient, REPORTER.identity.recipient])
    assert verdicts(read([(TO_DESK, stolen)])) == ["foreign"]


def test_a_message_of_another_instance_is_foreign() -> None:
    assert verdicts(read(envelopes(), replace(BOX, instance=bytes(16)))) == ["foreign"] * 4


def test_a_message_in_the_other_direction_is_foreign() -> None:
    assert verdicts(read([(TO_REPORTER, sealed(report()))])) == ["foreign"]


def test_a_voice_that_is_not_the_groups_is_forged() -> None:
    acknowledgement = dialogue()[1]
    forged = sealed(acknowledgement, SigningKey(os.urandom(32)))
    assert verdicts(read([(TO_REPORTER, forged)])) == ["forged"]


def test_the_reporters_own_key_is_no_voice_of_the_desk() -> None:
    assert verdicts(read([(TO_REPORTER, sealed(dialogue()[1], REPORTER.signing))])) == ["forged"]


def test_a_desk_refuses_what_names_another_key_than_the_one_that_opened_it() -> None:
    plaintext = contents.try_open(sealed(report()), GROUP_KEY)
    other = replace(SEALED_TO, epoch=2)
    assert verdicts(contents.read_thread([Entry(1, TO_DESK, DAY, plaintext, other)], BOX)) == ["foreign"]


def answered(said: Content, seen: Content, *bodies: Body) -> list[Content]:
    """What a reporter says after something, one after the other, when they have seen a content of the desk."""
    them: list[Content] = []
    for body in bodies:
        them.append(Content(context(TO_DESK, (them or [said])[-1].position, seen.position), body))
    return them


def places(thread: Thread) -> list[int | None]:
    """The place of what each content is about."""
    about = [thread.named_by(item.content) for item in thread.items if item.content]
    return [item.place if item else None for item in about]


def test_every_kind_stands_in_the_chain_like_a_message() -> None:
    first = report()
    asked = Content(context(TO_REPORTER, Position(), first.position), Questions("", (Question("Hvor?", ("her", "der")),)))
    minutes = Content(context(TO_REPORTER, asked.position, first.position), Minutes("Vi talte sammen."))
    answers = Answers(asked.position.hash, (Ticked(0, 1),))
    later = answered(first, minutes, answers, MinutesAgreed(minutes.position.hash), Close(""))
    them = [(content.context.direction, sealed(content)) for content in (first, asked, minutes, *later)]
    assert verdicts(read(them)) == ["verified"] * 6
    assert places(read(them)) == [None, None, None, 2, 3, None]
    assert verdicts(read([*them[:3], *them[4:]])) == [*["verified"] * 3, "gap", "verified"]
    assert verdicts(read([*them, them[3]])) == [*["verified"] * 6, "doubled"]
    assert verdicts(read([*them[:3], them[4], them[3], them[5]])) == [*["verified"] * 3, "gap", "out-of-order", "verified"]


def test_a_hash_that_names_nothing_here_or_another_kind_is_about_nothing() -> None:
    first = report()
    asked = Content(context(TO_REPORTER, Position(), first.position), Message("Hvor?"))
    its, own = asked.position.hash, first.position.hash
    bodies = Answers(its, (Ticked(0, 0),)), MinutesAgreed(b"n" * 32), Read(own), ConsentWithdrawn(own), Read(its)
    them = [first, asked, *answered(first, asked, *bodies)]
    thread = read([(content.context.direction, sealed(content)) for content in them])
    assert verdicts(thread) == ["verified"] * 7
    assert places(thread) == [None] * 6 + [2]


def test_what_opens_and_is_no_content_is_malformed() -> None:
    text = b"whistle/1\n" + write_base64(bytes(64)).encode() + b"\n{}"
    envelope = age.seal(text.ljust(16_384), [REPORTER.identity.recipient])
    assert verdicts(read([(TO_DESK, envelope)])) == [Verdict.MALFORMED]


def test_an_age_file_to_more_than_four_recipients_is_no_envelope() -> None:
    crowded = age.seal(b"sealed".ljust(16_384), [REPORTER.identity.recipient] * 5)
    with pytest.raises(NotAnEnvelope):
        contents.open_envelope(crowded, [REPORTER.identity])
    assert verdicts(read([(TO_DESK, crowded)])) == ["foreign"]


@pytest.mark.parametrize("length", [1, 9_000, 12_000, 60_000])
def test_a_report_with_an_identity_and_one_without_are_of_one_size(length: int) -> None:
    without = report()
    assert isinstance(without.body, Report)
    without = replace(without, body=replace(without.body, text="x" * length))
    assert isinstance(without.body, Report)
    named = replace(without, body=replace(without.body, identity=write_base64(bytes(4342))))
    assert len(sealed(without)) == len(sealed(named))
    rings = [Identity(os.urandom(32)).recipient for _ in "ab"]
    for given in (IdentityGiven("S", ""), IdentityGiven("Søren Ærlig", "x" * 900)):
        truly = replace(without, body=replace(without.body, identity=seal_identity(given, rings)))
        assert len(sealed(without)) == len(sealed(truly))


@pytest.mark.parametrize("length", [1, 500, 3_000])
def test_reports_of_one_size_class_are_equally_long(length: int) -> None:
    base = report()
    assert isinstance(base.body, Report)
    assert len(sealed(replace(base, body=replace(base.body, text="æ" * length)))) == len(sealed(base))


@pytest.mark.slow
def test_a_thousand_reports_of_random_lengths_have_the_specified_sizes_only_named_or_not() -> None:
    """What the sizes are is written down here anew, from the words of spec section 6.1."""
    steps = [(2**14, 2**10), (2**15, 2**11), (2**16, 2**11), (2**17, 2**12)]
    plaintexts = [*(size for start, step in steps for size in range(start, 2 * start, step)), 2**18]
    header = len("age-encryption.org/v1\n") + 2 * 1_557 + len("--- \n") + 43
    sizes = {header + 16 + size + 16 * -(-size // 65_536) for size in plaintexts}
    random, seen = Random(20261121), set()
    for _ in range(1_000):
        text = "".join(random.choices('aeæ \n"', k=int(2 ** random.uniform(0, 17))))
        lengths = {len(sealed(written(text, identity))) for identity in (None, write_base64(random.randbytes(4_342)))}
        assert len(lengths) == 1
        seen |= lengths
    assert seen <= sizes
    assert len(seen) > len(sizes) / 2


def written(text: str, identity: str | None) -> Content:
    content = report()
    assert isinstance(content.body, Report)
    return replace(content, body=replace(content.body, text=text, identity=identity))

"""The signed plaintext and its size classes."""

from hashlib import sha256
from typing import Any

import pytest

from tests import vectors
from whistle.errors import BadSignature, NotAContent
from whistle.protocol import plaintext
from whistle.protocol.constants import PLAINTEXT_FLOOR, PLAINTEXT_LIMIT
from whistle.protocol.padme import padme
from whistle.protocol.plaintext import SignedPlaintext
from whistle.sealing.contents import read

VECTORS = vectors.read("plaintext", 49)
SIZES = vectors.read("padme", 63)


@vectors.each(VECTORS.cases)
def test_a_plaintext_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    whole = VECTORS.bytes(case["input"])
    reporter = bytes.fromhex(VECTORS.given["reporter"])
    if vectors.refused(case):
        with pytest.raises((NotAContent, BadSignature)):
            read(whole, lambda _: [reporter])
        return
    found = plaintext.parse(whole)
    assert {"json": len(found.json), "hash": sha256(found.json).hexdigest()} == case["expect"]
    assert read(whole, lambda _: [reporter]).position.hash == sha256(found.json).digest()


@vectors.each(SIZES.of("padme"))
def test_a_length_is_padded_as_the_vectors_say(case: dict[str, Any]) -> None:
    assert padme(case["input"]) == case["expect"]


@vectors.each(SIZES.of("plaintext"))
def test_a_plaintext_is_padded_as_the_vectors_say(case: dict[str, Any]) -> None:
    length, as_if = case["input"]["length"], case["input"]["as_if_identity"]
    signed = SignedPlaintext(bytes(64), b"x" * (length - 97))
    room = plaintext._IDENTITY_ROOM if as_if else 0
    if vectors.refused(case):
        with pytest.raises(NotAContent):
            plaintext.serialize(signed, room)
    else:
        assert len(plaintext.serialize(signed, room)) == case["expect"]


def test_every_size_class_of_an_envelope_is_a_multiple_of_1024() -> None:
    classes = {padme(length) for length in range(PLAINTEXT_FLOOR, PLAINTEXT_LIMIT + 1)}
    assert all(size % 1024 == 0 for size in classes)
    assert len(classes) == 97

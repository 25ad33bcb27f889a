"""Signatures, with the points that verifiers disagree on."""

from typing import Any

import pytest

from tests import vectors
from whistle.errors import BadSignature
from whistle.sealing.keys import SigningKey
from whistle.sealing.signing import sign, verify

VECTORS = vectors.read("signatures", 69)


@vectors.each(VECTORS.cases)
def test_a_signature_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    given = case["input"]
    label, message = given["label"].encode() + b"\0", VECTORS.bytes(given["message"])
    public, signature = bytes.fromhex(given["public_key"]), bytes.fromhex(given["signature"])
    if vectors.refused(case):
        with pytest.raises(BadSignature):
            verify(label, public, message, signature)
    else:
        verify(label, public, message, signature)


def test_a_signature_under_one_label_does_not_verify_under_another() -> None:
    key = SigningKey(bytes(32))
    signature = sign(b"one\0", key, b"said")
    verify(b"one\0", key.public, b"said", signature)
    with pytest.raises(BadSignature):
        verify(b"two\0", key.public, b"said", signature)

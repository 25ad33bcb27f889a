"""The same code gives the same keys on every device and in both languages."""

from hashlib import sha256
from typing import Any

from tests import vectors
from whistle.protocol.bech32 import write_recipient
from whistle.protocol.constants import LABEL_BOARD
from whistle.sealing.derivation import reporter_keys
from whistle.sealing.keys import hkdf

VECTORS = vectors.read("derivation", 6)


@vectors.each(VECTORS.cases)
def test_a_code_derives_what_the_vectors_say(case: dict[str, Any]) -> None:
    code, instance = bytes.fromhex(case["input"]["code"]), bytes.fromhex(case["input"]["instance"])
    keys = reporter_keys(code, instance)
    assert {
        "signing_seed": keys.signing.reveal().hex(),
        "signing": keys.signing.public.hex(),
        "age_seed": keys.identity.reveal().hex(),
        "age_identity": keys.identity.reveal_text(),
        "recipient": write_recipient(keys.identity.recipient),
        "recipient_digest": sha256(keys.identity.recipient).hexdigest(),
        "access_token": keys.access.hex(),
        "board": hkdf(code, instance, LABEL_BOARD).hex(),
        "box": keys.box.hex(),
    } == case["expect"]

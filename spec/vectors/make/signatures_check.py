"""Holds signatures.json against libsodium by way of PyNaCl: what must verify does, and what must be refused is, by
its verification or by its test for points of the prime-order subgroup. It makes nothing."""

import json
from pathlib import Path

from nacl.bindings import crypto_core_ed25519_is_valid_point as valid
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

for one in json.loads(Path(__file__).parents[1].joinpath("signatures.json").read_text())["cases"]:
    given = one["input"]
    key, signature = bytes.fromhex(given["public_key"]), bytes.fromhex(given["signature"])
    points = valid(key), valid(signature[:32])
    try:
        VerifyKey(key).verify(given["label"].encode() + b"\0" + given["message"].encode(), signature)
        equation = True
    except BadSignatureError:
        equation = False
    assert (equation and all(points)) == (one["expect"] == "verified"), one["name"]
    assert points == {"public_key": (False, points[1]), "point": (True, False)}.get(one.get("error"), (True, True)), one["name"]

"""Derives every case of derivation.json again with hashlib, PyNaCl and `cryptography`, and stops at the first
difference. It makes nothing."""

import json
from pathlib import Path

from world import derive

for one in json.loads(Path(__file__).parents[1].joinpath("derivation.json").read_text())["cases"]:
    assert derive(*(bytes.fromhex(one["input"][name]) for name in ("code", "instance"))) == one["expect"], one["name"]

"""A case's sheet at rest: closed without its case key or in another revision's place; tags that are found and tell nothing."""

import hmac
import os
from hashlib import sha256

import pytest
from nacl.secret import SecretBox

from whistle.errors import PayloadFailed
from whistle.sealing.keys import CaseKey, Identity
from whistle.sealing.sheets import open_sheet, seal_sheet, tag_hash

KEY = CaseKey(os.urandom(32))


def test_a_sheet_opens_with_its_case_key_and_its_revision_alone() -> None:
    sealed = seal_sheet(b'{"plan":"kanariefugl"}', 3, KEY, os.urandom)
    assert open_sheet(sealed, 3, KEY) == b'{"plan":"kanariefugl"}'
    for revision, key in ((2, KEY), (4, KEY), (3, CaseKey(os.urandom(32)))):
        with pytest.raises(PayloadFailed):
            open_sheet(sealed, revision, key)


@pytest.mark.parametrize(
    "change", [lambda each: each[:-1], lambda each: each[:24], lambda each: b"", lambda each: b"x" + each[1:]]
)
def test_a_sheet_that_was_changed_does_not_open(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PayloadFailed):
        open_sheet(change(seal_sheet(b"{}", 1, KEY, os.urandom)), 1, KEY)


def test_its_size_tells_little() -> None:
    lengths = {len(seal_sheet(b"x" * each, 1, KEY, os.urandom)) for each in (0, 1, 2_000, 4_096)}
    assert lengths == {24 + 16 + 4_096}


def test_a_sheet_is_sealed_as_the_specification_says() -> None:
    """By HKDF as RFC 5869 has it, worked out here, and a nonce that is given."""
    case = CaseKey(b"k" * 32)
    extracted = hmac.digest((7).to_bytes(8), b"k" * 32, "sha256")
    key = hmac.digest(extracted, b"whistle/1 case sheet\0\x01", "sha256")
    sealed = seal_sheet(b"{}", 7, case, lambda length: b"n" * length)
    assert sealed[:24] == b"n" * 24
    assert SecretBox(key).decrypt(sealed) == b"{}".ljust(4_096)


def test_a_tag_is_hashed_as_the_specification_says_and_only_with_the_groups_key() -> None:
    group = Identity(b"g" * 32)
    extracted = hmac.digest(bytes(32), b"g" * 32, "sha256")
    key = hmac.digest(extracted, b"whistle/1 tag\0\x01", "sha256")
    assert tag_hash("Leverandør  A", group) == hmac.digest(key, "leverandør a".encode(), "sha256")
    assert tag_hash("\xe5 b", group) == tag_hash(" A\u030a  B ", group)
    assert tag_hash("leverandør b", group) != tag_hash("leverandør a", group)
    assert tag_hash("leverandør a", Identity(b"h" * 32)) != tag_hash("leverandør a", group)
    assert tag_hash("leverandør a", group) != sha256("leverandør a".encode()).digest()

# ruff: noqa: SIM905 - a column of names reads better than quotes and commas
"""The public age test kit: 79 of its 143 files apply, the other 64 are named with the reason why they do not.

18 hybrid ones as they stand; 57 of X25519, header and stream through the file key that the file gives; 4 of scrypt for
the generic rules of a header.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

import pytest

from whistle.errors import HeaderFailed, HeaderForged, NoMatch, PayloadFailed, SealingError
from whistle.sealing import age
from whistle.sealing.keys import FileKey, Identity

ARMOR = "armor is a text form; Whistle reads binary files only"
SCRYPT = "passphrase recipients are not implemented, and nothing of this file is decided before its passphrase"
UNWRAPPING = "the refusal is inside X25519 unwrapping, which is not implemented"

NOT_APPLICABLE = {
    **dict.fromkeys(
        """armor_crlf armor_empty armor_empty_last_line armor_empty_line_begin armor_empty_line_end
        armor_eol_between_padding armor_full_last_line armor_garbage_encoded armor_garbage_leading armor_garbage_trailing
        armor_header_crlf armor_headers armor_hybrid armor_invalid_character_header armor_invalid_character_payload
        armor_long_line armor_lowercase armor_no_end_line armor_no_eol armor_no_match armor_no_padding armor_not_canonical
        armor_pgp_checksum armor_scrypt armor_short_line armor_whitespace_begin armor_whitespace_end armor_whitespace_eol
        armor_whitespace_last_line armor_whitespace_line_start armor_whitespace_outside armor_wrong_type
        armor_x25519""".split(),
        ARMOR,
    ),
    **dict.fromkeys(
        """scrypt_bad_tag scrypt_extra_argument scrypt_long_file_key scrypt_no_match scrypt_not_canonical_salt
        scrypt_salt_long scrypt_salt_missing scrypt_salt_short scrypt_uppercase scrypt_work_factor_23
        scrypt_work_factor_hex scrypt_work_factor_leading_garbage scrypt_work_factor_leading_plus
        scrypt_work_factor_leading_zero_decimal scrypt_work_factor_leading_zero_octal scrypt_work_factor_missing
        scrypt_work_factor_negative scrypt_work_factor_overflow scrypt_work_factor_trailing_garbage
        scrypt_work_factor_wrong scrypt_work_factor_zero""".split(),
        SCRYPT,
    ),
    **dict.fromkeys(
        """x25519_bad_tag x25519_extra_argument x25519_identity x25519_long_file_key x25519_long_share
        x25519_low_order x25519_lowercase x25519_no_match x25519_not_canonical_share x25519_short_share""".split(),
        UNWRAPPING,
    ),
}


@dataclass(frozen=True)
class Vector:
    """One file of the kit: what it expects, the keys it gives, and the age file."""

    given: dict[str, list[str]]
    file: bytes

    @property
    def expect(self) -> str:
        return self.given["expect"][0]

    @property
    def identities(self) -> list[Identity]:
        return [Identity.of_text(text) for text in self.given.get("identity", []) if text.startswith("AGE-SECRET-KEY-PQ-")]


def parse(file: bytes) -> Vector:
    head, _, body = file.partition(b"\n\n")
    given: dict[str, list[str]] = {}
    for line in head.decode().splitlines():
        key, _, value = line.partition(": ")
        given.setdefault(key, []).append(value)
    return Vector(given, zlib.decompress(body) if given.get("compressed") == ["zlib"] else body)


def released(vector: Vector) -> Iterator[bytes]:
    """The chunks that our opener gives for a vector, with its own key or through the file key that it names."""
    file = BytesIO(vector.file)
    header = age.read_header(file)
    if vector.identities:
        file_key = age.unwrap(header, vector.identities)
    else:
        file_key = FileKey(bytes.fromhex(vector.given["file key"][0]))
        age.check_mac(header, file_key)
    yield from age.open_payload(file, file_key)


def outcome(vector: Vector) -> tuple[str, str]:
    """What happened, in the kit's words, and the hash of what was released until then."""
    plaintext, happened = sha256(), "success"
    try:
        for chunk in released(vector):
            plaintext.update(chunk)
    except SealingError as error:
        happened = {
            HeaderFailed: "header failure",
            NoMatch: "no match",
            HeaderForged: "HMAC failure",
            PayloadFailed: "payload failure",
        }[type(error)]
    return happened, plaintext.hexdigest()


def expected(vector: Vector) -> tuple[str, str]:
    payload = vector.given.get("payload", [sha256().hexdigest()])[0]
    return vector.expect, payload


def test_79_files_apply_and_64_are_named_with_the_reason(kit: dict[str, bytes]) -> None:
    assert len(kit) == 143
    assert len(NOT_APPLICABLE) == 64
    assert set(NOT_APPLICABLE) <= set(kit)
    assert len(set(kit) - set(NOT_APPLICABLE)) == 79
    counts = {reason: list(NOT_APPLICABLE.values()).count(reason) for reason in (ARMOR, SCRYPT, UNWRAPPING)}
    assert counts == {ARMOR: 33, SCRYPT: 21, UNWRAPPING: 10}


def test_every_file_that_applies_does_what_the_kit_says(kit: dict[str, bytes], subtests: pytest.Subtests) -> None:
    applied = 0
    for name in sorted(set(kit) - set(NOT_APPLICABLE)):
        vector = parse(kit[name])
        with subtests.test(name):
            assert outcome(vector) == expected(vector)
        applied += 1
    assert applied == 79


def test_18_hybrid_files_are_opened_by_their_own_keys(kit: dict[str, bytes]) -> None:
    assert sum(bool(parse(kit[name]).identities) for name in set(kit) - set(NOT_APPLICABLE)) == 18


def test_no_file_that_expects_no_match_goes_through_its_file_key(kit: dict[str, bytes]) -> None:
    for name in set(kit) - set(NOT_APPLICABLE):
        vector = parse(kit[name])
        assert vector.identities or vector.expect != "no match", name

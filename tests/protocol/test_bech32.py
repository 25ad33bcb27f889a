"""Bech32 in pairs of letters is that of BIP 173, letter by letter; whatever differs by a letter is refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from whistle.errors import NotAnIdentity, NotARecipient
from whistle.protocol.bech32 import read_identity, read_recipient, write_identity, write_recipient

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
SEED = st.binary(min_size=32, max_size=32)
RAW = st.builds(lambda seed: (seed * 38)[:1216], SEED)


def slowly(prefix: str, raw: bytes) -> str:
    """As the reference of BIP 173 does it."""
    bits = "".join(f"{byte:08b}" for byte in raw)
    return spelled(prefix, [int(bits[place : place + 5].ljust(5, "0"), 2) for place in range(0, len(bits), 5)])


def spelled(prefix: str, words: list[int]) -> str:
    check = 1
    for word in [*(ord(each) >> 5 for each in prefix), 0, *(ord(each) & 31 for each in prefix), *words, *[0] * 6]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ word
        for place, term in enumerate(GENERATOR):
            check ^= term if top >> place & 1 else 0
    words = words + [(check ^ 1) >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(ALPHABET[word] for word in words)


@given(RAW)
def test_a_recipient_is_written_as_the_reference_writes_it_and_read_again(raw: bytes) -> None:
    assert write_recipient(raw) == slowly("age1pq", raw)
    assert read_recipient(slowly("age1pq", raw)) == raw


@given(SEED)
def test_an_identity_is_written_as_the_reference_writes_it_and_read_again(seed: bytes) -> None:
    assert write_identity(seed) == slowly("age-secret-key-pq-", seed).upper()
    assert read_identity(write_identity(seed)) == seed


@given(RAW, st.integers(0, 1958), st.sampled_from([*ALPHABET, *"bio1BQ æ"]))
@example(bytes(1216), 1951, "p")  # the last letter before the checksum: only stray bits of it
def test_a_recipient_with_another_letter_anywhere_is_refused(raw: bytes, at: int, letter: str) -> None:
    good = write_recipient(raw)
    bad = good[:at] + letter + good[at + 1 :]
    if bad != good:
        with pytest.raises(NotARecipient):
            read_recipient(bad)


def test_a_second_spelling_with_its_own_checksum_is_refused() -> None:
    """1,216 bytes leave two bits of the last letter: set, they make another text of the same bytes."""
    text = spelled("age1pq", [*[0] * 1945, 3])
    assert len(text) == len(write_recipient(bytes(1216)))
    with pytest.raises(NotARecipient):
        read_recipient(text)


@pytest.mark.parametrize("length", [31, 33])
def test_an_identity_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(NotAnIdentity):
        read_identity(slowly("age-secret-key-pq-", bytes(length)).upper())


def test_a_letter_that_only_becomes_one_of_ours_in_small_is_refused() -> None:
    seed = next(bytes([each] * 32) for each in range(256) if "K" in write_identity(bytes([each] * 32))[19:])
    with pytest.raises(NotAnIdentity):
        read_identity(write_identity(seed).replace("K", "\u212a"))


@pytest.mark.parametrize("letters", ["", "qqqqq", "Q" * 58])
def test_what_is_too_short_or_in_mixed_letters_is_refused(letters: str) -> None:
    with pytest.raises(NotAnIdentity):
        read_identity("AGE-SECRET-KEY-PQ-1" + letters)

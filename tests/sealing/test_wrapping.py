"""Private keys in files."""

import os
from typing import Any

import pytest

from tests import vectors
from whistle.errors import NotAWrappedKey, WeakWrapping, WrongPassphrase
from whistle.sealing import wrapping
from whistle.sealing.wrapping import LONGEST_PASSPHRASE, STANDARD, Cost, Factors, unwrap, wrap

VECTORS = vectors.read("wrapped-keys", 77)
ERRORS = {
    "not_a_private_key": NotAWrappedKey,
    "cost": (WeakWrapping, NotAWrappedKey),
    "wrong_purpose": NotAWrappedKey,
    "does_not_open": WrongPassphrase,
}
LEAST = Cost(65_536, 3, 1)


@vectors.each(VECTORS.cases)
def test_a_wrapped_key_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    given = case["input"]
    machine = bytes.fromhex(given["machine_secret"]) if given["machine_secret"] else None
    factors = Factors(given["passphrase"], machine)
    text = VECTORS.bytes(given["file"]).decode("utf-8", "surrogateescape")
    if vectors.refused(case):
        with pytest.raises(ERRORS[case["error"]]):
            unwrap(text, given["purpose"], factors)
    else:
        assert unwrap(text, given["purpose"], factors).hex() == case["expect"]


@pytest.mark.parametrize("factors", [Factors("a phrase"), Factors(machine=b"m" * 32), Factors("a phrase", b"m" * 32)])
def test_what_is_wrapped_is_unwrapped_again(factors: Factors) -> None:
    wrapped = wrap(b"s" * 32, "member anna", factors, os.urandom, LEAST)
    assert wrapped.startswith("WHISTLE PRIVATE KEY, WRAPPED. KEEP SECRET.\n")
    assert unwrap(wrapped, "member anna", factors) == b"s" * 32


def test_nothing_is_wrapped_more_cheaply_than_a_reader_takes() -> None:
    with pytest.raises(WeakWrapping):
        wrap(b"s" * 32, "root", Factors("long enough a phrase"), os.urandom, Cost(8, 1, 1))


def test_the_standard_cost_is_256_mebibytes_and_three_passes() -> None:
    assert Cost(262_144, 3, 1) == STANDARD


def test_factors_do_not_print() -> None:
    assert repr(Factors("a phrase", b"m")) == "<Factors passphrase+machine>"


def test_a_passphrase_is_the_same_whatever_keyboard_composed_it() -> None:
    wrapped = wrap(b"s" * 32, "root", Factors("\u00c5ngstr\u00f6m i Aarhus"), os.urandom, LEAST)
    assert unwrap(wrapped, "root", Factors("A\u030angstro\u0308m i Aarhus")) == b"s" * 32


def test_an_endless_passphrase_is_refused_before_it_is_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Composing marks of two kinds takes the square of their number, and holds up everybody meanwhile."""
    longest, composed = "\u0300\u0316" * (LONGEST_PASSPHRASE // 2), list[str]()
    wrapped = wrap(b"s" * 32, "member anna", Factors(longest), os.urandom, LEAST)
    assert unwrap(wrapped, "member anna", Factors(longest)) == b"s" * 32
    monkeypatch.setattr(wrapping, "normalize", lambda _, text: composed.append(text) or text)
    for act in (lambda over: unwrap(wrapped, "member anna", over), lambda over: wrap(b"", "root", over, os.urandom, LEAST)):
        with pytest.raises(WrongPassphrase):
            act(Factors(longest + "a"))
    assert composed == []

"""age files: back and forth with typage, flat memory, and nothing released that did not verify."""

import os
import tracemalloc
from io import BytesIO, RawIOBase
from typing import Any

import pytest

from tests.sealing.conftest import Typage
from whistle.errors import HeaderFailed, HeaderForged, NoMatch, NotARecipient, PayloadFailed, SealingError
from whistle.protocol.bech32 import write_recipient
from whistle.sealing import age
from whistle.sealing.keys import Identity

FIRST, SECOND, STRANGER = Identity(bytes(32)), Identity(bytes([1]) * 32), Identity(bytes([2]) * 32)
SIZES = [0, 1, 65_535, 65_536, 65_537, 5 * 1024 * 1024]


@pytest.mark.parametrize("size", SIZES)
def test_typage_opens_what_we_seal(typage: Typage, size: int) -> None:
    plaintext = os.urandom(size)
    assert typage.open(age.seal(plaintext, [FIRST.recipient]), FIRST.reveal_text()) == plaintext


@pytest.mark.parametrize("size", SIZES)
def test_we_open_what_typage_seals(typage: Typage, size: int) -> None:
    plaintext = os.urandom(size)
    assert age.open_file(typage.seal(plaintext, [write_recipient(FIRST.recipient)]), [FIRST]) == plaintext


@pytest.mark.parametrize("size", SIZES)
def test_each_of_several_recipients_opens_what_either_seals(typage: Typage, size: int) -> None:
    plaintext = os.urandom(size)
    ours = age.seal(plaintext, [FIRST.recipient, SECOND.recipient])
    theirs = typage.seal(plaintext, [write_recipient(FIRST.recipient), write_recipient(SECOND.recipient)])
    for identity in (FIRST, SECOND):
        assert typage.open(ours, identity.reveal_text()) == plaintext
        assert age.open_file(theirs, [STRANGER, identity]) == plaintext


def test_typage_derives_the_same_recipient(typage: Typage) -> None:
    assert typage.ask("recipient", identity=FIRST.reveal_text()) == write_recipient(FIRST.recipient)


def test_a_stranger_opens_nothing() -> None:
    with pytest.raises(NoMatch):
        age.open_file(age.seal(b"sealed", [FIRST.recipient]), [STRANGER])


def test_any_flipped_bit_of_a_file_is_refused() -> None:
    sealed = age.seal(b"sealed", [FIRST.recipient])
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealingError):
            age.open_file(bytes(changed), [FIRST])


def test_a_file_cut_anywhere_is_refused() -> None:
    sealed = age.seal(bytes(70_000), [FIRST.recipient])
    for length in [*range(0, 2_000, 7), len(sealed) - 4_480, len(sealed) - 1]:
        with pytest.raises(SealingError):
            age.open_file(sealed[:length], [FIRST])


def test_a_file_cannot_hold_two_contents_for_two_recipients() -> None:
    """Stanzas of one file under the header MAC of another: whoever reads the foreign stanza sees the forgery."""
    one, other = age.seal(b"one", [FIRST.recipient]), age.seal(b"other", [SECOND.recipient])
    stanza = other[len(b"age-encryption.org/v1\n") : other.index(b"--- ")]
    mixed = one.replace(b"--- ", stanza + b"--- ", 1)
    for identity in (FIRST, SECOND):
        with pytest.raises(HeaderForged):
            age.open_file(mixed, [identity])


def test_nothing_is_released_of_a_content_whose_last_chunk_was_changed() -> None:
    sealed = bytearray(age.seal(bytes(200_000), [FIRST.recipient]))
    sealed[-1] ^= 1
    with pytest.raises(PayloadFailed):
        age.open_file(bytes(sealed), [FIRST])


def test_a_header_that_never_ends_is_refused_early() -> None:
    endless = Endless(b"age-encryption.org/v1\n" + b"-> grease " + b"x" * 100)
    with pytest.raises(HeaderFailed):
        age.read_header(endless)  # type: ignore[arg-type]
    assert endless.given < 40_000


def test_memory_stays_flat_while_a_large_file_is_sealed_and_opened() -> None:
    size = 64 * 1024 * 1024
    tracemalloc.start()
    sealed = age.seal_stream(Zeros(size), [FIRST.recipient])  # type: ignore[arg-type]
    opened = age.open_stream(Joined(sealed), [FIRST])  # type: ignore[arg-type]
    assert sum(len(chunk) for chunk in opened) == size
    assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    tracemalloc.stop()


class Endless(RawIOBase):
    """A first line, then one line that has no end."""

    def __init__(self, start: bytes) -> None:
        self._start, self.given = BytesIO(start), 0

    def readline(self, size: int | None = -1, /) -> bytes:
        line = self._start.readline(size if size is not None else -1)
        line = line if line.endswith(b"\n") else b"x" * (size or 0)
        self.given += len(line)
        return line


class Zeros:
    """So many zero bytes, never held."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int) -> bytes:
        piece = bytes(min(size, self._left))
        self._left -= len(piece)
        return piece


class Joined:
    """Pieces read as one file."""

    def __init__(self, pieces: Any) -> None:
        self._pieces, self._held = iter(pieces), b""

    def read(self, size: int) -> bytes:
        while len(self._held) < size and (piece := next(self._pieces, b"")):
            self._held += piece
        part, self._held = self._held[:size], self._held[size:]
        return part

    def readline(self, size: int) -> bytes:
        while b"\n" not in self._held and (piece := next(self._pieces, b"")):
            self._held += piece
        length = min(self._held.find(b"\n") + 1 or size, size)
        part, self._held = self._held[:length], self._held[length:]
        return part


@pytest.mark.parametrize(
    "recipient",
    [b"\xff" * 1_216, FIRST.recipient[:1_184] + bytes(32), FIRST.recipient[:1_184] + b"\1" + bytes(31)],
    ids=["not reduced", "identity point", "low order"],
)
def test_a_recipient_that_is_no_usable_key_is_named(recipient: bytes) -> None:
    with pytest.raises(NotARecipient):
        age.seal(b"sealed", [recipient])

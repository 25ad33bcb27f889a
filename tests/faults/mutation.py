"""Bytes that are almost right: what a fuzzer makes of good ones. The same random source gives the same bytes."""

from collections.abc import Sequence
from random import Random

_SPELLINGS = (b'"', b"\\u0000", b"\\ud800", b"1e9", b"-0", b"9" * 40, b"\xc3", b"\xef\xbb\xbf")
_ODD = (b"\x00", b"\xff", b"\n", b"\r\n", b" ", b"-", b"+", *_SPELLINGS)


def mutated(seeds: Sequence[bytes], random: Random) -> bytes:
    """One of the seeds with one to six changes; now and then nothing but noise."""
    if random.random() < 0.02:
        return random.randbytes(random.choice((0, 1, 16, 97, 1_024, 20_000)))
    given = bytearray(random.choice(seeds))
    for _ in range(random.randint(1, 6)):
        random.choice((_flip, _cut, _insert, _double, _splice, _number))(given, seeds, random)
    return bytes(given)


def _place(given: bytearray, random: Random) -> int:
    """Anywhere, and more often near the beginning, where the structure is."""
    longest = min(len(given), 200) if random.random() < 0.5 else len(given)
    return random.randint(0, longest)


def _flip(given: bytearray, _: Sequence[bytes], random: Random) -> None:
    if given:
        given[_place(given, random) % len(given)] ^= 1 << random.randrange(8)


def _cut(given: bytearray, _: Sequence[bytes], random: Random) -> None:
    start = _place(given, random)
    del given[start : start + random.choice((1, 2, 16, len(given)))]


def _insert(given: bytearray, _: Sequence[bytes], random: Random) -> None:
    place = _place(given, random)
    given[place:place] = random.choice(_ODD)


def _double(given: bytearray, _: Sequence[bytes], random: Random) -> None:
    start = _place(given, random)
    piece = given[start : start + random.choice((1, 5, 64, 1_600))]
    given[start:start] = piece * random.choice((1, 1, 1, 50))


def _splice(given: bytearray, seeds: Sequence[bytes], random: Random) -> None:
    other = random.choice(seeds)
    start = random.randint(0, len(other))
    place = _place(given, random)
    given[place : place + random.choice((0, 8, 100))] = other[start : start + random.choice((8, 100, 2_000))]


def _number(given: bytearray, _: Sequence[bytes], random: Random) -> None:
    """Somewhere, a length or a count that is at its bounds."""
    place, size = _place(given, random), random.choice((1, 2, 4, 8))
    value = random.choice((0, 1, (1 << (8 * size)) - 1, 1 << (8 * size - 1)))
    given[place : place + size] = value.to_bytes(size)

"""Makes padme.json: padded sizes by the definition of section 6.1. By hand: L = 1000 has E = 9, S = 4, so steps of
2^5 = 32: 1024."""

from world import case, padme, publish

SIZES = [
    2,
    3,
    4,
    5,
    7,
    8,
    9,
    15,
    16,
    17,
    18,
    31,
    32,
    33,
    63,
    64,
    65,
    100,
    255,
    256,
    257,
    1000,
    1023,
    1024,
    1025,
    16383,
    16384,
    16385,
    17408,
    17409,
    18432,
    32767,
    32768,
    32769,
    34816,
    34817,
    65535,
    65536,
    65537,
    67584,
    67585,
    131072,
    131073,
    135168,
    135169,
    253953,
    253952,
    258048,
    258049,
    262143,
    262144,
]
BY_HAND = {
    2: 2,
    3: 3,
    9: 10,
    17: 18,
    33: 36,
    1000: 1024,
    1025: 1088,
    16385: 17408,
    32769: 34816,
    65537: 67584,
    131073: 135168,
    258049: 262144,
}
assert all(padme(length) == size for length, size in BY_HAND.items())


def plaintext(name, length, as_if, expect):
    padded = padme(max(length + (5788 if as_if else 0), 16384))
    assert expect == (padded if padded <= 262144 else "refused:too_large")
    return case(name, {"length": length, "as_if_identity": as_if}, expect, "plaintext")


cases = [case(f"{length}", length, padme(length), "padme") for length in SIZES] + [
    plaintext("the shortest text goes up to the floor", 98, False, 16384),
    plaintext("exactly the floor stays", 16384, False, 16384),
    plaintext("one byte over the floor", 16385, False, 17408),
    plaintext("exactly the limit stays", 262144, False, 262144),
    plaintext("one byte over the last step but one", 258049, False, 262144),
    plaintext("a short report without an identity stays at the floor", 2500, True, 16384),
    plaintext("a report without an identity at the last byte of the floor", 10596, True, 16384),
    plaintext("a report without an identity one byte over the floor", 10597, True, 17408),
    plaintext("the same report with an identity is as long", 10597 + 5788, False, 17408),
    plaintext("the largest report without an identity", 256356, True, 262144),
    plaintext("one byte over the limit", 262145, False, "refused:too_large"),
    plaintext("a report without an identity whose identity would go over the limit", 256357, True, "refused:too_large"),
]
publish("Padded sizes: Padmé, and the plaintext of a content with its floor and its limit.", cases)

"""Makes code.json: case codes by the definition of section 5, multiplied out bit by bit, with no table and no
shortcut.

By hand: 127.0.0.1 is lusab-babad in the proquint article, so the groups 7F00 and 0001 read `lusab` and `babad`. A
code of zeros has check 0. A code whose first group alone is 1 has check alpha = 0x13 = 0000 00 0000 01 0011 = `b a b i
g`."""

import hashlib

from world import case, publish

CONSONANTS, VOWELS = "bdfghjklmnprstvz", "aiou"


def times(a, b):
    """a·b over GF(2)[x]/0x1100B."""
    product = 0
    for bit in range(16):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(31, 15, -1):
        if product >> bit & 1:
            product ^= 0x1100B << bit - 16
    return product


def power(n):
    return 1 if n == 0 else times(0x13, power(n - 1))


def check(groups):
    total = 0
    for i, group in enumerate(groups, 1):
        total ^= times(power(i), group)
    return total


def word(group):
    return (
        CONSONANTS[group >> 12]
        + VOWELS[group >> 10 & 3]
        + CONSONANTS[group >> 6 & 15]
        + VOWELS[group >> 4 & 3]
        + CONSONANTS[group & 15]
    )


def write(code):
    groups = [int.from_bytes(code[i : i + 2], "big") for i in range(0, 16, 2)]
    return "-".join(map(word, [*groups, check(groups)]))


def read(text):
    """The nine groups of 45 letters."""
    letters = text.replace("-", "")
    groups = []
    for i in range(0, 45, 5):
        value = 0
        for place, letter in enumerate(letters[i : i + 5]):
            alphabet = VOWELS if place % 2 else CONSONANTS
            value = value * len(alphabet) + alphabet.index(letter)
        groups.append(value)
    return groups


def neighbours(text):
    """Every canonical text that differs in one letter; found by trying all of them, not by the syndrome."""
    for i, letter in enumerate(text):
        if letter != "-":
            for other in VOWELS if i % 6 % 2 else CONSONANTS:
                if other != letter:
                    yield text[:i] + other + text[i + 1 :]


def right(text):
    groups = read(text)
    return groups[8] == check(groups[:8])


def mended(text):
    found = [one for one in neighbours(text) if right(one)]
    assert len(found) <= 1
    return found[0] if found else None


def mistyped(name, text):
    assert not right(text)
    return case(name, text, "refused:mistyped", "read", correction=mended(text))


RANDOM = [hashlib.sha256(b"whistle vectors: code %d" % i).digest()[:16] for i in range(4)]
GOOD = write(RANDOM[0])
HEX = RANDOM[0].hex()
words = GOOD.split("-")
assert word(0x7F00) + word(1) == "lusabbabad"
assert write(bytes(16)) == "-".join(["babab"] * 9)
assert write(bytes([0, 1] + [0] * 14)).endswith("-babig")

cases = [
    case("sixteen zero bytes", "00" * 16, write(bytes(16)), "write"),
    case("sixteen bytes of ones", "ff" * 16, write(b"\xff" * 16), "write"),
    case("127.0.0.1 of the proquint article, four times", "7f000001" * 4, write(bytes.fromhex("7f000001" * 4)), "write"),
    case(
        "63.84.220.193 of the proquint article (gutih-tugad), four times",
        "3f54dcc1" * 4,
        write(bytes.fromhex("3f54dcc1" * 4)),
        "write",
    ),
    case(
        "only the last bit of the first group: the check is alpha, babig",
        "0001" + "00" * 14,
        write(bytes([0, 1] + [0] * 14)),
        "write",
    ),
    case(
        "only the last bit of the eighth group: the check is alpha to the eighth",
        "00" * 15 + "01",
        write(bytes(15) + b"\1"),
        "write",
    ),
    *[case(f"random code {i}", code.hex(), write(code), "write") for i, code in enumerate(RANDOM)],
    case("the canonical form", GOOD, HEX, "read"),
    case("capital letters", GOOD.upper(), HEX, "read"),
    case("mixed letters", GOOD.title(), HEX, "read"),
    case("spaces instead of hyphens", GOOD.replace("-", " "), HEX, "read"),
    case("no separators at all", GOOD.replace("-", ""), HEX, "read"),
    case("dots, commas and underscores", ".".join(words[:3]) + "," + "_".join(words[3:]), HEX, "read"),
    case("line ends of both kinds", "\n".join(words[:4]) + "\r\n" + "-".join(words[4:]) + "\n", HEX, "read"),
    case("spaces around and doubled hyphens", "  " + GOOD.replace("-", "--") + " ", HEX, "read"),
    case("separators within a group", GOOD[0] + "-" + GOOD[1:3] + " . " + GOOD[3:], HEX, "read"),
    case("zeros", "-".join(["babab"] * 9), "00" * 16, "read"),
]


def bad(name, text, at):
    return case(name, text, "refused:bad_letter", "read", at=at, letter=text[at])


def replaced(at, letter):
    return GOOD[:at] + letter + GOOD[at + 1 :]


cases += [
    bad("a letter that no proquint has: e", replaced(7, "e"), 7),
    bad("a letter that no proquint has: c, first of all", replaced(0, "c"), 0),
    bad("a letter that no proquint has: y, last of all", replaced(52, "y"), 52),
    bad("a capital letter that no proquint has", replaced(14, "X"), 14),
    bad("the digit 0 for o", replaced(3, "0"), 3),
    bad("the digit 1 for l", replaced(12, "1"), 12),
    bad("a letter with an accent", replaced(1, "\u00e1"), 1),
    bad("a Cyrillic a that looks like ours", replaced(19, "\u0430"), 19),
    bad("a dotless i, which some capital rules fold to i", replaced(19, "\u0131"), 19),
    bad("a capital I with a dot, which some lower-case rules fold to i", replaced(19, "\u0130"), 19),
    bad("a Kelvin sign, which folds to k", replaced(18, "\u212a"), 18),
    bad("an em dash between groups", replaced(5, "\u2014"), 5),
    bad("a slash between groups", replaced(11, "/"), 11),
    bad("a no-break space between groups", replaced(5, "\u00a0"), 5),
    bad("a tab between groups", replaced(5, "\t"), 5),
    bad("a zero byte at the end", GOOD + "\0", 53),
    bad("a vowel in a consonant's place", replaced(6, "a"), 6),
    bad("a consonant in a vowel's place", replaced(7, "b"), 7),
    case("nothing", "", "refused:wrong_length", "read", letters=0),
    case("separators only", " -.,_\n", "refused:wrong_length", "read", letters=0),
    case("one letter short", GOOD[:-1], "refused:wrong_length", "read", letters=44),
    case("one letter too many", GOOD + "b", "refused:wrong_length", "read", letters=46),
    case("the check group left out", GOOD[:-6], "refused:wrong_length", "read", letters=40),
    case("the code twice", GOOD + " " + GOOD, "refused:wrong_length", "read", letters=90),
]
for at, name in (
    (0, "the first letter"),
    (1, "a vowel of the first group"),
    (28, "a letter in the middle"),
    (46, "the last letter of the eighth group"),
    (48, "the first letter of the check group"),
    (52, "the very last letter"),
):
    alphabet = VOWELS if at % 6 % 2 else CONSONANTS
    wrong = replaced(at, alphabet[(alphabet.index(GOOD[at]) + 1) % len(alphabet)])
    assert mended(wrong) == GOOD
    cases.append(mistyped(f"{name} wrong: the correction gives the code back", wrong))
shouted = replaced(26, "b" if GOOD[26] != "b" else "d")
cases.append(
    case(
        "one letter wrong, in capitals and with spaces: the correction is canonical",
        shouted.upper().replace("-", " "),
        "refused:mistyped",
        "read",
        correction=mended(shouted),
    )
)
doubles = [(one, two) for one in list(neighbours(GOOD))[:40] for two in list(neighbours(one))[-60:]]
none = next(two for _, two in doubles if not right(two) and mended(two) is None)
false = next(two for _, two in doubles if not right(two) and mended(two) not in (None, GOOD))
cases += [
    mistyped("two letters wrong: no single letter mends it", none),
    mistyped("two letters wrong that look like one: the correction offered is another code", false),
]
for i, j in ((0, 1), (2, 6), (0, 7), (7, 8)):
    swapped = words.copy()
    swapped[i], swapped[j] = swapped[j], swapped[i]
    cases.append(mistyped(f"groups {i + 1} and {j + 1} swapped", "-".join(swapped)))
cases.append(mistyped("every group moved on by one", "-".join(words[-1:] + words[:-1])))
publish("Case codes: their writing, the spellings that are read, and every way to mistype one.", cases)

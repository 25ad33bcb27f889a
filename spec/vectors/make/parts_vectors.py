"""Makes parts.json: sealed files in parts, by sections 6.4 and 8, put together with struct, byte by byte. Headers are typage's;
behind them stand zeros, because whoever takes a part opens nothing. The departing bytes are worked out from the layout."""

import base64
import hashlib
import struct

from world import b64, bech32, case, padme, publish, recipient, seal, seed

PART = 262144
TO = [recipient(seed(f"recipient {i}")) for i in range(5)]
X25519 = bech32("age", bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
FIRST, STANZA = 22, 1557
MAC = FIRST + STANZA + 4
HEADER = [0, *(FIRST + n * STANZA + 48 for n in range(1, 6))]
*hybrid, classic, two_chunks = seal([*((TO[:n], b"") for n in range(1, 6)), ([X25519], b""), (TO[:1], bytes(67584))])
HEADERS = [b"", *(file[: HEADER[n]] for n, file in enumerate(hybrid, start=1))]
assert all(header.endswith(b"\n") and header[-48:-44] == b"--- " for header in HEADERS[1:])
parts = {f"header_{n}": b64(HEADERS[n]) for n in range(1, 5)}


def hexed(data):
    return {"hex": data.hex()}


def zeros(count):
    return {"repeat": {"hex": "00"}, "times": count}


def fill(recipe):
    """The bytes of a recipe, for their length and their digest."""
    if isinstance(recipe, str):
        return recipe.encode()
    if "hex" in recipe:
        return bytes.fromhex(recipe["hex"])
    if "base64" in recipe:
        return base64.b64decode(recipe["base64"])
    if "join" in recipe:
        return b"".join(map(fill, recipe["join"]))
    if "repeat" in recipe:
        return fill(recipe["repeat"]) * recipe["times"]
    return HEADERS[int(recipe["part"][-1])][recipe.get("from", 0) : recipe.get("to")]


def sha256(recipe):
    return hashlib.sha256(fill(recipe)).hexdigest()


def payload(plain):
    return 16 + plain + 16 * max(1, -(-plain // 65536))


def padded(size):
    return max(16384, padme(size)) if size > 1 else 16384


def sealed(size, stanzas=1):
    return HEADER[stanzas] + payload(padded(size))


assert len(two_chunks) == sealed(67584)
assert len(hybrid[3]) == HEADER[4] + payload(0)


def sized(size):
    length = sealed(size)
    count = -(-length // PART)
    expect = {"padded": padded(size), "sealed": length, "parts": count, "last": length - (count - 1) * PART}
    return case(f"a file of {size:,} bytes", size, expect, "size")


SIZES = (
    *(
        1,
        2,
        10,
        1000,
        16383,
        16384,
        16385,
        17408,
        17409,
        32768,
        32769,
        65535,
        65536,
        65537,
        67584,
        67585,
        100000,
        131072,
        200000,
    ),
    *(253952, 253953, 262143, 262144, 262145, 270336, 500000, 516096, 516097, 524288, 1000000, 1048576, 1048577, 10000000),
    *(100000000, 104857600, 268435456, 999999999, 2147483647, 2147483648, 4160749568, 4160749569, 4294967295, 4294967296),
)
cases = [sized(size) for size in SIZES]
cases += [
    case(f"the payload of {plain:,} bytes", payload(plain), "accepted", "payload")
    for plain in (16384, 17408, 65536, 67584, 262144, 270336, 104857600, 4294967296)
]
for name, length in (
    ("nothing", 0),
    ("a nonce alone", 16),
    ("a nonce and a tag", 32),
    ("one byte", payload(1)),
    ("8,192 bytes, a Padmé size below the floor", payload(8192)),
    ("16,383 bytes", payload(16383)),
    ("16,385 bytes", payload(16385)),
    ("16,896 bytes, between two Padmé sizes", payload(16896)),
    ("65,536 bytes with an empty last chunk", payload(65536) + 16),
    ("67,584 bytes with one tag for two chunks", payload(67584) - 16),
    ("67,584 bytes with three tags for two chunks", payload(67584) + 16),
    ("262,144 bytes and one more", payload(262144) + 1),
    ("262,144 bytes less one", payload(262144) - 1),
    ("100,000,000 bytes, which is no Padmé size", payload(100000000)),
):
    cases.append(case(f"a payload of {name}", length, "refused:not_a_payload", "payload"))

FILE = seed("file")[:16]


def head(length, index=0, file=FILE):
    return struct.pack(">16sQI", file, length, index)


def record(length, index, body, **more):
    return {"join": [hexed(head(length, index, **more)), body]}


def shown(length, index, body, file=FILE):
    return {"file": file.hex(), "length": length, "index": index, "part": sha256(body)}


def taken(name, length, index, body):
    return case(name, record(length, index, body), shown(length, index, body), "record")


def not_a_part(name, recipe):
    return case(name, recipe, "refused:not_a_part", "record")


ONE, TWO = sealed(1), sealed(262144)
REST = TWO - PART
GOOD = {"join": [{"part": "header_1"}, zeros(ONE - HEADER[1])]}
cases += [
    taken("a file of one part", ONE, 0, GOOD),
    taken("the first of two parts", TWO, 0, {"join": [{"part": "header_1"}, zeros(PART - HEADER[1])]}),
    taken("the last of two parts", TWO, 1, {"repeat": "p", "times": REST}),
    taken("one part of exactly 262,144 bytes", PART, 0, {"repeat": "p", "times": PART}),
    taken("the last of two parts, as long as the first", 2 * PART, 1, {"repeat": "p", "times": PART}),
    taken("a last part of one byte", 2 * PART + 1, 2, "p"),
    taken("a part in the middle", sealed(100000000), 200, {"repeat": "p", "times": PART}),
    taken("a file of one byte: the layout alone is read here", 1, 0, "p"),
    taken("a part that begins like nothing: the layout alone is read here", TWO, 0, {"repeat": "p", "times": PART}),
    taken("the largest length that every language counts exactly", 2**53 - 1, 0, {"repeat": "p", "times": PART}),
    taken("the largest index", 2**53 - 1, 2**32 - 1, {"repeat": "p", "times": PART}),
    not_a_part("nothing", ""),
    not_a_part("a file id alone", hexed(FILE)),
    not_a_part("cut within the length", hexed(head(ONE)[:23])),
    not_a_part("cut within the index", hexed(head(ONE)[:27])),
    not_a_part("no bytes", hexed(head(ONE))),
    not_a_part("no bytes of a file of none", hexed(head(0))),
    not_a_part("a byte of a file of none", record(0, 0, "p")),
    not_a_part("no bytes beyond the end", hexed(head(TWO, 2))),
    not_a_part("a byte beyond the end", record(TWO, 2, "p")),
    not_a_part("as many bytes beyond the end as a part has", record(TWO, 2, {"repeat": "p", "times": PART})),
    not_a_part("as many bytes beyond the end as the last part has", record(TWO, 2, {"repeat": "p", "times": REST})),
    not_a_part("a byte just behind a file of whole parts", record(2 * PART, 2, "p")),
    not_a_part("a byte at the largest index", record(TWO, 2**32 - 1, "p")),
    not_a_part("the only part one byte short", record(ONE, 0, {"repeat": "p", "times": ONE - 1})),
    not_a_part("the only part one byte long", record(ONE, 0, {"repeat": "p", "times": ONE + 1})),
    not_a_part("the only part as long as a part can be", record(ONE, 0, {"repeat": "p", "times": PART})),
    not_a_part("the first part one byte short", record(TWO, 0, {"repeat": "p", "times": PART - 1})),
    not_a_part("the first part one byte long", record(TWO, 0, {"repeat": "p", "times": PART + 1})),
    not_a_part("the first part as long as the last", record(TWO, 0, {"repeat": "p", "times": REST})),
    not_a_part("the first part with all of the file", record(TWO, 0, {"repeat": "p", "times": TWO})),
    not_a_part("the last part one byte short", record(TWO, 1, {"repeat": "p", "times": REST - 1})),
    not_a_part("the last part one byte long", record(TWO, 1, {"repeat": "p", "times": REST + 1})),
    not_a_part("the last part as long as the first", record(TWO, 1, {"repeat": "p", "times": PART})),
    not_a_part("a part in the middle one byte short", record(3 * PART, 1, {"repeat": "p", "times": PART - 1})),
    not_a_part("a length one byte less than comes", record(ONE - 1, 0, {"repeat": "p", "times": ONE})),
    not_a_part("the length little-endian", {"join": [hexed(FILE + struct.pack("<QI", ONE, 0)), {"repeat": "p", "times": ONE}]}),
    not_a_part(
        "the index little-endian",
        {"join": [hexed(FILE + struct.pack(">Q", TWO) + b"\1\0\0\0"), {"repeat": "p", "times": REST}]},
    ),
    not_a_part("a length of four bytes", {"join": [hexed(FILE + struct.pack(">II", ONE, 0)), {"repeat": "p", "times": ONE}]}),
    not_a_part(
        "the index before the length", {"join": [hexed(FILE + struct.pack(">IQ", 0, ONE)), {"repeat": "p", "times": ONE}]}
    ),
]

BOX, TOKEN, PROOF = seed("box"), seed("token"), bytes(range(8))
CHALLENGE = "eyJkYXkiOjIwNDEyfQ.Z9-_x.c2lnbmF0dXJl"
LIMIT = 100_000_000
OPENING = BOX + TOKEN + PROOF + struct.pack(">H", len(CHALLENGE)) + CHALLENGE.encode()
AT = len(OPENING)  # where the part record begins
BODY = AT + 28  # and its bytes


def begun(name, length, body, stanzas_limit=LIMIT, challenge=CHALLENGE, file=FILE):
    opening = BOX + TOKEN + PROOF + struct.pack(">H", len(challenge)) + challenge.encode()
    expect = {"box": BOX.hex(), "token": TOKEN.hex(), "proof": PROOF.hex(), "challenge": challenge} | shown(
        length, 0, body, file
    )
    whole = {"join": [hexed(opening + head(length, 0, file)), body]}
    assert len(fill(body)) == min(length, PART)
    return case(name, {"body": whole, "limit": stanzas_limit}, expect, "begin")


def stopped(why, name, whole, at, limit=LIMIT):
    assert at is None or at < len(fill(whole)), name
    return case(name, {"body": whole, "limit": limit}, f"refused:{why}", "begin", departs_at=at)


def first(length, stanzas=1):
    """The first part of a sealed file of this length, under a header of so many stanzas."""
    return {"join": [{"part": f"header_{stanzas}"}, zeros(min(length, PART) - HEADER[stanzas])]}


def whole(body, length=ONE, index=0, opening=OPENING):
    return {"join": [hexed(opening + head(length, index)), body]}


def written(at, text):
    """The one-part file with these bytes written over those at `at` of its header."""
    size = len(fill(text))
    rest = {"part": "header_1", "from": at + size}
    return {"join": [{"part": "header_1", "from": 0, "to": at}, text, rest, zeros(ONE - HEADER[1])]}


def put(at, text):
    """The one-part file with these bytes put in, and cut to its length."""
    before, after = {"part": "header_1", "from": 0, "to": at}, {"part": "header_1", "from": at}
    return {"join": [before, text, after, zeros(ONE - HEADER[1] - len(fill(text)))]}


for n in range(1, 5):
    cases.append(begun(f"a header of {n} stanzas over the smallest file", sealed(1, n), first(sealed(1, n), n)))
    cases.append(begun(f"a header of {n} stanzas over a file of two parts", sealed(262144, n), first(sealed(262144, n), n)))
cases += [
    begun("the largest file that is allowed", sealed(LIMIT), first(sealed(LIMIT))),
    begun("the largest file that is allowed, to four recipients", sealed(LIMIT, 4), first(sealed(LIMIT, 4), 4)),
    begun(
        "a file of one byte more, of the same padded size as the largest allowed", sealed(LIMIT + 1), first(sealed(LIMIT + 1))
    ),
    begun("the largest file there is", sealed(2**32), first(sealed(2**32)), 2**32),
    begun("the smallest file where only one byte is allowed", ONE, first(ONE), 1),
    begun("the largest file of one part", sealed(253952), first(sealed(253952))),
    begun("a challenge of one character", ONE, first(ONE), challenge="a"),
    begun("a challenge of 512 characters", ONE, first(ONE), challenge="z" * 512),
    begun("a file id of zeros", ONE, first(ONE), file=bytes(16)),
    begun("a file id of ones", ONE, first(ONE), file=b"\xff" * 16),
    begun(
        "bytes that open for nobody, which intake cannot know",
        ONE,
        {"join": [{"part": "header_1"}, {"repeat": "p", "times": ONE - HEADER[1]}]},
    ),
]
FORM, SEAL = "not_a_submission", "not_an_envelope"
cases += [
    stopped(FORM, "nothing", "", None),
    stopped(FORM, "a box id alone", hexed(BOX), None),
    stopped(FORM, "cut within the challenge", hexed(OPENING[:-5]), None),
    stopped(FORM, "no part record", hexed(OPENING), None),
    stopped(FORM, "cut within the file id", hexed(OPENING + FILE[:9]), None),
    stopped(FORM, "cut within the length", hexed(OPENING + head(ONE)[:20]), None),
    stopped(FORM, "cut within the index", hexed(OPENING + head(ONE)[:26]), None),
    stopped(FORM, "no bytes", hexed(OPENING + head(ONE)), None),
    stopped(FORM, "an empty challenge", whole(first(ONE), opening=OPENING[:72] + b"\0\0"), 73),
    stopped(FORM, "a challenge of 513 characters", whole(first(ONE), opening=OPENING[:72] + b"\2\1" + b"z" * 513), 73),
    stopped(FORM, "a challenge with a space", whole(first(ONE), opening=OPENING[:80] + b" " + OPENING[81:]), 80),
    stopped(
        FORM, "a challenge with a byte that is no UTF-8", whole(first(ONE), opening=OPENING[:80] + b"\xff" + OPENING[81:]), 80
    ),
    stopped(FORM, "index 1", whole(first(ONE), index=1), AT + 27),
    stopped(FORM, "index 256", whole(first(ONE), index=256), AT + 26),
    stopped(FORM, "the largest index", whole(first(ONE), index=2**32 - 1), AT + 24),
    stopped(FORM, "the last part of two", whole({"repeat": "p", "times": REST}, TWO, 1), AT + 27),
    stopped(FORM, "the only part one byte short", whole({"join": [first(ONE - 1)]}), None),
    stopped(FORM, "the only part one byte long", whole(first(ONE + 1)), BODY + ONE),
    stopped(FORM, "the only part and a line end", whole({"join": [first(ONE), "\n"]}), BODY + ONE),
    stopped(FORM, "the first of two parts one byte short", whole(first(PART - 1), TWO), None),
    stopped(FORM, "the first of two parts one byte long", whole({"join": [first(PART), "p"]}, TWO), BODY + PART),
    stopped(
        FORM, "the first of two parts, and the second behind it", whole({"join": [first(PART), zeros(REST)]}, TWO), BODY + PART
    ),
    stopped(FORM, "the first of two parts as long as the second", whole(first(REST), TWO), None),
    stopped(FORM, "a header alone", whole({"part": "header_1"}), None),
    stopped(FORM, "cut within the header", whole({"part": "header_1", "from": 0, "to": 700}), None),
]
for name, length in (
    ("of zero", 0),
    ("of one byte", 1),
    ("of a header alone", HEADER[1]),
    ("of a header and a nonce", HEADER[1] + 16),
    ("one byte over a permitted one", ONE + 1),
    ("one byte under a permitted one", ONE - 1),
    ("of a plaintext of 8,192 bytes, a Padmé size below the floor", HEADER[1] + payload(8192)),
    ("of a plaintext of 16,383 bytes", HEADER[1] + payload(16383)),
    ("of a plaintext of 16,896 bytes, between two Padmé sizes", HEADER[1] + payload(16896)),
    ("of a plaintext of 67,584 bytes with one tag for two chunks", HEADER[1] + payload(67584) - 16),
    ("of a plaintext of 65,536 bytes with an empty last chunk", HEADER[1] + payload(65536) + 16),
    ("of the padded file without its header", payload(16384)),
    ("of the padded file without its seal", 16384),
    ("of a header of five stanzas", sealed(1, 5)),
):
    cases.append(stopped(SEAL, f"a length {name}", whole(first(ONE), length), AT + 23))
for said, there in ((2, 1), (4, 1), (1, 2), (3, 2), (3, 4), (1, 4)):
    length = sealed(262144, said)
    name = f"the length of a header of {said} stanzas over a header of {there}"
    cases.append(stopped(SEAL, name, whole(first(length, there), length), BODY + HEADER[there] - 1))
LARGE = "too_large"
NEXT = padded(padded(LIMIT) + 1)
cases += [
    stopped(LARGE, "the first Padmé size over the largest file", whole(first(PART), sealed(NEXT)), AT + 23),
    stopped(LARGE, "the first Padmé size over it, to four recipients", whole(first(PART, 4), sealed(NEXT, 4)), AT + 23),
    stopped(
        LARGE,
        "the first Padmé size over the floor, where one byte is allowed",
        whole(first(sealed(40000)), sealed(40000)),
        AT + 23,
        1,
    ),
    stopped(LARGE, "the largest file there is, where less is allowed", whole(first(PART), sealed(2**32)), AT + 23),
    stopped(
        LARGE,
        "the first Padmé size over the largest file there is",
        whole(first(PART), sealed(padded(2**32 + 1))),
        AT + 23,
        2**32,
    ),
    stopped(LARGE, "the largest length", whole(first(PART), 2**64 - 1), AT + 23),
    stopped(
        LARGE, "a length little-endian", {"join": [hexed(OPENING + FILE + struct.pack("<QI", ONE, 0)), first(ONE)]}, AT + 23
    ),
]
ARMOR = "-----BEGIN AGE ENCRYPTED FILE-----\n"
cases += [
    stopped(SEAL, "a wrong first byte", whole(written(0, "A")), BODY),
    stopped(SEAL, "zeros", whole(zeros(ONE)), BODY),
    stopped(SEAL, "a JPEG picture", whole({"join": [{"hex": "ffd8ffe0"}, zeros(ONE - 4)]}), BODY),
    stopped(SEAL, "a PDF", whole({"join": ["%PDF-1.7\n", zeros(ONE - 9)]}), BODY),
    stopped(
        SEAL, "a plain text that begins like an age file", whole({"join": ["age", {"repeat": " ", "times": ONE - 3}]}), BODY + 3
    ),
    stopped(SEAL, "armor", whole({"join": [ARMOR, zeros(ONE - len(ARMOR))]}), BODY),
    stopped(SEAL, "a line end first", whole(put(0, "\n")), BODY),
    stopped(SEAL, "version 2", whole(written(20, "2")), BODY + 20),
    stopped(SEAL, "line ends of two characters after the version", whole(put(21, "\r")), BODY + 21),
    stopped(SEAL, "no stanza", whole(put(22, "---")), BODY + 23),
    stopped(SEAL, "an X25519 stanza by typage", whole({"join": [b64(classic[:300]), zeros(ONE - 300)]}), BODY + FIRST + 3),
    stopped(SEAL, "a scrypt stanza", whole(put(FIRST, "-> scrypt AAAA 18\n")), BODY + FIRST + 3),
    stopped(
        SEAL, "a grease stanza after a hybrid one", whole(put(FIRST + STANZA, "-> x-grease\n\n")), BODY + FIRST + STANZA + 3
    ),
    stopped(SEAL, "a stanza in capitals", whole(written(FIRST + 3, "M")), BODY + FIRST + 3),
    stopped(SEAL, "an extra argument", whole(put(FIRST + 18 + 1494, " extra")), BODY + FIRST + 18 + 1494),
    stopped(SEAL, "a share in the URL alphabet", whole(written(FIRST + 500, "-")), BODY + FIRST + 500),
    stopped(SEAL, "a zero byte within a share", whole(written(FIRST + 500, {"hex": "00"})), BODY + FIRST + 500),
    stopped(
        SEAL, "a share with set bits after its last byte", whole(written(FIRST + 18 + 1493, "B")), BODY + FIRST + 18 + 1493
    ),
    stopped(SEAL, "a body with padding", whole(put(FIRST + STANZA - 1, "=")), BODY + FIRST + STANZA - 1),
    stopped(SEAL, "four hyphens before the MAC", whole(put(MAC - 4, "-")), BODY + MAC - 1),
    stopped(SEAL, "a MAC one character long", whole(put(HEADER[1] - 1, "A")), BODY + HEADER[1] - 1),
    stopped(SEAL, "line ends of two characters after the MAC", whole(put(HEADER[1] - 1, "\r")), BODY + HEADER[1] - 1),
    stopped(
        SEAL,
        "five stanzas by typage",
        whole({"join": [b64(HEADERS[5]), zeros(sealed(1, 4) - HEADER[5])]}, sealed(1, 4)),
        BODY + FIRST + 4 * STANZA + 1,
    ),
]

OWNER = BOX + TOKEN
BEHIND = len(OWNER) + 28


def later(length, index, body, owner=OWNER):
    return {"join": [hexed(owner + head(length, index)), body]}


def went_on(name, length, index, body):
    expect = {"box": BOX.hex(), "token": TOKEN.hex()} | shown(length, index, body)
    return case(name, later(length, index, body), expect, "part")


def not_later(name, recipe, at=None):
    assert at is None or at < len(fill(recipe)), name
    return case(name, recipe, "refused:not_a_submission", "part", departs_at=at)


cases += [
    went_on("the second of two parts", TWO, 1, {"repeat": "p", "times": REST}),
    went_on("a second part of one byte", PART + 1, 1, "p"),
    went_on("a part in the middle", sealed(LIMIT), 200, {"repeat": "p", "times": PART}),
    went_on("a last part as long as the others", 3 * PART, 2, {"repeat": "p", "times": PART}),
    not_later("nothing", ""),
    not_later("a box id alone", hexed(BOX)),
    not_later("no part record", hexed(OWNER)),
    not_later("cut within the index", hexed(OWNER + head(TWO, 1)[:27])),
    not_later("no bytes", hexed(OWNER + head(TWO, 1))),
    not_later("the first part, which only begins", later(TWO, 0, first(PART)), BEHIND - 1),
    not_later("the last part one byte short", later(TWO, 1, {"repeat": "p", "times": REST - 1})),
    not_later("the last part one byte long", later(TWO, 1, {"repeat": "p", "times": REST + 1}), BEHIND + REST),
    not_later("the last part as long as the first", later(TWO, 1, {"repeat": "p", "times": PART}), BEHIND + REST),
    not_later("a part in the middle one byte short", later(3 * PART, 1, {"repeat": "p", "times": PART - 1})),
    not_later("a part in the middle one byte long", later(3 * PART, 1, {"repeat": "p", "times": PART + 1}), BEHIND + PART),
    not_later("a byte beyond the end", later(TWO, 2, "p"), BEHIND),
    not_later("no bytes beyond the end", hexed(OWNER + head(TWO, 2))),
    not_later("a byte at the largest index", later(TWO, 2**32 - 1, "p"), BEHIND),
    not_later("the token left out", later(TWO, 1, {"repeat": "p", "times": REST}, BOX)),
    not_later("a proof and a challenge before it", later(TWO, 1, {"repeat": "p", "times": REST}, OPENING)),
]
NAMED = {"box": BOX.hex(), "token": TOKEN.hex(), "file": FILE.hex()}
cases += [
    case("a file to cancel", hexed(OWNER + FILE), NAMED, "cancel"),
    *[
        case(name, hexed(data), "refused:not_a_submission", "cancel")
        for name, data in (
            ("nothing", b""),
            ("no file id", OWNER),
            ("one byte short", OWNER + FILE[:15]),
            ("one byte long", OWNER + FILE + b"\0"),
            ("an index behind it", OWNER + FILE + bytes(4)),
        )
    ],
    case("the first part of a file", hexed(OWNER + FILE + bytes(4)), NAMED | {"index": 0}, "file"),
    case("part 258 of a file", hexed(OWNER + FILE + b"\0\0\1\2"), NAMED | {"index": 258}, "file"),
    case("the last number", hexed(OWNER + FILE + b"\xff" * 4), NAMED | {"index": 4294967295}, "file"),
    *[
        case(name, hexed(data), "refused:not_a_submission", "file")
        for name, data in (
            ("nothing", b""),
            ("no index", OWNER + FILE),
            ("one byte short", OWNER + FILE + bytes(3)),
            ("one byte long", OWNER + FILE + bytes(5)),
        )
    ],
]
publish("Files in parts: how long they are, the record of a part, and what the door takes of one.", cases, parts=parts)

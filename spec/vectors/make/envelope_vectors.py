"""Makes envelope.json: age files as typage writes them, and what intake must stop reading, with the byte at which it
can know. The departing bytes are worked out from the layout of section 8, not found by a parser."""

import base64
import hashlib

from world import b64, bech32, case, publish, recipient, seal, seed

TO = [recipient(seed(f"recipient {i}")) for i in range(5)]
X25519 = bech32("age", bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
FLOOR = b" " * 16384
one, two, four, five, bigger, classic, short, above = seal(
    [
        (TO[:1], FLOOR),
        (TO[:2], FLOOR),
        (TO[:4], FLOOR),
        (TO[:5], b""),
        (TO[:2], b" " * 17408),
        ([X25519], FLOOR),
        (TO[:1], b" " * 16383),
        (TO[:1], b" " * 8192),
    ]
)
parts = {"one": b64(one), "two": b64(two), "four": b64(four)}
FIRST = len(b"age-encryption.org/v1\n")
STANZA = len(b"-> mlkem768x25519 ") + 1494 + 1 + 43 + 1
BODY = FIRST + STANZA - 44
MAC = FIRST + STANZA + 4
HEADER = MAC + 44
assert STANZA == 1557
assert len(one) == HEADER + 16 + 16384 + 16
assert one[FIRST : FIRST + 18] == b"-> mlkem768x25519 "
assert one[MAC - 4 : MAC] == b"--- "
assert one[HEADER - 1 : HEADER] == b"\n"
assert [five.count(b"-> mlkem768x25519 "), len(above)] == [5, HEADER + 16 + 8192 + 16]


def part(name, first=0, until=None):
    return {"part": name, "from": first} | ({"to": until} if until is not None else {})


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
    return {"one": one, "two": two, "four": four}[recipe["part"]][recipe.get("from", 0) : recipe.get("to")]


def accepted(name, recipe, stanzas, plain):
    whole = fill(recipe)
    assert len(whole) == FIRST + stanzas * STANZA + 48 + 16 + plain + 16 * -(-plain // 65536)
    return case(name, recipe, {"stanzas": stanzas, "plaintext": plain, "sha256": hashlib.sha256(whole).hexdigest()})


def refused(name, recipe, at):
    assert at is None or at < len(fill(recipe))
    return case(name, recipe, "refused:not_an_envelope", departs_at=at)


def written(at, text, name="one"):
    """The file with these bytes written over those at `at`."""
    size = len(text.encode() if isinstance(text, str) else fill(text))
    return {"join": [part(name, 0, at), text, part(name, at + size)]}


def put(at, text, name="one"):
    """The file with these bytes put in at `at`."""
    return {"join": [part(name, 0, at), text, part(name, at)]}


def without(at, size, name="one"):
    return {"join": [part(name, 0, at), part(name, at + size)]}


def payload(size):
    """The header of `one` and a nonce, with as many zeros after them as a payload of this size has."""
    return {"join": [part("one", 0, HEADER + 16), {"repeat": {"hex": "00"}, "times": size}]}


def later(letter):
    """The next letter of the base64 alphabet: the last letter of a value with its unused bits set."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return letters[letters.index(chr(letter)) + 1]


SHARE_END = FIRST + 18 + 1494
LARGEST = 262144 + 4 * 16
cases = [
    accepted("one recipient at the floor", part("one"), 1, 16384),
    accepted("two recipients at the floor", part("two"), 2, 16384),
    accepted("four recipients at the floor", part("four"), 4, 16384),
    accepted("two recipients of the next size", b64(bigger), 2, 17408),
    accepted("a payload of exactly one chunk", payload(65536 + 16), 1, 65536),
    accepted("a payload of two chunks", payload(67584 + 32), 1, 67584),
    accepted("a payload of four chunks, the largest", payload(LARGEST), 1, 262144),
    accepted("a payload of bytes that open for nobody: intake cannot know", payload(16400), 1, 16384),
    accepted("a stanza twice: intake cannot know", put(FIRST, part("one", FIRST, FIRST + STANZA)), 2, 16384),
    refused("nothing", "", None),
    refused("a plain text", "Dear whoever reads this\n", 0),
    refused("a plain report", "whistle/1\n", 0),
    refused("zeros", {"repeat": {"hex": "00"}, "times": 100}, 0),
    refused("a line end first", put(0, "\n"), 0),
    refused("a byte order mark first", put(0, {"hex": "efbbbf"}), 0),
    refused("armor", "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3Yx\n-----END AGE ENCRYPTED FILE-----\n", 0),
    refused("version 2", written(20, "2"), 20),
    refused("version 10", put(21, "0"), 21),
    refused("a version line in capitals", written(0, "Age"), 0),
    refused("a space after the version", put(21, " "), 21),
    refused("line ends of two characters after the version", put(21, "\r"), 21),
    refused("line ends of two characters after a stanza's first line", put(SHARE_END, "\r"), SHARE_END),
    refused("line ends of two characters after a body", put(BODY + 43, "\r"), BODY + 43),
    refused("line ends of two characters after the MAC", put(HEADER - 1, "\r"), HEADER - 1),
    refused("no stanza", {"join": [part("one", 0, FIRST), part("one", MAC - 4)]}, FIRST + 1),
    refused("an empty line before the stanza", put(FIRST, "\n"), FIRST),
    refused("five stanzas by typage", b64(five), FIRST + 4 * STANZA + 1),
    refused("five stanzas over a good payload", put(FIRST, part("one", FIRST, FIRST + STANZA), "four"), FIRST + 4 * STANZA + 1),
    refused("an X25519 stanza by typage", b64(classic[:400]), FIRST + 3),
    refused(
        "an X25519 stanza after a hybrid one",
        {"join": [part("one", 0, FIRST + STANZA), b64(classic[FIRST:300])]},
        FIRST + STANZA + 3,
    ),
    refused("a grease stanza first", put(FIRST, "-> Zx-grease 1 2\nAAAA\n"), FIRST + 3),
    refused("a grease stanza after a hybrid one", put(FIRST + STANZA, "-> m4x-grease\n\n"), FIRST + STANZA + 4),
    refused("a scrypt stanza", put(FIRST, "-> scrypt AAAA 18\n"), FIRST + 3),
    refused("a tag stanza of another hybrid", written(FIRST + 3, "mlkem768p256tag"), FIRST + 11),
    refused("a stanza in capitals", written(FIRST + 3, "M"), FIRST + 3),
    refused("two spaces before the type", put(FIRST + 3, " "), FIRST + 3),
    refused("two spaces before the share", put(FIRST + 18, " "), FIRST + 18),
    refused("a tab before the share", written(FIRST + 17, "\t"), FIRST + 17),
    refused("an extra argument", put(SHARE_END, " extra"), SHARE_END),
    refused("a space after the share", put(SHARE_END, " "), SHARE_END),
    refused("no argument", without(FIRST + 17, 1495), FIRST + 17),
    refused("a share one character short", without(SHARE_END - 1, 1), SHARE_END - 1),
    refused("a share one character long", put(SHARE_END, "A"), SHARE_END),
    refused("a share with padding", put(SHARE_END, "=="), SHARE_END),
    refused("a share with set bits after its last byte", written(SHARE_END - 1, later(one[SHARE_END - 1])), SHARE_END - 1),
    refused("a share in the URL alphabet", written(FIRST + 500, "-"), FIRST + 500),
    refused("a line end within a share", written(FIRST + 300, "\n"), FIRST + 300),
    refused("a share wrapped at 64 columns", put(FIRST + 64, "\n"), FIRST + 64),
    refused("a zero byte within a share", written(FIRST + 301, {"hex": "00"}), FIRST + 301),
    refused("a byte beyond ASCII within a share", written(FIRST + 301, {"hex": "e5"}), FIRST + 301),
    refused("an empty body", without(BODY, 43), BODY),
    refused("a body one character short", without(BODY + 42, 1), BODY + 42),
    refused("a body one character long", put(BODY + 43, "A"), BODY + 43),
    refused("a body with padding", put(BODY + 43, "="), BODY + 43),
    refused("a body with set bits after its last byte", written(BODY + 42, later(one[BODY + 42])), BODY + 42),
    refused("a body in the URL alphabet", written(BODY + 5, "_"), BODY + 5),
    refused("a body of two lines", put(BODY + 20, "\n"), BODY + 20),
    refused("an empty line after a body", put(BODY + 44, "\n"), BODY + 44),
    refused("no MAC", without(MAC - 1, 44), MAC - 1),
    refused("four hyphens before the MAC", put(MAC - 4, "-"), MAC - 1),
    refused("two spaces before the MAC", put(MAC, " "), MAC),
    refused("a MAC one character short", without(HEADER - 2, 1), HEADER - 2),
    refused("a MAC one character long", put(HEADER - 1, "A"), HEADER - 1),
    refused("a MAC with padding", put(HEADER - 1, "="), HEADER - 1),
    refused("a MAC with set bits after its last byte", written(HEADER - 2, later(one[HEADER - 2])), HEADER - 2),
    refused("a MAC in the URL alphabet", written(MAC + 5, "-"), MAC + 5),
    refused("a MAC line that turns into a stanza", written(MAC - 2, "> "), MAC - 2),
    refused("cut within the version", part("one", 0, 10), None),
    refused("cut within a stanza", part("one", 0, 700), None),
    refused("cut between two stanzas", part("two", 0, FIRST + STANZA), None),
    refused("cut within the MAC", part("one", 0, MAC + 10), None),
    refused("a header without a payload", part("one", 0, HEADER), None),
    refused("a nonce without a payload", part("one", 0, HEADER + 16), None),
    refused("a payload one byte short", part("one", 0, len(one) - 1), None),
    refused("a payload one byte long", {"join": [part("one"), {"hex": "00"}]}, None),
    refused("a payload half sent", part("one", 0, HEADER + 8000), None),
    refused(
        "a plaintext of 16,383 bytes by typage",
        {"join": [b64(short[: HEADER + 16]), {"repeat": {"hex": "00"}, "times": 16399}]},
        None,
    ),
    refused("a plaintext of 8,192 bytes, a Padmé size below the floor", payload(8192 + 16), None),
    refused("a plaintext of 16,896 bytes, between two Padmé sizes", payload(16896 + 16), None),
    refused("a plaintext of 67,584 bytes with one tag for two chunks", payload(67584 + 16), None),
    refused("a plaintext of 65,536 bytes with an empty last chunk", payload(65536 + 32), None),
    refused("one byte below the largest payload", payload(LARGEST - 1), None),
    refused("one byte over the largest payload", payload(LARGEST + 1), HEADER + 16 + LARGEST),
    refused("a plaintext of the first Padmé size over the limit", payload(270336 + 80), HEADER + 16 + LARGEST),
    refused("a million bytes", payload(1000000), HEADER + 16 + LARGEST),
]
publish("Envelopes as intake checks them: the bytes alone, and the first that departs.", cases, parts=parts)

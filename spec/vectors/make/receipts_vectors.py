"""Makes receipts.json: receipts of section 6.4, signed with PyNaCl by receipt keys that everybody knows, the key cards they are
checked against, and forged ones whose equation holds for a verifier that looks at no point (OpenSSL's, asked here)."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.bindings import crypto_core_ed25519_add, crypto_scalarmult_ed25519_base_noclamp
from world import INSTANCE, REPORTER, base64_bare, case, public, publish, recipient, seed, sign

LABEL = "whistle/1 receipt"
ORDER = 2**252 + 27742317777372353535851937790883648493
FIELD = 2**255 - 19
ROOT, VOICE = seed("root"), seed("voice")
NOW, EARLIER, STOLEN, STRANGER = (seed(name) for name in ("receipt", "earlier receipt", "stolen receipt", "stranger"))
BOX, SEALED, OTHER = bytes.fromhex(REPORTER["box"]), seed("sealed"), seed("other sealed")
DAY = "2026-11-20"


def card(*keys, instance=INSTANCE, revoked=()):
    """A rightly signed card with these lines of receipt keys (days and raw key)."""
    text = f"whistle/1 card\nlabel: production\ninstance: {instance.hex()}\ncounter: 7\nissued: 2026-09-01\nends: 2026-12-10\n"
    text += "".join(f"receipt-key: {days} {key.hex()}\n" for days, key in keys)
    text += "group: risk-control\nname: en Risk control\n"
    text += f"voice-key: 2026-09-01 open {public(VOICE).hex()}\nrecipient: 1 {recipient(seed('group'))}\n"
    text += "".join(f"revoked: {key.hex()}\n" for key in revoked) + f"root: {public(ROOT).hex()}\n"
    return text + f"signature: {base64_bare(sign(ROOT, 'whistle/1 card', text.encode()))}\n"


def named(text):
    """A card by recipe, its recipient by name."""
    before, after = text.split(recipient(seed("group")))
    return {"join": [before, {"part": "group"}, after]}


STOLEN_DAYS = ("2026-03-01 2026-05-31", public(STOLEN))
EARLIER_DAYS = ("2026-06-01 2026-08-31", public(EARLIER))
NOW_DAYS = ("2026-09-01 open", public(NOW))
CARD = card(STOLEN_DAYS, EARLIER_DAYS, NOW_DAYS, revoked=[public(STOLEN)])
DIGEST = hashlib.sha256(CARD.encode()).hexdigest()
CARDS = {
    "card": CARD,
    "now_revoked": card(EARLIER_DAYS, NOW_DAYS, revoked=[public(NOW)]),
    "elsewhere": card(NOW_DAYS, instance=seed("elsewhere")[:16]),
}


def lines(**changes):
    """The lines of a receipt before its signature; `changes` replaces values."""
    value = {
        "instance": INSTANCE.hex(),
        "box": BOX.hex(),
        "sealed": SEALED.hex(),
        "card": DIGEST,
        "day": DAY,
        "key": public(NOW).hex(),
    } | changes
    return "whistle/1 receipt\n" + "".join(f"{name}: {one}\n" for name, one in value.items())


def with_signature(text, signature):
    return f"{text}signature: {signature if isinstance(signature, str) else base64_bare(signature)}\n"


def receipt(key=NOW, label=LABEL, **changes):
    """A receipt signed over the lines that it has."""
    text = lines(**{"key": public(key).hex()} | changes)
    return with_signature(text, sign(key, label, text.encode()))


GOOD = receipt()
TEXT = lines()
RIGHT = sign(NOW, LABEL, TEXT.encode())
assert with_signature(TEXT, RIGHT) == GOOD
cases = []


def read(name, text):
    value = dict(line.split(": ") for line in text.splitlines()[1:])
    signature = next(s for s in SIGNATURES if base64_bare(s) == value["signature"])
    cases.append(case(name, text, value | {"signature": signature.hex()}, "parse"))


def unread(name, text):
    cases.append(case(name, text, "refused:not_a_receipt", "parse"))


LEAP = lines(day="2028-02-29")
SIGNATURES = [RIGHT, sign(NOW, LABEL, LEAP.encode()), bytes(64), b"\xff" * 64]
read("a receipt", GOOD)
read("a receipt of 29 February", with_signature(LEAP, SIGNATURES[1]))
read("a receipt whose signature is zeros: layout alone is read here", with_signature(TEXT, bytes(64)))
read("a receipt whose signature is ones", with_signature(TEXT, b"\xff" * 64))
read(
    "a receipt of nothing but zeros and the first day of the wire",
    with_signature(
        lines(instance="00" * 16, box="00" * 32, sealed="00" * 32, card="00" * 32, day="1970-01-01", key="00" * 32), bytes(64)
    ),
)


def swap(old, new):
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


LINES = GOOD.splitlines(True)
NAMES = ["first line", *(line.split(":")[0] for line in LINES[1:])]
unread("nothing", "")
for i, name in enumerate(NAMES):
    unread(f"without its {name}", "".join(LINES[:i] + LINES[i + 1 :]))
    unread(f"its {name} twice", "".join(LINES[: i + 1] + LINES[i:]))
    unread(
        f"its {name} in capitals",
        "".join(
            [
                *LINES[:i],
                LINES[i].split(":")[0].upper().rstrip("\n"),
                *([LINES[i][LINES[i].index(":") :]] if i else ["\n"]),
                *LINES[i + 1 :],
            ]
        ),
    )
    unread(f"a space after its {name}", "".join([*LINES[:i], LINES[i][:-1] + " \n", *LINES[i + 1 :]]))
    unread(f"a line end of two characters after its {name}", "".join([*LINES[:i], LINES[i][:-1] + "\r\n", *LINES[i + 1 :]]))
    unread(f"an empty line after its {name}", "".join([*LINES[: i + 1], "\n", *LINES[i + 1 :]]))
    unread(f"an unknown line after its {name}", "".join([*LINES[: i + 1], "time: 12:00\n", *LINES[i + 1 :]]))
    if i + 1 < len(LINES):
        unread(f"its {NAMES[i + 1]} before its {name}", "".join([*LINES[:i], LINES[i + 1], LINES[i], *LINES[i + 2 :]]))
for name, value, capitals in (
    ("instance", INSTANCE.hex(), INSTANCE.hex().upper()),
    ("box", BOX.hex(), BOX.hex().upper()),
    ("sealed", SEALED.hex(), SEALED.hex().upper()),
    ("card", DIGEST, DIGEST.upper()),
    ("key", public(NOW).hex(), public(NOW).hex().upper()),
):
    unread(f"{name} in capital digits", swap(f"{name}: {value}", f"{name}: {capitals}"))
    unread(f"{name} one byte short", swap(f"{name}: {value}", f"{name}: {value[:-2]}"))
    unread(f"{name} one byte long", swap(f"{name}: {value}", f"{name}: {value}00"))
    unread(f"{name} one digit short", swap(f"{name}: {value}", f"{name}: {value[:-1]}"))
    unread(f"{name} with a letter beyond f", swap(f"{name}: {value}", f"{name}: {value[:-1]}g"))
    unread(f"{name} empty", swap(f"{name}: {value}", f"{name}: "))
    unread(f"{name} with 0x before it", swap(f"{name}: {value}", f"{name}: 0x{value[2:]}"))
for why, day in (
    ("30 February", "2026-02-30"),
    ("29 February of a year without one", "2026-02-29"),
    ("29 February of a century without one", "2100-02-29"),
    ("31 April", "2026-04-31"),
    ("day 0", "2026-11-00"),
    ("day 32", "2026-12-32"),
    ("month 0", "2026-00-20"),
    ("month 13", "2026-13-20"),
    ("year 0000", "0000-01-01"),
    ("a year of five digits", "12026-11-20"),
    ("a year with a plus", "+2026-11-20"),
    ("a year of two digits", "26-11-20"),
    ("no zeros", "2026-11-2"),
    ("slashes", "2026/11/20"),
    ("no hyphens", "20261120"),
    ("a week", "2026-W47-5"),
    ("a time", "2026-11-20T12:00:00"),
    ("a zone", "2026-11-20Z"),
    ("an Arabic digit", "2026-11-2\u0660"),
    ("a full-width digit", "2026-11-2\uff10"),
    ("the word open", "open"),
    ("nothing at all", ""),
):
    unread(f"a day with {why}", swap(f"day: {DAY}", f"day: {day}"))
SIGNATURE = base64_bare(RIGHT)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
for bit in (1, 2, 4, 8):
    other = ALPHABET[ALPHABET.index(SIGNATURE[-1]) ^ bit]
    unread(f"a signature with the unused bit of value {bit} set", with_signature(TEXT, SIGNATURE[:-1] + other))
unread(
    "a signature with every unused bit set", with_signature(TEXT, SIGNATURE[:-1] + ALPHABET[ALPHABET.index(SIGNATURE[-1]) | 15])
)
unread("a signature with padding", with_signature(TEXT, SIGNATURE + "=="))
unread("a signature in the URL alphabet", with_signature(TEXT, "_" + SIGNATURE[1:]))
unread("a signature one character short", with_signature(TEXT, SIGNATURE[:-1]))
unread("a signature one character long", with_signature(TEXT, SIGNATURE + "A"))
unread("a signature one byte short", with_signature(TEXT, RIGHT[:-1]))
unread("a signature one byte long", with_signature(TEXT, RIGHT + b"\0"))
unread("a signature in hexadecimal", with_signature(TEXT, RIGHT.hex()))
unread("a signature of two lines", with_signature(TEXT, SIGNATURE[:64] + "\n" + SIGNATURE[64:]))
unread("an empty signature", with_signature(TEXT, ""))
unread("the last line end missing", GOOD[:-1])
unread("a zero byte at the end", GOOD + "\0")
unread("a space at the end", GOOD + " ")
unread("a letter at the end", GOOD + "x")
unread("two receipts", GOOD * 2)
unread("a line end first", "\n" + GOOD)
unread("a byte order mark first", "\ufeff" + GOOD)
unread("line ends of two characters", GOOD.replace("\n", "\r\n"))
unread("line ends of carriage returns", GOOD.replace("\n", "\r"))
unread("a line end beyond ASCII", swap(f"day: {DAY}\n", f"day: {DAY}\u2028"))
unread("version 2", swap("whistle/1", "whistle/2"))
unread("the first line of a card", swap("whistle/1 receipt", "whistle/1 card"))
unread("no space after a colon", swap("day: ", "day:"))
unread("two spaces after a colon", swap("day: ", "day:  "))
unread("a tab after a colon", swap("day: ", "day:\t"))
unread("a space before a line", swap("day: ", " day: "))
unread("a comment", swap("day: ", "# a comment\nday: "))
unread("a byte that is no UTF-8", {"join": [GOOD.split("day: ")[0], {"hex": "ff"}, "day: " + GOOD.split("day: ")[1]]})
unread("a replacement character", swap(f"day: {DAY}", f"day: {DAY}\ufffd"))
unread("UTF-16", {"hex": GOOD.encode("utf-16-le").hex()})


def verified(name, text, expect="verified", box=BOX, there=(SEALED,), on="card", **more):
    given = {"receipt": text, "card": {"part": on}, "box": box.hex(), "there": [one.hex() for one in there]}
    cases.append(case(name, given, expect, "verify", **more))


def refused(why, name, text, **where):
    verified(name, text, f"refused:{why}", **where)


def changed(**changes):
    """The good signature under lines that were changed after it."""
    return with_signature(lines(**changes), RIGHT)


def flipped(text, place=-1):
    """The same hexadecimal with the lowest bit of one digit turned."""
    place %= len(text)
    return text[:place] + f"{int(text[place], 16) ^ 1:x}" + text[place + 1 :]


verified("a receipt of the key of today", GOOD)
verified("a receipt of one thing among three", GOOD, there=(OTHER, SEALED, seed("third")))
verified("the first day of the key of today", receipt(day="2026-09-01"))
verified("a day far ahead: an open key has no last day", receipt(day="2149-06-06"))
verified("the first day of an earlier key", receipt(EARLIER, day="2026-06-01"))
verified("the last day of an earlier key", receipt(EARLIER, day="2026-08-31"))
verified("a receipt that names another card: the one in force on its day", receipt(card=seed("earlier card").hex()))
verified(
    "an earlier key, on the card on which the key of today is revoked", receipt(EARLIER, day="2026-07-01"), on="now_revoked"
)
elsewhere = receipt(instance=seed("elsewhere")[:16].hex())
verified("a receipt of another instance under the card of that instance", elsewhere, on="elsewhere")

refused("not_a_receipt", "verify: trailing bytes", GOOD + "\n")
refused("not_a_receipt", "verify: a second spelling of the signature", with_signature(TEXT, SIGNATURE + "=="))
refused("key", "a key that is not on the card", receipt(STRANGER))
refused("key", "signed by the voice key of a group, which is on the card as that", receipt(VOICE))
refused("key", "signed by the root", receipt(ROOT))
refused("key", "a revoked key, in its days", receipt(STOLEN, day="2026-04-01"))
refused("key", "a revoked key, on its last day", receipt(STOLEN, day="2026-05-31"))
refused("key", "the key of today, which this card revokes", GOOD, on="now_revoked")
refused("key", "the day before the key of today begins", receipt(day="2026-08-31"))
refused("key", "the day before an earlier key begins", receipt(EARLIER, day="2026-05-31"))
refused("key", "the day after an earlier key ends", receipt(EARLIER, day="2026-09-01"))
refused("key", "an earlier key today", receipt(EARLIER))
refused("key", "an earlier key that this card does not name", receipt(EARLIER, day="2026-07-01"), on="elsewhere")
refused("other_instance", "another instance", elsewhere)
refused("other_instance", "a good receipt under the card of another instance", GOOD, on="elsewhere")
refused("other_box", "another box", receipt(box=seed("other box").hex()))
refused("other_box", "a good receipt found in another box", GOOD, box=seed("other box"))
refused("not_there", "other sealed bytes", receipt(sealed=OTHER.hex()))
refused("not_there", "a box with nothing in it", GOOD, there=())
refused("not_there", "a box with other things in it", GOOD, there=(OTHER, seed("third"), BOX))
for label in ("card", "reporter content", "voice content", "log head"):
    refused("signature", f"signed under the label of a {label}", receipt(label=f"whistle/1 {label}"))
refused("signature", "signed under the label with a space after it", receipt(label=LABEL + " "))
refused("signature", "signed under an empty label", receipt(label=""))
refused(
    "signature", "signed without the key line", with_signature(TEXT, sign(NOW, LABEL, TEXT[: TEXT.index("key: ")].encode()))
)
refused("signature", "signed without the last line end", with_signature(TEXT, sign(NOW, LABEL, TEXT[:-1].encode())))
refused(
    "signature", "signed by a stranger under the name of the key", with_signature(TEXT, sign(STRANGER, LABEL, TEXT.encode()))
)
refused(
    "signature", "signed by an earlier key under the name of the key", with_signature(TEXT, sign(EARLIER, LABEL, TEXT.encode()))
)
refused(
    "signature",
    "the signature of another good receipt",
    with_signature(TEXT, sign(NOW, LABEL, lines(day="2026-11-19").encode())),
)
refused("signature", "a signature of zeros in S", with_signature(TEXT, RIGHT[:32] + bytes(32)))

# One bit of each line, where nothing but the signature can tell: box, sealed bytes and card are as the changed line says.
box = flipped(BOX.hex())
refused("other_box", "a bit of the box flipped", changed(box=box))
refused("signature", "a bit of the box flipped, found in that box", changed(box=box), box=bytes.fromhex(box))
sealed = flipped(SEALED.hex())
refused("not_there", "a bit of the sealed hash flipped", changed(sealed=sealed))
refused(
    "signature",
    "a bit of the sealed hash flipped, and that is there too",
    changed(sealed=sealed),
    there=(SEALED, bytes.fromhex(sealed)),
)
instance = flipped(INSTANCE.hex())
CARDS["flipped"] = card(NOW_DAYS, instance=bytes.fromhex(instance))
refused("other_instance", "a bit of the instance flipped", changed(instance=instance))
refused("signature", "a bit of the instance flipped, under a card of that instance", changed(instance=instance), on="flipped")
refused("signature", "a bit of the card's digest flipped", changed(card=flipped(DIGEST)))
refused("signature", "a bit of the day flipped", changed(day="2026-11-21"))
refused("key", "a bit of the day flipped, to before the key", changed(day="2026-01-20"))
refused("key", "a bit of the key flipped", changed(key=flipped(public(NOW).hex(), 40)))
refused("signature", "a bit of R flipped", with_signature(TEXT, bytes([RIGHT[0], RIGHT[1] ^ 1]) + RIGHT[2:]))
refused("signature", "a bit of S flipped", with_signature(TEXT, RIGHT[:40] + bytes([RIGHT[40] ^ 1]) + RIGHT[41:]))


def number(data):
    return int.from_bytes(data, "little")


def little(value):
    return value.to_bytes(32, "little")


def scalar_of(secret):
    half = bytearray(hashlib.sha512(secret).digest()[:32])
    half[0] &= 248
    half[31] = half[31] & 127 | 64
    return number(half)


def challenge(point, key, text):
    return number(hashlib.sha512(point + key + LABEL.encode() + b"\0" + text.encode()).digest()) % ORDER


def sign_for(key, secret, text):
    """A signature for the public key secret·B + torsion, with a nonce at which the torsion vanishes."""
    for i in range(1000):
        nonce = number(hashlib.sha512(b"nonce" + bytes([i & 255, i >> 8])).digest()) % ORDER
        point = crypto_scalarmult_ed25519_base_noclamp(little(nonce))
        k = challenge(point, key, text)
        if k % 8 == 0:
            return point + little((nonce + k * secret) % ORDER)
    raise AssertionError


def lax(key, text, signature):
    """What OpenSSL says, which checks no point for its order."""
    Ed25519PublicKey.from_public_bytes(key).verify(signature, LABEL.encode() + b"\0" + text.encode())


EIGHTH = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
SMALL = {
    "the identity": little(1),
    "of order 2": little(FIELD - 1),
    "of order 4": bytes(32),
    "of order 8": EIGHTH,
    "good plus a point of order 8": crypto_core_ed25519_add(public(NOW), EIGHTH),
    "not canonical: the identity as p + 1": little(FIELD + 1),
}
for i, (why, key) in enumerate(SMALL.items()):
    CARDS[f"odd_{i}"] = card(("2026-09-01 open", key))
    text = lines(key=key.hex())
    signature = sign_for(key, scalar_of(NOW) if "plus" in why else 0, text)
    lax(key, text, signature)
    refused("public_key", f"a key on the card that is {why}", with_signature(text, signature), on=f"odd_{i}", lax=True)
identity = little(1)
for why, point in (
    ("R is the identity", identity),
    ("R has order 8", EIGHTH),
    ("R is not canonical: the identity as p + 1", little(FIELD + 1)),
):
    forged = point + little(challenge(point, public(NOW), TEXT) * scalar_of(NOW) % ORDER)
    if point == identity:
        lax(public(NOW), TEXT, forged)
    refused("point", why, with_signature(TEXT, forged), lax=True)
refused(
    "scalar", "S plus the order of the group", with_signature(TEXT, RIGHT[:32] + little(number(RIGHT[32:]) + ORDER)), lax=True
)
refused("scalar", "S is the order itself", with_signature(TEXT, RIGHT[:32] + little(ORDER)))

publish(
    "Receipts: what is one, and which are believed under a key card.",
    cases,
    parts={"group": recipient(seed("group"))} | {name: named(text) for name, text in CARDS.items()},
    given={
        "root_fingerprint": hashlib.sha256(b"whistle/1 root\0" + public(ROOT)).hexdigest(),
        "today": "2026-11-21",
        "receipt_seed": NOW.hex(),
    },
)

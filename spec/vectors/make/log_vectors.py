"""Makes log.json: the chain of the desk's log by hashlib, and heads of section 6.6 signed with PyNaCl by receipt keys that
everybody knows, with the key cards that they are checked against."""

import hashlib

from world import INSTANCE, base64_bare, case, public, publish, recipient, seed, sign, stringify

LABEL = "whistle/1 log head"
ORDER = 2**252 + 27742317777372353535851937790883648493
ROOT, VOICE = seed("root"), seed("voice")
NOW, EARLIER, STOLEN, STRANGER = (seed(name) for name in ("receipt", "earlier receipt", "stolen receipt", "stranger"))
DAY, ELSEWHERE = "2026-11-20", seed("elsewhere")[:16]
cases = []


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
CARDS = {
    "card": card(STOLEN_DAYS, EARLIER_DAYS, NOW_DAYS, revoked=[public(STOLEN)]),
    "now_revoked": card(EARLIER_DAYS, NOW_DAYS, revoked=[public(NOW)]),
    "elsewhere": card(NOW_DAYS, instance=ELSEWHERE),
}


# The chain


def after(lines):
    """The hash after these lines: four values of the first format, seven of the second, three if the words are dropped."""
    last = bytes(32)
    for line in lines:
        if len(line) == 4:
            text = stringify(dict(zip(("time", "who", "action", "case"), line, strict=True)))
        else:
            action, number, words = line if len(line) == 3 else (line[2], line[3], words_of(line))
            text = stringify({"action": action, "case": number, "words": words})
        last = hashlib.sha256(last + text.encode()).digest()
    return last.hex()


def words_of(line):
    """The digest of what can be dropped of a line."""
    time, who, _, _, purpose, note, salt = line
    words = {"time": time, "who": who, "purpose": purpose, "note": note, "salt": salt}
    return hashlib.sha256(stringify(words).encode()).hexdigest()


SIGNED_IN = ["2026-11-20T08:30:00Z", "anna", "signed in", None]
OPENED = ["2026-11-20T08:30:59Z", "anna", "opened", 1]
REPLIED = ["2026-11-20T23:59:59Z", "bo", "replied", 999999999]
READ = [*OPENED, "assess", None, "5a" * 16]
HELD = ["2026-11-20T09:00:00Z", "bo", "asked hold", 1, "keep", 12, "00" * 16]
for name, lines in {
    "no line": [],
    "one line without a case": [SIGNED_IN],
    "one line of a case": [OPENED],
    "three lines": [SIGNED_IN, OPENED, REPLIED],
    "the same lines in another order": [OPENED, SIGNED_IN, REPLIED],
    "the same line twice": [OPENED, OPENED],
    "a line with a purpose": [READ],
    "a line with a purpose and a note": [HELD],
    "a line with neither, of the second format": [[*SIGNED_IN, None, None, "a5" * 16]],
    "lines of both formats": [SIGNED_IN, READ, HELD],
    "the same lines, one without its words": [SIGNED_IN, ["opened", 1, words_of(READ)], HELD],
    "a name beyond ASCII, and what JSON escapes": [["2026-11-20T08:30:00Z", 'sø"\\ren', "signed in", None]],
}.items():
    cases.append(case(name, lines, after(lines), "chain"))


# Heads


def lines_of(**changes):
    """The lines of a head before its signature; `changes` replaces values."""
    value = {
        "instance": INSTANCE.hex(),
        "lines": "3",
        "hash": after([SIGNED_IN, OPENED, REPLIED]),
        "day": DAY,
        "key": public(NOW).hex(),
    } | changes
    return "whistle/1 log head\n" + "".join(f"{name}: {one}\n" for name, one in value.items())


def with_signature(text, signature):
    return f"{text}signature: {signature if isinstance(signature, str) else base64_bare(signature)}\n"


def head(key=NOW, label=LABEL, **changes):
    """A head signed over the lines that it has."""
    text = lines_of(**{"key": public(key).hex()} | changes)
    return with_signature(text, sign(key, label, text.encode()))


GOOD, TEXT = head(), lines_of()
RIGHT = sign(NOW, LABEL, TEXT.encode())


def read(name, text, signature):
    value = dict(line.split(": ") for line in text.splitlines()[1:])
    expect = value | {"lines": int(value["lines"]), "signature": signature.hex()}
    cases.append(case(name, text, expect, "parse"))


def unread(name, text):
    cases.append(case(name, text, "refused:not_a_log_head", "parse"))


def swap(old, new):
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


read("a head", GOOD, RIGHT)
for name, number in {"a log without a line": "0", "the longest log": "9" * 15}.items():
    text = lines_of(lines=number)
    read(name, with_signature(text, sign(NOW, LABEL, text.encode())), sign(NOW, LABEL, text.encode()))
read("a head whose signature is zeros: layout alone is read here", with_signature(TEXT, bytes(64)), bytes(64))

LINES = GOOD.splitlines(True)
NAMES = ["first line", *(line.split(":")[0] for line in LINES[1:])]
unread("nothing", "")
for i, name in enumerate(NAMES):
    unread(f"without its {name}", "".join(LINES[:i] + LINES[i + 1 :]))
    unread(f"its {name} twice", "".join(LINES[: i + 1] + LINES[i:]))
    unread(f"a space after its {name}", "".join([*LINES[:i], LINES[i][:-1] + " \n", *LINES[i + 1 :]]))
    unread(f"a line end of two characters after its {name}", "".join([*LINES[:i], LINES[i][:-1] + "\r\n", *LINES[i + 1 :]]))
    unread(f"an unknown line after its {name}", "".join([*LINES[: i + 1], "time: 12:00\n", *LINES[i + 1 :]]))
    if i + 1 < len(LINES):
        unread(f"its {NAMES[i + 1]} before its {name}", "".join([*LINES[:i], LINES[i + 1], LINES[i], *LINES[i + 2 :]]))
for name, value in (("instance", INSTANCE.hex()), ("hash", after([SIGNED_IN, OPENED, REPLIED])), ("key", public(NOW).hex())):
    unread(f"{name} in capital digits", swap(f"{name}: {value}", f"{name}: {value.upper()}"))
    unread(f"{name} one byte short", swap(f"{name}: {value}", f"{name}: {value[:-2]}"))
    unread(f"{name} one byte long", swap(f"{name}: {value}", f"{name}: {value}00"))
for why, number in (
    ("a zero in front", "03"),
    ("a sign in front", "+3"),
    ("a sign of its own", "-3"),
    ("sixteen digits", "1" + "0" * 15),
    ("a point", "3.0"),
    ("an exponent", "3e0"),
    ("hexadecimal digits", "0x3"),
    ("an Arabic digit", "\u0663"),
    ("nothing at all", ""),
):
    unread(f"a count with {why}", swap("lines: 3\n", f"lines: {number}\n"))
for why, on in (
    ("30 February", "2026-02-30"),
    ("year 0000", "0000-01-01"),
    ("a time", "2026-11-20T12:00:00Z"),
    ("no zeros", "2026-11-2"),
):
    unread(f"a day with {why}", swap(f"day: {DAY}", f"day: {on}"))
unread("a signature with padding", with_signature(TEXT, base64_bare(RIGHT) + "=="))
unread("a signature one byte short", with_signature(TEXT, RIGHT[:-1]))
unread("a signature one byte long", with_signature(TEXT, RIGHT + b"\0"))
unread("the last line end missing", GOOD[:-1])
unread("a zero byte at the end", GOOD + "\0")
unread("two heads", GOOD * 2)
unread("a byte order mark first", "\ufeff" + GOOD)
unread("version 2", swap("whistle/1", "whistle/2"))
unread("the first line of a receipt", swap("whistle/1 log head", "whistle/1 receipt"))
unread("a byte that is no UTF-8", {"join": [GOOD.split("day: ")[0], {"hex": "ff"}, "day: " + GOOD.split("day: ")[1]]})


def verified(name, text, expect="verified", on="card"):
    cases.append(case(name, {"head": text, "card": {"part": on}}, expect, "verify"))


def refused(why, name, text, **where):
    verified(name, text, f"refused:{why}", **where)


def changed(**changes):
    """The good signature under lines that were changed after it."""
    return with_signature(lines_of(**changes), RIGHT)


verified("a head of the key of today", GOOD)
verified("the first day of the key of today", head(day="2026-09-01"))
verified("the last day of an earlier key", head(EARLIER, day="2026-08-31"))
verified("an earlier key, on the card on which the key of today is revoked", head(EARLIER, day="2026-07-01"), on="now_revoked")
elsewhere = head(instance=ELSEWHERE.hex())
verified("a head of another instance under the card of that instance", elsewhere, on="elsewhere")
refused("not_a_log_head", "verify: trailing bytes", GOOD + "\n")
refused("key", "a key that is not on the card", head(STRANGER))
refused("key", "signed by the voice key of a group, which is on the card as that", head(VOICE))
refused("key", "signed by the root", head(ROOT))
refused("key", "a revoked key, in its days", head(STOLEN, day="2026-04-01"))
refused("key", "the key of today, which this card revokes", GOOD, on="now_revoked")
refused("key", "the day before the key of today begins", head(day="2026-08-31"))
refused("key", "the day after an earlier key ends", head(EARLIER, day="2026-09-01"))
refused("other_instance", "another instance", elsewhere)
refused("other_instance", "a good head under the card of another instance", GOOD, on="elsewhere")
for label in ("card", "receipt", "reporter content", "voice content"):
    refused("signature", f"signed under the label of a {label}", head(label=f"whistle/1 {label}"))
refused("signature", "signed under the label without its last word", head(label="whistle/1 log"))
refused("signature", "signed under an empty label", head(label=""))
refused(
    "signature", "signed without the key line", with_signature(TEXT, sign(NOW, LABEL, TEXT[: TEXT.index("key: ")].encode()))
)
refused(
    "signature", "signed by a stranger under the name of the key", with_signature(TEXT, sign(STRANGER, LABEL, TEXT.encode()))
)
refused("signature", "fewer lines than were signed", changed(lines="2"))
refused("signature", "another hash than was signed", changed(hash=after([SIGNED_IN, OPENED])))
refused("signature", "another day than was signed", changed(day="2026-11-21"))
refused("signature", "a bit of R flipped", with_signature(TEXT, bytes([RIGHT[0], RIGHT[1] ^ 1]) + RIGHT[2:]))
refused("signature", "a bit of S flipped", with_signature(TEXT, RIGHT[:40] + bytes([RIGHT[40] ^ 1]) + RIGHT[41:]))
refused("point", "R is the identity", with_signature(TEXT, (1).to_bytes(32, "little") + RIGHT[32:]))
scalar = (int.from_bytes(RIGHT[32:], "little") + ORDER).to_bytes(32, "little")
refused("scalar", "S plus the order of the group", with_signature(TEXT, RIGHT[:32] + scalar))

publish(
    "The log of the desk: the chain of its lines, what is a head of it, and which heads are believed under a key card.",
    cases,
    parts={"group": recipient(seed("group"))} | {name: named(text) for name, text in CARDS.items()},
    given={
        "root_fingerprint": hashlib.sha256(b"whistle/1 root\0" + public(ROOT)).hexdigest(),
        "today": "2026-11-21",
        "receipt_seed": NOW.hex(),
    },
)

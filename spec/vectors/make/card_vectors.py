"""Makes card.json: key cards of section 4, signed with PyNaCl by a root that everybody knows. What is malformed is
rightly signed, so that nothing but its form is wrong."""

import hashlib

from world import INSTANCE, base64_bare, bech32, case, public, publish, recipient, recipient_digest, seed, sign, xwing_public

ROOT = seed("root")
TODAY = "2026-11-20"
FINGERPRINT = hashlib.sha256(b"whistle/1 root\0" + public(ROOT)).hexdigest()
OTHER_FINGERPRINT = hashlib.sha256(b"whistle/1 root\0" + public(seed("other root"))).hexdigest()
RECIPIENT = {name: recipient(seed(name)) for name in ("group", "ring a", "ring b", "second group")}
KEY = {name: public(seed(name)).hex() for name in ("voice", "earlier voice", "receipt", "earlier receipt", "second voice")}

HEAD = f"""whistle/1 card
label: production
instance: {INSTANCE.hex()}
counter: 7
issued: 2026-09-01
ends: 2026-12-10
receipt-key: 2026-09-01 open {KEY["receipt"]}
"""
GROUP = f"""group: risk-control
name: da Risikostyring
name: en Risk control
voice-key: 2026-09-01 open {KEY["voice"]}
recipient: 1 {RECIPIENT["group"]}
"""
RINGS = f"""ring-a: 1 {RECIPIENT["ring a"]}
ring-b: 1 {RECIPIENT["ring b"]}
"""
SECOND = f"""group: audit
name: en Internal audit
voice-key: 2026-09-01 open {KEY["second voice"]}
recipient: 3 {RECIPIENT["second group"]}
"""
BODY = HEAD + GROUP
parts = {name.replace(" ", "_"): text for name, text in RECIPIENT.items()}


def signed(body, root=ROOT):
    """The card of these lines with its root and signature, the last line end included."""
    body += f"root: {public(root).hex()}\n"
    return body + f"signature: {base64_bare(sign(root, 'whistle/1 card', body.encode()))}\n"


def recipe(text):
    """The text as bytes by recipe, recipients by name."""
    pieces = [text]
    for name, value in RECIPIENT.items():
        split = []
        for one in pieces:
            for i, bit in enumerate(one.split(value)) if isinstance(one, str) else [(0, one)]:
                split += ([{"part": name.replace(" ", "_")}] if i else []) + ([bit] if bit != "" else [])
        pieces = split
    return pieces[0] if len(pieces) == 1 else {"join": pieces}


def card(name, text, expect, today=TODAY, instance=INSTANCE, fingerprint=FINGERPRINT):
    if expect == "accepted":
        field = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        expect = {
            "digest": hashlib.sha256(text.encode()).hexdigest(),
            "label": field["label"],
            "counter": int(field["counter"]),
            "issued": field["issued"],
            "ends": field["ends"],
            "groups": [line.removeprefix("group: ") for line in text.splitlines() if line.startswith("group: ")],
            "revoked": [line.removeprefix("revoked: ") for line in text.splitlines() if line.startswith("revoked: ")],
        }
    return case(
        name,
        {
            "card": recipe(text) if isinstance(text, str) else text,
            "root_fingerprint": fingerprint,
            "instance": instance.hex(),
            "today": today,
        },
        expect,
    )


def accepted(name, body, **where):
    return card(name, signed(body), "accepted", **where)


def malformed(name, body):
    return card(name, signed(body), "refused:malformed")


def swap(old, new, body=BODY):
    assert body.count(old) == 1, old
    return body.replace(old, new)


def group(n):
    return swap("group: audit", f"group: audit-{n}", SECOND)


GOOD = signed(BODY)
REVOKED = f"revoked: {KEY['earlier receipt']}\n"
cases = [
    accepted("the smallest card", BODY),
    accepted("a demo card", swap("production", "demo")),
    accepted("a card on its last day", BODY, today="2026-12-10"),
    accepted("a card of one day", swap("2026-12-10", "2026-09-01"), today="2026-09-01"),
    accepted("a card of exactly 100 days", swap("2026-12-10", "2026-12-10") + REVOKED),
    accepted("a group with rings", BODY + RINGS),
    accepted("two groups, the first with rings", BODY + RINGS + SECOND),
    accepted("eight groups", BODY + "".join(group(n) for n in range(7))),
    accepted("a group of a later epoch", swap("recipient: 1 ", "recipient: 12 ")),
    accepted(
        "an earlier receipt key",
        swap("receipt-key: ", f"receipt-key: 2026-06-01 2026-09-01 {KEY['earlier receipt']}\nreceipt-key: "),
    ),
    accepted(
        "an earlier voice key", swap("voice-key: ", f"voice-key: 2026-06-01 2026-09-01 {KEY['earlier voice']}\nvoice-key: ")
    ),
    accepted(
        "a revoked receipt key",
        swap("receipt-key: ", f"receipt-key: 2026-06-01 2026-09-01 {KEY['earlier receipt']}\nreceipt-key: ") + REVOKED,
    ),
    accepted("a revoked recipient that stands nowhere else", BODY + f"revoked: {recipient_digest(seed('ring a')).hex()}\n"),
    accepted("two revoked keys", BODY + REVOKED + f"revoked: {KEY['earlier voice']}\n"),
    accepted("the smallest counter", swap("counter: 7", "counter: 1")),
    accepted("the largest counter", swap("counter: 7", "counter: 4294967295")),
    accepted("a group id of 32 letters", swap("group: risk-control", "group: " + "a" * 32)),
    accepted("a name of 80 characters", swap("Risk control", "x" * 80)),
    accepted("a name of 80 characters outside the basic plane", swap("Risk control", "\U0001f4ef" * 80)),
    accepted("a name with a colon", swap("Risk control", "Risk: control")),
    card("another root than the one given", GOOD, "refused:other_root", fingerprint=OTHER_FINGERPRINT),
    card("signed by another root, named as such", signed(BODY, seed("other root")), "refused:other_root"),
    card(
        "SHA-256 of the root without its label as fingerprint",
        GOOD,
        "refused:other_root",
        fingerprint=hashlib.sha256(public(ROOT)).hexdigest(),
    ),
    card("the root itself as fingerprint", GOOD, "refused:other_root", fingerprint=public(ROOT).hex()),
    card("another instance", GOOD, "refused:other_instance", instance=bytes(16)),
    card("the day after the end", GOOD, "refused:ended", today="2026-12-11"),
    card("a year after the end", GOOD, "refused:ended", today="2027-09-01"),
]


def forged(name, text):
    return card(name, text, "refused:bad_signature")


def with_signature(signature):
    return (
        GOOD[: GOOD.index("signature: ")]
        + "signature: "
        + (signature if isinstance(signature, str) else base64_bare(signature))
        + "\n"
    )


SIGNED = GOOD[: GOOD.index("signature: ")].encode()
RIGHT = sign(ROOT, "whistle/1 card", SIGNED)
ORDER = 2**252 + 27742317777372353535851937790883648493
cases += [
    forged("a bit of R flipped", with_signature(bytes([RIGHT[0], RIGHT[1] ^ 1]) + RIGHT[2:])),
    forged("a bit of S flipped", with_signature(RIGHT[:40] + bytes([RIGHT[40] ^ 1]) + RIGHT[41:])),
    forged(
        "S plus the order", with_signature(RIGHT[:32] + (int.from_bytes(RIGHT[32:], "little") + ORDER).to_bytes(32, "little"))
    ),
    forged("signed under the label of a voice", with_signature(sign(ROOT, "whistle/1 voice content", SIGNED))),
    forged("signed without the root line", with_signature(sign(ROOT, "whistle/1 card", BODY.encode()))),
    forged(
        "signed by another root under the name of this one", with_signature(sign(seed("other root"), "whistle/1 card", SIGNED))
    ),
    forged("the counter changed after signing", GOOD.replace("counter: 7", "counter: 8")),
    forged("the end changed after signing", GOOD.replace("2026-12-10", "2026-12-09")),
    forged("the recipient changed after signing", GOOD.replace(RECIPIENT["group"], RECIPIENT["ring a"])),
    forged("a name changed after signing", GOOD.replace("Risikostyring", "Risikostyrinq")),
    forged("a group added after signing", GOOD.replace("root: ", SECOND + "root: ")),
]


def unsigned(name, text):
    return card(name, text, "refused:malformed")


cases += [
    unsigned("nothing", ""),
    unsigned("the last line end missing", GOOD[:-1]),
    unsigned("an empty line at the end", GOOD + "\n"),
    unsigned("a line after the signature", GOOD + "note: a\n"),
    unsigned("two cards", GOOD + GOOD),
    unsigned("no signature", GOOD[: GOOD.index("signature: ")]),
    unsigned("a signature with padding", with_signature(base64_bare(RIGHT) + "==")),
    unsigned(
        "a signature with set bits after its last byte",
        with_signature(base64_bare(RIGHT)[:-1] + chr(ord(base64_bare(RIGHT)[-1]) + 1)),
    ),
    unsigned("a signature one byte short", with_signature(RIGHT[:-1])),
    unsigned(
        "a signature before the root",
        GOOD[: GOOD.index("root: ")]
        + GOOD[GOOD.index("signature: ") :]
        + GOOD[GOOD.index("root: ") : GOOD.index("signature: ")],
    ),
    unsigned("a root in capital digits", signed(BODY).replace(public(ROOT).hex(), public(ROOT).hex().upper())),
    unsigned("a byte order mark first", "\ufeff" + GOOD),
    unsigned(
        "bytes that are not UTF-8",
        {
            "join": [
                recipe(GOOD.split("Risikostyring")[0]),
                {"hex": "ff"},
                recipe("Risikostyring" + GOOD.split("Risikostyring")[1]),
            ]
        },
    ),
    malformed("line ends of two characters", BODY.replace("\n", "\r\n")),
    malformed("one line end of two characters", swap("counter: 7\n", "counter: 7\r\n")),
    malformed("card version 2", swap("whistle/1 card", "whistle/2 card")),
    malformed("no first line", swap("whistle/1 card\n", "")),
    malformed("an empty line", swap("counter:", "\ncounter:")),
    malformed("a comment", swap("counter:", "# a comment\ncounter:")),
    malformed("an unknown line", swap("counter:", "colour: red\ncounter:")),
    malformed("a space at the end of a line", swap("counter: 7\n", "counter: 7 \n")),
    malformed("no space after a colon", swap("counter: 7", "counter:7")),
    malformed("two spaces after a colon", swap("counter: 7", "counter:  7")),
    malformed("an unknown label", swap("production", "staging")),
    malformed("a label in capitals", swap("production", "Production")),
    *[
        malformed(f"no {line}", "".join(one for one in BODY.splitlines(True) if not one.startswith(line + ":")))
        for line in ("label", "instance", "counter", "issued", "ends", "receipt-key", "group", "name", "voice-key", "recipient")
    ],
    *[
        malformed(f"{line} twice", "".join(one * (2 if one.startswith(line + ":") else 1) for one in BODY.splitlines(True)))
        for line in ("label", "instance", "counter", "issued", "ends", "group", "recipient")
    ],
    malformed("no group at all", HEAD),
    malformed("nine groups", BODY + "".join(group(n) for n in range(8))),
    malformed("a group twice", BODY + GROUP),
    malformed(
        "instance before label",
        HEAD.replace("label: production\n", "").replace("counter", "label: production\ncounter") + GROUP,
    ),
    malformed(
        "ends before issued",
        HEAD.replace("issued: 2026-09-01\nends: 2026-12-10\n", "ends: 2026-12-10\nissued: 2026-09-01\n") + GROUP,
    ),
    malformed(
        "voice key before name",
        HEAD
        + f"group: risk-control\nvoice-key: 2026-09-01 open {KEY['voice']}\n"
        + f"name: en Risk control\nrecipient: 1 {RECIPIENT['group']}\n",
    ),
    malformed("rings before the recipient", HEAD + GROUP.replace("recipient: ", RINGS + "recipient: ")),
    malformed("revoked before the group", HEAD + REVOKED + GROUP),
    malformed("ring A without ring B", BODY + RINGS.splitlines(True)[0]),
    malformed("ring B without ring A", BODY + RINGS.splitlines(True)[1]),
    malformed("ring B before ring A", BODY + "".join(reversed(RINGS.splitlines(True)))),
    *[
        malformed(f"a counter {why}", swap("counter: 7", f"counter: {value}"))
        for why, value in (
            ("with a leading zero", "07"),
            ("of zero", "0"),
            ("over the limit", "4294967296"),
            ("that is negative", "-7"),
            ("with a plus", "+7"),
            ("that is empty", ""),
            ("with a point", "7.0"),
            ("with an underscore", "1_0"),
            ("in Arabic digits", "\u0667"),
            ("of five thousand digits", "9" * 5000),
        )
    ],
    *[
        malformed(f"an instance {why}", swap(INSTANCE.hex(), value))
        for why, value in (
            ("one byte short", INSTANCE.hex()[:-2]),
            ("one byte long", INSTANCE.hex() + "00"),
            ("in capital digits", INSTANCE.hex()[:-1] + "F"),
        )
    ],
    *[
        malformed(f"an end {why}", swap("ends: 2026-12-10", f"ends: {value}"))
        for why, value in (
            ("101 days after the issue", "2026-12-11"),
            ("before the issue", "2026-08-31"),
            ("on a day that is not", "2026-11-31"),
            ("in month 13", "2026-13-01"),
            ("without zeros", "2026-12-1"),
            ("with slashes", "2026/12/10"),
            ("without hyphens", "20261210"),
            ("as a week", "2026-W50-4"),
            ("with a time", "2026-12-10T00:00:00"),
            ("that is open", "open"),
            ("in Arabic digits", "2026-12-1\u0660"),
        )
    ],
    malformed(
        "an issue on 29 February of a year without one",
        swap("issued: 2026-09-01\nends: 2026-12-10", "issued: 2026-02-29\nends: 2026-03-10"),
    ),
    malformed("a receipt key that is not open", swap(f"open {KEY['receipt']}", f"2026-12-10 {KEY['receipt']}")),
    malformed(
        "two receipt keys that are open",
        swap("receipt-key: ", f"receipt-key: 2026-06-01 open {KEY['earlier receipt']}\nreceipt-key: "),
    ),
    malformed(
        "an open receipt key before one that is not",
        swap("group: ", f"receipt-key: 2026-06-01 2026-09-01 {KEY['earlier receipt']}\ngroup: "),
    ),
    malformed("a voice key that is not open", swap(f"open {KEY['voice']}", f"2026-12-10 {KEY['voice']}")),
    malformed(
        "a voice key that ends before it begins",
        swap("voice-key: ", f"voice-key: 2026-09-01 2026-06-01 {KEY['earlier voice']}\nvoice-key: "),
    ),
    malformed("a voice key one byte short", swap(KEY["voice"], KEY["voice"][:-2])),
    malformed("a voice key without days", swap(f"2026-09-01 open {KEY['voice']}", KEY["voice"])),
    malformed("a revoked key in capital digits", BODY + "revoked: " + "AB" * 32 + "\n"),
    malformed("a revoked key one byte short", BODY + "revoked: " + "ab" * 31 + "\n"),
    *[
        malformed(f"a group id {why}", swap("group: risk-control", f"group: {value}"))
        for why, value in (
            ("in capitals", "Risk-control"),
            ("that begins with a digit", "1st"),
            ("of 33 letters", "a" * 33),
            ("that is empty", ""),
            ("with an underscore", "a_b"),
        )
    ],
    *[
        malformed(f"a name {why}", swap("en Risk control", value))
        for why, value in (
            ("with a control character", "en Risk\x07control"),
            ("with a tab", "en Risk\tcontrol"),
            ("with delete", "en Risk\x7fcontrol"),
            ("with a control character beyond ASCII", "en Risk\u0085control"),
            ("of 81 characters", "en " + "x" * 81),
            ("that is empty", "en "),
            ("without a language", "Risk control"),
            ("in a language of three letters", "eng Risk control"),
            ("in a language in capitals", "EN Risk control"),
            ("twice in one language", "da Risk control"),
        )
    ],
    *[
        malformed(f"a recipient {why}", swap(f"1 {RECIPIENT['group']}", value))
        for why, value in (
            ("of epoch 0", f"0 {RECIPIENT['group']}"),
            ("of an epoch with a leading zero", f"01 {RECIPIENT['group']}"),
            ("without an epoch", RECIPIENT["group"]),
            ("with a wrong check", "1 " + RECIPIENT["group"][:-1] + ("p" if RECIPIENT["group"][-1] == "q" else "q")),
            (
                "with two letters swapped",
                "1 " + RECIPIENT["group"][:100] + RECIPIENT["group"][101] + RECIPIENT["group"][100] + RECIPIENT["group"][102:],
            ),
            ("in capitals", "1 " + RECIPIENT["group"].upper()),
            ("in mixed case", "1 " + RECIPIENT["group"][:-7] + RECIPIENT["group"][-7:].upper()),
            ("one byte short", "1 " + bech32("age1pq", xwing_public(seed("group"))[:-1])),
            ("one byte long", "1 " + bech32("age1pq", xwing_public(seed("group")) + b"\0")),
            ("of another kind of hybrid", "1 " + bech32("age1tagpq", xwing_public(seed("group")))),
            ("that is X25519", "1 " + bech32("age", bytes(range(32)))),
        )
    ],
]
assert len({RECIPIENT["group"][100], RECIPIENT["group"][101]}) == 2
publish("Key cards: what is trusted, and every card that is not.", cases, parts=parts)

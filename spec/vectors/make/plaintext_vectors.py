"""Makes plaintext.json: the two lines before a content's JSON, and the spaces after it (section 6.1)."""

import base64
import hashlib

from world import REPORTER, base64_bare, case, content, padded_size, plaintext, preamble, publish, report_body, sign, stringify

SECRET = bytes.fromhex(REPORTER["signing_seed"])
MESSAGE = content()
TEXT = stringify(MESSAGE).encode()
FIRST = preamble(TEXT)
BEFORE = FIRST + TEXT
SIGNATURE = FIRST[10:96]
WHOLE = plaintext(MESSAGE)
assert len(FIRST) == 97
assert len(WHOLE) == 16384


def spaces(times):
    return {"repeat": " ", "times": times}


def sized(value, filler, total):
    """The content whose preamble and JSON come to `total` bytes by repeating one letter: recipe, value and JSON."""
    value = value | {"body": value["body"] | {"text": filler}}
    short = len(preamble(b"")) + len(stringify(value).encode()) - len(filler)
    value["body"]["text"] = filler * (total - short)
    text = stringify(value).encode()
    head, tail = text.split((filler * (total - short)).encode())
    return (
        {"join": [preamble(text).decode() + head.decode(), {"repeat": filler, "times": total - short}, tail.decode()]},
        value,
        text,
    )


def accepted(name, value):
    text = stringify(value).encode()
    before = preamble(text) + text
    return whole(name, before.decode(), text, padded_size(value, len(before)) - len(before))


def whole(name, before, text, padding):
    return case(name, {"join": [before, spaces(padding)]}, {"json": len(text), "hash": hashlib.sha256(text).hexdigest()})


def refused(reason, name, data):
    return case(name, data.decode() if isinstance(data, bytes) else data, "refused:" + reason)


def changed(before):
    """These bytes padded as the message is."""
    return {"join": [before.decode(), spaces(16384 - len(before))]}


def without_identity(total, padded):
    """A report whose identity is null, of `total` bytes before padding, padded to `padded`."""
    before, _, text = sized(content(kind="report", sequence=1, body=report_body()), "a", total)
    return {"join": [*before["join"], spaces(padded - total)]}, text


def report_case(name, total, padded):
    data, text = without_identity(total, padded)
    return case(name, data, {"json": len(text), "hash": hashlib.sha256(text).hexdigest()})


exact, _, exact_text = sized(MESSAGE, "a", 16384)
over, _, over_text = sized(MESSAGE, "a", 16385)
big, _, big_text = sized(MESSAGE, "a", 250400)
cases = [
    accepted("a message at the floor", MESSAGE),
    accepted("a report at the floor", content(kind="report", sequence=1, body=report_body())),
    accepted(
        "a report with an identity at the floor",
        content(kind="report", sequence=1, body=report_body(identity=base64_bare(b"\0" * 4342))),
    ),
    accepted("a text that ends in spaces and a brace", content(body={"text": "a }   "})),
    whole("a message that fills the floor without one space", exact, exact_text, 0),
    whole("a message one byte over the floor", over, over_text, 17408 - 16385),
    whole("a message near the text limit", big, big_text, 253952 - 250400),
    report_case("a report without identity at the last byte of the floor", 10596, 16384),
    report_case("a report without identity one byte on goes to the next size", 10597, 17408),
    report_case("a report without identity near the text limit", 252000, 258048),
    refused(
        "size", "a report without identity that is padded as if it never could have one", without_identity(10597, 16384)[0]
    ),
    refused(
        "size",
        "a large report without identity that is padded as if it never could have one",
        without_identity(252000, 253952)[0],
    ),
    refused("size", "a report without identity that is padded twice too far", without_identity(10597, 18432)[0]),
    refused("size", "nothing", b""),
    refused("size", "not padded", BEFORE),
    refused("size", "one space short", {"join": [BEFORE.decode(), spaces(16383 - len(BEFORE))]}),
    refused("size", "one space too many", {"join": [BEFORE.decode(), spaces(16385 - len(BEFORE))]}),
    refused("size", "padded to the next size but one", {"join": [BEFORE.decode(), spaces(17408 - len(BEFORE))]}),
    refused("size", "padded to a Padmé size below the floor", {"join": [BEFORE.decode(), spaces(8192 - len(BEFORE))]}),
    refused("size", "padded to a Padmé size above the limit", {"join": [BEFORE.decode(), spaces(270336 - len(BEFORE))]}),
    refused("size", "only the floor filled with spaces and one more", spaces(16385)),
    refused(
        "padding",
        "a line end at the end of the padding",
        changed(BEFORE) | {"join": [BEFORE.decode(), spaces(16383 - len(BEFORE)), "\n"]},
    ),
    refused("padding", "a line end right after the JSON", changed(BEFORE + b"\n")),
    refused("padding", "a tab in the padding", changed(BEFORE + b" \t")),
    refused("padding", "zeros instead of spaces", {"join": [BEFORE.decode(), {"repeat": "\0", "times": 16384 - len(BEFORE)}]}),
    refused("padding", "a letter in the padding", changed(BEFORE + b"     x")),
    refused("padding", "a second object in the padding", changed(BEFORE + b" {}")),
    refused(
        "padding", "a no-break space in the padding", {"join": [BEFORE.decode() + " \u00a0", spaces(16384 - len(BEFORE) - 3)]}
    ),
    refused("padding", "a space before the JSON", changed(FIRST + b" " + TEXT)),
    refused("preamble", "version 2", changed(b"whistle/2" + BEFORE[9:])),
    refused("preamble", "version 10", changed(b"whistle/10" + BEFORE[9:])),
    refused("preamble", "capitals", changed(b"Whistle/1" + BEFORE[9:])),
    refused("preamble", "no version line", changed(BEFORE[10:])),
    refused("preamble", "a byte order mark first", changed("\ufeff".encode() + BEFORE)),
    refused("preamble", "a space first", changed(b" " + BEFORE)),
    refused("preamble", "a space after the version", changed(b"whistle/1 " + BEFORE[9:])),
    refused("preamble", "line ends of two characters after the version", changed(BEFORE.replace(b"\n", b"\r\n", 1))),
    refused("preamble", "line ends of two characters after the signature", changed(FIRST[:-1] + b"\r\n" + TEXT)),
    refused("preamble", "an empty line before the JSON", changed(FIRST + b"\n" + TEXT)),
    refused("preamble", "no line end after the signature", changed(FIRST[:-1] + TEXT)),
    refused("preamble", "no signature line", changed(FIRST[:10] + TEXT)),
    refused("preamble", "the JSON alone", changed(TEXT)),
    refused("signature_spelling", "an empty signature", changed(FIRST[:10] + b"\n" + TEXT)),
    refused("signature_spelling", "a signature one character short", changed(FIRST[:95] + b"\n" + TEXT)),
    refused("signature_spelling", "a signature with padding", changed(FIRST[:96] + b"==\n" + TEXT)),
    refused(
        "signature_spelling",
        "set bits after the last byte of the signature",
        changed(FIRST[:95] + bytes([FIRST[95] + 1]) + b"\n" + TEXT),
    ),
    refused("signature_spelling", "the URL alphabet", changed(FIRST[:10] + b"_-" + FIRST[12:] + TEXT)),
    refused("signature_spelling", "a space within the signature", changed(FIRST[:50] + b" " + FIRST[51:] + TEXT)),
    refused(
        "signature_spelling",
        "sixteens instead of base64",
        changed(FIRST[:10] + sign(SECRET, "whistle/1 reporter content", TEXT).hex().encode() + b"\n" + TEXT),
    ),
]
assert base64.b64decode(SIGNATURE + b"==") == sign(SECRET, "whistle/1 reporter content", TEXT)
publish(
    "Signed plaintext: version line, signature line, JSON and spaces to one size.",
    cases,
    given={"reporter": REPORTER["signing"]},
)

"""Makes identity.json: what a reporter says of themselves, as padded text and under the seals of two rings (section 6.4).
typage seals both layers."""

import base64
import hashlib

from world import b64, base64_bare, bech32, case, publish, recipient, seal, seed, stringify

SIZE, FIELD = 1024, 5790
SEEDS = {name: seed(name) for name in ("ring a", "ring b", "ring of another group")}
A, B, C = (recipient(secret) for secret in SEEDS.values())
X25519 = bech32("age", bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
GIVEN = {"name": "Søren Ærlig", "contact": "20 12 34 56, helst om aftenen"}
FRAME = len('{"name":"","contact":""}')
cases = []


def padded(value, size=SIZE):
    return (value if isinstance(value, str) else stringify(value)).encode().ljust(size)


# What is written ------------------------------------------------------------------------------------------------------


def identity(name="", contact=""):
    return {"name": name, "contact": contact}


for title, value in {
    "a name and a contact": GIVEN,
    "a name alone": identity("Søren Ærlig"),
    "a contact alone": identity(contact="soren@example.org"),
    "a name of one letter": identity("S"),
    "a name of a space": identity(" "),
    "line ends, quotes and a character outside the basic plane": identity("S\tÆ", 'Line 1\nLine 2 "so"\\ \U0001f4ef'),
    "markup and a script's end, which are text": identity("<b>", "</script>"),
    "a name that ends in spaces": identity("S   ", "20 12   "),
    "a name that fills it": identity("a" * (SIZE - FRAME)),
    "a contact in letters of two bytes that fills it": identity(contact="ø" * ((SIZE - FRAME) // 2)),
    "a contact that fills it when escaped": identity(contact='"' * ((SIZE - FRAME) // 2)),
}.items():
    text = padded(value)
    assert len(text) == SIZE, title
    cases += [
        case(title, value, {"json": stringify(value), "sha256": hashlib.sha256(text).hexdigest()}, "write"),
        case(title, b64(text), value, "read"),
    ]
for title, reason, value in (
    ("nothing at all", "empty", identity()),
    ("a name of one byte too many", "too_long", identity("a" * (SIZE - FRAME + 1))),
    ("a contact of one byte too many", "too_long", identity(contact="a" * (SIZE - FRAME + 1))),
    ("a name and a contact that are too long together", "too_long", identity("a" * 500, "b" * 501)),
    ("what is too long only in bytes", "too_long", identity(contact="ø" * ((SIZE - FRAME) // 2 + 1))),
    ("what is too long only when escaped", "too_long", identity(contact="\n" * ((SIZE - FRAME) // 2 + 1))),
    ("a novel", "too_long", identity(contact="Det begyndte i marts. " * 60)),
):
    cases.append(case(title, value, f"refused:{reason}", "write"))

# What is read ---------------------------------------------------------------------------------------------------------

text = stringify(GIVEN)
for title, reason, data in (
    ("one byte too few", "size", padded(GIVEN, SIZE - 1)),
    ("one byte too many", "size", padded(GIVEN, SIZE + 1)),
    ("not padded", "size", text.encode()),
    ("nothing", "size", b""),
    ("a name of one byte too many", "size", padded(identity("a" * (SIZE - FRAME + 1)))),
    ("a zero behind it", "padding", text.encode().ljust(SIZE - 1) + b"\0"),
    ("padded with zeros", "padding", text.encode().ljust(SIZE, b"\0")),
    ("padded with line ends", "padding", text.encode().ljust(SIZE, b"\n")),
    ("a letter behind it", "padding", text.encode().ljust(SIZE - 1) + b"a"),
    ("a second one behind it", "padding", padded(text + " " + text)),
    ("a space before it", "padding", padded(" " + text)),
    ("spaces alone", "not_canonical", b" " * SIZE),
    ("a text that is no JSON", "not_canonical", padded("Søren Ærlig")),
    ("a space after a colon", "not_canonical", padded(text.replace('":', '": ', 1))),
    ("a letter escaped", "not_canonical", padded(text.replace("helst", "\\u0068elst"))),
    ("a lone surrogate", "not_canonical", padded('{"name":"\\ud800","contact":""}')),
    ("bytes that are not UTF-8", "not_canonical", b'{"name":"\xff","contact":""}'.ljust(SIZE)),
    ("the name twice", "not_canonical", padded('{"name":"a","name":"b","contact":""}')),
    ("a contact before the name", "fields", padded(dict(reversed(GIVEN.items())))),
    ("no contact", "fields", padded({"name": "a"})),
    ("no name", "fields", padded({"contact": "a"})),
    ("an unknown field", "fields", padded(GIVEN | {"employer": "a"})),
    ("an unknown field first", "fields", padded({"employer": "a"} | GIVEN)),
    ("a field in capitals", "fields", padded({"Name": "a", "contact": "b"})),
    ("a list", "bad_value", padded(["a", "b"])),
    ("a text in quotes", "bad_value", padded('"a"')),
    ("null", "bad_value", padded("null")),
    ("a name of null", "bad_value", padded(GIVEN | {"name": None})),
    ("a name that is a number", "bad_value", padded(GIVEN | {"name": 1})),
    ("a name that is a list", "bad_value", padded(GIVEN | {"name": ["a"]})),
    ("a contact of null", "bad_value", padded(GIVEN | {"contact": None})),
    ("a contact that is true", "bad_value", padded(GIVEN | {"contact": True})),
    ("both empty", "empty", padded(identity())),
):
    cases.append(case(title, b64(data), f"refused:{reason}", "read"))

# What is opened -------------------------------------------------------------------------------------------------------

good, other = padded(GIVEN), padded(identity("En anden", "anden@example.org"))
inner, second, to_c, to_two, to_stock, short, long, none, empty = seal(
    [
        ([B], good),
        ([B], other),
        ([C], good),
        ([B, A], good),
        ([X25519], good),
        ([B], text.encode()),
        ([B], good + b" " * 64),
        ([B], padded("Søren Ærlig")),
        ([B], padded(identity())),
    ]
)
flipped = inner[:-1] + bytes([inner[-1] ^ 1])
(whole, another, swapped, strange, crowded, shared, stock, cut, longer, bare, hollow, spoiled, headless) = seal(
    [
        ([A], inner),
        ([A], second),
        ([B], inner),
        ([A], to_c),
        ([A], to_two),
        ([A, C], inner),
        ([A], to_stock),
        ([A], short),
        ([A], long),
        ([A], none),
        ([A], empty),
        ([A], flipped),
        ([A], good.ljust(len(inner))),
    ]
)
assert len(inner) == 2683
assert len(whole) == 4342
RIGHT = base64_bare(whole)
assert len(RIGHT) == FIELD


def recipe(field):
    """The field as text by recipe: what it has in common with the right one is not repeated."""
    start = next((i for i, pair in enumerate(zip(field, RIGHT, strict=False)) if pair[0] != pair[1]), min(len(field), FIELD))
    end = next((i for i, pair in enumerate(zip(field[:start:-1], RIGHT[:start:-1], strict=False)) if pair[0] != pair[1]), 0)
    if start < 40 and end < 40:
        return field
    pieces = [{"part": "right", "from": 0, "to": start}, field[start : len(field) - end]]
    return {"join": [*pieces, *([{"part": "right", "from": FIELD - end}] if end else [])]}


def opened(title, field, expect, first="ring a", then="ring b"):
    field = recipe(base64_bare(field) if isinstance(field, bytes) else field)
    cases.append(
        case(title, {"field": field, "first": first.replace(" ", "_"), "then": then.replace(" ", "_")}, expect, "open")
    )


opened("ring A, then ring B", whole, GIVEN)
opened("another one", another, identity("En anden", "anden@example.org"))
opened("ring B first", whole, "refused:outer", "ring b", "ring a")
opened("ring A twice", whole, "refused:inner", "ring a", "ring a")
opened("ring B twice", whole, "refused:outer", "ring b", "ring b")
opened("another group's ring first", whole, "refused:outer", "ring of another group", "ring b")
opened("another group's ring then", whole, "refused:inner", "ring a", "ring of another group")
opened("the two seals the other way round", swapped, "refused:outer")
opened("an inner file to another ring", strange, "refused:inner")
opened("an inner file to both rings", crowded, "refused:length")
opened("an outer file to two rings", shared, "refused:length")
opened("an inner file to a stock X25519 key", stock, "refused:length")
opened("an inner file of a plaintext that is not padded", cut, "refused:length")
opened("an inner file of a plaintext that is too long", longer, "refused:length")
opened("an inner file of a text that is no identity", bare, "refused:plaintext")
opened("an inner file of nothing given", hollow, "refused:plaintext")
opened("an inner file with its last bit flipped", spoiled, "refused:inner")
opened("no file within the outer one", headless, "refused:inner")
opened("an inner file alone", inner, "refused:length")
for title, file, expect in (
    ("a file to ring B", inner, GIVEN),
    ("a file to both rings", to_two, "refused:length"),
    ("a file to another ring", to_c, "refused:inner"),
    ("a file to a stock X25519 key", to_stock, "refused:length"),
    ("a file of a plaintext that is not padded", short, "refused:length"),
    ("a file of a plaintext that is too long", long, "refused:length"),
    ("a file of a text that is no identity", none, "refused:plaintext"),
    ("a file of nothing given", empty, "refused:plaintext"),
    ("a file with both seals", whole, "refused:length"),
    ("a file whose last byte is cut off", inner[:-1], "refused:length"),
    ("a file with a bit of its header flipped", inner[:40] + bytes([inner[40] ^ 1]) + inner[41:], "refused:inner"),
    ("a plaintext that was not sealed", good, "refused:length"),
    ("nothing to open", b"", "refused:length"),
):
    cases.append(case(title, {"file": b64(file), "then": "ring_b"}, expect, "inner"))
for at in (30, 1500, 1570, 1600, 1630, 1650, 3000, 4341):
    opened(f"bit 0 of byte {at} flipped", whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], "refused:outer")
opened("the payload of another one", whole[:1627] + another[1627:], "refused:outer")
opened("zeros", bytes(4342), "refused:outer")
field = RIGHT
for title, spelled in (
    ("one character short", field[:-1]),
    ("one character long", field + "A"),
    ("with padding", base64.b64encode(whole).decode()),
    ("in the URL alphabet", "_" + field[1:]),
    ("with set bits after its last byte", field[:-1] + chr(ord(field[-1]) + 1)),
    ("with a line end", field[:-1] + "\n"),
    ("of nothing", ""),
):
    opened(f"a field {title}", spelled, "refused:spelling")
publish(
    "Identities: their padded text, and what takes both rings of a group to open.",
    cases,
    parts={"right": RIGHT},
    given={name.replace(" ", "_"): secret.hex() for name, secret in SEEDS.items()},
)

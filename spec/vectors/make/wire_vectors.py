"""Makes wire.json: the layouts of sections 8 and 9, put together with struct, byte by byte."""

import base64
import hashlib
import struct

from world import b64, case, publish, recipient, seal, seed

ENVELOPE = seal([([recipient(seed("recipient 0"))], b" " * 16384)])[0]
BOX, TOKEN, PROOF = seed("box"), seed("token"), bytes(range(8))
CHALLENGE = "eyJkYXkiOjIwNDEyfQ.Z9-_x.c2lnbmF0dXJl"
DAY = 20778
DAY_TEXT = "2026-11-21"
PAGE = 65536


def hexed(data):
    return {"hex": data.hex()}


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
    return ENVELOPE[recipe.get("from", 0) : recipe.get("to")]


WHOLE = {"part": "envelope"}


def submission(challenge=CHALLENGE, length=None, envelope=WHOLE, before=BOX + TOKEN + PROOF):
    text = challenge if isinstance(challenge, dict) else {"repeat": challenge, "times": 1}
    size = struct.pack(">H", len(fill(text)) if length is None else length)
    return {"join": [hexed(before + size), text, *([envelope] if envelope else [])]}


def submitted(name, challenge):
    expect = {
        "box": BOX.hex(),
        "token": TOKEN.hex(),
        "proof": PROOF.hex(),
        "challenge": fill(challenge).decode(),
        "envelope": hashlib.sha256(ENVELOPE).hexdigest(),
    }
    return case(name, submission(challenge), expect, "submission")


def not_submitted(name, recipe, why="not_a_submission"):
    return case(name, recipe, "refused:" + why, "submission")


SIZE = len(ENVELOPE)
cases = [
    submitted("a submission", {"join": [CHALLENGE]}),
    submitted("a challenge of one character", {"join": ["a"]}),
    submitted("a challenge of 512 characters", {"repeat": "z", "times": 512}),
    submitted("a challenge of every kind of character", {"join": ["AZaz09-_."]}),
    not_submitted("nothing", ""),
    not_submitted("a box id alone", hexed(BOX)),
    not_submitted("cut within the proof", hexed(BOX + TOKEN + PROOF[:7])),
    not_submitted("cut within the length of the challenge", hexed(BOX + TOKEN + PROOF + b"\0")),
    not_submitted("cut within the challenge", submission(length=100, envelope=None)),
    not_submitted("an empty challenge", submission("", 0)),
    not_submitted("a challenge of 513 characters", submission({"repeat": "z", "times": 513})),
    not_submitted("a challenge said to be of 65,535 characters", submission(length=65535)),
    not_submitted(
        "a challenge said to be one longer than it is",
        submission(length=len(CHALLENGE) + 1, envelope={"join": [hexed(b"\n"), WHOLE]}),
    ),
    *[
        not_submitted(f"a challenge with {why}", submission({"join": ["abc", bad, "def"]}))
        for why, bad in (
            ("a space", " "),
            ("a line end", "\n"),
            ("a plus", "+"),
            ("a slash", "/"),
            ("an equals sign", "="),
            ("a tilde", "~"),
            ("a zero byte", "\0"),
            ("a Danish letter", "å"),
            ("a byte that is no UTF-8", {"hex": "ff"}),
            ("a quote", '"'),
        )
    ],
    not_submitted("the length little-endian", submission(length=struct.unpack("<H", struct.pack(">H", len(CHALLENGE)))[0])),
    not_submitted("no envelope", submission(envelope=None), "not_an_envelope"),
    not_submitted("a challenge said to be one shorter than it is", submission(length=len(CHALLENGE) - 1), "not_an_envelope"),
    not_submitted("an envelope one byte short", submission(envelope=WHOLE | {"to": SIZE - 1}), "not_an_envelope"),
    not_submitted("an envelope one byte long", submission(envelope={"join": [WHOLE, {"hex": "00"}]}), "not_an_envelope"),
    not_submitted("a line end before the envelope", submission(envelope={"join": ["\n", WHOLE]}), "not_an_envelope"),
    not_submitted("two envelopes", submission(envelope={"repeat": WHOLE, "times": 2}), "not_an_envelope"),
    not_submitted("a plain text as envelope", submission(envelope="Dear desk, this is not sealed."), "not_an_envelope"),
    case("the first fetch", hexed(BOX + TOKEN + bytes(4)), {"box": BOX.hex(), "token": TOKEN.hex(), "after": 0}, "fetch"),
    case(
        "a fetch after 258",
        hexed(BOX + TOKEN + bytes([0, 0, 1, 2])),
        {"box": BOX.hex(), "token": TOKEN.hex(), "after": 258},
        "fetch",
    ),
    case(
        "a fetch after the last number",
        hexed(BOX + TOKEN + b"\xff" * 4),
        {"box": BOX.hex(), "token": TOKEN.hex(), "after": 4294967295},
        "fetch",
    ),
    *[
        case(name, hexed(data), "refused:not_a_fetch", "fetch")
        for name, data in (
            ("nothing", b""),
            ("a box id alone", BOX),
            ("one byte short", BOX + TOKEN + bytes(3)),
            ("one byte long", BOX + TOKEN + bytes(5)),
        )
    ],
]


def frame(position=1, direction=1, day=DAY, box=BOX, body=WHOLE, length=None):
    size = len(fill(body)) if length is None else length
    return {"join": [hexed(struct.pack(">IBH", position, direction, day) + box + struct.pack(">I", size)), body]}


RECEIPT = {"join": ["a receipt of a later version"]}
PART = {"join": [hexed(struct.pack(">16sQI", seed("file")[:16], 300000, 1)), {"repeat": "p", "times": 300000 - 262144}]}


def pages(frames, more=0, count=None, first="whistle/1 page\n", size=None):
    """The first line, the two numbers, the frames, and zeros to whole pages (or to `size`)."""
    head = {"join": [first, hexed(struct.pack(">BH", more, len(frames) if count is None else count)), *frames]}
    used = len(fill(head))
    return {
        "join": [*head["join"], {"repeat": {"hex": "00"}, "times": (-(-used // PAGE) * PAGE if size is None else size) - used}]
    }


def read(name, frames, shown, more=0):
    """`shown` are (position, direction, day, body) of the frames, written out by hand."""
    expect = {
        "more": bool(more),
        "frames": [
            {
                "position": position,
                "direction": direction,
                "day": day,
                "box": BOX.hex(),
                "length": len(fill(body)),
                "sha256": hashlib.sha256(fill(body)).hexdigest(),
            }
            for position, direction, day, body in shown
        ],
    }
    return case(name, pages(frames, more), expect, "pages")


def unread(name, recipe, why="not_pages"):
    return case(name, recipe, "refused:" + why, "pages")


def exactly(n):
    """A receipt frame that ends a page to the byte, after a first line and three bytes."""
    return {"repeat": "r", "times": n * PAGE - 18 - 43}


TWO = [frame(1), frame(2, 2)]
cases += [
    read("an empty page", [], []),
    read("one envelope to the desk", [frame()], [(1, 1, DAY_TEXT, WHOLE)]),
    read(
        "one to the desk, one to the reporter and a receipt",
        [*TWO, frame(3, 3, body=RECEIPT)],
        [(1, 1, DAY_TEXT, WHOLE), (2, 2, DAY_TEXT, WHOLE), (3, 3, DAY_TEXT, RECEIPT)],
    ),
    read(
        "two pages, with more to come",
        [frame(i) for i in (5, 6, 7, 8)],
        [(i, 1, DAY_TEXT, WHOLE) for i in (5, 6, 7, 8)],
        more=1,
    ),
    read("position 0, as the desk pushes", [frame(0, 2)], [(0, 2, DAY_TEXT, WHOLE)]),
    read(
        "the first and the last day",
        [frame(1, day=0), frame(4294967295, day=65535)],
        [(1, 1, "1970-01-01", WHOLE), (4294967295, 1, "2149-06-06", WHOLE)],
    ),
    read("a part record", [frame(7, 4, body=PART)], [(7, 4, DAY_TEXT, PART)]),
    read("a part record, as the desk pushes", [frame(0, 4, body=PART)], [(0, 4, DAY_TEXT, PART)]),
    read(
        "one of every direction",
        [*TWO, frame(3, 3, body=RECEIPT), frame(4, 4, body=PART)],
        [(1, 1, DAY_TEXT, WHOLE), (2, 2, DAY_TEXT, WHOLE), (3, 3, DAY_TEXT, RECEIPT), (4, 4, DAY_TEXT, PART)],
    ),
    read("a page full to its last byte", [frame(1, 3, body=exactly(1))], [(1, 3, DAY_TEXT, exactly(1))]),
    unread("nothing", "", "no_such_box"),
    unread("one page that begins like chance", {"repeat": {"hex": seed("chance").hex()}, "times": 2048}, "no_such_box"),
    unread("a first line of version 2", pages([frame()], first="whistle/2 page\n"), "no_such_box"),
    unread("a first line in capitals", pages([], first="Whistle/1 page\n"), "no_such_box"),
    unread("a space after the first line", pages([], first="whistle/1 page \n"), "no_such_box"),
    unread("zeros", {"repeat": {"hex": "00"}, "times": PAGE}, "no_such_box"),
    unread("not a whole page", pages([frame()], size=PAGE - 1)),
    unread("one byte over a page", pages([frame()], size=PAGE + 1)),
    unread("the first line alone", "whistle/1 page\n"),
    unread("a page too many", pages([frame()], size=2 * PAGE)),
    unread("an empty page too many", pages([], size=2 * PAGE)),
    unread("more is 2", pages([frame()], more=2)),
    unread("more is 255", pages([frame()], more=255)),
    unread("a count of one over", pages(TWO, count=3)),
    unread("a count of one under", pages(TWO, count=1)),
    unread("a count of zero over a frame", pages([frame()], count=0)),
    unread("a count of 65,535", pages([], count=65535)),
    unread("direction 0", pages([frame(direction=0)])),
    unread("direction 5", pages([frame(direction=5)])),
    unread("direction 255", pages([frame(direction=255)])),
    unread("a length over the end of the page", pages([frame(length=SIZE + PAGE)])),
    unread("the largest length", pages([frame(length=4294967295)])),
    unread("a letter after the last frame", pages([frame(), "x"], count=1)),
    unread("a letter as the very last byte", {"join": [*pages([frame()], size=PAGE - 1)["join"], "x"]}),
    unread("spaces instead of zeros", {"join": [*pages([], size=18)["join"], {"repeat": " ", "times": PAGE - 18}]}),
]


def bits(digest):
    """How many zero bits a digest begins with."""
    return 256 - int.from_bytes(digest, "big").bit_length()


def proof(difficulty, exact=False):
    """The first counter that gives this many zero bits; `exact`: and not one more."""
    for counter in range(1 << 24):
        data = counter.to_bytes(8, "big")
        found = bits(hashlib.sha256(CHALLENGE.encode() + data).digest())
        if found == difficulty if exact else found >= difficulty:
            return data.hex()
    raise AssertionError


def proven(name, nonce, difficulty, expect="accepted", challenge=CHALLENGE):
    found = bits(hashlib.sha256(challenge.encode() + bytes.fromhex(nonce)).digest())
    assert (found >= difficulty) == (expect == "accepted"), name
    return case(name, {"challenge": challenge, "proof": nonce, "difficulty": difficulty}, expect, "proof")


NO = "refused:challenge_refused"
cases += [
    proven("no difficulty takes any proof", "00" * 8, 0),
    proven("exactly eight zero bits", proof(8, True), 8),
    proven("exactly twelve zero bits", proof(12, True), 12),
    proven("sixteen zero bits", proof(16), 16),
    proven("more zero bits than asked for", proof(12, True), 9),
    proven("one zero bit too few for nine", proof(8, True), 9, NO),
    proven("one zero bit too few for thirteen", proof(12, True), 13, NO),
    proven("zeros, with eight asked for", "00" * 8, 8, NO),
    proven("the proof of another challenge", proof(16), 16, NO, CHALLENGE + "x"),
    proven("the proof the other way round", bytes.fromhex(proof(16))[::-1].hex(), 16, NO),
    proven("every bit asked for", proof(16), 256, NO),
]
publish(
    "Layouts at the door and of the relay: submissions, fetches, pages and proofs of work.",
    cases,
    parts={"envelope": b64(ENVELOPE)},
)

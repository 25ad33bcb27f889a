"""Makes contents-sealed.json: signed contents sealed by typage, and envelopes that do not open, open elsewhere, or lie."""

import hashlib

from world import (
    CODE,
    GROUP,
    INSTANCE,
    REPORTER,
    VOICE,
    b64,
    case,
    content,
    derive,
    plaintext,
    preamble,
    public,
    publish,
    recipient,
    recipient_digest,
    report_body,
    seal,
    seed,
    stringify,
)

OTHER_CODE = bytes(range(0x80, 0x90))
OTHER = derive(OTHER_CODE, INSTANCE)
THERE = derive(CODE, seed("other instance")[:16])
DESK, MINE = recipient(GROUP), REPORTER["recipient"]
BOTH = [DESK, MINE]
SECOND = recipient(seed("second group"))
GIVEN = {
    "code": CODE.hex(),
    "instance": INSTANCE.hex(),
    "box": REPORTER["box"],
    "group": "risk-control",
    "epoch": 1,
    "recipient": DESK,
    "recipient_digest": recipient_digest(GROUP).hex(),
    "group_seed": GROUP.hex(),
    "voice": public(VOICE).hex(),
    "voice_seed": VOICE.hex(),
    "reporter": REPORTER["signing"],
    "other_group_seed": seed("second group").hex(),
    "other_code": OTHER_CODE.hex(),
}
SIGN_VOICE = {"secret": VOICE, "label": "whistle/1 voice content"}
asked, cases = [], []


def envelope(plain, to):
    """The name of the part that will hold this plaintext sealed to these recipients."""
    asked.append((to, plain))
    return f"sealed_{len(asked)}"


def to_reporter(kind="message", text="Tak. Hvornår skete det?", **changes):
    body = {"state": "received", "text": text} if kind == "notice" else {"text": text}
    return content("to-reporter", kind, body, **{"sequence": 1} | changes)


def found(name, part, reader, direction, expect):
    data = {"part": part} if isinstance(part, str) else part
    if isinstance(expect, dict):
        text = stringify(expect)
        expect = {
            "kind": expect["kind"],
            "direction": expect["direction"],
            "sequence": expect["sequence"],
            "hash": hashlib.sha256(text.encode()).hexdigest(),
            "text": expect["body"]["text"],
        }
    cases.append(case(name, {"envelope": data, "reader": reader, "direction": direction}, expect))


def both(name, part, direction, expect):
    found(name + ", read by the desk", part, "desk", direction, expect)
    found(name + ", read by the reporter", part, "reporter", direction, expect)


REPORT, ANSWER = content(kind="report", sequence=1, body=report_body()), to_reporter()
NOTE = content("internal", "note", {"author": "Karen Holm", "text": "Ring til lageret."}, sequence=1)
LONG = content(body={"text": "Meget at sige. " * 4400})
HASH = seed("previous").hex()
CORRECTION = content(kind="minutes-corrected", body={"minutes": HASH, "text": "Det var en onsdag."})
CHOICES = [{"text": "Hvornår?", "choices": ["I år", "Før"]}]
QUESTIONS = content("to-reporter", "questions", {"text": "To ting.", "questions": CHOICES}, sequence=1)
FEEDBACK = to_reporter("feedback", "Kassen er talt op.", sequence=2)
report, answer = envelope(plaintext(REPORT), BOTH), envelope(plaintext(ANSWER, **SIGN_VOICE), BOTH)
note, long = envelope(plaintext(NOTE, **SIGN_VOICE), [DESK]), envelope(plaintext(LONG), BOTH)
both("a report", report, "to-desk", REPORT)
both("a message of the desk", answer, "to-reporter", ANSWER)
found("a note of the desk", note, "desk", "internal", NOTE)
both("a message of two chunks", long, "to-desk", LONG)
both("a correction of minutes", envelope(plaintext(CORRECTION), BOTH), "to-desk", CORRECTION)
both("questions", envelope(plaintext(QUESTIONS, **SIGN_VOICE), BOTH), "to-reporter", QUESTIONS)
both("feedback", envelope(plaintext(FEEDBACK, **SIGN_VOICE), BOTH), "to-reporter", FEEDBACK)
for reader in ("other_group", "other_reporter"):
    found(f"a report opened with the key of {reader.replace('_', ' ')}", report, reader, "to-desk", "refused:foreign")
found("a note, which is not sealed to the reporter", note, "reporter", "internal", "refused:foreign")
both("a report found among what the desk says", report, "to-reporter", "refused:foreign")
both("a message of the desk found among what the reporter says", answer, "to-desk", "refused:foreign")
found("a note found among what the reporter says", note, "desk", "to-desk", "refused:foreign")
SIZE = 22 + 2 * 1557 + 48 + 16 + 16384 + 16


def flipped(part, at):
    """The envelope with one bit of this byte flipped, once it is sealed."""
    return lambda sealed: {
        "join": [{"part": part, "from": 0, "to": at}, {"hex": f"{sealed[part][at] ^ 1:02x}"}, {"part": part, "from": at + 1}]
    }


LATER = {
    "the last byte of the payload flipped": flipped(report, SIZE - 1),
    "the first byte of the payload flipped": flipped(report, SIZE - 16400),
    "the last byte of the nonce flipped": flipped(report, SIZE - 16401),
    "a byte in the last chunk of two flipped": flipped(long, SIZE - 16400 + 65552 + 100),
    "a byte in the first chunk of two flipped": flipped(long, SIZE - 16400 + 100),
    "the last byte cut off": lambda _: {"part": report, "from": 0, "to": SIZE - 1},
    "cut between its two chunks": lambda _: {"part": long, "from": 0, "to": SIZE - 16400 + 65552},
    "a byte added": lambda _: {"join": [{"part": report}, {"hex": "00"}]},
    "the payload of another envelope": lambda _: {
        "join": [{"part": report, "from": 0, "to": SIZE - 16416}, {"part": answer, "from": SIZE - 16416}]
    },
    "the stanzas swapped": lambda _: {
        "join": [
            {"part": report, "to": 22},
            {"part": report, "from": 22 + 1557, "to": 22 + 3114},
            {"part": report, "from": 22, "to": 22 + 1557},
            {"part": report, "from": 22 + 3114},
        ]
    },
    "a stanza taken out": lambda _: {"join": [{"part": report, "to": 22 + 1557}, {"part": report, "from": 22 + 3114}]},
}


def lie(name, verdict, value, reader="desk", direction=None, to=BOTH, **signer):
    if not signer and value["direction"] != "to-desk":
        signer = SIGN_VOICE
    found(name, envelope(plaintext(value, **signer), to), reader, direction or value["direction"], "refused:" + verdict)


lie("a message for another box of the same reporter's keys", "foreign", content(box=OTHER["box"]))
lie("a message for another instance", "foreign", content(instance=seed("other instance")[:16].hex()))
lie("a message for another group, sealed to this one", "foreign", content(group="audit"))
lie("a message for another epoch, sealed to this one", "foreign", content(epoch=2))
lie(
    "a message that names another recipient than opened it",
    "foreign",
    content(recipient=recipient_digest(seed("second group")).hex()),
)
lie("an answer for another box", "foreign", to_reporter(box=OTHER["box"]), reader="reporter")
lie("an answer for another instance", "foreign", to_reporter(instance=seed("other instance")[:16].hex()), reader="reporter")
lie("an answer of a group that the card does not know", "foreign", to_reporter(group="audit"), reader="reporter")
lie("a message signed by another reporter", "forged", content(), secret=bytes.fromhex(OTHER["signing_seed"]))
lie("a message signed by the same code in another instance", "forged", content(), secret=bytes.fromhex(THERE["signing_seed"]))
lie("a message of the reporter signed by the voice", "forged", content(), **SIGN_VOICE)
lie("a message signed by the right key under the label of a voice", "forged", content(), label="whistle/1 voice content")
lie(
    "an answer signed by another voice",
    "forged",
    to_reporter(),
    reader="reporter",
    secret=seed("second voice"),
    label="whistle/1 voice content",
)
lie(
    "an answer signed by the reporter, read by the reporter",
    "forged",
    to_reporter(),
    reader="reporter",
    secret=bytes.fromhex(REPORTER["signing_seed"]),
    label="whistle/1 voice content",
)
lie(
    "an answer signed by the voice under the label of a reporter",
    "forged",
    to_reporter(),
    reader="reporter",
    secret=VOICE,
    label="whistle/1 reporter content",
)
lie(
    "a note signed by the reporter",
    "forged",
    NOTE,
    to=[DESK],
    secret=bytes.fromhex(REPORTER["signing_seed"]),
    label="whistle/1 reporter content",
)
lie(
    "a report under these keys whose body names another signing key",
    "foreign",
    content(kind="report", sequence=1, body=report_body(signing=OTHER["signing"])),
)
lie(
    "a report under these keys whose body names another reply_to",
    "foreign",
    content(kind="report", sequence=1, body=report_body(reply_to=OTHER["recipient"])),
)
lie("an unknown kind, rightly signed", "malformed", content(kind="complaint"))
ANSWERS = {"questions": HASH, "answers": [{"question": 1, "choice": 0}, {"question": 0, "choice": 0}]}
lie("answers out of order, rightly signed", "malformed", content(kind="answers", body=ANSWERS))
lie("a correction of minutes signed by the voice", "forged", CORRECTION, **SIGN_VOICE)
lie("feedback to the desk, rightly signed by the reporter", "malformed", content(kind="feedback"))
lie("an empty message, rightly signed", "malformed", content(body={"text": ""}))
text = stringify(content()).encode()
for name, plain in {
    "padded with zeros": (preamble(text) + text).ljust(16384, b"\0"),
    "not padded to a size": preamble(text) + text,
    "with a version line of version 2": b"whistle/2" + plaintext(content())[9:],
    "that is text": b"Dear desk,".ljust(16384),
    "with its JSON spelled otherwise": (preamble(text.replace(b":", b": ", 1)) + text.replace(b":", b": ", 1)).ljust(16384),
}.items():
    found(f"a plaintext {name}", envelope(plain, BOTH), "desk", "to-desk", "refused:malformed")

sealed = dict(zip([f"sealed_{i + 1}" for i in range(len(asked))], seal(asked), strict=True))
assert len(sealed[report]) == SIZE
for name, change in LATER.items():
    found(
        f"an envelope with {name}" if not name.startswith("cut") else f"an envelope {name}",
        change(sealed),
        "desk",
        "to-desk",
        "refused:foreign",
    )
publish(
    "Opening an envelope: what opens, what is foreign, what is malformed and what is forged.",
    cases,
    parts={name: b64(data) for name, data in sealed.items()},
    given=GIVEN,
)

"""Makes contents.json: the JSON of every kind that version 1 reads, and what is no content, by sections 6.2 and 6.3."""

import hashlib

from world import REPORTER, base64_bare, case, content, publish, report_body, seed, stringify

IDENTITY = base64_bare(b"\0" * 4342)
LONG = 250000
MARK = "\u2058"
assert len(IDENTITY) == 5790
parts = {"reply_to": REPORTER["recipient"], "identity": IDENTITY}


def recipe(text, fill=""):
    """The text as bytes by recipe: long values by name, and the mark replaced by `fill`."""
    pieces = [text]
    for needle, piece in [(REPORTER["recipient"], {"part": "reply_to"}), (IDENTITY, {"part": "identity"}), (MARK, fill)]:
        split = []
        for one in pieces:
            bits = one.split(needle) if isinstance(one, str) and needle else [one]
            for i, bit in enumerate(bits):
                split += ([piece] if i else []) + ([bit] if bit != "" else [])
        pieces = split
    return pieces[0] if len(pieces) == 1 else {"join": pieces}


def unfold(fill):
    if isinstance(fill, str):
        return fill
    return "".join(map(unfold, fill["join"])) if "join" in fill else unfold(fill["repeat"]) * fill["times"]


def accepted(name, value, fill=""):
    text = stringify(value)
    digest = hashlib.sha256(text.replace(MARK, unfold(fill)).encode()).hexdigest()
    expect = {"direction": value["direction"], "kind": value["kind"], "sequence": value["sequence"], "hash": digest}
    return case(name, recipe(text, fill), expect)


def refused(reason, name, value, fill=""):
    return case(name, recipe(value if isinstance(value, str) else stringify(value), fill), "refused:" + reason)


def report(**changes):
    return content(kind="report", sequence=1, body=report_body(**changes))


def to_reporter(kind, body, **changes):
    return content("to-reporter", kind, body, **{"sequence": 1} | changes)


INTAKE_FILE = {"id": "0f" * 16, "name": "bilag 7.pdf", "type": "application/pdf", "size": 1, "sealed": "ab" * 32}


def intake_record(**changes):
    body = {"author": "Karen Holm", "channel": "phone", "text": "", "files": []} | changes
    return content("internal", "intake-record", {name: value for name, value in body.items() if value is not None}, sequence=1)


def note(**changes):
    return content("internal", "note", {"author": "Karen Holm", "text": "Ring til lageret."} | changes, sequence=1)


def moved(value, field, other):
    """The same with two fields in each other's place."""
    names = list(value)
    i, j = names.index(field), names.index(other)
    names[i], names[j] = names[j], names[i]
    return {name: value[name] for name in names}


def without(value, field):
    return {name: one for name, one in value.items() if name != field}


def repeat(text, times):
    return {"repeat": text, "times": times}


def answers(count, answer="Yes"):
    return [{"question": f"q{i}", "answer": answer} for i in range(1, count + 1)]


def file(**changes):
    one = {"id": seed("file").hex()[:32], "name": "Kasserapport uge 34.pdf", "type": "application/pdf", "size": 48213}
    return one | {"sealed": seed("sealed").hex()} | changes


def files(*these):
    return {"files": list(these)}


def sent(*these, **changes):
    return content(kind="files", body=files(*these), **changes)


def many(count):
    return [file(id=f"{i:032x}") for i in range(count)]


SEEN = {"sequence": 1, "hash": seed("seen").hex()}
cases = [
    accepted("a report", report()),
    accepted("a report with an identity", report(identity=IDENTITY)),
    accepted("a report in English without answers", report(language="en", answers=[])),
    accepted("a report with 32 answers", report(answers=answers(32))),
    accepted("an answer of exactly 2,000 bytes", report(answers=[{"question": "where", "answer": MARK}]), repeat("a", 2000)),
    accepted(
        "an answer of exactly 2,000 bytes in Danish letters",
        report(answers=[{"question": "where", "answer": MARK}]),
        repeat("ø", 1000),
    ),
    accepted("a report of exactly 250,000 bytes of text", report(text=MARK), repeat("a", LONG)),
    accepted(
        "a report of exactly 250,000 bytes of text with an identity", report(text=MARK, identity=IDENTITY), repeat("a", LONG)
    ),
    accepted(
        "a report with line ends, quotes and a character outside the basic plane",
        report(text='Line 1\nLine 2\t"so"\\ \U0001f4ef'),
    ),
    accepted("a report with markup, which is text", report(text="<script>alert(1)</script>")),
    accepted("a group id of 32 letters", report() | {"group": "a" * 32}),
    accepted("a group id with digits and hyphens", report() | {"group": "a1-b-"}),
    accepted("the largest epoch and the largest sequence", content(sequence=9007199254740991, epoch=9007199254740991)),
    accepted("a message of a reporter", content()),
    accepted("a message that has seen one", content(seen=SEEN)),
    accepted("a message of one letter", content(body={"text": "a"})),
    accepted("a message of spaces", content(body={"text": " "})),
    accepted("a message of exactly 250,000 bytes of escaped text", content(body={"text": MARK}), repeat("\\n", LONG // 2)),
    accepted(
        "a message of exactly 250,000 bytes in letters of four bytes",
        content(body={"text": MARK}),
        repeat("\U0001f4ef", LONG // 4),
    ),
    accepted("an acknowledgement", to_reporter("acknowledgement", {"text": "Vi har din henvendelse."}, seen=SEEN)),
    accepted("an acknowledgement after a notice", to_reporter("acknowledgement", {"text": "a"}, sequence=2)),
    accepted("a message of the desk", to_reporter("message", {"text": "Hvornår skete det?"}, seen=SEEN)),
    *[
        accepted(f"a notice of the state {state}", to_reporter("notice", {"state": state, "text": "a"}, sequence=3))
        for state in ("received", "assessing", "addressing", "out-of-scope", "concluding", "closed")
    ],
    accepted("a notice with an empty text", to_reporter("notice", {"state": "received", "text": ""})),
    accepted("a note of the desk", note()),
    accepted("an intake-record without words and files", intake_record()),
    accepted("an intake-record with a file", intake_record(text="a", files=[INTAKE_FILE])),
    accepted("a note after a note", note() | {"sequence": 2, "previous": seed("previous").hex()}),
]

cases += [
    *[
        refused("unknown_kind", f"an unknown kind: {kind or 'empty'}", content(kind=kind))
        for kind in ("complaint", "", "Message", "message ", "__proto__", "toString")
    ],
    refused("fields", "an intake-record as it was once reserved, without files", intake_record(files=None)),
    refused("bad_value", "an intake-record by a channel that is no id", intake_record(channel="By phone")),
    refused("wrong_direction", "an intake-record to the desk", intake_record() | {"direction": "to-desk", "sequence": 2}),
    refused("wrong_direction", "a note to the desk", note() | {"direction": "to-desk", "sequence": 2}),
    refused("wrong_direction", "a note to the reporter", note() | {"direction": "to-reporter"}),
    refused("wrong_direction", "a report to the reporter", report() | {"direction": "to-reporter"}),
    refused("wrong_direction", "a report within the desk", report() | {"direction": "internal"}),
    refused("wrong_direction", "an acknowledgement to the desk", content(kind="acknowledgement")),
    refused("wrong_direction", "a notice to the desk", content(kind="notice", body={"state": "received", "text": "a"})),
    refused("wrong_direction", "a message within the desk", content("internal")),
    refused("bad_value", "an unknown direction", content("to-intake")),
    refused("bad_value", "a direction in capitals", content("TO-DESK")),
    refused("wrong_sequence", "a report that is not the first", report() | {"sequence": 2, "previous": seed("previous").hex()}),
    refused("wrong_sequence", "a message that is the first to the desk", content(sequence=1)),
    refused("bad_value", "sequence 0", content(sequence=0)),
    refused("bad_value", "a negative sequence", content(sequence=-1)),
    refused("bad_value", "a sequence in quotes", content(sequence="2")),
    refused("bad_value", "a sequence that is true", to_reporter("message", {"text": "a"}, sequence=True)),
    refused("bad_value", "a sequence of null", content(sequence=None)),
    refused("empty_text", "a report whose text is empty", report(text="")),
    refused("empty_text", "a message without text", content(body={"text": ""})),
    refused("empty_text", "an acknowledgement without text", to_reporter("acknowledgement", {"text": ""})),
    refused("empty_text", "a message of the desk without text", to_reporter("message", {"text": ""})),
    refused("empty_text", "a note without text", note(text="")),
    refused("too_long", "a report of one byte over the limit", report(text=MARK), repeat("a", LONG + 1)),
    refused("too_long", "a message of one byte over the limit", content(body={"text": MARK}), repeat("a", LONG + 1)),
    refused(
        "too_long",
        "a message that is over the limit only when escaped",
        content(body={"text": MARK}),
        repeat('\\"', LONG // 2 + 1),
    ),
    refused(
        "too_long", "a message that is over the limit only in bytes", content(body={"text": MARK}), repeat("ø", LONG // 2 + 1)
    ),
    refused(
        "too_long",
        "a notice of one byte over the limit",
        to_reporter("notice", {"state": "received", "text": MARK}),
        repeat("a", LONG + 1),
    ),
    refused("too_long", "a note of one byte over the limit", note(text=MARK), repeat("a", LONG + 1)),
    refused("too_long", "33 answers", report(answers=answers(33))),
    refused("too_long", "an answer of 2,001 bytes", report(answers=[{"question": "where", "answer": MARK}]), repeat("a", 2001)),
    refused(
        "too_long",
        "an answer of 2,002 bytes when escaped",
        report(answers=[{"question": "where", "answer": MARK}]),
        repeat("\\n", 1001),
    ),
]

cases += [
    accepted("a file to the desk", sent(file())),
    accepted("a file to the reporter", to_reporter("files", files(file()), seen=SEEN)),
    accepted("32 files to the desk", sent(*many(32))),
    accepted("32 files to the reporter", to_reporter("files", files(*many(32)))),
    accepted("two files of one name and one sealed hash, with ids of their own", sent(*many(2))),
    accepted("a file id of zeros", sent(file(id="00" * 16))),
    accepted("a file of one byte", sent(file(size=1))),
    accepted("a file of exactly 4,294,967,296 bytes", sent(file(size=4294967296))),
    accepted("a file without a media type", sent(file(type=""))),
    accepted("a media type of exactly 127 bytes", sent(file(type=MARK)), repeat("a", 127)),
    accepted("a media type that is none, which is text", sent(file(type="; no/type at=all"))),
    accepted("a file name of one letter", sent(file(name="a"))),
    accepted("a file name of exactly 255 bytes", sent(file(name=MARK)), repeat("a", 255)),
    accepted("a file name of exactly 255 bytes in letters of three bytes", sent(file(name=MARK)), repeat("€", 85)),
    accepted("a file name of exactly 255 bytes when escaped", sent(file(name=MARK)), {"join": [repeat('\\"', 127), "a"]}),
    accepted("a file name that is a path, which is text", sent(file(name="../../etc/passwd"))),
    accepted("a file name with a line end and markup, which is text", sent(file(name="a\n<b>\u202egpj.exe"))),
]
for where, outer in (("desk", sent), ("reporter", lambda *these: to_reporter("files", files(*these)))):
    cases += [
        *[
            refused("bad_value", f"to the {where}: a file id {why}", outer(file(id=value)))
            for why, value in (
                ("one byte short", "ab" * 15),
                ("one byte long", "ab" * 17),
                ("in capital digits", "AB" * 16),
                ("with a letter beyond f", "g" + "0" * 31),
                ("with an odd number of digits", "0" * 31),
                ("with a line end after it", "00" * 16 + "\n"),
                ("that is empty", ""),
                ("of null", None),
                ("that is a number", 1),
            )
        ],
        refused("bad_value", f"to the {where}: two files of one id", outer(file(), file(name="another", size=2))),
        refused("bad_value", f"to the {where}: the first and the last of 32 files of one id", outer(*many(31), many(1)[0])),
        refused("bad_value", f"to the {where}: no file", outer()),
        refused("too_long", f"to the {where}: 33 files", outer(*many(33))),
        refused("bad_value", f"to the {where}: an empty file name", outer(file(name=""))),
        refused("bad_value", f"to the {where}: a file name of null", outer(file(name=None))),
        refused("bad_value", f"to the {where}: a file name that is a number", outer(file(name=1))),
        refused("too_long", f"to the {where}: a file name of 256 bytes", outer(file(name=MARK)), repeat("a", 256)),
        refused(
            "too_long",
            f"to the {where}: a file name that is over the limit only when escaped",
            outer(file(name=MARK)),
            repeat('\\"', 128),
        ),
        refused(
            "too_long", f"to the {where}: a file name over the limit only in bytes", outer(file(name=MARK)), repeat("ø", 128)
        ),
        refused(
            "not_canonical", f"to the {where}: a lone surrogate in a file name", stringify(outer(file(name=MARK))), "\\udcff"
        ),
        refused("not_canonical", f"to the {where}: a lone surrogate in a type", stringify(outer(file(type=MARK))), "\\ud83d"),
        refused("too_long", f"to the {where}: a media type of 128 bytes", outer(file(type=MARK)), repeat("a", 128)),
        refused("bad_value", f"to the {where}: a media type of null", outer(file(type=None))),
        *[
            refused("bad_value", f"to the {where}: a size {why}", outer(file(size=value)))
            for why, value in (
                ("of zero", 0),
                ("one over the limit", 4294967297),
                ("as large as an integer can be", 9007199254740991),
                ("that is negative", -1),
                ("in quotes", "48213"),
                ("that is true", True),
                ("of null", None),
            )
        ],
        *[
            refused("not_canonical", f"to the {where}: a size {why}", stringify(outer(file(size=7))).replace('"size":7', value))
            for why, value in (
                ("with a half", '"size":7.5'),
                ("with a point", '"size":7.0'),
                ("with an exponent", '"size":7e0'),
                ("of minus zero", '"size":-0'),
                ("with a leading zero", '"size":07'),
                ("given twice", '"size":1,"size":7'),
            )
        ],
        *[
            refused("bad_value", f"to the {where}: a sealed hash {why}", outer(file(sealed=value)))
            for why, value in (
                ("one byte short", "ab" * 31),
                ("one byte long", "ab" * 33),
                ("in capital digits", "AB" * 32),
                ("that is empty", ""),
                ("of null", None),
            )
        ],
        *[refused("fields", f"to the {where}: a file without {name}", outer(without(file(), name))) for name in file()],
        refused("fields", f"to the {where}: a file with an unknown field", outer(file(day=1))),
        refused("fields", f"to the {where}: the second file with an unknown field", outer(file(), file(id="00" * 16, day=1))),
        refused("fields", f"to the {where}: a file with its size before its type", outer(moved(file(), "type", "size"))),
        refused("fields", f"to the {where}: a file with its name before its id", outer(moved(file(), "id", "name"))),
        refused("bad_value", f"to the {where}: a file that is a text", outer("a.pdf")),
        refused("bad_value", f"to the {where}: a file of null", outer(None)),
        refused("bad_value", f"to the {where}: files of null", outer() | {"body": {"files": None}}),
        refused("bad_value", f"to the {where}: files that are an object", outer() | {"body": {"files": {"0": file()}}}),
        refused("bad_value", f"to the {where}: files that are a text", outer() | {"body": {"files": "a"}}),
        refused("fields", f"to the {where}: files with a text beside them", outer() | {"body": files(file()) | {"text": "a"}}),
        refused("fields", f"to the {where}: files without their list", outer() | {"body": {}}),
    ]
cases += [
    refused("wrong_direction", "files within the desk", content("internal", "files", files(file()), sequence=1)),
    refused("wrong_sequence", "files as the first content to the desk", sent(file(), sequence=1)),
    refused("unknown_kind", "an unknown kind: file", sent(file()) | {"kind": "file"}),
    refused("unknown_kind", "an unknown kind: Files", sent(file()) | {"kind": "Files"}),
    refused("unknown_kind", "an unknown kind: sentfile", sent(file()) | {"kind": "sentfile"}),
]

HASH = seed("content of the other side").hex()


def to_desk(kind, body, **changes):
    return content(kind=kind, body=body, **changes)


def ticked(*pairs):
    return {"questions": HASH, "answers": [{"question": question, "choice": choice} for question, choice in pairs]}


def question(**changes):
    return {"text": "Hvor var du?", "choices": ["På lageret", "Et andet sted"]} | changes


def asked(*these, text=""):
    return {"text": text, "questions": list(these)}


# Every kind that came after the first ones: who writes it, and a body that is right.
KINDS = [
    ("answers", to_desk, ticked((0, 1), (2, 0))),
    ("minutes-agreed", to_desk, {"minutes": HASH}),
    ("minutes-corrected", to_desk, {"minutes": HASH, "text": "Jeg sagde onsdag."}),
    ("consent", to_desk, {"scope": "Min leder må få at vide, hvem jeg er."}),
    ("consent-withdrawn", to_desk, {"consent": HASH}),
    ("identity", to_desk, {"identity": IDENTITY}),
    ("retaliation", to_desk, {"text": "Mine vagter er væk."}),
    ("meeting-request", to_desk, {"text": "Helst efter fyraften."}),
    ("close", to_desk, {"text": "Tak for hjælpen."}),
    ("read", to_desk, {"content": HASH}),
    ("continues", to_desk, {"box": HASH, "signature": HASH + HASH}),
    ("questions", to_reporter, asked(question(), text="Vi vil gerne vide mere.")),
    ("minutes", to_reporter, {"text": "Mødet varede en time."}),
    ("feedback", to_reporter, {"text": "Kassen er talt op."}),
    ("outcome", to_reporter, {"text": "Pengene er fundet."}),
    ("closing", to_reporter, {"text": "Sagen er afsluttet."}),
    ("code-seen", to_reporter, {"text": "Vi har set din kode."}),
]
MAY_BE_EMPTY = ("meeting-request", "close", "questions")
OTHER = {to_desk: "to-reporter", to_reporter: "to-desk"}
for kind, written, body in KINDS:
    cases += [
        accepted(f"{kind}", written(kind, body)),
        accepted(f"{kind} that has seen something", written(kind, body, seen=SEEN)),
        refused("wrong_direction", f"{kind} in the other direction", written(kind, body) | {"direction": OTHER[written]}),
        refused("wrong_direction", f"{kind} within the desk", written(kind, body) | {"direction": "internal"}),
        refused("unknown_kind", f"{kind} in capitals", written(kind, body) | {"kind": kind.upper()}),
        refused("fields", f"{kind} with an unknown field", written(kind, body | {"more": 1})),
        refused("fields", f"{kind} with an unknown field first", written(kind, {"more": 1} | body)),
        refused("fields", f"{kind} without anything", written(kind, body) | {"body": {}}),
        refused("bad_value", f"{kind} whose body is null", written(kind, body) | {"body": None}),
        refused("bad_value", f"{kind} whose body is a list", written(kind, body) | {"body": [body]}),
    ]
    if written is to_desk:
        cases += [refused("wrong_sequence", f"{kind} as the first content to the desk", written(kind, body, sequence=1))]
    for field in body:
        cases += [
            refused("bad_value", f"{kind} with a {field} of null", written(kind, body | {field: None})),
            refused("bad_value", f"{kind} with a {field} that is a number", written(kind, body | {field: 1})),
            refused("bad_value", f"{kind} with a {field} that is true", written(kind, body | {field: True})),
            refused("bad_value", f"{kind} with a {field} that is an object", written(kind, body | {field: {}})),
        ]
    if len(body) > 1:
        cases += [
            refused("fields", f"{kind} with its fields the other way round", written(kind, dict(reversed(body.items())))),
            *[refused("fields", f"{kind} without {field}", written(kind, without(body, field))) for field in body],
        ]
    for field in ("questions", "minutes", "consent", "content", "box"):
        if body.get(field) == HASH:
            cases += [
                refused("bad_value", f"{kind} with a {field} {why}", written(kind, body | {field: value}))
                for why, value in (
                    ("one byte short", HASH[:-2]),
                    ("one byte long", HASH + "00"),
                    ("in capital digits", "AB" + HASH[2:]),
                    ("with a letter beyond f", "g" + HASH[1:]),
                    ("with a line end after it", HASH + "\n"),
                    ("that is empty", ""),
                )
            ]
            cases += [accepted(f"{kind} with a {field} of zeros", written(kind, body | {field: "00" * 32}))]
    if "text" in body:
        long = repeat("a", LONG)
        cases += [
            accepted(f"{kind} with markup, which is text", written(kind, body | {"text": "<b>\u202e\n"})),
            accepted(f"{kind} of exactly 250,000 bytes of text", written(kind, body | {"text": MARK}), long),
            refused(
                "too_long", f"{kind} of one byte over the limit", written(kind, body | {"text": MARK}), repeat("a", LONG + 1)
            ),
            refused(
                "not_canonical", f"{kind} with a lone surrogate", stringify(written(kind, body | {"text": MARK})), "\\ud83d"
            ),
        ]
        empty = written(kind, body | {"text": ""})
        cases += [
            accepted(f"{kind} with an empty text", empty)
            if kind in MAY_BE_EMPTY
            else refused("empty_text", f"{kind} with an empty text", empty)
        ]

cases += [
    *[
        refused("bad_value", f"continues with a signature {why}", to_desk("continues", {"box": HASH, "signature": value}))
        for why, value in (
            ("of half the length", HASH),
            ("one byte long", HASH + HASH + "00"),
            ("in capital digits", "AB" + HASH[2:] + HASH),
            ("that is empty", ""),
        )
    ],
    accepted("a scope of exactly 2,000 bytes", to_desk("consent", {"scope": MARK}), repeat("ø", 1000)),
    refused("too_long", "a scope of 2,001 bytes", to_desk("consent", {"scope": MARK}), repeat("a", 2001)),
    refused("too_long", "a scope over the limit only when escaped", to_desk("consent", {"scope": MARK}), repeat("\\n", 1001)),
    refused("empty_text", "a scope that is empty", to_desk("consent", {"scope": ""})),
    refused("fields", "consent-withdrawn with a scope, as it was once reserved", to_desk("consent-withdrawn", {"scope": "a"})),
    *[
        refused("bad_value", f"an identity given later {why}", to_desk("identity", {"identity": value}))
        for why, value in (
            ("one character short", IDENTITY[:-1]),
            ("one character long", IDENTITY + "A"),
            ("that is empty", ""),
            ("with padding", IDENTITY[:-1] + "="),
            ("with set bits after its last byte", IDENTITY[:-1] + "B"),
            ("in the URL alphabet", "_" + IDENTITY[1:]),
            ("with a line end", IDENTITY[:-1] + "\n"),
        )
    ],
    accepted("one answer", to_desk("answers", ticked((0, 0)))),
    accepted("16 answers, of the last choice each", to_desk("answers", ticked(*((i, 7) for i in range(16))))),
    accepted("the last answer alone", to_desk("answers", ticked((15, 7)))),
    refused("bad_value", "no answer", to_desk("answers", ticked())),
    refused("too_long", "17 answers", to_desk("answers", ticked(*((i, 0) for i in range(17))))),
    refused("bad_value", "two answers to one question", to_desk("answers", ticked((1, 0), (1, 1)))),
    refused("bad_value", "one answer twice", to_desk("answers", ticked((1, 0), (1, 0)))),
    refused("bad_value", "answers in another order", to_desk("answers", ticked((1, 0), (0, 0)))),
    refused("bad_value", "answers of which the last is out of order", to_desk("answers", ticked((0, 0), (2, 0), (1, 0)))),
    refused(
        "fields", "an answer with its choice first", to_desk("answers", ticked() | {"answers": [{"choice": 0, "question": 0}]})
    ),
    refused("fields", "an answer without a choice", to_desk("answers", ticked() | {"answers": [{"question": 0}]})),
    refused("fields", "an answer without a question", to_desk("answers", ticked() | {"answers": [{"choice": 0}]})),
    refused(
        "fields",
        "an answer with a text",
        to_desk("answers", ticked() | {"answers": [{"question": 0, "choice": 0, "text": "a"}]}),
    ),
    refused("bad_value", "an answer that is a list", to_desk("answers", ticked() | {"answers": [[0, 0]]})),
    refused("bad_value", "an answer of null", to_desk("answers", ticked() | {"answers": [None]})),
    refused("bad_value", "answers that are a text", to_desk("answers", ticked() | {"answers": "a"})),
    *[
        refused(
            "bad_value",
            f"a ticked {field} {why}",
            to_desk("answers", ticked() | {"answers": [{"question": 0, "choice": 0} | {field: value}]}),
        )
        for field, limit in (("question", 16), ("choice", 8))
        for why, value in (
            ("beyond the last", limit),
            ("that is negative", -1),
            ("as large as an integer can be", 9007199254740991),
            ("in quotes", "0"),
            ("that is false", False),
            ("of null", None),
        )
    ],
    *[
        refused(
            "not_canonical",
            f"a ticked question {why}",
            stringify(to_desk("answers", ticked((7, 0)))).replace('"question":7', value),
        )
        for why, value in (
            ("with a half", '"question":7.5'),
            ("with a point", '"question":7.0'),
            ("of minus zero", '"question":-0'),
        )
    ],
    accepted("16 questions of eight choices", to_reporter("questions", asked(*[question(choices=list("abcdefgh"))] * 16))),
    accepted(
        "a question whose choices are alike, which is its writer's",
        to_reporter("questions", asked(question(choices=["a", "a"]))),
    ),
    accepted(
        "a question and a choice of exactly 2,000 bytes",
        to_reporter("questions", asked(question(text=MARK, choices=[MARK, "b"]))),
        repeat("ø", 1000),
    ),
    refused("bad_value", "no question", to_reporter("questions", asked())),
    refused("too_long", "17 questions", to_reporter("questions", asked(*[question()] * 17))),
    refused("too_long", "nine choices", to_reporter("questions", asked(question(choices=list("abcdefghi"))))),
    refused("bad_value", "one choice", to_reporter("questions", asked(question(choices=["a"])))),
    refused("bad_value", "no choice", to_reporter("questions", asked(question(choices=[])))),
    refused(
        "bad_value",
        "one choice in the last of two questions",
        to_reporter("questions", asked(question(), question(choices=["a"]))),
    ),
    refused("empty_text", "a question without text", to_reporter("questions", asked(question(text="")))),
    refused("empty_text", "a choice without text", to_reporter("questions", asked(question(choices=["a", ""])))),
    refused("too_long", "a question of 2,001 bytes", to_reporter("questions", asked(question(text=MARK))), repeat("a", 2001)),
    refused(
        "too_long", "a choice of 2,001 bytes", to_reporter("questions", asked(question(choices=["a", MARK]))), repeat("a", 2001)
    ),
    *[
        refused("bad_value", f"choices {why}", to_reporter("questions", asked(question(choices=value))))
        for why, value in (("of null", None), ("that are a text", "ab"), ("that are an object", {"0": "a", "1": "b"}))
    ],
    *[
        refused("bad_value", f"a choice {why}", to_reporter("questions", asked(question(choices=["a", value]))))
        for why, value in (("of null", None), ("that is a number", 1), ("that is a list", ["b"]))
    ],
    *[
        refused("bad_value", f"a question {why}", to_reporter("questions", asked(value)))
        for why, value in (("of null", None), ("that is a text", "a"), ("that is a list", [question()]))
    ],
    refused(
        "fields", "a question with its choices first", to_reporter("questions", asked(moved(question(), "text", "choices")))
    ),
    refused("fields", "a question without choices", to_reporter("questions", asked(without(question(), "choices")))),
    refused("fields", "a question without its own text", to_reporter("questions", asked(without(question(), "text")))),
    refused("fields", "a question with an unknown field", to_reporter("questions", asked(question(more=1)))),
    refused(
        "not_canonical",
        "a choice nested beyond every depth",
        to_reporter("questions", asked(question(choices=["a", [[[["b"]]]]]))),
    ),
    refused("unknown_kind", "an unknown kind: answer", to_desk("answer", ticked((0, 0)))),
    refused("unknown_kind", "an unknown kind: minutesagreed", to_desk("minutesagreed", {"minutes": HASH})),
    refused("unknown_kind", "an unknown kind: minutes_agreed", to_desk("minutes_agreed", {"minutes": HASH})),
    refused("unknown_kind", "an unknown kind: sealedidentity", to_desk("sealedidentity", {"identity": IDENTITY})),
]

plain = content()
cases += [
    *[refused("fields", f"without {field}", without(plain, field)) for field in plain],
    refused("fields", "an unknown field at the end", plain | {"colour": "red"}),
    refused("fields", "an unknown field at the start", {"colour": "red"} | plain),
    refused("fields", "a field __proto__", plain | {"__proto__": {}}),
    refused("fields", "an integer-like field first", {"1": 1} | plain),
    refused("fields", "kind before direction", moved(plain, "direction", "kind")),
    refused("fields", "body before seen", moved(plain, "seen", "body")),
    refused(
        "fields", "a field in capitals", {name.capitalize() if name == "group" else name: one for name, one in plain.items()}
    ),
    refused("fields", "an unknown field in the body", content(body={"text": "a", "more": 1})),
    refused("fields", "a message without text at all", content(body={})),
    refused("fields", "a body of another kind", content(body={"state": "received", "text": "a"})),
    *[
        refused("fields", f"a report without {field}", content(kind="report", sequence=1, body=without(report_body(), field)))
        for field in report_body()
    ],
    refused(
        "fields",
        "a report with text before language",
        content(kind="report", sequence=1, body=moved(report_body(), "language", "text")),
    ),
    refused("fields", "a report with an unknown field", report(mood="low")),
    refused("fields", "an answer with an unknown field", report(answers=[{"question": "a", "answer": "b", "more": 1}])),
    refused("fields", "an answer before its question", report(answers=[{"answer": "b", "question": "a"}])),
    refused("fields", "an answer without its question", report(answers=[{"answer": "b"}])),
    refused("fields", "a notice with text before state", to_reporter("notice", {"text": "a", "state": "received"})),
    refused("fields", "a note without author", content("internal", "note", {"text": "a"}, sequence=1)),
    refused("fields", "seen with hash before sequence", content(seen={"hash": "00" * 32, "sequence": 0})),
    refused("fields", "seen without hash", content(seen={"sequence": 0})),
    refused("fields", "seen with an unknown field", content(seen={"sequence": 0, "hash": "00" * 32, "day": 1})),
    refused("bad_value", "protocol whistle/2", content(protocol="whistle/2")),
    refused("bad_value", "protocol in capitals", content(protocol="Whistle/1")),
    refused("bad_value", "protocol as a number", content(protocol=1)),
    *[
        refused("bad_value", f"{field} one byte short", content(**{field: plain[field][:-2]}))
        for field in ("instance", "box", "recipient", "previous")
    ],
    *[
        refused("bad_value", f"{field} one byte long", content(**{field: plain[field] + "00"}))
        for field in ("instance", "box", "recipient", "previous")
    ],
    *[
        refused("bad_value", f"{field} in capital digits", content(**{field: "AB" + plain[field][2:]}))
        for field in ("instance", "box", "recipient", "previous")
    ],
    refused("bad_value", "a letter beyond f in the box", content(box="g" + plain["box"][1:])),
    refused("bad_value", "an odd number of digits in the box", content(box=plain["box"][:-1])),
    refused("bad_value", "a line end at the end of the box", content(box=plain["box"] + "\n")),
    refused("bad_value", "a full-width digit in the box", content(box="\uff10" + plain["box"][1:])),
    refused("bad_value", "a box of null", content(box=None)),
    *[
        refused("bad_value", f"a group id {why}", content(group=group))
        for why, group in (
            ("in capitals", "Risk-control"),
            ("that begins with a digit", "1st"),
            ("that begins with a hyphen", "-a"),
            ("of 33 letters", "a" * 33),
            ("that is empty", ""),
            ("with a dot", "risk.control"),
            ("with an underscore", "risk_control"),
            ("with a Danish letter", "indkøb"),
            ("with a line end after it", "risk-control\n"),
            ("that is a number", 1),
        )
    ],
    refused("bad_value", "epoch 0", content(epoch=0)),
    refused("bad_value", "a negative epoch", content(epoch=-1)),
    refused("bad_value", "an epoch in quotes", content(epoch="1")),
    refused("bad_value", "an epoch that is true", content(epoch=True)),
    refused("bad_value", "seen sequence 0 with a hash", content(seen={"sequence": 0, "hash": "11" * 32})),
    refused("bad_value", "a negative seen sequence", content(seen={"sequence": -1, "hash": "00" * 32})),
    refused("bad_value", "seen sequence false", content(seen={"sequence": False, "hash": "00" * 32})),
    refused("bad_value", "seen of null", content(seen=None)),
    refused("bad_value", "seen as a list", content(seen=[0, "00" * 32])),
    refused("bad_value", "a body of null", content() | {"body": None}),
    refused("bad_value", "a body that is a list", content(body=["a"])),
    refused("bad_value", "a body that is a text", content(body="a")),
    refused("bad_value", "a text that is a number", content(body={"text": 1})),
    refused("bad_value", "a text of null", content(body={"text": None})),
    refused("bad_value", "a text that is a list", content(body={"text": ["a"]})),
    refused("bad_value", "a signing key one byte short", report(signing=REPORTER["signing"][:-2])),
    refused("bad_value", "a signing key in capital digits", report(signing="AB" + REPORTER["signing"][2:])),
    refused(
        "bad_value",
        "a reply_to with a wrong check",
        report(reply_to=REPORTER["recipient"][:-1] + ("q" if REPORTER["recipient"][-1] != "q" else "p")),
    ),
    refused("bad_value", "a reply_to in capitals", report(reply_to=REPORTER["recipient"].upper())),
    refused("bad_value", "a reply_to that is cut short", report(reply_to=REPORTER["recipient"][:62])),
    refused("bad_value", "a reply_to that is an X25519 recipient", report(reply_to="age1" + "q" * 58)),
    refused("bad_value", "a reply_to that is empty", report(reply_to="")),
    *[
        refused("bad_value", f"a language {why}", report(language=language))
        for why, language in (
            ("in capitals", "DA"),
            ("of three letters", "dan"),
            ("of one letter", "d"),
            ("that is empty", ""),
            ("with a Danish letter", "dæ"),
            ("of null", None),
        )
    ],
    refused("bad_value", "answers of null", report(answers=None)),
    refused("bad_value", "answers that are an object", report(answers={})),
    refused("bad_value", "an answer that is a text", report(answers=["a"])),
    refused("bad_value", "an answer that is a number", report(answers=[{"question": "a", "answer": 1}])),
    refused("bad_value", "a question in capitals", report(answers=[{"question": "Where", "answer": "a"}])),
    refused("bad_value", "a question of 33 letters", report(answers=[{"question": "a" * 33, "answer": "a"}])),
    refused("bad_value", "an identity one character short", report(identity=IDENTITY[:-1])),
    refused("bad_value", "an identity one character long", report(identity=IDENTITY + "A")),
    refused("bad_value", "an identity that is empty", report(identity="")),
    refused("bad_value", "an identity with padding", report(identity=IDENTITY[:-1] + "=")),
    refused("bad_value", "an identity with set bits after its last byte", report(identity=IDENTITY[:-1] + "B")),
    refused("bad_value", "an identity in the URL alphabet", report(identity="_" + IDENTITY[1:])),
    refused("bad_value", "an identity with a line end", report(identity=IDENTITY[:-1] + "\n")),
    refused("bad_value", "an identity that is false", report(identity=False)),
    *[
        refused("bad_value", f"a state {why}", to_reporter("notice", {"state": state, "text": "a"}))
        for why, state in (("unknown", "lost"), ("in capitals", "Received"), ("empty", ""), ("of null", None))
    ],
    refused("bad_value", "an author that is empty", note(author="")),
    refused("bad_value", "an author that is a number", note(author=1)),
    refused("bad_value", "a list", [content()]),
    refused("bad_value", "a text", '"a"'),
    refused("bad_value", "null", "null"),
    refused("not_canonical", "a space after a colon", stringify(plain).replace('":', '": ', 1)),
    refused("not_canonical", "a line end after the content", stringify(plain) + "\n"),
    refused(
        "not_canonical", "the kind twice", stringify(plain).replace('"kind":"message"', '"kind":"report","kind":"message"')
    ),
    refused("not_canonical", "the text twice", stringify(plain).replace('"text":', '"text":"other","text":')),
    refused("not_canonical", "a letter of the text escaped", stringify(plain).replace("Hello.", "\\u0048ello.")),
    refused("not_canonical", "a letter of a field name escaped", stringify(plain).replace('"kind"', '"\\u006bind"')),
    refused("not_canonical", "a sequence with a point", stringify(plain).replace('"sequence":2', '"sequence":2.0')),
    refused("not_canonical", "a lone surrogate in the text", stringify(plain).replace("Hello.", "\\ud83d")),
    refused(
        "not_canonical",
        "a sequence beyond every safe integer",
        stringify(plain).replace('"sequence":2', '"sequence":9007199254740993'),
    ),
    refused("not_canonical", "nothing", ""),
]
publish("The JSON of a content: every kind of version 1, and everything that is no content.", cases, parts=parts)

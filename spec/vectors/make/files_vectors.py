"""Makes files.json: sealed files as their reader gets them (section 6.4), the signed name and records of parts. Headers are
typage's, and so are the small files. The long ones have a payload of our own under such a header: their plaintext is the key
stream, so that what is sealed is zeros and fits into a recipe. files_check.mjs opens them with typage."""

import base64
import hashlib
import re
import struct

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt
from world import CODE, GROUP, INSTANCE, REPORTER, b64, bech32, case, hkdf, padme, publish, recipient, seal, seed

PART, CHUNK = 262144, 65536
OWN, DESK = REPORTER["recipient"], recipient(GROUP)
X25519 = bech32("age", bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
FIRST, STANZA = 22, 1557
HEADER = FIRST + STANZA + 48
TEXT = b"Bilag: kassekladde, uge 34.\n"
RECEIPT, PAGES, PICTURE = b"kvittering", (TEXT * 800)[:16384], (TEXT * 800)[:17000]
*typage, own, both, twice, classic, stranger = seal(
    [
        *(([OWN], plain.ljust(max(16384, padme(len(plain))), b"\0")) for plain in (RECEIPT, PAGES, PICTURE)),
        ([OWN], b""),
        ([OWN, DESK], b""),
        ([OWN, OWN], b""),
        ([OWN, X25519], b""),
        ([DESK], b""),
    ]
)
FILES = dict(zip(("receipt", "pages", "picture"), typage, strict=True))
parts = {name: b64(file) for name, file in FILES.items()}


def header_of(file):
    return file[: file.index(b"\n--- ") + 49]


def file_key_of(file, secret):
    """The file key of the first stanza, by HPKE with the X-Wing key of a seed."""
    _, share, rest = file[FIRST:].split(b" ", 2)
    share, body = rest.split(b"\n")[:2] if share == b"mlkem768x25519" else (b"", b"")
    expanded = hashlib.shake_256(secret).digest(96)
    lattice, curve = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    sealed = base64.b64decode(share + b"==") + base64.b64decode(body + b"==")
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    return suite.decrypt(sealed, MLKEM768X25519PrivateKey(lattice, curve), b"age-encryption.org/mlkem768x25519")


HEADERS = {"own": own, "both": both, "twice": twice, "classic": classic, "stranger": stranger}
KEYS = {
    name: file_key_of(file, GROUP if name == "stranger" else bytes.fromhex(REPORTER["age_seed"]))
    for name, file in HEADERS.items()
}
parts |= {f"header_{name}": b64(header_of(file)) for name, file in HEADERS.items()}


def short(data):
    """Bytes by recipe, long runs of zeros counted."""
    runs = re.split(rb"(\0{40,})", data)
    return [{"repeat": {"hex": "00"}, "times": len(run)} if not run.strip(b"\0") else b64(run) for run in runs if run]


def chunks_of(name, behind, size, last=True, header="own"):
    """Nonce and sealed chunks: key stream for `size` bytes, then the bytes `behind`. Gives the first `size` bytes, too."""
    nonce, plain = seed(name)[:16], b""
    key = hkdf(KEYS[header], nonce, b"payload")
    sealed, total = [], size + len(behind)
    for at in range(0, total, CHUNK):
        length = min(CHUNK, total - at)
        flag = bytes([last and at + length == total])
        counter = (at // CHUNK).to_bytes(11, "big") + flag
        stream = crypto_aead_chacha20poly1305_ietf_encrypt(bytes(length), None, counter, key)[:length]
        own_bytes = max(0, min(length, size - at))
        chunk = stream[:own_bytes] + behind[max(0, at - size) :][: length - own_bytes]
        sealed.append(crypto_aead_chacha20poly1305_ietf_encrypt(chunk, None, counter, key))
        plain += chunk[:own_bytes]
    return nonce, sealed, plain


def made(name, size, behind=None, header="own", change=None, **how):
    """A sealed file by a name of its own; `change` may turn its nonce and list of sealed chunks into others."""
    behind = bytes(max(16384, padme(size)) - size) if behind is None else behind
    nonce, sealed, plain = chunks_of(name, behind, size, header=header, **how)
    nonce, sealed = change(nonce, sealed) if change else (nonce, sealed)
    FILES[name] = header_of(HEADERS[header]) + nonce + b"".join(sealed)
    pieces = [piece for chunk in sealed for piece in short(chunk)]
    parts[name] = {"join": [{"part": f"header_{header}"}, {"hex": nonce.hex()}, *pieces]}
    return plain


FILE = seed("file")[:16]


def records(name, order=None, length=None, file=FILE, places=None):
    """The part records of a sealed file in this order of arrival; `places` says which bytes stand in which place."""
    length = len(FILES[name]) if length is None else length
    count = -(-len(FILES[name]) // PART)
    found = []
    for index in range(count) if order is None else order:
        at = (places or {}).get(index, index)
        whole = {"part": name, "from": at * PART, "to": min((at + 1) * PART, len(FILES[name]))}
        found.append({"join": [{"hex": struct.pack(">16sQI", file, length, index).hex()}, whole]})
    return found


def entry(name, size, sealed=None, title="Bilag 1.pdf", kind="application/pdf"):
    digest = hashlib.sha256(FILES[name]).hexdigest() if sealed is None else sealed
    return {"id": FILE.hex(), "name": title, "type": kind, "size": size, "sealed": digest}


cases = []


def taken(what, name, plain, these=None, **more):
    file = entry(name, len(plain), **more)
    expect = {"name": file["name"], "type": file["type"], "size": len(plain), "sha256": hashlib.sha256(plain).hexdigest()}
    cases.append(case(what, {"file": file, "records": records(name) if these is None else these}, expect))


def refused(why, what, name, size, these=None, **more):
    given = {"file": entry(name, size, **more), "records": records(name) if these is None else these}
    cases.append(case(what, given, f"refused:{why}"))


TWO, FOUR = 262144, 786332
two, four, chunk = made("two", TWO), made("four", FOUR), made("chunk", 65536)
floor = made("floor", 16000)
assert [-(-len(FILES[name]) // PART) for name in ("two", "four")] == [2, 4]
assert len(FILES["receipt"]) == HEADER + 16 + 16384 + 16
taken("a file by typage", "receipt", RECEIPT)
taken("a file by typage of exactly the floor", "pages", PAGES, kind="")
taken("a file by typage of the next size", "picture", PICTURE, title="Skærmbillede æøå \U0001f4ef.png", kind="image/png")
taken("a name that is a path, which is text", "receipt", RECEIPT, title="../../etc/passwd")
taken("a size that counts a zero behind the file, which no reader can tell", "receipt", RECEIPT + b"\0")
taken("a file below the floor", "floor", floor)
taken("a file of exactly one chunk", "chunk", chunk)
taken("a file of two parts, with nothing behind it", "two", two)
taken("a file of two parts, the last one first", "two", two, records("two", (1, 0)))
taken("a file of four parts", "four", four)
taken("a file of four parts, in another order", "four", four, records("four", (2, 0, 3, 1)))

refused("parts", "no part at all", "receipt", 10, [])
refused("parts", "the first of two parts missing", "two", TWO, records("two", (1,)))
refused("parts", "the last of two parts missing", "two", TWO, records("two", (0,)))
refused("parts", "a part in the middle missing", "four", FOUR, records("four", (0, 1, 3)))
refused("parts", "the last of four parts missing", "four", FOUR, records("four", (0, 1, 2)))
refused(
    "parts",
    "a part of another file id in place of its own",
    "two",
    TWO,
    [*records("two", (0,)), *records("two", (1,), file=seed("other file")[:16])],
)
refused("parts", "every part of another file id", "two", TWO, records("two", file=seed("other file")[:16]))
longer = len(FILES["four"]) + 100
refused(
    "parts",
    "a part that says another length",
    "four",
    FOUR,
    [*records("four", (0, 1)), *records("four", (2,), length=longer), *records("four", (3,))],
)
refused("sealed", "another sealed hash", "receipt", 10, sealed=seed("other").hex())
refused("sealed", "the hash of the plaintext as sealed hash", "receipt", 10, sealed=hashlib.sha256(RECEIPT).hexdigest())
refused(
    "sealed", "the hash of the first part as sealed hash", "two", TWO, sealed=hashlib.sha256(FILES["two"][:PART]).hexdigest()
)
refused("sealed", "another file of the same length", "receipt", 10, sealed=hashlib.sha256(FILES["pages"]).hexdigest())
refused("sealed", "two parts in each other's place", "four", FOUR, records("four", places={1: 2, 2: 1}))
refused("sealed", "the first part in two places", "four", FOUR, records("four", places={1: 0}))
made("another four", FOUR)
refused(
    "sealed",
    "a part of another file of the same length",
    "four",
    FOUR,
    [*records("four", (0, 1, 2)), *records("another four", (3,))],
)

for title, name, size, behind in (
    ("padded to the next size but one", "far", 16000, bytes(1408)),
    ("not padded", "bare", 16385, b""),
    ("padded to a size that is none", "odd", 16000, bytes(896)),
    ("padded below the floor", "low", 8000, bytes(192)),
    ("one zero too many", "more", 16000, bytes(385)),
    ("one zero too few", "fewer", 16000, bytes(383)),
):
    made(name, size, behind)
    refused("size", title, name, size)
refused("size", "a size in the next class", "pages", 16385)
refused("size", "a size beyond the whole plaintext", "receipt", 20000)
refused("size", "the largest size", "receipt", 4294967296)
refused("size", "the size of another file", "two", TWO + 1)
refused("padding", "a size one byte too small", "receipt", 9)
refused("padding", "a size of one byte", "receipt", 1)
for title, name, size, behind in (
    ("a byte right behind the file", "right", 16000, b"\1" + bytes(383)),
    ("a byte as the very last one", "last", 16000, bytes(383) + b"\1"),
    ("a bit in the middle of the zeros", "middle", 16000, bytes(200) + b"\x80" + bytes(183)),
    ("spaces behind the file", "spaces", 16000, b" " * 384),
    ("a text behind the file", "hidden", 16000, b"The real file is this one.".rjust(384, b"\0")),
    ("a byte behind a file of four parts", "deep", FOUR, bytes(99) + b"\1"),
):
    made(name, size, behind)
    refused("padding", title, name, size)
for title, header in (
    ("two recipients", "both"),
    ("one recipient twice", "twice"),
    ("an X25519 recipient beside its own", "classic"),
):
    made(f"file to {header}", 16000, header=header)
    refused("recipients", title, f"file to {header}", 16000)


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


for title, name, size, change in (
    ("a bit of the nonce flipped", "flip nonce", 16000, lambda nonce, sealed: (flip(nonce, 15), sealed)),
    ("a bit of the only chunk flipped", "flip", 16000, lambda nonce, sealed: (nonce, [flip(sealed[0], 16383)])),
    ("a bit of the last tag flipped", "flip tag", 16000, lambda nonce, sealed: (nonce, [flip(sealed[0], -1 % 16400)])),
    (
        "a bit of the first chunk of four flipped",
        "flip first",
        TWO,
        lambda nonce, sealed: (nonce, [flip(sealed[0], 0), *sealed[1:]]),
    ),
    (
        "a bit of the last chunk of four flipped",
        "flip last",
        TWO,
        lambda nonce, sealed: (nonce, [*sealed[:3], flip(sealed[3], 9)]),
    ),
    (
        "two chunks in each other's place",
        "swapped",
        TWO,
        lambda nonce, sealed: (nonce, [sealed[0], sealed[2], sealed[1], sealed[3]]),
    ),
    ("a chunk twice", "doubled", TWO, lambda nonce, sealed: (nonce, [sealed[0], sealed[0], *sealed[2:]])),
    ("its last chunk cut off", "cut", TWO, lambda nonce, sealed: (nonce, sealed[:3])),
    ("its last byte cut off", "cut byte", 16000, lambda nonce, sealed: (nonce, [sealed[0][:-1]])),
    ("a byte behind its last chunk", "longer", 16000, lambda nonce, sealed: (nonce, [*sealed, b"\0"])),
    ("a header without a payload", "headed", 16000, lambda *_: (b"", [])),
):
    made(name, size, change=change)
    refused("payload", title, name, size)
made("endless", 16000, last=False)
refused("payload", "a last chunk that is not marked as the last", "endless", 16000)
made("to the desk", 16000, header="stranger")
refused("payload", "a file to another reader", "to the desk", 16000)
FILES["forged"] = flip(FILES["receipt"], HEADER - 10)
parts["forged"] = {
    "join": [
        {"part": "receipt", "from": 0, "to": HEADER - 10},
        b64(FILES["forged"][HEADER - 10 : HEADER - 9]),
        {"part": "receipt", "from": HEADER - 9},
    ]
}
refused("payload", "a letter of the header's MAC changed", "forged", 10)
FILES["plain"] = TEXT * 100
parts["plain"] = {"repeat": TEXT.decode(), "times": 100}
refused("payload", "a file that was not sealed", "plain", len(TEXT) * 100)
publish(
    "Sealed files: what was named, what came in parts, and what their reader may take.",
    cases,
    parts=parts,
    given={"code": CODE.hex(), "instance": INSTANCE.hex(), "identity": REPORTER["age_identity"], "recipient": OWN},
)

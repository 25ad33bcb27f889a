"""Makes wrapped-keys.json: private keys in files as section 3 has them, wrapped with argon2-cffi, hashlib and PyNaCl
at the lowest cost that a reader takes, so that reading is fast."""

import base64

from argon2.low_level import Type, hash_secret_raw
from nacl.secret import SecretBox
from world import base64_bare, case, hkdf, publish, seed

KEY, SALT, NONCE, MACHINE = seed("wrapped key"), seed("salt")[:16], seed("nonce")[:24], seed("machine secret")
SALT_HEX = SALT.hex()
PASSPHRASE = "seks blå heste står i regnen"
FIRST = "WHISTLE PRIVATE KEY, WRAPPED. KEEP SECRET.\n"
CHEAPEST = (65536, 3, 1)


def box(purpose, passphrase=None, machine=None, cost=CHEAPEST, key=KEY):
    """The box line's bytes: nonce and SecretBox under the key of section 3."""
    memory, passes, lanes = cost
    stretched = hash_secret_raw(passphrase.encode(), SALT, passes, memory, lanes, 32, Type.ID, 0x13) if passphrase else b""
    wrapping = hkdf(stretched + (machine or b""), SALT, b"whistle/1 private key wrap\0" + purpose.encode())
    return NONCE + SecretBox(wrapping).encrypt(key, NONCE).ciphertext


def file(purpose, factors, sealed, cost=CHEAPEST, salt=SALT_HEX):
    m, t, p = cost
    return f"{FIRST}purpose: {purpose}\nfactors: {factors} m={m} t={t} p={p} salt={salt}\nbox: {base64_bare(sealed)}\n"


ROOT_BOX = box("root", PASSPHRASE)
ROOT = file("root", "passphrase", ROOT_BOX)
BOTH_BOX = box("member karen", PASSPHRASE, MACHINE)
BOTH = file("member karen", "passphrase+machine", BOTH_BOX)
RECEIPT_BOX = box("receipt", machine=MACHINE)
RECEIPT = file("receipt", "machine", RECEIPT_BOX, (0, 0, 0))


def one(name, text, expect, purpose="root", passphrase=PASSPHRASE, machine=None):
    return case(
        name, {"file": text, "purpose": purpose, "passphrase": passphrase, "machine_secret": machine and machine.hex()}, expect
    )


def opens(name, text, **secrets):
    return one(name, text, KEY.hex(), **secrets)


def swap(old, new, text=ROOT):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def shape(name, text, purpose="root"):
    return one(name, text, "refused:not_a_private_key", purpose)


def cost(name, m, t, p):
    return one(name, file("root", "passphrase", ROOT_BOX, (m, t, p)), "refused:cost")


def shut(name, text, **secrets):
    return one(name, text, "refused:does_not_open", **secrets)


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


MEMBER = {"purpose": "member karen", "machine": MACHINE}
ALONE = {"purpose": "receipt", "passphrase": None, "machine": MACHINE}
LINE = base64_bare(ROOT_BOX)
cases = [
    opens("a root under a passphrase", ROOT),
    opens("a member under passphrase and machine secret", BOTH, **MEMBER),
    opens("a receipt key under the machine secret alone", RECEIPT, **ALONE),
    opens(
        "a recovery identity with the name of its group",
        file("recovery risk-control", "passphrase", box("recovery risk-control", PASSPHRASE)),
        purpose="recovery risk-control",
    ),
    opens(
        "a root at four passes and two lanes",
        file("root", "passphrase", box("root", PASSPHRASE, cost=(65536, 4, 2)), (65536, 4, 2)),
    ),
    shut("another passphrase", ROOT, passphrase=PASSPHRASE + "."),
    opens(
        "the passphrase in decomposed letters, as another keyboard types them",
        ROOT,
        passphrase=PASSPHRASE.replace("å", "a\u030a"),
    ),
    shut("another machine secret", BOTH, purpose="member karen", machine=seed("other machine secret")),
    shut("another passphrase with the right machine secret", BOTH, passphrase="forkert", **MEMBER),
    shut("another machine secret alone", RECEIPT, purpose="receipt", passphrase=None, machine=seed("other machine secret")),
    shut("a bit of the nonce flipped", file("root", "passphrase", flip(ROOT_BOX, 0))),
    shut("a bit of the tag flipped", file("root", "passphrase", flip(ROOT_BOX, 24))),
    shut("the last bit of the box flipped", file("root", "passphrase", flip(ROOT_BOX, 71))),
    shut("another salt", swap(SALT.hex(), "00" * 16)),
    shut("another number of passes than it was made with", file("root", "passphrase", ROOT_BOX, (65536, 4, 1))),
    shut("the purpose rewritten to the one that is asked for", swap("root", "recovery a"), purpose="recovery a"),
    shut(
        "a machine key wrapped for the root, rewritten",
        file("receipt", "machine", box("root", machine=MACHINE), (0, 0, 0)),
        **ALONE,
    ),
    shut(
        "a box with another label in its derivation",
        file(
            "receipt",
            "machine",
            NONCE + SecretBox(hkdf(MACHINE, SALT, b"whistle/1 file key wrap\0receipt")).encrypt(KEY, NONCE).ciphertext,
            (0, 0, 0),
        ),
        **ALONE,
    ),
    one("a root where a receipt key is asked for", ROOT, "refused:wrong_purpose", "receipt"),
    one("a receipt key where the root is asked for", RECEIPT, "refused:wrong_purpose", "root", None, MACHINE),
    one("a member where another member is asked for", BOTH, "refused:wrong_purpose", "member peter", machine=MACHINE),
    one("a recovery of another group", swap("root", "recovery audit"), "refused:wrong_purpose", "recovery risk-control"),
    cost("memory one KiB below 64 MiB", 65535, 3, 1),
    cost("two passes", 65536, 2, 1),
    cost("memory of eight KiB", 8, 3, 1),
    cost("no memory, passes and lanes", 0, 0, 0),
    cost("memory one KiB above 1 GiB", 1048577, 3, 1),
    cost("eleven passes", 65536, 11, 1),
    cost("five lanes", 65536, 3, 5),
    cost("no lane", 65536, 3, 0),
    cost("four billion KiB", 4294967295, 3, 1),
    cost("four billion passes", 65536, 4294967295, 1),
    one(
        "a machine secret alone with a cost of Argon2id",
        file("receipt", "machine", RECEIPT_BOX),
        "refused:cost",
        "receipt",
        None,
        MACHINE,
    ),
    one(
        "both factors without a cost",
        file("member karen", "passphrase+machine", BOTH_BOX, (0, 0, 0)),
        "refused:cost",
        "member karen",
        machine=MACHINE,
    ),
    shape("nothing", ""),
    shape("an age identity", "AGE-SECRET-KEY-PQ-1QQQQ\n"),
    shape("another first line", swap("KEEP SECRET", "keep secret")),
    shape("a first line without its last point", swap("SECRET.\n", "SECRET\n")),
    shape("a byte order mark first", "\ufeff" + ROOT),
    shape("an empty line first", "\n" + ROOT),
    shape("the last line end missing", ROOT[:-1]),
    shape("an empty line at the end", ROOT + "\n"),
    shape("a fifth line", ROOT + "note: a\n"),
    shape("line ends of two characters", ROOT.replace("\n", "\r\n")),
    shape("no purpose", swap("purpose: root\n", "")),
    shape("purpose and factors swapped", "".join(ROOT.splitlines(True)[i] for i in (0, 2, 1, 3))),
    shape("an empty purpose", swap("purpose: root", "purpose: ")),
    shape("an unknown purpose", swap("purpose: root", "purpose: toor")),
    shape("a root with a name", swap("purpose: root", "purpose: root a")),
    shape("a recovery without a group", swap("purpose: root", "purpose: recovery"), "recovery"),
    shape("a member without a name", swap("purpose: root", "purpose: member "), "member "),
    shape("a recovery of a group in capitals", swap("purpose: root", "purpose: recovery Audit"), "recovery Audit"),
    shape("no space after purpose", swap("purpose: ", "purpose:")),
    shape("unknown factors", swap("factors: passphrase", "factors: fingerprint")),
    shape("factors in the other order", swap("factors: passphrase", "factors: machine+passphrase")),
    shape("no factors", swap("factors: passphrase ", "factors: ")),
    shape("factors in capitals", swap("factors: passphrase", "factors: Passphrase")),
    shape("two spaces between factors", swap(" t=3", "  t=3")),
    shape("a tab between factors", swap(" t=3", "\tt=3")),
    shape("passes before memory", swap("m=65536 t=3", "t=3 m=65536")),
    shape("memory with a leading zero", swap("m=65536", "m=065536")),
    shape("memory with a plus", swap("m=65536", "m=+65536")),
    shape("memory with an underscore", swap("m=65536", "m=65_536")),
    shape("memory with a unit", swap("m=65536", "m=65536K")),
    shape("negative passes", swap("t=3", "t=-3")),
    shape("no lanes", swap(" p=1", "")),
    shape("a salt one byte short", swap(SALT.hex(), SALT.hex()[:-2])),
    shape("a salt one byte long", swap(SALT.hex(), SALT.hex() + "00")),
    shape("a salt in capital digits", swap(SALT.hex(), SALT.hex()[:-1] + "F")),
    shape("a word after the salt", swap(SALT.hex(), SALT.hex() + " v=19")),
    shape("a box with a wrong length", file("root", "passphrase", ROOT_BOX[:-1])),
    shape("a box of one byte more", file("root", "passphrase", ROOT_BOX + b"\0")),
    shape("an empty box", file("root", "passphrase", b"")),
    shape("a box in the URL alphabet", swap("box: " + LINE, "box: _-" + LINE[2:])),
    shape("a box with padding", swap(LINE, LINE + "=")),
    shape("a box with a space", swap(LINE, LINE[:20] + " " + LINE[20:])),
    shape("a box of two lines", swap(LINE, LINE[:20] + "\n" + LINE[20:])),
]
assert len(ROOT_BOX) == 72
assert base64.b64decode(LINE) == ROOT_BOX
publish("Private keys in files: every factor kind, and every file that is not read.", cases)

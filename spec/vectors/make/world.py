"""The world that the vectors speak of: one reporter, one group, one root, made from public seeds with hashlib, PyNaCl and
`cryptography`. It never imports whistle: these are the answers that whistle is measured against."""

import base64
import hashlib
import hmac
import json
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.signing import SigningKey

INSTANCE = bytes(range(0x10, 0x20))
CODE = bytes(range(16))


def seed(name):
    """32 public bytes for a name: SHA-256 of `whistle vectors: <name>`."""
    return hashlib.sha256(b"whistle vectors: " + name.encode()).digest()


def hkdf(ikm, salt, info):
    """RFC 5869 with SHA-256 and one block of 32 bytes."""
    prk = hmac.new(salt, ikm, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def bech32(prefix, data):
    """Bech32 (BIP 173) without its limit of 90 characters, as age writes it."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    words = [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]
    spread = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = polymod(spread + words + [0] * 6) ^ 1
    words += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[w] for w in words)


def polymod(values):
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> i & 1 else 0
    return check


def xwing_public(seed32):
    """The 1,216 bytes of an age hybrid recipient: ML-KEM-768 encapsulation key and X25519 public key."""
    expanded = hashlib.shake_256(seed32).digest(96)
    kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    curve = X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return kem + curve


def recipient(seed32):
    return bech32("age1pq", xwing_public(seed32))


def recipient_digest(seed32):
    return hashlib.sha256(xwing_public(seed32)).digest()


def age_identity(seed32):
    return bech32("age-secret-key-pq-", seed32).upper()


def public(seed32):
    """The Ed25519 public key of a seed."""
    return bytes(SigningKey(seed32).verify_key)


def sign(seed32, label, message):
    return SigningKey(seed32).sign(label.encode() + b"\0" + message).signature


def derive(code, instance):
    """Everything that section 5 derives from a code."""
    part = {
        name: hkdf(code, instance, f"whistle/1 reporter {name}\0".encode()) for name in ("signing", "age", "access", "board")
    }
    signing, raw = public(part["signing"]), xwing_public(part["age"])
    return {
        "signing_seed": part["signing"].hex(),
        "signing": signing.hex(),
        "age_seed": part["age"].hex(),
        "age_identity": age_identity(part["age"]),
        "recipient": bech32("age1pq", raw),
        "recipient_digest": hashlib.sha256(raw).hexdigest(),
        "access_token": part["access"].hex(),
        "board": part["board"].hex(),
        "box": hashlib.sha256(b"whistle/1 box\0" + signing + raw).hexdigest(),
    }


def base64_bare(data):
    return base64.b64encode(data).decode().rstrip("=")


def padme(length):
    exponent = length.bit_length() - 1
    step = 1 << exponent - exponent.bit_length()
    return -(-length // step) * step


def stringify(value):
    """What JSON.stringify writes, for values without floats and integer-like keys."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


GROUP = seed("group")
VOICE = seed("voice")
REPORTER = derive(CODE, INSTANCE)


def content(direction="to-desk", kind="message", body=None, sequence=2, **changes):
    """A content with its context in the right order; `changes` replaces fields."""
    value = {
        "protocol": "whistle/1",
        "instance": INSTANCE.hex(),
        "box": REPORTER["box"],
        "direction": direction,
        "kind": kind,
        "group": "risk-control",
        "epoch": 1,
        "recipient": recipient_digest(GROUP).hex(),
        "sequence": sequence,
        "previous": "00" * 32 if sequence == 1 else seed("previous").hex(),
        "seen": {"sequence": 0, "hash": "00" * 32},
        "body": {"text": "Hello."} if body is None else body,
    }
    return value | changes


def report_body(**changes):
    return {
        "signing": REPORTER["signing"],
        "reply_to": REPORTER["recipient"],
        "language": "da",
        "text": "På lageret mangler der penge hver fredag.",
        "answers": [{"question": "since-when", "answer": "August"}],
        "identity": None,
    } | changes


def preamble(text, secret=None, label="whistle/1 reporter content"):
    """The two lines that stand before the JSON of a content."""
    secret = bytes.fromhex(REPORTER["signing_seed"]) if secret is None else secret
    return b"whistle/1\n" + base64_bare(sign(secret, label, text)).encode() + b"\n"


def padded_size(content_value, length):
    """The length of a whole plaintext from the length before its padding."""
    body = content_value["body"]
    as_if = content_value["kind"] == "report" and body["identity"] is None
    return padme(max(length + (5790 + 2 - 4 if as_if else 0), 16384))


def plaintext(value, **signer):
    text = stringify(value).encode()
    before = preamble(text, **signer) + text
    return before.ljust(padded_size(value, len(before)))


def seal(pairs):
    """Age files by typage, for a list of (recipients, plaintext); each seals afresh with its own randomness."""
    asked = [{"recipients": to, "plaintext": base64.b64encode(plain).decode()} for to, plain in pairs]
    done = subprocess.run(
        ["node", Path(__file__).with_name("seal.mjs")], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return [base64.b64decode(one) for one in json.loads(done.stdout)]


def b64(data):
    return {"base64": base64.b64encode(data).decode()}


def case(name, given, expect, operation=None, **more):
    """One case; an `expect` that begins with `refused:` is a refusal for that reason."""
    head = {"name": name} | ({"operation": operation} if operation else {})
    if isinstance(expect, str) and expect.startswith("refused:"):
        return head | {"input": given, "expect": "refused", "error": expect.removeprefix("refused:")} | more
    return head | {"input": given, "expect": expect} | more


def publish(about, cases, parts=None, given=None):
    """Print the file, one case a line, so that a difference can be read."""
    names = [one["name"] + one.get("operation", "") for one in cases]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    head = {"about": about, "count": len(cases)} | ({"parts": parts} if parts else {}) | ({"given": given} if given else {})
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}," for key, value in head.items()]
    rows = ",\n".join("  " + json.dumps(one, ensure_ascii=False) for one in cases)
    print("{\n" + "\n".join(lines) + '\n"cases": [\n' + rows + "\n]\n}")

"""Checks a proof of Whistle for a stranger (spec/protocol.md section 6.4): what was reported, and on which day it arrived.

    python spec/verify.py proof.json --fingerprint <64 hexadecimal digits>

Needs Python 3.11 and the package `cryptography`. It shares no code with Whistle: it is a second reading of the
specification. The fingerprint must come from elsewhere (a poster, the intranet), never from whoever hands over the proof.
It prints nothing of the report unless everything held.
"""

import argparse
import hmac
import json
import re
import sys
from base64 import b64decode, b64encode
from datetime import date
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FLOOR, LIMIT, CHUNK, IDENTITY, TEXT, ANSWERS, ANSWER = 16_384, 262_144, 65_536, 5_790, 250_000, 32, 2_000  # section 2
HEX, DAY, BASE64 = "[0-9a-f]{64}", "[0-9]{4}-[0-9]{2}-[0-9]{2}", "[A-Za-z0-9+/]"
KEY = f"{DAY} (?:{DAY}|open) {HEX}"
CARD = re.compile(  # section 4; what the root signed about groups is taken as it stands
    f"(whistle/1 card\nlabel: (demo|production)\ninstance: ([0-9a-f]{{32}})\ncounter: ([1-9][0-9]{{0,9}})\nissued: ({DAY})\n"
    f"ends: {DAY}\n((?:receipt-key: {KEY}\n)+)((?:(?:group|name|voice-key|recipient|ring-[ab]): [^\n]+\n)+)"
    f"((?:revoked: {HEX}\n)*)root: ({HEX})\n)signature: ({BASE64}{{86}})\n"
)
RECEIPT = re.compile(  # section 6.4
    f"(whistle/1 receipt\ninstance: ([0-9a-f]{{32}})\nbox: ({HEX})\nsealed: ({HEX})\ncard: ({HEX})\nday: ({DAY})\n"
    f"key: ({HEX})\n)signature: ({BASE64}{{86}})\n"
)
HEADER = re.compile(  # section 6.4: two hybrid recipients and nobody else
    f"(age-encryption.org/v1\n(?:-> mlkem768x25519 {BASE64}{{1494}}\n{BASE64}{{43}}\n){{2}}---) ({BASE64}{{43}})\n".encode()
)
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: the field and the group order
D = -121665 * pow(121666, -1, P) % P


class NotProven(Exception):
    """What did not hold, in one line."""


def need(holds, failure):
    if not holds:
        raise NotProven(failure)


def canonical(text, what):
    """The value of JSON in the one spelling of section 6.1."""
    try:
        value = json.loads(text.decode())
        same = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() == text
    except (ValueError, RecursionError):
        same = False
    need(same, f"{what} is not JSON in its one spelling.")
    return value


def fields(value, what, **kinds):
    """The values of an object that has exactly these fields in this order."""
    need(isinstance(value, dict) and list(value) == list(kinds), f"{what} does not have exactly the fields it should have.")
    fit = (isinstance(value[name], kind) and not isinstance(value[name], bool) for name, kind in kinds.items())
    need(all(fit), f"{what} has a field of another kind.")
    return list(value.values())


def unhex(text, length, what):
    need(re.fullmatch(f"[0-9a-f]{{{2 * length}}}", text), f"{what} is not {length} bytes in lower-case hexadecimal.")
    return bytes.fromhex(text)


def unbase64(text, what):
    try:
        raw = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raw = b""
    need(b64encode(raw).decode().rstrip("=") == text, f"{what} is not base64 in its one spelling.")
    return raw


def add(left, right):
    """Addition on the curve, X : Y : Z; complete, so that doubling is the same."""
    (x1, y1, z1), (x2, y2, z2) = left, right
    a, c, d = z1 * z2 % P, x1 * x2 % P, y1 * y2 % P
    e = D * c * d % P
    f, g = a * a - e, a * a + e
    return a * f * ((x1 + y1) * (x2 + y2) - c - d) % P, a * g * (d + c) % P, f * g % P


def sound(point):
    """Whether 32 bytes are the canonical encoding of a point of prime order. OpenSSL takes others, so it is done here."""
    y, odd = int.from_bytes(point, "little") % 2**255, point[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x == 0 or (x * x - square) % P:
        return False
    start, total = (x if x % 2 == odd else P - x, y, 1), (0, 1, 1)
    for bit in f"{L:b}":
        total = add(total, total)
        total = add(total, start) if bit == "1" else total
    return total[0] == 0 and total[1] == total[2]  # L times the point is the identity


def signed(label, key, message, signature, what):
    low = len(signature) == 64 and int.from_bytes(signature[32:], "little") < L
    need(low and sound(key) and sound(signature[:32]), f"{what} has a signature or a key that verifiers disagree on.")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, label + b"\0" + message)
    except InvalidSignature:
        raise NotProven(f"{what} has a signature that does not verify.") from None


def hkdf(key, salt, info):
    return HKDF(SHA256(), 32, salt, info).derive(key)


def opened(envelope, file_key):
    """The plaintext of an age file under its file key, to the last chunk."""
    header = HEADER.match(envelope)
    need(header, "The envelope is not an age file to two hybrid recipients.")
    mac = hmac.digest(hkdf(file_key, b"", b"header"), header[1], "sha256")
    need(hmac.compare_digest(b64encode(mac)[:43], header[2]), "The file key is not the one of this envelope.")
    payload = envelope[header.end() :]
    cipher, stream = ChaCha20Poly1305(hkdf(file_key, payload[:16], b"payload")), payload[16:]
    chunks = [stream[at : at + CHUNK + 16] for at in range(0, len(stream), CHUNK + 16)]
    nonces = [place.to_bytes(11, "big") + bytes([place == len(chunks) - 1]) for place in range(len(chunks))]
    need(chunks and len(chunks[-1]) > 16, "The envelope was cut.")
    try:
        return b"".join(cipher.decrypt(nonce, chunk, None) for nonce, chunk in zip(nonces, chunks, strict=True))
    except InvalidTag:
        raise NotProven("The envelope does not open to its last byte.") from None


def recipient(text):
    """The 1,216 bytes of age1pq1…, which is Bech32 (BIP 173) without its limit of length."""
    words = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".find(letter) for letter in text[7:]]
    need(text[:7] == "age1pq1" and len(words) == 1_952 and -1 not in words, "The report's reply key is not an age recipient.")
    check, number = 1, 0
    for word in [ord(letter) >> 5 for letter in "age1pq"] + [0] + [ord(letter) & 31 for letter in "age1pq"] + words:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ word
        for place, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= term if top >> place & 1 else 0
    for word in words[:-6]:
        number = number << 5 | word
    need(check == 1 and number % 4 == 0, "The report's reply key is misspelt.")
    return (number >> 2).to_bytes(1_216, "big")


def padded(length):
    """The size class of section 6.1."""
    exponent = length.bit_length() - 1
    unit = 1 << (exponent - exponent.bit_length())
    return max(FLOOR, -(-length // unit) * unit)


def written(text):
    """The length of a text in JSON, which limits are about."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def report_of(plain, instance, box):
    """The body of the report in a plaintext: in its form, in its place, and signed by the keys that the box is named after."""
    text, what = plain[97:].rstrip(b" "), "The report"
    need(plain[:10] == b"whistle/1\n" and plain[96:97] == b"\n", "The envelope does not hold a signed plaintext.")
    texts = dict.fromkeys(("protocol", "instance", "box", "direction", "kind", "group"), str)
    rest = {"epoch": int, "recipient": str, "sequence": int, "previous": str, "seen": dict, "body": dict}
    *context, group, epoch, sealed_to, sequence, previous, seen, body = fields(canonical(text, what), what, **texts, **rest)
    need(context == ["whistle/1", instance, box, "to-desk", "report"], "The report belongs to another box or instance.")
    need(re.fullmatch("[a-z][a-z0-9-]{0,31}", group) and 0 < epoch < 2**53, "The report names no group and epoch.")
    unhex(sealed_to, 32, "The report's recipient")
    last, last_hash = fields(seen, what, sequence=int, hash=str)
    empty = unhex(last_hash, 32, "What the report has seen") == bytes(32)
    need(
        sequence == 1 and previous == "0" * 64 and 0 <= last < 2**53 and (last == 0) == empty, "The report is not a first one."
    )
    kinds = {"signing": str, "reply_to": str, "language": str, "text": str, "answers": list, "identity": str | None}
    signing, reply_to, language, words, answers, identity = fields(body, what, **kinds)
    for each in answers:
        question, answer = fields(each, "An answer", question=str, answer=str)
        fits = re.fullmatch("[a-z][a-z0-9-]{0,31}", question) and 1 <= written(answer) <= ANSWER
        need(fits and len(answers) <= ANSWERS, "The report has an answer that is none, or too many.")
    fits = re.fullmatch("[a-z]{2}", language) and 1 <= written(words) <= TEXT
    need(fits, "The report has no language, no text or too long a text.")
    need(identity is None or len(unbase64(identity, "The identity")) == IDENTITY * 3 // 4, "The identity has another length.")
    size = padded(97 + len(text) + (IDENTITY + 2 - 4 if identity is None else 0))
    need(len(plain) == size <= LIMIT, "The report is not padded to its size class.")
    key = unhex(signing, 32, "The report's signing key")
    need(sha256(b"whistle/1 box\0" + key + recipient(reply_to)).hexdigest() == box, "The report's keys are not its box's.")
    signature = unbase64(plain[10:96].decode("ascii", "replace"), "The report's signature")
    signed(b"whistle/1 reporter content", key, text, signature, what)
    return group, body


def verify(file, fingerprint):
    """What a proof proves, in lines to print. Raises NotProven."""
    names = ("protocol", "fingerprint", "card", "envelope", "file_key", "receipt")
    given = fields(canonical(file, "The proof"), "The proof", **dict.fromkeys(names, str))
    protocol, own_root, card_text, envelope_text, key_text, receipt_text = given
    need(protocol == "whistle/1 proof", "This is not a proof of version 1.")
    need(unhex(own_root, 32, "The proof's fingerprint") == fingerprint, "The proof is for another root than the one you trust.")

    card = CARD.fullmatch(card_text)
    need(card, "The key card is not one of version 1.")
    card_signed, label, instance, counter, issued, receipt_keys, groups, revoked, root, card_signature = card.groups()
    need(sha256(b"whistle/1 root\0" + bytes.fromhex(root)).digest() == fingerprint, "The key card is of another root.")
    signature = unbase64(card_signature, "The card's signature")
    signed(b"whistle/1 card", bytes.fromhex(root), card_signed.encode(), signature, "The key card")

    receipt = RECEIPT.fullmatch(receipt_text)
    need(receipt, "The receipt is not one of version 1.")
    receipt_signed, receipt_instance, box, sealed, receipt_card, day, key, receipt_signature = receipt.groups()
    envelope = unbase64(envelope_text, "The envelope")
    need(receipt_instance == instance, "The receipt is of another instance than the key card.")
    need(sha256(envelope).hexdigest() == sealed, "The receipt is for other bytes than this envelope.")
    held = [line.split(" ")[1:] for line in receipt_keys.splitlines()]
    live = any(key == public and start <= day and (end == "open" or day <= end) for start, end, public in held)
    need(live and f"revoked: {key}\n" not in revoked, "The receipt's key is not one of the card's for that day.")
    try:
        date.fromisoformat(day)
    except ValueError:
        raise NotProven("The receipt's day is not one.") from None
    signature = unbase64(receipt_signature, "The receipt's signature")
    signed(b"whistle/1 receipt", bytes.fromhex(key), receipt_signed.encode(), signature, "The receipt")

    group, body = report_of(opened(envelope, unhex(key_text, 16, "The file key")), instance, box)
    need(f"\ngroup: {group}\n" in f"\n{groups}", "The report is for a group that is not on the key card.")
    same = sha256(card_text.encode()).hexdigest() == receipt_card
    return [
        f"PROVEN, for whoever trusts the root fingerprint {fingerprint.hex()}:",
        f"- These sealed bytes arrived on {day} (a UTC day, as the receiving organisation signed it), in box {box}.",
        f'- They say what stands below, written to the group "{group}" and signed by whoever made that box.',
        "- The receipt was made under "
        + ("this very key card." if same else "another key card of this root than the enclosed."),
        *(["- The key card is a DEMO card: it speaks for no organisation."] if label == "demo" else []),
        "NOT PROVEN: who wrote it, whether it is true, whether it came as a report or as a file, whether anybody opened it.",
        f"The enclosed key card is number {counter}, of {issued}. Ask for a later one: it could revoke the key of the receipt.",
        *([] if body["identity"] is None else ["It carries a sealed identity, which this proof does not open."]),
        *shown("The report", body["text"]),
        *(line for each in body["answers"] for line in shown(f"Answer to {each['question']}", each["answer"])),
    ]


def shown(title, text):
    """A text behind a margin, so that it cannot pass for words of this program, with what is invisible spelt out."""
    visible = "".join(each if each.isprintable() or each == "\n" else f"<U+{ord(each):04X}>" for each in text)
    return [f"{title}:", *(f"  | {line}" for line in visible.split("\n"))]


def main():
    options = argparse.ArgumentParser(description="Check a proof of Whistle.")
    options.add_argument("proof", type=Path)
    options.add_argument(
        "--fingerprint", required=True, help="64 hexadecimal digits that you have from elsewhere; spaces do not matter"
    )
    given = options.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        root = re.sub(r"\s", "", given.fingerprint)
        need(re.fullmatch("[0-9a-fA-F]{64}", root), "The fingerprint must be 64 hexadecimal digits.")
        print("\n".join(verify(given.proof.read_bytes(), bytes.fromhex(root))))
    except (NotProven, OSError) as failure:
        sys.exit(f"NOT PROVEN: {failure}")


if __name__ == "__main__":
    main()

"""Every parser of bytes that a stranger can send: what it takes, how it is written again, and the errors that may leave it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from tests import vectors
from whistle.desk.eml import read_mail
from whistle.errors import CodeUnreadable, MailRefused, Malformed, SealingError, WhistleError
from whistle.protocol import canonical, card, content, envelope, identity, parts, plaintext, receipt, wire
from whistle.protocol import code as codes
from whistle.protocol.bech32 import read_recipient, write_recipient
from whistle.protocol.spelling import day, hexadecimal, read_base64, write_base64
from whistle.sealing import age
from whistle.sealing.contents import open_envelope
from whistle.sealing.identity import open_inner, strip_outer
from whistle.sealing.keys import Identity
from whistle.sealing.wrapping import factors_of
from whistle.web.challenge import Challenges
from whistle.web.forms import read_form

IDENTITY = Identity(bytes(range(32)))
RING_A, RING_B = (Identity(bytes.fromhex(vectors.read("identity", 111).given[name])) for name in ("ring_a", "ring_b"))
SEALED = age.seal(b"x" * 20_000, [IDENTITY.recipient])
RECEIPT = receipt.serialize(receipt.Receipt(bytes(16), bytes(32), bytes(32), bytes(32), day("2026-11-21"), bytes(32)))
PART = parts.serialize_part(parts.Part(bytes(16), 300_000, 1, bytes(300_000 - 262_144)))


MAIL = b"""From: Karen =?utf-8?q?H=C3=B8lm?= (k) <karen@example.com>\nSubject: Bilag 7\nDate: Fri, 20 Nov 2026 09:00:00 +0100
Content-Type: multipart/mixed; boundary="b"\n
--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n
<p title=3D"a">Bilag&nbsp;7<!-- x --><script>y</script></p>
--b\nContent-Type: application/pdf; name="a.pdf"\nContent-Disposition: attachment; filename*=utf-8''bilag%207.pdf
Content-Transfer-Encoding: base64\n\nJVBERg==
--b\nContent-Type: message/rfc822\n\nSubject: x\n\nwords\n--b--\n"""


@dataclass(frozen=True)
class Parser:
    """`read` takes bytes and gives a value or raises one of `errors`; `write` gives the bytes of that value again."""

    name: str
    read: Callable[[bytes], Any]
    errors: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    write: Callable[[Any], bytes] | None = None

    def try_on(self, given: bytes) -> bool:
        """Whether it was taken. Whatever is none of its errors passes through, and fails the test."""
        try:
            value = self.read(given)
        except self.errors:
            return False
        assert self.write is None or self.write(value) == given, f"{self.name} has two spellings of one value"
        return True


def _text(read: Callable[[str], Any]) -> Callable[[bytes], Any]:
    return lambda given: read(given.decode("utf-8", "replace"))


def _seeds(name: str, operation: str | None = None, key: str | None = None) -> tuple[bytes, ...]:
    """Every input of a file of vectors, the good and the refused."""
    file = vectors.read(name, 1)
    cases = file.of(operation) if operation else file.cases
    inputs = (case["input"][key] if key else case["input"] for case in cases)
    return tuple(dict.fromkeys(file.bytes(each) for each in inputs))


def _streamed(given: bytes) -> bytes:
    """An envelope as it arrives, in pieces."""
    reader = envelope.EnvelopeReader()
    for start in range(0, len(given), 977):
        reader.feed(given[start : start + 977])
    return reader.end()


def _form(given: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": given, "more_body": False}

    headers = [(b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", str(len(given)).encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b"", "scheme": "http"}
    return asyncio.run(read_form(Request(scope, receive)))


def _challenge(given: bytes) -> Any:
    return Challenges("s" * 32, "test", lambda: 0.0, lambda n: bytes(n)).check(given.decode("latin-1"), bytes(8))


PARSERS = (
    Parser("json", canonical.read, (Malformed,), _seeds("json"), canonical.write),
    Parser("content", content.parse, (Malformed,), _seeds("contents"), content.serialize),
    Parser("card", card.parse, (Malformed,), _seeds("card", key="card"), card.serialize),
    Parser("plaintext", plaintext.parse, (Malformed,), _seeds("plaintext")),
    Parser("envelope", envelope.parse, (Malformed,), _seeds("envelope"), bytes),
    Parser("envelope in pieces", _streamed, (Malformed,), _seeds("envelope"), bytes),
    Parser("submission", wire.parse_submission, (Malformed,), _seeds("wire", "submission"), wire.serialize_submission),
    Parser("fetch", wire.parse_fetch, (Malformed,), _seeds("wire", "fetch"), wire.serialize_fetch),
    Parser("pages", wire.parse_pages, (Malformed,), _seeds("wire", "pages"), lambda pages: wire.serialize_pages(*pages)),
    Parser("part", parts.parse_part, (Malformed,), (PART,), parts.serialize_part),
    Parser("receipt", receipt.parse, (Malformed,), (RECEIPT,), receipt.serialize),
    Parser("code", _text(codes.read), (CodeUnreadable,), _seeds("code", "read")),
    Parser("recipient", _text(read_recipient), (Malformed,), (write_recipient(IDENTITY.recipient).encode(),)),
    Parser("base64", _text(read_base64), (ValueError,), (b"AAECAwQ", b"AA", b"AAE"), lambda raw: write_base64(raw).encode()),
    Parser("hexadecimal", _text(lambda text: hexadecimal(text, 8)), (ValueError,), (b"0123456789abcdef",)),
    Parser("day", _text(day), (ValueError,), (b"2026-11-21", b"2024-02-29"), lambda on: on.isoformat().encode()),
    Parser("age", lambda given: age.open_file(given, [IDENTITY]), (SealingError,), (SEALED, *_seeds("envelope")[:9])),
    Parser("identity", identity.parse, (Malformed,), _seeds("identity", "read"), identity.serialize),
    Parser(
        "outer seal",
        _text(lambda text: strip_outer(text, RING_A)),
        (SealingError, Malformed),
        _seeds("identity", "open", "field"),
    ),
    Parser("inner seal", lambda file: open_inner(file, RING_B), (SealingError, Malformed), _seeds("identity", "inner", "file")),
    Parser("sealed content", lambda given: open_envelope(given, [IDENTITY]), (SealingError, Malformed), (SEALED,)),
    Parser("wrapped key", _text(lambda text: factors_of(text, "root")), (WhistleError,), _seeds("wrapped-keys", key="file")),
    Parser("form", _form, (WhistleError,), (b"text=a&token=b", b"state=closed&tell=1&seen=12", b"text=%C3%A6+%00")),
    Parser("mail", read_mail, (MailRefused,), (MAIL,)),
    Parser("challenge", _challenge, (WhistleError,), (b"WyJhIiwxMF0.AAAAAA.c2lnbmF0dXJl", b"a.b.c")),
)

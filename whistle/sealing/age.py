"""age v1 files to hybrid recipients: sealing and opening, streaming, with flat memory (c2sp.org/age).

It opens any age file that has a hybrid stanza for one of the identities, and writes none but hybrid stanzas. That an
envelope has only such stanzas is a profile above it (whistle.protocol.envelope).
"""

import hmac
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite
from nacl.bindings import crypto_aead_chacha20poly1305_ietf_decrypt as _decrypt
from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt as _encrypt
from nacl.exceptions import CryptoError

from whistle.errors import HeaderFailed, HeaderForged, NoMatch, NotARecipient, PayloadFailed
from whistle.protocol.constants import CHUNK_BYTES, HEADER_LIMIT
from whistle.protocol.spelling import read_base64, write_base64
from whistle.sealing.keys import FileKey, Identity, hkdf

_VERSION = b"age-encryption.org/v1\n"
_HYBRID = "mlkem768x25519"
_INFO = b"age-encryption.org/mlkem768x25519"
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_SHARE_BYTES, _KEY_BYTES, _TAG, _NONCE_BYTES, _COLUMNS = 1_120, 16, 16, 16, 64
_LATTICE_BYTES = 1_184
_START = re.compile(r"-> ([!-~]+(?: [!-~]+)*)\n")


@dataclass(frozen=True)
class Stanza:
    """One recipient's share of the file key."""

    type: str
    args: tuple[str, ...]
    body: bytes


@dataclass(frozen=True)
class Header:
    """The stanzas, and the bytes that the MAC is over."""

    stanzas: tuple[Stanza, ...]
    covered: bytes
    mac: bytes


def seal(plaintext: bytes, recipients: Sequence[bytes]) -> bytes:
    """An age file to these recipients (1,216 raw bytes each)."""
    return b"".join(seal_stream(BytesIO(plaintext), recipients))


def seal_stream(plaintext: BinaryIO, recipients: Sequence[bytes]) -> Iterator[bytes]:
    """The same in pieces, holding two chunks at most."""
    file_key = FileKey(os.urandom(_KEY_BYTES))
    yield write_header(file_key, recipients)
    yield from _seal_payload(plaintext, file_key)


def open_file(file: bytes, identities: Iterable[Identity]) -> bytes:
    """The whole plaintext, released only after its last chunk verified. Raises a SealingError by name."""
    return b"".join(open_stream(BytesIO(file), identities))


def open_stream(file: BinaryIO, identities: Iterable[Identity], limit: int = HEADER_LIMIT) -> Iterator[bytes]:
    """The plaintext in verified chunks; a caller must not act on them before the end came without an error."""
    yield from open_payload(file, unwrap(read_header(file, limit), identities))


def unwrap(header: Header, identities: Iterable[Identity]) -> FileKey:
    """The file key of a header, checked against its MAC. Raises HeaderFailed, NoMatch or HeaderForged."""
    shares = [_share(stanza, _SHARE_BYTES) for stanza in header.stanzas if stanza.type == _HYBRID]
    for stanza in header.stanzas:
        if stanza.type == "X25519":
            _share(stanza, 32)  # not ours to open, and still refused in another shape than its own
    for identity in identities:
        for share, body in shares:
            file_key = _try(identity, share, body)
            if file_key is not None:
                check_mac(header, file_key)
                return file_key
    raise NoMatch


def check_mac(header: Header, file_key: FileKey) -> None:
    """The MAC commits to the file key: one file cannot hold two contents for two recipients. Raises HeaderForged."""
    if not hmac.compare_digest(_mac(header.covered, file_key), header.mac):
        raise HeaderForged


def write_header(file_key: FileKey, recipients: Sequence[bytes]) -> bytes:
    """A header that gives this file key to these recipients. Raises NotARecipient if one of them is no usable key."""
    covered = _VERSION + b"".join(_write_stanza(file_key, recipient) for recipient in recipients) + b"---"
    return covered + f" {write_base64(_mac(covered, file_key))}\n".encode()


def read_header(file: BinaryIO, limit: int = HEADER_LIMIT) -> Header:
    """The header, leaving the file at the first byte of the payload. Raises HeaderFailed."""
    lines = _Lines(file, limit)
    if lines.next() != _VERSION.decode():
        raise HeaderFailed
    stanzas = []
    while (line := lines.next()).startswith("-> "):
        stanzas.append(_read_stanza(line, lines))
    if not stanzas or not line.startswith("--- "):
        raise HeaderFailed
    if any(stanza.type == "scrypt" for stanza in stanzas) and len(stanzas) > 1:
        raise HeaderFailed  # age: a passphrase stanza must be alone
    covered = lines.taken[: -len(line)] + b"---"
    return Header(tuple(stanzas), covered, _decode(line[4:-1], 32))


class _Lines:
    """Lines of ASCII, each ended by a newline, within the header's limit."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._limit = file, limit
        self.taken = b""

    def next(self) -> str:
        line = self._file.readline(self._limit - len(self.taken) + 1)
        self.taken += line
        if len(self.taken) > self._limit or not line.endswith(b"\n") or not line.isascii():
            raise HeaderFailed
        return line.decode()


def _read_stanza(line: str, lines: _Lines) -> Stanza:
    start = _START.fullmatch(line)
    if not start:
        raise HeaderFailed
    body, full = b"", True
    while full:
        text = lines.next()[:-1]
        if len(text) > _COLUMNS:
            raise HeaderFailed
        body, full = body + _decode(text), len(text) == _COLUMNS
    kind, *args = start[1].split(" ")
    return Stanza(kind, tuple(args), body)


def _write_stanza(file_key: FileKey, recipient: bytes) -> bytes:
    try:
        lattice = MLKEM768PublicKey.from_public_bytes(recipient[:_LATTICE_BYTES])
        exchange = X25519PublicKey.from_public_bytes(recipient[_LATTICE_BYTES:])
        sealed = _SUITE.encrypt(file_key.reveal(), MLKEM768X25519PublicKey(lattice, exchange), _INFO)
    except ValueError:
        raise NotARecipient from None  # not reduced, or of low order: somebody made it by hand
    share, body = sealed[:_SHARE_BYTES], sealed[_SHARE_BYTES:]
    return f"-> {_HYBRID} {write_base64(share)}\n{write_base64(body)}\n".encode()


def _share(stanza: Stanza, length: int) -> tuple[bytes, bytes]:
    if len(stanza.args) != 1 or len(stanza.body) != _KEY_BYTES + _TAG:
        raise HeaderFailed
    return _decode(stanza.args[0], length), stanza.body


def _try(identity: Identity, share: bytes, body: bytes) -> FileKey | None:
    try:
        # A low-order share must be refused as such: HPKE below would report it as a wrong tag, that is as "not for me".
        identity.exchange.exchange(X25519PublicKey.from_public_bytes(share[-32:]))
    except ValueError:
        raise HeaderFailed from None
    try:
        return FileKey(_SUITE.decrypt(share + body, identity.opener, _INFO))
    except InvalidTag:
        return None


def _decode(text: str, length: int | None = None) -> bytes:
    try:
        return read_base64(text, length)
    except ValueError:
        raise HeaderFailed from None


def _mac(covered: bytes, file_key: FileKey) -> bytes:
    return hmac.digest(hkdf(file_key.reveal(), b"", b"header"), covered, "sha256")


def _chunk_nonce(counter: int, final: bool) -> bytes:
    return counter.to_bytes(11) + bytes([final])


class PayloadSealer:
    """A payload sealed as its plaintext comes, holding one chunk. What comes first is the nonce."""

    def __init__(self, file_key: FileKey) -> None:
        self.nonce = os.urandom(_NONCE_BYTES)
        self._key, self._counter, self._held = hkdf(file_key.reveal(), self.nonce, b"payload"), 0, bytearray()

    def feed(self, piece: bytes) -> bytes:
        """The chunks that are sure not to be the last one."""
        self._held += piece
        sealed = []
        while len(self._held) > CHUNK_BYTES:
            sealed.append(_encrypt(bytes(self._held[:CHUNK_BYTES]), None, _chunk_nonce(self._counter, False), self._key))
            self._counter += 1
            del self._held[:CHUNK_BYTES]
        return b"".join(sealed)

    def end(self) -> bytes:
        """The last chunk."""
        return _encrypt(bytes(self._held), None, _chunk_nonce(self._counter, True), self._key)


def _seal_payload(plaintext: BinaryIO, file_key: FileKey) -> Iterator[bytes]:
    sealer = PayloadSealer(file_key)
    yield sealer.nonce
    while piece := plaintext.read(CHUNK_BYTES):
        if sealed := sealer.feed(piece):  # an empty piece would end a reader
            yield sealed
    yield sealer.end()


def open_payload(file: BinaryIO, file_key: FileKey) -> Iterator[bytes]:
    """The chunks of a payload (nonce and STREAM), each verified before it is given. Raises PayloadFailed."""
    nonce = file.read(_NONCE_BYTES)
    if len(nonce) != _NONCE_BYTES:
        raise HeaderFailed  # age counts the nonce with the header
    key, counter = hkdf(file_key.reveal(), nonce, b"payload"), 0
    while len(chunk := file.read(CHUNK_BYTES + _TAG)) == CHUNK_BYTES + _TAG:
        plain = _open_chunk(chunk, _chunk_nonce(counter, False), key)
        if plain is None:
            break  # a full chunk may be the last one
        yield plain
        counter += 1
    last = _open_chunk(chunk, _chunk_nonce(counter, True), key)
    if last is None or (not last and counter):
        raise PayloadFailed  # only an empty file ends in an empty chunk
    yield last
    if file.read(1):
        raise PayloadFailed


def _open_chunk(chunk: bytes, nonce: bytes, key: bytes) -> bytes | None:
    if len(chunk) < _TAG:
        return None
    try:
        return _decrypt(chunk, None, nonce, key)
    except CryptoError:
        return None

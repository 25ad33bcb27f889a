"""An e-mail that a member was sent, read within limits: who, when, what it says, and its files. Nothing is fetched or stored.

What is HTML becomes plain text. A mail is a stranger's: whatever it claims is shown and never acted upon.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from email.errors import MessageError
from email.feedparser import BytesFeedParser
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from hashlib import sha256

from whistle.desk.markup import plain
from whistle.desk.uploads import name_of, shown_name
from whistle.errors import MailRefused
from whistle.protocol.canonical import written_length
from whistle.protocol.constants import FILES_LIMIT, TEXT_LIMIT, TYPE_LIMIT

LONGEST_MAIL = 25_000_000  # bytes: what mail servers take
_PARTS, _DEPTH = 50, 10  # the parser's work grows with both
_HEADER, _HTML, _SPARE = 1_000, 1_000_000, 10_000  # characters
_HEADERS, _PARAMETERS = 1_000, 2_000  # of a part; characters, for the time to read them grows with their square
_LINES = 1_000_000  # each is compared with every boundary
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
# Some codecs of Python's take hours for what a stranger can send in a second.
_CHARSETS = ("utf-8", "utf-16", "ascii", "iso8859", "cp125", "koi8", "gb", "big5", "shift_jis", "euc_", "iso2022", "mac-")


@dataclass(frozen=True)
class Attached:
    """A file of a mail."""

    name: str
    type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Mail:
    """A mail as it was read. `shortened` says that its text is whole only among its files."""

    id: str
    subject: str
    name: str
    address: str
    day: date | None
    text: str = field(repr=False)
    files: tuple[Attached, ...]
    shortened: bool


class Incoming:
    """The bytes of a mail while they come, in memory alone."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def size(self) -> int:
        return len(self._held)

    def feed(self, piece: bytes) -> None:
        self._held += piece

    def drop(self) -> None:
        self._held.clear()

    def end(self) -> bytes:
        return bytes(self._held)


class _Part(Message):
    """A part of a mail, refused while it is read: some of what a stranger writes in a header takes hours to look at."""

    def set_raw(self, name: str, value: str) -> None:
        """Raises MailRefused."""
        if len(self) == _HEADERS or (len(value) > _PARAMETERS and name.lower().startswith("content-")):
            raise MailRefused
        super().set_raw(name, value)


def read_mail(whole: bytes) -> Mail:
    """Raises MailRefused."""
    try:
        return _read(whole, _parsed(whole))
    except (MessageError, ValueError, LookupError, AssertionError, RecursionError):  # what Python's own readers stumble over
        raise MailRefused from None


def _read(whole: bytes, message: Message) -> Mail:
    leaves = list(_leaves(message, 0))
    texts = [each for each in leaves if _is_text(each)]
    text = "\n\n".join(filter(None, (_words(each) for each in texts))).strip()
    files = [each for number, part in enumerate(leaves, 1) if part not in texts and (each := _attached(part, number)).content]
    shortened = written_length(text) > TEXT_LIMIT - _SPARE
    if shortened:
        files.append(Attached("mail.txt", "text/plain", text.encode()))
        text = text.encode()[: TEXT_LIMIT // 3].decode("utf-8", "ignore")  # an escaped letter takes twice its room at most
    if len(files) > FILES_LIMIT or not (message.keys() and (text or files)):
        raise MailRefused
    name, address = parseaddr(str(message.get("from", ""))[:_HEADER])
    given = (_line(message.get("subject", "")), _line(name), _line(address), _day(message))
    return Mail(sha256(whole).hexdigest(), *given, text, tuple(files), shortened)


def _parsed(whole: bytes) -> Message:
    if whole.count(b"\n") + whole.count(b"\r") > _LINES:
        raise MailRefused
    parser = BytesFeedParser(_counted())
    parser.feed(whole)
    return parser.close()


def _counted() -> Callable[..., _Part]:
    """Makes the parts of one mail, up to a number: whoever nests them by the thousand is stopped while they are read."""
    made = 0

    def make(**given: object) -> _Part:
        nonlocal made
        made += 1
        if made > _PARTS:
            raise MailRefused
        return _Part(**given)  # type: ignore[arg-type]

    return make


def _leaves(part: Message, depth: int) -> Iterator[Message]:
    """The parts that hold something. A mail within a mail is a file of it."""
    if depth > _DEPTH:
        raise MailRefused
    if part.get_content_maintype() != "multipart" or not part.is_multipart():
        yield part
        return
    parts = [each for each in part.get_payload() if isinstance(each, Message)]
    if part.get_content_type() == "multipart/alternative":
        plain = [each for each in parts if each.get_content_type() == "text/plain" and _words(each)]
        parts = plain or parts[-1:]
    for each in parts:
        yield from _leaves(each, depth + 1)


def _is_text(part: Message) -> bool:
    named = part.get_content_disposition() == "attachment" or part.get_filename()
    return part.get_content_type() in ("text/plain", "text/html") and not named


def _words(part: Message) -> str:
    found = _decoded(_content(part), part.get_content_charset() or "utf-8").replace("\r\n", "\n")
    found = _CONTROLS.sub("", found)
    return (plain(found[:_HTML]) if part.get_content_subtype() == "html" else found).strip()


def _content(part: Message) -> bytes:
    if part.is_multipart():  # a mail within a mail
        return b"\n".join(each.as_bytes() for each in part.get_payload() if isinstance(each, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _decoded(content: bytes, charset: str) -> str:
    try:
        known = codecs.lookup(charset).name.startswith(_CHARSETS)
        return content.decode(charset if known else "latin-1", "replace")
    except (LookupError, ValueError):
        return content.decode("latin-1")


def _attached(part: Message, number: int) -> Attached:
    name = name_of(_line(part.get_filename() or "")) or f"attachment-{number}{'.eml' if part.is_multipart() else ''}"
    kind = part.get_content_type()
    return Attached(name, kind if _TYPE.fullmatch(kind) and len(kind) <= TYPE_LIMIT else "", _content(part))


def _line(raw: object) -> str:
    """A header in words and on one line, as it came if it is spelled wrongly; nothing in it turns text around."""
    text = str(raw)[:_HEADER]
    with suppress(MessageError, LookupError, ValueError):
        text = str(make_header(decode_header(text)))
    return shown_name(" ".join(_CONTROLS.sub("", text.encode("utf-8", "replace").decode()).split()))


def _day(message: Message) -> date | None:
    try:
        return parsedate_to_datetime(str(message.get("date", ""))[:_HEADER]).date()
    except (TypeError, ValueError, OverflowError):
        return None

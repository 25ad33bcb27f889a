"""A file on its way from a member's browser to a reporter: read from the form, sealed and stored as it comes.

Never a temporary file: of the plain bytes only the piece that has just come, and a chunk, are ever in memory.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import date
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from whistle.errors import FileTooLarge, NotThisForm, WhistleError
from whistle.protocol.canonical import is_well_formed, written_length
from whistle.protocol.constants import FILE_ID_BYTES, NAME_LIMIT, PART_BYTES, TYPE_LIMIT
from whistle.sealing.cases import wrap_file_key
from whistle.sealing.files import FileSealer
from whistle.sealing.keys import CaseKey
from whistle.store.files import TO_REPORTER, Files, Finished
from whistle.web.body import BETWEEN_SECONDS, CutShort, TooSlow

_OVERALL_SECONDS = 3_600.0
_FIELD_LIMIT, _HEADERS_LIMIT, _FIELDS_LIMIT = 1_024, 8_192, 8
Random = Callable[[int], bytes]


class Sending:
    """A file that is sealed to its reporter alone, or to the group if the desk keeps it, and cut in parts, while it comes."""

    def __init__(
        self,
        files: Files,
        box: bytes,
        key: CaseKey,
        recipient: bytes,
        random: Random,
        today: date,
        direction: str = TO_REPORTER,
    ) -> None:
        self.file, self._files, self._key, self._random = random(FILE_ID_BYTES), files, key, random
        self._sealer = FileSealer(recipient)
        self._held = bytearray(self._sealer.start())
        self._whole, self._payload, self._parts, self._length = sha256(), sha256(), 0, 0
        self._row = files.begin(box, self.file, today, direction)

    @property
    def size(self) -> int:
        """Bytes so far, before sealing."""
        return self._sealer.size

    def feed(self, piece: bytes) -> None:
        self._take(self._sealer.feed(piece), PART_BYTES)

    def end(self) -> Finished:
        """Stores the last part."""
        for sealed in self._sealer.end():
            self._take(sealed, PART_BYTES)
        self._take(b"", 1)
        header, payload = len(self._sealer.header), self._payload.digest()
        wrapped = wrap_file_key(self._sealer.file_key, payload, self._key, self._random)
        return Finished(self._row, self._length, header, self._whole.digest(), payload, wrapped)

    def drop(self) -> None:
        """Nothing stays of it, unless it was sent."""
        self._files.drop(self._row)

    def _take(self, sealed: bytes, least: int) -> None:
        self._held += sealed
        while len(self._held) >= least:
            part = bytes(self._held[:PART_BYTES])
            del self._held[:PART_BYTES]
            self._whole.update(part)
            self._payload.update(part[len(self._sealer.header) if self._parts == 0 else 0 :])
            self._files.add(self._row, self._parts, part)
            self._parts, self._length = self._parts + 1, self._length + len(part)


class FileForm:
    """A form of a few short fields and then one file. Raises NotThisForm for any other."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise NotThisForm
        self.fields: dict[str, str] = {}
        self.name = self.type = ""
        self.has_file = self._ended = False
        self._now: str | None = None  # the field whose bytes come; None for the file's
        self._headers: dict[str, bytes] = {}
        self._field, self._value, self._pieces = bytearray(), bytearray(), list[bytes]()
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._grow(self._field, data[start:end]),
                "on_header_value": lambda data, start, end: self._grow(self._value, data[start:end]),
                "on_header_end": self._header,
                "on_headers_finished": self._headers_end,
                "on_part_data": lambda data, start, end: self._data(data[start:end]),
                "on_part_end": self._end,
                "on_end": self._all,
            },
        )

    def feed(self, piece: bytes) -> list[bytes]:
        """The bytes of the file that are in this piece of the body."""
        try:
            self._parser.write(piece)
        except FormParserError:
            raise NotThisForm from None
        found, self._pieces = self._pieces, []
        return found

    def end(self) -> None:
        """Raises NotThisForm if the body has not come to its end."""
        if not self._ended:
            raise NotThisForm

    def _all(self) -> None:
        self._ended = True

    def _grow(self, held: bytearray, piece: bytes) -> None:
        held += piece
        if len(held) > _HEADERS_LIMIT:
            raise NotThisForm

    def _begin(self) -> None:
        self._headers, self._now = {}, ""

    def _header(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = bytes(self._value)
        self._field, self._value = bytearray(), bytearray()
        if len(self._headers) > _FIELDS_LIMIT:
            raise NotThisForm

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            self._now = name
            return
        if self.has_file or name != "file":
            raise NotThisForm
        self.has_file, self._now = True, None
        self.name = name_of(options[b"filename"].decode("utf-8", "replace"))
        kind = self._headers.get("content-type", b"").decode("ascii", "replace")
        self.type = kind if kind.isprintable() and kind.isascii() and written_length(kind) <= TYPE_LIMIT else ""

    def _data(self, piece: bytes) -> None:
        if self._now is None:
            self._pieces.append(piece)
        else:
            self._grow(self._value, piece)
            if len(self._value) > _FIELD_LIMIT:
                raise NotThisForm

    def _end(self) -> None:
        if self._now is not None:
            self.fields[self._now] = self._value.decode("utf-8", "replace")
            self._value = bytearray()
            if len(self.fields) > _FIELDS_LIMIT:
                raise NotThisForm


class Receiving(Protocol):
    """What takes a file while it comes."""

    @property
    def size(self) -> int:
        """Bytes so far."""

    def feed(self, piece: bytes) -> None: ...

    def drop(self) -> None: ...


T = TypeVar("T", bound=Receiving)


class Upload(Generic[T]):
    """One form with a file, fed as it comes. What is wrong is kept until the end, so that the browser hears of it."""

    def __init__(self, form: FileForm, begin: Callable[[FileForm], T], longest: int) -> None:
        self.form, self._begin, self._longest = form, begin, longest
        self._sending: T | None = None
        self._wrong: WhistleError | None = None

    def feed(self, piece: bytes) -> None:
        if self._wrong is not None:
            return
        try:
            self._take(self.form.feed(piece))
        except WhistleError as error:
            self._wrong = error
            self.drop()

    def end(self) -> T:
        """The whole file, not yet sent. Raises whatever was wrong."""
        if self._wrong is not None:
            raise self._wrong
        self.form.end()
        if self._sending is None:
            self._sending = self._begin(self.form)  # a file without a byte
        return self._sending

    def drop(self) -> None:
        """Nothing stays of it, unless it was sent."""
        if self._sending is not None:
            self._sending.drop()

    def _take(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            if self._sending is None:
                self._sending = self._begin(self.form)
            if self._sending.size + len(piece) > self._longest:
                raise FileTooLarge
            self._sending.feed(piece)


async def pieces(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises TooSlow or CutShort."""
    stream = request.stream()
    try:
        async with asyncio.timeout(_OVERALL_SECONDS):
            while True:
                async with asyncio.timeout(BETWEEN_SECONDS):
                    piece = await anext(stream, None)
                if piece is None:
                    return
                yield piece
    except TimeoutError:
        raise TooSlow from None
    except ClientDisconnect:
        raise CutShort from None


async def fields_beside(request: Request, longest: int) -> Mapping[str, str]:
    """What was typed beside a file that is not taken; none if it is no such form. Raises TooSlow or CutShort.

    The file is let pass, if it is not too long, or no browser would show the answer.
    """
    length, form = 0, None
    with suppress(NotThisForm):
        form = FileForm(request.headers.get("content-type", ""))
        async for piece in pieces(request):
            length += len(piece)
            if length > longest:
                break
            if not form.has_file:
                form.feed(piece)
    return form.fields if form is not None else {}


def shown_name(name: str) -> str:
    """A name that cannot hide what it is: no control character, and none that turns text around."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in name)


def name_of(text: str) -> str:
    """The name without a path, as long as a name may be: what is too long loses its middle, never its ending."""
    name = text.replace("%22", '"').replace("\\", "/").rsplit("/", 1)[-1]  # a form cannot spell a quotation mark otherwise
    name = name if is_well_formed(name) else ""
    while written_length(name) > NAME_LIMIT:
        middle = len(name) // 2
        name = name[:middle] + name[middle + 1 :]
    return name

"""The public server's second listener as the desk sees it: what a real one answers, on a real socket, with faults on demand.

A double, so that a test can put it back to an earlier state, fill its disk or lose a part. It opens nothing.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from tests.desk.running import Desk, Reporter, today
from whistle.protocol.constants import PART_BYTES
from whistle.protocol.content import SentFile
from whistle.protocol.parts import Part, count_of, parse_part, part_length, serialize_part
from whistle.protocol.wire import PART, RECEIPT, TO_DESK, TO_REPORTER, Frame, parse_pages, serialize_pages
from whistle.sealing.contents import Box, Entry, Item, read_thread, try_open
from whistle.sealing.files import FileSealer

_NAMES = {TO_DESK: "to-desk", TO_REPORTER: "to-reporter"}


@dataclass
class Public:
    """What it has, and what it was told."""

    port: int = 0
    texts: list[Frame] = field(default_factory=list)
    parts: list[Frame] = field(default_factory=list)
    pushed: list[Frame] = field(default_factory=list)
    taken: list[tuple[bytes, bytes]] = field(default_factory=list)
    opened: dict[bytes, bytes] = field(default_factory=dict)  # boxes that the desk asked for, and the hash of their token
    forgotten: list[bytes] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    confirmed: tuple[int, int] = (0, 0)
    room: bool = True
    gone: set[bytes] = field(default_factory=set)  # boxes that are not there any more
    refusing: set[str] = field(default_factory=set)  # calls that fail

    def submit(self, reporter: Reporter, envelope: bytes, day: date | None = None) -> None:
        self.texts.append(reporter.frame(envelope, len(self.texts) + 1, day))

    def send(self, reporter: Reporter, *parts: Part, day: date | None = None) -> None:
        for part in parts:
            self.parts.append(Frame(len(self.parts) + 1, PART, day or today(), reporter.keys.box, serialize_part(part)))

    def answer(self, call: str, body: bytes) -> bytes:
        self.calls.append(call)
        if call in ("pull", "parts"):
            after = int.from_bytes(body)
            there = [frame for frame in (self.texts if call == "pull" else self.parts) if frame.position > after]
            return serialize_pages(there[:3], len(there) > 3)
        if call == "confirm":
            texts, parts = int.from_bytes(body[:4]), int.from_bytes(body[4:])
            assert len(body) == 8
            self.confirmed = (min(texts, len(self.texts)), min(parts, len(self.parts)))
            word: dict[str, object] = {"confirmed": self.confirmed[0], "parts": self.confirmed[1], "room": self.room}
        elif call == "push":
            frames, _ = parse_pages(body)
            assert len(body) <= 1_048_576
            if not all(self._goes_on(frame, frames) for frame in frames):
                raise LookupError
            unknown = sum(frame.box in self.gone for frame in frames)
            self.pushed += [frame for frame in frames if frame not in self.pushed and frame.box not in self.gone]
            word = {"stored": len(frames) - unknown, "unknown": unknown}
        elif call == "open":
            box, envelope = body[:32], body[64:]
            if box not in self.opened:
                self.opened[box] = body[32:64]
                self.texts.append(Frame(len(self.texts) + 1, TO_DESK, today(), box, envelope))
            word = {"envelope": sha256(envelope).hexdigest(), "day": str(today())}
        elif call == "forget":
            assert len(body) == 32
            self.forgotten.append(body)
            word = {"forgotten": body.hex()}
        else:
            assert (call, len(body)) == ("taken", 48)
            self.taken.append((body[:32], body[32:]))
            word = {"file": body[32:].hex()}
        return json.dumps(word).encode()

    def _goes_on(self, frame: Frame, beside: Sequence[Frame]) -> bool:
        """Whether it is no later part of a file whose first is not there."""
        if frame.direction != PART or frame.box in self.gone or (part := parse_part(frame.sealed)).index == 0:
            return True
        there = [parse_part(each.sealed) for each in (*self.pushed, *beside) if each.direction == PART]
        return any((each.file, each.index) == (part.file, 0) for each in there)

    def receipts(self, reporter: Reporter) -> list[bytes]:
        return [each.sealed for each in self.pushed if each.direction == RECEIPT and each.box == reporter.keys.box]


@contextmanager
def public() -> Iterator[Public]:
    """A public server, ended when the test is done with it."""
    state = Public()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            call = self.path.rpartition("/")[2]
            status, answer = 503, b""
            if call not in state.refusing:
                try:
                    status, answer = 200, state.answer(call, body)
                except LookupError:
                    status = 404
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


_ids = count(1)


@dataclass
class Evidence:
    """A file as a reporter's browser seals and cuts it."""

    plain: bytes
    sealed: bytes
    id: bytes

    @classmethod
    def of(cls, desk: Desk, plain: bytes, group: str = "risk-control") -> "Evidence":
        sealer = FileSealer(desk.card.recipient(group).raw)
        pieces = [sealer.start(), sealer.feed(plain), *sealer.end()]
        return cls(plain, b"".join(pieces), next(_ids).to_bytes(16))

    @property
    def parts(self) -> list[Part]:
        length = len(self.sealed)
        return [self.part(index) for index in range(count_of(length))]

    def part(self, index: int) -> Part:
        start = index * PART_BYTES
        length = len(self.sealed)
        return Part(self.id, length, index, self.sealed[start : start + part_length(length, index)])

    def named(self, name: str = "bilag 7.pdf", **changes: object) -> SentFile:
        whole = SentFile(self.id, name, "application/pdf", len(self.plain), sha256(self.sealed).digest())
        return replace(whole, **changes)  # type: ignore[arg-type]


def thread_of(server: Public, reporter: Reporter, direction: int) -> list[Item]:
    """What of this direction stands in the reporter's box, as the reporter reads it."""
    own = [each for each in (*server.texts, *server.pushed) if each.box == reporter.keys.box and each.direction in _NAMES]
    entries = [
        Entry(place, _NAMES[each.direction], each.day, try_open(each.sealed, reporter.keys.identity))
        for place, each in enumerate(own, 1)
    ]
    thread = read_thread(entries, Box(reporter.card.instance, reporter.keys.box, reporter.keys.signing.public, reporter.card))
    return [item for item in thread.items if item.direction == _NAMES[direction]]

"""What crosses between client, intake and desk around an envelope: submissions and pages (spec section 8). Pure layouts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

from whistle.errors import NotASubmission, NotPages
from whistle.protocol.constants import ACCESS_TOKEN_BYTES, BOX_ID_BYTES, CHALLENGE_LIMIT, PAGE_BYTES, PROOF_BYTES
from whistle.protocol.envelope import LONGEST_ENVELOPE, EnvelopeReader
from whistle.protocol.spelling import day_number, day_of

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
TO_DESK, TO_REPORTER, RECEIPT, PART = 1, 2, 3, 4
FIRST_LINE = b"whistle/1 page\n"
_FIXED = BOX_ID_BYTES + ACCESS_TOKEN_BYTES + PROOF_BYTES + 2
LONGEST_HEAD = _FIXED + CHALLENGE_LIMIT
_FRAME = 4 + 1 + 2 + BOX_ID_BYTES + 4
_CHALLENGE = re.compile(rb"[A-Za-z0-9._-]*")
LONGEST_SUBMISSION = LONGEST_HEAD + LONGEST_ENVELOPE


@dataclass(frozen=True)
class Headed:
    """Whose box something is for, and the work that was done for it."""

    box: bytes
    access: bytes
    proof: bytes
    challenge: str


@dataclass(frozen=True)
class Submission(Headed):
    """An envelope and what intake needs to file it."""

    envelope: bytes


@dataclass(frozen=True)
class Frame:
    """One sealed thing in its place. Direction is TO_DESK, TO_REPORTER, RECEIPT or PART."""

    position: int
    direction: int
    day: date
    box: bytes
    sealed: bytes

    @cached_property
    def digest(self) -> bytes:
        return sha256(self.sealed).digest()


@dataclass(frozen=True)
class Fetch:
    """A question for what a box has after a position."""

    box: bytes
    access: bytes
    after: int


class Body(Protocol[T_co]):
    """What takes the rest of a submission in pieces, and refuses at the first byte that departs."""

    def feed(self, piece: bytes) -> None: ...

    def end(self) -> T_co: ...


class Reader(Body[T_co], Protocol[T_co]):
    """What takes a submission, or something else with such a head, in pieces."""

    @property
    def head(self) -> Headed | None:
        """What stands before the body, once it is there."""


class HeadReader(Generic[T]):
    """Takes the head of a submission in pieces, and hands on what follows. Raises NotASubmission, or what the body raises."""

    def __init__(self, body: Body[T]) -> None:
        self.head: Headed | None = None  # once it is there
        self._start = b""
        self._body = body

    def feed(self, piece: bytes) -> None:
        """Check and keep the next bytes."""
        if self.head is not None:
            self._body.feed(piece)
            return
        start = self._start = self._start + piece
        if len(start) < _FIXED:
            return
        end = _FIXED + int.from_bytes(start[_FIXED - 2 : _FIXED])
        challenge = start[_FIXED:end]
        if not _FIXED < end <= LONGEST_HEAD or not _CHALLENGE.fullmatch(challenge):
            raise NotASubmission
        if len(start) >= end:
            self.head, self._start = Headed(start[:32], start[32:64], start[64:72], challenge.decode()), b""
            self._body.feed(start[end:])

    def end(self) -> tuple[bytes, bytes, bytes, str, T]:
        """Box, access token, proof, challenge and body, once no more bytes come."""
        if self.head is None:
            raise NotASubmission
        head = self.head
        return head.box, head.access, head.proof, head.challenge, self._body.end()


class SubmissionReader:
    """Takes a submission in pieces. `feed` and `end` raise NotASubmission or NotAnEnvelope at the first byte that departs."""

    def __init__(self) -> None:
        self._reader = HeadReader(EnvelopeReader())
        self.feed = self._reader.feed

    @property
    def head(self) -> Headed | None:
        """What stands before the envelope, once it is there."""
        return self._reader.head

    def end(self) -> Submission:
        """The whole submission, once no more bytes come."""
        return Submission(*self._reader.end())


def parse_submission(whole: bytes) -> Submission:
    """The submission, checked in one go."""
    reader = SubmissionReader()
    reader.feed(whole)
    return reader.end()


def serialize_submission(submission: Submission) -> bytes:
    """The body of a submission."""
    return serialize_head(submission) + submission.envelope


def serialize_head(headed: Headed) -> bytes:
    """What stands before an envelope or a first part."""
    challenge = headed.challenge.encode()
    return headed.box + headed.access + headed.proof + len(challenge).to_bytes(2) + challenge


def serialize_fetch(fetch: Fetch) -> bytes:
    """The body of a fetch."""
    return fetch.box + fetch.access + fetch.after.to_bytes(4)


def parse_fetch(whole: bytes) -> Fetch:
    """The question. Raises NotASubmission."""
    if len(whole) != BOX_ID_BYTES + ACCESS_TOKEN_BYTES + 4:
        raise NotASubmission
    return Fetch(whole[:32], whole[32:64], int.from_bytes(whole[64:]))


def serialize_pages(frames: Iterable[Frame], more: bool) -> bytes:
    """Frames in whole pages of PAGE_BYTES."""
    parts = [_frame(frame) for frame in frames]
    whole = b"".join([FIRST_LINE, bytes([more]), len(parts).to_bytes(2), *parts])
    return whole + bytes(-len(whole) % PAGE_BYTES)


def parse_pages(whole: bytes) -> tuple[tuple[Frame, ...], bool]:
    """The frames of some pages and whether there are more. Raises NotPages, which a fetch reads as "no such box"."""
    frames, position = [], len(FIRST_LINE) + 3
    if not whole.startswith(FIRST_LINE) or len(whole) < PAGE_BYTES or whole[len(FIRST_LINE)] > 1:
        raise NotPages
    for _ in range(int.from_bytes(whole[position - 2 : position])):
        frame, position = _read_frame(whole, position)
        frames.append(frame)
    more = whole[len(FIRST_LINE)] == 1
    if serialize_pages(frames, more) != whole:
        raise NotPages
    return tuple(frames), more


def _frame(frame: Frame) -> bytes:
    head = frame.position.to_bytes(4) + bytes([frame.direction]) + day_number(frame.day).to_bytes(2) + frame.box
    return head + len(frame.sealed).to_bytes(4) + frame.sealed


def _read_frame(whole: bytes, start: int) -> tuple[Frame, int]:
    head = whole[start : start + _FRAME]
    length = int.from_bytes(head[-4:])
    end = start + _FRAME + length
    if len(head) < _FRAME or end > len(whole) or head[4] not in (TO_DESK, TO_REPORTER, RECEIPT, PART):
        raise NotPages
    frame = Frame(int.from_bytes(head[:4]), head[4], day_of(int.from_bytes(head[5:7])), head[7:39], whole[start + _FRAME : end])
    return frame, end

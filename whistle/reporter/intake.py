"""The reporter's side of the network: every call of spec section 8. The only module here that connects.

It sends sealed bytes alone, follows no redirect and keeps no cookie. Every call may be made again as it was.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import httpx2

from whistle.errors import (
    ChallengeRefused,
    FileMissing,
    IntakeRefused,
    NetworkFailed,
    NoSuchBox,
    NotASubmission,
    NotPages,
    TransferForgotten,
    WhistleError,
)
from whistle.protocol.constants import PROOF_BYTES
from whistle.protocol.parts import Part, parse_part, serialize_part
from whistle.protocol.wire import FIRST_LINE, Fetch, Frame, Submission, parse_pages, serialize_fetch, serialize_submission
from whistle.sealing.derivation import ReporterKeys

_SEALED = {"Content-Type": "application/octet-stream"}
_MOST_BITS = 22  # of a proof of work: no honest intake asks for more
_CHALLENGES = 4  # how many are tried before it is called a failure
_UNREADABLE = "Intake's answer cannot be read. It may not be the server you meant."
_AGAIN = (408, 502, 503, 504)  # too slow, nothing behind the web server, storage failed, too slow behind it
_NAMED = {"challenge_refused": ChallengeRefused, "no_such_file": TransferForgotten}
# Our own words for what intake refuses: what a server says is never printed.
_WORDS = {
    "box_full": "This box takes no more today. Write again tomorrow.",
    "place_taken": "There is another report under this code already.",
    "not_an_envelope": "Intake did not take this for a sealed envelope. Nothing of it was kept.",
    "not_a_submission": "Intake did not take this for a submission. Nothing of it was kept.",
    "too_large": "This is longer than anything that intake takes.",
    "wrong_host": "This server does not answer to that name. Use the address you were given.",
    "no_room": "The server has room for reports and not for files now. What you wrote is safe with it; send the file later.",
    "not_found": "There is no such call. It may not be the server you meant.",
}


@dataclass(frozen=True)
class Intake:
    """A running intake, reached through `client`, whose base URL it is. After a failure it waits for each of `pauses` (seconds)
    and makes the same call again."""

    client: httpx2.Client
    pauses: tuple[float, ...] = ()
    wait: Callable[[float], None] = time.sleep

    def card_file(self) -> bytes:
        """The key card as it is published. Whoever calls this checks it."""
        return self._send("GET", "/card.txt").content

    def deliver(self, envelope: bytes, keys: ReporterKeys, first: bool) -> None:
        """Send an envelope; `first` opens the box. Sending the same again is harmless. Raises NetworkFailed, IntakeRefused."""
        answer = self._submit("/api/submit" if first else "/api/post", envelope, keys)
        if answer.get("envelope") != sha256(envelope).hexdigest():
            raise IntakeRefused("Intake answered for another envelope than the one that was sent.")

    def send_part(self, part: Part, keys: ReporterKeys) -> None:
        """Send a part of a file; the first one opens the transfer. Sending the same again is harmless.

        Raises TransferForgotten, NetworkFailed, IntakeRefused.
        """
        record = serialize_part(part)
        if part.index == 0:
            answer = self._submit("/api/begin", record, keys)
        else:
            answer = self._json("POST", "/api/part", keys.box + keys.access + record)
        if answer.get("part") != part.digest.hex():
            raise IntakeRefused("Intake answered for another part than the one that was sent.")

    def fetch(self, keys: ReporterKeys) -> Iterator[Frame]:
        """Everything in the box, in order. Raises NoSuchBox."""
        after, more = 0, True
        while more:
            pages = self._pages("/api/fetch", serialize_fetch(Fetch(keys.box, keys.access, after)))
            if pages is None:
                raise NoSuchBox
            frames, more = pages
            places = [after, *(frame.position for frame in frames)]
            if places != sorted(set(places)) or (more and not frames):
                raise IntakeRefused(_UNREADABLE)
            yield from frames
            after = places[-1]

    def fetch_part(self, file: bytes, index: int, keys: ReporterKeys) -> Part:
        """A part of a file to the reporter, as it came: whoever calls this checks it. Raises FileMissing."""
        pages = self._pages("/api/file", keys.box + keys.access + file + index.to_bytes(4))
        if pages is None:
            raise FileMissing
        try:
            (frame,), _ = pages
            return parse_part(frame.sealed)
        except (ValueError, NotASubmission):
            raise IntakeRefused(_UNREADABLE) from None

    def _submit(self, path: str, sealed: bytes, keys: ReporterKeys) -> dict[str, Any]:
        """Send what needs a challenge; one that is not taken any more is renewed without a word."""
        for _ in range(_CHALLENGES):
            match self._json("GET", "/api/challenge"):
                case {"challenge": str() as challenge, "difficulty": int() as difficulty} if difficulty <= _MOST_BITS:
                    proof = find_proof(challenge, difficulty)
                case _:
                    raise IntakeRefused(_UNREADABLE)
            try:
                return self._json(
                    "POST", path, serialize_submission(Submission(keys.box, keys.access, proof, challenge, sealed))
                )
            except ChallengeRefused:
                continue
        raise NetworkFailed("Intake takes none of its own challenges now. Send the same again later.")

    def _pages(self, path: str, body: bytes) -> tuple[tuple[Frame, ...], bool] | None:
        """What is there, or None for random bytes: there is nothing for this token."""
        whole = self._patiently("POST", path, body).content
        if not whole.startswith(FIRST_LINE):
            return None
        try:
            return parse_pages(whole)
        except NotPages:
            raise IntakeRefused(_UNREADABLE) from None

    def _json(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        try:
            answer = self._patiently(method, path, body).json()
        except ValueError:
            raise IntakeRefused(_UNREADABLE) from None
        if not isinstance(answer, dict):
            raise IntakeRefused(_UNREADABLE)
        return answer

    def _patiently(self, method: str, path: str, body: bytes | None = None) -> httpx2.Response:
        for pause in self.pauses:
            try:
                return self._send(method, path, body)
            except NetworkFailed:
                self.wait(pause)
        return self._send(method, path, body)

    def _send(self, method: str, path: str, body: bytes | None = None) -> httpx2.Response:
        try:
            response = self.client.request(method, path, content=body, headers=_SEALED if body else None)
        except httpx2.TransportError:
            raise NetworkFailed from None
        if response.status_code != httpx2.codes.OK:
            raise _refusal(response)
        return response


def _refusal(response: httpx2.Response) -> WhistleError:
    """What an answer other than 200 means, in our own words."""
    if response.status_code in _AGAIN:
        return NetworkFailed("Intake could not take this now. Send the same again.")
    try:
        name = str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return IntakeRefused(_UNREADABLE)
    if name in _NAMED:
        return _NAMED[name]()
    return IntakeRefused(_WORDS.get(name, f"Intake answered {response.status_code}."))


def find_proof(challenge: str, difficulty: int) -> bytes:
    """The first counter whose SHA-256 with the challenge begins with so many zero bits."""
    counter, start = 0, challenge.encode()
    while int.from_bytes(sha256(start + counter.to_bytes(PROOF_BYTES)).digest()) >> (256 - difficulty):
        counter += 1
    return counter.to_bytes(PROOF_BYTES)

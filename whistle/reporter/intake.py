"""The reporter's side of the network: challenge, submit, post, fetch (spec section 8). The only module here that connects.

It sends sealed bytes alone, follows no redirect and keeps no cookie.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import httpx2

from whistle.errors import IntakeRefused, NetworkFailed, NoSuchBox, NotPages
from whistle.protocol.constants import PROOF_BYTES
from whistle.protocol.wire import FIRST_LINE, Fetch, Frame, Submission, parse_pages, serialize_fetch, serialize_submission
from whistle.sealing.derivation import ReporterKeys

_SEALED = {"Content-Type": "application/octet-stream"}
_MOST_BITS = 22  # of a proof of work: no honest intake asks for more
_UNREADABLE = "Intake's answer cannot be read. It may not be the server you meant."
_AGAIN = ("challenge_refused", "storage_failed", "too_slow")
# Our own words for what intake refuses: what a server says is never printed.
_WORDS = {
    "box_full": "This box takes no more today. Write again tomorrow.",
    "place_taken": "There is another report under this code already.",
    "not_an_envelope": "Intake did not take this for a sealed envelope. Nothing of it was kept.",
    "not_a_submission": "Intake did not take this for a submission. Nothing of it was kept.",
    "too_large": "This is longer than anything that intake takes.",
    "wrong_host": "This server does not answer to that name. Use the address you were given.",
    "not_found": "There is no such call. It may not be the server you meant.",
}


@dataclass(frozen=True)
class Intake:
    """A running intake, reached through `client`, whose base URL it is."""

    client: httpx2.Client

    def card_file(self) -> bytes:
        """The key card as it is published. Whoever calls this checks it."""
        return self._answered(self._send("GET", "/card.txt")).content

    def deliver(self, envelope: bytes, keys: ReporterKeys, first: bool) -> None:
        """Send an envelope; `first` opens the box. Sending the same again is harmless. Raises NetworkFailed, IntakeRefused."""
        match self._json("GET", "/api/challenge"):
            case {"challenge": str() as challenge, "difficulty": int() as difficulty} if difficulty <= _MOST_BITS:
                pass
            case _:
                raise IntakeRefused(_UNREADABLE)
        submission = Submission(keys.box, keys.access, find_proof(challenge, difficulty), challenge, envelope)
        answer = self._json("POST", "/api/submit" if first else "/api/post", serialize_submission(submission))
        if answer.get("envelope") != sha256(envelope).hexdigest():
            raise IntakeRefused("Intake answered for another envelope than the one that was sent.")

    def fetch(self, keys: ReporterKeys) -> Iterator[Frame]:
        """Everything in the box, in order. Raises NoSuchBox."""
        after, more = 0, True
        while more:
            body = serialize_fetch(Fetch(keys.box, keys.access, after))
            whole = self._answered(self._send("POST", "/api/fetch", body)).content
            if not whole.startswith(FIRST_LINE):
                raise NoSuchBox
            try:
                frames, more = parse_pages(whole)
            except NotPages:
                raise IntakeRefused(_UNREADABLE) from None
            places = [after, *(frame.position for frame in frames)]
            if places != sorted(set(places)) or (more and not frames):
                raise IntakeRefused(_UNREADABLE)
            yield from frames
            after = places[-1]

    def _json(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        try:
            answer = self._answered(self._send(method, path, body)).json()
        except ValueError:
            raise IntakeRefused(_UNREADABLE) from None
        if not isinstance(answer, dict):
            raise IntakeRefused(_UNREADABLE)
        return answer

    def _send(self, method: str, path: str, body: bytes | None = None) -> httpx2.Response:
        try:
            return self.client.request(method, path, content=body, headers=_SEALED if body else None)
        except httpx2.TransportError:
            raise NetworkFailed from None

    def _answered(self, response: httpx2.Response) -> httpx2.Response:
        if response.status_code == httpx2.codes.OK:
            return response
        try:
            name = str(response.json()["error"])
        except (ValueError, KeyError, TypeError):
            raise IntakeRefused(_UNREADABLE) from None
        if name in _AGAIN:
            raise NetworkFailed("Intake could not take this now. Send the same again.")
        raise IntakeRefused(_WORDS.get(name, f"Intake answered {response.status_code}."))


def find_proof(challenge: str, difficulty: int) -> bytes:
    """The first counter whose SHA-256 with the challenge begins with so many zero bits."""
    counter, start = 0, challenge.encode()
    while int.from_bytes(sha256(start + counter.to_bytes(PROOF_BYTES)).digest()) >> (256 - difficulty):
        counter += 1
    return counter.to_bytes(PROOF_BYTES)

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
from whistle.protocol.wire import Fetch, Frame, Submission, parse_pages, serialize_fetch, serialize_submission
from whistle.sealing.derivation import ReporterKeys

_SEALED = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True)
class Intake:
    """A running intake, reached through `client`, whose base URL it is."""

    client: httpx2.Client

    def card_file(self) -> bytes:
        """The key card as it is published. Whoever calls this checks it."""
        return self._answered(self._send("GET", "/card.txt")).content

    def deliver(self, envelope: bytes, keys: ReporterKeys, first: bool) -> None:
        """Send an envelope; `first` opens the box. Sending the same again is harmless. Raises NetworkFailed, IntakeRefused."""
        question = self._json("GET", "/api/challenge")
        challenge, difficulty = str(question["challenge"]), int(question["difficulty"])
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
            try:
                frames, more = parse_pages(whole)
            except NotPages:
                raise NoSuchBox from None
            yield from frames
            if more and (not frames or frames[-1].position <= after):
                raise IntakeRefused("Intake says that there is more, and gives nothing more.")
            after = frames[-1].position if frames else after

    def _json(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        try:
            answer = self._answered(self._send(method, path, body)).json()
        except ValueError:
            raise IntakeRefused("Intake's answer cannot be read.") from None
        if not isinstance(answer, dict):
            raise IntakeRefused("Intake's answer cannot be read.")
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
            message = str(response.json()["message"])
        except (ValueError, KeyError, TypeError):
            message = f"Intake answered {response.status_code}."
        raise IntakeRefused(message)


def find_proof(challenge: str, difficulty: int) -> bytes:
    """The first counter whose SHA-256 with the challenge begins with so many zero bits."""
    counter, start = 0, challenge.encode()
    while int.from_bytes(sha256(start + counter.to_bytes(PROOF_BYTES)).digest()) >> (256 - difficulty):
        counter += 1
    return counter.to_bytes(PROOF_BYTES)

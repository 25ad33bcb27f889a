"""Challenges: what a sender must ask for and work on before something is kept, instead of being recognised.

Signed, not stored; good for two hours; the work rises with the load of everybody together. Knows nobody's address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from itsdangerous import BadData, TimestampSigner

from whistle.errors import ChallengeRefused

GOOD_SECONDS = 2 * 60 * 60  # spec section 8
LEAST_BITS, MOST_BITS = 10, 18  # a millisecond of a computer; a few seconds of an old telephone without a compiler
_BITS_BEHIND = 2  # a challenge asked for in calm is not good for a flood
CALM = 60  # solved ones in a minute that do not yet raise the work


def difficulty(lately: int, calm: int = CALM) -> int:
    """Zero bits asked for when so many were solved in the last minute: one more for each doubling."""
    return min(MOST_BITS, LEAST_BITS + (lately // calm).bit_length())


def is_solved(challenge: str, proof: bytes, bits: int) -> bool:
    """Whether SHA-256(challenge ‖ proof) begins with so many zero bits."""
    return int.from_bytes(sha256(challenge.encode() + proof).digest()) >> 256 - bits == 0


@dataclass(frozen=True)
class Challenge:
    """A challenge and the zero bits it asks for."""

    text: str
    bits: int


class Challenges:
    """Makes and checks the challenges of one purpose. `clock` gives seconds, `randomness` so many bytes."""

    def __init__(
        self, secret: str, purpose: str, clock: Callable[[], float], randomness: Callable[[int], bytes], calm: int = CALM
    ) -> None:
        class Signer(TimestampSigner):
            def get_timestamp(self) -> int:
                return int(clock())

        self._signer = Signer(secret, salt=purpose, key_derivation="hmac", digest_method=sha256)
        self._clock = clock
        self._randomness = randomness
        self._calm = calm
        self._solved: dict[int, set[bytes]] = {}  # by minute, the last two only; the same one again is no more load

    def make(self) -> Challenge:
        """A new challenge, its work according to the load."""
        bits = difficulty(self._lately(), self._calm)
        return Challenge(self._signer.sign(f"{self._randomness(16).hex()}.{bits}").decode(), bits)

    def check(self, text: str, proof: bytes) -> bytes:
        """The hash under which a solved challenge is spent. Raises ChallengeRefused."""
        try:
            nonce, _, least = self._signer.unsign(text, max_age=GOOD_SECONDS).decode().partition(".")
        except BadData:
            raise ChallengeRefused from None
        bits = int(least)  # signed here, so it is a number
        if not is_solved(text, proof, bits) or bits < difficulty(self._lately(), self._calm) - _BITS_BEHIND:
            raise ChallengeRefused
        # Of the nonce, not the text: base64 gives a signature several spellings, and each could be spent once.
        spent = sha256(nonce.encode()).digest()
        self._solved.setdefault(self._minute(), set()).add(spent)
        return spent

    def _lately(self) -> int:
        minute = self._minute()
        self._solved = {each: self._solved.get(each, set()) for each in (minute - 1, minute)}
        return max(len(solved) for solved in self._solved.values())

    def _minute(self) -> int:
        return int(self._clock() // 60)

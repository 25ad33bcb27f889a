"""Receipts: the service's word that bytes arrived, made without anybody's doing (spec section 6.4). Its key opens nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from whistle.desk.starting import KeyCard
from whistle.errors import NotAnEnvelope, ReceiptKeyNotListed
from whistle.protocol.envelope import header_length
from whistle.sealing.keys import SigningKey
from whistle.sealing.receipts import receipt_for

_LONGEST_START = 16_384


@dataclass(frozen=True, eq=False)
class Receipts:
    """Signs, as long as the card in force says that this key signs."""

    card: KeyCard
    key: SigningKey

    def sign(self, sealed: bytes, box: bytes, day: date) -> bytes | None:
        """The receipt of some sealed bytes (their SHA-256) of a day; None if the card does not let the key sign it."""
        return receipt_for(sealed, box, day, self.card.known(), self.key) if self.is_listed(day) else None

    def is_listed(self, day: date) -> bool:
        """Whether the card in force believes this key on a day."""
        return self.key.public in self.card.known().receipt_keys_on(day)

    def check(self, today: date) -> None:
        """Raises ReceiptKeyNotListed if what comes today would get no receipt."""
        if not self.is_listed(today):
            raise ReceiptKeyNotListed


def hashes(pieces: Iterable[bytes]) -> tuple[bytes, bytes, int]:
    """SHA-256 of a sealed file, SHA-256 of its payload, and the length of its header; all of it is payload if it has none."""
    whole, payload, header = sha256(), sha256(), None
    for piece in pieces:
        if header is None:
            header = _header_of(piece)
            payload.update(piece[header:])
        else:
            payload.update(piece)
        whole.update(piece)
    return whole.digest(), payload.digest(), header or 0


def _header_of(first: bytes) -> int:
    try:
        return header_length(first[:_LONGEST_START]) or 0
    except NotAnEnvelope:
        return 0

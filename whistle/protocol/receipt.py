"""The receipt: the desk's signed word that some bytes arrived on a day (spec section 6.4). Pure layout; verifies nothing."""

import re
from dataclasses import dataclass
from datetime import date

from whistle.errors import NotAReceipt
from whistle.protocol.spelling import day, read_base64, write_base64

_RECEIPT = re.compile(
    r"whistle/1 receipt\n"
    r"instance: ([0-9a-f]{32})\n"
    r"box: ([0-9a-f]{64})\n"
    r"sealed: ([0-9a-f]{64})\n"
    r"card: ([0-9a-f]{64})\n"
    r"day: ([0-9]{4}-[0-9]{2}-[0-9]{2})\n"
    r"key: ([0-9a-f]{64})\n"
    r"signature: ([A-Za-z0-9+/]{86})\n"
)


@dataclass(frozen=True)
class Receipt:
    """What arrived (`sealed`, a SHA-256), in which box and on which day; the digest of the card in force; who signs it."""

    instance: bytes
    box: bytes
    sealed: bytes
    card: bytes
    day: date
    key: bytes
    signature: bytes = bytes(64)

    @property
    def signed_text(self) -> bytes:
        return (
            f"whistle/1 receipt\ninstance: {self.instance.hex()}\nbox: {self.box.hex()}\nsealed: {self.sealed.hex()}\n"
            f"card: {self.card.hex()}\nday: {self.day}\nkey: {self.key.hex()}\n"
        ).encode()


def serialize(receipt: Receipt) -> bytes:
    """The bytes of a receipt."""
    return receipt.signed_text + f"signature: {write_base64(receipt.signature)}\n".encode()


def parse(file: bytes) -> Receipt:
    """The receipt of its bytes. Raises NotAReceipt."""
    match = _RECEIPT.fullmatch(file.decode("ascii", "replace"))
    if match is None:
        raise NotAReceipt
    *hashes, on, key, signature = match.groups()
    instance, box, sealed, card = map(bytes.fromhex, hashes)
    try:
        receipt = Receipt(instance, box, sealed, card, day(on), bytes.fromhex(key), read_base64(signature, 64))
    except ValueError:
        raise NotAReceipt from None
    return receipt

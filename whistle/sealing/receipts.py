"""Signing and reading receipts (spec section 6.4). The receipt key opens nothing: it says that bytes arrived, and no more."""

from collections.abc import Container
from dataclasses import replace
from datetime import date

from whistle.errors import BadSignature
from whistle.protocol import receipt as receipts
from whistle.protocol.card import Card
from whistle.protocol.constants import LABEL_RECEIPT
from whistle.protocol.receipt import Receipt
from whistle.sealing.keys import SigningKey
from whistle.sealing.signing import sign, verify


def receipt_for(sealed: bytes, box: bytes, on: date, card: Card, key: SigningKey) -> bytes:
    """The receipt of some sealed bytes (their SHA-256) that came into a box on a day."""
    receipt = Receipt(card.instance, box, sealed, card.digest, on, key.public)
    return receipts.serialize(replace(receipt, signature=sign(LABEL_RECEIPT, key, receipt.signed_text)))


def read_receipt(file: bytes, box: bytes, there: Container[bytes], card: Card) -> Receipt:
    """The receipt of something that is `there` in a box. Raises NotAReceipt, or BadSignature if it is not this desk's."""
    receipt = receipts.parse(file)
    if receipt.key not in card.receipt_keys_on(receipt.day) or receipt.instance != card.instance:
        raise BadSignature
    if receipt.box != box or receipt.sealed not in there:
        raise BadSignature
    verify(LABEL_RECEIPT, receipt.key, receipt.signed_text, receipt.signature)
    return receipt

"""Signing and reading heads of the log (spec section 6.6), with the key that signs receipts and a label of their own."""

from dataclasses import replace
from datetime import date

from whistle.errors import BadSignature
from whistle.protocol import loghead as heads
from whistle.protocol.card import Card
from whistle.protocol.constants import LABEL_LOG
from whistle.protocol.loghead import LogHead
from whistle.sealing.keys import SigningKey
from whistle.sealing.signing import sign, verify


def head_of(lines: int, last: bytes, on: date, instance: bytes, key: SigningKey) -> bytes:
    """The signed head of a log that had so many lines on a day, and this hash after the last."""
    head = LogHead(instance, lines, last, on, key.public)
    return heads.serialize(replace(head, signature=sign(LABEL_LOG, key, head.signed_text)))


def read_head(file: bytes, card: Card) -> LogHead:
    """The head. Raises NotALogHead, or BadSignature if no receipt key that the card has for its day signed it."""
    head = heads.parse(file)
    if head.key not in card.receipt_keys_on(head.day) or head.instance != card.instance:
        raise BadSignature
    verify(LABEL_LOG, head.key, head.signed_text, head.signature)
    return head

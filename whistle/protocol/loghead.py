"""The head of the desk's log: its lines, their hash and the day (spec section 6.6). Pure layout; verifies nothing."""

import re
from dataclasses import dataclass
from datetime import date

from whistle.errors import NotALogHead
from whistle.protocol.spelling import day, read_base64, write_base64

_HEAD = re.compile(
    r"whistle/1 log head\n"
    r"instance: ([0-9a-f]{32})\n"
    r"lines: (0|[1-9][0-9]{0,14})\n"
    r"hash: ([0-9a-f]{64})\n"
    r"day: ([0-9]{4}-[0-9]{2}-[0-9]{2})\n"
    r"key: ([0-9a-f]{64})\n"
    r"signature: ([A-Za-z0-9+/]{86})\n"
)


@dataclass(frozen=True)
class LogHead:
    """The hash after so many lines, on which day it was so, and the receipt key that signs it."""

    instance: bytes
    lines: int
    hash: bytes
    day: date
    key: bytes
    signature: bytes = bytes(64)

    @property
    def signed_text(self) -> bytes:
        return (
            f"whistle/1 log head\ninstance: {self.instance.hex()}\nlines: {self.lines}\nhash: {self.hash.hex()}\n"
            f"day: {self.day}\nkey: {self.key.hex()}\n"
        ).encode()


def serialize(head: LogHead) -> bytes:
    """The bytes of a head."""
    return head.signed_text + f"signature: {write_base64(head.signature)}\n".encode()


def parse(file: bytes) -> LogHead:
    """The head of its bytes. Raises NotALogHead."""
    match = _HEAD.fullmatch(file.decode("ascii", "replace"))
    if match is None:
        raise NotALogHead
    instance, lines, last, on, key, signature = match.groups()
    try:
        numbers = bytes.fromhex(instance), int(lines), bytes.fromhex(last)
        return LogHead(*numbers, day(on), bytes.fromhex(key), read_base64(signature, 64))
    except ValueError:
        raise NotALogHead from None

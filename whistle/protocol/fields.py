"""How a field of a content is spelled in JSON, and its limits (spec section 6.3). Each spelling reads a value and writes it.

Reading gives a value of the right shape and checks no limit; writing refuses what has no place in a content. Whoever reads
writes again and compares, so that both ways are held to the same. Pure.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, get_type_hints

from whistle.errors import NotAContent
from whistle.protocol import canonical
from whistle.protocol.bech32 import read_recipient, write_recipient
from whistle.protocol.spelling import hexadecimal, read_base64


class Spelling(Protocol):
    """What a class says of one of its fields: `text: Annotated[str, Text(1, 2_000)]`."""

    def read(self, value: Any) -> Any: ...

    def write(self, value: Any) -> Any: ...


@dataclass(frozen=True)
class Text:
    """A well-formed text, limited in UTF-8 bytes after escaping."""

    shortest: int
    longest: int

    def read(self, value: Any) -> Any:
        return value

    def write(self, value: Any) -> str:
        must(isinstance(value, str) and canonical.is_well_formed(value))
        must(self.shortest <= canonical.written_length(value) <= self.longest)
        return str(value)


@dataclass(frozen=True)
class Word:
    """A text that a pattern describes."""

    pattern: re.Pattern[str]

    def read(self, value: Any) -> Any:
        return value

    def write(self, value: Any) -> str:
        must(isinstance(value, str) and self.pattern.fullmatch(value) is not None)
        return str(value)


@dataclass(frozen=True)
class Count:
    """An integer."""

    least: int
    most: int

    def read(self, value: Any) -> Any:
        return value

    def write(self, value: Any) -> int:
        must(type(value) is int and self.least <= value <= self.most)
        return int(value)


@dataclass(frozen=True)
class Bytes:
    """Bytes of one length, in hexadecimal."""

    length: int

    def read(self, value: Any) -> bytes:
        return hexadecimal(value, self.length)

    def write(self, value: Any) -> str:
        must(isinstance(value, bytes) and len(value) == self.length)
        return str(value.hex())


@dataclass(frozen=True)
class Sealed:
    """A sealed field: base64 of one length, which stays text here."""

    length: int

    def read(self, value: Any) -> Any:
        return value

    def write(self, value: Any) -> str:
        must(isinstance(value, str))
        try:
            read_base64(value, self.length * 3 // 4)
        except ValueError:
            raise NotAContent from None
        return str(value)


@dataclass(frozen=True)
class Recipient:
    """An age hybrid recipient, 1,216 raw bytes."""

    def read(self, value: Any) -> bytes:
        return read_recipient(value)

    def write(self, value: Any) -> str:
        return write_recipient(value)


@dataclass(frozen=True)
class OrNull:
    """What may be missing."""

    spelling: Spelling

    def read(self, value: Any) -> Any:
        return None if value is None else self.spelling.read(value)

    def write(self, value: Any) -> Any:
        return None if value is None else self.spelling.write(value)


@dataclass(frozen=True)
class Listed:
    """A list; `holds` may say how its entries go together."""

    spelling: Spelling
    fewest: int
    most: int
    holds: Callable[[Any], bool] = bool

    def read(self, value: Any) -> tuple[Any, ...]:
        return tuple(self.spelling.read(each) for each in value)

    def write(self, value: Any) -> list[Any]:
        must(self.fewest <= len(value) <= self.most and (not value or self.holds(value)))
        return [self.spelling.write(each) for each in value]


@dataclass(frozen=True)
class Record:
    """An object of a class whose every field says how it is spelled, in this order."""

    kind: Callable[..., Any]

    def read(self, value: Any) -> Any:
        return self.kind(**{name: spelling.read(value[name]) for name, spelling in _spellings(self.kind).items()})

    def write(self, value: Any) -> dict[str, Any]:
        return {name: spelling.write(getattr(value, name)) for name, spelling in _spellings(self.kind).items()}


@cache
def _spellings(kind: Callable[..., Any]) -> dict[str, Spelling]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def must(holds: bool) -> None:
    if not holds:
        raise NotAContent

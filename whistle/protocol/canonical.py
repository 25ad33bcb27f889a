"""JSON with one spelling: what JSON.stringify writes, and nothing that it would write differently (spec section 6.1).

Pure. Reading gives plain values; whistle.protocol.content makes them mean something.
"""

import json
import re
from typing import Any, NoReturn

from whistle.errors import NotAContent
from whistle.protocol.constants import INTEGER_LIMIT, JSON_DEPTH

# A string, ended or not, or a bracket. After its opening quote a string cannot fail to match, so that the scan is linear.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def write(value: Any) -> bytes:
    """The one spelling of a value made of dicts, lists, strings, integers and None."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def read(text: bytes) -> Any:
    """The value. Raises NotAContent if writing it again would give other bytes."""
    try:
        characters = text.decode("utf-8")
        _refuse_deep(characters)
        value = json.loads(
            characters, parse_int=_integer, parse_float=_refuse, parse_constant=_refuse, object_pairs_hook=_object
        )
        if write(value) == text:
            return value
    except ValueError:  # not UTF-8, not JSON, a lone surrogate
        pass
    raise NotAContent


def written_length(text: str) -> int:
    """UTF-8 bytes of a text after escaping, without its quotes: what limits count."""
    return len(write(text)) - 2


def is_well_formed(text: str) -> bool:
    """Whether a text has no lone surrogate, which no UTF-8 can carry."""
    return not _SURROGATE.search(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in the order that JSON.stringify would give it: array indices first, rising; no key twice."""
    names = [name for name, _ in pairs]
    indices = {name for name in names if _INDEX.fullmatch(name) and int(name) < 2**32 - 1}
    in_order = sorted(indices, key=int) + [name for name in names if name not in indices]
    if names != in_order or len(set(names)) != len(names):
        _refuse("")
    return dict(pairs)


def _integer(digits: str) -> int:
    # At most 16 digits and a sign: a longer one is refused before Python reads it.
    if len(digits) > 17 or abs(int(digits)) > INTEGER_LIMIT:
        _refuse(digits)
    return int(digits)


def _refuse(_: str) -> NoReturn:
    raise NotAContent


def _refuse_deep(characters: str) -> None:
    """Refuse before parsing, so that no parser is made to recurse by a stranger."""
    depth = 0
    for token in _TOKEN.finditer(characters):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > JSON_DEPTH:
            raise NotAContent

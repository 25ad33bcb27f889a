"""The one place where pages meet values: strict Jinja2, and the catalogue of words that pages are written with.

Escapes always, refuses every unknown name, and knows no request.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from whistle.errors import WhistleError

Pages = Environment  # for those who are handed the pages and are not to import the engine
_GAP = re.compile(r"\{([a-z]+)\}")


class CatalogueWrong(WhistleError):
    """A catalogue of words cannot be read, or says something in one language that it does not say in another."""


class WordMissing(WhistleError):
    """A page asks for a word, or a word for a value, that is not there."""


@dataclass(frozen=True)
class Catalogue:
    """The words of one language, by dotted key. A word may have gaps, written {name}, to be filled when it is said."""

    language: str
    words: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The word of this key with its gaps filled. Raises WordMissing; gaps and values must match exactly."""
        if key not in self.words:
            raise WordMissing(f"The catalogue {self.language} has no word {key}.")
        word = self.words[key]
        if set(_GAP.findall(word)) != set(values):
            raise WordMissing(f"The word {key} of {self.language} was not given exactly the values that its gaps name.")
        return _GAP.sub(lambda gap: str(values[gap[1]]), word)

    def under(self, prefix: str) -> Mapping[str, str]:
        """Every word whose key begins with `prefix` and a point, by the rest of its key, its gaps as they are."""
        start = prefix + "."
        return {key.removeprefix(start): word for key, word in self.words.items() if key.startswith(start)}


@cache
def environment(folder: Path) -> Environment:
    """Where the pages of one program are read from. Neither program is given the other's folder. Pages are compiled once."""
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def read_style(folder: Path) -> bytes:
    """The style sheet of one program: what both share, which lies above their folders, and then its own."""
    return b"".join(each.joinpath("style.css").read_bytes() for each in (folder.parent, folder))


def read_catalogues(folder: Path, languages: tuple[str, ...]) -> Mapping[str, Catalogue]:
    """The catalogue of each language, `folder/<language>.toml`. Raises CatalogueWrong unless all say the same things."""
    if not languages:
        raise CatalogueWrong("No language is given.")
    catalogues = {language: Catalogue(language, _words(folder / f"{language}.toml")) for language in languages}
    first = catalogues[languages[0]]
    for other in catalogues.values():
        _same_words(first, other)
    return MappingProxyType(catalogues)


def _words(file: Path) -> Mapping[str, str]:
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise CatalogueWrong(f"The catalogue {file.name} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueWrong(f"The catalogue {file.name} is not TOML: {error}.") from None
    words: dict[str, str] = {}
    _gather(table, "", file.name, words)
    return MappingProxyType(words)


def _gather(table: Mapping[str, Any], start: str, name: str, words: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _gather(value, f"{start}{key}.", name, words)
        elif isinstance(value, str) and value.strip():
            words[start + key] = value
        else:
            raise CatalogueWrong(f"The catalogue {name} has no text at {start}{key}.")


def _same_words(first: Catalogue, other: Catalogue) -> None:
    """The same keys, and in each word the same gaps. Raises CatalogueWrong and names the first that differs."""
    lone = sorted(set(first.words) ^ set(other.words))
    if lone:
        raise CatalogueWrong(f"The word {lone[0]} is in only one of the catalogues {first.language} and {other.language}.")
    for key, word in first.words.items():
        if set(_GAP.findall(word)) != set(_GAP.findall(other.words[key])):
            raise CatalogueWrong(f"The word {key} has other gaps in {other.language} than in {first.language}.")

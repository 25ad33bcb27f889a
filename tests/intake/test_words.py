"""The words a reporter reads: each is said somewhere, in every language, and translated."""

import re

import pytest

from tests.intake.test_site import TEMPLATES, TOP
from whistle.web.templates import read_catalogues

LANGUAGES = tuple(sorted(file.stem for file in TEMPLATES.glob("*.toml")))
CATALOGUES = read_catalogues(TEMPLATES, LANGUAGES)
CHOSEN = ("category.", "relationship.")  # a bank's settings name those that it offers
ALIKE = {"tab.front"}


def sources() -> str:
    files = [*TEMPLATES.glob("*.html"), *(TOP / "browser/src").rglob("*.js"), *(TOP / "whistle/intake").glob("s*.py")]
    assert len(files) > 40
    return "".join(file.read_text("utf-8") for file in files)


def is_said(key: str, quoted: set[str], made: set[str]) -> bool:
    """Whether a page or a script names the key, or its last part where a section's keys are put together."""
    short = key.removeprefix("script.")
    section, _, last = short.rpartition(".")
    parts = {last, last.removesuffix("-words"), last.removeprefix("found-"), last.removeprefix("warn-"), last.replace("-", "_")}
    return bool({key, short} & quoted) or (section in made and bool(parts & quoted)) or key.startswith(CHOSEN)


def test_every_word_is_said_somewhere() -> None:
    text = sources()
    quoted = set(re.findall(r"[\"'`]([\w.-]+)[\"'`]", text))
    made = {each.rstrip(".") for each in re.findall(r"[\"']([\w.-]+\.)[\"'] ?~|`([\w.]+\.)\$\{", text) for each in each if each}
    made |= {"answer"}  # given to a macro by its name
    assert len(quoted) > 300
    assert len(made) > 10
    assert [key for key in CATALOGUES["en"].words if not is_said(key, quoted, made)] == []


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_sentence_is_translated(language: str) -> None:
    english, words = CATALOGUES["en"].words, CATALOGUES[language].words
    same = [key for key, word in words.items() if word == english[key] and len(word.split()) > 1]
    assert [key for key in same if key not in ALIKE and not re.fullmatch(r"[\W\d]*(\{\w+\}[\W\d]*)+", words[key])] == []
    alone = [key for key, word in words.items() if word == english[key] and len(word.split()) == 1]
    assert len(alone) < 12, alone


def test_no_word_has_another_languages_locale() -> None:
    assert {name: catalogue.words["script.common.locale"] for name, catalogue in CATALOGUES.items()} == {
        name: {"da": "da-DK", "sv": "sv-SE", "nb": "nb-NO", "fi": "fi-FI", "en": "en-GB"}[name] for name in CATALOGUES
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_is_text_and_no_markup_and_its_quotation_marks_come_in_pairs(language: str) -> None:
    for key, word in CATALOGUES[language].words.items():
        assert not re.search(r"[<>]|&\w+;|\s\s|^\s|\s$", word), key
        assert word.count("“") == word.count("”") or language in ("sv", "fi"), key
        assert word.count("«") == word.count("»"), key
        assert language not in ("sv", "fi") or word.count("”") % 2 == 0, key

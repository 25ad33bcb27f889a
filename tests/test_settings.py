"""Settings are read strictly: what is unknown, missing or of another kind stops the program with the key's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from whistle.errors import SettingsWrong
from whistle.settings import read, secret


@dataclass(frozen=True)
class Place:
    name: str
    open: bool


@dataclass(frozen=True)
class Some:
    host: str
    port: int
    quiet: bool
    card: Path
    names: tuple[str, ...]
    place: Place
    places: tuple[Place, ...]
    words: Mapping[str, str]
    note: str = "none"
    limit: int | None = None
    limits: Mapping[str, int] | None = None


GOOD = """
host = "127.0.0.1"
port = 8440
quiet = false
card = "var/card.txt"
names = ["a", "b"]
places = [{ name = "c", open = true }]
[place]
name = "d"
open = false
[words]
da = "ja"
[limits]
days = 3
"""


def given(tmp_path: Path, text: str, environment: Mapping[str, str] | None = None) -> Some:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    return read(Some, file, environment or {}, "WHISTLE_SOME")


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    expected = ("127.0.0.1", 8440, False, Path("var/card.txt"), ("a", "b"), Place("d", False), (Place("c", True),))
    found = given(tmp_path, GOOD)
    assert (found.host, found.port, found.quiet, found.card, found.names, found.place, found.places) == expected
    assert (dict(found.words), found.note, found.limit) == ({"da": "ja"}, "none", None)
    assert found.limits == {"days": 3}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("port = 8440", "", "port is missing"),
        ("port = 8440", "port = '8440'", "port must be of kind int"),
        ("port = 8440", "port = true", "port must be of kind int"),
        ("port = 8440", "port = 8440.0", "port must be of kind int"),
        ("port = 8440", "port = 8440\nprot = 1", "no setting prot"),
        ("quiet = false", "quiet = 0", "quiet must be of kind bool"),
        ("host = ", "host = 1 #", "host must be of kind str"),
        ("card = ", "card = 1 #", "card must be of kind"),
        ('["a", "b"]', '"a"', "names must be a list"),
        ('["a", "b"]', '["a", 1]', r"names\[1\] must be of kind str"),
        ("open = false", "", r"place\.open is missing"),
        ("open = false", "open = false\nshut = true", r"no setting place\.shut"),
        ("open = true", "open = 1", r"places\[0\]\.open must be of kind bool"),
        ('da = "ja"', "da = 1", r"words\.da must be of kind str"),
        ("days = 3", "days = '3'", r"limits\.days must be of kind int"),
        ("[place]", "[place", "is not TOML"),
        ("port = 8440", "port = 8440\nlimit = 'x'", "limit must be of kind int"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(SettingsWrong, match=message):
        given(tmp_path, GOOD.replace(old, new, 1))


def test_a_table_where_a_text_belongs_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="place must be a table"):
        given(tmp_path, GOOD.replace('[place]\nname = "d"\nopen = false', "").replace("port =", "place = 'd'\nport ="))


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environment = {"WHISTLE_SOME_PORT": "9", "WHISTLE_SOME_QUIET": "true", "WHISTLE_SOME_CARD": "/c", "OTHER_PORT": "1"}
    found = given(tmp_path, GOOD, environment)
    assert (found.port, found.quiet, found.card) == (9, True, Path("/c"))


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("WHISTLE_SOME_PROT", "1", "no setting prot"),
        ("WHISTLE_SOME_PORT", "eight", "must be a whole number"),
        ("WHISTLE_SOME_QUIET", "yes", "must be true or false"),
        ("WHISTLE_SOME_NAMES", "a", "is a table: give it in the settings file"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(tmp_path: Path, variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsWrong, match=message):
        given(tmp_path, GOOD, {variable: value})


def test_a_file_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match=r"nowhere\.toml cannot be read"):
        read(Some, tmp_path / "nowhere.toml", {}, "WHISTLE_SOME")


def test_a_secret_is_the_line_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the machine\n")
    assert secret(tmp_path / "secret") == "of the machine"


def test_a_missing_secret_is_named_by_its_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="nothing cannot be read"):
        secret(tmp_path / "nothing")

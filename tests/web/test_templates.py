"""Strict pages, and catalogues that say the same things in every language."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from whistle.web.templates import Catalogue, CatalogueWrong, WordMissing, environment, read_catalogues

INTAKE = Path(__file__).resolve().parents[2] / "templates" / "intake"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "en.toml").write_text('[front]\ntitle = "Report"\nwithin = "Within {days} days"\n', "utf-8")
    (tmp_path / "da.toml").write_text('[front]\ntitle = "Indberet"\nwithin = "Inden for {days} dage"\n', "utf-8")
    return tmp_path


def rendered(folder: Path, page: str, **values: object) -> str:
    (folder / "page.html").write_text(page, "utf-8")
    return environment(folder).get_template("page.html").render(**values)


def test_a_text_never_becomes_markup(folder: Path) -> None:
    assert rendered(folder, "{{ text }}", text="<b>&") == "&lt;b&gt;&amp;"


def test_an_unknown_name_in_a_page_is_refused(folder: Path) -> None:
    with pytest.raises(UndefinedError):
        rendered(folder, "{{ nobody }}")


def test_a_word_is_said_in_its_language_with_its_gaps_filled(folder: Path) -> None:
    assert read_catalogues(folder, ("da", "en"))["da"]("front.within", days=7) == "Inden for 7 dage"


def test_a_word_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(WordMissing, match=r"front\.lead"):
        read_catalogues(folder, ("da",))["da"]("front.lead")


@pytest.mark.parametrize("values", [{}, {"days": 7, "months": 3}, {"months": 3}])
def test_a_word_is_given_exactly_the_values_of_its_gaps(folder: Path, values: dict[str, int]) -> None:
    with pytest.raises(WordMissing, match=r"front\.within"):
        read_catalogues(folder, ("da",))["da"]("front.within", **values)


def test_a_value_is_not_read_as_a_gap() -> None:
    assert Catalogue("en", {"a": "{x} {y}"})("a", x="{y}", y="z") == "{y} z"


def test_a_word_in_one_language_only_is_refused_by_name(folder: Path) -> None:
    (folder / "da.toml").write_text('[front]\ntitle = "Indberet"\n', "utf-8")
    with pytest.raises(CatalogueWrong, match=r"front\.within"):
        read_catalogues(folder, ("da", "en"))


def test_other_gaps_in_another_language_are_refused_by_name(folder: Path) -> None:
    (folder / "da.toml").write_text('[front]\ntitle = "Indberet"\nwithin = "Inden for {dage} dage"\n', "utf-8")
    with pytest.raises(CatalogueWrong, match=r"front\.within"):
        read_catalogues(folder, ("da", "en"))


@pytest.mark.parametrize("text", ["a = 1\n", 'a = " "\n', "a =\n", 'a = ["b"]\n'])
def test_a_catalogue_has_nothing_but_texts(folder: Path, text: str) -> None:
    (folder / "da.toml").write_text(text, "utf-8")
    with pytest.raises(CatalogueWrong, match=r"da\.toml"):
        read_catalogues(folder, ("da",))


def test_a_language_without_a_catalogue_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(CatalogueWrong, match=r"sv\.toml"):
        read_catalogues(folder, ("da", "sv"))


def test_the_words_under_a_key_come_without_it(folder: Path) -> None:
    assert list(read_catalogues(folder, ("en",))["en"].under("front")) == ["title", "within"]


def test_every_catalogue_of_intake_says_the_same_things() -> None:
    languages = tuple(sorted(file.stem for file in INTAKE.glob("*.toml")))
    assert {"da", "en"} <= set(languages)
    assert all(len(catalogue.words) > 200 for catalogue in read_catalogues(INTAKE, languages).values())


def test_danish_reports_and_never_charges() -> None:
    """`anmelde` is what one does at the police; here it is `indberette` (requirements, section 9)."""
    assert not [word for word in read_catalogues(INTAKE, ("da",))["da"].words.values() if "anmeld" in word.lower()]

"""Which passphrases are refused, and that no rule of composition stands in the way of a good one."""

import re
import unicodedata
from pathlib import Path

import pytest

from whistle.errors import PassphraseTooWeak
from whistle.passphrases import SHORTEST, check

LIST = Path(__file__).resolve().parents[1] / "whistle/common-passphrases.txt"


@pytest.mark.parametrize(
    "weak",
    [
        "fourteen chars",
        "               ",
        "password password",
        "correct horse battery staple",
        "ananananananananan",
        "aaaaaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "Demobank-whistle-2026",
        "anna anna anna anna!",
        "Risikokontrol1234",
        "12345678901234567890",
        "Velkommen-sommer-1",
        "Morgenstund har guld i mund!",
        "MORGONSTUND-HAR-GULD-I-MUND-1",
        "morgenstundhargullimunn",
        "Hyvaa joulua ja onnellista uutta vuotta",
        "hyvää joulua ja onnellista uutta vuotta 2026",
        "Ｔｈｅ early bird catches the worm",
        "1qaz2wsx3edc4rfv5t",
        "Qwertyuiop-Asdfghjkl",
        "anna@demobank.dk 2026",
    ],
)
def test_a_short_common_or_repeated_passphrase_is_refused(weak: str) -> None:
    with pytest.raises(PassphraseTooWeak):
        check(weak, "anna", "Demobank")


@pytest.mark.parametrize(
    "good", ["nattoget til skagen gik ikke", "jeg spiser rødgrød kl tre", "zqmvkxwpjtrhbnd", "the green stairs, below the roof"]
)
def test_long_ones_are_taken_without_capitals_digits_or_signs(good: str) -> None:
    assert check(good, "anna", "Demobank") == good


def test_no_phrase_of_the_list_is_taken_in_any_spelling() -> None:
    lines = [line for line in LIST.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    long = [line for line in lines if len(re.sub(r"\W", "", line)) >= SHORTEST]
    assert len(lines) == len(set(lines))
    assert len(long) > 400
    for line in long:
        bare = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", line))
        for spelt in (line, line.upper(), f"{line.title().replace(' ', '-')}1!", f"2026{line.replace(' ', '')}", bare):
            with pytest.raises(PassphraseTooWeak):
                check(spelt, "anna", "Demobank")


def test_a_common_word_within_a_long_sentence_of_ones_own_does_no_harm() -> None:
    assert check("my dragon eats welcome mats in april", "anna", "Demobank")


def test_a_very_long_one_is_taken_and_one_of_more_than_1024_characters_is_refused() -> None:
    long = ("nattoget til skagen gik ikke" + str(3**2_200))[:1_024]
    assert check(long, "anna", "Demobank") == long
    with pytest.raises(PassphraseTooWeak):
        check(long + "a", "anna", "Demobank")

"""Which passphrases are refused, and that no rule of composition stands in the way of a good one."""

import pytest

from whistle.desk.passphrases import check
from whistle.errors import PassphraseTooWeak


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


def test_a_very_long_one_is_taken_and_one_of_more_than_1024_characters_is_refused() -> None:
    long = ("nattoget til skagen gik ikke" + str(3**2_200))[:1_024]
    assert check(long, "anna", "Demobank") == long
    with pytest.raises(PassphraseTooWeak):
        check(long + "a", "anna", "Demobank")

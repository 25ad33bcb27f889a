"""The style sheets: what both programs share and what each zone adds. No dead rule, none twice, colours that can be read."""

import re
from pathlib import Path

import pytest

from whistle.web.templates import read_style

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
SCRIPTS = TEMPLATES.parent / "browser" / "src" / "pages"
ZONES = ("intake", "desk")
PAPERS = ("paper", "raised")
SCHEMES = ("light", "dark")
# What is written on what, 4.5 to 1; and what shows where something can be typed or pressed, 3 to 1 (WCAG 1.4.3, 1.4.11).
TEXTS = [(text, paper) for text in ("ink", "soft", "deep", "deeper", "red", "amber") for paper in PAPERS] + [
    *((text, "wash") for text in ("ink", "soft", "deep", "deeper")),
    *((text, "red-wash") for text in ("ink", "soft", "red")),
    *((text, "amber-wash") for text in ("ink", "amber")),
    *(("on-deep", paper) for paper in ("deep", "deeper")),
    *(("paper", paper) for paper in ("ink", "soft")),
]
BORDERS = [(border, paper) for border in ("edge", "deep", "red", "focus") for paper in PAPERS]


def style(zone: str = "") -> str:
    return re.sub(r"/\*.*?\*/", "", (TEMPLATES / zone / "style.css").read_text("utf-8"), flags=re.DOTALL)


def rules(text: str, around: str = "") -> list[tuple[str, str]]:
    """Every selector and every declaration under it, `@media` and the like before it."""
    found: list[tuple[str, str]] = []
    for head, body in re.findall(r"([^{}]+)\{((?:[^{}]|\{[^{}]*\})*)\}", text):
        if "{" in body:
            found += rules(body, f"{head.strip()} ")
        else:
            selectors, declarations = (
                [part.strip() for part in whole.split(mark) if part.strip()] for whole, mark in ((head, ","), (body, ";"))
            )
            found += [(around + selector, each) for selector in selectors for each in declarations]
    return found


def names(zone: str) -> set[str]:
    """Every class and id that a sheet's selectors name."""
    named = {name for selector, _ in rules(style(zone)) for name in re.findall(r"[.#]([a-z][\w-]*)", selector)}
    assert len(named) > 20
    return named


def there(zone: str) -> set[str]:
    """Every class and id that a zone's pages or scripts give. A name that is only known when a page is asked for is none."""
    pages = "".join(page.read_text("utf-8") for page in (TEMPLATES / zone).glob("*.html"))
    scripts = "".join(script.read_text("utf-8") for script in SCRIPTS.glob("*.js")) if zone == "intake" else ""
    given = re.findall(r'\b(?:class|id)="((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)"', pages)
    given += re.findall(r"(?:\bkind: |\.className = )([^,})]*)", scripts) + re.findall(r"classList\.\w+\(('[\w-]+')", scripts)
    return {name for each in given for name in re.findall(r"[a-z][\w-]*", each)}


def colours(scheme: str) -> dict[str, str]:
    light, dark = (dict(re.findall(r"--([a-z-]+): #([0-9a-f]+);", part)) for part in style().split("@media", 2)[:2])
    assert light.keys() == dark.keys()
    return light if scheme == "light" else dark


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = re.findall("..", colour if len(colour) == 6 else "".join(digit * 2 for digit in colour))
    linear = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (int(part, 16) / 255 for part in parts)
    )
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("zone", ZONES)
def test_a_program_serves_what_is_shared_and_then_its_own(zone: str) -> None:
    assert read_style(TEMPLATES / zone) == b"".join((TEMPLATES / each / "style.css").read_bytes() for each in ("", zone))


@pytest.mark.parametrize("zone", ZONES)
def test_every_class_and_id_of_a_zones_sheet_is_in_its_pages(zone: str) -> None:
    assert names(zone) - there(zone) == set()


@pytest.mark.parametrize("zone", ZONES)
def test_every_class_and_id_of_the_shared_sheet_is_in_both_zones(zone: str) -> None:
    assert names("") - there(zone) <= {"button"}  # a link that looks like one: the desk has none


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_repeats_no_rule_of_the_shared_sheet_and_none_of_its_own(zone: str) -> None:
    told = rules(style()) + rules(style(zone))
    assert len(told) > 100
    assert {each for each in told if told.count(each) > 1} == set()


def test_every_token_is_used_and_every_token_that_is_used_is_there() -> None:
    for zone in ZONES:
        told = style() + style(zone)
        assert set(re.findall(r"var\(--([\w-]+)\)", told)) == set(re.findall(r"(?<![\w(-])--([\w-]+):", told))


def test_colours_are_only_in_tokens() -> None:
    for zone in ("", *ZONES):
        assert [
            each for each in rules(style(zone)) if re.search(r"#[0-9a-f]{3,}|\brgb|\bhsl", each[1]) and ":root" not in each[0]
        ] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_can_be_read_in_both_schemes(scheme: str) -> None:
    named = colours(scheme)
    assert {
        pair: contrast(*(named[name] for name in pair)) for pair in TEXTS if contrast(*(named[name] for name in pair)) < 4.5
    } == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_borders_of_what_can_be_used_are_seen_in_both_schemes(scheme: str) -> None:
    named = colours(scheme)
    assert {
        pair: contrast(*(named[name] for name in pair)) for pair in BORDERS if contrast(*(named[name] for name in pair)) < 3
    } == {}


def test_black_on_white_has_the_contrast_that_the_standard_gives() -> None:
    assert contrast("000", "ffffff") == pytest.approx(21)

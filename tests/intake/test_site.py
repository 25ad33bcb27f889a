"""The reporter's site as files: complete, the same for everybody, with nothing in it that the policy would stop."""

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha384, shake_256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType

import pytest

from whistle import settings as reading
from whistle.errors import SettingsWrong
from whistle.intake.settings import Settings, Site
from whistle.intake.site import NOT_FOUND, render
from whistle.protocol.card import Card, Group, GroupKey, SigningKey, serialize
from whistle.protocol.content import KINDS, TO_DESK, TO_REPORTER
from whistle.web.static import StaticFile
from whistle.web.templates import read_catalogues

TOP = Path(__file__).resolve().parents[2]
TEMPLATES = TOP / "templates" / "intake"
DAY = date(2026, 11, 24)
LANGUAGES = ("da", "sv", "nb", "fi", "en")
SECURITY = "/.well-known/security.txt"
LIMIT = 60_000  # bytes of the report page with everything it loads, compressed


def group(name: str, names: dict[str, str], ringed: bool = True) -> Group:
    voices = (SigningKey(DAY, None, b"v" * 32),)
    keys = (GroupKey(1, shake_256(f"{name} {key}".encode()).digest(1216)) for key in ("recipient", "ring a", "ring b"))
    recipient, *rings = keys
    return Group(name, MappingProxyType(names), voices, recipient, (rings[0], rings[1]) if ringed else None)


CARD = Card(
    demo=True,
    instance=b"i" * 16,
    counter=1,
    issued=DAY,
    ends=DAY + timedelta(days=100),
    receipt_keys=(SigningKey(DAY, None, b"q" * 32),),
    groups=(
        group("risk-control", {language: f"Risk control {language}" for language in LANGUAGES}),
        group(
            "audit-chair", {language: f"Chair {language}" for language in LANGUAGES}, ringed=False
        ),  # as in the demo: it has one member
    ),
    revoked=(),
    root=b"r" * 32,
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo's, with what its command adds."""
    added = {
        "PORT": "0",
        "RELAY_PORT": "0",
        "RELAY_TOKEN_SHA256": "0" * 64,
        "DATABASE": "sqlite://",
        "CHALLENGE_SECRET": "none",
        "CARD": "none",
        "CARD_SHA256": "0" * 64,
        "ROOT_FINGERPRINT": CARD.root_fingerprint.hex(),
    }
    demo = (TOP / "deploy" / "demo" / "intake.toml").read_text("utf-8")
    file = tmp_path_factory.mktemp("settings") / "intake.toml"
    named = 'names = ["127.0.0.1"]\n' + re.sub(r"(?m)^names = .*\n", "", demo)
    file.write_text(named, "utf-8")
    return reading.read(Settings, file, {f"W_{key}": value for key, value in added.items()}, "W")


Rendered = Callable[..., dict[str, StaticFile]]


@pytest.fixture(scope="module")
def site(settings: Settings) -> Rendered:
    """Renders with the given changes to the site's own texts."""

    def rendered(card: Card = CARD, **changes: object) -> dict[str, StaticFile]:
        changed: Site = replace(settings.site, **changes)  # type: ignore[arg-type]
        return dict(render(replace(settings, site=changed), card, serialize(card), TEMPLATES))

    return rendered


class Seen(HTMLParser):
    """Everything in a page that the content security policy, or a reader without sight, has an opinion on."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.tags: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.by_id: dict[str, dict[str, str | None]] = {}
        self.named: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append(tag)
        self.attributes[tag] = named
        self.by_id[named.get("id") or ""] = named
        if tag == "meta":
            self.named[named.get("name") or ""] = named.get("content")
        if tag == "style" or (tag == "script" and "src" not in named) or any(n == "style" or n.startswith("on") for n in named):
            self.inline.append(tag)
        if tag in ("script", "img", "iframe", "link"):
            self.loaded.append(named.get("src") or named.get("href") or "")


def text(files: dict[str, StaticFile], path: str) -> str:
    return files[path].body.decode("utf-8")


def pages(files: dict[str, StaticFile]) -> dict[str, str]:
    found = {path: file.body.decode("utf-8") for path, file in files.items() if file.media_type.startswith("text/html")}
    assert len(found) == 27
    return found


def test_the_site_is_exactly_these_files(site: Rendered) -> None:
    ours = {f"/{language}/{page}" for language in LANGUAGES for page in ("", "report", "mailbox", "privacy", "accessibility")}
    scripts = {"/leave.js", "/report.js", "/mailbox.js", "/photos.js", "/instance.js"}
    assert set(site()) == ours | scripts | {"/", NOT_FOUND, "/style.css", "/card.txt", "/robots.txt", SECURITY}


def test_rendering_again_gives_the_same_bytes(site: Rendered) -> None:
    assert site() == site()


def test_the_front_page_is_in_the_first_language(site: Rendered) -> None:
    assert site()["/"] == site()["/da/"]


def test_no_page_has_anything_inline(site: Rendered) -> None:
    assert {path: Seen(page).inline for path, page in pages(site()).items() if Seen(page).inline} == {}


def script_of(path: str) -> str:
    """The one that a page loads."""
    name = path.rpartition("/")[2]
    return f"/{name}.js" if name in ("report", "mailbox") else "/leave.js"


def test_every_page_loads_style_its_own_script_and_nothing_that_this_one_does_not_need(site: Rendered) -> None:
    for path, page in pages(site()).items():
        loaded = [address for address in Seen(page).loaded if not address.startswith("data:")]
        needed = [] if script_of(path) == "/leave.js" else ["/instance.js"]
        assert loaded == ["/style.css", *needed, script_of(path)]


@pytest.mark.parametrize("name", ["leave", "report", "mailbox", "photos"])
def test_a_script_is_whole_in_itself_but_for_the_instance_where_something_is_sealed(site: Rendered, name: str) -> None:
    imported = set(re.findall(r"""\b(?:import|from)\s*["']([^"'\s]+\.js)["']""", text(site(), f"/{name}.js")))
    assert imported == ({"./instance.js"} if name in ("report", "mailbox") else set())


def test_style_and_scripts_load_nothing_from_elsewhere(site: Rendered) -> None:
    files = site()
    assert "url(" not in text(files, "/style.css")
    assert "@import" not in text(files, "/style.css")
    for path in ("/leave.js", "/report.js", "/mailbox.js", "/photos.js"):
        script = text(files, path).replace('"http://ns.adobe.com/', "")  # how a kind of trace in a photo begins
        assert not re.findall(r"""["'`](?:https?:)?//[\w.]""", script), path


def test_a_script_is_loaded_only_with_its_own_hash(site: Rendered) -> None:
    files = site()
    for path, page in pages(files).items():
        expected = "sha384-" + b64encode(sha384(files[script_of(path)].body).digest()).decode()
        assert Seen(page).attributes["script"]["integrity"] == expected


def test_every_page_has_its_language_one_first_heading_and_its_landmarks(site: Rendered) -> None:
    for path, page in pages(site()).items():
        seen = Seen(page)
        assert seen.attributes["html"]["lang"] == (path[1:3] if path[3:4] == "/" else "da")
        assert [seen.tags.count(tag) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]


def test_the_front_page_says_who_reads_who_cannot_and_when(site: Rendered) -> None:
    page = text(site(acknowledge_days=6, feedback_months=2), "/en/")
    for said in (
        "the bank&#39;s risk control function",
        "Your manager, HR",
        "Confirmation in 6 days, feedback within 2 months after it",
        "later than 2 months",
        "Bribery",
        "1 November 2026",
    ):
        assert said in page
    assert CARD.root_fingerprint.hex()[:4] in page


WRITTEN = [("report", "text"), ("report", "answer-when"), ("report", "answer-name"), ("mailbox", "reply-text")]
TYPED = [("mailbox", "case-code"), ("report", "typeback-first"), ("report", "typeback-second")]
SHOWN = [("report", "check-list"), ("report", "code-groups"), ("mailbox", "suggestion-groups"), ("mailbox", "thread")]


@pytest.mark.parametrize(("page", "field"), WRITTEN + TYPED)
def test_no_browser_is_invited_to_send_away_what_is_being_written(site: Rendered, page: str, field: str) -> None:
    said = Seen(text(site(), f"/da/{page}")).by_id[field]
    kept = {name: said.get(name) for name in ("spellcheck", "autocorrect", "writingsuggestions", "autocomplete")}
    assert kept == {"spellcheck": "false", "autocorrect": "off", "writingsuggestions": "false", "autocomplete": "off"}


@pytest.mark.parametrize(("page", "place"), WRITTEN + TYPED + SHOWN)
def test_no_text_of_a_reporter_is_offered_for_translation(site: Rendered, page: str, place: str) -> None:
    assert Seen(text(site(), f"/da/{page}")).by_id[place].get("translate") == "no"


def test_no_page_is_offered_for_translation(site: Rendered) -> None:
    assert {Seen(page).named.get("google") for page in pages(site()).values()} == {"notranslate"}


def test_every_other_way_is_on_the_front_page_and_on_the_pages_that_need_a_script(site: Rendered, settings: Settings) -> None:
    for path in ("/da/", "/da/report", "/da/mailbox"):
        page = text(site(), path)
        for channel in (*settings.site.internal_channels, *settings.site.external_channels):
            assert channel.name["da"] in page
        assert page.count("Denne måde er ikke anonym") >= len(settings.site.internal_channels)


def test_the_bank_chooses_what_is_asked_and_in_which_order(site: Rendered) -> None:
    page = text(site(categories=("aml",), relationships=(), questions=("where", "when")), "/en/report")
    assert re.findall(r'data-step="([\w-]+)"', page) == [
        "text",
        "group",
        "category",
        "where",
        "when",
        "meeting",
        "name",
        "phrase",
        "earlier",
    ]


def test_a_text_of_the_bank_is_never_markup(site: Rendered) -> None:
    assert "<b>Bank</b>" not in "".join(pages(site(organisation="<b>Bank</b>", controller="<b>Bank</b>")).values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_person_must_be_told_stands_on_the_pages_and_takes_no_script(
    site: Rendered, settings: Settings, language: str
) -> None:
    """Whole sections of the catalogue, and what the bank has set: a text that is taken out of a page is missed here."""
    catalogue = read_catalogues(TEMPLATES, LANGUAGES)[language]
    files, bank = site(), settings.site
    told = {
        "|report": ("front", "safe", "recipients", "what", "happens", "honest", "ways", "key"),
        "privacy": ("privacy",),
        "accessibility": ("accessibility",),
    }
    said = {
        "|report": (bank.board_decision[language], bank.complaints.name[language], "klage@demobank.example", bank.organisation),
        "privacy": (bank.controller, "dpo@demobank.example", bank.board_decision[language]),
        "accessibility": ("dpo@demobank.example",),
    }
    for path, sections in told.items():
        page = "".join(visible(text(files, f"/{language}/{each}")) for each in path.split("|"))
        words = [word for section in sections for word in catalogue.under(section).values()]
        missing = [word for word in (*words, *said[path]) if not re.search(gaps(word), page)]
        assert missing == []


def visible(page: str) -> str:
    """What it says outside of its markup, and outside of what only scripts read."""
    shown = re.sub(r"<template.*?</template>|<wbr>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", shown)).split())


def gaps(word: str) -> str:
    """The word as a pattern, in which anything may stand for what is filled in."""
    return ".+?".join(map(re.escape, re.split(r"\{\w+\}", " ".join(word.split()))))


@pytest.mark.parametrize("nowhere", ["complaints", "external_channels"])
def test_a_bank_that_does_not_say_where_else_one_can_go_is_refused(site: Rendered, settings: Settings, nowhere: str) -> None:
    with pytest.raises(SettingsWrong, match="where else one can go"):
        site(**{nowhere: replace(settings.site.complaints, contact=()) if nowhere == "complaints" else ()})


def test_the_demo_label_is_on_every_page_of_a_demo_and_on_no_other(site: Rendered) -> None:
    production = replace(CARD, demo=False)
    assert all(page.count("Demo: ") == 2 for page in pages(site()).values())  # for eyes, and for ears
    assert not any("Demo: " in page for page in pages(site(production)).values())


def test_the_missing_page_speaks_every_language(site: Rendered) -> None:
    assert "Siden findes ikke" in text(site(), NOT_FOUND)
    assert "This page does not exist" in text(site(), NOT_FOUND)


def test_a_security_contact_is_published_only_when_there_is_one(site: Rendered) -> None:
    files = site()
    assert SECURITY not in site(security_contact="")
    assert text(files, SECURITY) == "Contact: mailto:security@demobank.example\nExpires: 2027-03-04T00:00:00Z\n"


def test_the_card_is_published_as_it_is(site: Rendered) -> None:
    assert site()["/card.txt"].body == serialize(CARD)


def test_the_instance_script_is_plain_and_names_instance_and_root(site: Rendered) -> None:
    script = text(site(), "/instance.js")
    assert script.startswith("export const instance = Object.freeze({")
    assert script.isascii()
    assert CARD.instance.hex() in script
    assert CARD.root_fingerprint.hex() in script


def test_the_instance_script_says_how_many_files_are_taken_and_how_large(site: Rendered) -> None:
    assert '"files": 10, "fileBytes": 100000000}' in text(site(), "/instance.js")


def test_a_group_of_which_the_settings_do_not_speak_is_refused(site: Rendered) -> None:
    with pytest.raises(SettingsWrong, match=r"site\.recipients"):
        site(replace(CARD, groups=CARD.groups[:1]))


def test_a_text_that_lacks_a_language_is_refused(site: Rendered) -> None:
    with pytest.raises(SettingsWrong, match="not given in sv"):
        site(scheme={"da": "Ordning"})


def test_an_authority_without_its_country_is_refused(site: Rendered, settings: Settings) -> None:
    nowhere = replace(settings.site.external_channels[0], country="")
    with pytest.raises(SettingsWrong, match="two letters"):
        site(external_channels=(nowhere,))


def test_authorities_stand_under_their_countries(site: Rendered) -> None:
    page = text(site(), "/en/")
    assert (
        page.index("<summary>Denmark")
        < page.index("whistleblower.dk")
        < page.index("<summary>Finland")
        < page.index("oikeuskansleri")
    )


def test_no_title_says_what_the_pages_are_for(site: Rendered) -> None:
    titles = {re.findall("<title>(.*)</title>", page)[0] for path, page in pages(site()).items() if path.startswith("/en/")}
    assert titles == {"Start", "Write", "Mailbox", "About", "Accessibility"}


def test_a_review_day_that_is_none_is_refused(site: Rendered) -> None:
    with pytest.raises(SettingsWrong, match=r"site\.reviewed"):
        site(reviewed="November 2026")


def test_every_word_that_a_script_says_is_in_the_catalogue() -> None:
    spoken = [file.read_text("utf-8") for file in sorted((TOP / "browser" / "src" / "pages").glob("*.js"))]
    keys = {key for script in spoken for key in re.findall(r"'((?:common|report|mailbox|error)\.[a-z.-]+)'", script)}
    assert len(keys) > 20
    words = read_catalogues(TEMPLATES, ("da",))["da"].under("script")
    assert keys <= set(words)


def test_every_verdict_and_every_state_has_its_words() -> None:
    words = read_catalogues(TEMPLATES, ("da",))["da"].under("script.mailbox")
    verdicts = ("foreign", "malformed", "forged", "doubled", "conflicting", "out-of-order", "broken", "gap", "withheld")
    assert {each for verdict in verdicts for each in (verdict, f"{verdict}-words")} <= set(words)
    assert {"received", "assessing", "addressing", "out-of-scope", "concluding", "closed"} <= set(words)


def test_every_kind_has_its_title_in_the_mailbox() -> None:
    words = read_catalogues(TEMPLATES, ("da",))["da"].under("script.mailbox")
    assert {kind for direction in (TO_DESK, TO_REPORTER) for kind in KINDS[direction]} <= set(words)


def test_the_report_page_with_all_it_loads_is_small(site: Rendered) -> None:
    files = site()
    whole = sum(len(files[path].encoded["br"]) for path in ("/da/report", "/style.css", "/instance.js", "/report.js"))
    assert whole < LIMIT

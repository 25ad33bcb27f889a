"""The reporter's site: every page, script, style and key that a browser gets before it seals, rendered once when intake starts.

Pure: settings and a card in, files out. Nothing in a file varies with a request, and nothing here knows that requests exist.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha384
from pathlib import Path
from types import MappingProxyType

from babel import Locale
from babel.dates import format_date

from whistle.errors import SettingsWrong
from whistle.intake.settings import RecipientText, Settings, Site
from whistle.protocol.card import Card
from whistle.web.static import StaticFile
from whistle.web.templates import Catalogue, Pages, environment, read_catalogues, read_style

NOT_FOUND = "/404"
_PAGES = {"front": "", "report": "report", "mailbox": "mailbox", "privacy": "privacy", "accessibility": "accessibility"}
# Each is whole in itself. A page's own script is loaded with its hash. photos.js is imported when a photo was chosen, and an
# import knows no hash: there the policy's script-src 'self' holds, and whoever compares all files of the site.
_SCRIPTS = ("leave", "report", "mailbox", "photos")


@dataclass(frozen=True)
class _Recipient:
    """A group of the card with what the settings say of it, in one language."""

    id: str
    name: str
    readers: str
    never: str


def render(settings: Settings, card: Card, card_file: bytes, templates: Path) -> Mapping[str, StaticFile]:
    """Every file of the site by its path. Raises SettingsWrong, CatalogueWrong or WordMissing, at start."""
    for name, ways in (
        ("complaints.contact", settings.site.complaints.contact),
        ("external_channels", settings.site.external_channels),
    ):
        if not ways:
            raise SettingsWrong(f"The setting site.{name} must not be empty: the pages have to say where else one can go.")
    catalogues = read_catalogues(templates, settings.languages)
    scripts = {name: (templates / f"{name}.js").read_bytes() for name in _SCRIPTS}
    site = _Renderer(environment(templates), settings, card, catalogues, scripts)
    files = {
        f"/{language}/{path}": _html(site.page(page, language, path))
        for language in catalogues
        for page, path in _PAGES.items()
    }
    first = settings.languages[0]
    files["/"] = files[f"/{first}/"]
    files[NOT_FOUND] = _html(site.page("missing", first, ""))
    files |= {f"/{name}.js": StaticFile(script, "text/javascript; charset=utf-8") for name, script in scripts.items()}
    files["/instance.js"] = StaticFile(_instance(settings, card, card_file), "text/javascript; charset=utf-8")
    files["/style.css"] = StaticFile(read_style(templates), "text/css; charset=utf-8")
    files["/card.txt"] = StaticFile(card_file, "text/plain; charset=utf-8")
    files["/robots.txt"] = StaticFile(b"User-agent: *\nDisallow: /\n", "text/plain; charset=utf-8")
    if settings.site.security_contact:
        files["/.well-known/security.txt"] = StaticFile(_security(settings, card), "text/plain; charset=utf-8")
    return MappingProxyType(files)


@dataclass(frozen=True)
class _Renderer:
    """Renders one page in one language."""

    pages: Pages
    settings: Settings
    card: Card
    catalogues: Mapping[str, Catalogue]
    scripts: Mapping[str, bytes]

    def page(self, name: str, language: str, path: str) -> str:
        def said(text: Mapping[str, str]) -> str:
            return _said(text, language)

        def country_name(code: str) -> str:
            if code not in locale.territories:
                raise SettingsWrong("Every channel of site.external_channels needs its country, in two letters such as DK.")
            return str(locale.territories[code])

        words = self.catalogues[language]
        locale = Locale.parse(words("script.common.locale"), sep="-")
        script = name if name in self.scripts else "leave"
        return self.pages.get_template(f"{name}.html").render(
            page=name,
            path=path,
            language=language,
            catalogues=self.catalogues,
            w=words,
            said=said,
            reviewed=format_date(reviewed(self.settings.site), "long", locale=locale),
            site=self.settings.site,
            address=self.settings.names[0] + (f":{self.settings.port}" if self.card.demo else ""),  # a demo has no proxy
            country_name=country_name,
            card=self.card,
            groups=_recipients(self.settings.site, self.card, language),
            fingerprint=_in_fours(self.card.root_fingerprint.hex()),
            script=script,
            integrity="sha384-" + b64encode(sha384(self.scripts[script]).digest()).decode(),
        )


def _recipients(site: Site, card: Card, language: str) -> tuple[_Recipient, ...]:
    """The groups of the card in its order. Raises SettingsWrong unless the settings speak of exactly these."""
    texts: dict[str, RecipientText] = {text.group: text for text in site.recipients}
    if set(texts) != {group.id for group in card.groups}:
        raise SettingsWrong("The setting site.recipients must name each group of the key card, and no other.")
    return tuple(
        _Recipient(group.id, *(_said(text, language) for text in (group.names, texts[group.id].readers, texts[group.id].never)))
        for group in card.groups
    )


def _said(text: Mapping[str, str], language: str) -> str:
    if language not in text:
        raise SettingsWrong(f"A text of the site or the key card is not given in {language}; in another language: {dict(text)}")
    return text[language]


def reviewed(site: Site) -> date:
    """When its texts were last checked. Raises SettingsWrong."""
    try:
        return date.fromisoformat(site.reviewed)
    except ValueError:
        raise SettingsWrong("The setting site.reviewed must be a day, written YYYY-MM-DD.") from None


def _in_fours(text: str) -> str:
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def _instance(settings: Settings, card: Card, card_file: bytes) -> bytes:
    """What makes this site this instance's: the only script that differs between two instances of the product."""
    values = {
        "instanceId": card.instance.hex(),
        "rootFingerprint": settings.root_fingerprint,
        "card": card_file.decode("utf-8"),
        "languages": list(settings.languages),
        "acknowledgeDays": settings.site.acknowledge_days,
        "feedbackMonths": settings.site.feedback_months,
        "files": settings.files,
        "fileBytes": settings.file_bytes,
    }
    return f"export const instance = Object.freeze({json.dumps(values)});\n".encode("ascii")


def _security(settings: Settings, card: Card) -> bytes:
    """RFC 9116. It ends with the card, whose renewal renders the site again."""
    return f"Contact: {settings.site.security_contact}\nExpires: {card.ends}T00:00:00Z\n".encode()


def _html(text: str) -> StaticFile:
    return StaticFile(text.encode("utf-8"), "text/html; charset=utf-8")

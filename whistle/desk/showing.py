"""How the desk's pages are written: templates, words of both languages, dates in the reader's. Decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from babel.dates import format_date
from babel.numbers import format_decimal
from starlette.responses import HTMLResponse

from whistle.desk.roles import Right, may
from whistle.desk.sessions import Session
from whistle.desk.settings import Settings
from whistle.desk.starting import KeyCard
from whistle.errors import (
    ChecklistIncomplete,
    ConsentIsWithdrawn,
    ConsentMissing,
    DisclosureIncomplete,
    NoGroundChosen,
    NoGroupChosen,
    NoMemberChosen,
    NoOutcomeChosen,
    NothingChosen,
    NoticeUnfinished,
    OutcomeMissing,
    PartNeeded,
    QuestionsIncomplete,
    RecordedRefused,
    WhistleError,
)
from whistle.web.forms import FormTokens
from whistle.web.templates import Catalogue, environment, read_catalogues, read_style

_LOCALES = {"en": "en_GB"}  # plain "en" is American to babel
_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))
_AT: Mapping[type[WhistleError], str] = {  # what is wrong elsewhere than in the text
    NoGroupChosen: "hand-over-group",
    NoMemberChosen: "exclude-member",
    NoOutcomeChosen: "outcome-substantiated",
    NothingChosen: "removal-part",
    OutcomeMissing: "state",
    QuestionsIncomplete: "question-1",
    DisclosureIncomplete: "disclose-to",
    NoGroundChosen: "ground-investigation",
    ConsentIsWithdrawn: "ground-investigation",
    NoticeUnfinished: "disclose-notice",
    ConsentMissing: "recording-consent",
    RecordedRefused: "recording-day",
}
_NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True)
class Draft:
    """What a member wrote in a form that was not taken, and why."""

    form: str
    text: str
    error: WhistleError
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> str:
        """The id of the field that is to be mended."""
        if isinstance(self.error, ChecklistIncomplete):
            return f"{self.form}-check-secrecy"
        if isinstance(self.error, PartNeeded) and self.form == "removal":
            return "removal-part"
        return _AT.get(type(self.error), self.form if self.form == "state" else f"{self.form}-text")


class Pages:
    """Renders a page for a session, or for whoever is not signed in."""

    def __init__(self, templates: Path, settings: Settings, card: KeyCard, tokens: FormTokens) -> None:
        self._environment = environment(templates)
        self._settings, self._card, self._tokens = settings, card, tokens
        self.catalogues = read_catalogues(templates, settings.languages)
        self.style = read_style(templates)
        self.script = (templates / "passkey.js").read_bytes()

    def language(self, wanted: str | None, session: Session | None) -> str:
        """The language of a page; what a member picks by link stays with the session."""
        if wanted in self.catalogues:
            assert wanted is not None
            if session is not None:
                session.language = wanted
            return wanted
        return session.language if session is not None else self._settings.languages[0]

    def render(
        self, page: str, path: str, language: str, session: Session | None, status: int = 200, **values: object
    ) -> HTMLResponse:
        """The page in this language. `path` is where its language links lead."""
        catalogue = self.catalogues[language]
        html = self._environment.get_template(f"{page}.html").render(
            w=catalogue,
            catalogues=self.catalogues,
            language=language,
            path=path,
            session=session,
            may=lambda right: session is not None and may(session.role, Right(right)),
            token=self._tokens.make(session.id) if session is not None else "",
            demo=self._card.known().demo,
            organisation=self._settings.organisation,
            on=lambda day: written_day(day, language),
            day_of=date.fromisoformat,
            at=lambda text: written_time(text, language),
            size=lambda length: written_size(length, language),
            mistake=lambda error: mistake(error, catalogue),
            **values,
        )
        return HTMLResponse(html, status, _NO_STORE)

    def group_names(self, language: str) -> Mapping[str, str]:
        """The card's name of every group, in this language if it has one."""
        return {group.id: group.names.get(language) or next(iter(group.names.values())) for group in self._card.known().groups}


@lru_cache(4096)  # a page of the inbox has two hundred, and babel takes its time
def written_day(day: date, language: str) -> str:
    """A day in full: 21 November 2026, 21. november 2026."""
    return format_date(day, "long", locale=_LOCALES.get(language, language))


def written_time(text: str, language: str) -> str:
    """The time of a member's act, in UTC."""
    moment = datetime.fromisoformat(text)
    return f"{written_day(moment.date(), language)} {moment:%H:%M} UTC"


def written_size(length: int, language: str) -> str:
    """A length as people say it: 340 bytes, 1.2 kB, 100 MB."""
    unit, name = next(((unit, name) for unit, name in _UNITS if length >= unit), (1, "bytes"))
    return f"{format_decimal(round(length / unit, 1), locale=_LOCALES.get(language, language))} {name}"


def mistake(error: WhistleError, words: Catalogue) -> str:
    """What an error means, by its name, or by the nearest name above it that has words."""
    keys = (f"mistake.{kind.__name__}" for kind in type(error).__mro__)
    return words(next(key for key in keys if key in words.words))

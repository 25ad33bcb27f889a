"""The register of disclosures: to whom it is said who the reporter is, what, on which ground, and how the reporter was told.

After article 16 of the directive: with explicit consent, or where the law obliges to it; the reporter hears of it first, unless
that would jeopardise the investigation or the proceedings. It discloses nothing itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from whistle.desk.reading import OpenCase, Reader
from whistle.desk.saying import GAP
from whistle.desk.writing import Place, Writer
from whistle.errors import ConsentIsWithdrawn, DisclosureIncomplete, NoGroundChosen, NoticeUnfinished
from whistle.protocol.content import Consent, ConsentWithdrawn, Note
from whistle.store.desk import Cases
from whistle.store.identity import Disclosed

Form = Mapping[str, str]


class Ground(StrEnum):
    """Why the law permits it."""

    CONSENT = "consent"
    INVESTIGATION = "investigation"  # by an authority, under an obligation of EU or national law
    PROCEEDINGS = "proceedings"  # of a court, likewise


@dataclass(frozen=True)
class Consented:
    """A consent that the reporter gave in the mailbox, and the day on which it ended, if it did."""

    place: int
    day: date
    scope: str
    withdrawn: date | None


@dataclass(frozen=True)
class Entry:
    """A line of the register. `why` is empty if the reporter was told by the message at `notice`.

    `consent` is None on another ground, or if it was removed when that could still be done.
    """

    day: date
    by: str
    to: str
    what: str
    ground: str
    consent: Consented | None
    notice: int | None
    why: str


@dataclass(frozen=True)
class Removed:
    """A line that two members removed on this day, when that could still be done."""

    removed: date


@dataclass(frozen=True)
class Register:
    """What a case's page shows: the entries, the consents, and the grounds beside them."""

    entries: tuple[Entry | Removed, ...]
    consents: tuple[Consented, ...]
    grounds: tuple[Ground, ...] = (Ground.INVESTIGATION, Ground.PROCEEDINGS)


class Disclosing:
    """What members enter. Raises NotYours for a case that is not theirs."""

    def __init__(self, cases: Cases, reader: Reader, writer: Writer) -> None:
        self._cases, self._reader, self._writer = cases, reader, writer

    def disclose(self, place: Place, form: Form, now: datetime) -> None:
        """An entry, and the message to the reporter or why there is none.

        Raises DisclosureIncomplete, NoticeUnfinished, NoGroundChosen or ConsentIsWithdrawn.
        """
        to, what = (" ".join(form.get(name, "").split()) for name in ("to", "text"))
        told = form.get("told", "")
        words = form.get(told, "").strip() if told in ("notice", "exception") else ""
        if not (to and what and words):
            raise DisclosureIncomplete
        if told == "notice" and GAP in words:
            raise NoticeUnfinished
        ground, consent = _ground(consents(self._reader.read(place.session, place.case)), form.get("ground", ""))
        why, notice = ([], words) if told == "notice" else ([words], "")
        entry = "\n".join([to, what, *why])  # read again by _entry
        self._writer.beside(place, f"disclosed identity {ground}", entry, Disclosed(ground, consent), now, notice)

    def shown(self, opened: OpenCase) -> Register:
        given = consents(opened)
        notes = {item.place: (item.day, item.content.body) for item in opened.thread.items if item.content}
        number = opened.case.number
        gone = {each.content: Removed(each.confirmed) for each in self._cases.removals.of_case(number) if each.confirmed}
        kept = self._cases.identities.disclosures(number)
        found = [_entry(each, *notes[each.place], given) if each.place in notes else gone.get(each.place) for each in kept]
        return Register(tuple(each for each in found if each), given)


def consents(opened: OpenCase) -> tuple[Consented, ...]:
    """Every consent in the thread, in order."""
    taken = [(item, item.content) for item in opened.thread.items if item.verdict.taken and item.content]
    named = [(item, opened.thread.named_by(content)) for item, content in taken if isinstance(content.body, ConsentWithdrawn)]
    ended = {about.place: item.day for item, about in named if about}
    return tuple(
        Consented(item.place, item.day, content.body.scope, ended.get(item.place))
        for item, content in taken
        if isinstance(content.body, Consent)
    )


def _ground(given: tuple[Consented, ...], chosen: str) -> tuple[Ground, int | None]:
    """The ground of a form, and the place of the consent. Raises NoGroundChosen, ConsentIsWithdrawn."""
    if chosen in (Ground.INVESTIGATION, Ground.PROCEEDINGS):
        return Ground(chosen), None
    consent = next((each for each in given if chosen == f"{Ground.CONSENT}-{each.place}"), None)
    if consent is None:
        raise NoGroundChosen
    if consent.withdrawn:
        raise ConsentIsWithdrawn
    return Ground.CONSENT, consent.place


def _entry(kept: Disclosed, day: date, body: object, given: tuple[Consented, ...]) -> Entry | None:
    if not isinstance(body, Note):
        return None
    to, what, why = (*body.text.split("\n", 2), "", "")[:3]
    consent = next((each for each in given if each.place == kept.consent), None)
    return Entry(day, body.author, to, what, kept.ground, consent, kept.notice, why)

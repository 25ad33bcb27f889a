"""The pages of reports that came in another way: the form, an e-mail looked at before it is filed, and the code, shown once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from starlette.responses import Response

from whistle.desk.channels import HOW, Taking
from whistle.desk.eml import Incoming, Mail, read_mail
from whistle.desk.letters import LANGUAGES
from whistle.desk.members import Random
from whistle.desk.paths import Form, Visit, go
from whistle.desk.sessions import Session
from whistle.desk.showing import Pages
from whistle.desk.uploads import FileForm, Upload
from whistle.errors import (
    AlreadyFiled,
    CardRefused,
    ChoiceMissing,
    FileTooLarge,
    IdentityTooLong,
    MailGone,
    MailRefused,
    NoFileChosen,
    NoRings,
    NotACard,
    ReceivedRefused,
    StorageFailed,
    TextMissing,
    TextTooLong,
    WhistleError,
)
from whistle.store.desk import Act, Cases

PATH = "/reports/new"
_KEPT_ON_PAGE = (
    *(AlreadyFiled, ChoiceMissing, IdentityTooLong, MailGone, NoRings, ReceivedRefused, TextMissing, TextTooLong),
    *(CardRefused, NotACard, StorageFailed, MailRefused, FileTooLarge, NoFileChosen),
)
_AT: Mapping[type[WhistleError], str] = MappingProxyType(
    {
        ReceivedRefused: "received",
        IdentityTooLong: "name",
        NoRings: "name",
        MailGone: "mail",
        MailRefused: "mail",
        FileTooLarge: "mail",
        NoFileChosen: "mail",
    }
)
_PAGE_BYTES = 16


@dataclass(frozen=True, eq=False)
class ChannelPages:
    """Shows the form of a report that came in another way, and takes it."""

    cases: Cases
    taking: Taking
    pages: Pages
    random: Random

    def show(self, session: Session, asked: Form, now: datetime) -> Response:
        """The form, filled with what the e-mail says if one was read."""
        mail = session.mail if asked.get("mail") != "no" else None
        return self._form(session, _proposed(mail, now.date()), now)

    def file(self, session: Session, form: Form, now: datetime) -> Response:
        """Makes the case, and shows its code: here, in this one answer, and nowhere else."""
        try:
            filed = self.taking.file(form, session, now)
        except _KEPT_ON_PAGE as error:
            return self._form(session, form, now, error)
        groups = [[*group] for group in filed.code.split("-")]
        return self.pages.render("filed", PATH, session.language, session, filed=filed, groups=groups)

    def begin_mail(self, _visit: Visit, _form: FileForm) -> Incoming:
        """An e-mail, held in memory until it is filed."""
        return Incoming()

    def take_mail(self, visit: Visit, upload: Upload[Incoming]) -> Response:
        """Holds the e-mail with the session until it is filed; or the form once more, and why it was not taken."""
        try:
            self._read_mail(visit.session, upload.end(), visit.now)
        except _KEPT_ON_PAGE as error:
            return self._form(visit.session, _proposed(None, visit.now.date()), visit.now, error)
        return go(PATH)

    def _read_mail(self, session: Session, incoming: Incoming, now: datetime) -> None:
        """Raises NoFileChosen or MailRefused."""
        if not incoming.size:
            raise NoFileChosen
        session.mail = read_mail(incoming.end())
        self.cases.log(Act(now, session.member, "read mail"))

    def _form(self, session: Session, form: Form, now: datetime, error: WhistleError | None = None) -> Response:
        mail = session.mail if session.mail is not None and form.get("mail") == session.mail.id else None
        values = {
            "form": {"page": self.random(_PAGE_BYTES).hex(), **form},
            "mail": mail,
            "error": error,
            "where": error.field if isinstance(error, ChoiceMissing) else _AT.get(type(error), "text") if error else "",
            "how": HOW,
            "groups": {name: self.pages.group_names(session.language).get(name, name) for name in session.groups},
            "languages": LANGUAGES,
            "today": now.date(),
        }
        return self.pages.render("report-new", PATH, session.language, session, 400 if error else 200, **values)


def _proposed(mail: Mail | None, today: date) -> Form:
    """What the form says before anybody has typed in it."""
    if mail is None:
        return {"received": str(today), "acknowledge": "yes"}
    day = mail.day if mail.day is not None and mail.day <= today else today
    text = f"{mail.subject}\n\n{mail.text}".strip()
    return {
        "mail": mail.id,
        "how": "email",
        "received": str(day),
        "acknowledge": "yes",
        "text": text,
        "name": mail.name,
        "contact": mail.address,
    }

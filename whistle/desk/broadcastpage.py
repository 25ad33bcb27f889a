"""The page of a message to every open mailbox: what waits to be confirmed, and for a lead the form to write one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from whistle.desk.broadcast import Broadcasting
from whistle.desk.letters import LANGUAGES
from whistle.desk.paths import Form, TakeForm, go
from whistle.desk.sessions import Session
from whistle.desk.showing import Pages
from whistle.errors import (
    BroadcastOver,
    BroadcastUnfinished,
    BroadcastUnreadable,
    BroadcastWaits,
    CardRefused,
    FallbackMissing,
    NeedsAnother,
    NotACard,
    StorageFailed,
    TextTooLong,
    WhistleError,
)
from whistle.protocol.canonical import written_length
from whistle.protocol.constants import TEXT_LIMIT
from whistle.sealing.broadcasts import OTHERWISE

PATH = "/broadcast"
_CONFLICTS = (BroadcastOver, BroadcastUnfinished, BroadcastUnreadable, BroadcastWaits, NeedsAnother)
_KEPT_ON_PAGE = (*_CONFLICTS, FallbackMissing, TextTooLong, CardRefused, NotACard, StorageFailed)
_DONE = ("asked", "sent", "withdrawn")
Act = Callable[[Session, Form, datetime], None]


@dataclass(frozen=True, eq=False)
class BroadcastPage:
    """Shows what `broadcasting` knows, and takes its forms."""

    broadcasting: Broadcasting
    pages: Pages

    @property
    def ask(self) -> TakeForm:
        return self._done("asked", self.broadcasting.ask)

    @property
    def confirm(self) -> TakeForm:
        return self._done("sent", self.broadcasting.confirm)

    @property
    def withdraw(self) -> TakeForm:
        return self._done("withdrawn", self.broadcasting.withdraw)

    def show(self, session: Session, form: Form, now: datetime, error: WhistleError | None = None) -> Response:
        """`form` has what was typed, or what was just done."""
        names, done = self.pages.group_names(session.language), form.get("done")
        return self.pages.render(
            "broadcast",
            PATH,
            session.language,
            session,
            _status(error),
            groups={group: names.get(group, group) for group in session.groups},
            waiting=self.broadcasting.shown(session, now),
            languages=LANGUAGES,
            otherwise=OTHERWISE,
            done=done if done in _DONE else None,
            error=error,
            field=_field(error, form),
            form=form,
        )

    def _done(self, done: str, act: Act) -> TakeForm:
        def take(session: Session, form: Form, now: datetime) -> Response:
            try:
                act(session, form, now)
            except _KEPT_ON_PAGE as error:
                return self.show(session, form, now, error)
            return go(f"{PATH}?done={done}")

        return take


def _status(error: WhistleError | None) -> int:
    if isinstance(error, StorageFailed):
        return 503
    return 409 if isinstance(error, _CONFLICTS) else 400 if error else 200


def _field(error: WhistleError | None, form: Form) -> str:
    """The language whose text must be mended; none for any other mistake."""
    if isinstance(error, TextTooLong):
        return next((each for each in LANGUAGES if written_length(form.get(each, "")) > TEXT_LIMIT), "")
    return OTHERWISE if isinstance(error, FallbackMissing) else ""

"""The pages of people: the list with its forms, the one-time link, what the invited see, and the end of one's own access."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from starlette.responses import Response

from whistle.desk.paths import Form, TakeForm, go
from whistle.desk.people import People
from whistle.desk.roles import Role
from whistle.desk.sessions import Session
from whistle.desk.showing import Pages
from whistle.errors import (
    CaseUnread,
    GroupFull,
    InvitationEnded,
    LastAuditor,
    LastLead,
    LastOfRing,
    NameRefused,
    NameTaken,
    NeedsAnother,
    NeedsHolder,
    PassphrasesDiffer,
    PassphraseTooWeak,
    PersonChanged,
    PlaceRefused,
    WhistleError,
)
from whistle.store.people import Person

_SAID_ON_PAGE = (
    *(NameRefused, NameTaken, PlaceRefused, PersonChanged),
    *(NeedsAnother, NeedsHolder, LastAuditor, LastLead, LastOfRing, CaseUnread, GroupFull),
)
_AT: Mapping[type, str] = {NameRefused: "name", NameTaken: "name", PlaceRefused: "role"}
_STATUS: Mapping[type, int] = dict.fromkeys(
    (PersonChanged, NeedsAnother, NeedsHolder, LastAuditor, LastLead, LastOfRing, CaseUnread, GroupFull), 409
)
Given = TypeVar("Given")


@dataclass(frozen=True, eq=False)
class PeoplePage:
    """Shows what `people` knows and does. `address` is where a browser finds this desk."""

    people: People
    pages: Pages
    address: str

    @property
    def forms(self) -> Mapping[str, TakeForm]:
        """What a member with the right to people can send, by the end of its path."""
        people = self.people
        return {
            "invite": self._linked(people.invite),
            "link": self._linked(_of_name(people.invite_again)),
            "admit": self._done("admit", people.admit),
            "remove": self._done("remove", _of_name(people.remove)),
            "block": self._done("block", _of_name(people.block)),
            "ask": self._done("ask", _of_request(people.ask)),
            "withdraw": self._done("withdraw", _of_request(people.withdraw)),
            "unblock": self._done("unblock", _of_name(people.unblock)),
            "new-key": self._linked(_of_name(people.new_key)),
            **{
                role.value: self._done(role.value, _of_name(partial(people.change_role, role.value)))
                for role in (Role.LEAD, Role.INVESTIGATOR)
            },
            "reviewed": self._done("reviewed", people.review),
            "reset": self._done("reset", lambda session, _, now: people.reset(session, now)),
        }

    def show(self, session: Session, form: Form, now: datetime, error: WhistleError | None = None) -> Response:
        """The list. `form` has what was typed, or what was just done."""
        done, today = form.get("done", ""), now.date()
        return self.pages.render(
            "people",
            "/people",
            session.language,
            session,
            _STATUS.get(type(error), 400) if error else 200,
            lines=self.people.lines(session, today),
            reset=self.people.asked_of_all(today),
            review=self.people.last_review(),
            seen=self.people.list_hash(),
            notices=self.people.notices(session, today),
            groups=self.pages.group_names(session.language),
            roles=[role.value for role in Role],
            done=done if done in self.forms else None,
            error=error,
            field=_AT.get(type(error), ""),
            form=form,
        )

    def block_oneself(self, session: Session, _: Form, now: datetime) -> Response:
        """One press; whoever pressed it sees that it worked."""
        self.people.block(session, session.member, now)
        return self._outside("blocked", "/sign-in", session.language)

    def hand_ring(self, session: Session, form: Form, now: datetime) -> Response:
        """From the inbox, where who holds a ring is told that somebody waits for it."""
        self.people.hand_ring(session, form.get("name", ""), now)
        return go("/")

    # Whoever holds a link ---------------------------------------------------------------------------------------------

    def invitation(self, token: str, language: str, now: datetime) -> Response:
        try:
            person = self.people.invited(token, now.date())
        except InvitationEnded:
            return self._outside("ended", "/sign-in", language, 404)
        return self._outside("open", f"/invitation/{token}", language, name=person.name)

    def accept(self, token: str, form: Form, language: str, now: datetime) -> Response:
        try:
            check = self.people.accept(token, form, now)
        except InvitationEnded:
            return self._outside("ended", "/sign-in", language, 404)
        except (PassphrasesDiffer, PassphraseTooWeak) as error:
            name = self.people.invited(token, now.date()).name
            return self._outside("open", f"/invitation/{token}", language, 400, name=name, error=error)
        return self._outside("accepted", "/sign-in", language, check=check)

    def _outside(self, state: str, path: str, language: str, status: int = 200, **values: object) -> Response:
        """A page for whoever is not signed in."""
        given = {"name": "", "error": None, "check": ""} | values
        return self.pages.render("invitation", path, language, None, status, state=state, **given)

    # Forms ------------------------------------------------------------------------------------------------------------

    def _done(self, form: str, act: Callable[[Session, Form, datetime], None]) -> TakeForm:
        def take(session: Session, fields: Form, now: datetime) -> Response:
            try:
                act(session, fields, now)
            except _SAID_ON_PAGE as error:
                return self.show(session, fields, now, error)
            return go(f"/people?done={form}")

        return take

    def _linked(self, act: Callable[[Session, Form, datetime], tuple[Person, str]]) -> TakeForm:
        """An act that gives a one-time link: it stands in this one answer."""

        def take(session: Session, fields: Form, now: datetime) -> Response:
            try:
                person, token = act(session, fields, now)
            except _SAID_ON_PAGE as error:
                return self.show(session, fields, now, error)
            link = f"{self.address}/invitation/{token}"
            return self.pages.render("link", "/people", session.language, session, person=person, link=link)

        return take


def _of_name(act: Callable[[Session, str, datetime], Given]) -> Callable[[Session, Form, datetime], Given]:
    """An act about whom the form names."""
    return lambda session, form, now: act(session, form.get("name", ""), now)


def _of_request(act: Callable[[Session, str, str, datetime], None]) -> Callable[[Session, Form, datetime], None]:
    """An act about what takes two."""
    return lambda session, form, now: act(session, form.get("what", ""), form.get("name", ""), now)

"""Signing in by a passphrase and then a second factor, signing out, and the change of one's own passphrase.

Decided here: that whoever tries too often waits, at the sign-in and at the change alike, that every try is on the log, and
that a session lives in one cookie.
"""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from whistle.desk.factor_pages import SECOND, FactorPages
from whistle.desk.factors import Proof, proof_in
from whistle.desk.members import Members
from whistle.desk.paths import Form, Visit, go
from whistle.desk.people import People
from whistle.desk.relay import Clock
from whistle.desk.sessions import Owes, Session, Sessions
from whistle.desk.showing import Pages
from whistle.desk.throttle import Throttle
from whistle.errors import FactorRefused, PassphrasesDiffer, PassphraseTooWeak, PassphraseUnchanged, SignInRefused, WhistleError
from whistle.store.desk import Act, Cases
from whistle.store.log import WAITED
from whistle.web.forms import SHORT_FORM, FormTokens, read_form

COOKIE = "__Host-desk"
_NAME_LIMIT = 64


@dataclass(frozen=True, eq=False)
class SignInPages:
    """The forms of whoever comes: `members` knows them by their passphrases, and `throttle` who must wait."""

    cases: Cases
    members: Members
    people: People
    throttle: Throttle
    sessions: Sessions
    factor_pages: FactorPages
    pages: Pages
    tokens: FormTokens
    clock: Clock

    async def show(self, request: Request) -> Response:
        return self.page(request, "", None)

    def page(self, request: Request, name: str, error: WhistleError | None, kept: str = "") -> Response:
        language = self.pages.language(request.query_params.get("language"), None)
        status = 403 if error else 200
        return self.pages.render("sign-in", "/sign-in", language, None, status, name=name, error=error, kept=kept)

    async def sign_in(self, request: Request) -> Response:
        form = await read_form(request, SHORT_FORM)
        act = partial(self._sign_in, request, form, self.clock())
        return await asyncio.get_running_loop().run_in_executor(self.members.turns, act)

    def _sign_in(self, request: Request, form: Form, now: datetime) -> Response:
        name = form.get("name", "").strip().lower()[:_NAME_LIMIT]
        try:
            self.throttle.check(name, now)
        except SignInRefused as error:  # waiting is not made longer by asking
            self._note_wait(name, now)
            return self.page(request, name, error)
        try:
            role, groups = self.members.open(name, form.get("passphrase", ""))
        except SignInRefused as error:
            self.throttle.failed(name, now)
            self.cases.log(Act(now, self._known(name), "sign-in refused"))
            return self.page(request, name, error)
        self.throttle.succeeded(name)
        language = self.pages.language(request.query_params.get("language"), None)
        owes = self.factor_pages.second.owed_by(name)
        self.cases.log(Act(now, name, "gave passphrase") if owes is Owes.PROOF else Act(now, name, "signed in"))
        token, _ = self.sessions.begin(name, role, groups, language, now, owes)
        return _go_with(token, SECOND if owes is Owes.PROOF else "/")

    # The second step --------------------------------------------------------------------------------------------------

    async def second_page(self, request: Request) -> Response:
        session = self.sessions.find_halfway(request.cookies.get(COOKIE, ""), self.clock())
        self.pages.language(request.query_params.get("language"), session)
        return await asyncio.to_thread(self.factor_pages.halfway, session)

    async def second(self, request: Request) -> Response:
        form, now = await read_form(request, SHORT_FORM), self.clock()
        session = self.sessions.find_halfway(request.cookies.get(COOKIE, ""), now)
        self.tokens.check(session.id, form.get("token", ""))
        act = partial(self._second, session, proof_in(form, request.headers["host"]), now)
        return await asyncio.get_running_loop().run_in_executor(self.turns_of(form), act)

    def _second(self, session: Session, proof: Proof, now: datetime) -> Response:
        try:
            self.factor_pages.second.prove(session, proof, "signed in", now)
        except FactorRefused as error:
            return self.factor_pages.halfway(session, error)
        return _go_with(self.sessions.admit(session, now), "/")

    # Signing out ------------------------------------------------------------------------------------------------------

    def sign_out(self, visit: Visit, _: Form) -> Response:
        self.sessions.end(visit.session)
        self.cases.log(Act(visit.now, visit.session.member, "signed out"))
        answer = go("/sign-in")
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    # One's own passphrase ---------------------------------------------------------------------------------------------

    def passphrase_page(self, visit: Visit) -> Response:
        return self._passphrase_page(visit.session, None, visit.request.query_params.get("done") == "passphrase")

    def change_passphrase(self, visit: Visit, form: Form) -> Response:
        name = visit.session.member
        old, new, again = (form.get(field, "") for field in ("old", "new", "again"))
        try:
            self.throttle.check(name, visit.now)
        except SignInRefused as error:  # waiting is not made longer by asking
            self._note_wait(name, visit.now)
            return self._passphrase_page(visit.session, error, done=False)
        try:
            self.members.change(name, old, _same(new, again))
        except SignInRefused as error:
            self.throttle.failed(name, visit.now)
            self.cases.log(Act(visit.now, name, "passphrase refused"))
            return self._passphrase_page(visit.session, error, done=False)
        except (PassphrasesDiffer, PassphraseTooWeak, PassphraseUnchanged) as error:
            return self._passphrase_page(visit.session, error, done=False)
        self.throttle.succeeded(name)
        self.cases.log(Act(visit.now, name, "passphrase changed"))
        self.sessions.end_others(visit.session)
        return go("/passphrase?done=passphrase")

    def _passphrase_page(self, session: Session, error: WhistleError | None, done: bool) -> Response:
        status = 400 if error else 200
        values = {"error": error, "done": done, "over": self.people.must_renew(session)}
        return self.pages.render("passphrase", "/passphrase", session.language, session, status, **values)

    # Who tries --------------------------------------------------------------------------------------------------------

    def turns_of(self, form: Form) -> Executor | None:
        """Where whoever proves by a passphrase waits; None is where nobody does."""
        return self.members.turns if form.get("proof_passphrase") else None

    def _known(self, name: str) -> str:
        return name if self.people.is_known(name) else "unknown"

    def _note_wait(self, name: str, now: datetime) -> None:
        """That somebody tried while the name had to wait, and how often by now."""
        if tries := self.throttle.tried(name):
            self.cases.log(Act(now, self._known(name), f"{WAITED}{tries}"))


def _same(new: str, again: str) -> str:
    if new != again:
        raise PassphrasesDiffer
    return new


def _go_with(token: str, path: str) -> RedirectResponse:
    """There, with the cookie of a session."""
    answer = go(path)
    answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
    return answer

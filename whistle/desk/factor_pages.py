"""The pages of the second factor: the one that asks for it, and those where a member sets theirs up. They hold no key."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from whistle.desk.factors import SecondFactor, without_proof
from whistle.desk.paths import Form, Visit, go
from whistle.desk.sessions import Owes, Session, Sessions
from whistle.desk.showing import Pages
from whistle.errors import FactorNeeded, FactorRefused, Overtaken, StepUpNeeded, WhistleError
from whistle.store.factors import PASSKEY, TOTP
from whistle.web.forms import FormTokens

SECOND = "/sign-in/second"
# All that opens to whoever owes a factor: a passphrase that is over comes before it.
FIRST = frozenset({"/factors", "/factors/passkey", "/factors/totp", "/passphrase", "/block", "/sign-out"})
_IN_PATH = re.compile("/[0-9]+")  # the number of a case
_KEPT_ON_PAGE = (FactorRefused, FactorNeeded, Overtaken)


@dataclass(frozen=True, eq=False)
class FactorPages:
    """What the pages of the second factor stand on."""

    second: SecondFactor
    sessions: Sessions
    pages: Pages
    tokens: FormTokens

    def halfway(self, session: Session, error: WhistleError | None = None) -> Response:
        """Asks for the second factor of somebody whose passphrase was right, and who is not signed in yet."""
        return self._ask(session, SECOND, {}, error, None)

    def step_up(self, visit: Visit, form: Form, error: WhistleError) -> Response:
        """Asks once more who is there. What was typed waits in this one answer, and goes on with the proof."""
        refused = None if isinstance(error, StepUpNeeded) else error
        return self._ask(visit.session, visit.request.url.path, without_proof(form), refused, visit.session)

    def _ask(self, asked: Session, action: str, fields: Form, error: WhistleError | None, session: Session | None) -> Response:
        kinds = {each.kind for each in self.second.of(asked.member)}
        return self.pages.render(
            "prove",
            "/" if session else SECOND,
            asked.language,
            session,
            403 if session or error else 200,
            action=action,
            act=_IN_PATH.sub("", action).strip("/").replace("/", "-"),
            fields=fields,
            form_token=self.tokens.make(asked.id),
            options=self.second.to_prove(asked),
            has_app=TOTP in kinds,
            by_passphrase=not kinds,
            error=error,
        )

    def shown(self, visit: Visit) -> Response:
        return self._list(visit)

    def app(self, visit: Visit) -> Response:
        return self._app(visit)

    def add_passkey(self, visit: Visit, form: Form) -> Response:
        host = visit.request.headers["host"]
        return self._done(
            visit, "added", self._list, lambda: self.second.add_passkey(visit.session, form.get("passkey", ""), host, visit.now)
        )

    def add_totp(self, visit: Visit, form: Form) -> Response:
        add = self.second.add_totp
        return self._done(visit, "added", self._app, lambda: add(visit.session, form.get("code", ""), visit.now))

    def remove(self, visit: Visit, form: Form) -> Response:
        text = form.get("factor", "")
        id_ = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        return self._done(visit, "removed", self._list, lambda: self.second.remove(visit.session, id_, visit.now))

    def _done(
        self, visit: Visit, done: str, again: Callable[[Visit, WhistleError], Response], act: Callable[[], None]
    ) -> Response:
        """Back to the list, other sessions ended; or the same page again, and why it was not taken."""
        try:
            act()
        except _KEPT_ON_PAGE as error:
            return again(visit, error)
        self.sessions.end_others(visit.session)
        if visit.session.owes is Owes.FACTOR:
            visit.session.admit()
        return go(f"/factors?done={done}")

    def _list(self, visit: Visit, error: WhistleError | None = None) -> Response:
        session, done = visit.session, visit.request.query_params.get("done")
        return self.pages.render(
            "factors",
            "/factors",
            session.language,
            session,
            400 if error else 200,
            factors=self.second.of(session.member),
            passkey=PASSKEY,
            options=self.second.to_create(session),
            required=self.second.is_required,
            owed=session.owes is Owes.FACTOR,
            done=done if done in ("added", "removed") else None,
            error=error,
        )

    def _app(self, visit: Visit, error: WhistleError | None = None) -> Response:
        session, status = visit.session, 400 if error else 200
        proposed = self.second.proposed(session)
        return self.pages.render("code-app", "/factors/totp", session.language, session, status, proposed=proposed, error=error)

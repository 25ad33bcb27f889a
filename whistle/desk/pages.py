"""What the desk answers to each path. Handlers read, do, answer; they hold no key and no statement of SQL.

Decided here: which right each path takes and which forms ask once more who is there; that whoever is not signed in sees the
sign-in page and nothing else; that a refusal is on the log; and what the inbox tells.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from whistle.desk import channelpages
from whistle.desk.arrivals import Arrivals
from whistle.desk.broadcastpage import BroadcastPage
from whistle.desk.casepages import CasePages
from whistle.desk.channelpages import ChannelPages
from whistle.desk.dayspage import DaysPage
from whistle.desk.deadlines import unopened_is_urgent
from whistle.desk.eml import LONGEST_MAIL
from whistle.desk.epochs import Turning, destroyed_from
from whistle.desk.erasure import Keeping, Purge
from whistle.desk.factor_pages import FIRST, SECOND, FactorPages
from whistle.desk.factors import proof_in
from whistle.desk.filepages import FilePages
from whistle.desk.inbox import Inbox
from whistle.desk.logpage import LogPage
from whistle.desk.members import Members
from whistle.desk.numberspage import NumbersPage
from whistle.desk.paths import Endpoint, Form, Guarded, Take, TakeForm, Visit, go, status_of
from whistle.desk.people import People
from whistle.desk.peoplepage import PeoplePage
from whistle.desk.presets import Preset
from whistle.desk.receipts import Receipts
from whistle.desk.relay import Clock, Relay
from whistle.desk.roles import Right, may, require
from whistle.desk.saying import typed_in
from whistle.desk.sessions import Owes, Session, Sessions
from whistle.desk.showing import Pages
from whistle.desk.signinpages import COOKIE, SignInPages
from whistle.desk.states import State
from whistle.desk.uploads import FileForm, T, Upload, fields_beside, pieces
from whistle.errors import (
    DeskBusy,
    FactorNeeded,
    FactorRefused,
    NoSuchView,
    NotAllowed,
    NotDeclared,
    NotSignedIn,
    NotThisForm,
    NotYours,
    PassphraseOver,
    StepUpNeeded,
    StorageFailed,
    WhistleError,
)
from whistle.store.desk import Act, Cases
from whistle.web.forms import LONGEST_FORM, SHORT_FORM, FormTokens, read_form, refuse_other_sites

_CASE = "/cases/{number:case}"
_LEAVING = ("step-aside", "hand-over")  # forms after which the case is not there for its member any more
_TEXT_MAY_BE_GONE = (NotSignedIn, NotThisForm, NotDeclared, StorageFailed, DeskBusy)  # no browser need have it any more
Begin = Callable[[Visit, FileForm], T]
TakeUpload = Callable[[Visit, Upload[T]], Response]


@dataclass(frozen=True, eq=False)
class Desk:
    """Everything that the pages need, put together by the entry point."""

    cases: Cases
    clock: Clock
    rules: Preset
    sessions: Sessions
    tokens: FormTokens
    members: Members
    people: People
    pages: Pages
    # What the inbox tells of
    arrivals: Arrivals
    work: Inbox
    turning: Turning
    keeping: Keeping
    purge: Purge
    receipts: Receipts
    relay: Relay
    # The pages of one thing each
    sign_in: SignInPages
    factor_pages: FactorPages
    case_pages: CasePages
    file_pages: FilePages
    channels: ChannelPages
    people_page: PeoplePage
    broadcast_page: BroadcastPage
    log_page: LogPage
    days_page: DaysPage
    numbers_page: NumbersPage

    @property
    def routes(self) -> list[Route]:
        return [line.route for line in self.table]

    @property
    def table(self) -> list[Guarded]:
        """Every path, and the right that it takes. None of them can be written down without."""
        return [
            *self._before_signing_in,
            *self._of_the_desk,
            *self._of_a_case,
            *self._of_what_is_kept_and_told,
            *self._of_who_sees_it,
        ]

    @property
    def _before_signing_in(self) -> list[Guarded]:
        entry = self.sign_in
        return [
            Guarded(None, "GET", "/sign-in", entry.show),
            Guarded(None, "POST", "/sign-in", entry.sign_in),
            Guarded(None, "GET", SECOND, entry.second_page),
            Guarded(None, "POST", SECOND, entry.second),
            Guarded(None, "GET", "/style.css", self.style),
            Guarded(None, "GET", "/invitation/{token:token}", self.invitation),
            Guarded(None, "POST", "/invitation/{token:token}", self.accept_invitation),
            Guarded(None, "GET", "/passkey.js", self.script),
        ]

    @property
    def _of_the_desk(self) -> list[Guarded]:
        entry, people, broadcast = self.sign_in, self.people_page, self.broadcast_page
        factors, channels = self.factor_pages, self.channels
        return [
            self._page(Right.ACCOUNT, "/", self.home),
            self._form(Right.CASES, "/", self.find),
            self._form(Right.ACCOUNT, "/sign-out", entry.sign_out),
            self._page(Right.ACCOUNT, "/passphrase", entry.passphrase_page),
            self._form(Right.ACCOUNT, "/passphrase", entry.change_passphrase, self.members.turns),
            self._form(Right.ACCOUNT, "/block", _taken(people.block_oneself)),
            self._form(Right.CASES, "/ring", _taken(people.hand_ring), fresh=True),
            self._page(Right.PEOPLE, "/people", _shown(people.show)),
            *(self._form(Right.PEOPLE, f"/people/{name}", _taken(take), fresh=True) for name, take in people.forms.items()),
            self._page(Right.CASES, "/broadcast", _shown(broadcast.show)),
            self._form(Right.LEAD, "/broadcast", _taken(broadcast.ask), fresh=True),
            self._form(Right.CASES, "/broadcast/confirm", _taken(broadcast.confirm), fresh=True),
            self._form(Right.CASES, "/broadcast/withdraw", _taken(broadcast.withdraw)),
            self._page(Right.ACCOUNT, "/factors", factors.shown),
            self._page(Right.ACCOUNT, "/factors/totp", factors.app),
            self._form(Right.ACCOUNT, "/factors/passkey", factors.add_passkey, fresh=True),
            self._form(Right.ACCOUNT, "/factors/totp", factors.add_totp, fresh=True),
            self._form(Right.ACCOUNT, "/factors/remove", factors.remove, fresh=True),
            self._page(Right.LOG, "/log", _shown(self.log_page.show)),
            self._page(Right.LOG, "/days", _shown(self.days_page.show)),
            self._form(Right.LOG, "/log/verify", _taken(self.log_page.verify)),
            self._page(Right.CASES, "/numbers", _shown(self.numbers_page.show)),
            self._page(Right.CASES, "/numbers.csv", _shown(self.numbers_page.file)),
            self._page(Right.CASES, channelpages.PATH, _shown(channels.show)),
            self._form(Right.CASES, channelpages.PATH, _taken(channels.file)),
            self._upload(Right.CASES, "/reports/mail", channels.begin_mail, channels.take_mail, LONGEST_MAIL),
        ]

    @property
    def _of_a_case(self) -> list[Guarded]:
        """What is said in a case and known of it, and its files."""
        page, files, writer = self.case_pages, self.file_pages, self.case_pages.writer
        file, recording = (files.begin, files.send), (files.begin_recording, files.keep_recording)
        return [
            self._page(Right.CASES, _CASE, page.show),
            self._form(Right.CASES, _CASE + "/acknowledge", page.text("acknowledge", writer.acknowledge)),
            self._form(Right.CASES, _CASE + "/reply", page.text("reply", writer.reply)),
            self._form(Right.CASES, _CASE + "/note", page.text("note", writer.note)),
            self._form(Right.CASES, _CASE + "/ask", page.ask),
            self._form(Right.CASES, _CASE + "/minutes", page.text("minutes", writer.minutes)),
            self._form(Right.CASES, _CASE + "/feedback", page.checked("feedback", writer.feedback)),
            self._form(Right.CASES, _CASE + "/outcome", page.tell_outcome),
            self._form(Right.CASES, _CASE + "/closing", page.checked("closing", writer.closing)),
            self._form(Right.CASES, _CASE + "/state", page.change_state),
            self._upload(Right.CASES, _CASE + "/files", *file, page.longest_file),
            *([self._upload(Right.CASES, _CASE + "/recording", *recording, page.longest_file)] if page.recordings else []),
            self._page(Right.CASES, _CASE + "/files/{file:file}", files.show),
            self._form(Right.CASES, _CASE + "/files/{file:file}", files.download),
            self._form(Right.CASES, _CASE + "/suppress", page.text("suppress", writer.suppress)),
            self._form(Right.CASES, _CASE + "/sheet", page.change_sheet),
        ]

    @property
    def _of_what_is_kept_and_told(self) -> list[Guarded]:
        """How long a case is kept, who learns who reported it, and what is taken out of it."""
        page, keeping, revealing = self.case_pages, self.keeping, self.case_pages.revealing
        return [
            self._form(Right.CASES, _CASE + "/necessity", page.text("necessity", keeping.still_needed)),
            self._form(Right.CASES, _CASE + "/hold", page.hold),
            self._form(Right.CASES, _CASE + "/lift", page.text("lift", keeping.lift), fresh=True),
            self._form(Right.CASES, _CASE + "/early", page.text("early", keeping.early), fresh=True),
            self._form(Right.CASES, _CASE + "/confirm", partial(page.answer_request, "confirm"), fresh=True),
            self._form(Right.CASES, _CASE + "/withdraw", partial(page.answer_request, "withdraw")),
            self._form(Right.CASES, _CASE + "/identity", page.acted("identity", revealing.ask), fresh=True),
            self._form(Right.CASES, _CASE + "/identity/approve", page.acted("identity-approve", revealing.approve), fresh=True),
            self._form(Right.CASES, _CASE + "/identity/refuse", page.acted("identity-refuse", revealing.refuse)),
            self._form(Right.CASES, _CASE + "/identity/end", page.acted("identity-end", revealing.end)),
            self._form(Right.CASES, _CASE + "/identity/reveal", page.reveal, fresh=True),
            self._form(Right.CASES, _CASE + "/disclose", page.acted("disclose", page.disclosing.disclose), fresh=True),
            self._form(Right.CASES, _CASE + "/removal", page.ask_removal),
            self._form(Right.CASES, _CASE + "/removal-confirm", partial(page.answer_removal, "removal-confirm"), fresh=True),
            self._form(Right.CASES, _CASE + "/removal-withdraw", partial(page.answer_removal, "removal-withdraw")),
        ]

    @property
    def _of_who_sees_it(self) -> list[Guarded]:
        """Why a member looks at a case, and who must not."""
        page = self.case_pages
        return [
            self._form(Right.CASES, _CASE + "/purpose", page.give_purpose),
            self._form(Right.CASES, _CASE + "/declare", page.declare),
            self._form(Right.CASES, _CASE + "/step-aside", page.step_aside),
            self._form(Right.LEAD, _CASE + "/exclude", page.exclude, fresh=True),
            self._form(Right.LEAD, _CASE + "/readmit", page.readmit, fresh=True),
            self._form(Right.LEAD, _CASE + "/hand-over", page.hand_over, fresh=True),
        ]

    def _page(self, right: Right, path: str, show: Callable[[Visit], Response]) -> Guarded:
        return Guarded(right, "GET", path, self._seen(right, show))

    def _form(self, right: Right, path: str, take: Take, turns: Executor | None = None, fresh: bool = False) -> Guarded:
        endpoint = self._sent(right, self._freshly(take) if fresh else take, turns)
        return Guarded(right, "POST", path, endpoint, fresh)

    def _upload(self, right: Right, path: str, begin: Begin[T], take: TakeUpload[T], longest: int) -> Guarded:
        return Guarded(right, "POST", path, self._streamed(right, begin, take, longest))

    # Who is there -----------------------------------------------------------------------------------------------------

    def _session(self, request: Request, now: datetime) -> Session:
        """Raises NotSignedIn."""
        session = self.sessions.find(request.cookies.get(COOKIE, ""), now)
        self.pages.language(request.query_params.get("language"), session)
        return session

    def _seen(self, right: Right, show: Callable[[Visit], Response]) -> Endpoint:
        """A page for whoever is signed in and has this right."""

        async def get(request: Request) -> Response:
            now = self.clock()
            visit = Visit(request, self._session(request, now), now)
            return await asyncio.to_thread(self._noting_refusals, visit, right, partial(show, visit))

        return get

    def _sent(self, right: Right, take: Take, turns: Executor | None = None) -> Endpoint:
        """A form of whoever is signed in and has this right, from a page of this desk. `turns` runs one of passphrases."""

        async def post(request: Request) -> Response:
            form, now = await read_form(request, SHORT_FORM if turns else LONGEST_FORM), self.clock()
            try:
                session = self._session(request, now)
                self.tokens.check(session.id, form.get("token", ""))
                visit = Visit(request, session, now)
                act = partial(self._noting_refusals, visit, right, partial(take, visit, form))
                return await asyncio.get_running_loop().run_in_executor(turns or self.sign_in.turns_of(form), act)
            except _TEXT_MAY_BE_GONE as error:
                return self._refusal(request, error, typed_in(form))

        return post

    def _streamed(self, right: Right, begin: Begin[T], take: TakeUpload[T], longest: int) -> Endpoint:
        """A form with a file, taken to its end even if something is wrong, or no browser would show why."""

        async def post(request: Request) -> Response:
            refuse_other_sites(request)
            now = self.clock()
            try:
                visit = Visit(request, self._session(request, now), now)
            except NotSignedIn as error:
                return self._refusal(request, error, typed_in(await fields_beside(request, longest)))
            await asyncio.to_thread(self._noting_refusals, visit, right, Response)
            form = FileForm(request.headers.get("content-type", ""))
            upload = Upload(form, partial(self._begun, begin, visit), longest)
            try:
                async for piece in pieces(request):
                    await asyncio.to_thread(upload.feed, piece)
                self._session(request, self.clock())  # it may have ended meanwhile
                return await asyncio.to_thread(self._noting_refusals, visit, right, partial(take, visit, upload))
            except _TEXT_MAY_BE_GONE as error:
                return self._refusal(request, error, typed_in(form.fields))
            finally:
                await asyncio.to_thread(upload.drop)

        return post

    def _begun(self, begin: Begin[T], visit: Visit, form: FileForm) -> T:
        """A file of whoever is signed in, from a page of this desk."""
        self.tokens.check(visit.session.id, form.fields.get("token", ""))
        return begin(visit, form)

    def _freshly(self, take: Take) -> Take:
        """The same, from somebody who has proved lately who they are; else they are asked, and what was typed waits."""

        def first(visit: Visit, form: Form) -> Response:
            proof = proof_in(form, visit.request.headers["host"])
            try:
                self.factor_pages.second.require_recent(visit.session, proof, visit.now)
            except (StepUpNeeded, FactorRefused) as error:
                return self.factor_pages.step_up(visit, form, error)
            return take(visit, form)

        return first

    def _noting_refusals(self, visit: Visit, right: Right, act: Callable[[], Response]) -> Response:
        """The answer; if it is not the member's to see, or the case is none, that they asked for it is on the log."""
        if visit.session.owes is Owes.FACTOR and visit.request.url.path not in FIRST:
            raise FactorNeeded
        try:
            self.people.meet(visit.session, visit.request.url.path, visit.now)
            require(visit.session.role, right)
            return act()
        except (NotYours, NotAllowed):
            self.cases.log(Act(visit.now, visit.session.member, "refused", visit.request.path_params.get("number")))
            raise

    # Whoever is invited -----------------------------------------------------------------------------------------------

    async def invitation(self, request: Request) -> Response:
        language = self.pages.language(request.query_params.get("language"), None)
        show = partial(self.people_page.invitation, request.path_params["token"], language, self.clock())
        return await asyncio.to_thread(show)

    async def accept_invitation(self, request: Request) -> Response:
        form, language = await read_form(request, SHORT_FORM), self.pages.language(request.query_params.get("language"), None)
        accept = partial(self.people_page.accept, request.path_params["token"], form, language, self.clock())
        return await asyncio.get_running_loop().run_in_executor(self.members.turns, accept)

    # The inbox --------------------------------------------------------------------------------------------------------

    def home(self, visit: Visit) -> Response:
        """Where a member's work is."""
        if may(visit.session.role, Right.CASES):
            return self.inbox(visit)
        return go("/log" if may(visit.session.role, Right.LOG) else "/people")

    def inbox(self, visit: Visit) -> Response:
        session, today = visit.session, visit.now.date()
        ended = self.arrivals.open(visit.session, visit.now)
        self.turning.keep(session, visit.now)
        groups = list(session.groups)
        query, error = visit.request.query_params, None
        try:
            view = self.work.view(session, query, today)
        except NoSuchView as mistaken:
            error, view = mistaken, self.work.nothing(session, query, today)
        return self.pages.render(
            "inbox",
            "/",
            session.language,
            session,
            400 if error else 200,
            view=view,
            query=view.query,
            error=error,
            states=list(State),
            refused=self.cases.refused(groups, session.member),
            groups=self.pages.group_names(session.language),
            alarm=unopened_is_urgent(self.cases.oldest_waiting(), today, self.rules),
            silent=self.relay.silent,
            contact=self.cases.relayed().contact,
            ended=ended,
            unreceipted=not self.receipts.is_listed(today),
            room=self.relay.room,
            short_of_disk=self.relay.short_of_disk,
            refusals=self.log_page.refused(),
            log_problem=self.log_page.heads.problem,
            overdue_reviews=self.keeping.overdue(session, today),
            to_confirm=self.keeping.to_confirm(session),
            unerased=self.purge.failed,
            epochs=[(each, destroyed_from(each)) for each in self.cases.epochs.of(groups)],
            mail_fails=self.cases.mails.is_failing(),
            notices=self.people.notices(session, today),
            broadcasts=self.broadcast_page.broadcasting.waiting(session, today),
            done=done if (done := visit.request.query_params.get("done")) in _LEAVING else None,
        )

    def find(self, visit: Visit, form: Form) -> Response:
        """Cases, by what a form of the inbox asks for."""
        return go(self.work.path_of(visit.session, form))

    # Everything else --------------------------------------------------------------------------------------------------

    async def style(self, _: Request) -> Response:
        return Response(self.pages.style, headers={"cache-control": "no-store"}, media_type="text/css")

    async def script(self, _: Request) -> Response:
        """The only script that this desk serves: the policy's 'self' means no other."""
        return Response(self.pages.script, headers={"cache-control": "no-store"}, media_type="text/javascript")

    def refused(self, request: Request, error: Exception) -> Response:
        """The page of a named error."""
        assert isinstance(error, WhistleError)
        if isinstance(error, FactorNeeded):
            return go("/factors")
        if isinstance(error, NotSignedIn) and request.method == "GET":
            return go("/sign-in")
        if isinstance(error, PassphraseOver):
            return go("/passphrase")
        return self._refusal(request, error, "")

    def _refusal(self, request: Request, error: WhistleError, kept: str) -> Response:
        """The page of a named error, with what was sent, to be copied. It stands in this one answer and nowhere else."""
        if isinstance(error, NotSignedIn):
            return self.sign_in.page(request, "", error, kept)
        return self._error_page(request, error, status_of(error), kept)

    def nothing(self, request: Request, _: Exception) -> Response:
        """Where there is no page: the same as a case of another group."""
        return self._error_page(request, NotYours(), 404)

    def broken(self, request: Request, _: Exception) -> Response:
        """What nobody foresaw: no word of what went wrong leaves the program."""
        return self._error_page(request, WhistleError(), 500)

    def _error_page(self, request: Request, error: WhistleError, status: int, kept: str = "") -> Response:
        try:
            session: Session | None = self._session(request, self.clock())
        except NotSignedIn:
            session = None
        language = self.pages.language(request.query_params.get("language"), session)
        return self.pages.render("error", "/", language, session, status, error=error, kept=kept)


def _shown(show: TakeForm) -> Callable[[Visit], Response]:
    """A page of which its link says what to show."""
    return lambda visit: show(visit.session, visit.request.query_params, visit.now)


def _taken(take: TakeForm) -> Take:
    return lambda visit, form: take(visit.session, form, visit.now)

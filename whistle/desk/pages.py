"""What the desk answers to each path. Handlers read, do, answer; they hold no key and no statement of SQL.

Whoever is not signed in sees the sign-in page and nothing else.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from whistle.desk import channelpages
from whistle.desk.broadcastpage import BroadcastPage
from whistle.desk.casefile import Casefile, where
from whistle.desk.channelpages import ChannelPages
from whistle.desk.conflicts import Conflicts
from whistle.desk.continuing import Continuing
from whistle.desk.counting import Counting, label, sheet
from whistle.desk.dayspage import DaysPage
from whistle.desk.deadlines import feedback_by, unopened_is_urgent
from whistle.desk.disclosing import Disclosing
from whistle.desk.eml import LONGEST_MAIL, Incoming
from whistle.desk.epochs import Turning, destroyed_from
from whistle.desk.erasure import Keeping, Purge
from whistle.desk.factor_pages import FIRST, SECOND, FactorPages
from whistle.desk.factors import Proof, proof_in
from whistle.desk.files import CaseFiles, Shown, disposition
from whistle.desk.identity import Revealing
from whistle.desk.inbox import Inbox
from whistle.desk.letters import Letters
from whistle.desk.logpage import LogPage, look_ups
from whistle.desk.members import Members
from whistle.desk.outcomes import Code
from whistle.desk.paths import NOTHING, Endpoint, Form, Guarded, Take, TakeForm, Visit, go, status_of
from whistle.desk.people import People
from whistle.desk.peoplepage import PeoplePage
from whistle.desk.presets import Preset
from whistle.desk.purposes import Purpose, Purposes, purpose_of
from whistle.desk.reading import OpenCase, Reader
from whistle.desk.receipts import Receipts
from whistle.desk.relay import Clock, Relay
from whistle.desk.removal import Removal
from whistle.desk.roles import Right, may, require
from whistle.desk.saying import ROWS, checks_of, for_now, form_of, owes_feedback, questions_in, ticked_in, typed_in
from whistle.desk.sessions import Owes, Session, Sessions
from whistle.desk.sheet import PARTS
from whistle.desk.showing import Draft, Pages
from whistle.desk.starting import KeyCard
from whistle.desk.states import State, following
from whistle.desk.throttle import Throttle
from whistle.desk.uploads import FileForm, Sending, T, Upload, fields_beside, pieces
from whistle.desk.writing import Place, Writer
from whistle.errors import (
    CardRefused,
    ChecklistIncomplete,
    ConsentIsWithdrawn,
    ConsentMissing,
    DeskBusy,
    DisclosureIncomplete,
    FactorNeeded,
    FactorRefused,
    FeedbackUnfinished,
    FilesUnopened,
    FileTooLarge,
    ForbiddenStep,
    IdentityUnreadable,
    LastReader,
    NeedsAnother,
    NeedsOtherRing,
    NoFileChosen,
    NoGroundChosen,
    NoGroupChosen,
    NoMemberChosen,
    NoOutcomeChosen,
    NoSuchCase,
    NoSuchChoice,
    NoSuchPeriod,
    NoSuchView,
    NotACard,
    NotADay,
    NotAllowed,
    NotDeclared,
    NothingChosen,
    NoticeUnfinished,
    NotInARing,
    NotSignedIn,
    NotThisForm,
    NotYours,
    Overtaken,
    PartNeeded,
    PassphraseOver,
    PassphrasesDiffer,
    PassphraseTooWeak,
    PassphraseUnchanged,
    QuestionsIncomplete,
    RecordedRefused,
    RequestEnded,
    ReviewRefused,
    SheetDamaged,
    SignInRefused,
    StepUpNeeded,
    StorageFailed,
    TextMissing,
    TextTooLong,
    WhistleError,
)
from whistle.protocol.content import INTERNAL, IntakeRecord
from whistle.sealing.contents import Item
from whistle.store.desk import Act, Case, Cases
from whistle.store.log import WAITED
from whistle.web.forms import LONGEST_FORM, SHORT_FORM, FormTokens, read_form, refuse_other_sites

COOKIE = "__Host-desk"
_FORMS = (
    *("acknowledge", "reply", "note", "state", "file", "ask", "minutes", "feedback", "outcome", "complaint", "closing"),
    *("suppress", *PARTS),
    *("identity", "identity-approve", "identity-refuse", "identity-end", "disclose"),
    *("removal", "removal-confirm", "removal-withdraw"),
    *("necessity", "hold", "lift", "early", "confirm", "withdraw", "recording"),
    *("exclude", "readmit"),
    "purpose",
)
_LEAVING = ("step-aside", "hand-over")  # forms after which the case is not there for its member any more
_TEXT_MAY_BE_GONE = (NotSignedIn, NotThisForm, NotDeclared, StorageFailed, DeskBusy)  # no browser need have it any more
_NAME_LIMIT = 64
_KEPT_ON_PAGE = (
    TextMissing,
    TextTooLong,
    NoFileChosen,
    FileTooLarge,
    QuestionsIncomplete,
    ChecklistIncomplete,
    FeedbackUnfinished,
    NoOutcomeChosen,
    NothingChosen,
    PartNeeded,
    NoMemberChosen,
    NoGroupChosen,
    FilesUnopened,
    LastReader,
    ForbiddenStep,
    NeedsAnother,
    NeedsOtherRing,
    NotInARing,
    RequestEnded,
    IdentityUnreadable,
    DisclosureIncomplete,
    NoGroundChosen,
    NoticeUnfinished,
    ConsentIsWithdrawn,
    ReviewRefused,
    NotADay,
    NoSuchCase,
    NoSuchChoice,
    SheetDamaged,
    Overtaken,
    CardRefused,
    NotACard,
    StorageFailed,
    ConsentMissing,
    RecordedRefused,
)


@dataclass(frozen=True, eq=False)
class Desk:
    """Everything that the pages need, put together by the entry point."""

    cases: Cases
    members: Members
    factor_pages: FactorPages
    sessions: Sessions
    throttle: Throttle
    reader: Reader
    writer: Writer
    keeping: Keeping
    casefile: Casefile
    continuing: Continuing
    revealing: Revealing
    disclosing: Disclosing
    conflicts: Conflicts
    purge: Purge
    removal: Removal
    turning: Turning
    files: CaseFiles
    purposes: Purposes
    channels: ChannelPages
    work: Inbox
    card: KeyCard
    counting: Counting
    receipts: Receipts
    relay: Relay
    pages: Pages
    letters: Letters
    log_page: LogPage
    days_page: DaysPage
    people: People
    people_page: PeoplePage
    broadcast_page: BroadcastPage
    tokens: FormTokens
    rules: Preset
    longest_file: int  # bytes of a file that a member sends
    recordings: bool  # whether members keep any
    clock: Clock

    @property
    def routes(self) -> list[Route]:
        return [line.route for line in self.table]

    @property
    def table(self) -> list[Guarded]:
        """Every path, and the right that it takes. None of them can be written down without."""
        case = "/cases/{number:case}"
        return [
            Guarded(None, "GET", "/sign-in", self.sign_in_page),
            Guarded(None, "POST", "/sign-in", self.sign_in),
            Guarded(None, "GET", SECOND, self.second_page),
            Guarded(None, "POST", SECOND, self.second),
            Guarded(None, "GET", "/style.css", self.style),
            Guarded(None, "GET", "/invitation/{token:token}", self.invitation),
            Guarded(None, "POST", "/invitation/{token:token}", self.accept_invitation),
            Guarded(None, "GET", "/passkey.js", self.script),
            self._page(Right.ACCOUNT, "/", self.home),
            self._form(Right.CASES, "/", self.find),
            self._form(Right.ACCOUNT, "/sign-out", self.sign_out),
            self._page(Right.ACCOUNT, "/passphrase", self.passphrase_page),
            self._form(Right.ACCOUNT, "/passphrase", self.change_passphrase, self.members.turns),
            self._form(Right.ACCOUNT, "/block", _about_people(self.people_page.block_oneself)),
            self._form(Right.CASES, "/ring", _about_people(self.people_page.hand_ring), fresh=True),
            self._page(Right.PEOPLE, "/people", self.people_list),
            *(
                self._form(Right.PEOPLE, f"/people/{name}", _about_people(take), fresh=True)
                for name, take in self.people_page.forms.items()
            ),
            self._page(Right.CASES, "/broadcast", self.broadcast),
            self._form(Right.LEAD, "/broadcast", _about_people(self.broadcast_page.ask), fresh=True),
            self._form(Right.CASES, "/broadcast/confirm", _about_people(self.broadcast_page.confirm), fresh=True),
            self._form(Right.CASES, "/broadcast/withdraw", _about_people(self.broadcast_page.withdraw)),
            self._page(Right.ACCOUNT, "/factors", self.factor_pages.shown),
            self._page(Right.ACCOUNT, "/factors/totp", self.factor_pages.app),
            self._form(Right.ACCOUNT, "/factors/passkey", self.factor_pages.add_passkey, fresh=True),
            self._form(Right.ACCOUNT, "/factors/totp", self.factor_pages.add_totp, fresh=True),
            self._form(Right.ACCOUNT, "/factors/remove", self.factor_pages.remove, fresh=True),
            self._page(Right.LOG, "/log", self.log),
            self._page(Right.LOG, "/days", self.days),
            self._form(Right.LOG, "/log/verify", _about_people(self.log_page.verify)),
            self._page(Right.CASES, "/numbers", self.numbers),
            self._page(Right.CASES, "/numbers.csv", self.numbers_file),
            self._page(Right.CASES, case, self.case),
            self._form(Right.CASES, case + "/acknowledge", self._text("acknowledge", self.writer.acknowledge)),
            self._form(Right.CASES, case + "/reply", self._text("reply", self.writer.reply)),
            self._form(Right.CASES, case + "/note", self._text("note", self.writer.note)),
            self._form(Right.CASES, case + "/ask", self.ask),
            self._form(Right.CASES, case + "/minutes", self._text("minutes", self.writer.minutes)),
            self._form(Right.CASES, case + "/feedback", self._checked("feedback", self.writer.feedback)),
            self._form(Right.CASES, case + "/outcome", self.tell_outcome),
            self._form(Right.CASES, case + "/closing", self._checked("closing", self.writer.closing)),
            self._form(Right.CASES, case + "/state", self.change_state),
            Guarded(Right.CASES, "POST", case + "/files", self.send_file),
            self._page(Right.CASES, case + "/files/{file:file}", self.file_page),
            self._form(Right.CASES, case + "/files/{file:file}", self.download),
            self._form(Right.CASES, case + "/suppress", self._text("suppress", self.writer.suppress)),
            self._form(Right.CASES, case + "/sheet", self.change_sheet),
            self._form(Right.CASES, case + "/necessity", self._text("necessity", self.keeping.still_needed)),
            self._form(Right.CASES, case + "/hold", self.hold),
            self._form(Right.CASES, case + "/lift", self._text("lift", self.keeping.lift), fresh=True),
            self._form(Right.CASES, case + "/early", self._text("early", self.keeping.early), fresh=True),
            self._form(Right.CASES, case + "/confirm", partial(self.answer_request, "confirm"), fresh=True),
            self._form(Right.CASES, case + "/withdraw", partial(self.answer_request, "withdraw")),
            self._form(Right.CASES, case + "/identity", self._acted("identity", self.revealing.ask), fresh=True),
            self._form(
                Right.CASES, case + "/identity/approve", self._acted("identity-approve", self.revealing.approve), fresh=True
            ),
            self._form(Right.CASES, case + "/identity/refuse", self._acted("identity-refuse", self.revealing.refuse)),
            self._form(Right.CASES, case + "/identity/end", self._acted("identity-end", self.revealing.end)),
            self._form(Right.CASES, case + "/identity/reveal", self.reveal, fresh=True),
            self._form(Right.CASES, case + "/disclose", self._acted("disclose", self.disclosing.disclose), fresh=True),
            self._form(Right.CASES, case + "/removal", self.ask_removal),
            self._form(Right.CASES, case + "/removal-confirm", partial(self.answer_removal, "removal-confirm"), fresh=True),
            self._form(Right.CASES, case + "/removal-withdraw", partial(self.answer_removal, "removal-withdraw")),
            self._page(Right.CASES, channelpages.PATH, self.new_report),
            self._form(Right.CASES, channelpages.PATH, self.file_report),
            Guarded(Right.CASES, "POST", "/reports/mail", self.send_mail),
            self._form(Right.CASES, case + "/purpose", self.give_purpose),
            *([Guarded(Right.CASES, "POST", case + "/recording", self.send_recording)] if self.recordings else []),
            self._form(Right.CASES, case + "/declare", self.declare),
            self._form(Right.CASES, case + "/step-aside", self.step_aside),
            self._form(Right.LEAD, case + "/exclude", self.exclude, fresh=True),
            self._form(Right.LEAD, case + "/readmit", self.readmit, fresh=True),
            self._form(Right.LEAD, case + "/hand-over", self.hand_over, fresh=True),
        ]

    def _page(self, right: Right, path: str, show: Callable[[Visit], Response]) -> Guarded:
        return Guarded(right, "GET", path, self._seen(right, show))

    def _form(self, right: Right, path: str, take: Take, turns: Executor | None = None, fresh: bool = False) -> Guarded:
        endpoint = self._sent(right, self._freshly(take) if fresh else take, turns)
        return Guarded(right, "POST", path, endpoint, fresh)

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
                return await asyncio.get_running_loop().run_in_executor(turns or self._turns(form), act)
            except _TEXT_MAY_BE_GONE as error:
                return self._refusal(request, error, typed_in(form))

        return post

    def _turns(self, form: Form) -> Executor | None:
        """Where whoever proves by a passphrase waits; None is where nobody does."""
        return self.members.turns if form.get("proof_passphrase") else None

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

    async def sign_in_page(self, request: Request) -> Response:
        return self._sign_in_page(request, "", None)

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
            return self._sign_in_page(request, name, error)
        try:
            role, groups = self.members.open(name, form.get("passphrase", ""))
        except SignInRefused as error:
            self.throttle.failed(name, now)
            self.cases.log(Act(now, self._known(name), "sign-in refused"))
            return self._sign_in_page(request, name, error)
        self.throttle.succeeded(name)
        language = self.pages.language(request.query_params.get("language"), None)
        owes = self.factor_pages.second.owed_by(name)
        self.cases.log(Act(now, name, "gave passphrase") if owes is Owes.PROOF else Act(now, name, "signed in"))
        token, _ = self.sessions.begin(name, role, groups, language, now, owes)
        return _go_with(token, SECOND if owes is Owes.PROOF else "/")

    def _known(self, name: str) -> str:
        return name if self.people.is_known(name) else "unknown"

    def _note_wait(self, name: str, now: datetime) -> None:
        """That somebody tried while the name had to wait, and how often by now."""
        if tries := self.throttle.tried(name):
            self.cases.log(Act(now, self._known(name), f"{WAITED}{tries}"))

    async def second_page(self, request: Request) -> Response:
        session = self.sessions.find_halfway(request.cookies.get(COOKIE, ""), self.clock())
        self.pages.language(request.query_params.get("language"), session)
        return await asyncio.to_thread(self.factor_pages.halfway, session)

    async def second(self, request: Request) -> Response:
        form, now = await read_form(request, SHORT_FORM), self.clock()
        session = self.sessions.find_halfway(request.cookies.get(COOKIE, ""), now)
        self.tokens.check(session.id, form.get("token", ""))
        act = partial(self._second, session, proof_in(form, request.headers["host"]), now)
        return await asyncio.get_running_loop().run_in_executor(self._turns(form), act)

    def _second(self, session: Session, proof: Proof, now: datetime) -> Response:
        try:
            self.factor_pages.second.prove(session, proof, "signed in", now)
        except FactorRefused as error:
            return self.factor_pages.halfway(session, error)
        return _go_with(self.sessions.admit(session, now), "/")

    def _sign_in_page(self, request: Request, name: str, error: WhistleError | None, kept: str = "") -> Response:
        language = self.pages.language(request.query_params.get("language"), None)
        status = 403 if error else 200
        return self.pages.render("sign-in", "/sign-in", language, None, status, name=name, error=error, kept=kept)

    def sign_out(self, visit: Visit, _: Form) -> Response:
        self.sessions.end(visit.session)
        self.cases.log(Act(visit.now, visit.session.member, "signed out"))
        answer = go("/sign-in")
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

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

    # People -----------------------------------------------------------------------------------------------------------

    def people_list(self, visit: Visit) -> Response:
        return self.people_page.show(visit.session, visit.request.query_params, visit.now)

    async def invitation(self, request: Request) -> Response:
        language = self.pages.language(request.query_params.get("language"), None)
        show = partial(self.people_page.invitation, request.path_params["token"], language, self.clock())
        return await asyncio.to_thread(show)

    async def accept_invitation(self, request: Request) -> Response:
        form, language = await read_form(request, SHORT_FORM), self.pages.language(request.query_params.get("language"), None)
        accept = partial(self.people_page.accept, request.path_params["token"], form, language, self.clock())
        return await asyncio.get_running_loop().run_in_executor(self.members.turns, accept)

    # Cases ------------------------------------------------------------------------------------------------------------

    def home(self, visit: Visit) -> Response:
        """Where a member's work is."""
        if may(visit.session.role, Right.CASES):
            return self.inbox(visit)
        return go("/log" if may(visit.session.role, Right.LOG) else "/people")

    def inbox(self, visit: Visit) -> Response:
        session, today = visit.session, visit.now.date()
        ended = self._open_arrivals(visit)
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

    def log(self, visit: Visit) -> Response:
        return self.log_page.show(visit.session, visit.request.query_params, visit.now)

    def days(self, visit: Visit) -> Response:
        return self.days_page.show(visit.session, visit.request.query_params, visit.now)

    def broadcast(self, visit: Visit) -> Response:
        return self.broadcast_page.show(visit.session, visit.request.query_params, visit.now)

    def numbers(self, visit: Visit) -> Response:
        session, error = visit.session, None
        self._open_arrivals(visit)
        try:
            look = self.counting.look(session, visit.request.query_params, visit.now)
        except NoSuchPeriod as mistaken:
            error, look = mistaken, self.counting.look(session, {}, visit.now)
        groups = {name: self.pages.group_names(session.language).get(name, name) for name in session.groups}
        values = {"look": look, "groups": groups, "label": label, "error": error, "query": look.query}
        return self.pages.render("numbers", "/numbers", session.language, session, 400 if error else 200, **values)

    def numbers_file(self, visit: Visit) -> Response:
        """What the page shows, as a file."""
        look = self.counting.look(visit.session, visit.request.query_params, visit.now)
        name = f"numbers-{look.period.year}{f'-{look.period.quarter}' if look.period.quarter else ''}.csv"
        headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
        words = self.pages.catalogues[visit.session.language]
        return Response(sheet(look.numbers, words), headers=headers, media_type="text/csv")

    def case(self, visit: Visit) -> Response:
        return self._case_or_declaration(visit, None)

    def _text(self, form: str, write: Callable[[Place, str, datetime], None]) -> Take:
        """A form with a text, which `write` signs, seals and keeps."""

        def take(visit: Visit, fields: Form) -> Response:
            text = fields.get("text", "")
            return self._done(visit, form, text, partial(write, _place(visit, fields), text, visit.now))

        return take

    def _acted(self, form: str, act: Callable[[Place, Form, datetime], None]) -> Take:
        """A form of which `act` reads more than a text."""

        def take(visit: Visit, fields: Form) -> Response:
            given = partial(act, _place(visit, fields), fields, visit.now)
            return self._done(visit, form, fields.get("text", ""), given, fields)

        return take

    def change_state(self, visit: Visit, form: Form) -> Response:
        """A form that asks why there is no feedback, if there is none and the case could be closed."""
        after, tell, why = form.get("state", ""), "tell" in form, form.get("text", "")
        act = partial(self.writer.change_state, _place(visit, form), after, tell, visit.now, why)
        return self._done(visit, "unsaid" if "text" in form else "state", why, act, form, f"/cases/{visit.case}?done=state")

    def ask(self, visit: Visit, form: Form) -> Response:
        def act() -> None:
            usual = self.letters.choices(self.reader.read(visit.session, visit.case).report.language)
            self.writer.ask(_place(visit, form), form.get("text", ""), questions_in(form, usual), visit.now)

        return self._done(visit, "ask", form.get("text", ""), act, form)

    def _checked(self, form: str, write: Callable[[Place, str, frozenset[str], datetime], None]) -> Take:
        """A form with a text that goes out only by its checklist."""

        def take(visit: Visit, fields: Form) -> Response:
            text = fields.get("text", "")
            act = partial(write, _place(visit, fields), text, ticked_in(fields), visit.now)
            return self._done(visit, form, text, act, fields)

        return take

    def tell_outcome(self, visit: Visit, form: Form) -> Response:
        text, chosen = form.get("text", ""), form.get("outcome", "")
        act = partial(self.writer.outcome, _place(visit, form), text, chosen, ticked_in(form), visit.now)
        return self._done(visit, form_of(chosen), text, act, form)

    def hold(self, visit: Visit, form: Form) -> Response:
        """A form with a text and a day."""
        text, review = form.get("text", ""), form.get("review", "")
        try:
            self.keeping.hold(_place(visit, form), text, review, visit.now)
        except _KEPT_ON_PAGE as error:
            where = "hold-review" if isinstance(error, ReviewRefused) else "hold"
            return self._case_page(visit, Draft(where, text, error, form))
        return go(f"/cases/{visit.case}?done=hold")

    def change_sheet(self, visit: Visit, form: Form) -> Response:
        """A part of what is known of a case beside its dialogue."""
        try:
            self.casefile.change(visit.session, visit.case, form, visit.now)
        except _KEPT_ON_PAGE as error:
            return self._case_page(visit, Draft(where(form, error), form.get("text", ""), error, form))
        return go(f"/cases/{visit.case}?done={form['part']}#casefile")

    def answer_request(self, how: str, visit: Visit, form: Form) -> Response:
        """What takes two is confirmed or taken back."""
        answer = self.keeping.confirm if how == "confirm" else self.keeping.withdraw
        asked = _number(form.get("asked", "")), form.get("what", "")
        return self._done(visit, how, "", partial(answer, visit.session, visit.case, asked, visit.now))

    def reveal(self, visit: Visit, form: Form) -> Response:
        """The name, in this one answer."""
        session, path = visit.session, f"/cases/{visit.case}"
        try:
            given = self.revealing.reveal(session, visit.case, form, visit.now)
        except _KEPT_ON_PAGE as error:
            return self._case_or_declaration(visit, Draft("identity-approve", "", error))
        asked = form.get("asked", "")
        return self.pages.render("revealed", path, session.language, session, number=visit.case, given=given, asked=asked)

    def ask_removal(self, visit: Visit, form: Form) -> Response:
        """A part of the case, and why it has nothing to do with it."""
        text = form.get("text", "")
        act = partial(self.removal.ask, _place(visit, form), text, form.get("part", ""), visit.now)
        return self._done(visit, "removal", text, act, form)

    def answer_removal(self, how: str, visit: Visit, form: Form) -> Response:
        answer = self.removal.confirm if how == "removal-confirm" else self.removal.withdraw
        return self._done(visit, how, "", partial(answer, visit.session, visit.case, _number(form.get("asked", "")), visit.now))

    def give_purpose(self, visit: Visit, form: Form) -> Response:
        given = partial(self.purposes.give, visit.session, visit.case, form.get("purpose", ""), visit.now)
        return self._done(visit, "purpose", "", given)

    def declare(self, visit: Visit, _: Form) -> Response:
        self.conflicts.declare(visit.session, visit.case, visit.now)
        return go(f"/cases/{visit.case}")

    def step_aside(self, visit: Visit, _: Form) -> Response:
        try:
            self.conflicts.step_aside(visit.session, visit.case, visit.now)
        except LastReader as error:
            return self._case_or_declaration(visit, Draft("step-aside", "", error))
        return go("/?done=step-aside")

    def exclude(self, visit: Visit, form: Form) -> Response:
        text, member = form.get("text", ""), form.get("member", "")
        act = partial(self.conflicts.exclude, _place(visit, form), text, member, visit.now)
        return self._done(visit, "exclude", text, act, form)

    def readmit(self, visit: Visit, form: Form) -> Response:
        text, aside = form.get("text", ""), _number(form.get("aside", ""))
        act = partial(self.conflicts.readmit, _place(visit, form), text, aside, visit.now)
        return self._done(visit, f"readmit-{aside}", text, act, form, f"/cases/{visit.case}?done=readmit")

    def hand_over(self, visit: Visit, form: Form) -> Response:
        text, group = form.get("text", ""), form.get("group", "")
        act = partial(self.conflicts.hand_over, _place(visit, form), text, group, visit.now)
        return self._done(visit, "hand-over", text, act, form, "/?done=hand-over")

    def _case_or_declaration(self, visit: Visit, draft: Draft | None) -> Response:
        """The case; before a member has said that they have no conflict of interest, the page that asks."""
        try:
            return self._case_page(visit, draft)
        except NotDeclared:
            session, case = visit.session, self.reader.find(visit.session, visit.case)
            values = {"case": case, "group": self._group(session, case.group), "error": draft and draft.error}
            path, status = f"/cases/{case.number}", status_of(draft.error) if draft else 200
            return self.pages.render("declare", path, session.language, session, status, **values)

    def _group(self, session: Session, group: str) -> str:
        return self.pages.group_names(session.language).get(group, group)

    def _done(
        self, visit: Visit, form: str, text: str, act: Callable[[], None], fields: Form = NOTHING, to: str = ""
    ) -> Response:
        """Back to the case once it is kept; or the same page again with the text still there, and why it was not taken."""
        try:
            act()
        except _KEPT_ON_PAGE as error:
            return self._case_page(visit, Draft(form, text, error, fields))
        return go(to or f"/cases/{visit.case}?done={form}")

    @property
    def _elsewhere(self) -> timedelta | None:
        """From the decision that a report belongs elsewhere to its erasure; None if it is kept like any other."""
        return None if self.rules.out_of_scope_days is None else timedelta(self.rules.out_of_scope_days)

    def _case_page(self, visit: Visit, draft: Draft | None) -> Response:
        session, number, today = visit.session, visit.case, visit.now.date()
        self._open_arrivals(visit)
        opened = self.reader.read(session, number)
        purpose = purpose_of(session, opened.case)
        self.cases.opened(Act(visit.now, session.member, "opened", number, purpose), opened.last_place)
        case, items, files = opened.case, opened.thread.items, self.files.listed(opened, today)
        done, openings = visit.request.query_params.get("done"), self.cases.openings(number)
        return self.pages.render(
            "case",
            f"/cases/{number}",
            session.language,
            session,
            status_of(draft.error) if draft else 200,
            row=self.work.row(case, 0, today),
            group=self._group(session, case.group),
            seen=opened.last_place,
            purpose=purpose,
            purposes=list(Purpose),
            report=opened.report,
            dialogue=[item for item in items if item.direction != INTERNAL],
            notes=[item for item in items if item.direction == INTERNAL and not _is_record(item)],
            channels=self.channels.taking.shown(opened),
            thread=opened.thread,
            withheld=opened.thread.withheld,
            refused=opened.refused,
            files=files,
            longest_file=self.longest_file,
            recordings=self.recordings,
            unsent=self.cases.unsent(number),
            openings=openings,
            look_ups=look_ups(openings),
            states=following(State(case.state)),
            keeping=self.keeping.shown(number, today),
            continues=self.continuing.shown(session, opened, visit.now),  # which may link it: before the casefile
            casefile=self.casefile.shown(session, opened, today),
            revealing=self.revealing.shown(opened, session, today),
            register=self.disclosing.shown(opened),
            removing=self.removal.shown(opened),
            conflicts=self.conflicts.shown(session, case),
            groups=self.pages.group_names(session.language),
            letters=self._letters(case, opened.report.language, today),
            choices=self.letters.choices(opened.report.language),
            rows=ROWS,
            checks=partial(checks_of, case),
            unsaid=case.state == State.CONCLUDING and owes_feedback(case),
            codes=[code for code in Code if code is not Code.COMPLAINT],
            now=for_now(case),
            today=today,
            elsewhere=self._elsewhere,
            erased=case.out_of_scope + self._elsewhere if case.out_of_scope and self._elsewhere and not case.closed else None,
            draft=draft,
            done=done if done in _FORMS else None,
        )

    # Files ------------------------------------------------------------------------------------------------------------

    def file_page(self, visit: Visit) -> Response:
        """What may be in a file, before anybody downloads it."""
        _, shown = self._file(visit)
        self.cases.log(Act(visit.now, visit.session.member, "opened file", visit.case))
        path = f"/cases/{visit.case}/files/{shown.id.hex()}"
        return self.pages.render(
            "file", path, visit.session.language, visit.session, number=visit.case, file=shown, action=path
        )

    def download(self, visit: Visit, _: Form) -> Response:
        """The bytes as an attachment. The connection is broken off where they do not verify."""
        opened, shown = self._file(visit)
        assert shown.sent is not None
        self.cases.log(Act(visit.now, visit.session.member, "downloaded file", visit.case))
        headers = {
            "content-disposition": disposition(shown.sent.name),
            "content-length": str(shown.sent.size),
            "cache-control": "no-store",
        }
        return StreamingResponse(self.files.read(opened, shown), headers=headers, media_type="application/octet-stream")

    def _file(self, visit: Visit) -> tuple[OpenCase, Shown]:
        opened = self.reader.read(visit.session, visit.case)
        return opened, self.files.find(opened, visit.file, visit.now.date())

    async def send_file(self, request: Request) -> Response:
        """A file for the reporter, sealed as it comes."""

        def take(visit: Visit, upload: Upload[Sending]) -> Response:
            return self._done(visit, "file", "", partial(self._send_file, visit, upload))

        return await self._upload(request, self._begin_file, self.longest_file, take)

    async def send_recording(self, request: Request) -> Response:
        """A recording that the desk keeps, sealed as it comes."""

        def begin(visit: Visit, form: FileForm) -> Sending:
            self.tokens.check(visit.session.id, form.fields.get("token", ""))
            return self.channels.taking.begin_recording(_place(visit, form.fields), visit.now)

        def take(visit: Visit, upload: Upload[Sending]) -> Response:
            def act() -> None:
                sending, form = upload.end(), upload.form
                self.channels.taking.keep_recording(_place(visit, form.fields), sending, form, visit.now)

            return self._done(visit, "recording", upload.form.fields.get("text", ""), act, upload.form.fields)

        return await self._upload(request, begin, self.longest_file, take)

    async def send_mail(self, request: Request) -> Response:
        """An e-mail, held in memory until it is filed."""

        def begin(visit: Visit, form: FileForm) -> Incoming:
            self.tokens.check(visit.session.id, form.fields.get("token", ""))
            return Incoming()

        def take(visit: Visit, upload: Upload[Incoming]) -> Response:
            try:
                self.channels.read_mail(visit.session, upload.end(), visit.now)
            except channelpages.KEPT_ON_PAGE as error:
                return self.channels.refused(visit.session, error, visit.now)
            return go(channelpages.PATH)

        return await self._upload(request, begin, LONGEST_MAIL, take)

    def new_report(self, visit: Visit) -> Response:
        return self.channels.show(visit.session, visit.request.query_params.get("mail") != "no", visit.now)

    def file_report(self, visit: Visit, form: Form) -> Response:
        return self.channels.file(visit.session, form, visit.now)

    async def _upload(
        self,
        request: Request,
        begin: Callable[[Visit, FileForm], T],
        longest: int,
        take: Callable[[Visit, Upload[T]], Response],
    ) -> Response:
        """A form with a file, taken to its end even if something is wrong, or no browser would show why."""
        refuse_other_sites(request)
        now = self.clock()
        try:
            visit = Visit(request, self._session(request, now), now)
        except NotSignedIn as error:
            return self._refusal(request, error, typed_in(await fields_beside(request, longest)))
        await asyncio.to_thread(self._noting_refusals, visit, Right.CASES, Response)
        form = FileForm(request.headers.get("content-type", ""))
        upload = Upload(form, partial(begin, visit), longest)
        try:
            async for piece in pieces(request):
                await asyncio.to_thread(upload.feed, piece)
            self._session(request, self.clock())  # it may have ended meanwhile
            act = partial(take, visit, upload)
            return await asyncio.to_thread(self._noting_refusals, visit, Right.CASES, act)
        except _TEXT_MAY_BE_GONE as error:
            return self._refusal(request, error, typed_in(form.fields))
        finally:
            await asyncio.to_thread(upload.drop)

    def _begin_file(self, visit: Visit, form: FileForm) -> Sending:
        self.tokens.check(visit.session.id, form.fields.get("token", ""))
        return self.writer.begin_file(_place(visit, form.fields), visit.now)

    def _send_file(self, visit: Visit, upload: Upload[Sending]) -> None:
        sending, form = upload.end(), upload.form
        self.writer.send_file(_place(visit, form.fields), sending, form.name, form.type, visit.now)

    def _letters(self, case: Case, language: str, today: date) -> Mapping[str, str]:
        """First wordings for the forms of a case, in the reporter's language."""
        feedback = feedback_by(case.received, today, self.rules)
        erased = None if self._elsewhere is None else today + self._elsewhere
        return self.letters.proposed(language, case.received, feedback, erased)

    def _open_arrivals(self, visit: Visit) -> bool:
        """Opens what waits; whether new reports must wait because the key card has ended or cannot be used."""
        today = visit.now.date()
        waits = self.reader.open_arrivals(visit.session, visit.now)
        if self.channels.taking.settle(visit.session, visit.now):
            self.purge.again()
        return waits or today > self.card.known().ends

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
            return self._sign_in_page(request, "", error, kept)
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


def _about_people(take: TakeForm) -> Take:
    return lambda visit, form: take(visit.session, form, visit.now)


def _is_record(item: Item) -> bool:
    return item.content is not None and isinstance(item.content.body, IntakeRecord)


def _place(visit: Visit, form: Form) -> Place:
    """Where a form writes, and the last entry on the page that it was on; 0, before every entry, if it does not say."""
    return Place(visit.session, visit.case, _number(form.get("seen", "")))


def _number(text: str) -> int:
    """A number of ours from a form; 0, which is nobody's, if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _same(new: str, again: str) -> str:
    if new != again:
        raise PassphrasesDiffer
    return new


def _go_with(token: str, path: str) -> RedirectResponse:
    """There, with the cookie of a session."""
    answer = go(path)
    answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
    return answer

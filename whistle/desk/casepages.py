"""The page of one case, and every form in it but those of its files.

Decided here: that a reading is on the log before the page is written, that whoever has not yet said that they have no
conflict of interest is asked instead, and which mistakes leave what was typed on the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from starlette.responses import Response

from whistle.desk.arrivals import Arrivals
from whistle.desk.casefile import Casefile, where
from whistle.desk.channels import Taking
from whistle.desk.conflicts import Conflicts
from whistle.desk.continuing import Continuing
from whistle.desk.deadlines import feedback_by
from whistle.desk.disclosing import Disclosing
from whistle.desk.erasure import Keeping
from whistle.desk.files import CaseFiles
from whistle.desk.identity import Revealing
from whistle.desk.inbox import Inbox
from whistle.desk.letters import Letters
from whistle.desk.logpage import look_ups
from whistle.desk.outcomes import Code
from whistle.desk.paths import NOTHING, Form, Take, Visit, go, status_of
from whistle.desk.presets import Preset
from whistle.desk.purposes import Purpose, Purposes, purpose_of
from whistle.desk.reading import Reader
from whistle.desk.removal import Removal
from whistle.desk.saying import ROWS, checks_of, for_now, form_of, owes_feedback, questions_in, ticked_in
from whistle.desk.sessions import Session
from whistle.desk.sheet import PARTS
from whistle.desk.showing import Draft, Pages
from whistle.desk.states import State, following
from whistle.desk.writing import Place, Writer
from whistle.errors import (
    CardRefused,
    ChecklistIncomplete,
    ConsentIsWithdrawn,
    ConsentMissing,
    DisclosureIncomplete,
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
    NotACard,
    NotADay,
    NotDeclared,
    NothingChosen,
    NoticeUnfinished,
    NotInARing,
    Overtaken,
    PartNeeded,
    QuestionsIncomplete,
    RecordedRefused,
    RequestEnded,
    ReviewRefused,
    SheetDamaged,
    StorageFailed,
    TextMissing,
    TextTooLong,
)
from whistle.protocol.content import INTERNAL, IntakeRecord
from whistle.sealing.contents import Item
from whistle.store.desk import Act, Case, Cases

_FORMS = (
    *("acknowledge", "reply", "note", "state", "file", "ask", "minutes", "feedback", "outcome", "complaint", "closing"),
    *("suppress", *PARTS),
    *("identity", "identity-approve", "identity-refuse", "identity-end", "disclose"),
    *("removal", "removal-confirm", "removal-withdraw"),
    *("necessity", "hold", "lift", "early", "confirm", "withdraw", "recording"),
    *("exclude", "readmit"),
    "purpose",
)
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
class CasePages:
    """What the page of a case shows, and what its forms do."""

    cases: Cases
    reader: Reader
    writer: Writer
    keeping: Keeping
    casefile: Casefile
    continuing: Continuing
    revealing: Revealing
    disclosing: Disclosing
    conflicts: Conflicts
    removal: Removal
    purposes: Purposes
    files: CaseFiles
    taking: Taking
    arrivals: Arrivals
    work: Inbox
    letters: Letters
    pages: Pages
    rules: Preset
    longest_file: int  # bytes of a file that a member sends
    recordings: bool  # whether members keep any

    def show(self, visit: Visit) -> Response:
        return self._page_or_declaration(visit, None)

    # What its forms have in common ------------------------------------------------------------------------------------

    def done(
        self, visit: Visit, form: str, text: str, act: Callable[[], None], fields: Form = NOTHING, to: str = ""
    ) -> Response:
        """Back to the case once it is kept; or the same page again with the text still there, and why it was not taken."""
        try:
            act()
        except _KEPT_ON_PAGE as error:
            return self._page(visit, Draft(form, text, error, fields))
        return go(to or f"/cases/{visit.case}?done={form}")

    def text(self, form: str, write: Callable[[Place, str, datetime], None]) -> Take:
        """A form with a text, which `write` signs, seals and keeps."""

        def take(visit: Visit, fields: Form) -> Response:
            text = fields.get("text", "")
            return self.done(visit, form, text, partial(write, place_of(visit, fields), text, visit.now))

        return take

    def acted(self, form: str, act: Callable[[Place, Form, datetime], None]) -> Take:
        """A form of which `act` reads more than a text."""

        def take(visit: Visit, fields: Form) -> Response:
            given = partial(act, place_of(visit, fields), fields, visit.now)
            return self.done(visit, form, fields.get("text", ""), given, fields)

        return take

    def checked(self, form: str, write: Callable[[Place, str, frozenset[str], datetime], None]) -> Take:
        """A form with a text that goes out only by its checklist."""

        def take(visit: Visit, fields: Form) -> Response:
            text = fields.get("text", "")
            act = partial(write, place_of(visit, fields), text, ticked_in(fields), visit.now)
            return self.done(visit, form, text, act, fields)

        return take

    # Its forms --------------------------------------------------------------------------------------------------------

    def change_state(self, visit: Visit, form: Form) -> Response:
        """A form that asks why there is no feedback, if there is none and the case could be closed."""
        after, tell, why = form.get("state", ""), "tell" in form, form.get("text", "")
        act = partial(self.writer.change_state, place_of(visit, form), after, tell, visit.now, why)
        return self.done(visit, "unsaid" if "text" in form else "state", why, act, form, f"/cases/{visit.case}?done=state")

    def ask(self, visit: Visit, form: Form) -> Response:
        def act() -> None:
            usual = self.letters.choices(self.reader.read(visit.session, visit.case).report.language)
            self.writer.ask(place_of(visit, form), form.get("text", ""), questions_in(form, usual), visit.now)

        return self.done(visit, "ask", form.get("text", ""), act, form)

    def tell_outcome(self, visit: Visit, form: Form) -> Response:
        text, chosen = form.get("text", ""), form.get("outcome", "")
        act = partial(self.writer.outcome, place_of(visit, form), text, chosen, ticked_in(form), visit.now)
        return self.done(visit, form_of(chosen), text, act, form)

    def hold(self, visit: Visit, form: Form) -> Response:
        """A form with a text and a day."""
        text, review = form.get("text", ""), form.get("review", "")
        try:
            self.keeping.hold(place_of(visit, form), text, review, visit.now)
        except _KEPT_ON_PAGE as error:
            where = "hold-review" if isinstance(error, ReviewRefused) else "hold"
            return self._page(visit, Draft(where, text, error, form))
        return go(f"/cases/{visit.case}?done=hold")

    def change_sheet(self, visit: Visit, form: Form) -> Response:
        """A part of what is known of a case beside its dialogue."""
        try:
            self.casefile.change(visit.session, visit.case, form, visit.now)
        except _KEPT_ON_PAGE as error:
            return self._page(visit, Draft(where(form, error), form.get("text", ""), error, form))
        return go(f"/cases/{visit.case}?done={form['part']}#casefile")

    def answer_request(self, how: str, visit: Visit, form: Form) -> Response:
        """What takes two is confirmed or taken back."""
        answer = self.keeping.confirm if how == "confirm" else self.keeping.withdraw
        asked = _number(form.get("asked", "")), form.get("what", "")
        return self.done(visit, how, "", partial(answer, visit.session, visit.case, asked, visit.now))

    def reveal(self, visit: Visit, form: Form) -> Response:
        """The name, in this one answer."""
        session, path = visit.session, f"/cases/{visit.case}"
        try:
            given = self.revealing.reveal(session, visit.case, form, visit.now)
        except _KEPT_ON_PAGE as error:
            return self._page_or_declaration(visit, Draft("identity-approve", "", error))
        asked = form.get("asked", "")
        return self.pages.render("revealed", path, session.language, session, number=visit.case, given=given, asked=asked)

    def ask_removal(self, visit: Visit, form: Form) -> Response:
        """A part of the case, and why it has nothing to do with it."""
        text = form.get("text", "")
        act = partial(self.removal.ask, place_of(visit, form), text, form.get("part", ""), visit.now)
        return self.done(visit, "removal", text, act, form)

    def answer_removal(self, how: str, visit: Visit, form: Form) -> Response:
        answer = self.removal.confirm if how == "removal-confirm" else self.removal.withdraw
        return self.done(visit, how, "", partial(answer, visit.session, visit.case, _number(form.get("asked", "")), visit.now))

    def give_purpose(self, visit: Visit, form: Form) -> Response:
        given = partial(self.purposes.give, visit.session, visit.case, form.get("purpose", ""), visit.now)
        return self.done(visit, "purpose", "", given)

    def declare(self, visit: Visit, _: Form) -> Response:
        self.conflicts.declare(visit.session, visit.case, visit.now)
        return go(f"/cases/{visit.case}")

    def step_aside(self, visit: Visit, _: Form) -> Response:
        try:
            self.conflicts.step_aside(visit.session, visit.case, visit.now)
        except LastReader as error:
            return self._page_or_declaration(visit, Draft("step-aside", "", error))
        return go("/?done=step-aside")

    def exclude(self, visit: Visit, form: Form) -> Response:
        text, member = form.get("text", ""), form.get("member", "")
        act = partial(self.conflicts.exclude, place_of(visit, form), text, member, visit.now)
        return self.done(visit, "exclude", text, act, form)

    def readmit(self, visit: Visit, form: Form) -> Response:
        text, aside = form.get("text", ""), _number(form.get("aside", ""))
        act = partial(self.conflicts.readmit, place_of(visit, form), text, aside, visit.now)
        return self.done(visit, f"readmit-{aside}", text, act, form, f"/cases/{visit.case}?done=readmit")

    def hand_over(self, visit: Visit, form: Form) -> Response:
        text, group = form.get("text", ""), form.get("group", "")
        act = partial(self.conflicts.hand_over, place_of(visit, form), text, group, visit.now)
        return self.done(visit, "hand-over", text, act, form, "/?done=hand-over")

    # The page ---------------------------------------------------------------------------------------------------------

    def _page_or_declaration(self, visit: Visit, draft: Draft | None) -> Response:
        """The case; before a member has said that they have no conflict of interest, the page that asks."""
        try:
            return self._page(visit, draft)
        except NotDeclared:
            session, case = visit.session, self.reader.find(visit.session, visit.case)
            values = {"case": case, "group": self._group(session, case.group), "error": draft and draft.error}
            path, status = f"/cases/{case.number}", status_of(draft.error) if draft else 200
            return self.pages.render("declare", path, session.language, session, status, **values)

    def _group(self, session: Session, group: str) -> str:
        return self.pages.group_names(session.language).get(group, group)

    @property
    def _elsewhere(self) -> timedelta | None:
        """From the decision that a report belongs elsewhere to its erasure; None if it is kept like any other."""
        return None if self.rules.out_of_scope_days is None else timedelta(self.rules.out_of_scope_days)

    def _page(self, visit: Visit, draft: Draft | None) -> Response:
        session, number, today = visit.session, visit.case, visit.now.date()
        self.arrivals.open(visit.session, visit.now)
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
            channels=self.taking.shown(opened),
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

    def _letters(self, case: Case, language: str, today: date) -> Mapping[str, str]:
        """First wordings for the forms of a case, in the reporter's language."""
        feedback = feedback_by(case.received, today, self.rules)
        erased = None if self._elsewhere is None else today + self._elsewhere
        return self.letters.proposed(language, case.received, feedback, erased)


def place_of(visit: Visit, form: Form) -> Place:
    """Where a form writes, and the last entry on the page that it was on; 0, before every entry, if it does not say."""
    return Place(visit.session, visit.case, _number(form.get("seen", "")))


def _number(text: str) -> int:
    """A number of ours from a form; 0, which is nobody's, if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _is_record(item: Item) -> bool:
    return item.content is not None and isinstance(item.content.body, IntakeRecord)

"""The forms of a case: questions with ticks, minutes, feedback by its checklist, outcome, closing words, in five languages."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.desk.running import ANNA, Desk, Member, Page, Reporter, started
from tests.desk.test_pages import spellings
from tests.desk.test_writing import begun, waiting_for
from tests.test_documentation import TOP
from whistle.desk.letters import LANGUAGES, Letters
from whistle.desk.outcomes import Code
from whistle.desk.saying import CHECKS, GAP, ROWS
from whistle.protocol.content import Closing, Feedback, Minutes, Outcome, Question, Questions
from whistle.store.desk import Case, Cases

TICKS = {f"check-{check}": "yes" for check in CHECKS}
WHY = "The reporter asked not to be told."
SAID: Mapping[str, Mapping[str, str]] = {
    "ask": {"text": "words", "question-1": "Where?", "choices-1": "Here\nThere"},
    "minutes": {"text": "words"},
    "feedback": {"text": "words", **TICKS},
    "outcome": {"text": "words", "outcome": "substantiated", **TICKS},
    "closing": {"text": "words", **TICKS},
}


@pytest.fixture(scope="module")
def anna(desk: Desk) -> Member:
    return desk.member(ANNA)


def bodies(desk: Desk, reporter: Reporter) -> list[object]:
    return [item.content.body for item in waiting_for(desk, reporter).items if item.content]


def case_at(desk: Desk, number: int) -> Case:
    case = desk.cases.case(number)
    assert case is not None
    return case


def brought(anna: Member, number: int, *states: str) -> None:
    """The case, taken through these states by the desk's own forms."""
    assert anna.post(f"/cases/{number}/acknowledge", text="read").status == 303
    for state in states:
        if state == "addressing":
            anna.assess(f"/cases/{number}")
        assert anna.post(f"/cases/{number}/state", state=state).status == 303


def acts(desk: Desk, number: int) -> list[str]:
    with closing(sqlite3.connect(desk.database)) as connection:
        rows = connection.execute('SELECT action FROM log WHERE "case" = ? ORDER BY number', (number,))
        return [action for (action,) in rows if not action.startswith(("opened", "declared", "began "))]


def open_forms(page: Page) -> list[str]:
    """The forms that are not folded, of those that can be."""
    unfolded = [each for each in page.text.split("<details")[1:] if each.startswith(" open>")]
    return [form for each in unfolded for form in (*SAID, "complaint") if f'id="{form}-text"' in each]


# Questions and minutes ---------------------------------------------------------------------------------------------------


def test_rows_that_are_empty_are_ignored_and_a_question_without_choices_gets_the_usual_ones(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    rows = {"question-1": "Hvor?", "choices-1": " Her \n\nDer", "choices-2": " \n", "question-4": "Var du der?"}
    assert anna.post(f"/cases/{number}/ask", **rows).status == 303
    assert bodies(desk, reporter) == [
        Questions("", (Question("Hvor?", ("Her", "Der")), Question("Var du der?", ("Ja", "Nej", "Ved ikke"))))
    ]
    assert acts(desk, number) == ["asked"]


@pytest.mark.parametrize("rows", [{}, {"question-1": "Hvor?", "choices-1": "Her"}, {"choices-3": "Her\nDer"}], ids=str)
def test_questions_that_lack_something_come_back_with_all_that_was_typed(
    desk: Desk, anna: Member, rows: dict[str, str]
) -> None:
    reporter, number = begun(desk, anna)
    page = anna.post(f"/cases/{number}/ask", text="Two <things>", **rows)
    assert page.status == 400
    assert "Every question needs words and two to eight choices" in page.text
    assert 'href="#question-1"' in page.text
    for typed in ("Two <things>", *rows.values()):
        assert typed in unescape(page.text)
    assert open_forms(page) == ["ask"]
    assert not bodies(desk, reporter)


def test_a_form_has_no_more_fields_than_are_read(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    rows = {f"question-{row}": "Hvor?" for row in range(1, ROWS + 1)} | {f"choices-{row}": "a\nb" for row in range(1, ROWS + 1)}
    assert anna.post(f"/cases/{number}/ask", text="words", **rows).status == 303


def test_questions_typed_before_a_session_ended_are_given_back(desk: Desk) -> None:
    member = desk.member(ANNA)
    _, number = begun(desk, member)
    member.get(f"/cases/{number}")
    desk.clock.ahead = timedelta(minutes=16)
    try:
        page = member.post(f"/cases/{number}/ask", **{"text": "first", "question-1": "<where>", "choices-1": "here"})
    finally:
        desk.clock.ahead = timedelta()
    assert page.status == 403
    assert "\nfirst\n&lt;where&gt;\nhere</textarea>" in page.text


def test_minutes_and_closing_words_are_sent_as_what_they_are(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    assert anna.post(f"/cases/{number}/minutes", text="We met.").status == 303
    assert anna.post(f"/cases/{number}/closing", text="Thank you.", **TICKS).status == 303
    assert bodies(desk, reporter) == [Minutes("We met."), Closing("Thank you.")]


# Feedback ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", CHECKS)
def test_feedback_without_every_tick_is_not_sent_and_all_of_it_stays(desk: Desk, anna: Member, missing: str) -> None:
    reporter, number = begun(desk, anna)
    ticks = {name: tick for name, tick in TICKS.items() if name != f"check-{missing}"}
    page = anna.post(f"/cases/{number}/feedback", text="We looked.", **ticks)
    assert page.status == 400
    assert "Every line of the checklist must be ticked before these words go out. Nothing was sent." in page.text
    assert "\nWe looked.</textarea>" in page.text
    for check in CHECKS:
        box = page.text.split(f'id="feedback-check-{check}"')[1].split(">")[0]
        assert box.endswith(" checked") == (check != missing)
    assert not bodies(desk, reporter)
    assert not acts(desk, number)


def test_feedback_with_every_tick_is_sent_and_the_log_says_that_the_checklist_was_confirmed(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    assert "Feedback given" not in anna.get(f"/cases/{number}").text
    assert anna.post(f"/cases/{number}/feedback", text="We looked.", **TICKS).status == 303
    assert bodies(desk, reporter) == [Feedback("We looked.")]
    assert acts(desk, number) == ["gave checked feedback"]
    assert case_at(desk, number).feedback == desk.clock().date()
    page = anna.get(f"/cases/{number}").text
    assert "Feedback given" in page
    assert "Feedback by" not in page


def test_a_gap_of_the_proposed_feedback_is_never_sent(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    page = anna.post(f"/cases/{number}/feedback", text=f"What we have done: {GAP}", **TICKS)
    assert page.status == 400
    assert f"The text still has {GAP} in it." in page.text
    assert not bodies(desk, reporter)


def test_later_feedback_does_not_move_the_day_of_the_first(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    assert anna.post(f"/cases/{number}/feedback", text="First.", **TICKS).status == 303
    first = case_at(desk, number).feedback
    desk.clock.ahead = timedelta(days=1)
    try:
        assert desk.signed_in(ANNA).post(f"/cases/{number}/feedback", text="Second.", **TICKS).status == 303
    finally:
        desk.clock.ahead = timedelta()
    assert case_at(desk, number).feedback == first


# Outcome -----------------------------------------------------------------------------------------------------------------


def test_a_case_without_an_outcome_is_not_closed_and_the_page_says_what_is_missing(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    brought(anna, number, "assessing", "addressing", "concluding")
    page = anna.post(f"/cases/{number}/state", state="closed", tell="yes")
    assert page.status == 409
    assert "This case has no outcome yet." in page.text
    assert case_at(desk, number).state == "concluding"
    assert anna.post(f"/cases/{number}/outcome", **SAID["outcome"]).status == 303
    assert anna.post(f"/cases/{number}/state", state="closed", text=WHY).status == 303
    assert case_at(desk, number).state == "closed"


@pytest.mark.parametrize("code", Code)
def test_an_outcome_is_told_in_words_and_kept_as_a_code(desk: Desk, anna: Member, code: Code) -> None:
    reporter, number = begun(desk, anna)
    assert anna.post(f"/cases/{number}/outcome", outcome=code, text="It was so.", **TICKS).status == 303
    assert bodies(desk, reporter) == [Outcome("It was so.")]
    case = case_at(desk, number)
    assert (case.outcome, case.decided, case.state) == (code, desk.clock().date(), "received")
    assert acts(desk, number) == [f"outcome {code}"]


@pytest.mark.parametrize("code", ["", "guilty"])
def test_without_an_outcome_of_the_list_nothing_is_sent_and_the_text_stays(desk: Desk, anna: Member, code: str) -> None:
    reporter, number = begun(desk, anna)
    page = anna.post(f"/cases/{number}/outcome", outcome=code, text="It was so.", **TICKS)
    assert page.status == 400
    assert "Choose an outcome of the list. Nothing was sent." in page.text
    assert "\nIt was so.</textarea>" in page.text
    assert not bodies(desk, reporter)
    assert case_at(desk, number).outcome is None


def test_what_was_chosen_stays_when_the_words_are_missing(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    page = anna.post(f"/cases/{number}/outcome", outcome="handed_to_police", text=" ", **TICKS)
    assert page.status == 400
    assert 'value="handed_to_police" checked>' in page.text


def test_a_closed_case_takes_no_other_outcome_and_the_words_can_be_copied(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    brought(anna, number, "assessing", "addressing", "concluding")
    anna.post(f"/cases/{number}/outcome", **SAID["outcome"])
    anna.post(f"/cases/{number}/state", state="closed", text=WHY)
    page = anna.post(f"/cases/{number}/outcome", outcome="complaint", text="No, a complaint.", **TICKS)
    assert page.status == 409
    assert 'id="kept"' in page.text
    assert "\nNo, a complaint.</textarea>" in page.text
    assert case_at(desk, number).outcome == "substantiated"


def test_a_case_that_is_reopened_needs_its_outcome_anew(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    brought(anna, number, "assessing", "addressing", "concluding")
    anna.post(f"/cases/{number}/outcome", **SAID["outcome"])
    anna.post(f"/cases/{number}/state", state="closed", text=WHY)
    anna.post(f"/cases/{number}/state", state="assessing")
    assert (case_at(desk, number).outcome, case_at(desk, number).decided) == (None, None)


def test_feedback_in_a_closed_case_leaves_it_closed_with_its_outcome(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    brought(anna, number, "assessing", "addressing", "concluding")
    anna.post(f"/cases/{number}/outcome", **SAID["outcome"])
    anna.post(f"/cases/{number}/state", state="closed", text=WHY)
    before = case_at(desk, number)
    assert anna.post(f"/cases/{number}/feedback", text="We looked.", **TICKS).status == 303
    after = case_at(desk, number)
    assert (after.state, after.closed, after.outcome) == ("closed", before.closed, before.outcome)


def test_a_complaint_is_shown_as_leading_to_erasure_thirty_days_after_it_was_decided(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    assert "To be erased, once closed" not in anna.get(f"/cases/{number}").text
    assert anna.post(f"/cases/{number}/outcome", outcome="complaint", text="It belongs elsewhere.", **TICKS).status == 303
    assert "To be erased, once closed" not in anna.get(f"/cases/{number}").text
    [asked] = desk.cases.erasure.ending(number).asked
    assert desk.signed_in("bo").post(f"/cases/{number}/confirm", asked=str(asked.id), what="scope").status == 303
    page = anna.get(f"/cases/{number}").text
    erased = desk.clock().date() + timedelta(days=30)
    assert "Complaint: belongs elsewhere" in page
    assert f"To be erased, once closed</dt><dd>{erased.day} {erased:%B %Y}</dd>" in page


# Letters -----------------------------------------------------------------------------------------------------------------

BEGINS = {
    "en": "We received your report on 21 November 2026",
    "da": "Vi modtog din indberetning 21. november 2026",
    "sv": "Vi tog emot din rapport den 21 november 2026",
    "nb": "Vi mottok varselet ditt 21. november 2026",
    "fi": "Ilmoituksesi saapui 21. marraskuuta 2026",
}


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(TOP / "templates" / "desk" / "letters")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_is_there_in_every_language_in_which_one_can_report(letters: Letters, language: str) -> None:
    received, erased = date(2026, 11, 21), date(2027, 1, 5)
    proposed = letters.proposed(language, received, date(2027, 2, 28), erased)
    assert proposed["acknowledgement"].startswith(BEGINS[language])
    assert "2027" in proposed["complaint"]
    assert {form for form, text in proposed.items() if GAP in text} == {"feedback", "disclosure"}
    assert len(letters.choices(language)) == 3
    assert len(letters.code_seen(language)) > 200
    assert all("{" not in text for text in proposed.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_what_belongs_elsewhere_is_kept_like_any_other_nobody_is_promised_its_erasure(
    letters: Letters, language: str
) -> None:
    text = letters.proposed(language, date(2026, 11, 21), date(2027, 2, 28), None)["complaint"]
    assert "2027" not in text
    assert len(text) > 200


def test_where_what_belongs_elsewhere_is_kept_like_any_other_the_page_says_no_day(tmp_path: Path, ceremony: Path) -> None:
    with started(tmp_path, ceremony, 9, preset="de") as german:
        anna = german.signed_in(ANNA)
        _, number = begun(german, anna)
        page = anna.get(f"/cases/{number}").text
        assert 'id="complaint-text"' in page
        assert "days after the decision" not in page
        assert "delete your report" not in unescape(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_forms_propose_words_in_the_language_of_the_report_whatever_the_desk_speaks(
    desk: Desk, anna: Member, letters: Letters, language: str
) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(language=language)))
    anna.get("/")
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    page = unescape(anna.get(f"/cases/{case.number}").text)
    proposed = letters.proposed(language, case.received, case.received, desk.clock().date() + timedelta(days=30))
    for form in ("feedback", "complaint", "closing"):
        assert f'lang="{language}"' in page.split(f'id="{form}-text"')[1].split(">")[0]
        assert proposed[form] + "</textarea>" in page
    assert " · ".join(letters.choices(language)) in page


def test_a_report_in_a_language_that_nobody_knows_is_answered_in_english(letters: Letters) -> None:
    assert letters.choices("xx") == letters.choices("en")


# The page ----------------------------------------------------------------------------------------------------------------


def test_what_is_not_for_now_is_folded_in_the_order_in_which_a_case_goes(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    page = anna.get(f"/cases/{number}")
    forms = ("acknowledge", "reply", "ask", "minutes", "feedback", "complaint", "outcome", "closing", "note")
    places = [page.text.index(f'id="{form}-text"') for form in forms]
    assert places == sorted(places)
    assert open_forms(page) == []
    brought(anna, number, "assessing", "addressing")
    assert open_forms(anna.get(f"/cases/{number}")) == ["feedback"]
    anna.post(f"/cases/{number}/feedback", text="We looked.", **TICKS)
    anna.post(f"/cases/{number}/state", state="concluding")
    assert open_forms(anna.get(f"/cases/{number}")) == ["outcome"]
    anna.post(f"/cases/{number}/outcome", **SAID["outcome"])
    assert open_forms(anna.get(f"/cases/{number}")) == ["closing"]


def test_outside_the_scheme_the_complaint_is_for_now(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    brought(anna, number, "assessing", "out_of_scope")
    assert open_forms(anna.get(f"/cases/{number}")) == ["complaint"]


def test_beside_every_box_that_asks_stands_what_must_never_be_asked_for(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    page = anna.get(f"/cases/{number}").text
    for form in ("reply", "ask"):
        hint = page.split(f'id="{form}-hint">')[1].split("</p>")[0]
        assert hint.startswith("Never ask for a national identity number, a PIN or a password.")


@pytest.mark.parametrize("form", SAID)
def test_a_form_of_another_groups_case_is_answered_as_one_that_is_not_there(desk: Desk, anna: Member, form: str) -> None:
    reporter = Reporter.new(desk.card, "audit-chair")
    desk.deliver(reporter.frame(reporter.report()))
    desk.member("carl")
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    other, none = (anna.post(f"/cases/{number}/{form}", **SAID[form]) for number in (case.number, 999))
    assert (other.status, other.text) == (404, none.text)
    assert not bodies(desk, reporter)


@pytest.mark.parametrize("form", SAID)
def test_a_form_is_not_taken_in_a_case_that_has_something_new(desk: Desk, anna: Member, form: str) -> None:
    reporter, number = begun(desk, anna)
    anna.get(f"/cases/{number}")
    desk.deliver(reporter.frame(reporter.message("wait"), 2))
    desk.signed_in(ANNA)
    page = anna.post(f"/cases/{number}/{form}", **SAID[form])
    assert page.status == 409
    assert "\nwords</textarea>" in page.text
    assert not bodies(desk, reporter)
    assert case_at(desk, number).outcome is None


def test_nothing_typed_in_these_forms_is_in_the_desks_files_in_any_spelling(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    mark = "planted-{}-kanariefugl"
    for form, fields in SAID.items():
        planted = {name: mark.format(f"{form}-{name}") for name in fields if name in ("text", "question-1")}
        assert anna.post(f"/cases/{number}/{form}", **{**fields, **planted}).status == 303
    page = anna.get(f"/cases/{number}").text
    kept = b"".join(file.read_bytes() for file in sorted(desk.database.parent.iterdir()) if file.is_file())
    for form in ("ask-text", "ask-question-1", *(f"{form}-text" for form in SAID)):
        assert mark.format(form) in page
        assert not [spelling for spelling in spellings(mark.format(form)) if spelling in kept]


# Earlier databases -------------------------------------------------------------------------------------------------------


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A database without what version 4 added."""
    file = tmp_path / "desk.sqlite"
    Cases(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP INDEX case_work")
        for _, column, *_ in connection.execute('PRAGMA table_info("case")').fetchall()[9:]:  # what it has gained since
            connection.execute(f'ALTER TABLE "case" DROP COLUMN {column}')
        kept = (1, b"box", "risk-control", 1, "received", "2026-11-21", None, None, b"key")
        connection.execute('INSERT INTO "case" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', kept)
        connection.commit()
    return file


@pytest.mark.parametrize("version", [2, 3])
def test_a_database_of_an_earlier_version_is_brought_up_and_keeps_its_cases(earlier: Path, version: int) -> None:
    with closing(sqlite3.connect(earlier)) as connection:
        if version < 3:
            connection.execute("ALTER TABLE parts_pulled DROP COLUMN drained")
        connection.execute("UPDATE schema SET version = ?", (version,))
        connection.commit()
    for _ in range(2):
        with closing(Cases(f"sqlite:///{earlier}")) as cases:
            case = cases.case(1)
            assert case is not None
            assert (case.received, case.feedback, case.outcome, case.decided) == (date(2026, 11, 21), None, None, None)
            assert cases.files.drained() == date.min

"""The end of a case: no word of what was found without the checklist, no silent end, and a day for what belongs elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.desk.relaying import Public, public
from tests.desk.running import ANNA, Desk, Member, started, today
from tests.desk.test_casework import TICKS, acts, bodies, brought, case_at
from tests.desk.test_mail import Postbox, World
from tests.desk.test_presets import on
from tests.desk.test_writing import begun
from whistle.desk.deadlines import CaseDays, Urgency
from whistle.desk.presets import NOTICE, PRESETS, close_by, erase_by_rule, reminders, to_close
from whistle.desk.saying import CHECKS, GAP, LAUNDERING, SAFE
from whistle.protocol.content import Notice

BRANCH = PRESETS["dk_branch_of_se"]
FORMS = {  # path, what it takes beside the text and the ticks, lines of its checklist
    "feedback": ("feedback", {}, CHECKS),
    "outcome": ("outcome", {"outcome": "substantiated"}, SAFE),
    "complaint": ("outcome", {"outcome": "complaint"}, CHECKS),
    "closing": ("closing", {}, SAFE),
}
LINES = [(form, check) for form, (_, _, checks) in FORMS.items() for check in checks]


@pytest.fixture(scope="module")
def anna(desk: Desk) -> Member:
    return desk.member(ANNA)


def ticks(*checks: str) -> dict[str, str]:
    return {f"check-{check}": "yes" for check in checks}


def warn(anna: Member, number: int) -> None:
    revision = anna.get(f"/cases/{number}").text.split('name="revision" value="')[1].split('"')[0]
    assert anna.post(f"/cases/{number}/sheet", part="money", revision=revision, warning="warned").status == 303


# The checklist --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "missing"), LINES)
def test_no_word_of_what_was_found_goes_out_without_every_line_of_its_checklist(
    desk: Desk, anna: Member, form: str, missing: str
) -> None:
    reporter, number = begun(desk, anna)
    path, fields, checks = FORMS[form]
    page = anna.post(f"/cases/{number}/{path}", text="He did it.", **fields, **ticks(*(set(checks) - {missing})))
    assert page.status == 400
    assert f'href="#{form}-check-secrecy">Every line of the checklist must be ticked' in page.text
    assert "\nHe did it.</textarea>" in page.text
    for check in checks:
        box = page.text.split(f'id="{form}-check-{check}"')[1].split(">")[0]
        assert box.endswith(" checked") == (check != missing)
    assert (bodies(desk, reporter), acts(desk, number)) == ([], [])
    assert anna.post(f"/cases/{number}/{path}", text="He did it.", **fields, **ticks(*checks)).status == 303
    assert len(bodies(desk, reporter)) == 1


@pytest.mark.parametrize("form", FORMS)
def test_each_of_them_has_one_line_more_once_money_laundering_was_warned_of(desk: Desk, anna: Member, form: str) -> None:
    reporter, number = begun(desk, anna)
    path, fields, checks = FORMS[form]
    assert f'id="{form}-check-{LAUNDERING}"' not in anna.get(f"/cases/{number}").text
    warn(anna, number)
    assert f'id="{form}-check-{LAUNDERING}"' in anna.get(f"/cases/{number}").text
    assert anna.post(f"/cases/{number}/{path}", text="words", **fields, **ticks(*checks)).status == 400
    assert not bodies(desk, reporter)
    assert anna.post(f"/cases/{number}/{path}", text="words", **fields, **ticks(*checks, LAUNDERING)).status == 303


@pytest.mark.parametrize("form", FORMS)
def test_a_gap_of_a_proposed_text_is_never_sent(desk: Desk, anna: Member, form: str) -> None:
    reporter, number = begun(desk, anna)
    path, fields, _ = FORMS[form]
    assert anna.post(f"/cases/{number}/{path}", text=f"Because {GAP}.", **fields, **TICKS).status == 400
    assert not bodies(desk, reporter)


# No feedback ----------------------------------------------------------------------------------------------------------


def concluded(anna: Member, number: int, outcome: str = "substantiated") -> None:
    brought(anna, number, "assessing", "addressing", "concluding")
    assert anna.post(f"/cases/{number}/outcome", text="words", outcome=outcome, **TICKS).status == 303


def test_a_case_without_feedback_is_not_closed_and_the_page_says_what_to_do(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    concluded(anna, number)
    assert 'id="unsaid-text"' in anna.get(f"/cases/{number}").text
    page = anna.post(f"/cases/{number}/state", state="closed", text=" ", tell="yes")
    assert page.status == 409
    assert 'href="#unsaid-text">The reporter has had no feedback. Give it under “What it comes to”' in unescape(page.text)
    assert 'name="state" value="closed" required checked>' in page.text
    assert 'name="tell" value="yes" checked>' in page.text
    untold = anna.post(f"/cases/{number}/state", state="closed", text=" ").text
    assert 'name="tell" value="yes">' in untold
    assert case_at(desk, number).state == "concluding"
    assert anna.post(f"/cases/{number}/feedback", text="We looked.", **TICKS).status == 303
    assert 'id="unsaid-text"' not in anna.get(f"/cases/{number}").text
    assert anna.post(f"/cases/{number}/state", state="closed").status == 303
    assert acts(desk, number)[-1] == "state closed"


def test_a_reason_for_no_feedback_is_a_sealed_note_and_a_line_of_the_log(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    concluded(anna, number)
    why = "Hun bad om ikke at høre mere, kanariefugl."
    answer = anna.post(f"/cases/{number}/state", state="closed", text=why, tell="yes")
    assert answer.header("location") == f"/cases/{number}?done=state"
    assert (case_at(desk, number).state, case_at(desk, number).feedback) == ("closed", None)
    assert acts(desk, number)[-1] == "closed without feedback"
    assert bodies(desk, reporter)[-1] == Notice("closed", "")
    page = anna.get(f"/cases/{number}").text
    assert why in page.split('id="notes"')[1]
    assert "Closed without feedback, with a reason" in page
    kept = b"".join(file.read_bytes() for file in desk.database.parent.glob("desk.sqlite*"))
    assert why.encode() not in kept


def test_a_reason_is_kept_on_the_page_when_it_is_the_outcome_that_is_missing(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    brought(anna, number, "assessing", "addressing", "concluding")
    page = anna.post(f"/cases/{number}/state", state="closed", text="She asked for none.")
    assert page.status == 409
    assert 'href="#state">This case has no outcome yet.' in page.text
    assert "\nShe asked for none.</textarea>" in page.text


def test_a_reason_can_be_copied_when_somebody_has_closed_the_case_meanwhile(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    concluded(anna, number)
    anna.get(f"/cases/{number}")
    desk.member("bo").post(f"/cases/{number}/state", state="closed", text="She asked for none.")
    page = anna.post(f"/cases/{number}/state", state="closed", text="Nor did I give any.")
    assert page.status == 409
    assert "\nNor did I give any.</textarea>" in page.text.split('id="kept"')[1]


def test_the_words_on_a_complaint_are_feedback_enough_unless_another_outcome_follows(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    concluded(anna, number, "complaint")
    assert 'id="unsaid-text"' not in anna.get(f"/cases/{number}").text
    assert anna.post(f"/cases/{number}/outcome", text="words", outcome="substantiated", **TICKS).status == 303
    assert anna.post(f"/cases/{number}/state", state="closed").status == 409
    assert anna.post(f"/cases/{number}/outcome", text="words", outcome="complaint", **TICKS).status == 303
    assert anna.post(f"/cases/{number}/state", state="closed").status == 303


# To be closed ---------------------------------------------------------------------------------------------------------


def test_what_belongs_elsewhere_is_to_be_closed_so_that_it_is_erased_on_its_day() -> None:
    decided = on("2026-11-24")
    days = CaseDays(decided, out_of_scope=decided)
    by = close_by(days, BRANCH)
    assert by == on("2026-12-22")
    assert by + NOTICE == erase_by_rule(days, by, BRANCH)[0] == on("2026-12-24")
    assert close_by(replace(days, closed=decided), BRANCH) is None
    assert close_by(replace(days, out_of_scope=None), BRANCH) is None
    assert close_by(days, PRESETS["de"]) is None
    assert close_by(days, replace(BRANCH, out_of_scope_days=0)) == decided
    told = [reminders(replace(days, acknowledged=decided, feedback=decided), BRANCH, day, day + timedelta(1)) for day in
            (on("2026-12-13"), on("2026-12-14"), on("2026-12-20"), on("2026-12-21"))]  # fmt: skip
    assert [[each.what for each in day] for day in told] == [[], ["close"], ["close"], []]


@pytest.mark.parametrize(("left", "urgency"), [(8, Urgency.LATER), (7, Urgency.SOON), (0, Urgency.SOON), (-1, Urgency.OVERDUE)])
def test_it_is_soon_for_a_week_and_then_overdue(left: int, urgency: Urgency) -> None:
    [owed] = to_close(on("2026-11-24"), None, BRANCH, on("2026-12-22") - timedelta(days=left))
    assert (owed.what, owed.urgency) == ("close", urgency)


def test_a_complaint_that_nobody_closes_is_listed_as_due_until_somebody_does(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    concluded(anna, number, "complaint")
    assert anna.post(f"/cases/{number}/feedback", text="words", **TICKS).status == 303
    by = today() + timedelta(days=28)
    assert (case_at(desk, number).due, case_at(desk, number).due_what) == (by, "close")
    facts = anna.get(f"/cases/{number}").text.split("<dt>To be closed by</dt>")[1]
    assert f"{by.day} {by:%B %Y}" in facts.split("</div>")[0]
    desk.clock.ahead = timedelta(days=29)
    try:
        page = desk.signed_in(ANNA).get("/?section=overdue").text
        assert "To be closed by:" in page.split(f'href="/cases/{number}"')[1].split("</tr>")[0]
    finally:
        desk.clock.ahead = timedelta()
    assert anna.post(f"/cases/{number}/state", state="closed").status == 303
    assert case_at(desk, number).due_what is None


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


def test_mail_tells_of_it_before_its_day_and_daily_after_it(tmp_path: Path, ceremony: Path, server: Public) -> None:
    with started(tmp_path, ceremony, server.port) as desk:
        world, met = World(desk, Postbox()), {"acknowledged": "2026-11-24", "feedback": "2026-11-24"}
        number = world.case("2026-11-24", out_of_scope="2026-11-24", **met)
        found = world.walk(date(2026, 12, 10), date(2026, 12, 24))
        assert found == {"soon": [on("2026-12-15"), on("2026-12-21")], "overdue": [on("2026-12-23"), on("2026-12-24")]}
        world.change(number, closed="2026-12-24", state="closed")
        assert world.walk(date(2026, 12, 25), date(2026, 12, 26)) == {}


# Left out -------------------------------------------------------------------------------------------------------------


def test_a_case_whose_acknowledgement_was_left_out_is_not_called_acknowledged(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    assert anna.post(f"/cases/{number}/suppress", text="She asked for none.").status == 303
    page, inbox = anna.get(f"/cases/{number}").text, anna.get("/").text
    assert "<dt>State</dt><dd>Acknowledgement left out</dd>" in page
    assert "Now: Acknowledgement left out. Next:" in page
    assert "Acknowledgement left out" in inbox.split(f'href="/cases/{number}"')[1].split("</tr>")[0]
    assert anna.post(f"/cases/{number}/state", state="assessing").status == 303
    assert "<dt>State</dt><dd>Being assessed</dd>" in anna.get(f"/cases/{number}").text

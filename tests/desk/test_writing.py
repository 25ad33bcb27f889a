"""What members write: one chain however many write at once, stored before it is said to be, steps that follow the states."""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from tests.desk.running import ANNA, BO, Desk, Member, Page, Reporter, another_card, today
from whistle.desk.reading import OpenCase, Reader
from whistle.desk.saying import SAFE
from whistle.desk.sessions import Session
from whistle.desk.starting import KeyCard
from whistle.desk.writing import Place, Writer
from whistle.errors import CardRefused, Overtaken
from whistle.protocol.card import SigningKey as VoiceKey
from whistle.protocol.content import Message
from whistle.protocol.thread import Verdict
from whistle.sealing.contents import Box, Entry, Thread, read_thread, try_open
from whistle.sealing.keys import SigningKey
from whistle.store.desk import Cases


@pytest.fixture(scope="module")
def anna(desk: Desk) -> Member:
    return desk.member(ANNA)


@pytest.fixture(scope="module")
def bo(desk: Desk) -> Member:
    return desk.member(BO)


def begun(desk: Desk, member: Member, received: date | None = None) -> tuple[Reporter, int]:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(), 1, received))
    member.get("/")
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    desk.declare(ANNA, case.number)
    return reporter, case.number


def waiting_for(desk: Desk, reporter: Reporter) -> Thread:
    """What is to be sent to a reporter, as the reporter will read it."""
    frames = [frame for _, _, frame in desk.cases.to_push() if frame.box == reporter.keys.box]
    opened = [try_open(frame.sealed, reporter.keys.identity) for frame in frames]
    entries = [Entry(place, "to-reporter", today(), plaintext) for place, plaintext in enumerate(opened)]
    return read_thread(entries, Box(desk.card.instance, reporter.keys.box, reporter.keys.signing.public, desk.card))


def test_of_two_members_replying_at_once_the_second_is_told_and_the_chain_is_not_forked(
    desk: Desk, anna: Member, bo: Member
) -> None:
    reporter, number = begun(desk, anna)
    for turn in range(3):
        answers: dict[str, Page] = {}
        for member in (anna, bo):
            member.get(f"/cases/{number}")

        def write(member: Member, text: str, answers: dict[str, Page] = answers) -> None:
            answers[text] = member.post(f"/cases/{number}/reply", text=text)

        threads = [
            threading.Thread(target=write, args=(member, f"reply {turn} of {name}"))
            for member, name in ((anna, ANNA), (bo, BO))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (taken, _), (told, answer) = sorted(answers.items(), key=lambda each: each[1].status)
        assert sorted(each.status for each in answers.values()) == [303, 409]
        assert f"{told}</textarea>" in answer.text
        assert f'<p class="said">{taken}</p>' in answer.text
        assert "something new that was not on your page" in answer.text
    thread_read = waiting_for(desk, reporter)
    assert [item.verdict for item in thread_read.items] == [Verdict.VERIFIED] * 3


@pytest.mark.parametrize("form", ["reply", "note", "acknowledge"])
def test_what_came_since_the_page_was_opened_is_shown_before_anything_is_signed(desk: Desk, anna: Member, form: str) -> None:
    reporter, number = begun(desk, anna)
    anna.get(f"/cases/{number}")
    desk.deliver(reporter.frame(reporter.message("he is in the room"), 2))
    desk.member(BO)
    answer = anna.post(f"/cases/{number}/{form}", text="ask him yourself")
    assert answer.status == 409
    assert "he is in the room" in answer.text
    assert "ask him yourself</textarea>" in answer.text
    assert not waiting_for(desk, reporter).items
    assert anna.post(f"/cases/{number}/{form}", text="ask him yourself").status == 303


def test_the_same_form_sent_twice_is_taken_once(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    anna.get(f"/cases/{number}")
    seen = anna.seen
    assert anna.post(f"/cases/{number}/reply", text="once").status == 303
    assert anna.post(f"/cases/{number}/reply", text="once", seen=seen).status == 409
    assert len(waiting_for(desk, reporter).items) == 1


@pytest.mark.parametrize("seen", ["", "0", "-1", "x", "9" * 5000, "\u00b2"])
def test_a_form_that_does_not_say_what_its_page_showed_is_not_taken(desk: Desk, anna: Member, seen: str) -> None:
    reporter, number = begun(desk, anna)
    assert anna.post(f"/cases/{number}/reply", text="words", seen=seen).status == 409
    assert not waiting_for(desk, reporter).items


def test_a_reply_overtaken_by_another_process_is_not_taken(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    session = session_of(desk, ANNA)
    card = KeyCard(desk.settings.card, desk.settings.root_fingerprint, None)
    cases = Cases(desk.settings.database)
    slow = OvertakenOnce(cases, card, os.urandom)
    place = place_of(desk, session, number)
    slow.meanwhile = lambda: writer_of(desk.cases, card).reply(place, "first", desk.clock())
    with pytest.raises(Overtaken):
        Writer(cases, slow, card, os.urandom).reply(place, "second", desk.clock())
    cases.close()
    thread = waiting_for(desk, reporter)
    assert [item.content.body for item in thread.items if item.content] == [Message("first")]


def test_after_a_voice_was_revoked_the_next_reply_takes_the_next_place(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    session, card = session_of(desk, ANNA), KeyCard(desk.settings.card, desk.settings.root_fingerprint, None)
    for text in ("first", "second"):
        writer_of(desk.cases, card).reply(place_of(desk, session, number), text, desk.clock())
    last = waiting_for(desk, reporter).last["to-reporter"]
    voice, group = SigningKey(b"n" * 32), desk.card.group("risk-control")
    former = tuple(key.public for key in group.voice_keys)
    ended = tuple(replace(key, until=today()) for key in group.voice_keys)
    renewed = replace(group, voice_keys=(*ended, VoiceKey(today(), None, voice.public)))
    groups = tuple(renewed if each.id == group.id else each for each in desk.card.groups)
    session = replace(session, groups={group.id: replace(session.groups[group.id], voice=voice)})
    with another_card(desk, groups=groups, revoked=former):
        writer_of(desk.cases, card).reply(place_of(desk, session, number), "third", desk.clock())
        thread = waiting_for(desk, reporter)
    assert [item.verdict for item in thread.items] == [Verdict.FORGED, Verdict.FORGED, Verdict.GAP]
    third = thread.items[-1].content
    assert third is not None
    assert (third.context.sequence, third.context.previous) == (3, last.hash)


def place_of(desk: Desk, session: Session, number: int) -> Place:
    """The case as somebody writes in it who has seen all of it."""
    return Place(session, number, desk.cases.contents(number)[-1].place)


class OvertakenOnce(Reader):
    """A reader in whose back another process writes, just after it has read."""

    meanwhile: Callable[[], None] | None = None

    def read(self, session: Session, number: int) -> OpenCase:
        opened = super().read(session, number)
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        return opened


def writer_of(cases: Cases, card: KeyCard) -> Writer:
    return Writer(cases, Reader(cases, card, os.urandom), card, os.urandom)


def session_of(desk: Desk, name: str) -> Session:
    return next(each for each in desk.running.sessions._sessions.values() if each.member == name)


def test_the_text_of_an_acknowledgement_is_there_in_the_reporters_language(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    assert "Vi modtog din indberetning" in anna.get(f"/cases/{number}").text


def test_a_report_is_acknowledged_once(desk: Desk, anna: Member, bo: Member) -> None:
    reporter, number = begun(desk, anna)
    for member in (anna, bo):
        member.get(f"/cases/{number}")
    assert anna.post(f"/cases/{number}/acknowledge", text="read").status == 303
    answer = bo.post(f"/cases/{number}/acknowledge", text="read too")
    assert answer.status == 409
    assert "somebody has moved it" in answer.text
    assert "read too</textarea>" in answer.text
    assert len(waiting_for(desk, reporter).items) == 1
    case = desk.cases.case(number)
    assert case is not None
    assert (case.state, case.acknowledged) == ("acknowledged", desk.clock().date())


@pytest.mark.parametrize("state", ["closed", "acknowledged", "received", "purged", ""])
def test_a_forbidden_step_is_refused_and_changes_nothing(desk: Desk, anna: Member, state: str) -> None:
    reporter, number = begun(desk, anna)
    anna.get(f"/cases/{number}")
    assert anna.post(f"/cases/{number}/state", state=state, tell="yes").status == 409
    case = desk.cases.case(number)
    assert case is not None
    assert case.state == "received"
    assert not waiting_for(desk, reporter).items


def test_a_case_goes_all_the_way_and_back_and_the_reporter_is_told_only_if_wanted(desk: Desk, anna: Member) -> None:
    reporter, number = begun(desk, anna)
    path = f"/cases/{number}"
    anna.get(path)
    anna.post(f"{path}/acknowledge", text="read")
    for state in ("assessing", "addressing", "concluding"):
        page = anna.get(path).text
        assert 'type="radio"' in page
        if state == "addressing":
            refused = anna.post(f"{path}/state", state=state)
            assert refused.status == 409
            assert "The risk of retaliation is not assessed yet" in refused.text
            anna.assess(path)
            page = anna.get(path).text
        assert page.count(" checked>") == 1  # to tell the reporter; which state is for the member to say
        assert anna.post(f"{path}/state", state=state).status == 303
    ticks = {f"check-{check}": "yes" for check in SAFE}
    assert anna.post(f"{path}/outcome", outcome="substantiated", text="It was so.", **ticks).status == 303
    assert anna.post(f"{path}/state", state="closed", tell="yes", text="She asked for none.").status == 303
    closed = desk.cases.case(number)
    assert closed is not None
    assert closed.closed == desk.clock().date()
    assert anna.post(f"{path}/state", state="assessing", tell="yes").status == 303
    again = desk.cases.case(number)
    assert again is not None
    assert again.closed is None
    kinds = [item.content.kind for item in waiting_for(desk, reporter).items if item.content]
    assert kinds == ["acknowledgement", "outcome", "notice", "notice"]


def test_a_note_is_read_by_the_group_and_never_sent(desk: Desk, anna: Member, bo: Member) -> None:
    reporter, number = begun(desk, anna)
    anna.get(f"/cases/{number}")
    assert anna.post(f"/cases/{number}/note", text="for us alone").status == 303
    page = bo.get(f"/cases/{number}").text
    assert "for us alone" in page
    assert "<strong>anna</strong>" in page
    assert not waiting_for(desk, reporter).items


def test_every_act_is_on_the_log_with_who_and_which_case(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    path = f"/cases/{number}"
    anna.get(path)
    anna.post(f"{path}/acknowledge", text="read")
    anna.post(f"{path}/reply", text="words")
    anna.post(f"{path}/note", text="words")
    anna.post(f"{path}/state", state="assessing")
    with closing(sqlite3.connect(desk.database)) as connection:
        rows = connection.execute('SELECT who, action FROM log WHERE "case" = ? ORDER BY number', (number,)).fetchall()
    acts = ("acknowledged", "replied", "noted", "state assessing")
    assert [row for row in rows[1:] if row[1] != "opened"] == [(ANNA, action) for action in ("declared", *acts)]
    assert rows[:3] == [("desk", f"began {today()}"), (ANNA, "declared"), (ANNA, "opened")]
    assert desk.cases.verify_log() > 5


def test_nothing_is_sealed_with_a_voice_that_is_not_on_the_card(desk: Desk, anna: Member) -> None:
    _, number = begun(desk, anna)
    session = session_of(desk, ANNA)
    stranger = replace(session.groups["risk-control"], voice=SigningKey(b"v" * 32))
    impostor = replace(session, groups={"risk-control": stranger})
    card = KeyCard(desk.settings.card, desk.settings.root_fingerprint, None)
    with pytest.raises(CardRefused):
        writer_of(desk.cases, card).reply(place_of(desk, impostor, number), "words", desk.clock())

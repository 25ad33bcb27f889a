"""A message to every open mailbox: written by a lead, confirmed by another member, once in each, whoever may see the case."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.desk.relaying import Public, public, thread_of
from tests.desk.running import ANNA, BO, CARL, Desk, Member, Page, Reporter, started, today
from tests.desk.test_canary import CANARY, lying_open, written
from tests.desk.test_erasure import close, later
from whistle.errors import StorageFailed
from whistle.protocol.content import Message
from whistle.protocol.thread import Verdict
from whistle.protocol.wire import TO_REPORTER
from whistle.store.conflicts import exclude
from whistle.store.desk import Act, Cases
from whistle.store.upgrades import SCHEMA

WORDS = {"en": "Data were lost.", "da": "Data er gået tabt.", "fi": "Tietoja katosi."}


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    (tmp_path / "desk").mkdir()
    with started(tmp_path / "desk", ceremony, server.port) as running:
        yield running


def reported(desk: Desk, server: Public, language: str = "da", group: str = "risk-control") -> Reporter:
    """A report that nobody has opened yet."""
    reporter = Reporter.new(desk.card, group)
    server.submit(reporter, reporter.report(language=language))
    desk.poll()
    return reporter


def ask(desk: Desk, name: str = ANNA, group: str = "risk-control", **words: str) -> Page:
    return desk.signed_in(name).post("/broadcast", group=group, **(words or WORDS))


def check(page: str) -> str:
    """What names the message on the page."""
    found = re.search(r'name="asked" value="([0-9a-f]{64})"', page)
    return found[1] if found else "0" * 64


def confirm(desk: Desk, name: str = BO) -> Page:
    return answer(desk.signed_in(name), "confirm")


def answer(member: Member, how: str, asked: str = "") -> Page:
    return member.post(f"/broadcast/{how}", asked=asked or check(member.get("/broadcast").text))


def told(desk: Desk, server: Public, reporter: Reporter) -> list[str]:
    """What the reporter reads of the desk's words, each of which verifies."""
    desk.poll()
    items = thread_of(server, reporter, TO_REPORTER)
    assert all(item.verdict is Verdict.VERIFIED for item in items)
    return [item.content.body.text for item in items if item.content and isinstance(item.content.body, Message)]


def rows(desk: Desk, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute(statement).fetchall()


def log_of(desk: Desk) -> list[tuple[str, str, int | None]]:
    return rows(desk, "SELECT who, action, \"case\" FROM log WHERE action LIKE '%broadcast%' ORDER BY number")


def keep_away(desk: Desk, case: int, name: str) -> None:
    with desk.cases._writing() as connection:
        exclude(connection, 0, case, name, ANNA, today())


def fail_at(desk: Desk, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The database takes no more before the message is in this case."""
    send = desk.cases.broadcasts.send

    def failing(act: Any, *given: Any) -> None:
        if act.case == number:
            raise StorageFailed
        send(act, *given)

    monkeypatch.setattr(desk.cases.broadcasts, "send", failing)


# Who gets it ----------------------------------------------------------------------------------------------------------


def test_every_open_mailbox_gets_it_in_its_language_or_in_english_signed_like_any_reply(desk: Desk, server: Public) -> None:
    danish, finnish, swedish = (reported(desk, server, language) for language in ("da", "fi", "sv"))
    assert ask(desk).header("location") == "/broadcast?done=asked"
    assert confirm(desk).header("location") == "/broadcast?done=sent"
    assert told(desk, server, danish) == [WORDS["da"]]
    assert told(desk, server, finnish) == [WORDS["fi"]]
    assert told(desk, server, swedish) == [WORDS["en"]]
    assert WORDS["da"] in desk.signed_in(ANNA).get("/cases/1").text


def test_a_closed_case_gets_it_and_stays_closed_for_its_mailbox_is_open_until_it_is_erased(desk: Desk, server: Public) -> None:
    closed = reported(desk, server)
    desk.signed_in(ANNA)
    close(desk)
    before, ends = desk.cases.case(1), desk.cases.erasure.ending(1)
    ask(desk)
    assert confirm(desk).status == 303
    assert told(desk, server, closed) == [WORDS["da"]]
    assert (desk.cases.case(1), desk.cases.erasure.ending(1)) == (before, ends)


def test_an_erased_case_and_another_groups_get_nothing(desk: Desk, server: Public) -> None:
    erased, there = reported(desk, server), reported(desk, server)
    other = reported(desk, server, group="audit-chair")
    desk.signed_in(ANNA)
    desk.signed_in(CARL)
    close(desk)
    later(desk, 731)
    desk.clock.ahead = timedelta()
    ask(desk)
    assert confirm(desk).status == 303
    assert told(desk, server, there) == [WORDS["da"]]
    assert told(desk, server, erased) == told(desk, server, other) == []


def test_a_case_that_the_second_member_must_not_see_gets_it_and_they_see_no_trace_of_it(desk: Desk, server: Public) -> None:
    reporters = [reported(desk, server) for _ in range(2)]
    desk.signed_in(ANNA)
    keep_away(desk, 2, BO)
    ask(desk)
    bo = desk.signed_in(BO)
    answered = answer(bo, "confirm")
    assert answered.status == 303
    assert [told(desk, server, each) for each in reporters] == [[WORDS["da"]]] * 2
    assert bo.get("/cases/2").status == 404
    for path in ("/broadcast?done=sent", "/", "/numbers"):
        assert "Case 2" not in bo.get(path).text


def test_nobody_has_to_declare_anything_in_a_case_that_is_not_shown(desk: Desk, server: Public) -> None:
    reporter = reported(desk, server)
    ask(desk)
    bo = desk.signed_in(BO)
    bo.declares = False
    assert answer(bo, "confirm").status == 303
    assert told(desk, server, reporter) == [WORDS["da"]]
    assert rows(desk, "SELECT count(*) FROM declared") == [(0,)]


def test_the_dialogue_goes_on_after_it(desk: Desk, server: Public) -> None:
    reporter = reported(desk, server)
    ask(desk)
    confirm(desk)
    assert desk.signed_in(ANNA).post("/cases/1/reply", text="Og nu til din sag.").status == 303
    assert told(desk, server, reporter) == [WORDS["da"], "Og nu til din sag."]


def test_it_is_no_answer_to_anybody(desk: Desk, server: Public) -> None:
    reported(desk, server)
    ask(desk)
    before = desk.cases.case(1)
    confirm(desk)
    after = desk.cases.case(1)
    assert before
    assert after == before, "the first answer of a person is still owed, and it is still our turn"


def test_a_case_whose_key_does_not_open_holds_up_no_other_and_the_page_says_so(desk: Desk, server: Public) -> None:
    reporters = [reported(desk, server) for _ in range(2)]
    desk.signed_in(ANNA)
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        connection.execute('UPDATE "case" SET key = zeroblob(99) WHERE number = 1')
    ask(desk)
    answered = confirm(desk)
    assert (answered.status, "has not gone to every mailbox" in answered.text) == (409, True)
    assert [told(desk, server, each) for each in reporters] == [[], [WORDS["da"]]]
    assert "Send to the rest" in answered.text


# Two members ----------------------------------------------------------------------------------------------------------


def test_nobody_confirms_what_they_wrote(desk: Desk, server: Public) -> None:
    reporter = reported(desk, server)
    ask(desk)
    assert "Confirm and send" not in desk.signed_in(ANNA).get("/broadcast").text
    assert confirm(desk, ANNA).status == 409
    assert told(desk, server, reporter) == []


def test_only_a_lead_writes_one_and_only_their_own_group_reads_and_confirms_it(desk: Desk, server: Public) -> None:
    reporter = reported(desk, server)
    assert ask(desk, BO).status == 403
    assert ask(desk, ANNA, "audit-chair").status == 404
    ask(desk)
    asked = check(desk.signed_in(BO).get("/broadcast").text)
    carl = desk.signed_in(CARL)
    assert WORDS["en"] not in carl.get("/broadcast").text
    assert (answer(carl, "confirm", asked).status, answer(carl, "withdraw", asked).status) == (409, 409)
    assert told(desk, server, reporter) == []


def test_what_is_confirmed_is_what_was_read(desk: Desk, server: Public) -> None:
    reporter = reported(desk, server)
    ask(desk)
    bo = desk.signed_in(BO)
    read = check(bo.get("/broadcast").text)
    anna = desk.signed_in(ANNA)
    assert answer(anna, "withdraw").status == 303
    ask(desk, en="Something else.")
    assert answer(bo, "confirm", read).status == 409
    assert told(desk, server, reporter) == []


def test_a_second_one_waits_its_turn_with_its_words_still_there(desk: Desk) -> None:
    ask(desk)
    answered = ask(desk, en="Another one.")
    assert (answered.status, "Another one." in answered.text) == (409, True)
    assert rows(desk, "SELECT count(*) FROM broadcast") == [(1,)]


def test_what_waits_is_on_the_inbox_of_every_member_of_the_group(desk: Desk) -> None:
    bo, carl = desk.signed_in(BO), desk.signed_in(CARL)
    assert "/broadcast" not in bo.get("/").text
    ask(desk)
    assert 'href="/broadcast"' in bo.get("/").text
    assert "waits for a second member" not in carl.get("/").text


def test_confirming_asks_once_more_who_is_there(desk: Desk) -> None:
    ask(desk)
    bo = desk.signed_in(BO)
    for session in desk.running.sessions._sessions.values():
        session.proved_at -= timedelta(minutes=10)
    answered = answer(bo, "confirm")
    assert answered.status == 403
    assert rows(desk, "SELECT confirmed_by FROM broadcast") == [(None,)]


# What is typed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "field"), [({"da": "Kun dansk."}, "en"), ({"en": "x", "nb": "ø" * 130_000}, "nb")])
def test_without_english_or_with_too_much_nothing_is_kept_and_what_was_typed_is_still_there(
    desk: Desk, words: dict[str, str], field: str
) -> None:
    answered = ask(desk, **words)
    assert answered.status == 400
    assert f'id="broadcast-risk-control-{field}-mistake"' in answered.text
    assert all(text in answered.text for text in words.values())
    assert rows(desk, "SELECT count(*) FROM broadcast") == [(0,)]


# At rest --------------------------------------------------------------------------------------------------------------


def test_the_text_lies_open_in_no_file_and_its_size_tells_little(desk: Desk, server: Public) -> None:
    reported(desk, server)
    ask(desk, en=f"Om {CANARY}.")
    [(short,)] = rows(desk, "SELECT length(sealed) FROM broadcast")
    assert lying_open(written(desk.database.parent)) == []
    answer(desk.signed_in(ANNA), "withdraw")
    ask(desk, en=f"Om {CANARY}. " * 20)
    assert rows(desk, "SELECT length(sealed) FROM broadcast") == [(short,)]
    confirm(desk)
    assert lying_open(written(desk.database.parent)) == []


def test_once_it_is_sent_or_withdrawn_nothing_of_it_is_kept_here(desk: Desk, server: Public) -> None:
    reported(desk, server)
    for end in (lambda: confirm(desk), lambda: answer(desk.signed_in(BO), "withdraw")):
        assert ask(desk).status == 303
        assert end().status == 303
        assert rows(desk, "SELECT (SELECT count(*) FROM broadcast) + (SELECT count(*) FROM broadcast_to)") == [(0,)]


def test_after_seven_days_it_is_gone_and_nobody_confirms_it_any_more(desk: Desk, server: Public) -> None:
    ask(desk)
    asked = check(desk.signed_in(BO).get("/broadcast").text)
    later(desk, 7)
    assert rows(desk, "SELECT count(*) FROM broadcast") == [(1,)]
    desk.clock.ahead = timedelta(days=8)
    bo = desk.signed_in(BO)
    assert WORDS["en"] not in bo.get("/broadcast").text
    assert answer(bo, "confirm", asked).status == 409
    later(desk, 8)
    assert rows(desk, "SELECT count(*) FROM broadcast") == [(0,)]
    assert log_of(desk)[-1] == ("desk", "ended broadcast", None)


def test_a_text_that_was_swapped_in_the_database_is_not_sent(desk: Desk, server: Public) -> None:
    reporter = reported(desk, server)
    ask(desk)
    bo = desk.signed_in(BO)
    asked = check(bo.get("/broadcast").text)
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        connection.execute("UPDATE broadcast SET sealed = zeroblob(5000)")
    assert answer(bo, "confirm", asked).status == 409
    page = bo.get("/broadcast")
    assert (page.status, "does not open" in page.text) == (200, True)
    assert answer(bo, "confirm").status == 409
    assert told(desk, server, reporter) == []
    assert answer(bo, "withdraw").status == 303


# Where it stopped -----------------------------------------------------------------------------------------------------


def test_a_failure_in_the_middle_goes_on_where_it_stopped_and_nobody_gets_it_twice(
    desk: Desk, server: Public, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporters = [reported(desk, server) for _ in range(3)]
    ask(desk)
    with monkeypatch.context() as failing:
        fail_at(desk, failing, 2)
        answered = confirm(desk)
    assert answered.status == 503
    assert "Send to the rest" in answered.text
    assert [told(desk, server, each) for each in reporters] == [[WORDS["da"]], [], []]
    late = reported(desk, server)
    assert answer(desk.signed_in(ANNA), "confirm").status == 303, "two have had their word: anybody of the group sends the rest"
    assert [told(desk, server, each) for each in (*reporters, late)] == [[WORDS["da"]]] * 3 + [[]]
    assert [line for line in log_of(desk) if "opened" not in line[1]] == [
        (ANNA, "asked broadcast", None),
        (BO, "confirmed broadcast", None),
        (BO, "broadcast", 1),
        (ANNA, "broadcast", 2),
        (ANNA, "broadcast", 3),
        (ANNA, "sent broadcast", None),
    ]


def test_two_who_send_at_once_say_it_once(desk: Desk, server: Public, monkeypatch: pytest.MonkeyPatch) -> None:
    reporters = [reported(desk, server) for _ in range(2)]
    ask(desk)
    left, others = desk.cases.broadcasts.left, [ANNA]

    def overtaken(id_: int) -> list[int]:
        """The other one comes in between."""
        found = left(id_)
        if others:
            assert confirm(desk, others.pop()).status == 303
        return found

    monkeypatch.setattr(desk.cases.broadcasts, "left", overtaken)
    assert confirm(desk).status == 303
    assert [told(desk, server, each) for each in reporters] == [[WORDS["da"]]] * 2
    assert sum(action == "sent broadcast" for _, action, _ in log_of(desk)) == 1


def test_what_is_left_can_be_stopped(desk: Desk, server: Public, monkeypatch: pytest.MonkeyPatch) -> None:
    reporters = [reported(desk, server) for _ in range(2)]
    ask(desk)
    with monkeypatch.context() as failing:
        fail_at(desk, failing, 2)
        confirm(desk)
    assert answer(desk.signed_in(ANNA), "withdraw").status == 303
    assert confirm(desk).status == 409
    assert [told(desk, server, each) for each in reporters] == [[WORDS["da"]], []]


def test_a_case_that_is_erased_meanwhile_keeps_nothing_of_it_and_holds_up_nobody(
    desk: Desk, server: Public, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporters = [reported(desk, server) for _ in range(2)]
    desk.signed_in(ANNA)
    ask(desk)
    with monkeypatch.context() as failing:
        fail_at(desk, failing, 1)
        confirm(desk)
    assert rows(desk, 'SELECT "case" FROM broadcast_to') == [(1,), (2,)]
    close(desk)
    ending = desk.cases.erasure.ending(1)
    erased = desk.cases.erasure.erase(ending, lambda *_: Act(desk.clock(), "desk", "erased", 1), lambda _: ())
    assert (erased, rows(desk, 'SELECT "case" FROM broadcast_to')) == (True, [(2,)])
    assert confirm(desk).status == 303
    assert told(desk, server, reporters[1]) == [WORDS["da"]]


# On the log -----------------------------------------------------------------------------------------------------------


def test_every_word_of_it_is_on_the_log_with_words_and_reading_it_too(desk: Desk, server: Public) -> None:
    reported(desk, server)
    ask(desk)
    assert answer(desk.signed_in(BO), "withdraw").status == 303
    ask(desk)
    confirm(desk)
    assert log_of(desk) == [
        (ANNA, "asked broadcast", None),
        (BO, "opened broadcast", None),
        (BO, "withdrew broadcast", None),
        (ANNA, "asked broadcast", None),
        (BO, "opened broadcast", None),
        (BO, "confirmed broadcast", None),
        (BO, "broadcast", 1),
        (BO, "sent broadcast", None),
    ]
    page = desk.signed_in(ANNA).get("/log").text
    assert "Sent the message to every open mailbox" in page
    assert "broadcast" not in page.split("<tbody>")[1].replace("/broadcast", "")


def test_a_database_from_before_is_brought_up(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    Cases(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in ("DROP TABLE broadcast", "DROP TABLE broadcast_to", "UPDATE schema SET version = 15"):
            connection.execute(statement)
    for _ in range(2):
        with closing(Cases(f"sqlite:///{file}")) as cases:
            assert cases.broadcasts.waiting(["risk-control"], today()) == []
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version FROM schema").fetchall() == [(SCHEMA,)]

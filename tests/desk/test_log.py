"""The log by the book: every act is on it, every way of changing it is found, its page shows what may be seen and no more."""

import ast
import asyncio
import csv
import io
import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.desk.authenticator import Authenticator
from tests.desk.relaying import Evidence, Public, public
from tests.desk.running import ANNA, BO, CARL, DORA, PASSPHRASES, Desk, Member, Page, Reporter, another_card, started, today
from tests.desk.test_casework import TICKS
from tests.desk.test_chain import InFile, anew
from tests.desk.test_erasure import answer, close
from tests.desk.test_factors import spelt_app
from tests.desk.test_files import upload
from tests.desk.test_starting import command, said
from whistle.desk import log_command
from whistle.desk.heads import Heads, verified
from whistle.desk.logpage import look_ups
from whistle.errors import BadSignature, HeadNotWritten, LogBroken, ReceiptKeyNotListed
from whistle.protocol.content import Files
from whistle.protocol.loghead import LogHead
from whistle.sealing.logheads import read_head
from whistle.store.chain import DROPPED
from whistle.store.desk import Act
from whistle.store.log import LINKS, OPENED_LOG, REFUSALS, SAW_REFUSALS, Which
from whistle.web.templates import read_catalogues

TOP = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
ACTS = ("signed in", "opened", "replied", "opened", "signed out")


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port, refusals_a_day=3, recordings=True) as running:
        yield running


@pytest.fixture
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


def case_of(desk: Desk, group: str = "risk-control", opener: str = ANNA) -> int:
    reporter = Reporter.new(desk.card, group)
    desk.deliver(reporter.frame(reporter.report()))
    desk.signed_in(opener)
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    return case.number


def log_of(desk: Desk) -> list[tuple[str, str, int | None]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute('SELECT who, action, "case" FROM log ORDER BY number').fetchall()


# Every act is on the log ----------------------------------------------------------------------------------------------

HERE = "/cases/1"
HOST = {"host": "localhost"}
KEY = Authenticator("http://localhost")
NEW = "en helt anden sætning om tog"
# How each form succeeds, in this order: what it answers.
POSTS: dict[str, Callable[[Member, str], int]] = {
    "/cases/{number:case}/sheet": lambda member, path: member.post(path, part="tags", revision="0", text="supplier").status,
    "/cases/{number:case}/acknowledge": lambda member, path: member.post(path, text="read").status,
    "/cases/{number:case}/reply": lambda member, path: member.post(path, text="words").status,
    "/cases/{number:case}/note": lambda member, path: member.post(path, text="words").status,
    "/cases/{number:case}/ask": lambda member, path: (
        member.post(path, **{"question-1": "When?", "choices-1": "March\nMay"}).status
    ),
    "/cases/{number:case}/minutes": lambda member, path: member.post(path, text="words").status,
    "/cases/{number:case}/feedback": lambda member, path: member.post(path, text="words", **TICKS).status,
    "/cases/{number:case}/outcome": lambda member, path: (
        member.post(path, text="words", outcome="substantiated", **TICKS).status
    ),
    "/cases/{number:case}/closing": lambda member, path: member.post(path, text="words", **TICKS).status,
    "/cases/{number:case}/state": lambda member, path: member.post(path, state="assessing").status,
    "/cases/{number:case}/files": lambda member, path: upload(member, b"svar")[0].status,
    "/cases/{number:case}/removal": lambda member, path: (
        member.post(path, text="words", part=part(member, 2)).status  # the first is the file's own message
    ),
    "/cases/{number:case}/files/{file:file}": lambda member, path: member.post(path).status,
    "/cases/{number:case}/disclose": lambda member, path: (
        member.post(path, to="police", text="name", ground="proceedings", told="notice", notice="words").status
    ),
    "/cases/{number:case}/purpose": lambda member, path: member.post(path, purpose="answer").status,
    "/log/verify": lambda member, path: member.post(path).status,
    "/passphrase": lambda member, path: member.post(path, old=PASSPHRASES[ANNA], new=NEW, again=NEW).status,
    "/factors/passkey": lambda member, path: (
        member.post(path, HOST, passkey=KEY.create(member.get("/factors", HOST).text)).status
    ),
    "/sign-in": lambda member, path: member.sign_in(ANNA, NEW).status,
    "/sign-in/second": lambda member, path: (
        member.post(path, HOST, proof_passkey=KEY.prove(member.get(path, HOST).text)).status
    ),
    "/factors/totp": lambda member, path: member.post(path, code=spelt_app(member).now()).status,
    "/factors/remove": lambda member, path: member.post(path, factor="2").status,
    "/sign-out": lambda member, path: member.post(path).status,
}
TWO = {
    f"/cases/{{number:case}}/{form}"
    for form in ("hold", "lift", "early", "confirm", "withdraw", "removal-confirm", "removal-withdraw")
}  # tried below
TWO |= {f"/cases/{{number:case}}/identity{act}" for act in ("", "/approve", "/refuse", "/end", "/reveal")}  # in test_identity
INSTEAD = {f"/cases/{{number:case}}/{form}" for form in ("suppress", "necessity")}  # tried in test_casefile and test_noted
CHANNELS = {"/reports/new", "/reports/mail", "/cases/{number:case}/recording"}  # tried in test_channels.py
PEOPLE = {  # tried in test_people.py: test_every_act_is_on_the_log_with_words_and_with_whom
    *(
        f"/people/{form}"
        for form in ("invite", "link", "admit", "remove", "block", "ask", "withdraw", "unblock", "new-key", "reset")
    ),
    *("/people/lead", "/people/investigator", "/people/reviewed"),  # in test_people_over_time.py
    *("/invitation/{token:token}", "/ring", "/block"),
}
VIEWS = {"/"}  # the filter of the inbox: changes nothing and shows no more than its page: tried in test_inbox.py
BROADCAST = {f"/broadcast{form}" for form in ("", "/confirm", "/withdraw")}  # tried in test_broadcast.py
AWAY = {f"/cases/{{number:case}}/{form}" for form in ("declare", "step-aside", "readmit", "exclude", "hand-over")}  # and these


@pytest.fixture
def world(desk: Desk, server: Public, anna: Member) -> Callable[[str], str]:
    """Case 1 with a file; the path of a route in it."""
    reporter, evidence = Reporter.new(desk.card), Evidence.of(desk, b"bilag")
    server.submit(reporter, reporter.report())
    server.send(reporter, *evidence.parts)
    server.submit(reporter, reporter.say(Files((evidence.named(),))))
    desk.poll()
    anna.get("/")
    return lambda path: path.replace("{number:case}", "1").replace("{file:file}", evidence.id.hex())


def routes(desk: Desk, method: str) -> set[str]:
    """Every path of the running application that takes this method."""
    host: Any = desk.running.app
    return {route.path for route in host._app.routes if method in route.methods}


def part(member: Member, number: int) -> str:
    """The value of a part that can be removed, as the page offers it; the first is 1."""
    return member.get(HERE).text.split('id="removal-part"')[1].split('<option value="')[1 + number].split('"')[0]


def test_every_form_that_is_taken_adds_a_line_of_its_own(desk: Desk, anna: Member, world: Callable[[str], str]) -> None:
    assert {*POSTS, *TWO, *INSTEAD, *CHANNELS, *PEOPLE, *AWAY, *BROADCAST, *VIEWS} == routes(desk, "POST"), (
        "a form is not tried here: say how it succeeds"
    )
    for path, send in POSTS.items():
        anna.get("/cases/1")
        before = log_of(desk)
        assert send(anna, world(path)) in (200, 303), path
        new = [
            line for line in log_of(desk)[len(before) :] if line[1] not in ("opened", "declared")
        ]  # what was read on the way
        assert [line[0] for line in new] == [ANNA], path
        assert new[0][2] == (1 if "case" in path else None), path
        if path == "/sign-in":
            anna.get("/")


def test_every_word_about_what_takes_two_members_adds_a_line(desk: Desk, anna: Member, world: Callable[[str], str]) -> None:
    bo, case = desk.signed_in(BO), world("/cases/{number:case}")
    review = str(today() + timedelta(30))
    assert bo.post(f"{case}/hold", text="why", review=review).status == 303
    assert answer(anna, "confirm", "hold") == 303
    bo.get(case)
    assert bo.post(f"{case}/lift", text="why").status == 303
    assert answer(anna, "confirm", "lift") == 303
    close(desk)
    bo.get(case)
    assert bo.post(f"{case}/early", text="why").status == 303
    assert answer(bo, "withdraw", "early") == 303
    said = [(who, action) for who, action, number in log_of(desk) if number == 1 and re.search("hold|lift|early", action)]
    assert said == [
        (BO, "asked hold"),
        (ANNA, "confirmed hold"),
        (BO, "asked lift"),
        (ANNA, "confirmed lift"),
        (BO, "asked early"),
        (BO, "withdrew early"),
    ]


def test_every_word_about_a_conflict_of_interest_adds_a_line(desk: Desk, anna: Member, world: Callable[[str], str]) -> None:
    bo, case = desk.signed_in(BO), world("/cases/{number:case}")
    bo.get(case)
    assert bo.post(f"{case}/step-aside").status == 303
    assert anna.post(f"{case}/readmit", text="why", aside="1").status == 303
    assert anna.post(f"{case}/exclude", text="why", member=BO).status == 303
    assert anna.post(f"{case}/hand-over", text="why", group="audit-chair").status == 303
    said = [(who, action) for who, action, number in log_of(desk) if number == 1 and action != "opened"]
    assert said == [
        ("desk", f"began {today()}"),
        (BO, "declared"),
        (BO, "stepped aside"),
        (ANNA, "declared"),
        (ANNA, "readmitted bo"),
        (ANNA, "excluded bo"),
        (ANNA, "handed over to audit-chair"),
    ]
    carl = desk.signed_in(CARL)
    page = carl.get("/log?case=1").text
    assert all(words in page for words in ("Stepped aside", "Let bo back in", "Excluded bo", "Handed the case to audit-chair"))


def test_every_page_of_a_case_or_a_file_adds_a_line_each_time(desk: Desk, anna: Member, world: Callable[[str], str]) -> None:
    pages = {path for path in routes(desk, "GET") if "{number" in path}
    assert len(pages) >= 2
    desk.declare(ANNA, 1)
    for path in [*pages, *pages]:
        before = log_of(desk)
        assert anna.get(world(path)).status == 200
        assert [(who, case) for who, _, case in log_of(desk)[len(before) :]] == [(ANNA, 1)], path


def test_a_page_of_a_case_that_is_not_ones_own_adds_a_refusal(desk: Desk, world: Callable[[str], str]) -> None:
    carl = desk.signed_in(CARL)
    for path in {path for path in routes(desk, "GET") if "{number" in path}:
        assert carl.get(world(path)).status == 404
        assert log_of(desk)[-1] == (CARL, "refused", 1)


def named_acts() -> set[str]:
    """Every action that the desk's code writes as a word."""
    places = {"Act": 2, "_write": 1, "beside": 1}
    calls = [
        (getattr(node.func, "id", getattr(node.func, "attr", "")), node.args)
        for file in (TOP / "whistle/desk").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]
    words = [args[places[name]] for name, args in calls if name in places and len(args) > places[name]]
    return {word.value for word in words if isinstance(word, ast.Constant)} | {OPENED_LOG, SAW_REFUSALS, DROPPED, *LINKS}


def test_every_act_that_the_code_names_has_words_in_both_languages() -> None:
    assert len(named_acts()) > 18
    assert named_acts() >= {*REFUSALS}
    for catalogue in read_catalogues(TOP / "templates/desk", ("en", "da")).values():
        assert {action for action in named_acts() if f"act.{action.replace(' ', '_')}" not in catalogue.words} == set()


# Every change is found ------------------------------------------------------------------------------------------------


def changed(desk: Desk, *statements: str, chain: bool = False) -> None:
    """Somebody with the database at work; with `chain` they make it whole in itself again."""
    with closing(sqlite3.connect(desk.database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    if chain:
        log = InFile(desk.database)
        log.put(*anew(log.lines))


@pytest.fixture
def head(desk: Desk) -> LogHead:
    """The head of a log of five lines, after which three more were written."""
    for action in ACTS:
        desk.cases.log(Act(NOW, ANNA, action, 1 if action in ("opened", "replied") else None))
    file = desk.running.heads.write(today())
    for action in ACTS[:3]:
        desk.cases.log(Act(NOW, BO, action))
    return read_head(file.read_bytes(), desk.card)


SWAPPED = ("UPDATE log SET number = -2 WHERE number = 2", "UPDATE log SET number = 2 WHERE number = 3")
KINDS = {
    "an edit": ("UPDATE log SET who = 'bo' WHERE number = 2",),
    "an edit with its own hash": ("UPDATE log SET who = 'bo', hash = zeroblob(32) WHERE number = 2",),
    "a gap": ("DELETE FROM log WHERE number = 3",),
    "a gap that is closed": (
        "DELETE FROM log WHERE number = 3",
        *(f"UPDATE log SET number = {n - 1} WHERE number = {n}" for n in range(4, 9)),
    ),
    "a swap": (*SWAPPED, "UPDATE log SET number = 3 WHERE number = -2"),
    "a cut end": ("DELETE FROM log WHERE number > 6",),
    "a line added at the end": (
        'INSERT INTO log SELECT 9, time, who, action, "case", hash, purpose, note, salt, digest FROM log WHERE number = 8',
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_that_is_changed_is_found_without_any_head(desk: Desk, head: LogHead, kind: str) -> None:
    assert max(verified(desk.cases, ())) == 8
    changed(desk, *KINDS[kind])
    with pytest.raises(LogBroken):
        verified(desk.cases, ())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "end" not in kind])
def test_a_log_that_is_chained_anew_is_found_by_a_head_from_before_and_by_that_alone(
    desk: Desk, head: LogHead, kind: str
) -> None:
    changed(desk, *KINDS[kind], chain=True)
    verified(desk.cases, ())
    with pytest.raises(LogBroken, match="written anew"):
        verified(desk.cases, [head])


def test_a_cut_end_that_is_covered_up_is_found_by_a_head_from_before_and_by_that_alone(desk: Desk, head: LogHead) -> None:
    changed(desk, "DELETE FROM log WHERE number > 4", chain=True)
    assert max(verified(desk.cases, ())) == 4
    with pytest.raises(LogBroken, match="taken away: it had 5 lines"):
        verified(desk.cases, [head])


def test_what_no_head_has_seen_yet_can_be_rewritten_unnoticed(desk: Desk, head: LogHead) -> None:
    """Why the heads are written daily. SECURITY.md says so."""
    changed(desk, "DELETE FROM log WHERE number > 6", chain=True)
    assert max(verified(desk.cases, [head])) == 6


def test_every_head_is_looked_at_and_not_the_last_alone(desk: Desk, head: LogHead) -> None:
    last = read_head(desk.running.heads.write(today()).read_bytes(), desk.card)
    verified(desk.cases, [last, head])
    for heads in ([last, replace(head, hash=bytes(32))], [replace(last, hash=bytes(32)), head]):
        with pytest.raises(LogBroken):
            verified(desk.cases, heads)


# The heads ------------------------------------------------------------------------------------------------------------


def heads_of(desk: Desk) -> list[Path]:
    assert desk.settings.log_heads is not None
    return sorted(desk.settings.log_heads.iterdir())


def test_a_head_is_a_small_text_that_names_the_day_and_the_lines(desk: Desk, anna: Member) -> None:
    desk.cases.log(Act(NOW, ANNA, "signed in"))
    file = desk.running.heads.write(today())
    assert heads_of(desk) == [file]
    assert file.name == f"log-head-{today()}-1.txt"
    text = file.read_text("ascii")
    assert text.startswith(f"whistle/1 log head\ninstance: {desk.card.instance.hex()}\nlines: 1\nhash: ")
    assert len(text) < 500
    assert ANNA not in text
    assert file.stat().st_mode & 0o077 == 0


def test_a_second_head_of_a_day_stands_beside_the_first_and_the_same_one_is_written_once(desk: Desk) -> None:
    first = desk.running.heads.write(today())
    kept = first.read_bytes()
    assert desk.running.heads.write(today()) == first
    desk.cases.log(Act(NOW, ANNA, "signed in"))
    second = desk.running.heads.write(today())
    assert heads_of(desk) == sorted([first, second])
    assert first.read_bytes() == kept


def test_a_file_of_that_name_that_says_something_else_is_not_overwritten(desk: Desk) -> None:
    file = desk.running.heads.write(today())
    file.write_text("planted")
    with pytest.raises(HeadNotWritten, match="not overwritten"):
        desk.running.heads.write(today())
    assert file.read_text() == "planted"
    assert heads_of(desk) == [file]


def test_a_folder_that_is_gone_is_said_and_nothing_half_written_stays(desk: Desk, anna: Member) -> None:
    assert desk.settings.log_heads is not None
    desk.settings.log_heads.rmdir()
    desk.running.heads.keep(today())
    assert "could not be written" in anna.get("/").text
    desk.settings.log_heads.mkdir()
    desk.running.heads.keep(today())
    assert "could not be written" not in anna.get("/").text
    assert len(heads_of(desk)) == 1


def test_no_head_is_signed_for_a_log_that_is_not_the_one_of_the_heads_before(desk: Desk, head: LogHead, anna: Member) -> None:
    changed(desk, KINDS["an edit"][0], chain=True)
    before = heads_of(desk)
    desk.running.heads.keep(today() + timedelta(days=1))
    assert heads_of(desk) == before
    for path in ("/", "/log"):
        assert "The log was changed" in anna.get(path).text


def test_no_head_is_signed_with_a_key_that_the_card_does_not_list(desk: Desk) -> None:
    with another_card(desk, revoked=(desk.running.receipts.key.public,)):
        desk.running.heads.keep(today())
        assert (heads_of(desk), desk.running.heads.problem) == ([], None)
        with pytest.raises(ReceiptKeyNotListed):
            desk.running.heads.write(today())


def test_a_head_of_another_instance_is_not_believed(desk: Desk) -> None:
    file = desk.running.heads.write(today())
    with another_card(desk, instance=b"o" * 16), pytest.raises(BadSignature):
        read_head(file.read_bytes(), desk.card)


def test_the_head_is_written_once_a_day_and_again_after_what_went_wrong(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    heads, kept = desk.running.heads, list[date]()
    days = [today() + timedelta(days=each) for each in (0, 0, 1, 1, 2)]
    problems = iter([None, None, HeadNotWritten(), None, None])

    def keep(day: date) -> None:
        kept.append(day)
        Heads.keep(heads, day)
        heads.problem = next(problems)

    def clock() -> datetime:
        if not days:
            raise asyncio.CancelledError
        return datetime.combine(days.pop(0), NOW.timetz())

    monkeypatch.setattr("whistle.desk.heads._LOOK_SECONDS", 0)
    monkeypatch.setattr(heads, "keep", keep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(heads.run(clock))
    assert kept == [today() + timedelta(days=each) for each in (0, 1, 2)]


# The commands ---------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_verified_and_what_only_a_head_could_show(desk: Desk, head: LogHead, tmp_path: Path) -> None:
    verify = command(tmp_path, desk.settings, "log", "verify")
    status, words = said(verify)
    assert (status, words.splitlines()[0]) == (0, "The log is whole: 8 lines.")
    assert "found only by a head from before: give --head" in words
    [file] = heads_of(desk)
    given = [*verify, "--head", str(file)]
    assert said(given) == (0, "The log is whole: 8 lines.\nHeads that are a beginning of it: 1.\n")
    changed(desk, KINDS["a gap"][0], chain=True)
    assert said(verify)[0] == 0
    status, words = said(given)
    assert (status, "written anew" in words) == (2, True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("lines: 5", "lines: 4"), "is not signed by a receipt key"),
        (lambda text: text[:-1], "is not a head of a log"),
        (None, "cannot be read"),
    ],
)
def test_a_head_that_is_none_is_refused_by_its_name(
    desk: Desk, head: LogHead, tmp_path: Path, change: Callable[[str], str] | None, words: str
) -> None:
    file = tmp_path / "given.txt"
    if change is not None:
        file.write_text(change(heads_of(desk)[0].read_text()))
    status, words_said = said([*command(tmp_path, desk.settings, "log", "verify"), "--head", str(file)])
    assert status == 2
    assert str(file) in words_said
    assert words in words_said


def test_a_head_is_written_when_told(desk: Desk, tmp_path: Path) -> None:
    desk.cases.log(Act(NOW, ANNA, "signed in"))
    told = command(tmp_path, desk.settings, "log", "head")
    assert said(told) == (0, f"{tmp_path}/heads/log-head-{today()}-1.txt\n")
    assert said(told)[0] == 0
    assert len(heads_of(desk)) == 1


def test_without_a_folder_the_start_says_so_in_one_line_and_so_does_the_page(
    desk: Desk, anna: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.running.heads.folder = None
    log_command.begin(desk.running.heads, today())
    assert capsys.readouterr().err.count("\n") == 1
    assert "no folder is set" in anna.get("/log").text
    with pytest.raises(HeadNotWritten, match="log_heads"):
        desk.running.heads.write(today())


def test_a_broken_log_is_said_at_start_and_a_whole_one_is_not(
    desk: Desk, head: LogHead, capsys: pytest.CaptureFixture[str]
) -> None:
    log_command.begin(desk.running.heads, today())
    assert capsys.readouterr().err == ""
    changed(desk, KINDS["an edit"][0])
    log_command.begin(desk.running.heads, today())
    assert capsys.readouterr().err.startswith("whistle-desk: The log is broken at line 2")


def exported(desk: Desk, tmp_path: Path, *given: str) -> list[list[str]]:
    export = command(tmp_path, desk.settings, "log", "export", *given)
    done = subprocess.run(export, capture_output=True, check=True, timeout=60)
    return list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))


def test_lines_of_a_case_or_of_some_days_are_printed_as_csv_and_that_is_a_line_too(desk: Desk, tmp_path: Path) -> None:
    for days, case in ((0, 1), (1, 2), (2, 1)):
        desk.cases.log(Act(NOW + timedelta(days=days), ANNA, "opened", case, "assess"))
    header, *rows = exported(desk, tmp_path, "--case", "1")
    assert header == ["number", "time", "who", "action", "case", "purpose", "note"]
    assert rows[:2] == [
        ["1", "2026-11-24T08:30:00Z", "anna", "opened", "1", "assess", ""],
        ["3", "2026-11-26T08:30:00Z", "anna", "opened", "1", "assess", ""],
    ]
    assert rows[2][2:] == ["command line", "exported log", "1", "", ""]
    _, *rows = exported(desk, tmp_path, "--from", "2026-11-25", "--to", "2026-11-25")
    assert [row[0] for row in rows if row[2] == ANNA] == ["2"]
    assert log_of(desk)[-1] == ("command line", "exported log", None)


@pytest.mark.parametrize(
    "given", [(), ("--from", "2026-11-25"), ("--to", "2026-11-25"), ("--case", "1", "--from", "2026-11-25"), ("--case", "x")]
)
def test_an_export_of_nothing_in_particular_is_refused_and_is_no_line(
    desk: Desk, tmp_path: Path, given: tuple[str, ...]
) -> None:
    assert said(command(tmp_path, desk.settings, "log", "export", *given))[0] == 2
    assert log_of(desk) == []


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(desk: Desk, tmp_path: Path) -> None:
    names = [f"{start}cmd|' /C calc'!A0" for start in ("=", "+", "-", "@", "\t", "\r")]
    for name in names:
        desk.cases.log(Act(NOW, name, "opened", 1))
    _, *rows, _ = exported(desk, tmp_path, "--case", "1")
    assert [row[2] for row in rows] == [f"'{name}" for name in names]


# The page -------------------------------------------------------------------------------------------------------------


def rows_of(page: Page) -> list[tuple[str, str, str]]:
    """Who, what and in which case, as the page shows it."""
    cells = r"<td data-label=\"[^\"]+\">\s*(.*?)\s*</td>"
    return [
        (who, what, re.sub("<[^>]+>", "", case))
        for who, what, case in re.findall(rf"</th>\s*{cells}\s*{cells}\s*{cells}", page.text, re.DOTALL)
    ]


def test_the_newest_line_is_first_and_it_is_that_the_log_was_opened(desk: Desk, anna: Member) -> None:
    number = case_of(desk)
    anna.get(f"/cases/{number}")
    assert rows_of(anna.get("/log"))[:2] == [("anna", "Opened the log", "None"), ("anna", "Opened the case", f"Case {number}")]
    assert log_of(desk)[-1] == (ANNA, "opened log", None)


def test_a_page_has_fifty_lines_and_the_older_ones_are_behind_it_each_once(desk: Desk, anna: Member) -> None:
    for number in range(120):
        desk.cases.log(Act(NOW, f"member-{number}", "signed in"))
    path, seen = "/log", list[list[str]]()
    while path:
        page = anna.get(path)
        seen.append([who for who, _, _ in rows_of(page) if who != ANNA])
        older = re.search(r'href="(/log\?[^"]*before=\d+)"', page.text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert [len(each) for each in seen] == [49, 50, 21]
    assert [who for each in seen for who in each] == [f"member-{number}" for number in reversed(range(120))]


def test_no_page_tells_a_lead_that_there_are_lines_between_those_that_they_see(desk: Desk, anna: Member) -> None:
    """Numbers of lines, tried in the address, would tell which are missing and when the lines beside them were written."""
    carl, number = desk.signed_in(CARL), case_of(desk)
    for each in range(40):
        desk.cases.log(Act(NOW, f"member-{each}", "signed in"))
        desk.cases.log(Act(NOW, ANNA, "opened", number))
    desk.running.heads.keep(today())
    everything = rows_of(carl.get("/log?before=40"))
    for before in (1, 2, 39):
        shown = rows_of(carl.get(f"/log?before={before}"))
        assert shown == everything[40 - before :], before
    assert not re.search(r"line \d", carl.get("/log").text)
    dora = desk.signed_in(DORA)
    assert re.search(r"Up to line \d+, on ", dora.get("/log").text)


def test_lines_are_found_by_case_and_by_member(desk: Desk, anna: Member) -> None:
    one, other = case_of(desk), case_of(desk)
    bo = desk.signed_in(BO)
    for member, number in ((anna, one), (anna, other), (bo, one)):
        member.get(f"/cases/{number}")
    assert {case for _, _, case in rows_of(anna.get(f"/log?case={one}"))} == {f"Case {one}"}
    assert [who for who, _, _ in rows_of(anna.get(f"/log?case={one}"))] == [BO, BO, ANNA, ANNA, "desk"]
    acts = ["Opened the case", "Declared to have no conflict of interest"]
    assert rows_of(anna.get(f"/log?case={one}&who=BO%20")) == [(BO, act, f"Case {one}") for act in acts]
    assert rows_of(anna.get("/log?who=nobody")) == []


@pytest.mark.parametrize("case", ["x", "-1", "1.0", "²", "9" * 40, "<b>"])
def test_what_is_no_number_of_a_case_is_said_at_its_field_with_what_was_typed(anna: Member, case: str) -> None:
    page = anna.get(f"/log?who=bo&case={quote(case)}")
    assert page.status == 400
    assert "Look for a case by its number" in page.text
    assert f'value="{case.replace("<", "&lt;").replace(">", "&gt;")}"' in page.text
    assert 'value="bo"' in page.text


def test_a_member_of_another_group_sees_no_line_of_this_case_in_any_filter(desk: Desk, anna: Member) -> None:
    number = case_of(desk)
    anna.get(f"/cases/{number}")
    carl = desk.signed_in(CARL)
    carl.get(f"/cases/{number}")
    for path in ("/log", f"/log?case={number}", "/log?who=anna", "/log?who=carl"):
        assert f"Case {number}" not in carl.get(path).text
    assert (CARL, "Was refused access", f"Case {number}") in rows_of(anna.get("/log"))


def test_the_page_says_up_to_where_the_log_was_verified_and_when_a_head_was_written(desk: Desk, anna: Member) -> None:
    page = anna.get("/log").text
    assert "Not yet. It is verified when the desk starts, and daily." in page
    assert "Not since the desk started." in page
    desk.running.heads.keep(today())
    on = re.search(r"Verified</dt><dd>([^<]+)</dd>", anna.get("/log").text)
    assert on is not None
    assert on[1].startswith(str(today().day))
    dora = desk.signed_in(DORA)
    desk.running.heads.keep(today())
    assert f"Up to line {len(log_of(desk))}, on {on[1]}" in dora.get("/log").text


def test_without_a_session_the_log_is_not_shown(desk: Desk) -> None:
    answer = Member(desk.port).get("/log")
    assert (answer.status, answer.header("location")) == (303, "/sign-in")


# Look-ups and alarms --------------------------------------------------------------------------------------------------


def test_the_look_ups_of_a_case_are_counted_for_each_member_with_first_and_last_time(desk: Desk, anna: Member) -> None:
    assert [vars(each) for each in look_ups([("anna", "3"), ("bo", "2"), ("anna", "1")])] == [
        {"who": "anna", "count": 2, "first": "1", "last": "3"},
        {"who": "bo", "count": 1, "first": "2", "last": "2"},
    ]
    number = case_of(desk)
    anna.get(f"/cases/{number}")
    desk.signed_in(BO).get(f"/cases/{number}")
    page = anna.get(f"/cases/{number}").text
    assert re.search(r"<strong>anna</strong>: 2 times, first on .+, last on .+</li>", page)
    assert re.search(r"<strong>bo</strong>: once, on .+</li>", page)


ALARM = "Within a day more sign-ins failed"


def test_more_refusals_than_the_setting_says_are_on_every_inbox_until_somebody_else_opens_the_log(desk: Desk) -> None:
    carl, anna = desk.signed_in(CARL), desk.signed_in(ANNA)
    for _ in range(3):
        carl.get("/cases/999")
    assert ALARM not in anna.get("/").text
    Member(desk.port).sign_in("somebody", "wrong")
    for member in (anna, carl):
        text = member.get("/").text
        [line] = [line for line in text.splitlines() if ALARM in line]
        assert not re.search(r"anna|carl|somebody|\d", line)
    for _ in range(2):
        assert "You are among those who were refused" in carl.get("/log").text
    assert ALARM in anna.get("/").text
    assert "the alarm is off now" in anna.get("/log").text
    for member in (anna, carl):
        assert ALARM not in member.get("/").text
    assert ALARM not in carl.get("/log").text
    assert log_of(desk)[-2:] == [(ANNA, "saw refusals", None), (CARL, "opened log", None)]


def test_the_auditor_who_has_no_inbox_sees_the_alarm_on_the_log_and_puts_it_out(desk: Desk) -> None:
    dora, carl = desk.signed_in(DORA), desk.signed_in(CARL)
    for _ in range(4):
        carl.get("/cases/999")
    assert ALARM in carl.get("/").text
    assert ALARM in dora.get("/log").text
    assert ALARM not in dora.get("/log").text
    assert ALARM not in carl.get("/").text


def test_opening_the_log_between_refusals_does_not_keep_the_alarm_from_coming(desk: Desk) -> None:
    carl = desk.signed_in(CARL)
    for _ in range(4):
        carl.get("/cases/999")
        carl.get("/log")
    assert ALARM in desk.signed_in(ANNA).get("/").text


def test_the_mail_tells_of_refusals_whoever_has_looked(desk: Desk) -> None:
    for _ in range(4):
        Member(desk.port).sign_in("somebody", "wrong")
    anna = desk.signed_in(ANNA)
    anna.get("/log")
    assert ALARM not in anna.get("/").text
    told = [desk.running.watch(today() + timedelta(days=days)).refusals for days in (0, 1, 2)]
    assert told == [True, True, False]


def test_tries_while_a_name_must_wait_are_counted_on_the_log_in_few_lines_and_alarm(desk: Desk, anna: Member) -> None:
    desk.running.desk.sign_in.throttle.failed("bo", desk.clock() + timedelta(minutes=10))
    for _ in range(4):
        desk.running.desk.sign_in.throttle.failed("bo", desk.clock() + timedelta(minutes=10))
    for _ in range(9):
        assert Member(desk.port).sign_in("bo", "wrong").status == 403
    assert [act for who, act, _ in log_of(desk) if who == BO] == ["waited 1", "waited 2", "waited 4", "waited 8"]
    assert ALARM in anna.get("/").text
    assert "Tried to sign in while the name had to wait: 8 times by now" in anna.get("/log").text


# Why ------------------------------------------------------------------------------------------------------------------


def whys(desk: Desk, number: int) -> list[tuple[str, str, str | None, int | None]]:
    lines = reversed(desk.cases.lines.lines(Which(case=number)))
    return [(line.who, line.action, line.purpose, line.note) for line in lines]


def test_every_reading_and_act_in_a_case_says_why_and_nobody_was_asked(
    desk: Desk, anna: Member, world: Callable[[str], str]
) -> None:
    anna.get(HERE)
    anna.get(world("/cases/{number:case}/files/{file:file}"))
    anna.post(world("/cases/{number:case}/files/{file:file}"))
    anna.post(f"{HERE}/reply", text="words")
    anna.post(f"{HERE}/sheet", part="work", revision="0", priority="high", assigned=BO, category="")
    anna.get(HERE)
    bo = desk.signed_in(BO)
    bo.get(HERE)
    said = [(who, action, purpose) for who, action, purpose, _ in whys(desk, 1) if action != "opened"]
    assert said == [
        ("desk", f"began {today()}", None),
        (ANNA, "declared", None),
        (ANNA, "opened file", "assess"),
        (ANNA, "downloaded file", "assess"),
        (ANNA, "replied", "assess"),
        (ANNA, "changed assigned", "assess"),
        (ANNA, "changed priority", "assess"),
        (BO, "declared", None),
    ]
    opened = [(who, purpose) for who, action, purpose, _ in whys(desk, 1) if action == "opened"]
    assert opened[0] == (ANNA, "assess")
    assert opened[-2:] == [(ANNA, "supervise"), (BO, "assess")]  # a lead whose case another one works on


def test_a_member_says_otherwise_and_it_holds_for_that_case_until_they_sign_out(desk: Desk, anna: Member) -> None:
    one, other = case_of(desk), case_of(desk)
    anna.get(f"/cases/{one}")
    page = anna.post(f"/cases/{one}/purpose", purpose="answer")
    assert page.header("location") == f"/cases/{one}?done=purpose"
    assert "you read this case to answer a request" in anna.get(f"/cases/{one}").text
    anna.get(f"/cases/{other}")
    anna.post(f"/cases/{one}/note", text="words")
    desk.signed_in(ANNA).get(f"/cases/{one}")
    assert [(action, purpose) for _, action, purpose, _ in whys(desk, one)] == [
        (f"began {today()}", None),
        ("declared", None),
        ("opened", "assess"),
        ("gave purpose", "answer"),
        ("opened", "answer"),
        ("opened", "answer"),
        ("noted", "answer"),
        ("opened", "assess"),
    ]
    assert whys(desk, other)[-1][2] == "assess"
    page = anna.get(f"/log?case={one}")
    assert "to answer a request from the reporter" in page.text
    assert "Said why they read the case" in page.text


@pytest.mark.parametrize("purpose", ["", "curiosity", "ASSESS"])
def test_a_purpose_that_is_none_is_refused_by_its_name_on_the_same_page(desk: Desk, anna: Member, purpose: str) -> None:
    number = case_of(desk)
    page = anna.post(f"/cases/{number}/purpose", purpose=purpose)
    assert page.status == 400
    assert 'href="#purpose-text"' in page.text
    assert "gave purpose" not in [action for _, action, _, _ in whys(desk, number)]


def test_an_act_whose_reason_is_written_points_to_that_note_and_so_does_the_second_members_word(
    desk: Desk, anna: Member, world: Callable[[str], str]
) -> None:
    bo = desk.signed_in(BO)
    assert bo.post(f"{HERE}/hold", text="why", review=str(today() + timedelta(30))).status == 303
    assert answer(anna, "confirm", "hold") == 303
    place = desk.cases.contents(1)[-1].place
    assert [(action, note) for _, action, _, note in whys(desk, 1) if "hold" in action] == [
        ("asked hold", place),
        ("confirmed hold", place),
    ]
    assert f'id="entry-{place}"' in anna.get(HERE).text
    assert f'href="/cases/1#entry-{place}"' in anna.get("/log").text
    assert f"Reason: entry {place}" in desk.signed_in(DORA).get("/log").text


def test_a_refusal_says_no_purpose_even_of_who_has_read_the_case_before(desk: Desk, anna: Member) -> None:
    number, bo = case_of(desk), desk.signed_in(BO)
    bo.get(f"/cases/{number}")
    bo.post(f"/cases/{number}/step-aside")
    bo.get(f"/cases/{number}")
    assert whys(desk, number)[-2:] == [(BO, "stepped aside", "assess", None), (BO, "refused", None, None)]


def test_no_purpose_stays_of_an_erased_case_but_on_the_log(desk: Desk, anna: Member, world: Callable[[str], str]) -> None:
    anna.get(HERE)
    close(desk)
    ending = desk.cases.erasure.ending(1)
    assert desk.cases.erasure.erase(ending, lambda *_: Act(desk.clock(), "desk", "erased it", 1), lambda _: ())
    with closing(sqlite3.connect(desk.database)) as connection:
        assert connection.execute('SELECT purpose FROM reading WHERE "case" = 1').fetchall() == []


# Verify now, and the look-ups of a case -------------------------------------------------------------------------------


def test_the_auditor_verifies_the_log_now_against_the_last_head(desk: Desk, head: LogHead) -> None:
    dora = desk.signed_in(DORA)
    answered = dora.post("/log/verify")
    assert (answered.status, answered.header("location")) == (303, "/log?done=verify")
    assert (DORA, "verified log", None) in log_of(desk)
    lines = len(log_of(desk))
    page = dora.get("/log?done=verify").text
    assert f"the log is whole, {lines} lines. It goes on from the signed head of " in page
    assert "written after line 5" in page
    assert len(heads_of(desk)) == 1


def test_verifying_now_says_that_there_is_no_head_to_compare_with(desk: Desk, anna: Member) -> None:
    anna.post("/log/verify")
    assert "There is no signed head here" in anna.get("/log?done=verify").text


@pytest.mark.parametrize("chain", [False, True])
def test_verifying_now_finds_a_change_and_says_so_until_it_is_mended(
    desk: Desk, head: LogHead, anna: Member, chain: bool
) -> None:
    changed(desk, KINDS["an edit"][0], chain=chain)
    anna.post("/log/verify")
    page = anna.get("/log?done=verify").text
    assert "The log was changed" in page
    assert "the log is whole" not in page
    changed(desk, "UPDATE log SET who = 'anna' WHERE number = 2", chain=chain)
    anna.post("/log/verify")
    assert "the log is whole" in anna.get("/log?done=verify").text


def test_the_page_says_to_each_whose_lines_they_see(desk: Desk, anna: Member) -> None:
    assert "the lines of your own groups&#39; cases" in anna.get("/log").text.replace("'", "&#39;")
    page = desk.signed_in(DORA).get("/log").text
    assert "the lines of all groups" in page
    assert "your own groups" not in page


def test_the_auditor_gets_the_look_ups_of_a_case_as_count_and_times(desk: Desk, anna: Member) -> None:
    number = case_of(desk)
    for _ in range(3):
        anna.get(f"/cases/{number}")
    desk.signed_in(BO).get(f"/cases/{number}")
    page = desk.signed_in(DORA).get(f"/log?case={number}").text
    assert re.search(r"<strong>anna</strong>: 3 times, first on .+, last on .+</li>", page)
    assert re.search(r"<strong>bo</strong>: once, on .+</li>", page)
    assert "Openings: 4" in page
    assert "Openings:" not in desk.signed_in(CARL).get(f"/log?case={number}").text

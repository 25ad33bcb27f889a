"""The end of a case by the book: erased when its time is over, held or hastened by two, and nothing left that opens it."""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from tests.desk.relaying import Evidence, Public, public
from tests.desk.running import ANNA, BO, CARL, PASSPHRASES, PLAN, Desk, Member, Reporter, settings_of, started, today
from tests.desk.test_casework import TICKS
from tests.desk.test_files import form
from tests.intake.running import Intake
from tests.intake.running import started as started_intake
from whistle.desk.application import build
from whistle.desk.deadlines import months_after
from whistle.desk.erasure import Purge, end_of
from whistle.desk.presets import PRESETS
from whistle.desk.writing import Place
from whistle.errors import NoSuchPreset, NotPages, NotShortened, SealingError, WhistleError
from whistle.protocol.content import Files
from whistle.protocol.identity import IdentityGiven
from whistle.protocol.parts import Beginning, Continuation, serialize_beginning, serialize_continuation
from whistle.protocol.wire import parse_pages
from whistle.sealing.age import open_file
from whistle.sealing.cases import Kept as KeptPayload
from whistle.sealing.cases import file_key_of, unwrap_file_key
from whistle.sealing.contents import open_payload
from whistle.sealing.groups import open_recipient_key, open_voice_key
from whistle.sealing.identity import rings_of, seal_identity
from whistle.sealing.keys import CaseKey, FileKey, Identity
from whistle.sealing.sheets import open_sheet
from whistle.sealing.wrapping import Factors, unwrap
from whistle.store.desk import Cases
from whistle.store.erasure import EARLY, HOLD, LIFT, SCOPE, Ask, Ending
from whistle.store.log import Which

PRESET = PRESETS["dk_branch_of_se"]
DAY = date(2026, 11, 24)
YEARS = timedelta(days=731)
ALL = TICKS | {"check-laundering": "yes"}  # every line that any form can have
HERE = "/cases/1"


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    (tmp_path / "desk").mkdir()
    with started(tmp_path / "desk", ceremony, server.port) as running:
        yield running


def later(desk: Desk, days: int = 0) -> None:
    """So many days from today, and the purge of that day."""
    desk.clock.ahead = timedelta(days=days)
    desk.running.purge.once()


def reported(desk: Desk, text: str = "Bilag 7 er forfalsket.") -> Reporter:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report(text), desk.cases.relayed().after + 1))
    desk.signed_in(ANNA)
    return reporter


def close(desk: Desk, path: str = HERE, out_of_scope: bool = False) -> None:
    """A case worked to its end by anna."""
    anna = desk.signed_in(ANNA)
    assert anna.post(f"{path}/acknowledge", text="Vi har læst det.").status == 303
    step(anna, "assessing", "out_of_scope" if out_of_scope else "addressing", "concluding", "closed", path=path)


def step(member: Member, *states: str, path: str = HERE, outcome: str = "substantiated") -> None:
    for state in states:
        if state == "addressing":
            member.assess(path)
        if state == "closed":
            code = "out_of_scope" if "out_of_scope" in states else outcome
            assert member.post(f"{path}/outcome", outcome=code, text="Sådan blev det.", **ALL).status == 303
        assert member.post(f"{path}/state", state=state, text="Hun bad om ingen feedback.").status == 303


def asked(page: str, what: str) -> str:
    """The id of a request on the page."""
    found = re.search(rf'name="asked" value="(\d+)"><input type="hidden" name="what" value="{what}"', page)
    return found[1] if found else "0"


def answer(member: Member, how: str, what: str, id_: str = "") -> int:
    page = member.get(HERE).text
    return member.post(f"{HERE}/{how}", asked=id_ or asked(page, what), what=what).status


def two(desk: Desk, what: str, **fields: str) -> None:
    """Asked for by anna, confirmed by bo."""
    assert desk.signed_in(ANNA).post(f"{HERE}/{what}", text=f"why {what}", **fields).status == 303
    assert answer(desk.signed_in(BO), "confirm", what) == 303


def there(desk: Desk) -> bool:
    return desk.cases.case(1) is not None


def log_of(desk: Desk) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute('SELECT who, action FROM log WHERE "case" = 1 ORDER BY number').fetchall()


def in_days(days: int) -> str:
    return str(today() + timedelta(days=days))


# When -----------------------------------------------------------------------------------------------------------------


def ask(what: str, confirmed: date | None = DAY) -> Ask:
    return Ask(what, ANNA, DAY, DAY + timedelta(days=9), 0, BO if confirmed else None, confirmed)


@pytest.mark.parametrize(
    ("closed", "out_of_scope", "requests", "end"),
    [
        (None, None, (), None),
        (None, DAY, (ask(EARLY),), None),
        (DAY, None, (), ("2028-11-24", "closed_months")),
        (date(2028, 2, 29), None, (), ("2030-02-28", "closed_months")),
        (DAY, DAY, (), ("2028-11-24", "closed_months")),
        (DAY, DAY, (ask(SCOPE, None),), ("2028-11-24", "closed_months")),
        (DAY, DAY, (ask(SCOPE),), ("2026-12-24", "out_of_scope_days")),
        (DAY, DAY, (ask(SCOPE, date(2027, 6, 1)),), ("2027-06-03", "out_of_scope_days")),
        (DAY, DAY - timedelta(days=29), (ask(SCOPE),), ("2026-11-26", "out_of_scope_days")),
        (DAY, DAY - timedelta(days=400), (ask(SCOPE),), ("2026-11-26", "out_of_scope_days")),
        (DAY, None, (ask(EARLY, None),), ("2028-11-24", "closed_months")),
        (DAY, None, (ask(EARLY),), ("2026-11-26", "early")),
        (DAY, None, (ask(HOLD, None),), ("2028-11-24", "closed_months")),
        (DAY, None, (ask(HOLD),), None),
        (DAY, None, (ask(HOLD), ask(LIFT, None)), None),
        (DAY, None, (ask(LIFT, date(2030, 1, 1)),), ("2030-01-03", "closed_months")),
    ],
)
def test_the_day_of_the_end_is_the_rules_and_never_within_a_day_of_the_last_word(
    closed: date | None, out_of_scope: date | None, requests: tuple[Ask, ...], end: tuple[str, str] | None
) -> None:
    found = end_of(Ending(1, DAY, closed, out_of_scope, requests), PRESET)
    assert (found and (str(found.day), found.rule)) == end


@pytest.mark.parametrize(("name", "end"), [("fi", "2031-11-21"), ("de", "2029-11-21"), ("se", "2028-11-21")])
def test_each_preset_has_its_own_end(name: str, end: str) -> None:
    found = end_of(Ending(1, date(2026, 11, 21), date(2026, 11, 21), None, ()), PRESETS[name])
    assert found is not None
    assert str(found.day) == end


def test_the_setting_names_the_preset_and_days_may_only_be_stricter(tmp_path: Path, desk: Desk) -> None:
    def built(**changes: object) -> None:
        settings = settings_of(tmp_path / "desk", desk.ceremony, 9, **changes)
        build(settings, tmp_path / "desk.toml", desk.clock, bytes).close()

    built(preset="fi", acknowledge_days=2)
    assert desk.settings.preset == "dk_branch_of_se"
    with pytest.raises(NoSuchPreset):
        built(preset="dk_branch")
    with pytest.raises(NotShortened):
        built(acknowledge_days=8)
    with pytest.raises(NotShortened):
        built(feedback_months=4)


def test_the_table_shorten_makes_any_number_stricter_and_refuses_everything_else(tmp_path: Path, desk: Desk) -> None:
    reported(desk)
    close(desk)
    desk.running.cases.close()
    settings = replace(desk.settings, shorten={"closed_months": 1, "acknowledge_days": 2})
    stricter = build(settings, tmp_path / "desk.toml", desk.clock, bytes)
    end = stricter.desk.keeping.shown(1, today()).end
    assert (stricter.desk.rules.acknowledge_days, end and end.day) == (2, months_after(today(), 1))
    stricter.close()
    for name, number in (("closed_months", 25), ("acknowledge_days", 8), ("hold_review_months", 0), ("closed", 1)):
        with pytest.raises(NotShortened, match=name):
            build(replace(desk.settings, shorten={name: number}), tmp_path / "desk.toml", desk.clock, bytes)


# What is gone ---------------------------------------------------------------------------------------------------------


@dataclass
class Whole:
    """A case with everything that one can have, at a desk beside a real public server."""

    desk: Desk
    intake: Intake
    reporter: Reporter
    anna: Member  # whose next page of a case opens what has come

    def kept(self, *databases: Path) -> bytes:
        """Every byte of every file of these databases."""
        found = [each for database in databases for each in database.parent.glob(f"{database.name}*")]
        return b"".join(each.read_bytes() for each in found)


@pytest.fixture
def whole(tmp_path: Path, ceremony: Path) -> Iterator[Whole]:
    (tmp_path / "desk").mkdir()
    with (
        started_intake(tmp_path / "public.sqlite") as intake,
        started(tmp_path / "desk", ceremony, intake.relay_port, recordings=True) as desk,
    ):
        reporter = Reporter.new(desk.card)
        name = seal_identity(IdentityGiven(planted("name"), ""), rings_of(desk.card, reporter.group))
        reporter.submit(intake, reporter.report(planted("report"), identity=name))
        evidence = Evidence.of(desk, b"planted-evidence" * 20_000)
        send_file(intake, reporter, evidence)
        reporter.submit(intake, reporter.say(Files((evidence.named(),))), "/api/post")
        desk.poll()
        anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
        work_on(anna, bo)
        desk.poll()
        close(desk)
        reporter.submit(intake, reporter.message(planted("more")), "/api/post")
        desk.poll()
        anna.get(HERE)
        reporter.submit(intake, reporter.message(planted("unread")), "/api/post")
        send_file(intake, reporter, Evidence.of(desk, planted("unopened").encode()))
        desk.poll()
        reply_without_a_look(desk, planted("unsent"))
        yield Whole(desk, intake, reporter, anna)


def planted(name: str) -> str:
    return f"planted-{name}-kanariefugl"


def work_on(anna: Member, bo: Member) -> None:
    """Everything that two members can keep of a case; of a name, no more than the half that waits for its reader."""
    for part, fields in (("person", {"role": "vidne"}), ("tags", {})):
        revision = found(anna.get(HERE).text, "revision")
        assert anna.post(f"{HERE}/sheet", part=part, revision=revision, text=planted(part), **fields).status == 303
    for kind in ("reply", "note"):
        assert anna.post(f"{HERE}/{kind}", text=planted(kind)).status == 303
    anna.get(HERE)
    consent = {"text": planted("consent"), "consent": "yes", "recorded": str(today())}
    body, headers = form(anna, planted("recording").encode(), "samtale.m4a", **consent), {"sec-fetch-site": "same-origin"}
    kind = {"content-type": "multipart/form-data; boundary=edge", "origin": "null"}
    assert anna._ask("POST", f"{HERE}/recording", body, headers | kind).status == 303
    source = found(anna.get(HERE).text, "source")
    assert anna.post(f"{HERE}/identity", source=source, text=planted("reason")).status == 303
    assert bo.post(f"{HERE}/identity/approve", asked=found(bo.get(HERE).text, "asked")).status == 303


def found(page: str, field: str) -> str:
    """The number in a field of the page."""
    value = re.search(rf'name="{field}" value="(\d+)"', page)
    assert value, field
    return value[1]


def reply_without_a_look(desk: Desk, text: str) -> None:
    """A reply that waits to be sent, while what has come waits to be opened: a page of the case would open it."""
    pages = desk.running.desk
    session = next(each for each in pages.sessions._sessions.values() if each.member == ANNA)
    place = Place(session, 1, pages.case_pages.reader.read(session, 1).last_place)
    pages.case_pages.writer.reply(place, text, desk.clock())


def send_file(intake: Intake, reporter: Reporter, evidence: Evidence) -> None:
    """Through the public door, as a browser does."""
    challenge, proof = intake.solved()
    first, *rest = evidence.parts
    beginning = Beginning(reporter.keys.box, reporter.keys.access, proof, challenge, first)
    assert intake.call("POST", "/api/begin", serialize_beginning(beginning)).status == 200
    for part in rest:
        sent = serialize_continuation(Continuation(reporter.keys.box, reporter.keys.access, part))
        assert intake.call("POST", "/api/part", sent).status == 200


def ciphertext(database: Path) -> list[bytes]:
    """Pieces of every value of bytes that a case put into a desk's database."""
    tables = ("case", "content", "outbox", "arrival", "file", "part", "receipt", "sheet", "tag", "reveal")
    with closing(sqlite3.connect(database)) as connection:
        kept = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
    values = {value for row in kept for value in row if isinstance(value, bytes) and len(value) >= 32}
    return [piece for value in values for piece in (value[len(value) // 2 :][:32], value[-32:]) if len(piece) == 32]


def test_a_case_whose_time_is_over_is_gone_here_and_in_the_mailbox_and_nothing_says_that_it_was(whole: Whole) -> None:
    desk, intake, reporter = whole.desk, whole.intake, whole.reporter
    frames, _ = parse_pages(intake.fetch(reporter.keys.box, reporter.keys.access).body)
    pieces = [frame.sealed[at : at + 32] for frame in frames for at in range(0, len(frame.sealed) - 32, 32)]
    traces = [each for each in ciphertext(desk.database) if each != reporter.keys.box]
    assert sum(each in whole.kept(desk.database) for each in traces) > 30
    assert sum(each in whole.kept(intake.database) for each in pieces) > 1_000
    contents = len(desk.cases.contents(1))
    later(desk, 729)
    assert there(desk)
    later(desk, 731)
    assert not there(desk)
    desk.poll()
    assert [each for each in traces if each in whole.kept(desk.database)] == []
    assert [each for each in [*pieces, reporter.keys.box] if each in whole.kept(intake.database)] == []
    assert intake.stored()["box"] == intake.stored()["entry"] == intake.stored()["part"] == []
    with pytest.raises(NotPages):
        parse_pages(intake.fetch(reporter.keys.box, reporter.keys.access).body)
    *_, certificate, dropped = log_of(desk)
    assert [certificate[0], *dropped[:2]] == ["desk", "desk", "dropped look-ups"]
    due = months_after(today(), 24)
    assert certificate[1] == f"erased {contents} contents and 2 files by closed_months due {due}"
    assert desk.cases.verify_log() > 0


def test_an_erased_case_is_neither_listed_nor_counted(desk: Desk) -> None:
    reported(desk)
    close(desk)
    reported(desk)
    later(desk, 731)
    anna = desk.signed_in(ANNA)
    inbox = anna.get("/").text
    assert inbox.count('<th scope="row">') == 1
    assert "Case 2" in inbox


# The key --------------------------------------------------------------------------------------------------------------


def every_secret(desk: Desk) -> tuple[list[Identity], list[bytes]]:
    """Every key that exists, with every passphrase there is: identities, and whatever else is 32 bytes."""
    folder = desk.ceremony
    members = [
        unwrap((folder / f"desk/members/{name}.enrolment").read_text(), f"member {name}", Factors(words))
        for name, words in PASSPHRASES.items()
    ]
    recoveries = [
        unwrap((folder / f"offline/recovery-{group.id}.key").read_text(), f"recovery {group.id}", Factors("r" * 15))
        for group in PLAN.groups
    ]
    machine = bytes.fromhex((folder / "desk/machine.secret").read_text().split()[1])
    others = [
        machine,
        unwrap((folder / "desk/receipt.key").read_text(), "receipt", Factors(machine=machine)),
        unwrap((folder / "offline/root.key").read_text(), "root", Factors("r" * 15)),
    ]
    held = [Identity(secret) for secret in (*members, *recoveries)]
    opened: list[Identity] = []
    for sealed, holder in product(desk.cases.group_keys(), held):
        try:
            if sealed.purpose == "voice":
                others.append(open_voice_key(sealed.sealed, holder).reveal())
            else:
                opened.append(open_recipient_key(sealed.sealed, holder))
        except SealingError:
            continue
    identities = [*held, *opened]
    return identities, [*others, *(each.reveal() for each in identities)]


def opened_with(identities: list[Identity], secrets: list[bytes], database: Path) -> list[bytes]:
    """Everything of a desk's database that these open: by header, as a case key, or with what was found on the way."""
    with closing(sqlite3.connect(database)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in names for row in connection.execute(f'SELECT * FROM "{name}"')]
        kept = [KeptPayload(*row) for row in connection.execute("SELECT wrapped_key, payload FROM content")]
        files = connection.execute("SELECT wrapped_key, salt FROM file WHERE wrapped_key IS NOT NULL").fetchall()
        sheets = connection.execute("SELECT sealed, revision FROM sheet").fetchall()
    found = [
        plain
        for value in (value for row in rows for value in row if isinstance(value, bytes))
        for identity in identities
        if (plain := tried(lambda value=value, identity=identity: open_file(value, [identity]))) is not None  # type: ignore[misc]
    ]
    keys = [CaseKey(each) for each in {*secrets, *found} if len(each) == 32]
    loose = [FileKey(each[:16]) for each in {*secrets, *found}]
    for each in kept:
        wrapped = [key for case in keys if (key := tried(lambda case=case, each=each: file_key_of(each, case)))]  # type: ignore[misc]
        for key in (*wrapped, *loose):
            plain = tried(lambda key=key, each=each: open_payload(each.payload, key))  # type: ignore[misc]
            found += [plain] if plain is not None else []
    for (wrapped_key, salt), case in product(files, keys):
        key = tried(lambda w=wrapped_key, s=salt, case=case: unwrap_file_key(w, s, case))  # type: ignore[misc]
        found += [b"a file key"] if key is not None else []
    for (sealed, revision), case in product(sheets, keys):
        plain = tried(lambda s=sealed, r=revision, case=case: open_sheet(s, r, case))  # type: ignore[misc]
        found += [plain] if plain is not None else []
    return found


def tried(act):  # type: ignore[no-untyped-def]
    try:
        return act()
    except WhistleError:
        return None


# What is not under the case key yet, as SECURITY.md says (Gaps); erasing a case deletes it in the same moment.
ON_ITS_WAY = {
    "unsent": "outbox SET sealed = x''",
    "unread": "arrival SET sealed = x''",
    "telephone": "channel SET sealed = x''",
    "name": "reveal SET half = x''",
    "unopened": "part SET sealed = x'' WHERE file IN (SELECT id FROM file WHERE wrapped_key IS NULL)",
}


def file_by_telephone(anna: Member) -> None:
    """A second case, whose box is not on the public server yet."""
    page = re.search(r'name="page" value="([0-9a-f]+)"', anna.get("/reports/new").text)
    assert page
    fields = {"how": "phone", "group": "risk-control", "received": str(today()), "language": "da", "acknowledge": "yes"}
    assert anna.post("/reports/new", page=page[1], text=planted("telephone"), **fields).status == 200


def test_with_the_case_key_destroyed_no_key_that_exists_opens_anything_but_what_is_still_on_its_way(
    whole: Whole, tmp_path: Path
) -> None:
    file_by_telephone(whole.anna)
    whole.desk.cases.leave_no_trace()
    copy = tmp_path / "copy.sqlite"
    shutil.copy(whole.desk.database, copy)
    identities, secrets = every_secret(whole.desk)
    assert (len(identities), len(secrets)) == (16, 24)
    before = opened_with(identities, secrets, copy)
    said = ("report", "reply", "note", "more", "person", "consent", "reason")
    assert [word for word in (*said, *ON_ITS_WAY) if not any(planted(word).encode() in plain for plain in before)] == []
    assert before.count(b"a file key") == 2, "the reporter's evidence and the recording"
    with closing(sqlite3.connect(copy)) as connection, connection:
        assert connection.execute('UPDATE "case" SET "key" = x\'\'').rowcount == 2
    keyless = opened_with(identities, secrets, copy)
    assert [word for word in (*said, *ON_ITS_WAY) if any(planted(word).encode() in plain for plain in keyless)] == [*ON_ITS_WAY]
    with closing(sqlite3.connect(copy)) as connection, connection:
        assert all(connection.execute(f"UPDATE {each}").rowcount for each in ON_ITS_WAY.values())
    keys_alone = (b"AGE-SECRET-KEY-PQ-1", b"WHISTLE-SIGNING-KEY-1")
    assert [plain for plain in opened_with(identities, secrets, copy) if not plain.startswith(keys_alone)] == []


# The mailbox ----------------------------------------------------------------------------------------------------------


def test_the_mailbox_is_told_until_it_confirms_through_failures_and_a_restart(desk: Desk, server: Public) -> None:
    reporter = reported(desk)
    close(desk)
    server.refusing.add("forget")
    later(desk, 731)
    for _ in range(2):
        desk.poll()
    assert (server.forgotten, desk.cases.erasure.to_forget()) == ([], [reporter.keys.box])
    server.refusing.clear()
    restarted = build(desk.settings, desk.settings_file, desk.clock, bytes)
    assert restarted.cases.erasure.to_forget() == [reporter.keys.box]
    restarted.close()
    for _ in range(2):
        desk.poll()
    assert server.forgotten == [reporter.keys.box]


def test_a_server_that_answers_for_another_box_has_not_forgotten_this_one(desk: Desk, server: Public) -> None:
    reported(desk)
    close(desk)
    later(desk, 731)
    server.answer = lambda call, body, real=server.answer: b'{"forgotten": ""}' if call == "forget" else real(call, body)  # type: ignore[method-assign, misc]
    desk.poll()
    assert len(desk.cases.erasure.to_forget()) == 1


def test_a_server_put_back_to_where_it_had_the_box_does_not_bring_the_case_back(desk: Desk, server: Public) -> None:
    reporter = Reporter.new(desk.card)
    server.submit(reporter, reporter.report("Noget er galt."))
    desk.poll()
    desk.signed_in(ANNA)
    close(desk)
    later(desk, 731)
    desk.poll()
    desk.cases.pull_from_the_start()
    desk.poll()
    assert server.forgotten == [reporter.keys.box] * 2
    desk.signed_in(ANNA)
    assert (desk.cases.waiting(), desk.cases.case_of(reporter.keys.box)) == ([], None)


# What takes two -------------------------------------------------------------------------------------------------------


def test_a_held_case_is_not_erased_and_an_overdue_review_is_shown_and_lifts_nothing(desk: Desk) -> None:
    reported(desk)
    close(desk)
    two(desk, "hold", review=in_days(100))
    later(desk, 100)
    assert "It still holds" not in desk.signed_in(ANNA).get("/").text
    later(desk, 2_000)
    assert there(desk)
    anna = desk.signed_in(ANNA)
    assert "It still holds" in anna.get("/").text
    page = anna.get(HERE).text
    assert "under a legal hold" in page
    assert "It still holds" in page
    assert "It still holds" not in desk.signed_in(CARL).get("/").text


def test_a_hold_of_one_member_alone_holds_nothing_and_neither_does_the_word_of_another_group(desk: Desk) -> None:
    reported(desk)
    close(desk)
    anna = desk.signed_in(ANNA)
    assert anna.post(f"{HERE}/hold", text="Retssag.", review=in_days(100)).status == 303
    id_ = asked(anna.get(HERE).text, "hold")
    assert answer(anna, "confirm", "hold", id_) == 409
    assert answer(desk.signed_in(CARL), "confirm", "hold", id_) == 404
    later(desk, 731)
    assert not there(desk)


def test_lifting_a_hold_takes_two_and_leaves_a_day(desk: Desk) -> None:
    reported(desk)
    close(desk, out_of_scope=True)
    assert answer(desk.signed_in(BO), "confirm", "scope") == 303
    two(desk, "hold", review=in_days(100))
    later(desk, 60)
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert bo.post(f"{HERE}/lift", text="Sagen er slut.").status == 303
    later(desk, 65)
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert answer(bo, "confirm", "lift", asked(bo.get(HERE).text, "lift")) == 409
    assert there(desk)
    assert answer(anna, "confirm", "lift") == 303
    later(desk, 66)
    assert there(desk)
    later(desk, 67)
    assert not there(desk)


@pytest.mark.parametrize("days", ["", "yesterday", "2026-02-30", in_days(0), in_days(-1), in_days(200)])
def test_a_review_that_is_over_or_further_than_six_months_is_named_at_its_field_and_nothing_is_lost(
    desk: Desk, days: str
) -> None:
    reported(desk)
    page = desk.signed_in(ANNA).post(f"{HERE}/hold", text="Politiet <spørger>.", review=days)
    assert page.status == 400
    assert "\nPolitiet &lt;spørger&gt;.</textarea>" in page.text
    assert f'value="{days}" aria-describedby="hold-review-hint hold-review-mistake"' in page.text
    assert '<a href="#hold-review-text">Give a day that is to come' in page.text
    assert desk.cases.erasure.ending(1).asked == ()


def test_a_request_without_a_reason_is_refused_with_what_was_typed(desk: Desk) -> None:
    reported(desk)
    close(desk)
    anna = desk.signed_in(ANNA)
    page = anna.post(f"{HERE}/hold", text=" ", review=in_days(9))
    assert (page.status, f'value="{in_days(9)}"' in page.text) == (400, True)
    assert anna.post(f"{HERE}/early", text=" ").status == 400
    assert desk.cases.erasure.ending(1).asked == ()


def test_no_member_alone_erases_early(desk: Desk) -> None:
    reported(desk)
    close(desk)
    anna = desk.signed_in(ANNA)
    assert anna.post(f"{HERE}/early", text="Ved en fejl.").status == 303
    page = anna.get(HERE).text
    assert "asked for by anna" in page
    assert "Ved en fejl." in page
    assert f"{HERE}/confirm" not in page
    refused = anna.post(f"{HERE}/confirm", asked=asked(page, "early"), what="early")
    assert (refused.status, "another member must confirm it" in refused.text) == (409, True)
    assert anna.post(f"{HERE}/early", text="Igen.").status == 409
    later(desk, 700)
    assert there(desk)


def test_an_early_erasure_that_two_decided_happens_after_a_whole_day(desk: Desk) -> None:
    reported(desk)
    close(desk)
    two(desk, "early")
    page = desk.signed_in(ANNA).get(HERE).text
    assert "confirmed by bo" in page
    assert "Two members decided that." in page
    later(desk, 1)
    assert there(desk)
    later(desk, 2)
    assert not there(desk)
    assert [who for who, action in log_of(desk) if "early" in action] == [ANNA, BO, "desk"]
    assert ANNA not in log_of(desk)[-1][1]
    assert BO not in log_of(desk)[-1][1]


@pytest.mark.parametrize("name", [ANNA, BO])
def test_either_stops_an_early_erasure_within_the_day(desk: Desk, name: str) -> None:
    reported(desk)
    close(desk)
    two(desk, "early")
    later(desk, 1)
    assert answer(desk.signed_in(name), "withdraw", "early") == 303
    later(desk, 2)
    assert there(desk)
    assert (name, "withdrew early") in log_of(desk)


def test_a_withdrawn_request_is_not_confirmed_any_more_and_the_page_says_so(desk: Desk) -> None:
    reported(desk)
    close(desk)
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert anna.post(f"{HERE}/early", text="Ved en fejl.").status == 303
    id_ = asked(bo.get(HERE).text, "early")
    assert answer(anna, "withdraw", "early", id_) == 303
    late = bo.post(f"{HERE}/confirm", asked=id_, what="early")
    assert (late.status, "asked for by anna" in late.text) == (409, False)
    assert answer(bo, "confirm", "early", "nonsense") == 409
    assert there(desk)


def test_an_open_case_is_not_asked_to_be_erased_and_a_reopened_one_not_erased(desk: Desk) -> None:
    reported(desk)
    assert desk.signed_in(ANNA).post(f"{HERE}/early", text="Nu.").status == 409
    close(desk)
    two(desk, "early")
    step(desk.signed_in(ANNA), "assessing", "addressing", "concluding", "closed")
    later(desk, 3)
    assert there(desk)


def test_out_of_scope_is_kept_thirty_days_and_never_erased_on_the_day_it_is_closed(desk: Desk) -> None:
    reported(desk)
    close(desk, out_of_scope=True)
    assert answer(desk.signed_in(BO), "confirm", "scope") == 303
    later(desk, 29)
    assert there(desk)
    later(desk, 30)
    assert not there(desk)


def test_a_complaint_is_erased_thirty_days_after_it_was_decided(desk: Desk) -> None:
    reported(desk)
    anna = desk.signed_in(ANNA)
    assert anna.post(f"{HERE}/acknowledge", text="Vi har læst det.").status == 303
    step(anna, "assessing", "addressing", "concluding", "closed", outcome="complaint")
    assert answer(desk.signed_in(BO), "confirm", "scope") == 303
    later(desk, 29)
    assert there(desk)
    later(desk, 30)
    assert not there(desk)


def test_what_was_out_of_scope_long_before_it_is_closed_gets_its_day_of_notice(desk: Desk) -> None:
    reported(desk)
    anna = desk.signed_in(ANNA)
    anna.post(f"{HERE}/acknowledge", text="Vi har læst det.")
    step(anna, "assessing", "out_of_scope")
    desk.clock.ahead = timedelta(days=60)
    step(desk.signed_in(ANNA), "concluding", "closed", outcome="out_of_scope")
    assert answer(desk.signed_in(BO), "confirm", "scope") == 303
    for days, here in ((60, True), (61, True), (62, False)):
        later(desk, days)
        assert there(desk) is here


@pytest.mark.parametrize("code", ["out_of_scope", "complaint"])
def test_no_member_alone_shortens_the_time_of_a_case(desk: Desk, code: str) -> None:
    reported(desk)
    anna = desk.signed_in(ANNA)
    anna.post(f"{HERE}/acknowledge", text="Vi har læst det.")
    step(anna, "assessing", "addressing", "concluding", "closed", outcome=code)
    id_ = asked(anna.get(HERE).text, "scope")
    assert answer(anna, "confirm", "scope", id_) == 409
    assert answer(desk.signed_in(CARL), "confirm", "scope", id_) == 404
    later(desk, 700)
    assert there(desk)
    later(desk, 731)
    assert not there(desk)


def test_page_and_inbox_ask_the_second_member_and_the_short_time_leaves_a_day(desk: Desk) -> None:
    reported(desk)
    close(desk, out_of_scope=True)
    desk.clock.ahead = timedelta(days=60)
    anna, bo, words = desk.signed_in(ANNA), desk.signed_in(BO), "has decided that this report belongs elsewhere"
    assert (words in anna.get("/").text, words in bo.get("/").text) == (False, True)
    assert words not in desk.signed_in(CARL).get("/").text
    assert "Its time after closing is over then." in bo.get(HERE).text
    assert answer(bo, "confirm", "scope") == 303
    assert "Two members decided that it is outside the scheme" in anna.get(HERE).text
    assert words not in bo.get("/").text
    assert [each for each in log_of(desk) if "scope" in each[1]][-1] == (BO, "confirmed scope")
    later(desk, 61)
    assert there(desk)
    later(desk, 62)
    assert not there(desk)
    with closing(sqlite3.connect(desk.database)) as connection:
        assert connection.execute("SELECT * FROM asked").fetchall() == []


@pytest.mark.parametrize("name", [ANNA, BO])
def test_either_gives_a_case_its_long_time_back(desk: Desk, name: str) -> None:
    reported(desk)
    close(desk, out_of_scope=True)
    assert answer(desk.signed_in(BO), "confirm", "scope") == 303
    assert answer(desk.signed_in(name), "withdraw", "scope") == 303
    later(desk, 60)
    assert there(desk)


@pytest.mark.parametrize(("code", "waits"), [("complaint", True), ("substantiated", False), ("out_of_scope", None)])
def test_a_later_outcome_that_is_another_lifts_what_was_confirmed(desk: Desk, code: str, waits: bool | None) -> None:
    reported(desk)
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert anna.post(f"{HERE}/outcome", outcome="out_of_scope", text="Uden for.", **ALL).status == 303
    assert answer(bo, "confirm", "scope") == 303
    assert "To be erased, once closed" in anna.get(HERE).text
    assert anna.post(f"{HERE}/outcome", outcome=code, text="Noget andet.", **ALL).status == 303
    kept = [each.confirmed is None for each in desk.cases.erasure.ending(1).asked]
    assert kept == {True: [True], False: [], None: [False]}[waits]
    assert ("To be erased, once closed" in anna.get(HERE).text) is (waits is None)


def test_what_one_member_decided_in_an_earlier_version_waits_for_a_second(desk: Desk) -> None:
    reported(desk)
    close(desk, out_of_scope=True)
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        connection.execute("DELETE FROM asked")
        connection.execute("UPDATE schema SET version = 22")
    with closing(Cases(desk.settings.database)) as cases:
        [waiting] = cases.erasure.ending(1).asked
        assert (waiting.what, waiting.by, waiting.day, waiting.confirmed) == (SCOPE, ANNA, today(), None)


# The purge ------------------------------------------------------------------------------------------------------------


def test_what_cannot_be_ended_is_said_on_the_inbox_and_tried_again(desk: Desk) -> None:
    reported(desk)
    close(desk)
    anna = desk.signed_in(ANNA)
    with closing(sqlite3.connect(desk.database)) as reader:
        reader.execute("BEGIN")
        reader.execute('SELECT * FROM "case"').fetchall()
        later(desk, 731)
        assert not there(desk)
        assert desk.cases.erasure.has_traces()
    desk.clock.ahead = timedelta()
    assert "could not be, or not wholly" in anna.get("/").text
    later(desk, 731)
    assert not desk.cases.erasure.has_traces()
    desk.clock.ahead = timedelta()
    assert "could not be, or not wholly" not in anna.get("/").text


def test_it_runs_once_a_day_and_again_until_it_has_succeeded(desk: Desk) -> None:
    days: list[datetime] = []

    class Counted(Purge):
        def once(self) -> None:
            days.append(self._clock())
            super().once()

    async def a_while() -> None:
        running = asyncio.create_task(
            Counted(desk.cases, PRESET, lambda: datetime(2026, 11, 24, tzinfo=UTC), lambda _: None).run()
        )
        await asyncio.sleep(0.2)
        running.cancel()

    asyncio.run(a_while())
    assert len(days) == 1


# The look-ups of what was erased --------------------------------------------------------------------------------------


def look_ups(desk: Desk) -> set[tuple[str, str | None]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return set(connection.execute("SELECT who, purpose FROM log WHERE action = 'opened' AND \"case\" = 1"))


def test_who_read_an_erased_case_is_dropped_when_its_time_is_over_and_the_log_stays_whole(desk: Desk) -> None:
    reported(desk)
    close(desk)
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert bo.post(f"{HERE}/early", text="why").status == 303
    assert answer(anna, "confirm", "early") == 303
    last = desk.cases.verify_log()
    before = desk.cases.hashes_of_log()[last]
    for days in (2, 700):
        later(desk, days)
        assert desk.cases.case(1) is None
        assert {who for who, _ in look_ups(desk)} == {ANNA, BO}
    later(desk, 735)
    assert look_ups(desk) == {("", None)}
    assert desk.cases.hashes_of_log({last})[last] == before
    lines = desk.cases.lines.lines(Which(case=1))
    assert (lines[0].who, lines[0].action) == ("desk", "dropped look-ups")
    assert {line.who for line in lines if line.action == "asked early"} == {BO}
    later(desk, 736)
    assert desk.cases.lines.lines(Which(case=1)) == lines
    page = desk.signed_in(ANNA).get("/log?case=1").text
    assert "Dropped after its time" in page
    assert "No opening of this case is on the log for you." in page

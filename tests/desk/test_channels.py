"""Other channels in: a report by telephone, mail, letter or meeting is a case like any other, and its code is shown once."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest

from tests.desk.relaying import Public, public, thread_of
from tests.desk.running import ANNA, BO, CARL, PASSPHRASES, Desk, Member, Page, Reporter, started, today
from tests.desk.test_erasure import close, later
from tests.desk.test_files import ask
from tests.intake.running import Intake
from whistle.desk.settings import Settings
from whistle.desk.uploads import Sending, Upload
from whistle.protocol import code as codes
from whistle.protocol.content import CodeSeen, Minutes, MinutesAgreed, Report
from whistle.protocol.identity import IdentityGiven
from whistle.protocol.receipt import parse as read_receipt
from whistle.protocol.wire import RECEIPT, TO_DESK, TO_REPORTER
from whistle.sealing.derivation import reporter_keys
from whistle.sealing.groups import open_recipient_key
from whistle.sealing.identity import open_inner, strip_outer
from whistle.sealing.keys import Identity
from whistle.sealing.wrapping import Factors, unwrap
from whistle.store.channels import Channel
from whistle.store.worklist import Wanted

TEXT = "Der mangler penge på lageret hver fredag."
FIELDS = {
    "how": "phone",
    "group": "risk-control",
    "received": str(today()),
    "language": "da",
    "text": TEXT,
    "acknowledge": "yes",
}


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    (tmp_path / "desk").mkdir()
    with started(tmp_path / "desk", ceremony, server.port, recordings=True) as running:
        yield running


@pytest.fixture
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


def file(member: Member, **changes: str) -> Page:
    page = member.get("/reports/new").text
    hidden = dict(re.findall(r'name="(page|mail)" value="([0-9a-f]+)"', page))
    return member.post("/reports/new", **(FIELDS | hidden | changes))


def code_on(page: str) -> bytes:
    """The code, as it is written and as it is spelled."""
    found = re.search(r'class="case-code".*?</p>', page, re.DOTALL)
    assert found
    written = re.sub("<[^>]+>", "", found[0].split(">", 1)[1])
    letters = [re.sub(r"\W", "", each)[:1].lower() for each in re.findall(r"[A-Z]\w+", page.split('class="aloud"')[1])][:45]
    assert "".join(letters) == written.replace("-", "")
    return codes.read(written)


def holder(desk: Desk, code: bytes) -> Reporter:
    """Whoever was given the code."""
    return Reporter(desk.card, reporter_keys(code, desk.card.instance))


def filed(desk: Desk, member: Member, **changes: str) -> Reporter:
    page = file(member, **changes)
    assert page.status == 200, page.text
    return holder(desk, code_on(page.text))


def log_of(desk: Desk) -> list[tuple[str, str, int | None]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute('SELECT who, action, "case" FROM log ORDER BY number').fetchall()


def upload(member: Member, path: str, plain: bytes, name: str, **fields: str) -> int:
    values = {"token": member.token, "seen": member.seen, **fields}
    lines = b"".join(
        f'--edge\r\ncontent-disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in values.items()
    )
    head = f'--edge\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\ncontent-type: audio/mp4\r\n\r\n'
    body = lines + head.encode() + plain + b"\r\n--edge--\r\n"
    answer, text = ask(member, "POST", path, body, "multipart/form-data; boundary=edge")
    upload.text = text.decode()  # type: ignore[attr-defined]
    return answer.status


# Filing ---------------------------------------------------------------------------------------------------------------


def test_a_report_by_telephone_is_a_case_and_its_clock_starts_when_it_was_received(desk: Desk, anna: Member) -> None:
    filed(desk, anna, received=str(today() - timedelta(days=5)))
    case = desk.cases.case(1)
    assert case is not None
    assert (case.group, case.state, case.received) == ("risk-control", "received", today() - timedelta(days=5))
    assert "Soon:" in anna.get("/").text
    page = anna.get("/cases/1").text
    assert TEXT in page
    assert "The desk has seen this case&#39;s code." in page.replace("'", "&#39;")
    assert anna.post("/cases/1/acknowledge", text="Vi har læst det.").status == 303
    assert TEXT in desk.signed_in(BO).get("/cases/1").text
    assert desk.signed_in(CARL).get("/cases/1").status == 404
    assert (ANNA, "filed report", 1) in log_of(desk)


def test_what_tells_its_reporter_that_the_code_was_seen_is_nobodys_answer(desk: Desk, anna: Member) -> None:
    filed(desk, anna)
    counts = desk.cases.work.counts(["risk-control"], ANNA, Wanted(), today())
    assert (counts["answer"], counts["desk"], counts["reporter"]) == (1, 1, 0)
    assert [each.answered for each in desk.cases.mails.about()] == [None]
    anna.post("/cases/1/reply", text="Hvornår?")
    counts = desk.cases.work.counts(["risk-control"], ANNA, Wanted(), today())
    assert (counts["answer"], counts["desk"], counts["reporter"]) == (0, 0, 1)
    assert [each.answered for each in desk.cases.mails.about()] == [today()]


def test_its_reporter_finds_the_report_a_receipt_and_the_word_that_the_code_was_seen(
    desk: Desk, anna: Member, server: Public
) -> None:
    reporter = filed(desk, anna)
    assert anna.post("/cases/1/acknowledge", text="Vi har læst det.").status == 303
    desk.poll()
    desk.poll()
    assert server.opened == {reporter.keys.box: sha256(reporter.keys.access).digest()}
    [report] = thread_of(server, reporter, TO_DESK)
    assert report.content is not None
    assert isinstance(report.content.body, Report)
    assert (report.content.body.text, report.content.body.language) == (TEXT, "da")
    first, second = (item.content.body for item in thread_of(server, reporter, TO_REPORTER) if item.content)
    assert isinstance(first, CodeSeen)
    assert "set din sagskode" in first.text
    assert second.text == "Vi har læst det."  # type: ignore[union-attr]
    [receipt] = server.receipts(reporter)
    assert read_receipt(receipt).sealed == sha256(server.texts[0].sealed).digest()
    assert len(desk.cases.contents(1)) == 4  # what came back with the pull is known
    assert not desk.cases.waiting()


def test_nothing_goes_into_a_box_before_it_is_there_and_the_page_says_so(desk: Desk, anna: Member, server: Public) -> None:
    reporter = filed(desk, anna)
    anna.post("/cases/1/reply", text="Hvilken måned?")
    server.refusing.add("open")
    desk.poll()
    assert desk.running.relay.silent
    assert not server.pushed
    assert "not on the public server yet" in anna.get("/cases/1").text
    server.refusing.clear()
    desk.poll()
    assert "not on the public server yet" not in anna.get("/cases/1").text
    assert {each.direction for each in server.pushed if each.box == reporter.keys.box} == {TO_REPORTER, RECEIPT}
    assert len(thread_of(server, reporter, TO_REPORTER)) == 2


def test_a_box_that_is_refused_holds_up_no_other(desk: Desk, anna: Member, server: Public) -> None:
    waiting, answer = filed(desk, anna), server.answer

    def refuse(call: str, body: bytes) -> bytes:
        if call == "open":
            raise LookupError
        return answer(call, body)

    server.answer = refuse  # type: ignore[method-assign]
    other = Reporter.new(desk.card)
    server.submit(other, other.report())
    desk.poll()
    assert not desk.running.relay.silent
    assert len(desk.cases.waiting()) == 1
    assert len(desk.cases.channels.to_open()) == 1
    assert {each.box for each in server.pushed} == {other.keys.box}
    server.answer = answer  # type: ignore[method-assign]
    desk.poll()
    assert len(thread_of(server, waiting, TO_REPORTER)) == 1


def test_the_code_the_text_and_the_name_are_in_no_file_of_the_desk(desk: Desk, anna: Member, tmp_path: Path) -> None:
    page = file(anna, name="Karen Holm", contact="+45 12 34 56 78").text
    code = code_on(page)
    keys, written = reporter_keys(code, desk.card.instance), codes.write(code)
    traces = [written.encode(), written.replace("-", "").encode(), code, keys.access, b"Karen Holm", b"12 34"]
    traces += [TEXT.encode(), keys.signing.reveal(), keys.identity.reveal()]
    kept = b"".join(each.read_bytes() for each in (tmp_path / "desk").rglob("*") if each.is_file())
    assert [trace for trace in traces if trace in kept] == []
    for path in ("/", "/cases/1", "/log"):
        assert written not in anna.get(path).text


def test_a_name_is_sealed_to_two_rings_and_stands_nowhere_else(desk: Desk, anna: Member, server: Public) -> None:
    reporter = filed(desk, anna, name="Karen Holm", contact="karen@example.com")
    desk.poll()
    [report] = thread_of(server, reporter, TO_DESK)
    assert report.content is not None
    body = report.content.body
    assert isinstance(body, Report)
    assert body.identity is not None
    a, b = (ring(desk, name, purpose) for name, purpose in ((ANNA, "ring-a"), (BO, "ring-b")))
    assert open_inner(strip_outer(body.identity, a), b) == IdentityGiven("Karen Holm", "karen@example.com")
    assert "Karen Holm" not in anna.get("/cases/1").text


def ring(desk: Desk, name: str, purpose: str) -> Identity:
    file = (desk.ceremony / f"desk/members/{name}.enrolment").read_text()
    own = Identity(unwrap(file, f"member {name}", Factors(PASSPHRASES[name])))
    [sealed] = [each.sealed for each in desk.cases.group_keys() if (each.group, each.purpose) == ("risk-control", purpose)]
    return open_recipient_key(sealed, own)


def test_a_name_for_a_group_without_rings_is_refused_by_name_and_what_was_typed_is_still_there(desk: Desk) -> None:
    carl = desk.signed_in(CARL)
    page = file(carl, group="audit-chair", name="Karen Holm")
    assert page.status == 400
    assert "too few members to keep a name under two seals" in page.text
    assert 'value="Karen Holm"' in page.text
    assert TEXT in page.text
    assert desk.cases.case(1) is None
    assert file(carl, group="audit-chair").status == 200


TOMORROW, LONG_AGO = str(today() + timedelta(days=1)), str(today() - timedelta(days=4_400))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"received": TOMORROW}, "received"),
        ({"received": LONG_AGO}, "received"),
        ({"received": "yesterday"}, "received"),
        ({"how": "pigeon"}, "how"),
        ({"group": "audit-chair"}, "group"),
        ({"language": "xx"}, "language"),
        ({"text": " "}, "text"),
        ({"text": "x" * 250_001}, "text"),
        ({"name": "x" * 1_100}, "name"),
        ({"mail": "0" * 64}, "mail"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_filed(
    desk: Desk, anna: Member, changes: dict[str, str], field: str
) -> None:
    page = file(anna, contact="12345678", **changes)
    assert page.status == 400
    assert f'<a href="#{field}">' in page.text
    assert f'id="{field}"' in page.text
    assert f'id="{field}-mistake"' in page.text
    assert 'value="12345678"' in page.text
    assert desk.cases.case(1) is None


def test_a_page_files_once_however_often_it_is_sent(desk: Desk, anna: Member) -> None:
    assert file(anna, page="ab").status == 200
    again = file(anna, page="ab")
    assert (again.status, "was sent before" in again.text) == (400, True)
    assert desk.cases.case(2) is None


def test_with_a_card_that_has_ended_nothing_is_filed(desk: Desk) -> None:
    desk.clock.ahead = timedelta(days=91)
    assert "The key card has expired" in file(desk.signed_in(ANNA)).text
    assert desk.cases.case(1) is None


def test_who_wishes_no_acknowledgement_is_said(desk: Desk, anna: Member) -> None:
    anna.get("/reports/new")
    fields = {name: value for name, value in FIELDS.items() if name != "acknowledge"}
    assert anna.post("/reports/new", **fields).status == 200
    assert "does not wish an acknowledgement" in anna.get("/cases/1").text


# From an e-mail -------------------------------------------------------------------------------------------------------


def mail(attachment: bytes = b"%PDF-bilag") -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"] = "Karen Holm <karen@example.com>", "Bilag <7>"
    made["Date"] = "Fri, 20 Nov 2020 09:00:00 +0100"
    made.set_content("Se vedhæftede.")
    made.add_attachment(attachment, maintype="application", subtype="pdf", filename="bilag 7.pdf")
    return made.as_bytes()


def test_an_e_mail_is_looked_at_and_then_filed_with_its_files(desk: Desk, anna: Member, tmp_path: Path) -> None:
    anna.get("/reports/new")
    assert upload(anna, "/reports/mail", mail(), "a.eml") == 303
    assert log_of(desk)[-1] == (ANNA, "read mail", None)
    page = unescape(anna.get("/reports/new").text)
    for shown in ("Karen Holm", "karen@example.com", "Bilag <7>", "20 November 2020", "bilag 7.pdf", "Se vedhæftede."):
        assert shown in page
    assert b"bilag" not in b"".join(each.read_bytes() for each in (tmp_path / "desk").glob("desk.sqlite*"))
    assert "Karen Holm" not in anna.get("/reports/new?mail=no").text
    assert "Karen Holm" not in desk.signed_in(BO).get("/reports/new").text
    filed(desk, anna, how="email", text="Se vedhæftede.")
    assert "bilag 7.pdf" not in anna.get("/reports/new").text
    page = anna.get("/cases/1").text
    assert "Complete." in page
    [path] = set(re.findall(r'href="(/cases/1/files/[0-9a-f]{32})"', page))
    assert "exactly as somebody unknown sent it" in anna.get(path).text
    answer, plain = ask(anna, "POST", path, f"token={anna.token}".encode(), "application/x-www-form-urlencoded")
    assert (answer.status, plain) == (200, b"%PDF-bilag")
    assert b"bilag" not in b"".join(each.read_bytes() for each in (tmp_path / "desk").glob("desk.sqlite*"))


def test_files_of_an_e_mail_go_nowhere_and_their_header_is_not_kept(desk: Desk, anna: Member, server: Public) -> None:
    anna.get("/reports/new")
    upload(anna, "/reports/mail", mail(), "a.eml")
    reporter = filed(desk, anna, how="email")
    desk.poll()
    case = desk.cases.case(1)
    assert case is not None
    [kept] = desk.cases.files.of_box(reporter.keys.box)
    assert (kept.direction, kept.header) == ("internal", 0)
    assert b"age-encryption" not in desk.cases.files.part(kept, 0)
    assert {each.direction for each in server.pushed} == {TO_REPORTER, RECEIPT}


def test_an_e_mail_that_another_took_the_place_of_is_not_filed_with_the_wrong_files(desk: Desk, anna: Member) -> None:
    anna.get("/reports/new")
    upload(anna, "/reports/mail", mail(), "a.eml")
    first = re.findall(r'name="mail" value="([0-9a-f]+)"', anna.get("/reports/new").text)[0]
    upload(anna, "/reports/mail", mail(b"another"), "b.eml")
    assert "choose the e-mail again" in file(anna, mail=first).text
    assert desk.cases.case(1) is None


@pytest.mark.parametrize(("plain", "words"), [(b"", "no file to send"), (b"no mail", "cannot be read as an e-mail")])
def test_what_is_no_e_mail_is_said_at_its_field(desk: Desk, anna: Member, plain: bytes, words: str) -> None:
    anna.get("/reports/new")
    assert upload(anna, "/reports/mail", plain, "a.eml") == 400
    assert words in upload.text  # type: ignore[attr-defined]
    assert 'id="mail-mistake"' in upload.text  # type: ignore[attr-defined]


# Recordings -----------------------------------------------------------------------------------------------------------

CONSENT = {"consent": "yes", "text": "Sagde ja ved begyndelsen.", "recorded": str(today())}


def keep(member: Member, **changes: str | None) -> int:
    member.get("/cases/1")
    fields = {name: value for name, value in (CONSENT | changes).items() if value is not None}
    return upload(member, "/cases/1/recording", b"MP4" * 9, "samtale.m4a", **fields)


def test_a_recording_is_kept_with_the_words_of_the_consent_and_not_sent(desk: Desk, anna: Member, server: Public) -> None:
    filed(desk, anna)
    assert keep(anna) == 303
    assert (ANNA, "kept recording", 1) in log_of(desk)
    desk.poll()
    page = anna.get("/cases/1").text
    assert "Sagde ja ved begyndelsen." in page
    assert "samtale.m4a" in page
    assert "at the latest" in page
    assert len(server.pushed) == 2  # a receipt and the first word


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"consent": None}, "recording-consent"),
        ({"text": " "}, "recording-consent"),
        ({"recorded": TOMORROW}, "recording-day"),
        ({"recorded": str(today() - timedelta(days=90))}, "recording-day"),
        ({"recorded": "then"}, "recording-day"),
    ],
)
def test_without_consent_or_past_its_time_no_recording_is_kept(
    desk: Desk, anna: Member, changes: dict[str, str | None], at: str
) -> None:
    reporter = filed(desk, anna)
    assert keep(anna, **changes) == 400
    assert f'id="{at}-mistake"' in upload.text  # type: ignore[attr-defined]
    assert (changes.get("text") or CONSENT["text"]) in upload.text  # type: ignore[attr-defined]
    assert desk.cases.files.of_box(reporter.keys.box) == []


def agree(desk: Desk, server: Public, reporter: Reporter, which: int = -1) -> None:
    """The reporter agrees with minutes that were sent, the last ones if nothing else is said."""
    desk.poll()
    reporter.last = thread_of(server, reporter, TO_DESK)[-1].content.position  # type: ignore[union-attr]
    sent = [item.content for item in thread_of(server, reporter, TO_REPORTER) if item.content]
    minutes = [each for each in sent if isinstance(each.body, Minutes)][which]
    server.submit(reporter, reporter.say(MinutesAgreed(minutes.position.hash), seen=sent[-1].position))
    desk.poll()


def test_a_recording_is_erased_when_its_minutes_are_agreed(desk: Desk, anna: Member, server: Public) -> None:
    reporter = filed(desk, anna)
    keep(anna)
    anna.get("/cases/1")
    assert anna.post("/cases/1/minutes", text="Referat.").status == 303
    desk.running.purge.once()
    assert len(desk.cases.files.of_box(reporter.keys.box)) == 1
    agree(desk, server, reporter)
    anna.get("/")
    assert desk.cases.files.of_box(reporter.keys.box) == []
    assert ("desk", "recording erased after minutes", 1) in log_of(desk)
    page = anna.get("/cases/1").text
    assert "Erased." in page
    assert "Sagde ja ved begyndelsen." in page
    assert desk.cases.channels.has_traces()
    desk.running.purge.once()
    assert not desk.cases.channels.has_traces()


def test_a_recording_that_is_kept_after_its_minutes_were_sent_is_erased_when_they_are_agreed(
    desk: Desk, anna: Member, server: Public
) -> None:
    reporter = filed(desk, anna)
    anna.post("/cases/1/minutes", text="Referat.")
    keep(anna)
    agree(desk, server, reporter)
    anna.get("/")
    assert desk.cases.files.of_box(reporter.keys.box) == []
    assert ("desk", "recording erased after minutes", 1) in log_of(desk)


def test_minutes_of_an_earlier_conversation_erase_nothing(desk: Desk, anna: Member, server: Public) -> None:
    reporter = filed(desk, anna)
    anna.post("/cases/1/minutes", text="Referat.")
    desk.clock.ahead = timedelta(days=1)
    anna = desk.signed_in(ANNA)
    keep(anna, recorded=TOMORROW)
    agree(desk, server, reporter)
    anna.get("/")
    assert len(desk.cases.files.of_box(reporter.keys.box)) == 1
    assert desk.cases.channels.to_look_at(["risk-control"], ANNA) == []


def test_minutes_before_the_last_ones_that_were_sent_erase_nothing(desk: Desk, anna: Member, server: Public) -> None:
    reporter = filed(desk, anna)
    anna.post("/cases/1/minutes", text="Referat af en anden samtale.")
    anna.get("/cases/1")
    anna.post("/cases/1/minutes", text="Referat.")
    keep(anna)
    agree(desk, server, reporter, which=0)
    anna.get("/")
    assert len(desk.cases.files.of_box(reporter.keys.box)) == 1


def test_minutes_that_were_agreed_before_a_recording_was_kept_erase_nothing(desk: Desk, anna: Member, server: Public) -> None:
    reporter = filed(desk, anna)
    anna.post("/cases/1/minutes", text="Referat.")
    agree(desk, server, reporter)
    anna.get("/")
    keep(anna)
    server.submit(reporter, reporter.message("Og en ting til."))  # so that it is looked at again
    desk.poll()
    anna.get("/")
    assert len(desk.cases.files.of_box(reporter.keys.box)) == 1
    assert "unless they were agreed before you keep it here" in anna.get("/cases/1").text


def test_the_words_of_a_consent_are_still_there_when_the_session_ends(desk: Desk, anna: Member) -> None:
    reporter = filed(desk, anna)
    anna.get("/cases/1")
    anna.cookie = "__Host-desk=" + "0" * 64
    assert upload(anna, "/cases/1/recording", b"MP4" * 9, "samtale.m4a", **CONSENT) == 403
    assert "Your session had ended" in upload.text  # type: ignore[attr-defined]
    assert CONSENT["text"] in upload.text  # type: ignore[attr-defined]
    assert desk.cases.files.of_box(reporter.keys.box) == []


def test_they_are_still_there_when_it_ends_while_the_recording_is_sent(
    desk: Desk, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter = filed(desk, anna)
    anna.get("/cases/1")
    feed = Upload.feed

    def last_piece(form: Upload[Sending], piece: bytes) -> None:
        feed(form, piece)
        desk.running.sessions.end_all(ANNA)

    monkeypatch.setattr(Upload, "feed", last_piece)
    assert upload(anna, "/cases/1/recording", b"MP4" * 9, "samtale.m4a", **CONSENT) == 403
    assert CONSENT["text"] in upload.text  # type: ignore[attr-defined]
    assert desk.cases.files.of_box(reporter.keys.box) == []


def test_a_recording_is_erased_after_three_months_at_the_latest(desk: Desk, anna: Member) -> None:
    reporter = filed(desk, anna)
    keep(anna, recorded=str(today() - timedelta(days=9)))
    later(desk, 80)
    assert len(desk.cases.files.of_box(reporter.keys.box)) == 1
    later(desk, 81)
    assert desk.cases.files.of_box(reporter.keys.box) == []
    assert ("desk", "recording erased after its time", 1) in log_of(desk)


def test_without_the_setting_no_recording_is_taken_and_one_that_is_here_goes_in_its_time(
    desk: Desk, anna: Member, tmp_path: Path
) -> None:
    assert Settings.__dataclass_fields__["recordings"].default is False
    reporter = filed(desk, anna)
    keep(anna)
    desk.running.cases.close()
    with started(tmp_path / "desk", desk.ceremony, 9) as without:
        page = without.signed_in(ANNA).get("/cases/1").text
        assert "samtale.m4a" in page
        assert "/cases/1/recording" not in page
        assert keep(without.signed_in(ANNA)) == 404
        later(without, 91)
        assert without.cases.files.of_box(reporter.keys.box) == []


# The end --------------------------------------------------------------------------------------------------------------


def test_an_erased_case_leaves_nothing_of_its_channel_its_files_or_its_recordings(
    desk: Desk, anna: Member, server: Public
) -> None:
    anna.get("/reports/new")
    upload(anna, "/reports/mail", mail(), "a.eml")
    reporter = filed(desk, anna, how="email")
    keep(anna)
    server.refusing.add("open")  # what is for the public server is still here
    close(desk)
    later(desk, 750)
    with closing(sqlite3.connect(desk.database)) as connection:
        for table in ("channel", "recording", "file", "part", "content", "outbox", '"case"'):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)], table
    assert desk.cases.channels.to_open() == []
    assert reporter.keys.box in desk.cases.erasure.to_forget()


def test_a_box_that_was_opened_while_its_case_was_erased_brings_nothing_back(desk: Desk, anna: Member) -> None:
    filed(desk, anna)
    [channel] = desk.cases.channels.to_open()
    close(desk)
    later(desk, 750)
    desk.cases.channels.opened(channel, today(), desk.running.receipts.sign)
    assert isinstance(channel, Channel)
    assert desk.cases.files.receipts(9) == []


def test_the_reporter_comes_back_with_the_code_through_the_real_public_server(
    tmp_path: Path, ceremony: Path, intake: Intake
) -> None:
    with started(tmp_path, ceremony, intake.relay_port) as desk:
        anna = desk.signed_in(ANNA)
        reporter = filed(desk, anna)
        desk.poll()
        desk.poll()
        thread = reporter.mailbox(intake)
        bodies = [item.content.body for item in thread.items if item.content]
        assert [type(body) for body in bodies] == [Report, CodeSeen]
        anna.get("/cases/1")
        reporter.last = thread.last["to-desk"]
        reporter.submit(intake, reporter.message("I marts.", seen=thread.last["to-reporter"]), "/api/post")
        desk.poll()
        assert "1 new" in anna.get("/").text
        page = anna.get("/cases/1").text
        assert "I marts." in page
        assert "verdict" not in page.split('id="dialogue"')[1].split("</section>")[0]

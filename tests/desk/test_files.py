"""Files at the desk: pulled in turn with texts, receipted when whole, shown as what they are, never clear on the disk."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from io import BytesIO
from pathlib import Path

import pytest

from tests.desk.relaying import Evidence, Public, public, thread_of
from tests.desk.running import ANNA, CARL, Desk, Member, Reporter, started
from whistle.desk import relay as relay_module
from whistle.desk.files import disposition
from whistle.desk.uploads import shown_name
from whistle.errors import StorageFailed
from whistle.protocol.constants import PART_BYTES
from whistle.protocol.content import Files, SentFile
from whistle.protocol.parts import parse_part
from whistle.protocol.receipt import parse
from whistle.protocol.wire import PART, TO_REPORTER
from whistle.sealing.files import open_file
from whistle.sealing.receipts import read_receipt

CANARY = b"canary-in-the-evidence "
PLAIN = CANARY * 40_000  # 920 kB: four parts


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port, file_megabytes=1) as running:
        yield running


@pytest.fixture
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


@pytest.fixture
def reporter(desk: Desk, server: Public) -> Reporter:
    """Somebody whose report is case 1 as soon as anybody looks."""
    made = Reporter.new(desk.card)
    server.submit(made, made.report())
    return made


def name(server: Public, reporter: Reporter, *named: SentFile) -> None:
    server.submit(reporter, reporter.say(Files(named)))


def arrived(desk: Desk, server: Public, reporter: Reporter, plain: bytes = PLAIN, **changes: object) -> Evidence:
    """A whole file, and the content that names it."""
    evidence = Evidence.of(desk, plain)
    server.send(reporter, *evidence.parts)
    name(server, reporter, evidence.named(**changes))
    desk.poll()
    return evidence


def page(member: Member) -> str:
    return member.get("/cases/1").text


def ask(member: Member, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[HTTPResponse, bytes]:
    """A request whose answer is bytes."""
    headers = {"host": "localhost", "cookie": member.cookie, "content-type": kind or "application/x-www-form-urlencoded"}
    with closing(HTTPConnection("127.0.0.1", member.port, timeout=60)) as connection:
        connection.request(method, path, body, headers | {"sec-fetch-site": "same-origin", "origin": "null"})
        response = connection.getresponse()
        return response, response.read()


def download(member: Member, evidence: Evidence, number: int = 1) -> tuple[HTTPResponse, bytes]:
    path = f"/cases/{number}/files/{evidence.id.hex()}"
    member.get(path)
    return ask(member, "POST", path, f"token={member.token}".encode())


# Arriving ---------------------------------------------------------------------------------------------------------------


def test_a_file_is_shown_complete_and_comes_back_as_it_was_sent(
    desk: Desk, server: Public, reporter: Reporter, anna: Member
) -> None:
    evidence = arrived(desk, server, reporter)
    text = page(anna)
    assert "bilag 7.pdf" in text
    assert "920 kB" in text
    assert "application/pdf" in text
    assert "Complete." in text
    response, body = download(anna, evidence)
    assert body == PLAIN
    assert dict(response.getheaders()) | {
        "content-type": "application/octet-stream",
        "content-length": str(len(PLAIN)),
        "content-disposition": "attachment; filename=\"bilag 7.pdf\"; filename*=UTF-8''bilag%207.pdf",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    } == dict(response.getheaders())
    assert log(desk)[-1] == (ANNA, "downloaded file", 1)


def test_the_page_before_a_download_warns_and_holds_nothing_of_the_file(
    desk: Desk, server: Public, reporter: Reporter, anna: Member
) -> None:
    evidence = arrived(desk, server, reporter)
    page(anna)
    text = anna.get(f"/cases/1/files/{evidence.id.hex()}").text
    assert "Open it only on a computer that is kept for this" in text
    assert CANARY.decode() not in text
    anna.token = "0" * 64
    assert anna.post(f"/cases/1/files/{evidence.id.hex()}").status == 403


def test_parts_that_are_doubled_and_out_of_order_make_the_same_file(
    desk: Desk, server: Public, reporter: Reporter, anna: Member
) -> None:
    evidence = Evidence.of(desk, PLAIN)
    server.send(reporter, *reversed(evidence.parts), *evidence.parts)
    name(server, reporter, evidence.named())
    desk.poll()
    page(anna)
    assert download(anna, evidence)[1] == PLAIN


def test_a_part_that_is_lost_is_waited_for_and_after_two_days_the_file_is_said_never_to_be_finished(
    desk: Desk, server: Public, reporter: Reporter, anna: Member
) -> None:
    evidence = Evidence.of(desk, PLAIN)
    server.send(reporter, *evidence.parts[:2], evidence.parts[3])
    name(server, reporter, evidence.named())
    desk.poll()
    assert "Arriving. 3 of 4 parts are here." in page(anna)
    desk.clock.ahead = timedelta(days=3)
    assert "Never finished.</span> 3 of 4 parts are here." in page(desk.signed_in(ANNA))
    desk.clock.ahead = timedelta()
    server.send(reporter, evidence.parts[2])
    desk.poll()
    assert "Complete." in page(anna)


def test_a_file_that_nothing_names_has_no_name_and_is_listed_as_not_whole(
    desk: Desk, server: Public, reporter: Reporter, anna: Member
) -> None:
    evidence = Evidence.of(desk, PLAIN)
    server.send(reporter, *evidence.parts)
    desk.poll()
    text = page(anna)
    assert "A file without a name yet" in text
    assert "Arriving. 4 of 4 parts are here." in text
    assert anna.get(f"/cases/1/files/{evidence.id.hex()}").status == 404


def test_files_of_a_box_without_a_case_wait_until_there_is_one(desk: Desk, server: Public, anna: Member) -> None:
    reporter = Reporter.new(desk.card)
    report, evidence = reporter.report(), Evidence.of(desk, PLAIN)
    server.send(reporter, *evidence.parts)
    desk.poll()
    assert "There is no case here" in anna.get("/").text
    server.submit(reporter, report)
    name(server, reporter, evidence.named())
    desk.poll()
    page(anna)
    assert download(anna, evidence)[1] == PLAIN


def flipped(evidence: Evidence) -> Evidence:
    at = len(evidence.sealed) // 2
    changed = evidence.sealed[:at] + bytes([evidence.sealed[at] ^ 1]) + evidence.sealed[at + 1 :]
    return replace(evidence, sealed=changed)


def with_padding(evidence: Evidence, desk: Desk) -> Evidence:
    """Something hides behind the end that will be named."""
    return replace(Evidence.of(desk, evidence.plain + b"!"), plain=evidence.plain)


DAMAGE: dict[str, Callable[[Evidence, Desk], tuple[Evidence, SentFile]]] = {
    "a part": lambda sound, _: (flipped(sound), sound.named()),
    "a part, and hashed so": lambda sound, _: (flipped(sound), flipped(sound).named()),
    "the header": lambda sound, _: (bad := replace(sound, sealed=sound.sealed.replace(b"--- ", b"--- A", 1)[:-1]), bad.named()),
    "the padding": lambda sound, desk: (bad := with_padding(sound, desk), bad.named()),
    "the hash": lambda sound, _: (sound, sound.named(sealed=bytes(32))),
    "the size": lambda sound, _: (sound, sound.named(size=9_000_000)),
    "another group": lambda sound, desk: (bad := Evidence.of(desk, sound.plain, "audit-chair"), bad.named()),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_does_not_hold_is_said_to_be_damaged_and_is_never_given_out(
    desk: Desk, server: Public, reporter: Reporter, anna: Member, what: str
) -> None:
    evidence, named = DAMAGE[what](Evidence.of(desk, PLAIN), desk)
    server.send(reporter, *evidence.parts)
    name(server, reporter, named)
    desk.poll()
    assert "Damaged:" in page(anna)
    assert anna.get(f"/cases/1/files/{evidence.id.hex()}").status == 404
    assert ask(anna, "POST", f"/cases/1/files/{evidence.id.hex()}", f"token={anna.token}".encode())[0].status == 404


def test_a_second_name_for_a_file_is_not_believed(desk: Desk, server: Public, reporter: Reporter, anna: Member) -> None:
    evidence = arrived(desk, server, reporter)
    name(server, reporter, evidence.named("another.pdf"))
    desk.poll()
    text = page(anna)
    assert text.count("Complete.") == 1
    assert text.count("Damaged:") == 1
    assert "bilag 7.pdf" in anna.get(f"/cases/1/files/{evidence.id.hex()}").text


def test_a_chunk_that_changed_on_the_disk_breaks_the_download_off(
    desk: Desk, server: Public, reporter: Reporter, anna: Member
) -> None:
    evidence = arrived(desk, server, reporter)
    assert "Complete." in page(anna)
    alter(desk, 'UPDATE part SET sealed = zeroblob(length(sealed)) WHERE "index" = 2')
    with pytest.raises(IncompleteRead) as broken:
        download(anna, evidence)
    assert PLAIN.startswith(broken.value.partial)
    assert len(broken.value.partial) < 2 * PART_BYTES


def test_a_member_of_another_group_is_told_that_there_is_nothing(
    desk: Desk, server: Public, reporter: Reporter, anna: Member
) -> None:
    evidence = arrived(desk, server, reporter)
    page(anna)
    carl = desk.signed_in(CARL)
    path = f"/cases/1/files/{evidence.id.hex()}"
    assert carl.get(path).status == 404
    assert carl.get(path).text == carl.get("/cases/999").text
    assert ask(carl, "POST", path, f"token={carl.token}".encode())[0].status == 404
    assert upload(carl, b"x", seen="1")[0].status == 404


def test_nothing_of_a_file_or_its_name_is_in_the_desks_files_nor_what_opens_it(
    desk: Desk, server: Public, reporter: Reporter, anna: Member
) -> None:
    evidence = arrived(desk, server, reporter)
    page(anna)
    download(anna, evidence)
    assert upload(anna, PLAIN)[0].status == 303
    desk.poll()
    page(anna)
    alter(desk, "PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(path.read_bytes() for path in desk.database.parent.iterdir() if path.is_file())
    assert CANARY not in kept
    assert b"bilag" not in kept
    assert b"age-encryption.org" not in parts_kept(desk)  # the headers with their stanzas are gone


def test_a_wrong_byte_in_the_case_key_opens_no_file(desk: Desk, server: Public, reporter: Reporter, anna: Member) -> None:
    arrived(desk, server, reporter)
    desk.cases.files.whole()
    page(anna)
    [file] = desk.cases.files.of_box(reporter.keys.box)
    alter(desk, f"UPDATE file SET verdict = NULL, salt = X'{'00' * 32}' WHERE id = {file.id}")
    assert "Damaged:" in page(anna)


NAMES = {
    "../../etc/passwd": ("../../etc/passwd", "_.._etc_passwd"),
    "C:\\boot.ini": ("C:\\boot.ini", "C__boot.ini"),
    "fdp.exe\u202efdp.exe": ("fdp.exe\ufffdfdp.exe", "fdp.exe_fdp.exe"),
    'a"\r\nset-cookie: x': ('a"\ufffd\ufffdset-cookie: x', "a___set-cookie_ x"),
    "æøå.pdf": ("æøå.pdf", "___.pdf"),
    "...": ("...", "file"),
}


@pytest.mark.parametrize("given", NAMES)
def test_a_name_cannot_be_a_path_nor_hide_what_it_is(given: str) -> None:
    shown, plain = NAMES[given]
    assert shown_name(given) == shown
    header = disposition(given)
    assert header.startswith(f'attachment; filename="{plain}"; ')
    assert header.isascii()
    assert not set("\r\n/\\") & set(header)


def test_a_hostile_name_is_shown_as_text(desk: Desk, server: Public, reporter: Reporter, anna: Member) -> None:
    arrived(desk, server, reporter, name="<script>\u202e/../x\x07")
    text = page(anna)
    assert "&lt;script&gt;\ufffd/../x\ufffd" in text
    assert "\u202e" not in text


# Relaying ---------------------------------------------------------------------------------------------------------------


def test_a_whole_file_is_receipted_and_its_parts_are_given_up_only_then(desk: Desk, server: Public, reporter: Reporter) -> None:
    server.refusing = {"push"}
    evidence = arrived(desk, server, reporter)
    desk.poll()
    assert not server.taken
    server.refusing = {"taken"}
    desk.poll()
    receipt = server.receipts(reporter)[-1]
    assert read_receipt(receipt, reporter.keys.box, {sha256(evidence.sealed).digest()}, desk.card)
    server.refusing = set()
    desk.poll()
    desk.poll()
    assert server.taken == [(reporter.keys.box, evidence.id)]


def test_texts_come_before_parts_and_have_their_turn_between_them(
    desk: Desk, server: Public, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_PULLS_A_ROUND", 1)
    server.send(reporter, *Evidence.of(desk, PLAIN).parts)
    desk.poll()
    assert server.calls == ["pull", "confirm", "push", "parts", "confirm"]
    assert desk.running.relay.more
    desk.poll()
    assert not desk.running.relay.more


def test_a_desk_killed_before_confirming_parts_stores_none_twice(
    desk: Desk, server: Public, reporter: Reporter, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.poll()

    def no(*_: object) -> None:
        raise StorageFailed

    evidence = Evidence.of(desk, PLAIN)
    server.send(reporter, *evidence.parts)
    with monkeypatch.context() as patch:
        patch.setattr(desk.running.relay, "_confirm", no)
        desk.poll()
    assert server.confirmed == (1, 0)
    name(server, reporter, evidence.named())
    desk.poll()
    assert server.confirmed == (2, 4)
    page(anna)
    assert download(anna, evidence)[1] == PLAIN


def test_parts_that_cannot_be_stored_are_not_confirmed(
    desk: Desk, server: Public, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFailed

    monkeypatch.setattr(desk.cases.files, "arrive", full)
    server.send(reporter, *Evidence.of(desk, PLAIN).parts)
    desk.poll()
    assert server.confirmed == (1, 0)


def test_a_server_that_was_restored_is_asked_for_its_parts_again_and_told_again(
    desk: Desk, server: Public, reporter: Reporter, anna: Member
) -> None:
    evidence = arrived(desk, server, reporter)
    page(anna)
    server.parts, server.pushed, server.taken = server.parts[:2], [], []
    another = Evidence.of(desk, b"new" * 9)
    desk.poll()
    server.send(reporter, *another.parts)
    name(server, reporter, another.named("new.txt"))
    desk.poll()
    assert {parse(each).sealed for each in server.receipts(reporter)} >= {
        sha256(each.sealed).digest() for each in (evidence, another)
    }
    assert set(server.taken) == {(reporter.keys.box, evidence.id), (reporter.keys.box, another.id)}
    page(anna)
    assert download(anna, another)[1] == b"new" * 9
    assert download(anna, evidence)[1] == PLAIN


def test_no_room_on_the_public_server_is_said_on_the_inbox(desk: Desk, server: Public, anna: Member) -> None:
    desk.poll()
    assert "takes no files for now" not in anna.get("/").text
    server.room = False
    desk.poll()
    assert "takes no files for now" in anna.get("/").text


def test_with_little_disk_left_texts_are_taken_and_files_are_not(tmp_path: Path, ceremony: Path, server: Public) -> None:
    with started(tmp_path, ceremony, server.port, reserve_megabytes=10**9) as desk:
        reporter = Reporter.new(desk.card)
        server.submit(reporter, reporter.report())
        server.send(reporter, *Evidence.of(desk, PLAIN).parts)
        desk.poll()
        assert "parts" not in server.calls
        assert server.confirmed == (1, 0)
        anna = desk.signed_in(ANNA)
        assert "disk is nearly full" in anna.get("/").text
        assert "Case 1" in anna.get("/").text


# To the reporter ----------------------------------------------------------------------------------------------------------


def form(member: Member, plain: bytes, filename: str, seen: str | None = None, token: str | None = None, **more: str) -> bytes:
    fields = {"token": token or member.token, "seen": seen or member.seen, **more}
    lines = b"".join(
        f'--edge\r\ncontent-disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()
    )
    head = f'--edge\r\ncontent-disposition: form-data; name="file"; filename="{filename}"\r\ncontent-type: text/plain\r\n\r\n'
    return lines + head.encode() + plain + b"\r\n--edge--\r\n"


def upload(
    member: Member, plain: bytes, filename: str = "svar.txt", seen: str | None = None, token: str | None = None
) -> tuple[HTTPResponse, bytes]:
    if seen is None:
        member.get("/cases/1")
    body = form(member, plain, filename, seen, token)
    return ask(member, "POST", "/cases/1/files", body, "multipart/form-data; boundary=edge")


def delivered(server: Public, reporter: Reporter) -> list[tuple[bytes, bytes]]:
    """The files in the reporter's box: id and bytes."""
    parts = [parse_part(each.sealed) for each in server.pushed if each.direction == PART and each.box == reporter.keys.box]
    found = {part.file: b"" for part in parts}
    for part in sorted(parts, key=lambda each: each.index):
        found[part.file] += part.sealed
    return list(found.items())


@pytest.fixture
def case(desk: Desk, reporter: Reporter, anna: Member) -> str:
    desk.poll()
    return page(anna)


@pytest.mark.parametrize("length", [1, PART_BYTES, 920_000])
def test_a_file_reaches_its_reporter_before_the_content_that_names_it(
    desk: Desk, server: Public, reporter: Reporter, anna: Member, case: str, length: int
) -> None:
    plain = PLAIN[:length]
    response, _ = upload(anna, plain, "C:\\temp\\svar \u00e6.txt")
    assert response.getheader("location") == "/cases/1?done=file"
    desk.poll()
    [(id_, sealed)] = delivered(server, reporter)
    assert b"".join(open_file(BytesIO(sealed), len(plain), reporter.keys.identity)) == plain
    directions = [each.direction for each in server.pushed if each.direction in (PART, TO_REPORTER)]
    assert directions == [PART] * (len(directions) - 1) + [TO_REPORTER]
    [item] = thread_of(server, reporter, TO_REPORTER)
    assert item.content is not None
    assert item.content.body == Files((SentFile(id_, "svar æ.txt", "text/plain", len(plain), sha256(sealed).digest()),))
    assert (ANNA, "sent file", 1) in log(desk)
    text = page(anna)
    assert "svar æ.txt" in text
    assert "waits to be sent" not in text


def test_a_member_reads_again_what_the_desk_sent(desk: Desk, server: Public, anna: Member, case: str) -> None:
    upload(anna, PLAIN)
    sent = Evidence(PLAIN, b"", bytes.fromhex(page(anna).split("/cases/1/files/")[1][:32]))
    assert "somebody unknown" not in anna.get(f"/cases/1/files/{sent.id.hex()}").text
    assert download(anna, sent)[1] == PLAIN
    desk.poll()
    assert download(anna, sent)[1] == PLAIN


@pytest.mark.parametrize(
    ("plain", "filename", "status", "words"),
    [
        (b"x" * 1_000_001, "x.txt", 413, "larger than one that can be sent"),
        (b"", "x.txt", 400, "or it is empty"),
        (b"", "", 400, "or it is empty"),
        (b"x", "", 400, "or it is empty"),
    ],
)
def test_a_file_that_cannot_be_sent_is_named_and_to_be_chosen_again(
    desk: Desk, anna: Member, case: str, plain: bytes, filename: str, status: int, words: str
) -> None:
    response, body = upload(anna, plain, filename)
    assert response.status == status
    assert words in body.decode()
    assert "choose it again" in body.decode()
    assert nothing_of_a_file(desk)


def test_an_upload_overtaken_by_a_colleague_is_not_sent(desk: Desk, anna: Member, case: str) -> None:
    page(anna)
    seen = anna.seen
    anna.post("/cases/1/note", text="meanwhile")
    response, body = upload(anna, PLAIN, seen=seen)
    assert response.status == 409
    assert "choose it again" in body.decode()
    assert nothing_of_a_file(desk)


def test_an_upload_without_the_sessions_token_keeps_nothing(desk: Desk, anna: Member, case: str) -> None:
    assert upload(anna, PLAIN, token="0" * 64)[0].status == 403
    assert ask(anna, "POST", "/cases/1/files", PLAIN, "multipart/form-data; boundary=edge")[0].status == 403
    assert ask(anna, "POST", "/cases/1/files", b"token=x")[0].status == 403
    assert nothing_of_a_file(desk)


def test_an_upload_that_is_cut_leaves_nothing_behind(desk: Desk, anna: Member, case: str) -> None:
    body = form(anna, PLAIN, "x.txt")
    with closing(HTTPConnection("127.0.0.1", desk.port, timeout=30)) as connection:
        connection.putrequest("POST", "/cases/1/files", skip_host=True)
        for key, value in {
            "host": "localhost",
            "cookie": anna.cookie,
            "sec-fetch-site": "same-origin",
            "content-type": "multipart/form-data; boundary=edge",
            "content-length": str(len(body)),
        }.items():
            connection.putheader(key, value)
        connection.endheaders()
        connection.send(body[:700_000])
        until(lambda: not nothing_of_a_file(desk))
    until(lambda: nothing_of_a_file(desk))


def test_half_an_upload_is_swept_at_the_next_start_and_a_whole_one_is_not(desk: Desk, anna: Member, case: str) -> None:
    upload(anna, PLAIN)
    kept = parts_kept(desk)
    desk.cases.files.add(desk.cases.files.begin(b"b" * 32, b"f" * 16, desk.clock().date()), 0, b"half")
    assert parts_kept(desk) != kept
    desk.cases.files.sweep()
    assert parts_kept(desk) == kept


def test_what_is_behind_a_file_waits_with_it_while_the_public_server_takes_none(
    desk: Desk, server: Public, reporter: Reporter, anna: Member, case: str
) -> None:
    server.room = False
    upload(anna, PLAIN)
    page(anna)
    anna.post("/cases/1/reply", text="after the file")
    desk.poll()
    assert not delivered(server, reporter)
    assert page(anna).count("waits to be sent") == 2
    server.room = True
    desk.poll()
    assert "waits to be sent" not in page(anna)
    assert [each.direction for each in server.pushed][-2:] == [TO_REPORTER, TO_REPORTER]


def test_a_push_that_breaks_off_goes_on_with_the_part_it_was_at(
    desk: Desk, server: Public, reporter: Reporter, anna: Member, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_PULLS_A_ROUND", 1)
    upload(anna, PLAIN)
    desk.poll()
    assert desk.running.relay.more
    assert [each.direction for each in server.pushed].count(PART) == 3
    desk.poll()
    assert [each.direction for each in server.pushed][-2:] == [PART, TO_REPORTER]
    assert server.calls.count("push") == 4  # a receipt, three parts, one part, the content


def test_a_server_that_lost_half_a_file_of_the_desks_gets_it_anew_and_holds_up_nobody(
    desk: Desk, server: Public, reporter: Reporter, anna: Member, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = Reporter.new(desk.card)
    server.submit(another, another.report())
    desk.poll()
    anna.get("/")
    monkeypatch.setattr(relay_module, "_PULLS_A_ROUND", 1)
    upload(anna, PLAIN)
    desk.poll()
    assert [each.direction for each in server.pushed].count(PART) == 3
    server.pushed = []  # restored from a backup of before
    assert anna.post("/cases/2/reply", text="Tak.").status == 303
    for _ in range(4):
        desk.poll()
    assert not desk.running.relay.silent
    assert [each.box for each in server.pushed if each.direction == TO_REPORTER] == [another.keys.box, reporter.keys.box]
    [(_, sealed)] = delivered(server, reporter)
    assert b"".join(open_file(BytesIO(sealed), len(PLAIN), reporter.keys.identity)) == PLAIN


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def nothing_of_a_file(desk: Desk) -> bool:
    with closing(sqlite3.connect(desk.database)) as connection:
        counts = connection.execute("SELECT (SELECT count(*) FROM file) + (SELECT count(*) FROM part)").fetchone()
    return counts == (0,)


def parts_kept(desk: Desk) -> bytes:
    with closing(sqlite3.connect(desk.database)) as connection:
        return b"".join(sealed for (sealed,) in connection.execute("SELECT sealed FROM part"))


def alter(desk: Desk, statement: str) -> None:
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute(statement)
        connection.commit()


def log(desk: Desk) -> list[tuple[str, str, int | None]]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return connection.execute('SELECT who, action, "case" FROM log ORDER BY number').fetchall()

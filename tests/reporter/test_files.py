"""Files of a reporter over a bad way to a running intake, receipts, and files from a desk that is played by its keys."""

import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from itertools import repeat
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.link import link
from tests.intake.running import Intake as Running
from tests.intake.running import started
from tests.reporter.conftest import TODAY, prepared
from whistle.errors import (
    FileChanged,
    FileMissing,
    FileRefused,
    NetworkFailed,
    NoReceipt,
    NotTheFile,
    PayloadFailed,
    TransferForgotten,
)
from whistle.protocol.card import Card
from whistle.protocol.constants import PART_BYTES
from whistle.protocol.content import TO_DESK, TO_REPORTER, Content, Context, Files, SentFile
from whistle.protocol.parts import Part, count_of, parse_part, sealed_length, serialize_part
from whistle.protocol.wire import PART, RECEIPT, Frame, parse_pages, serialize_pages
from whistle.protocol.wire import TO_REPORTER as FRAME_TO_REPORTER
from whistle.reporter import command
from whistle.reporter import intake as network
from whistle.reporter.dialogue import PreparedReport, open_mailbox
from whistle.reporter.files import Attachment, Sending, harmless, save
from whistle.reporter.intake import Intake
from whistle.reporter.proof import proof_of
from whistle.sealing import contents
from whistle.sealing.derivation import ReporterKeys
from whistle.sealing.files import open_file, seal_file
from whistle.sealing.keys import Identity, SigningKey
from whistle.sealing.receipts import receipt_for
from whistle.web.challenge import is_solved

PLAIN = sha256(b"evidence").digest() * 20_000  # 640,000 bytes: three parts
PATIENT = (0.0,) * 8


def never(_: float) -> None:
    """A wait that is none."""


def nobody(_: int) -> None:
    """Who does not watch a file being sent."""


@contextmanager
def at(port: int, *pauses: float) -> Iterator[Intake]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
        yield Intake(client, pauses, never)


def sending(card: Card, plain: bytes = PLAIN, name: str = "kvittering.pdf") -> Sending:
    file = Attachment(Path(name), name, "application/pdf", len(plain))
    return Sending(file, BytesIO(plain), card.recipient("risk").raw, os.urandom)


@pytest.fixture
def reported(intake: Intake, card: Card) -> PreparedReport:
    report = prepared(card)
    report.deliver(intake)
    return report


def stored(running: Running, keys: ReporterKeys, after: int = 0) -> list[Part]:
    """The parts of a box as the desk would pull them."""
    frames, more = parse_pages(running.relay("/relay/parts", after.to_bytes(4)).body)
    mine = [parse_part(frame.sealed) for frame in frames if frame.box == keys.box]
    return mine + (stored(running, keys, frames[-1].position) if more else [])


def arrived_whole(running: Running, keys: ReporterKeys, file: SentFile, group: Identity) -> None:
    """Every part once, together what the reporter says, and the desk opens it."""
    parts = sorted(stored(running, keys), key=lambda part: part.index)
    assert [part.index for part in parts] == list(range(count_of(sealed_length(file.size))))
    sealed = b"".join(part.sealed for part in parts)
    assert sha256(sealed).digest() == file.sealed
    assert b"".join(open_file(BytesIO(sealed), file.size, group)) == PLAIN


# To the desk -----------------------------------------------------------------------------------------------------------


def test_a_file_arrives_as_it_was_sealed_and_is_named_in_the_box(
    intake: Intake, running: Running, card: Card, group: Identity, reported: PreparedReport
) -> None:
    told: list[int] = []
    file = sending(card).go_on(intake, reported.keys, told.append)
    box = open_mailbox(reported.keys, card, intake).announce(file)
    arrived_whole(running, reported.keys, file, group)
    assert box.files(TO_DESK) == (file,)
    assert (file.name, file.type, file.size) == ("kvittering.pdf", "application/pdf", len(PLAIN))
    assert sum(told) == sealed_length(len(PLAIN))


@pytest.mark.parametrize("cut", [1, 90, 400, 700, 2_000, 9_000, 262_000, 263_500, 264_500, 400_000, 528_000, 600_000, 660_000])
def test_a_file_goes_on_after_a_cut_without_being_sealed_again(
    running: Running, card: Card, group: Identity, reported: PreparedReport, cut: int
) -> None:
    with link(running.port) as way, at(way.port, *PATIENT) as intake:
        way.cut_after = cut
        file = sending(card).go_on(intake, reported.keys, nobody)
        assert way.cuts == 1
    arrived_whole(running, reported.keys, file, group)


def test_a_way_that_breaks_after_every_part_still_carries_a_file(
    running: Running, card: Card, group: Identity, reported: PreparedReport
) -> None:
    with link(running.port) as way, at(way.port, *PATIENT) as intake:
        way.cut_after, way.again = 300_000, repeat(300_000)
        file = sending(card).go_on(intake, reported.keys, nobody)
        assert way.cuts > 1
    arrived_whole(running, reported.keys, file, group)


def test_who_gave_up_goes_on_with_the_part_that_was_not_acknowledged(
    running: Running, card: Card, group: Identity, reported: PreparedReport
) -> None:
    on_its_way, told = sending(card), []
    with link(running.port) as way, at(way.port) as intake:
        way.cut_after = 400_000
        with pytest.raises(NetworkFailed):
            on_its_way.go_on(intake, reported.keys, told.append)
        assert told == [PART_BYTES]
        file = on_its_way.go_on(intake, reported.keys, told.append)
    assert len(told) == count_of(sealed_length(len(PLAIN)))
    arrived_whole(running, reported.keys, file, group)


def test_a_part_that_arrives_twice_is_there_once(
    intake: Intake, running: Running, card: Card, group: Identity, reported: PreparedReport
) -> None:
    file = sending(card).go_on(Stuttering(intake.client), reported.keys, nobody)
    arrived_whole(running, reported.keys, file, group)


class Stuttering(Intake):
    """Sends everything twice."""

    def send_part(self, part: Part, keys: ReporterKeys) -> None:
        super().send_part(part, keys)
        super().send_part(part, keys)


def test_a_file_goes_on_when_the_server_was_started_anew(tmp_path: Path, card: Card, group: Identity) -> None:
    report, on_its_way = prepared(card), sending(card)
    with started(tmp_path / "intake.sqlite") as first, at(first.port) as intake:
        report.deliver(intake)
        with pytest.raises(NetworkFailed):
            on_its_way.go_on(OnePart(intake.client), report.keys, nobody)
    with started(tmp_path / "intake.sqlite") as second, at(second.port) as intake:
        file = on_its_way.go_on(intake, report.keys, nobody)
        arrived_whole(second, report.keys, file, group)


class OnePart(Intake):
    """Is gone after the first part."""

    def send_part(self, part: Part, keys: ReporterKeys) -> None:
        if part.index:
            raise NetworkFailed
        super().send_part(part, keys)


def test_a_transfer_that_the_server_forgot_is_named_and_says_what_to_do(
    intake: Intake, running: Running, card: Card, reported: PreparedReport
) -> None:
    on_its_way = sending(card)
    with pytest.raises(NetworkFailed):
        on_its_way.go_on(OnePart(intake.client), reported.keys, nobody)
    name = stored(running, reported.keys)[0].file
    running.call("POST", "/api/cancel", reported.keys.box + reported.keys.access + name)
    with pytest.raises(TransferForgotten, match="Send the file again"):
        on_its_way.go_on(intake, reported.keys, nobody)
    sending(card).go_on(intake, reported.keys, nobody)


def unsolved(challenge: str, difficulty: int) -> bytes:
    """A proof that is none."""
    proofs = (counter.to_bytes(8) for counter in range(1000))
    return next(proof for proof in proofs if not is_solved(challenge, proof, difficulty))


def test_a_challenge_that_is_refused_is_renewed_without_a_word(
    intake: Intake, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve, wrong = network.find_proof, [unsolved, unsolved]
    monkeypatch.setattr(network, "find_proof", lambda *asked: wrong.pop()(*asked) if wrong else solve(*asked))
    report = prepared(card)
    assert report.deliver(intake) == report.written_code
    assert not wrong


def test_an_intake_that_takes_no_challenge_is_not_asked_for_ever(
    intake: Intake, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "find_proof", unsolved)
    with pytest.raises(NetworkFailed, match="none of its own challenges"):
        prepared(card).deliver(intake)


@pytest.mark.parametrize("status", [408, 502, 503, 504])
def test_a_server_that_is_being_started_anew_is_asked_again(card: Card, status: int) -> None:
    waited: list[float] = []
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, text="<html>"))
    with httpx2.Client(base_url="http://127.0.0.1", transport=transport) as client, pytest.raises(NetworkFailed):
        prepared(card).deliver(Intake(client, (1.0, 2.0), waited.append))
    assert waited == [1.0, 2.0]


def test_sending_a_large_file_holds_a_part_and_no_more(card: Card, reported: PreparedReport) -> None:
    large = 30_000_000
    swallowing = Swallowing(httpx2.Client())
    tracemalloc.start()
    on_its_way = Sending(Attachment(Path("x"), "x", "", large), Zeros(large), card.recipient("risk").raw, os.urandom)
    file = on_its_way.go_on(swallowing, reported.keys, nobody)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert file.size == large
    assert peak < 2_000_000


class Swallowing(Intake):
    """Acknowledges everything."""

    def send_part(self, part: Part, keys: ReporterKeys) -> None:
        assert len(part.sealed) <= PART_BYTES


class Zeros(BytesIO):
    """A file that is in no memory."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size

    def read(self, most: int | None = -1) -> bytes:
        length = min(most or 0, self.left)
        self.left -= length
        return bytes(length)


def test_a_file_that_changed_while_it_was_sent_is_not_called_sent(intake: Intake, card: Card, reported: PreparedReport) -> None:
    file = Attachment(Path("x"), "x", "", len(PLAIN) + 1)
    with pytest.raises(FileChanged):
        Sending(file, BytesIO(PLAIN), card.recipient("risk").raw, os.urandom).go_on(intake, reported.keys, nobody)
    assert not open_mailbox(reported.keys, card, intake).files(TO_DESK)


@pytest.mark.parametrize("name", ["empty", "folder", "x" * 200 + '"' * 30])
def test_what_cannot_be_sent_is_refused_before_anything_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / ("x" * 200 + '"' * 30)).write_text("x")
    with pytest.raises(FileRefused):
        Attachment.of(tmp_path / name)


# Receipts --------------------------------------------------------------------------------------------------------------


def push(running: Running, keys: ReporterKeys, direction: int, *sealed: bytes) -> None:
    frames = [Frame(0, direction, TODAY, keys.box, each) for each in sealed]
    assert running.relay("/relay/push", serialize_pages(frames, False)).json == {"stored": len(sealed), "unknown": 0}


def test_a_receipt_is_shown_beside_what_it_is_for(
    intake: Intake, running: Running, card: Card, reported: PreparedReport, receipt_key: SigningKey
) -> None:
    box = open_mailbox(reported.keys, card, intake).reply("Mere.")
    report, message = box.thread.items
    push(
        running,
        reported.keys,
        RECEIPT,
        receipt_for(box.sealed[report.place].digest, reported.keys.box, TODAY, card, receipt_key),
    )
    box = open_mailbox(reported.keys, card, intake)
    receipt = box.receipt_of(report)
    assert receipt
    assert receipt.day == TODAY
    assert box.receipt_of(message) is None
    assert len(box.thread.items) == 2


def test_the_receipt_of_a_file_counts_once_the_file_is_named(
    intake: Intake, running: Running, card: Card, reported: PreparedReport, receipt_key: SigningKey
) -> None:
    file = sending(card).go_on(intake, reported.keys, nobody)
    push(running, reported.keys, RECEIPT, receipt_for(file.sealed, reported.keys.box, TODAY, card, receipt_key))
    box = open_mailbox(reported.keys, card, intake)
    assert file.sealed not in box.receipts
    assert file.sealed in box.announce(file).receipts


def test_a_receipt_that_the_desk_did_not_sign_counts_as_none(
    intake: Intake, running: Running, card: Card, reported: PreparedReport
) -> None:
    forged = receipt_for(sha256(reported.envelope).digest(), reported.keys.box, TODAY, card, SigningKey(bytes(32)))
    push(running, reported.keys, RECEIPT, forged)
    box = open_mailbox(reported.keys, card, intake)
    assert not box.receipts
    with pytest.raises(NoReceipt):
        proof_of(box)


# From the desk ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FromDesk:
    """A file that the desk sent: what it says of it, and the parts it pushed."""

    file: SentFile
    parts: tuple[Part, ...]


def from_desk(keys: ReporterKeys, plain: bytes = PLAIN, name: str = "svar.pdf") -> FromDesk:
    file = os.urandom(16)
    sealed = b"".join(seal_file(BytesIO(plain), len(plain), keys.identity.recipient))
    cut = range(0, len(sealed), PART_BYTES)
    parts = tuple(Part(file, len(sealed), index, sealed[at : at + PART_BYTES]) for index, at in enumerate(cut))
    return FromDesk(SentFile(file, name, "application/pdf", len(plain), sha256(sealed).digest()), parts)


@pytest.fixture
def sent(running: Running, reported: PreparedReport) -> FromDesk:
    made = from_desk(reported.keys)
    for part in made.parts:
        push(running, reported.keys, PART, serialize_part(part))
    return made


def test_a_file_of_the_desk_is_saved_and_nothing_beside_it(
    intake: Intake, reported: PreparedReport, sent: FromDesk, tmp_path: Path
) -> None:
    assert save(sent.file, tmp_path, intake, reported.keys) == tmp_path / "svar.pdf"
    assert [path.name for path in tmp_path.iterdir()] == ["svar.pdf"]
    assert (tmp_path / "svar.pdf").read_bytes() == PLAIN


def test_nothing_is_written_over(intake: Intake, reported: PreparedReport, sent: FromDesk, tmp_path: Path) -> None:
    (tmp_path / "svar.pdf").write_text("mine")
    (tmp_path / "elsewhere").write_text("theirs")
    (tmp_path / "svar (2).pdf").symlink_to(tmp_path / "elsewhere")
    assert save(sent.file, tmp_path, intake, reported.keys).name == "svar (3).pdf"
    assert (tmp_path / "svar.pdf").read_text() == "mine"
    assert (tmp_path / "elsewhere").read_text() == "theirs"


def test_a_file_that_is_not_there_is_named_and_leaves_nothing(intake: Intake, reported: PreparedReport, tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        save(from_desk(reported.keys).file, tmp_path, intake, reported.keys)
    assert not list(tmp_path.iterdir())


class Serving(Intake):
    """Gives these parts, whatever it is asked for."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        object.__setattr__(self, "parts", parts)

    def fetch_part(self, file: bytes, index: int, keys: ReporterKeys) -> Part:
        return self.parts[index]  # type: ignore[attr-defined, no-any-return]


def spoiled(whole: FromDesk, what: str) -> FromDesk:
    first, second, last = whole.parts
    file = whole.file
    match what:
        case "order":
            return FromDesk(file, (first, last, second))
        case "another file":
            return FromDesk(file, (replace(first, file=bytes(16)), second, last))
        case "another hash":
            return FromDesk(replace(file, sealed=bytes(32)), whole.parts)
        case "another size":
            return FromDesk(replace(file, size=file.size - 1), whole.parts)
    raise AssertionError(what)


@pytest.mark.parametrize("what", ["order", "another file", "another hash", "another size"])
def test_other_bytes_than_the_desk_named_are_not_saved(card: Card, tmp_path: Path, what: str) -> None:
    keys = prepared(card).keys
    given = spoiled(from_desk(keys), what)
    with pytest.raises(NotTheFile):
        save(given.file, tmp_path, Serving(given.parts), keys)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_part_with_a_changed_byte_is_not_saved(card: Card, tmp_path: Path, index: int) -> None:
    keys = prepared(card).keys
    whole = from_desk(keys)
    parts = list(whole.parts)
    parts[index] = replace(parts[index], sealed=parts[index].sealed[:-1] + bytes([parts[index].sealed[-1] ^ 1]))
    with pytest.raises(PayloadFailed):
        save(whole.file, tmp_path, Serving(tuple(parts)), keys)
    assert not list(tmp_path.iterdir())


def test_one_file_that_cannot_be_saved_is_said_and_keeps_no_other_back(
    intake: Intake, running: Running, card: Card, voice: SigningKey, reported: PreparedReport, sent: FromDesk,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    box = open_mailbox(reported.keys, card, intake)
    missing = replace(sent.file, id=bytes(16), name="v\n\x1bk.pdf")
    recipient = card.recipient("risk")
    key = recipient.epoch, recipient.digest
    context = Context(card.instance, reported.keys.box, TO_REPORTER, "risk", *key, 1, bytes(32), box.thread.last[TO_DESK])
    readers = [recipient.raw, reported.keys.identity.recipient]
    push(
        running, reported.keys, FRAME_TO_REPORTER, contents.seal(Content(context, Files((missing, sent.file))), voice, readers)
    )
    assert not command._saved(open_mailbox(reported.keys, card, intake), tmp_path)
    assert (tmp_path / "svar.pdf").read_bytes() == PLAIN
    assert capsys.readouterr().err == f"NOT SAVED: v��k.pdf: {FileMissing()}\nSaved: {tmp_path / 'svar.pdf'}\n"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("svar.pdf", "svar.pdf"),
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("..\\..\\autostart.bat", "autostart.bat"),
        ("/etc/passwd", "passwd"),
        ("C:evil.txt", "evil.txt"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file"),
        ("svar\u202efdp.exe", "svarfdp.exe"),
        ("svar\n\x1b[2J\x00.pdf", "svar[2J.pdf"),
        ("CON", "file CON"),
        ("nul.txt", "file nul.txt"),
        ("ab:c?.txt", "abc.txt"),
        ("x" * 300 + ".pdf", "x" * 150 + ".pdf"),
    ],
)
def test_a_name_from_the_desk_is_made_harmless(name: str, shown: str) -> None:
    assert harmless(name) == shown


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("./\\:~ aC\0\u202e"))
def test_no_name_leaves_its_folder(name: str) -> None:
    made = harmless(name)
    assert Path("folder", made).parent == Path("folder")
    assert made not in ("", ".", "..")
    assert made.isprintable()
    assert not set(made) & set('/\\<>:"|?*')
    assert len(made.encode()) < 200

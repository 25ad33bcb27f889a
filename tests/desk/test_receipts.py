"""Receipts: one for everything that arrives, made as it is stored, sent at every poll, and believed under the card."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.desk.relaying import Public, public
from tests.desk.running import ANNA, Desk, Reporter, another_card, settings_of, started, today
from whistle.desk.starting import machine_secret, receipt_key
from whistle.errors import ReceiptKeyNotListed, ReceiptKeyWrong, SettingsWrong
from whistle.protocol.card import SigningKey
from whistle.protocol.receipt import Receipt, parse
from whistle.protocol.wire import TO_REPORTER
from whistle.sealing.receipts import read_receipt

LATE = "23:59"


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port, push_times=(LATE,)) as running:
        yield running


def reported(desk: Desk, server: Public, day: date | None = None) -> tuple[Reporter, bytes]:
    reporter = Reporter.new(desk.card)
    envelope = reporter.report()
    server.submit(reporter, envelope, day)
    return reporter, server.texts[-1].digest


def read(desk: Desk, server: Public, reporter: Reporter, sealed: bytes) -> Receipt:
    [receipt] = server.receipts(reporter)
    return read_receipt(receipt, reporter.keys.box, {sealed}, desk.card)


def test_what_arrives_has_its_receipt_in_its_box_after_the_same_poll(desk: Desk, server: Public) -> None:
    reporter, sealed = reported(desk, server)
    desk.poll()
    receipt = read(desk, server, reporter, sealed)
    assert (receipt.sealed, receipt.day, receipt.card) == (sealed, today(), desk.card.digest)


def test_replies_wait_for_their_time_while_receipts_do_not(desk: Desk, server: Public) -> None:
    reported(desk, server)
    desk.poll()
    desk.signed_in(ANNA).post("/cases/1/reply", text="later")
    reported(desk, server)
    desk.poll()
    assert len(server.pushed) == 2
    assert all(each.direction != TO_REPORTER for each in server.pushed)


@pytest.mark.parametrize(("given", "told"), [(timedelta(days=40), timedelta()), (timedelta(days=-1), timedelta(days=-1))])
def test_the_day_is_that_of_the_arrival_and_never_one_to_come(
    desk: Desk, server: Public, given: timedelta, told: timedelta
) -> None:
    early = (SigningKey(today() - timedelta(days=3), None, desk.running.receipts.key.public),)
    with another_card(desk, receipt_keys=early):
        reporter, sealed = reported(desk, server, today() + given)
        desk.poll()
        assert read(desk, server, reporter, sealed).day == today() + told


def test_what_was_receipted_is_not_receipted_again(desk: Desk, server: Public) -> None:
    reported(desk, server)
    desk.poll()
    desk.poll()
    assert server.calls.count("push") == 1


@pytest.mark.parametrize("call", ["confirm", "push"])
def test_a_desk_killed_before_the_server_answers_makes_one_receipt_and_sends_it(desk: Desk, server: Public, call: str) -> None:
    reporter, sealed = reported(desk, server)
    server.refusing = {call}
    desk.poll()
    assert not server.pushed
    assert len(desk.cases.waiting()) == 1
    server.refusing = set()
    desk.poll()
    read(desk, server, reporter, sealed)
    assert len(rows(desk)) == 1


def test_a_server_that_was_restored_is_sent_every_receipt_again(desk: Desk, server: Public) -> None:
    """From a backup of before the second arrival, and of before any receipt."""
    first, second = reported(desk, server), reported(desk, server)
    desk.poll()
    server.texts, server.pushed = server.texts[:1], []
    desk.poll()
    for reporter, sealed in (first, second):
        read(desk, server, reporter, sealed)
    assert len(rows(desk)) == 2


def test_a_receipt_of_a_box_that_is_gone_is_not_sent_for_ever(desk: Desk, server: Public) -> None:
    reporter, _ = reported(desk, server)
    server.gone.add(reporter.keys.box)
    desk.poll()
    desk.poll()
    assert server.calls.count("push") == 1


@pytest.mark.parametrize("how", ["another key", "revoked", "from tomorrow"])
def test_without_its_key_on_the_card_no_receipt_is_made_and_the_inbox_says_so(desk: Desk, server: Public, how: str) -> None:
    own = desk.running.receipts.key.public
    changes = {
        "another key": {"receipt_keys": (SigningKey(today(), None, bytes(32)),)},
        "revoked": {"revoked": (own,)},
        "from tomorrow": {"receipt_keys": (SigningKey(today() + timedelta(days=1), None, own),)},
    }
    anna = desk.signed_in(ANNA)
    assert "gets no receipt" not in anna.get("/").text
    with another_card(desk, **changes[how]):
        reported(desk, server)
        desk.poll()
        assert "gets no receipt" in anna.get("/").text
        with pytest.raises(ReceiptKeyNotListed):
            desk.running.receipts.check(today())
    assert not rows(desk)
    assert "Case 1" in anna.get("/").text


def test_the_receipt_key_opens_with_the_secret_of_its_own_machine_alone(tmp_path: Path, ceremony: Path) -> None:
    settings = settings_of(tmp_path, ceremony, 9)
    machine = machine_secret(settings.machine_secret)
    assert receipt_key(settings.receipt_key, machine).public
    with pytest.raises(ReceiptKeyWrong):
        receipt_key(settings.receipt_key, bytes(32))
    with pytest.raises(ReceiptKeyWrong):
        receipt_key(settings.machine_secret, machine)
    with pytest.raises(SettingsWrong):
        receipt_key(tmp_path / "nowhere", machine)


def rows(desk: Desk) -> list[Receipt]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return [parse(text) for (text,) in connection.execute("SELECT text FROM receipt")]

"""The end of an epoch: the ceremony turns it, case keys follow, its key is destroyed when nothing needs it, never before."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.desk.relaying import Public, public
from tests.desk.running import _OPENED, ANNA, BO, CARL, Desk, Reporter, started
from tests.desk.test_erasure import later
from tests.desk.test_log import log_of
from whistle.ceremony.making import CARD, ROOT
from whistle.ceremony.turning import Register, read_register, turn
from whistle.desk.enrolment import enrol
from whistle.errors import CeremonyRefused, NoMatch, WrongPassphrase
from whistle.protocol.card import Card, parse, serialize
from whistle.sealing.cards import sign_card
from whistle.sealing.groups import open_recipient_key
from whistle.sealing.keys import Identity, SigningKey
from whistle.sealing.wrapping import Factors, unwrap

WORD = "r" * 15


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@dataclass
class World:
    """A desk with a case under the first epoch, and the ceremony that can turn it."""

    desk: Desk
    folder: Path
    root: SigningKey

    @property
    def today(self) -> date:
        return self.desk.clock().date()

    def register(self) -> Register:
        return read_register((self.folder / "desk/register.json").read_text(), self.desk.card)

    def turned(self) -> Card:
        """As a person would: new keys to the desk first, then the card."""
        root = (self.folder / ROOT).read_text(), WORD
        card, files = turn(self.desk.card, self.register(), root, self.today, 90, os.urandom)
        new = self.folder / f"turned-{card.counter}"
        for name, content in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(content)
        enrol(self.desk.cases, new / "desk", card, self.desk.clock())
        self.desk.settings.card.write_bytes(serialize(card))
        _OPENED.clear()
        return card

    def renewed(self) -> None:
        """The card lasts on: without one nothing new could be sealed."""
        card = self.desk.card
        values = {"counter": card.counter + 1, "issued": self.today, "ends": self.today + timedelta(days=90)}
        self.desk.settings.card.write_bytes(serialize(sign_card(replace(card, **values), self.root)))

    def after(self, days: int) -> None:
        self.desk.clock.ahead = timedelta(days=days)
        self.renewed()
        self.desk.signed_in(ANNA)

    def keys(self, group: str = "risk-control") -> list[int]:
        found = [key for key in self.desk.cases.group_keys() if key.group == group and key.purpose == "recipient"]
        return sorted(key.epoch for key in found)

    def acts(self) -> list[str]:
        return [action for _, action, _ in log_of(self.desk) if "key" in action]


@pytest.fixture
def world(tmp_path: Path, server: Public, ceremony: Path) -> Iterator[World]:
    folder = shutil.copytree(ceremony, tmp_path / "ceremony")
    root = SigningKey(unwrap((folder / ROOT).read_text(), "root", Factors(WORD)))
    (tmp_path / "desk").mkdir()
    with started(tmp_path / "desk", folder, server.port) as desk:
        reporter = Reporter.new(desk.card)
        desk.deliver(reporter.frame(reporter.report("Bilag 7 er forfalsket.")))
        desk.signed_in(ANNA)
        yield World(desk, folder, root)
    _OPENED.clear()


def test_a_turned_card_names_the_next_epoch_whose_keys_members_and_recovery_open_and_nobody_else(world: World) -> None:
    before = world.desk.card
    root = (world.folder / ROOT).read_text(), WORD
    card, files = turn(before, world.register(), root, world.today, 90, os.urandom)
    assert [(group.recipient.epoch, bool(group.rings)) for group in card.groups] == [(2, True), (2, False)]
    assert (card.counter, card.instance, card.receipt_keys) == (2, before.instance, before.receipt_keys)
    members = {
        name: unwrap((world.folder / f"desk/members/{name}.enrolment").read_text(), f"member {name}", Factors(words))
        for name, words in ((each, f"{each} took the night train to Skagen") for each in ("anna", "bo", "carl"))
    }
    recovery = unwrap((world.folder / "offline/recovery-risk-control.key").read_text(), "recovery risk-control", Factors(WORD))

    def opens(file: str, secret: bytes) -> bool:
        try:
            open_recipient_key(files[f"desk/groups/risk-control.2.{file}.age"], Identity(secret))
        except NoMatch:
            return False
        return True

    secrets = [*members.values(), recovery]
    assert [opens("recipient", each) for each in secrets] == [True, True, False, True]
    assert [opens("ring-a", each) for each in secrets] == [True, False, False, True]
    assert [opens("ring-b", each) for each in secrets] == [False, True, False, True]


def test_only_the_root_turns_an_epoch_and_only_with_somebody_to_open_it(world: World) -> None:
    with pytest.raises(WrongPassphrase):
        turn(world.desk.card, world.register(), ((world.folder / ROOT).read_text(), "x" * 15), world.today, 90, os.urandom)
    register = (world.folder / "desk/register.json").read_text().replace('"group": "audit-chair"', '"group": null')
    with pytest.raises(CeremonyRefused, match="audit-chair"):
        read_register(register, world.desk.card)


def test_case_keys_are_sealed_to_the_new_epoch_at_the_next_sign_in_and_the_case_reads_on(world: World) -> None:
    world.turned()
    bo = world.desk.signed_in(BO)
    case = world.desk.cases.case(1)
    assert case is not None
    assert case.epoch == 2
    assert world.acts() == ["took keys", "resealed case keys"]
    assert "Bilag 7 er forfalsket." in bo.get("/cases/1").text
    assert bo.post("/cases/1/acknowledge", text="Tak.").status == 303


def test_what_was_sealed_under_the_earlier_epoch_opens_while_its_key_is_here(world: World) -> None:
    late = Reporter.new(world.desk.card)
    sealed = late.report("Sent under the old card.")
    world.turned()
    world.desk.deliver(late.frame(sealed, 2))
    assert "Sent under the old card." in world.desk.signed_in(ANNA).get("/cases/2").text


def test_a_key_is_destroyed_on_its_day_and_not_one_day_before(world: World) -> None:
    world.turned()
    world.desk.signed_in(ANNA)
    world.after(130)
    assert world.keys() == [1, 2]
    world.after(131)
    assert world.keys() == [2]
    assert world.acts() == ["took keys", "resealed case keys", "destroyed epoch key"]
    page = world.desk.signed_in(BO).get("/").text
    assert "key 1 was destroyed on" in page
    assert "Bilag 7 er forfalsket." in world.desk.signed_in(BO).get("/cases/1").text


def test_a_destroyed_key_is_in_no_file_of_the_database_and_is_not_taken_in_again(world: World) -> None:
    recipients = [key for key in world.desk.cases.group_keys() if key.purpose == "recipient"]
    (sealed,) = [key.sealed for key in recipients if key.group == "risk-control"]
    world.turned()
    world.desk.signed_in(ANNA)
    world.after(131)
    later(world.desk, 131)
    files = list(world.desk.database.parent.glob("desk.sqlite*"))
    assert files
    assert not any(sealed[2000:2064] in file.read_bytes() for file in files)
    enrol(world.desk.cases, world.folder / "desk", world.desk.card, world.desk.clock())
    assert world.keys() == [2]


def test_a_key_stays_while_a_case_key_is_sealed_to_it(world: World) -> None:
    world.turned()
    world.desk.signed_in(ANNA)
    with closing(sqlite3.connect(world.desk.database)) as connection, connection:
        connection.execute('UPDATE "case" SET epoch = 1, "group" = \'risk-control\' WHERE number = 1')
    turning = world.desk.running.desk.turning
    turning._reseal = lambda *_: None  # type: ignore[method-assign]
    world.after(131)
    assert world.keys() == [1, 2]


def test_a_key_stays_while_an_envelope_waits_that_was_not_tried_with_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.turned()
    world.desk.signed_in(ANNA)
    late = Reporter.new(replace(world.desk.card))
    world.desk.deliver(late.frame(late.report(), 2))
    monkeypatch.setattr(world.desk.running.desk.case_pages.reader, "open_arrivals", lambda *_: True)  # the card cannot be used
    world.after(131)
    assert world.keys() == [1, 2]


def test_a_key_stays_while_a_file_of_the_groups_cases_is_not_whole(world: World) -> None:
    world.turned()
    world.desk.signed_in(ANNA)
    with closing(sqlite3.connect(world.desk.database)) as connection, connection:
        connection.execute(
            "INSERT INTO file (box, file, direction, length, missing, day, header, taken, pushed) "
            "SELECT box, x'00', 'to-desk', 10, 1, '2026-01-01', 0, 0, 0 FROM \"case\""
        )
    world.after(131)
    assert world.keys() == [1, 2]


def test_a_member_of_another_group_destroys_no_key_of_this_one(world: World) -> None:
    world.turned()
    world.desk.signed_in(ANNA)
    world.desk.signed_in(CARL)
    world.desk.clock.ahead = timedelta(days=131)
    world.renewed()
    world.desk.signed_in(CARL)
    assert (world.keys(), world.keys("audit-chair")) == ([1, 2], [2])


def test_the_day_is_counted_from_the_first_card_that_named_the_next_epoch(world: World) -> None:
    card = world.turned()
    world.desk.signed_in(ANNA)
    world.after(80)
    ((epoch),) = world.desk.cases.epochs.of(["risk-control"])
    assert epoch.until == card.issued + timedelta(days=100)
    assert parse(world.desk.settings.card.read_bytes()).issued == card.issued + timedelta(days=80)
    assert (world.folder / CARD).exists()

"""Whoever left gets no new key, whoever came gets all of theirs: the register of today, from the desk to the ceremony."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ceremony.test_command import whistle_keys
from tests.desk.running import _OPENED, ANNA, BO, CARL, CHEAP, DORA, ERIK, PASSPHRASES, Desk, Member, Reporter, started
from tests.desk.test_people import NILS, WORDS, acts, brought_in, case_of, key_of
from tests.desk.test_starting import command, said
from whistle.ceremony.turning import read_register
from whistle.desk import members as whistle_members
from whistle.errors import CeremonyRefused, KeysOfOthers, NoMatch
from whistle.sealing.groups import seal_anew
from whistle.sealing.keys import Identity
from whistle.sealing.wrapping import Factors, unwrap

WORD = "r" * 15
MONA, OLGA = "mona", "olga"
A, B = {"recipient", "ring-a"}, {"recipient", "ring-b"}


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whistle_members, "STANDARD", CHEAP)


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path) -> Iterator[Desk]:
    folder = shutil.copytree(ceremony, tmp_path / "keys")
    (tmp_path / "words.toml").write_text(f'root = "{WORD}"\n')
    with started(tmp_path, folder, 9) as running:
        yield running
    _OPENED.clear()


def written(desk: Desk, name: str = "today.json") -> Path:
    """The register of today, by the command."""
    file = desk.settings_file.parent / name
    status, words = said(command(file.parent, desk.settings, "register", str(file)))
    assert status == 0, words
    return file


def turned(desk: Desk, register: Path, name: str = "turned") -> Path:
    """The ceremony's new keys, for the desk."""
    out, words = desk.settings_file.parent / name, desk.settings_file.parent / "words.toml"
    done = whistle_keys("turn", "--keys", desk.ceremony, "--out", out, "--register", register, "--passphrases", words)
    assert done.returncode == 0, done.stderr
    return out / "desk"


def enrolled(desk: Desk, folder: Path) -> tuple[int, str]:
    return said(command(desk.settings_file.parent, desk.settings, "enrol", str(folder)))


def opens(desk: Desk, key: Identity, epoch: int = 2, group: str = "risk-control") -> set[str]:
    """Which keys of an epoch somebody's own key opens."""
    found = set()
    for each in desk.cases.group_keys():
        if (each.group, each.epoch) == (group, epoch):
            try:
                seal_anew(each.sealed, key, [])
            except NoMatch:
                continue
            found.add(each.purpose)
    return found


def test_who_left_opens_nothing_of_the_next_epoch_and_who_came_or_stays_opens_everything(desk: Desk) -> None:
    brought_in(desk)
    brought_in(desk, MONA, "lead", "b")
    brought_in(desk, OLGA, ring="b")
    assert desk.signed_in(BO).post("/ring", name=MONA).status == 303
    left = key_of(desk, BO, PASSPHRASES[BO])
    assert desk.signed_in(ANNA).post("/people/remove", name=BO).status == 303
    status, words = enrolled(desk, turned(desk, written(desk)))
    assert (status, words) == (0, "0 members and 4 sealed group keys are enrolled.\n")

    assert opens(desk, left) == set()
    assert opens(desk, key_of(desk, ANNA, PASSPHRASES[ANNA])) == opens(desk, key_of(desk, NILS, WORDS)) == A
    assert opens(desk, key_of(desk, MONA, WORDS)) == B
    assert opens(desk, key_of(desk, OLGA, WORDS)) == {"recipient"}, "nobody has handed her the ring"
    assert opens(desk, key_of(desk, CARL, PASSPHRASES[CARL]), group="audit-chair") == {"recipient"}
    recovery = (desk.ceremony / "offline/recovery-risk-control.key").read_text()
    assert opens(desk, Identity(unwrap(recovery, "recovery risk-control", Factors(WORD)))) == A | B

    mona = Member(desk.port)
    mona.sign_in(MONA, WORDS)
    mona.get("/")
    assert mona.post("/ring", name=OLGA).status == 303
    assert opens(desk, key_of(desk, OLGA, WORDS)) == B
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report("Sealed to the next epoch.")))
    nils = Member(desk.port)
    nils.sign_in(NILS, WORDS)
    nils.get("/")
    assert "Sealed to the next epoch." in nils.get(f"/cases/{case_of(desk, reporter)}").text
    assert "somebody left" not in mona.get("/").text


def test_the_register_is_a_line_of_the_log_and_never_written_over_another(desk: Desk) -> None:
    file = written(desk)
    assert acts(desk)[-1] == ("command line", "wrote register")
    assert "Wrote the register of members" in desk.signed_in(DORA).get("/log").text
    before = file.read_bytes()
    status, words = said(command(file.parent, desk.settings, "register", str(file)))
    assert (status, "is there already" in words) == (2, True)
    assert file.read_bytes() == before
    assert file.stat().st_mode & 0o077 == 0
    lines = {line["name"]: line for line in json.loads(before)["members"]}
    assert sorted(lines) == [ANNA, BO, CARL, DORA, ERIK]
    assert [lines[name]["group"] for name in (BO, DORA)] == ["risk-control", None]
    made = json.loads((desk.ceremony / "desk/register.json").read_text())
    assert json.loads(before)["recovery"] == made["recovery"]
    assert sorted(made["members"], key=lambda line: str(line["name"])) == sorted(lines.values(), key=lambda line: line["name"])


def test_keys_that_somebody_gets_who_left_are_refused_whole(desk: Desk) -> None:
    brought_in(desk)
    stale = written(desk)
    desk.signed_in(ANNA).post("/people/remove", name=NILS)
    before = desk.cases.group_keys()
    status, words = enrolled(desk, turned(desk, stale))
    assert (status, words) == (2, f"whistle-desk: {KeysOfOthers()}\n")
    assert desk.cases.group_keys() == before
    status, _ = enrolled(desk, turned(desk, written(desk, "again.json"), "again"))
    assert (status, {key.epoch for key in desk.cases.group_keys() if key.purpose == "recipient"}) == (0, {1, 3})


def test_keys_that_a_newcomer_lacks_are_refused(desk: Desk) -> None:
    folder = turned(desk, desk.ceremony / "desk/register.json")
    brought_in(desk)
    assert enrolled(desk, folder) == (2, f"whistle-desk: {KeysOfOthers()}\n")


def test_keys_that_come_without_the_register_they_were_sealed_by_are_refused(desk: Desk) -> None:
    folder = turned(desk, written(desk))
    (folder / "register.json").unlink()
    status, words = enrolled(desk, folder)
    assert (status, "register.json cannot be read" in words) == (2, True)


def test_whoever_is_blocked_for_now_keeps_their_place_in_the_next_epoch(desk: Desk) -> None:
    key = key_of(desk, BO, PASSPHRASES[BO])
    desk.signed_in(BO).post("/block")
    assert enrolled(desk, turned(desk, written(desk)))[0] == 0
    assert opens(desk, key) == B


def test_who_leaves_between_the_new_keys_and_their_card_makes_it_turn_once_more(desk: Desk) -> None:
    brought_in(desk)
    card = desk.settings.card.read_bytes()
    assert enrolled(desk, turned(desk, written(desk)))[0] == 0
    published = desk.settings.card.read_bytes()
    desk.settings.card.write_bytes(card)
    anna = desk.signed_in(ANNA)
    assert anna.post("/people/remove", name=NILS).status == 303
    desk.settings.card.write_bytes(published)
    desk.clock.ahead = timedelta(minutes=1)
    assert "somebody left" in anna.get("/people").text


def test_no_register_is_taken_for_granted(desk: Desk) -> None:
    done = whistle_keys("turn", "--keys", desk.ceremony, "--out", desk.settings_file.parent / "turned")
    assert (done.returncode, "--register" in done.stderr) == (2, True)


def test_a_register_without_somebody_in_each_ring_turns_nothing(desk: Desk) -> None:
    text = written(desk).read_text().replace('"ring": "b"', '"ring": null')
    with pytest.raises(CeremonyRefused, match="nobody in one of the rings"):
        read_register(text, desk.card)

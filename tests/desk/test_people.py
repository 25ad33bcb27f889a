"""People by the book: nobody comes in or gets a key by one word alone, and whoever leaves opens nothing new."""

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.desk.running import (
    ANNA,
    BO,
    CARL,
    CHEAP,
    DORA,
    ERIK,
    PASSPHRASES,
    Desk,
    Member,
    Page,
    Reporter,
    another_card,
    started,
)
from tests.desk.test_factors import app_of, passkey_of
from whistle.desk import members as whistle_members
from whistle.desk.enrolment import enrol
from whistle.desk.log_command import BY_COMMAND
from whistle.errors import DeskRefused, GroupFull, NoMatch
from whistle.protocol.card import GroupKey
from whistle.sealing.groups import open_recipient_key, seal_anew, seal_recipient_key
from whistle.sealing.keys import Identity
from whistle.sealing.wrapping import Factors, unwrap
from whistle.store.desk import Cases
from whistle.store.log import Which

NILS = "nils"
WORDS = "nils rowed slowly around Samsoe"
OTHER = "an altogether different sentence, of boats"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What members choose here costs little to try; nothing else about it differs."""
    monkeypatch.setattr(whistle_members, "STANDARD", CHEAP)


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path) -> Iterator[Desk]:
    with started(tmp_path, ceremony, 9) as running:
        yield running


def invite(member: Member, name: str = NILS, role: str = "investigator", group: str = "risk-control", ring: str = "b") -> str:
    """The path of the link."""
    return link_in(member.post("/people/invite", name=name, role=role, group=group, ring=ring))


def link_in(page: Page) -> str:
    found = re.search(r"/invitation/[0-9a-f]{64}", page.text)
    assert found, page.text
    return found[0]


def accept(desk: Desk, link: str, words: str = WORDS) -> str:
    """The check that whoever accepted reads out."""
    page = Member(desk.port).post(link, new=words, again=words)
    assert page.status == 200, page.text
    found = re.search(r"<code>([0-9a-f ]{19})</code>", page.text)
    assert found
    return found[1]


def admit(member: Member, check: str, name: str = NILS) -> Page:
    return member.post("/people/admit", name=name, check=check)


def brought_in(desk: Desk, name: str = NILS, role: str = "investigator", ring: str = "a") -> None:
    check = accept(desk, invite(desk.signed_in(ERIK), name, role, ring=ring))
    assert admit(desk.signed_in(ANNA), check, name).status == 303


def state(desk: Desk, name: str) -> str:
    return desk.cases.people.person(name).state


def key_of(desk: Desk, name: str, words: str) -> Identity:
    """A member's own key, opened as whoever has the disk and the passphrase opens it."""
    member = desk.cases.member(name)
    assert member
    machine = bytes.fromhex(desk.settings.machine_secret.read_text().split()[1])
    factors = Factors(words, machine if "machine" in member.key.split("\n")[2] else None)
    return Identity(unwrap(member.key, f"member {name}", factors))


def opened_by(desk: Desk, key: Identity) -> set[tuple[str, str]]:
    """Which of the groups' keys somebody's own key opens."""
    found = set()
    for each in desk.cases.group_keys():
        try:
            seal_anew(each.sealed, key, [])
        except NoMatch:
            continue
        found.add((each.group, each.purpose))
    return found


def acts(desk: Desk) -> list[tuple[str, str]]:
    return [(line.who, line.action) for line in reversed(desk.cases.lines.lines(Which()))]


def case_of(desk: Desk, reporter: Reporter) -> int | None:
    case = desk.cases.case_of(reporter.keys.box)
    return case.number if case else None


ALL = {("risk-control", "recipient"), ("risk-control", "voice")}

# Coming in ------------------------------------------------------------------------------------------------------------


def test_somebody_is_invited_chooses_a_passphrase_is_let_in_and_reads(desk: Desk) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report("Bilag 7 er forfalsket.")))
    desk.signed_in(ANNA)
    brought_in(desk)
    nils = Member(desk.port)
    assert nils.sign_in(NILS, WORDS).status == 303
    assert "Bilag 7 er forfalsket." in nils.get(f"/cases/{case_of(desk, reporter)}").text
    assert (ERIK, f"invited {NILS}") in acts(desk)
    assert (NILS, "accepted invitation") in acts(desk)
    assert (ANNA, f"admitted {NILS}") in acts(desk)


def test_of_a_link_the_desk_keeps_a_hash_alone(desk: Desk) -> None:
    token = invite(desk.signed_in(ERIK)).removeprefix("/invitation/")
    files = b"".join(path.read_bytes() for path in desk.database.parent.glob("desk.sqlite*"))
    assert token.encode() not in files
    assert bytes.fromhex(token) not in files


def test_an_invitation_works_once(desk: Desk) -> None:
    link = invite(desk.signed_in(ERIK))
    key = accept(desk, link)
    again = Member(desk.port).post(link, new=OTHER, again=OTHER)
    assert (again.status, "This link does not work" in again.text) == (404, True)
    assert Member(desk.port).get(link).status == 404
    assert admit(desk.signed_in(ANNA), key).status == 303


def test_an_invitation_works_for_seven_days_and_no_longer(desk: Desk) -> None:
    link = invite(desk.signed_in(ERIK))
    desk.clock.ahead = timedelta(days=7)
    assert Member(desk.port).get(link).status == 200
    desk.clock.ahead = timedelta(days=8)
    assert Member(desk.port).get(link).status == 404
    assert Member(desk.port).post(link, new=WORDS, again=WORDS).status == 404
    assert state(desk, NILS) == "invited"


def test_another_link_ends_the_former_one(desk: Desk) -> None:
    first = invite(desk.signed_in(ERIK))
    second = link_in(desk.signed_in(ANNA).post("/people/link", name=NILS))
    assert [Member(desk.port).get(link).status for link in (first, second)] == [404, 200]


def test_a_bad_passphrase_is_refused_and_the_link_still_works(desk: Desk) -> None:
    link = invite(desk.signed_in(ERIK))
    page = Member(desk.port).post(link, new="too short", again="too short")
    assert (page.status, "too easy to guess" in page.text) == (400, True)
    page = Member(desk.port).post(link, new=WORDS, again=OTHER)
    assert (page.status, "not typed the same twice" in page.text) == (400, True)
    accept(desk, link)


def test_whoever_waits_to_be_let_in_cannot_sign_in(desk: Desk) -> None:
    accept(desk, invite(desk.signed_in(ERIK)))
    assert Member(desk.port).sign_in(NILS, WORDS).status == 403
    assert desk.cases.member(NILS) is None


def test_nobody_is_let_in_by_whoever_invited_them(desk: Desk) -> None:
    anna, erik = desk.signed_in(ANNA), desk.signed_in(ERIK)
    page = admit(anna, accept(desk, invite(anna)))
    assert (page.status, state(desk, NILS)) == (409, "waiting")
    page = admit(erik, accept(desk, invite(erik, "mona", "auditor", "", "")), "mona")
    assert (page.status, state(desk, "mona")) == (409, "waiting")


def test_who_was_invited_by_another_link_is_let_in_by_another_than_who_made_that(desk: Desk) -> None:
    invite(desk.signed_in(ERIK))
    anna = desk.signed_in(ANNA)
    check = accept(desk, link_in(anna.post("/people/link", name=NILS)))
    assert admit(anna, check).status == 409
    assert state(desk, NILS) == "waiting"


@pytest.mark.parametrize("who", [ERIK, CARL])
def test_into_a_group_only_a_lead_of_it_lets_anybody(desk: Desk, who: str) -> None:
    check = accept(desk, invite(desk.signed_in(ANNA)))
    page = admit(desk.signed_in(who), check)
    assert (page.status, "somebody who holds the keys" in page.text) == (409, True)
    assert state(desk, NILS) == "waiting"


def test_an_auditor_is_let_in_by_any_second_person_of_the_page_and_gets_no_key(desk: Desk) -> None:
    check = accept(desk, invite(desk.signed_in(ANNA), "mona", "auditor", "", ""))
    assert admit(desk.signed_in(CARL), check, "mona").status == 303
    assert opened_by(desk, key_of(desk, "mona", WORDS)) == set()
    assert Member(desk.port).sign_in("mona", WORDS).status == 303


def test_only_the_key_is_let_in_that_was_read_out(desk: Desk) -> None:
    erik = desk.signed_in(ERIK)
    seen = accept(desk, invite(erik))
    accept(desk, link_in(erik.post("/people/link", name=NILS)), OTHER)
    assert admit(desk.signed_in(ANNA), seen).status == 409
    assert state(desk, NILS) == "waiting"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "Bad name!"}, "small letters, digits and dashes"),
        ({"name": "unknown"}, "small letters, digits and dashes"),
        ({"name": BO}, "has or had this name"),
        ({"role": "king"}, "does not go together"),
        ({"group": "nowhere"}, "does not go together"),
        ({"ring": ""}, "does not go together"),
        ({"ring": "c"}, "does not go together"),
        ({"group": "audit-chair"}, "does not go together"),
        ({"role": "auditor"}, "does not go together"),
    ],
)
def test_whoever_cannot_be_invited_so_is_named_and_what_was_typed_stays(desk: Desk, fields: dict[str, str], said: str) -> None:
    typed = {"name": NILS, "role": "investigator", "group": "risk-control", "ring": "b"} | fields
    page = desk.signed_in(ERIK).post("/people/invite", **typed)
    assert page.status == 400
    assert said in page.text
    assert f'value="{typed["name"]}"' in page.text.lower() or "Bad name!" in page.text
    assert NILS not in {each.name for each in desk.cases.people.people()}


# Rings ----------------------------------------------------------------------------------------------------------------


def test_whoever_is_let_in_by_one_of_their_ring_holds_it_and_never_the_other(desk: Desk) -> None:
    brought_in(desk, ring="a")
    assert opened_by(desk, key_of(desk, NILS, WORDS)) == ALL | {("risk-control", "ring-a")}


def test_a_member_of_the_other_ring_hands_it_over_with_one_press(desk: Desk) -> None:
    brought_in(desk, ring="b")
    key = key_of(desk, NILS, WORDS)
    assert opened_by(desk, key) == ALL
    bo, anna = desk.signed_in(BO), desk.signed_in(ANNA)
    assert "nils is new in your ring" not in anna.get("/").text
    assert anna.post("/ring", name=NILS).status == 400
    assert opened_by(desk, key) == ALL
    assert "nils is new in your ring" in bo.get("/").text
    assert bo.post("/ring", name=NILS).status == 303
    assert opened_by(desk, key) == ALL | {("risk-control", "ring-b")}
    assert acts(desk)[-1] == (BO, f"ring-to {NILS}")
    assert "nils is new in your ring" not in bo.get("/").text


def test_nobody_without_the_rings_keys_hands_them_on_or_counts_as_their_holder(desk: Desk) -> None:
    brought_in(desk, ring="b")
    brought_in(desk, "mona", ring="b")
    nils = Member(desk.port)
    nils.sign_in(NILS, WORDS)
    nils.get("/")
    assert nils.post("/ring", name="mona").status == 400
    page = desk.signed_in(ERIK).post("/people/remove", name=BO)
    assert (page.status, "the last one who holds the keys of that ring" in page.text) == (409, True)


def test_nobody_hands_the_keys_of_their_ring_to_themselves(desk: Desk) -> None:
    brought_in(desk, ring="b")
    nils = Member(desk.port)
    nils.sign_in(NILS, WORDS)
    nils.get("/")
    assert nils.post("/ring", name=NILS).status == 400
    assert [each.name for each in desk.cases.people.owed_rings()] == [NILS]
    desk.signed_in(BO).post("/ring", name=BO)  # whoever holds them has nothing to hand to themselves
    assert opened_by(desk, key_of(desk, NILS, WORDS)) == ALL


def test_nobody_ever_holds_both_rings(desk: Desk) -> None:
    brought_in(desk, ring="a")
    brought_in(desk, "mona", "lead", ring="b")
    desk.signed_in(BO).post("/ring", name="mona")
    desk.signed_in(ERIK).post("/people/remove", name=NILS)
    for name, words in ((ANNA, PASSPHRASES[ANNA]), (BO, PASSPHRASES[BO]), ("mona", WORDS)):
        rings = {purpose for _, purpose in opened_by(desk, key_of(desk, name, words)) if purpose.startswith("ring")}
        assert len(rings) == 1, name


# Leaving --------------------------------------------------------------------------------------------------------------


def test_of_who_left_the_old_session_passphrase_and_key_open_nothing_new(desk: Desk) -> None:
    brought_in(desk, ring="a")
    key, nils = key_of(desk, NILS, WORDS), Member(desk.port)
    nils.sign_in(NILS, WORDS)
    assert nils.get("/").status == 200
    assert opened_by(desk, key)
    assert desk.signed_in(ANNA).post("/people/remove", name=NILS).status == 303
    assert nils.get("/").header("location") == "/sign-in"
    assert Member(desk.port).sign_in(NILS, WORDS).status == 403
    assert opened_by(desk, key) == set()
    assert [each for each in desk.running.sessions._sessions.values() if each.member == NILS] == []
    with closing(sqlite3.connect(desk.database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = {value for each in tables for row in connection.execute(f'SELECT * FROM "{each}"') for value in row}
        assert len(values) > 20
    for value in values:
        assert not (isinstance(value, str) and f"purpose: member {NILS}" in value)
        if isinstance(value, bytes) and value.startswith(b"age-encryption"):
            with pytest.raises(NoMatch):
                open_recipient_key(value, key)
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report()))
    page = desk.signed_in(ANNA).get("/").text
    assert f"/cases/{case_of(desk, reporter)}" in page, "those who stay read on"
    assert opened_by(desk, key_of(desk, BO, PASSPHRASES[BO])) == ALL | {("risk-control", "ring-b")}


def test_a_session_that_outlives_its_member_is_ended_by_the_next_request_itself(desk: Desk) -> None:
    bo = desk.signed_in(BO)
    desk.running.desk.people._sessions = type(desk.running.sessions)(os.urandom)  # as if another process held it
    brought_in(desk, "mona", ring="b")
    assert desk.signed_in(BO).post("/ring", name="mona").status == 303
    assert desk.signed_in(ERIK).post("/people/remove", name=BO).status == 303
    assert bo.get("/").header("location") == "/sign-in"


def test_what_an_administrator_left_to_be_sealed_anew_is_sealed_at_the_next_request_of_who_can(desk: Desk) -> None:
    brought_in(desk, ring="a")
    key = key_of(desk, NILS, WORDS)
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert desk.signed_in(ERIK).post("/people/remove", name=NILS).status == 303
    assert opened_by(desk, key) == ALL | {("risk-control", "ring-a")}
    bo.get("/log")
    assert opened_by(desk, key) == {("risk-control", "ring-a")}
    anna.get("/log")
    assert opened_by(desk, key) == set()
    assert acts(desk).count((ANNA, "resealed risk-control")) == acts(desk).count((BO, "resealed risk-control")) == 1
    anna.get("/log")
    assert acts(desk).count((ANNA, "resealed risk-control")) == 1
    with closing(sqlite3.connect(desk.database)) as connection:
        assert connection.execute("SELECT * FROM stale_key").fetchall() == []


def test_the_next_card_must_turn_the_keys_of_a_group_that_somebody_left(desk: Desk) -> None:
    brought_in(desk, ring="a")
    anna = desk.signed_in(ANNA)
    assert "somebody left" not in anna.get("/people").text
    anna.post("/people/remove", name=NILS)
    assert "Risk control: somebody left" in anna.get("/people").text
    assert "Risk control: somebody left" in desk.signed_in(BO).get("/").text
    group = next(each for each in desk.card.groups if each.id == "risk-control")
    assert group.rings
    turned = [GroupKey(2, Identity(os.urandom(32)).recipient) for _ in range(3)]
    changed = type(group)(group.id, group.names, group.voice_keys, turned[0], (turned[1], group.rings[1]))
    others = [each for each in desk.card.groups if each.id != "risk-control"]
    with another_card(desk, groups=(changed, *others)):
        assert "somebody left" in anna.get("/people").text, "one ring is the old one"
    whole = type(group)(group.id, group.names, group.voice_keys, turned[0], (turned[1], turned[2]))
    with another_card(desk, groups=(whole, *others)):
        assert "somebody left" not in anna.get("/people").text


def test_the_last_lead_of_a_group_cannot_go(desk: Desk) -> None:
    erik = desk.signed_in(ERIK)
    for name in (ANNA, CARL):
        page = erik.post("/people/remove", name=name)
        assert (page.status, "Invite another lead first" in page.text) == (409, True)
        assert state(desk, name) == "active"
    brought_in(desk, role="lead")
    assert erik.post("/people/remove", name=ANNA).status == 303


def test_nobody_ends_their_own_access_for_good_and_a_lead_only_that_of_their_group(desk: Desk) -> None:
    brought_in(desk, role="lead")
    assert desk.signed_in(ANNA).post("/people/remove", name=ANNA).status == 409
    assert desk.signed_in(ERIK).post("/people/remove", name=ERIK).status == 409
    assert desk.signed_in(CARL).post("/people/remove", name=NILS).status == 403
    assert {state(desk, name) for name in (ANNA, ERIK, NILS)} == {"active"}


def test_whoever_left_stays_away_though_the_ceremonys_folder_is_taken_over_again(desk: Desk) -> None:
    desk.signed_in(ANNA).post("/people/remove", name=ERIK)
    enrol(desk.cases, desk.ceremony / "desk", desk.card, desk.clock())
    assert desk.cases.member(ERIK) is None
    assert state(desk, ERIK) == "gone"
    assert "has or had this name" in desk.signed_in(ANNA).post("/people/invite", name=ERIK, role="auditor").text


def test_whom_the_ceremony_brings_is_on_the_log_and_whoever_comes_later_comes_by_two(desk: Desk, tmp_path: Path) -> None:
    with closing(Cases(f"sqlite:///{tmp_path}/new.sqlite")) as cases:
        for _ in range(2):
            enrol(cases, desk.ceremony / "desk", desk.card, desk.clock())
        lines = [(line.who, line.action) for line in reversed(cases.lines.lines(Which()))]
    assert lines == [*((BY_COMMAND, f"enrolled {name}") for name in PASSPHRASES), (BY_COMMAND, "took keys")]
    folder = tmp_path / "another"
    shutil.copytree(desk.ceremony / "desk", folder)
    register = json.loads((folder / "register.json").read_text())
    register["members"].append(register["members"][0] | {"name": NILS})
    (folder / "register.json").write_text(json.dumps(register))
    shutil.copy(folder / "members" / f"{ANNA}.enrolment", folder / "members" / f"{NILS}.enrolment")
    text = (folder / "members" / f"{NILS}.enrolment").read_text().replace(f"member {ANNA}", f"member {NILS}")
    (folder / "members" / f"{NILS}.enrolment").write_text(text)
    with pytest.raises(DeskRefused, match="invited by a member"):
        enrol(desk.cases, folder, desk.card, desk.clock())
    assert acts(desk) == []
    assert not desk.cases.people.is_known(NILS)


def test_the_last_auditor_cannot_go_and_no_lead_ends_an_auditors_access(desk: Desk) -> None:
    anna, erik = desk.signed_in(ANNA), desk.signed_in(ERIK)
    assert anna.post("/people/remove", name=DORA).status == 403
    page = erik.post("/people/remove", name=DORA)
    assert page.status == 409
    assert "the last auditor" in page.text
    check = accept(desk, invite(erik, NILS, "auditor", "", ""))
    admit(anna, check)
    assert anna.post("/people/remove", name=NILS).status == 403
    assert erik.post("/people/remove", name=DORA).status == 303
    assert (state(desk, DORA), state(desk, NILS)) == ("gone", "active")
    assert anna.post("/people/remove", name=ERIK).status == 303, "or the only administrator could never go"


def with_a_last_reader(desk: Desk) -> None:
    """A case of anna, bo and nils that nils alone can read."""
    brought_in(desk, role="lead")
    brought_in(desk, "mona", ring="b")  # so that nobody is the last of a ring
    assert desk.signed_in(BO).post("/ring", name="mona").status == 303
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report()))
    desk.signed_in(ANNA)
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        for name in (ANNA, BO, "mona"):
            values = (1, name, name, "2026-11-21", 0)
            connection.execute('INSERT INTO aside ("case", member, "by", day, place) VALUES (?, ?, ?, ?, ?)', values)


def test_the_last_one_who_can_read_a_case_cannot_go_and_the_page_says_what_to_do(desk: Desk) -> None:
    with_a_last_reader(desk)
    anna, erik = desk.signed_in(ANNA), desk.signed_in(ERIK)
    page = anna.post("/people/remove", name=NILS)
    assert (page.status, "nobody but this person could read" in page.text) == (409, True)
    assert "/cases/1" not in page.text
    anna.post("/people/ask", what="new-key", name=NILS)
    assert erik.post("/people/new-key", name=NILS).status == 409
    assert state(desk, NILS) == "active"
    assert anna.post("/people/remove", name=BO).status == 303, "who could not read it goes as before"
    brought_in(desk, "olga", ring="a")
    assert anna.post("/people/remove", name=NILS).status == 303


def test_the_last_one_who_can_read_a_case_can_be_blocked_and_who_can_help_is_alarmed(desk: Desk) -> None:
    with_a_last_reader(desk)
    anna, erik, words = desk.signed_in(ANNA), desk.signed_in(ERIK), "Risk control: there is a case that nobody can read now"
    assert words not in anna.get("/").text
    assert erik.post("/people/block", name=NILS).status == 303
    assert words in anna.get("/").text
    assert words in erik.get("/people").text
    assert words not in desk.signed_in(BO).get("/").text
    assert erik.post("/people/remove", name=NILS).status == 409, "whoever is blocked can still come back to it"
    assert erik.post("/people/ask", what="unblock", name=NILS).status == 303
    assert anna.post("/people/unblock", name=NILS).status == 303
    assert words not in anna.get("/").text


# Blocking -------------------------------------------------------------------------------------------------------------


def test_one_press_blocks_ones_own_access_and_two_others_give_it_back(desk: Desk) -> None:
    bo, other = desk.signed_in(BO), desk.signed_in(BO)
    assert "Your access is blocked" in bo.post("/block").text
    assert other.get("/").header("location") == "/sign-in"
    assert Member(desk.port).sign_in(BO).status == 403
    anna, erik = desk.signed_in(ANNA), desk.signed_in(ERIK)
    assert anna.post("/people/unblock", name=BO).status == 409, "nobody has asked for it"
    assert anna.post("/people/ask", what="unblock", name=BO).status == 303
    assert anna.post("/people/unblock", name=BO).status == 409
    assert state(desk, BO) == "blocked"
    assert erik.post("/people/unblock", name=BO).status == 303
    assert Member(desk.port).sign_in(BO).status == 303
    assert opened_by(desk, key_of(desk, BO, PASSPHRASES[BO])) == ALL | {("risk-control", "ring-b")}


def test_an_administrator_blocks_anybody_at_once_and_nobody_else_does(desk: Desk) -> None:
    anna = desk.signed_in(ANNA)
    assert anna.post("/people/block", name=BO).status == 403
    assert desk.signed_in(ERIK).post("/people/block", name=ANNA).status == 303
    assert anna.get("/").header("location") == "/sign-in"
    assert Member(desk.port).sign_in(ANNA).status == 403


def test_whoever_is_blocked_keeps_their_place_when_keys_are_sealed_anew(desk: Desk) -> None:
    brought_in(desk, ring="a")
    key = key_of(desk, BO, PASSPHRASES[BO])
    desk.signed_in(BO).post("/block")
    desk.signed_in(ANNA).post("/people/remove", name=NILS)
    assert opened_by(desk, key) == ALL | {("risk-control", "ring-b")}


def test_a_request_that_waited_for_more_than_seven_days_is_over(desk: Desk) -> None:
    desk.signed_in(BO).post("/block")
    assert desk.signed_in(ANNA).post("/people/ask", what="unblock", name=BO).status == 303
    desk.clock.ahead = timedelta(days=8)
    assert desk.signed_in(ERIK).post("/people/unblock", name=BO).status == 409
    assert state(desk, BO) == "blocked"


# A forgotten passphrase, and one that is known ------------------------------------------------------------------------


def test_a_forgotten_passphrase_takes_two_others_a_new_key_and_being_let_in(desk: Desk) -> None:
    brought_in(desk, ring="a")
    old, anna, erik = key_of(desk, NILS, WORDS), desk.signed_in(ANNA), desk.signed_in(ERIK)
    assert erik.post("/people/new-key", name=NILS).status == 409
    assert erik.post("/people/ask", what="new-key", name=NILS).status == 303
    assert erik.post("/people/new-key", name=NILS).status == 409
    assert opened_by(desk, old)
    link = link_in(anna.post("/people/new-key", name=NILS))
    assert opened_by(desk, old) == set()
    assert Member(desk.port).sign_in(NILS, WORDS).status == 403
    check = accept(desk, link, OTHER)
    assert admit(anna, check).status == 409, "she made the link"
    brought_in(desk, "mona", "lead", "a")
    mona = Member(desk.port)
    mona.sign_in("mona", WORDS)
    mona.get("/people")
    assert admit(mona, check).status == 303
    assert opened_by(desk, key_of(desk, NILS, OTHER)) == ALL | {("risk-control", "ring-a")}
    assert Member(desk.port).sign_in(NILS, WORDS).status == 403
    assert Member(desk.port).sign_in(NILS, OTHER).status == 303


def with_factors(desk: Desk) -> None:
    """Two of nils and one of bo."""
    brought_in(desk, ring="b")
    nils = Member(desk.port)
    assert nils.sign_in(NILS, WORDS).header("location") == "/"
    nils.get("/")
    app_of(desk, nils)
    passkey_of(desk, nils)
    app_of(desk, desk.signed_in(BO))
    assert [len(desk.cases.factors.of(name)) for name in (NILS, BO)] == [2, 1]


def test_the_second_factors_of_who_left_are_gone(desk: Desk) -> None:
    with_factors(desk)
    assert desk.signed_in(ERIK).post("/people/remove", name=NILS).status == 303
    assert [len(desk.cases.factors.of(name)) for name in (NILS, BO)] == [0, 1]


def test_the_second_factors_of_who_gets_another_key_are_gone_and_none_is_asked_for_with_the_new_one(desk: Desk) -> None:
    with_factors(desk)
    anna, erik = desk.signed_in(ANNA), desk.signed_in(ERIK)
    assert anna.post("/people/ask", what="new-key", name=NILS).status == 303
    assert [len(desk.cases.factors.of(name)) for name in (NILS, BO)] == [2, 1], "one word alone takes nothing"
    check = accept(desk, link_in(erik.post("/people/new-key", name=NILS)), OTHER)
    assert [len(desk.cases.factors.of(name)) for name in (NILS, BO)] == [0, 1]
    assert admit(anna, check).status == 303
    assert Member(desk.port).sign_in(NILS, OTHER).header("location") == "/"


def test_nobody_asks_for_or_confirms_what_concerns_themselves(desk: Desk) -> None:
    assert desk.signed_in(ANNA).post("/people/ask", what="new-key", name=ANNA).status == 409
    brought_in(desk, role="lead")
    desk.signed_in(ERIK).post("/people/ask", what="new-key", name=ANNA)
    assert desk.signed_in(ANNA).post("/people/new-key", name=ANNA).status == 409
    assert desk.cases.member(ANNA)


def test_the_key_of_the_last_lead_is_not_destroyed_by_a_forgotten_passphrase(desk: Desk) -> None:
    desk.signed_in(ERIK).post("/people/ask", what="new-key", name=CARL)
    page = desk.signed_in(ANNA).post("/people/new-key", name=CARL)
    assert (page.status, "Invite another lead first" in page.text) == (409, True)
    assert desk.cases.member(CARL)


def test_after_an_incident_two_make_everybody_choose_another_passphrase_before_anything_else(desk: Desk) -> None:
    anna, erik, bo = desk.signed_in(ANNA), desk.signed_in(ERIK), desk.signed_in(BO)
    assert anna.post("/people/ask", what="reset").status == 303
    assert anna.post("/people/reset").status == 409
    assert bo.get("/").status == 200
    assert erik.post("/people/reset").status == 303
    assert {each.get("/").header("location") for each in (anna, erik, bo)} == {"/sign-in"}
    assert bo.sign_in(BO).status == 303
    for path in ("/", "/cases/1", "/log", "/numbers"):
        assert bo.get(path).header("location") == "/passphrase"
    assert "Choose another passphrase now" in bo.get("/passphrase").text
    assert bo.post("/ring", name=ANNA).header("location") == "/passphrase"
    same = PASSPHRASES[BO]
    assert "the former one" in bo.post("/passphrase", old=same, new=same, again=same).text
    assert bo.get("/").status == 303
    assert bo.post("/passphrase", old=same, new=OTHER, again=OTHER).status == 303
    assert bo.get("/").status == 200
    assert Member(desk.port).sign_in(BO, same).status == 403


def test_a_request_is_withdrawn_and_then_it_takes_two_again(desk: Desk) -> None:
    anna, erik = desk.signed_in(ANNA), desk.signed_in(ERIK)
    anna.post("/people/ask", what="reset")
    assert erik.post("/people/ask", what="reset").status == 409, "it waits already"
    assert anna.post("/people/withdraw", what="reset").status == 303
    assert erik.post("/people/reset").status == 409
    assert erik.post("/people/withdraw", what="reset").status == 409


# The list, the log, the store -----------------------------------------------------------------------------------------


def test_the_list_has_everybody_with_role_group_ring_state_and_last_day(desk: Desk) -> None:
    brought_in(desk, ring="b")
    desk.signed_in(BO).post("/block")
    invite(desk.signed_in(ERIK), "mona", "auditor", "", "")
    Member(desk.port).sign_in(NILS, WORDS)
    page = desk.signed_in(ERIK).get("/people").text
    rows = [re.sub(r"<[^>]+>|\s+", " ", row) for row in page.split("<tr>")[2:]]
    lines = [re.sub(r" +", " ", row) for row in rows]
    assert [line.split()[0] for line in lines] == sorted([ANNA, BO, CARL, DORA, ERIK, NILS, "mona"])
    assert re.search(r"Investigator Risk control · ring B Active · cannot help [a-z ,:]+ \d+ \w+ 20\d\d", lines[6])
    assert re.search(r"Investigator Risk control · ring B Blocked · \d+ \w+ 20\d\d Never", lines[1])
    assert re.search(r"mona Auditor None Invited · the link works until \d+ \w+ 20\d\d Never", lines[5])


def test_every_act_is_on_the_log_with_words_and_with_whom(desk: Desk) -> None:
    erik, anna = desk.signed_in(ERIK), desk.signed_in(ANNA)
    invite(erik)
    check = accept(desk, link_in(erik.post("/people/link", name=NILS)))
    admit(anna, check)
    desk.signed_in(BO).post("/ring", name=NILS)
    erik.post("/people/block", name=NILS)
    erik.post("/people/ask", what="unblock", name=NILS)
    erik.post("/people/withdraw", what="unblock", name=NILS)
    erik.post("/people/ask", what="unblock", name=NILS)
    anna.post("/people/unblock", name=NILS)
    erik.post("/people/ask", what="new-key", name=NILS)
    anna.post("/people/new-key", name=NILS)
    erik.post("/people/remove", name=NILS)
    erik.post("/people/ask", what="reset")
    anna.post("/people/reset")
    named = [(who, action) for who, action in acts(desk) if action != "refused"]
    assert named == [
        (ERIK, "invited nils"),
        (ERIK, "reinvited nils"),
        (NILS, "accepted invitation"),
        (ANNA, "admitted nils"),
        (BO, "ring-to nils"),
        (ERIK, "blocked nils"),
        (ERIK, "asked-unblock nils"),
        (ERIK, "withdrew-unblock nils"),
        (ERIK, "asked-unblock nils"),
        (ANNA, "unblocked nils"),
        (ERIK, "asked-new-key nils"),
        (ANNA, "rekeyed nils"),
        (ERIK, "removed nils"),
        (ERIK, "asked-reset"),
        (ANNA, "reset passphrases"),
    ]
    page = desk.signed_in(DORA)
    assert page.get("/log").header("location") == "/passphrase"
    words = desk.running.desk.pages.catalogues["en"].words
    for _, action in named:
        verb = action.partition(" ")[0]
        assert f"act.of.{verb}" in words or f"act.{action.replace(' ', '_')}" in words, action


def test_the_log_page_says_whom(desk: Desk) -> None:
    invite(desk.signed_in(ERIK))
    assert "Invited nils" in desk.signed_in(DORA).get("/log").text
    assert "Inviterede nils" in desk.signed_in(DORA).get("/log?language=da").text


def test_keys_of_a_team_of_ten_open_and_of_more_than_can_be_read_are_refused() -> None:
    key, holders = Identity(os.urandom(32)), [Identity(os.urandom(32)) for _ in range(40)]
    for count in (11, 40):
        sealed = seal_recipient_key(key, [each.recipient for each in holders[:count]])
        assert open_recipient_key(sealed, holders[count - 1]).reveal() == key.reveal()
    with pytest.raises(GroupFull):
        seal_recipient_key(key, [each.recipient for each in [*holders, key]])


def test_a_database_from_before_is_brought_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/desk.sqlite"
    Cases(url).close()
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        for table in ("person", "person_asked", "renewal", "ring_owed", "stale_key", "turning"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE schema SET version = 7")
        connection.commit()
    cases = Cases(url)
    assert cases.people.people() == []
    cases.close()

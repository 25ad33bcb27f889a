"""Who works on a case: somebody who may see it. Whoever leaves, is blocked or is kept away works on it no more."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.desk.relaying import Public, public
from tests.desk.running import ANNA, BO, CHEAP, ERIK, Desk, Reporter, started
from tests.desk.test_conflicts import hand_over
from tests.desk.test_people import NILS, brought_in
from whistle.desk import members as whistle_members
from whistle.errors import Overtaken
from whistle.store.desk import Act, Cases
from whistle.store.log import Which
from whistle.store.sheets import Change, Days, Marks

HERE, OTHER = "/cases/1", "/cases/2"


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Two cases."""
    monkeypatch.setattr(whistle_members, "STANDARD", CHEAP)
    with started(tmp_path, ceremony, server.port) as running:
        for place in (1, 2):
            reporter = Reporter.new(running.card)
            running.deliver(reporter.frame(reporter.report("Bilag 7 er forfalsket."), place))
        yield running


def assign(desk: Desk, name: str, path: str = HERE, revision: int = 0) -> int:
    fields = {"part": "work", "revision": str(revision), "category": "", "priority": "normal", "assigned": name}
    return desk.signed_in(ANNA).post(f"{path}/sheet", **fields).status


def assigned(desk: Desk) -> list[str | None]:
    cases = [desk.cases.case(number) for number in (1, 2)]
    return [case.assigned for case in cases if case]


def acts(desk: Desk, case: int) -> list[tuple[str, str]]:
    return [(line.who, line.action) for line in desk.cases.lines.lines(Which(case=case))]


def removed(desk: Desk) -> None:
    assert desk.signed_in(ANNA).post("/people/remove", name=NILS).status == 303


def blocked(desk: Desk) -> None:
    assert desk.signed_in(ERIK).post("/people/block", name=NILS).status == 303


def rekeyed(desk: Desk) -> None:
    assert desk.signed_in(ANNA).post("/people/ask", what="new-key", name=NILS).status == 303
    assert desk.signed_in(ERIK).post("/people/new-key", name=NILS).status == 200


@pytest.mark.parametrize("act", [removed, blocked, rekeyed])
def test_who_is_no_member_any_more_works_on_no_case_and_each_has_a_line(desk: Desk, act: Callable[[Desk], None]) -> None:
    brought_in(desk)
    assert [assign(desk, NILS), assign(desk, BO, OTHER)] == [303, 303]
    assert assigned(desk) == [NILS, BO]
    act(desk)
    assert assigned(desk) == [None, BO]
    assert f"unassigned {NILS}" in [action for _, action in acts(desk, 1)]
    assert not [action for _, action in acts(desk, 2) if action.startswith("unassigned")]
    anna = desk.signed_in(ANNA)
    assert f"Took {NILS} off the case" in anna.get(HERE).text
    assert f"Tog {NILS} af sagen" in anna.get(f"{HERE}?language=da").text


def test_who_steps_aside_or_is_excluded_works_on_that_case_no_more_and_on_others_still(desk: Desk) -> None:
    brought_in(desk)
    desk.signed_in(ANNA)
    assert [assign(desk, BO), assign(desk, BO, OTHER)] == [303, 303]
    assert desk.signed_in(BO).post(f"{HERE}/step-aside").status == 303
    assert assigned(desk) == [None, BO]
    assert desk.signed_in(ANNA).post(f"{OTHER}/exclude", text="why", member=BO).status == 303
    assert assigned(desk) == [None, None]


def test_a_case_that_is_handed_on_is_nobodys_at_first(desk: Desk) -> None:
    assert assign(desk, ANNA) == 303
    assert hand_over(desk.signed_in(ANNA)).status == 303
    assert assigned(desk) == [None, None]


def test_who_is_kept_away_from_a_case_cannot_be_given_it_or_a_task_of_it(desk: Desk) -> None:
    assert desk.signed_in(BO).post(f"{HERE}/step-aside").status == 303
    assert assign(desk, BO) == 400
    page = desk.signed_in(ANNA).post(f"{HERE}/sheet", part="task", revision="0", text="Call the bank", who=BO, day="")
    assert (page.status, "Call the bank" in page.text) == (400, True)
    assert assigned(desk) == [None, None]


def test_who_left_while_somebody_gave_them_the_case_does_not_get_it(desk: Desk) -> None:
    desk.signed_in(ANNA)
    marks = Marks("who-left", None, "normal", None, None)
    with pytest.raises(Overtaken):
        desk.cases.sheets.keep([Change(1, 0, b"sealed", marks, days=Days())], [])
    assert (assigned(desk), desk.cases.sheets.kept(1).revision) == ([None, None], 0)


def test_in_a_database_from_before_who_may_not_see_a_case_is_taken_off_it(desk: Desk) -> None:
    brought_in(desk)
    desk.cases.conflicts.step_aside(Act(desk.clock(), BO, "stepped aside", 1))
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("UPDATE \"case\" SET assigned = 'bo'")
        connection.execute("UPDATE schema SET version = 16")
        connection.commit()
    Cases(desk.settings.database).close()
    assert assigned(desk) == [None, BO]

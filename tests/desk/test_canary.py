"""Nothing that anybody wrote lies open in the desk's files: a word that nobody else writes goes into every form of a case."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.desk.running import ANNA, BO, Desk, Member, Reporter, started, today
from tests.desk.test_casework import TICKS
from tests.desk.test_channels import keep
from tests.desk.test_files import upload
from tests.desk.test_identity import sealed_name
from whistle.desk.sheet import PARTS

CANARY = "kanariefuglen"
CASE = "/cases/1"
ANY = "/cases/{number:case}/"


def every_spelling(word: str) -> list[bytes]:
    """As it is, in UTF-16, in hexadecimal, and wherever base64 cuts it."""
    plain = word.encode()
    cut = [b64encode(plain[start : start + (len(plain) - start) // 3 * 3]) for start in range(3)]
    return [plain, word.encode("utf-16-le"), plain.hex().encode(), *cut]


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lying_open(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    return [(name, each) for name, content in files.items() for each in every_spelling(CANARY) if each in content]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, ceremony: Path) -> Iterator[Desk]:
    with started(tmp_path_factory.mktemp("desk"), ceremony, 9, recordings=True, preset="fi") as running:
        yield running


Filled = tuple[Member, str, dict[str, str]]
NO_WORDS = {  # forms of a case that take none
    *("confirm", "withdraw", "removal-confirm", "removal-withdraw", "declare", "step-aside", "purpose"),
    *("identity/approve", "identity/end", "identity/reveal", "files/{file:file}"),
}
PARTS_WITHOUT = {"tick", "related", "remove", "work", "money"}  # parts of the sheet that take none
SAID = {"text": f"Om {CANARY}."}


def forms_of(desk: Desk) -> set[str]:
    """Every form of a case, from the route table."""
    table = desk.running.desk.table
    return {line.path.removeprefix(ANY) for line in table if line.method == "POST" and line.path.startswith(ANY)}


def of_the_first(anna: Member, bo: Member) -> list[Filled]:
    later, now = str(today() + timedelta(30)), str(today())
    return [
        (anna, "acknowledge", SAID),
        (anna, "reply", SAID),
        (anna, "note", SAID),
        (anna, "ask", {"question-1": f"{CANARY}?", "choices-1": f"{CANARY} 1\n{CANARY} 2"}),
        (anna, "minutes", SAID),
        (anna, "feedback", SAID | TICKS),
        (anna, "sheet", {"part": "task"} | SAID),
        (anna, "sheet", {"part": "tags"} | SAID),
        (anna, "sheet", {"part": "risk", "risk": "low", "day": later} | SAID),
        (anna, "sheet", {"part": "person", "role": CANARY} | SAID),
        (anna, "sheet", {"part": "hearing", "who": CANARY, "day": now} | SAID),
        (anna, "sheet", {"part": "telling", "telling": "postponed", "day": later} | SAID),
        (anna, "necessity", SAID),
        (anna, "removal", SAID),
        (anna, "hold", SAID | {"review": later}),
        (bo, "confirm", {"what": "hold"}),
        (anna, "lift", SAID),
        (anna, "exclude", SAID | {"member": BO}),
        (anna, "readmit", SAID),
        (anna, "identity", SAID),
        (bo, "identity/refuse", SAID),
        (anna, "disclose", {"to": CANARY, "ground": "proceedings", "told": "notice", "notice": CANARY} | SAID),
        (anna, "disclose", {"to": CANARY, "ground": "proceedings", "told": "exception", "exception": CANARY} | SAID),
        (bo, "note", SAID),
        (anna, "outcome", SAID | TICKS | {"outcome": "substantiated"}),
        (anna, "closing", SAID | TICKS),
    ]


def of_the_others(anna: Member) -> list[Filled]:
    """What a case takes instead of the above, when it is closed, and last of all."""
    ends = [(anna, "state", SAID | {"state": state}) for state in ("assessing", "out_of_scope", "concluding", "closed")]
    outcome = (anna, "outcome", SAID | TICKS | {"outcome": "substantiated"})
    return [
        (anna, "suppress", SAID),
        outcome,
        *ends,
        (anna, "early", SAID),
        (anna, "hand-over", SAID | {"group": "audit-chair"}),
    ]


def fill_in(case: str, forms: Iterable[Filled]) -> Iterator[tuple[str, str]]:
    """Fills each form in and sends it, with what its page gives it; which one, and which part of the sheet."""
    for member, form, fields in forms:
        page = member.get(case).text
        hidden = dict(re.findall(r'name="(revision|source|aside)" value="([0-9]+)"', page))
        if asked := re.search(rf'/{form}".*?name="asked" value="([0-9]+)"', page, re.DOTALL):
            hidden["asked"] = asked[1]
        if form == "removal":
            hidden["part"] = re.findall(r'<option value="([^"]+)"', page.split('id="removal-part"')[1].split("</select>")[0])[
                -1
            ]
        answer = member.post(f"{case}/{form}", **(hidden | fields))
        assert answer.status == 303, (form, fields, answer.text)
        yield form, fields.get("part", "")


def test_no_word_that_anybody_wrote_lies_open_in_the_files_of_the_desk(desk: Desk) -> None:
    first, second = Reporter.new(desk.card), Reporter.new(desk.card)
    report = first.report(f"Bilag 7 og {CANARY}.", identity=sealed_name(desk, CANARY))
    desk.deliver(first.frame(report), first.frame(first.message(f"Mere om {CANARY}."), 2))
    desk.deliver(second.frame(second.report(f"Bilag 8 og {CANARY}."), 3))
    anna, bo = desk.signed_in(ANNA), desk.signed_in(BO)
    assert CANARY in anna.get(CASE).text
    filled = {*fill_in(CASE, of_the_first(anna, bo)), *fill_in("/cases/2", of_the_others(anna))}
    anna.get(CASE)
    assert upload(anna, CANARY.encode() * 1_000)[0].status == 303
    assert keep(anna, text=f"Sagde ja til {CANARY}.") == 303
    forms = {form for form, _ in filled} | {"files", "recording"}
    assert forms | NO_WORDS == forms_of(desk), "a form is not filled in here: say how, or that it takes no words"
    assert {part for _, part in filled if part} | PARTS_WITHOUT == {*PARTS}
    assert CANARY in anna.get(CASE).text
    files = written(desk.database.parent)
    assert any(name.endswith("desk.sqlite") for name in files)
    assert lying_open(files) == []


def test_the_search_finds_a_word_that_does_lie_open(tmp_path: Path) -> None:
    for number, spelling in enumerate(every_spelling(CANARY)):
        (tmp_path / f"{number}").write_bytes(b"xx" + spelling + b"xx")
    assert {name for name, _ in lying_open(written(tmp_path))} == set("012345")

"""Nothing that anybody wrote lies open in the desk's files: a word that nobody else writes goes into every form of a case."""

from base64 import b64encode
from datetime import timedelta
from pathlib import Path

from tests.desk.running import ANNA, BO, Desk, Member, Reporter, today
from tests.desk.test_casework import TICKS
from tests.desk.test_files import upload

CANARY = "kanariefuglen"
CASE = "/cases/1"


def every_spelling(word: str) -> list[bytes]:
    """As it is, in UTF-16, in hexadecimal, and wherever base64 cuts it."""
    plain = word.encode()
    cut = [b64encode(plain[start : start + (len(plain) - start) // 3 * 3]) for start in range(3)]
    return [plain, word.encode("utf-16-le"), plain.hex().encode(), *cut]


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lying_open(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    return [(name, each) for name, content in files.items() for each in every_spelling(CANARY) if each in content]


def fill_in(anna: Member, bo: Member) -> None:
    """Every form of a case that takes words, each taken."""
    said, later = {"text": f"Om {CANARY}."}, str(today() + timedelta(30))
    forms: list[tuple[Member, str, dict[str, str]]] = [
        (anna, "acknowledge", said),
        (anna, "reply", said),
        (anna, "note", said),
        (anna, "ask", {"question-1": f"{CANARY}?", "choices-1": f"{CANARY} 1\n{CANARY} 2"}),
        (anna, "minutes", said),
        (anna, "feedback", said | TICKS),
        (anna, "sheet", {"part": "task", "revision": "0"} | said),
        (anna, "sheet", {"part": "tags", "revision": "1"} | said),
        (anna, "hold", said | {"review": later}),
        (anna, "exclude", said | {"member": BO}),
        (anna, "readmit", said | {"aside": "1"}),
        (anna, "disclose", {"to": CANARY, "ground": "proceedings", "told": "notice", "notice": CANARY} | said),
        (bo, "note", said),
        (anna, "outcome", said | TICKS | {"outcome": "substantiated"}),
        (anna, "closing", said | TICKS),
    ]
    for member, form, fields in forms:
        member.get(CASE)
        page = member.post(f"{CASE}/{form}", **fields)
        assert page.status == 303, (form, page.text)
    assert upload(anna, CANARY.encode() * 1_000)[0].status == 303


def test_no_word_that_anybody_wrote_lies_open_in_the_files_of_the_desk(desk: Desk) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(
        reporter.frame(reporter.report(f"Bilag 7 og {CANARY}.")), reporter.frame(reporter.message(f"Mere om {CANARY}."), 2)
    )
    anna = desk.signed_in(ANNA)
    assert CANARY in anna.get(CASE).text
    fill_in(anna, desk.signed_in(BO))
    assert CANARY in anna.get(CASE).text
    files = written(desk.database.parent)
    assert any(name.endswith("desk.sqlite") for name in files)
    assert lying_open(files) == []


def test_the_search_finds_a_word_that_does_lie_open(tmp_path: Path) -> None:
    for number, spelling in enumerate(every_spelling(CANARY)):
        (tmp_path / f"{number}").write_bytes(b"xx" + spelling + b"xx")
    assert {name for name, _ in lying_open(written(tmp_path))} == set("012345")

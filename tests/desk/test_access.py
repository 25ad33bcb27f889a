"""Which cases a member may see is decided in one place: every way around it is named here, with what it is for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

WHISTLE = Path(__file__).resolve().parents[2] / "whistle"

# Functions of the store that find cases for the program itself, and so ask nothing of a member.
FOR_THE_PROGRAM = {
    "broadcast._cases_of": "every case of a group gets the same, and none is shown",
    "broadcast.send": "the box of a case that gets it",
    "conflicts.refuse_kept_away": "one member, one case: it is the question itself",
    "conflicts.is_reader": "the group of a case, for one member: it is the question itself",
    "conflicts.refuse_the_last_reader": "whether there is one, and not which",
    "conflicts.unread": "whether a group has one, and not which",
    "conflicts.hand_over": "in a case that its caller has read",
    "conflicts._put_aside": "in a case that its caller may see",
    "counts._ended": "the purge",
    "counts.note": "of a case that its caller has opened: whether it is still closed",
    "conflicts.unassign_kept_away": "a database from before is brought up",
    "desk.hashes_of_log": "whether a line is of a case that is still here",
    "desk.unopened": "files are opened for a case, by whichever session has the key, and not shown",
    "desk.unopened_reports": "what is no case yet, in a number and a day, for the auditor alone",
    "desk.case": "the program's own, and tests'",
    "desk.case_of": "what comes for a box goes into its case unseen",
    "desk._take_step": "the outcome of a case that its writer has read",
    "upgrades._ask_about_scope": "cases of an earlier version, and nothing is shown",
    "desk._say": "in a case that its writer has read; who may not see it any more is refused",
    "desk._put_first": "what a reporter sent moves its case, and nothing is shown",
    "desk._keep_time": "the columns of due days",
    "desk._keep_all_time": "the columns of due days",
    "epochs._needed": "whether a key is",
    "epochs.before": "case keys are sealed anew, and nothing is shown",
    "mail.about": "mails name no case; groups are told of their own",
    "mail.kept_from": "what is left out for one member: it is the question itself",
    "removal._destroy": "in a case that its caller has read",
    "sheets._put": "in a case that its caller has read",
    "erasure.next_number": "a number",
    "erasure.closed": "the purge",
    "erasure.looked": "when each case was last looked at; members are shown what they may see of it",
    "erasure.erase": "the purge",
    "erasure._ending": "of a case that its caller has read, and the purge",
}
# Methods of the store that take a case and ask nothing of a member, and the modules of the desk that may call them.
AFTER_READING = {
    "case": {"erasure", "reading"},  # whose review is overdue, for a mail that names no case; and of_group()
    "case_of": {"continuing", "reading"},  # the box that a case goes on from; then unshown() asks
    "contents": {"reading"},
    "of_group": {"writing"},  # what every mailbox is told
    # Numbers; a link in both cases; a recording whose minutes are agreed; whose key vouches for a later case.
    "unshown": {"counting", "casefile", "channels", "continuing"},
}
DECIDES = {"visible", "visible_erased"}


def functions(file: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef))


def calls(node: ast.AST) -> set[str]:
    found = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
    return {getattr(each, "attr", getattr(each, "id", "")) for each in found}


def selects_cases(function: ast.FunctionDef) -> bool:
    """Whether a statement of it reads rows of the table of cases."""
    selects = [each for each in ast.walk(function) if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "select"]
    return any(isinstance(each, ast.Name) and each.id == "_case" for select in selects for each in ast.walk(select))


def test_every_query_for_cases_asks_whether_the_member_may_see_them() -> None:
    around = {
        f"{file.stem}.{function.name}"
        for file in sorted((WHISTLE / "store").glob("*.py"))
        if file.stem != "intake"
        for function in functions(file)
        if selects_cases(function) and not calls(function) & DECIDES
    }
    around -= {"conflicts.is_kept_from", "desk.refused"}  # the question itself; and what is in no case, by the same question
    assert around == set(FOR_THE_PROGRAM), "ask visible(), or say here why nobody is shown what this finds"


def test_a_group_is_compared_with_a_members_groups_in_one_place() -> None:
    """Whoever writes `case.group.in_(…)` anew would forget who is kept away."""
    compared = {
        f"{file.stem}.{function.name}"
        for file in (WHISTLE / "store").glob("*.py")
        for function in functions(file)
        if any(part in ast.unparse(function) for part in ("case.c.group.in_", "cases.c.group.in_", "erased.c.group.in_"))
    }
    assert compared == {"conflicts.visible", "conflicts.visible_erased", "conflicts.was_of"}


@pytest.mark.parametrize("method", AFTER_READING)
def test_what_asks_nothing_of_a_member_is_called_by_the_reader_alone(method: str) -> None:
    named = {"cases", "_cases", "reader", "_reader"}
    callers = {
        file.stem
        for file in (WHISTLE / "desk").glob("*.py")
        for each in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr == method
        if getattr(each.func.value, "attr", getattr(each.func.value, "id", "")) in named
    }
    assert callers == AFTER_READING[method]


def test_no_module_of_the_desk_compares_groups_by_itself() -> None:
    comparing = {
        file.stem
        for file in (WHISTLE / "desk").glob("*.py")
        for each in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(each, ast.Compare) and "session.groups" in ast.unparse(each)
    }
    assert comparing == {"counting", "epochs", "people"}, (
        "a group's numbers, keys and leads; cases are asked for through visible()"
    )

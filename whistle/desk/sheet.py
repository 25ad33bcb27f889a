"""The sheet of a case: tasks, persons concerned and telling them, hearings, tags, links, the risk of retaliation. Pure values.

What a form asks for makes another sheet, or is refused by name. It knows no key, no clock and no database.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from whistle.desk.numbers import CATEGORIES
from whistle.errors import NoSuchCase, NoSuchChoice, NotADay, TextMissing, TextTooLong
from whistle.protocol import canonical
from whistle.protocol.constants import PLAINTEXT_LIMIT
from whistle.store.sheets import Days, Marks

PRIORITIES = ("low", "normal", "high")
RISKS = ("none", "low", "medium", "high")
TELLINGS = ("postponed", "told", "nobody")  # whether the persons concerned are told that their data is here (GDPR article 14)
WARNINGS = ("", "warned", "escalated")
LISTS = ("tasks", "persons", "hearings")  # whose lines can be taken out again
_SHORT = 500  # characters of what stands on one line
Form = Mapping[str, str]


@dataclass(frozen=True)
class Task:
    """Something to do. `who` may be nobody yet; `done` is the day."""

    text: str
    who: str
    due: date | None
    done: date | None = None

    def overdue(self, today: date) -> bool:
        return self.done is None and self.due is not None and self.due < today


@dataclass(frozen=True)
class Person:
    """A person concerned, and their part in the case."""

    name: str
    role: str


@dataclass(frozen=True)
class Hearing:
    """Who was heard, by which member, on which day, what was said; `rights` is yes if they were told theirs."""

    who: str
    by: str
    day: date
    text: str
    rights: str


@dataclass(frozen=True)
class Telling:
    """The decision on telling the persons concerned, why it is so, and the day to decide again if it is postponed."""

    decision: str
    reason: str
    review: date | None


@dataclass(frozen=True)
class Sheet:
    """Everything. `risk` is "" until somebody has assessed it; `review` is the day to look at it again."""

    tasks: tuple[Task, ...] = ()
    risk: str = ""
    plan: str = ""
    review: date | None = None
    persons: tuple[Person, ...] = ()
    hearings: tuple[Hearing, ...] = ()
    tags: tuple[str, ...] = ()
    related: tuple[int, ...] = ()
    telling: Telling | None = None  # until somebody has decided


@dataclass(frozen=True)
class About:
    """What a form is taken with."""

    member: str
    members: tuple[str, ...]  # who may see the case
    today: date


def serialize(sheet: Sheet) -> bytes:
    """Raises TextTooLong."""
    text = canonical.write(_plain(sheet))
    if len(text) > PLAINTEXT_LIMIT:
        raise TextTooLong
    return text


def parse(text: bytes) -> Sheet:
    """What `serialize` wrote."""
    found = canonical.read(text)
    return Sheet(
        tasks=tuple(Task(each["text"], each["who"], _kept(each["due"]), _kept(each["done"])) for each in found["tasks"]),
        risk=found["risk"],
        plan=found["plan"],
        review=_kept(found["review"]),
        persons=tuple(Person(**each) for each in found["persons"]),
        hearings=tuple(Hearing(**{**each, "day": date.fromisoformat(each["day"])}) for each in found["hearings"]),
        tags=tuple(found["tags"]),
        related=tuple(found["related"]),
        telling=_telling_kept(found.get("telling")),  # a sheet from before has none
    )


def days_of(sheet: Sheet) -> Days:
    """The days by which something of it is due."""
    tasks = [task.due for task in sheet.tasks if task.due is not None and task.done is None]
    return Days(min(tasks, default=None), sheet.review, sheet.telling.review if sheet.telling else None)


def changed(before: Any, after: Any) -> list[str]:
    """The names of the fields that differ: all that the log says of a change."""
    return [each.name for each in fields(before) if getattr(before, each.name) != getattr(after, each.name)]


# What forms ask for ---------------------------------------------------------------------------------------------------


def _task(sheet: Sheet, form: Form, about: About) -> Sheet:
    who = _one_of(form.get("who", ""), ("", *about.members))
    return replace(sheet, tasks=(*sheet.tasks, Task(_line(form, "text"), who, _day(form, optional=True))))


def _tick(sheet: Sheet, form: Form, about: About) -> Sheet:
    """Done, or not done after all."""
    at, task = _picked(sheet.tasks, form)
    ticked = replace(task, done=None if task.done else about.today)
    return replace(sheet, tasks=(*sheet.tasks[:at], ticked, *sheet.tasks[at + 1 :]))


def _risk(sheet: Sheet, form: Form, about: About) -> Sheet:
    """Whoever may be harmed needs a plan, and a day on which somebody looks again."""
    risk = _one_of(form.get("risk", ""), RISKS)
    plan = form.get("text", "").strip()
    if risk != "none" and not plan:
        raise TextMissing
    review = _day(form, optional=risk == "none")
    if review is not None and review <= about.today:
        raise NotADay
    return replace(sheet, risk=risk, plan=plan, review=review)


def _telling(sheet: Sheet, form: Form, about: About) -> Sheet:
    """Who postpones it says why, and when somebody decides again."""
    decision, reason = _one_of(form.get("telling", ""), TELLINGS), form.get("text", "").strip()
    if decision == "postponed" and not reason:
        raise TextMissing
    review = _day(form) if decision == "postponed" else None
    if review is not None and review <= about.today:
        raise NotADay
    return replace(sheet, telling=Telling(decision, reason, review))


def _person(sheet: Sheet, form: Form, _: About) -> Sheet:
    return replace(sheet, persons=(*sheet.persons, Person(_line(form, "text"), _line(form, "role", optional=True))))


def _hearing(sheet: Sheet, form: Form, about: About) -> Sheet:
    text, day = form.get("text", "").strip(), _day(form)
    if not text:
        raise TextMissing
    if day is None or day > about.today:
        raise NotADay
    heard = Hearing(_line(form, "who"), about.member, day, text, "yes" if "rights" in form else "no")
    return replace(sheet, hearings=(*sheet.hearings, heard))


def _tags(sheet: Sheet, form: Form, _: About) -> Sheet:
    found: dict[str, str] = {}
    for word in (_line({"tag": each}, "tag", optional=True) for each in form.get("text", "").split(",")):
        found.setdefault(word.casefold(), word)
    return replace(sheet, tags=tuple(word for word in found.values() if word))


def _related(sheet: Sheet, form: Form, _: About) -> Sheet:
    """By number; which of them the member may see is for whoever has the keys to say."""
    words = form.get("text", "").replace(",", " ").split()
    if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
        raise NoSuchCase
    return replace(sheet, related=tuple(sorted({int(word) for word in words})))


def _remove(sheet: Sheet, form: Form, __: About) -> Sheet:
    name = _one_of(form.get("list", ""), LISTS)
    lines = getattr(sheet, name)
    at, _ = _picked(lines, form)
    left: dict[str, Any] = {name: (*lines[:at], *lines[at + 1 :])}
    return replace(sheet, **left)


def _work(marks: Marks, form: Form, about: About) -> Marks:
    """Who works on it, what it is about in the desk's eyes, how soon."""
    assigned = _one_of(form.get("assigned", ""), ("", *about.members))
    category = _one_of(form.get("category", ""), ("", *CATEGORIES))
    priority = _one_of(form.get("priority", ""), PRIORITIES)
    return replace(marks, assigned=assigned or None, category=category or None, priority=priority)


def _money(marks: Marks, form: Form, about: About) -> Marks:
    """The warning of money laundering, and that it has gone to the board. Its clock keeps the day it began on."""
    chosen = _one_of(form.get("warning", ""), WARNINGS)
    warned = (marks.money_laundering or about.today) if chosen else None
    return replace(
        marks, money_laundering=warned, escalated=(marks.escalated or about.today) if chosen == "escalated" else None
    )


ON_SHEET: Mapping[str, Callable[[Sheet, Form, About], Sheet]] = MappingProxyType(
    {
        "task": _task,
        "tick": _tick,
        "risk": _risk,
        "person": _person,
        "telling": _telling,
        "hearing": _hearing,
        "tags": _tags,
        "related": _related,
        "remove": _remove,
    }
)
IN_MARKS: Mapping[str, Callable[[Marks, Form, About], Marks]] = MappingProxyType({"work": _work, "money": _money})
PARTS = (*ON_SHEET, *IN_MARKS)


def _picked(lines: tuple[Any, ...], form: Form) -> tuple[int, Any]:
    """A line by its place, which the revision of the form's page holds still."""
    text = form.get("at", "")
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < len(lines)):
        raise NoSuchChoice
    return int(text), lines[int(text)]


def _one_of(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise NoSuchChoice
    return text


def _line(form: Form, name: str, optional: bool = False) -> str:
    text = " ".join(form.get(name, "").split())
    if not text and not optional:
        raise TextMissing
    if len(text) > _SHORT:
        raise TextTooLong
    return text


def _day(form: Form, optional: bool = False) -> date | None:
    text = form.get("day", "")
    if optional and not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotADay from None


def _kept(day: str | None) -> date | None:
    return None if day is None else date.fromisoformat(day)


def _telling_kept(found: Mapping[str, Any] | None) -> Telling | None:
    return None if found is None else Telling(found["decision"], found["reason"], _kept(found["review"]))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, date) else value

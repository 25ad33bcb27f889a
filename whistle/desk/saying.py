"""The forms for what is said in kinds of its own: what was typed in them, and which of them are for now. Sends nothing."""

from collections.abc import Collection, Mapping

from whistle.desk.outcomes import Code
from whistle.desk.states import State
from whistle.errors import ChecklistIncomplete, FeedbackUnfinished
from whistle.protocol.content import Question
from whistle.store.desk import Case

ROWS = 4  # questions that one form has room for
SAFE = ("secrecy", "tipping_off", "others")  # what must be confirmed of every word about what was found or decided
CHECKS = (*SAFE, "done", "next")  # and of what stands as feedback
LAUNDERING = "laundering"  # and of all of it in a case of money laundering
_SAFE_ALONE = ("outcome", "closing")  # forms; that of a complaint tells where it belongs, so that it stands as feedback
_TYPED = ("text", "who", "role", "to", "notice", "exception", "en", "da", "sv", "nb", "fi")
GAP = "[…]"  # in a proposed text, where somebody's own words must stand


def questions_in(form: Mapping[str, str], usual: tuple[str, ...]) -> tuple[Question, ...]:
    """The rows that have anything in them; a question without choices gets the usual ones."""
    rows = [(form.get(f"question-{row}", "").strip(), _lines(form.get(f"choices-{row}", ""))) for row in range(1, ROWS + 1)]
    return tuple(Question(text, choices or usual) for text, choices in rows if text or choices)


def ticked_in(form: Mapping[str, str]) -> frozenset[str]:
    """The lines of the checklist that are ticked."""
    return frozenset(check for check in (*CHECKS, LAUNDERING) if f"check-{check}" in form)


def checks_of(case: Case, form: str) -> tuple[str, ...]:
    """The checklist of a form: where money laundering was warned of, tipping off is asked about once more."""
    checks = SAFE if form in _SAFE_ALONE else CHECKS
    return (*checks, LAUNDERING) if case.money_laundering else checks


def form_of(outcome: str) -> str:
    """The form that an outcome is told with."""
    return "complaint" if outcome == Code.COMPLAINT else "outcome"


def owes_feedback(case: Case) -> bool:
    """Whether a case must not be closed without a word on why there is no feedback."""
    return case.feedback is None and case.outcome != Code.COMPLAINT


def check_feedback(text: str, ticked: Collection[str], checks: Collection[str]) -> None:
    """Raises ChecklistIncomplete or FeedbackUnfinished."""
    if not set(ticked) >= set(checks):
        raise ChecklistIncomplete
    if GAP in text:
        raise FeedbackUnfinished


def typed_in(form: Mapping[str, str]) -> str:
    """What somebody has written in a form, to be copied when no page has room for it any more."""
    return "\n".join(form[name] for name in form if name in _TYPED or name.startswith(("question-", "choices-")))


def for_now(case: Case) -> frozenset[str]:
    """The forms that a case waits for; the others are folded."""
    now = {
        "feedback": case.state in (State.ADDRESSING, State.CONCLUDING) and case.feedback is None,
        "complaint": case.state == State.OUT_OF_SCOPE and case.outcome is None,
        "outcome": case.state == State.CONCLUDING and case.outcome is None,
        "closing": case.state == State.CONCLUDING and case.outcome is not None,
    }
    return frozenset(form for form, waits in now.items() if waits)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())

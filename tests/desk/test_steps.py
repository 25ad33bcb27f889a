"""Steps through the real store: whatever members try in whatever order, a case takes the decided steps and no others."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.desk.test_states import STEPS
from tests.store.test_erasure import with_case
from whistle.desk.sheet import Sheet, serialize
from whistle.desk.states import State
from whistle.desk.writing import Place, Writer
from whistle.errors import FeedbackMissing, ForbiddenStep, OutcomeMissing, RiskUnassessed
from whistle.sealing.keys import CaseKey
from whistle.sealing.sheets import seal_sheet
from whistle.store.desk import Act, Case, Cases, Step
from whistle.store.log import Which
from whistle.store.sheets import Change, Days

KEY = CaseKey(bytes(32))
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
# Without shrinking, which would take minutes with a database for each try: a failure prints its steps.
QUICK = settings(max_examples=15, stateful_step_count=25, deadline=None, phases=[Phase.generate])
NAMES = st.sampled_from([*(each.value for each in State), "purged", "", "Closed"])


@dataclass
class Anna:
    """All that a step asks of a session."""

    member: str = "anna"


@dataclass
class Opened:
    case: Case
    last_place: int = 0
    report: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(answers=(), identity=None))
    thread: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(items=()))
    key: CaseKey = field(default_factory=lambda: KEY)


@dataclass
class Unsealed:
    """Reads what the store has of a case; a step that tells nobody anything needs no key."""

    cases: Cases

    def read(self, _: object, number: int) -> Opened:
        case = self.cases.case(number)
        assert case is not None
        return Opened(case)


class Steps(RuleBasedStateMachine):
    """A case in a real database, and where the decided steps would have taken it."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.cases = Cases(f"sqlite:///{Path(self.folder.name)}/desk.sqlite")
        with_case(self.cases, "received")
        self.writer = Writer(self.cases, cast(Any, Unsealed(self.cases)), cast(Any, None), bytes)
        self.place = Place(cast(Any, Anna()), 1, 0)
        self.state, self.outcome, self.assessed, self.told, self.taken = "received", False, False, False, 0
        self.choose("acknowledged")  # without words to the reporter

    def teardown(self) -> None:
        if hasattr(self, "cases"):
            self.cases.close()
            self.folder.cleanup()

    @rule(after=NAMES)
    def choose(self, after: str) -> None:
        """What the form of the page would send."""
        if (self.state, after) not in STEPS or after == "acknowledged":  # which is an act of its own
            with pytest.raises(ForbiddenStep):
                self.writer.change_state(self.place, after, False, NOW)
        elif after == "closed" and not self.outcome:
            with pytest.raises(OutcomeMissing):
                self.writer.change_state(self.place, after, False, NOW)
        elif after == "closed" and not self.told:
            with pytest.raises(FeedbackMissing):
                self.writer.change_state(self.place, after, False, NOW)
        elif after == "addressing" and not self.assessed:
            with pytest.raises(RiskUnassessed):
                self.writer.change_state(self.place, after, False, NOW)
        else:
            self.writer.change_state(self.place, after, False, NOW)
            self._took(after)

    @rule()
    def assess(self) -> None:
        """The risk of retaliation is written on the case's sheet, once."""
        if not self.assessed:
            sealed = seal_sheet(serialize(Sheet(risk="none")), 1, KEY, bytes)
            self.cases.sheets.keep([Change(1, 0, sealed, days=Days())], [Act(NOW, "anna", "changed risk", 1)])
            self.assessed = True

    @rule()
    def give_feedback(self) -> None:
        """In any state."""
        case = self.cases.case(1)
        assert case is not None
        step = Step(case.state, case.state, closed=case.closed, feedback=case.feedback or NOW.date())
        self.cases.write(Act(NOW, "anna", "gave checked feedback", 1), None, None, step)
        self.told = True

    @rule(pick=st.integers(0, 1))
    def go_on(self, pick: int) -> None:
        """A step that is decided, so that every state is reached; before the last one, its outcome."""
        if self.state == "concluding" and not self.outcome:
            self.write_late(self.state, "substantiated")
        if self.state == "concluding":
            self.give_feedback()
        if self.state == "assessing":
            self.assess()
        following = sorted(after for before, after in STEPS if before == self.state)
        after = following[pick % len(following)]
        return self.acknowledge() if after == "acknowledged" else self.choose(after)

    @rule(before=NAMES, code=st.sampled_from([None, "substantiated"]))
    def write_late(self, before: str, code: str | None) -> None:
        """What was decided on an older page: it is taken only if the case is still where it was then."""
        step = Step(before, before, outcome=code, closed=NOW.date() if before == "closed" else None)
        if before == self.state:
            self.cases.write(Act(NOW, "bo", "decided", 1), None, None, step)
            self.outcome = self.outcome or code is not None
        else:
            with pytest.raises(ForbiddenStep):
                self.cases.write(Act(NOW, "bo", "decided", 1), None, None, step)

    @rule()
    def acknowledge(self) -> None:
        step = Step("received", "acknowledged", acknowledged=NOW.date())
        if self.state == "received":
            self.cases.write(Act(NOW, "anna", "state acknowledged", 1), None, None, step)
            self._took("acknowledged")
        else:
            with pytest.raises(ForbiddenStep):
                self.cases.write(Act(NOW, "anna", "state acknowledged", 1), None, None, step)

    def _took(self, after: str) -> None:
        if self.state == "closed":
            self.outcome = False
        self.state, self.taken = after, self.taken + 1

    @invariant()
    def it_stands_where_the_decided_steps_led(self) -> None:
        case = self.cases.case(1)
        assert case is not None
        assert (case.state, case.outcome is not None) == (self.state, self.outcome)
        assert (case.closed is not None) == (self.state == "closed")

    @invariant()
    def every_step_that_was_taken_and_none_that_was_refused_is_on_the_log(self) -> None:
        lines = self.cases.lines.lines(Which(case=1))
        assert sum(line.action.startswith("state ") for line in lines) == self.taken


def test_a_case_takes_the_decided_steps_and_no_others_whatever_is_tried_in_whatever_order() -> None:
    run_state_machine_as_test(Steps, settings=QUICK)

"""The states of a case: only the steps that were decided, whatever the order in which they are tried."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whistle.desk.states import State, following, state_of, step, told
from whistle.errors import ForbiddenStep
from whistle.protocol.content import STATES

STEPS = {
    ("received", "acknowledged"),
    ("acknowledged", "assessing"),
    ("assessing", "out_of_scope"),
    ("assessing", "addressing"),
    ("out_of_scope", "concluding"),
    ("addressing", "concluding"),
    ("concluding", "closed"),
    ("closed", "assessing"),
}


@given(st.sampled_from(State), st.sampled_from(State))
def test_every_step_but_the_eight_is_forbidden(before: State, after: State) -> None:
    if (before.value, after.value) in STEPS:
        assert step(before, after) is after
    else:
        with pytest.raises(ForbiddenStep):
            step(before, after)


@given(st.lists(st.sampled_from(State), max_size=30))
def test_no_case_is_closed_without_having_been_concluded(tries: list[State]) -> None:
    state, been = State.RECEIVED, [State.RECEIVED]
    for after in tries:
        try:
            state = step(state, after)
            been.append(state)
        except ForbiddenStep:
            continue
    for place, each in enumerate(been):
        if each is State.CLOSED:
            assert been[place - 1] is State.CONCLUDING


@given(st.sampled_from(State))
def test_nobody_chooses_to_acknowledge_as_a_mere_change_of_state(state: State) -> None:
    assert State.ACKNOWLEDGED not in following(state)


@given(st.sampled_from(State))
def test_every_state_has_a_word_that_a_notice_may_tell(state: State) -> None:
    assert told(state) in STATES


def test_a_state_that_is_none_is_a_forbidden_step() -> None:
    with pytest.raises(ForbiddenStep):
        state_of("purged")

"""The states of a case, after ISO 37002, and which may follow which. Pure; it never asks who wants the step."""

from enum import StrEnum

from whistle.errors import ForbiddenStep


class State(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ASSESSING = "assessing"
    OUT_OF_SCOPE = "out_of_scope"
    ADDRESSING = "addressing"
    CONCLUDING = "concluding"
    CLOSED = "closed"


_NEXT = {
    State.RECEIVED: (State.ACKNOWLEDGED,),
    State.ACKNOWLEDGED: (State.ASSESSING,),
    State.ASSESSING: (State.OUT_OF_SCOPE, State.ADDRESSING),
    State.OUT_OF_SCOPE: (State.CONCLUDING,),
    State.ADDRESSING: (State.CONCLUDING,),
    State.CONCLUDING: (State.CLOSED,),
    State.CLOSED: (State.ASSESSING,),
}
_TOLD = {State.ACKNOWLEDGED: "received", State.OUT_OF_SCOPE: "out-of-scope"}


def following(state: State) -> tuple[State, ...]:
    """The states that a member can choose next. To acknowledge is an act of its own, with words to the reporter."""
    return tuple(each for each in _NEXT[state] if each is not State.ACKNOWLEDGED)


def state_of(text: str) -> State:
    """The state of this name. Raises ForbiddenStep: to what is no state, no case can go."""
    try:
        return State(text)
    except ValueError:
        raise ForbiddenStep from None


def step(before: State, after: State) -> State:
    """The state after. Raises ForbiddenStep."""
    if after not in _NEXT[before]:
        raise ForbiddenStep
    return after


def told(state: State) -> str:
    """The state in the words of a notice to the reporter (spec section 6.3)."""
    return _TOLD.get(state, state.value)

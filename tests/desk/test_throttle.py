"""How long a name waits: nothing at first, then twice as long each time, never above a quarter of an hour."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whistle.desk.throttle import Throttle, wait_after
from whistle.errors import SignInRefused

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (99, 900)])
def test_the_wait_doubles_from_the_fifth_failure(failures: int, seconds: int) -> None:
    assert wait_after(failures) == timedelta(seconds=seconds)


@given(st.integers(1, 10_000))
def test_no_wait_is_longer_than_a_quarter_of_an_hour(failures: int) -> None:
    assert wait_after(failures) <= timedelta(minutes=15)


def test_a_name_that_must_wait_is_refused_until_the_wait_is_over_and_forgotten_on_success() -> None:
    throttle = Throttle()
    for _ in range(5):
        throttle.check("anna", NOW)
        throttle.failed("anna", NOW)
    with pytest.raises(SignInRefused):
        throttle.check("anna", NOW)
    throttle.check("bo", NOW)
    throttle.check("anna", NOW + timedelta(seconds=1))
    throttle.succeeded("anna")
    throttle.check("anna", NOW)


def test_ten_thousand_guessed_names_do_not_grow_the_memory_further() -> None:
    throttle = Throttle()
    for number in range(10_050):
        throttle.failed(f"name{number}", NOW)
    assert len(throttle._failures) == 10_000

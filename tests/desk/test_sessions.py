"""Sessions: how long they last, what the browser holds of them, and that their keys go when they end."""

import os
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from whistle.desk.roles import Role
from whistle.desk.sessions import Sessions
from whistle.errors import NotSignedIn

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
NOTHING = MappingProxyType({})  # type: ignore[var-annotated]


def begun() -> tuple[Sessions, str]:
    sessions = Sessions(os.urandom)
    return sessions, sessions.begin("anna", Role.LEAD, NOTHING, "en", NOW)[0]


def test_a_session_used_within_a_quarter_of_an_hour_goes_on() -> None:
    sessions, token = begun()
    for minutes in range(14, 200, 14):
        assert sessions.find(token, NOW + timedelta(minutes=minutes)).member == "anna"


def test_a_session_left_for_longer_has_ended() -> None:
    sessions, token = begun()
    with pytest.raises(NotSignedIn):
        sessions.find(token, NOW + timedelta(minutes=15, seconds=1))


def test_no_session_lasts_longer_than_eight_hours_however_busy() -> None:
    sessions, token = begun()
    for minutes in range(0, 480, 10):
        sessions.find(token, NOW + timedelta(minutes=minutes))
    with pytest.raises(NotSignedIn):
        sessions.find(token, NOW + timedelta(hours=8, seconds=1))


def test_reaping_lets_go_of_the_keys_of_an_ended_session_that_nobody_asks_for() -> None:
    sessions, _ = begun()
    sessions.reap(NOW + timedelta(minutes=10))
    assert len(sessions._sessions) == 1
    sessions.reap(NOW + timedelta(minutes=16))
    assert not sessions._sessions


def test_the_token_is_kept_only_as_its_hash() -> None:
    sessions, token = begun()
    assert len(bytes.fromhex(token)) == 32
    session = sessions.find(token, NOW)
    assert token not in repr(vars(session))
    assert bytes.fromhex(token) != session.id


def test_a_changed_passphrase_ends_the_same_members_other_sessions_alone() -> None:
    sessions, first = begun()
    second, session = sessions.begin("anna", Role.LEAD, NOTHING, "en", NOW)
    other, _ = sessions.begin("bo", Role.LEAD, NOTHING, "en", NOW)
    sessions.end_others(session)
    assert sessions.find(second, NOW) is session
    assert sessions.find(other, NOW).member == "bo"
    with pytest.raises(NotSignedIn):
        sessions.find(first, NOW)


def test_a_session_does_not_print_its_keys_or_its_id() -> None:
    sessions, token = begun()
    shown = repr(sessions.find(token, NOW))
    assert "groups" not in shown
    assert "id=" not in shown

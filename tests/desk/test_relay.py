"""The desk's side of the relay: stored before it is confirmed, the same after a crash, quiet when nobody answers."""

import asyncio
import socket
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.desk.running import ANNA, Desk, Reporter, started, today
from tests.intake.running import TOKEN, Intake
from whistle.desk.relay import Relay, client_of, is_due
from whistle.errors import StorageFailed
from whistle.protocol.wire import Frame, serialize_pages
from whistle.store.desk import Cases

MORNING = time(8), time(14)


class FullDisk(Cases):
    """A database that cannot keep what arrives."""

    def arrive(self, frames: object) -> None:
        raise StorageFailed


def confirmed(intake: Intake) -> int:
    return int(intake.stored()["state"][0][1])


def rounds(intake: Intake, cases: Cases, token: str = TOKEN, times: tuple[time, ...] = ()) -> Relay:
    """One round of a poller on this database."""

    async def once() -> Relay:
        async with client_of(f"http://127.0.0.1:{intake.relay_port}/relay", token) as client:
            relay = Relay(cases, client, times, lambda: datetime.now(UTC))
            await relay.round()
            return relay

    return asyncio.run(once())


def test_what_was_pulled_is_stored_before_it_is_confirmed(desk: Desk, intake: Intake, tmp_path: Path) -> None:
    reporter = Reporter.new(desk.card)
    reporter.submit(intake, reporter.report())
    before = confirmed(intake)
    full = FullDisk(f"sqlite:///{tmp_path}/full.sqlite")
    assert rounds(intake, full).silent
    full.close()
    assert confirmed(intake) == before
    desk.poll()
    assert confirmed(intake) > before


def test_pulling_everything_again_after_a_crash_stores_nothing_twice(desk: Desk, intake: Intake, tmp_path: Path) -> None:
    reporter = Reporter.new(desk.card)
    reporter.submit(intake, reporter.report())
    cases = Cases(f"sqlite:///{tmp_path}/again.sqlite")
    rounds(intake, cases)
    first = cases.waiting()
    cases.arrive([Frame(0, 1, today(), b"b" * 32, b"")])  # as if the number had been lost: it begins from 0 again
    assert cases.relayed().after == 0
    rounds(intake, cases)
    assert [each for each in cases.waiting() if each.sealed] == first
    cases.close()


def test_a_frame_pushed_again_is_in_the_box_once(desk: Desk, intake: Intake) -> None:
    reporter = Reporter.new(desk.card)
    reporter.submit(intake, reporter.report())
    desk.poll()
    anna = desk.member(ANNA)
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    anna.get(f"/cases/{case.number}")
    anna.post(f"/cases/{case.number}/reply", text="once")
    assert "waits to be sent" in anna.get(f"/cases/{case.number}").text
    [(_, frame)] = [each for each in desk.cases.to_push() if each[1].box == reporter.keys.box]
    intake.relay("/relay/push", serialize_pages([frame], False))  # the answer of this one was lost
    desk.poll()
    assert "waits to be sent" not in anna.get(f"/cases/{case.number}").text
    assert len(reporter.mailbox(intake).items) == 2


def test_a_reply_to_a_box_that_is_gone_is_said_to_be_undelivered(desk: Desk) -> None:
    reporter = Reporter.new(desk.card)
    desk.deliver(reporter.frame(reporter.report()))
    anna = desk.member(ANNA)
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    anna.get(f"/cases/{case.number}")
    anna.post(f"/cases/{case.number}/reply", text="to nobody")
    desk.poll()
    assert "could not be delivered" in anna.get(f"/cases/{case.number}").text


def test_a_wrong_token_is_silence_and_the_inbox_says_since_when(desk: Desk, intake: Intake) -> None:
    desk.poll()
    anna = desk.member(ANNA)
    assert "No contact" not in anna.get("/").text
    desk.running.client.headers["authorization"] = f"Bearer {'0' * 64}"
    desk.poll()
    desk.running.client.headers["authorization"] = f"Bearer {TOKEN}"
    assert "No contact with the public server since" in anna.get("/").text
    desk.poll()
    assert "No contact" not in anna.get("/").text


def test_a_server_that_is_not_there_is_waited_out(tmp_path: Path, ceremony: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with started(tmp_path, ceremony, probe.getsockname()[1]) as desk:
            desk.poll()
            assert "There has been no contact with the public server yet" in desk.member(ANNA).get("/").text


def test_replies_wait_for_the_set_times(desk: Desk, intake: Intake) -> None:
    now = datetime.now(UTC)
    later = ((now + timedelta(hours=2)).time().replace(second=0, microsecond=0),)
    reporter = Reporter.new(desk.card)
    reporter.submit(intake, reporter.report())
    desk.poll()
    anna = desk.member(ANNA)
    case = desk.cases.case_of(reporter.keys.box)
    assert case is not None
    anna.get(f"/cases/{case.number}")
    anna.post(f"/cases/{case.number}/reply", text="later")
    rounds(intake, desk.cases, times=later)
    assert len(reporter.mailbox(intake).items) == 1
    rounds(intake, desk.cases)
    assert len(reporter.mailbox(intake).items) == 2


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("2026-11-24T07:59", "2026-11-24T08:00", True),
        ("2026-11-24T08:00", "2026-11-24T13:59", False),
        ("2026-11-24T08:00", "2026-11-24T14:01", True),
        ("2026-11-24T14:00", "2026-11-25T07:59", False),
        ("2026-11-24T14:00", "2026-11-25T08:00", True),
        ("2026-11-24T13:00", "2026-11-25T00:30", True),
    ],
)
def test_a_push_is_due_when_a_set_time_has_come(last: str, now: str, due: bool) -> None:
    moments = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (last, now)]
    assert is_due(MORNING, *moments) is due
    assert is_due((), *moments)

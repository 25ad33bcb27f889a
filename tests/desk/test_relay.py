"""The desk's side of the relay: stored before it is confirmed, the same after a crash, quiet when nobody answers."""

import asyncio
import gzip
import socket
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.desk.running import ANNA, Desk, Reporter, started, today
from tests.intake.running import TOKEN, Intake
from tests.intake.running import started as served
from whistle.desk import relay as relay_module
from whistle.desk.relay import Relay, client_of, is_due
from whistle.errors import NetworkFailed, StorageFailed
from whistle.protocol.constants import PART_BYTES
from whistle.protocol.wire import PART, TO_DESK, TO_REPORTER, Frame, serialize_pages
from whistle.store.desk import Cases

MORNING = time(8), time(14)


class FullDisk(Cases):
    """A database that cannot keep what arrives."""

    def arrive(self, *_: object) -> None:
        raise StorageFailed


def confirmed(intake: Intake) -> int:
    return int(intake.stored()["state"][0][1])


def unsigned(*_: object) -> None:
    """No receipt."""


class NoReceipts:
    """In the place of a desk's receipt key."""

    sign = staticmethod(unsigned)


def polling(cases: Cases, client: object, times: tuple[time, ...] = ()) -> Relay:
    return Relay(cases, client, times, lambda: datetime.now(UTC), NoReceipts(), lambda: 1, 0)  # type: ignore[arg-type]


def rounds(intake: Intake, cases: Cases, token: str = TOKEN, times: tuple[time, ...] = ()) -> Relay:
    """One round of a poller on this database."""

    async def once() -> Relay:
        async with client_of(f"http://127.0.0.1:{intake.relay_port}/relay", token) as client:
            relay = polling(cases, client, times)
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
    cases.pull_from_the_start()  # as if the number had been lost
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
    [(_, _, frame)] = [each for each in desk.cases.to_push() if each[2].box == reporter.keys.box]
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


def test_a_server_put_back_to_an_earlier_state_is_asked_for_everything_again(desk: Desk, tmp_path: Path) -> None:
    """Restored from a backup, it counts its arrivals from a lower number; the desk's own number would never be reached."""
    cases = Cases(f"sqlite:///{tmp_path}/desk.sqlite")
    reporters = [Reporter.new(desk.card) for _ in range(4)]
    with served(tmp_path / "first.sqlite") as before:
        for reporter in reporters[:3]:
            reporter.submit(before, reporter.report())
        rounds(before, cases)
    assert len(cases.waiting()) == 3
    with served(tmp_path / "restored.sqlite") as restored:
        reporters[3].submit(restored, reporters[3].report())
        rounds(restored, cases)
    assert reporters[3].keys.box in {arrival.box for arrival in cases.waiting()}
    assert len(cases.waiting()) == 4
    cases.close()


def test_no_day_of_the_server_lies_after_the_one_it_was_pulled_on(tmp_path: Path) -> None:
    cases = Cases(f"sqlite:///{tmp_path}/desk.sqlite")
    cases.arrive([Frame(1, TO_DESK, today() + timedelta(days=40_000), b"b" * 32, b"sealed")], today(), unsigned)
    assert cases.oldest_waiting() == today()
    cases.close()


PAGES = serialize_pages([], False)
REPLY = Frame(1, TO_REPORTER, date(2026, 11, 21), b"b" * 32, b"sealed")
HUGE = Frame(1, PART, date(2026, 11, 21), b"b" * 32, bytes(16) + b"\xff" * 8 + bytes(4) + bytes(PART_BYTES))
RISING = [Frame(place, TO_DESK, date(2026, 11, 21), b"b" * 32, b"sealed%d" % place) for place in (2, 1)]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"", b"[" * 1_000),
        (b"", serialize_pages(RISING, False)),
        (b"", serialize_pages([REPLY], False)),
        (b"", PAGES * 40),
        (b"content-encoding: gzip\r\n", gzip.compress(PAGES)),
    ],
    ids=["brackets", "places that fall", "a reply", "too long", "packed"],
)
def test_an_answer_of_a_hostile_server_is_not_taken_and_ends_nothing(tmp_path: Path, head: bytes, body: bytes) -> None:
    cases = Cases(f"sqlite:///{tmp_path}/desk.sqlite")
    assert asyncio.run(round_against(cases, head, body)).silent
    assert not cases.waiting()
    cases.close()


def test_a_part_of_a_file_that_is_larger_than_any_is_the_networks_failure_and_not_the_desks() -> None:
    with pytest.raises(NetworkFailed):
        relay_module._part(HUGE)


def test_an_answer_that_drips_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "_SECONDS", 0.5)
    cases = Cases(f"sqlite:///{tmp_path}/desk.sqlite")
    assert asyncio.run(round_against(cases, b"", PAGES, pause=0.1)).silent
    cases.close()


async def round_against(cases: Cases, head: bytes, body: bytes, pause: float = 0) -> Relay:
    """One round against a server that answers everything with these bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        step = 1 if pause else len(body)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"content-length: %d\r\n\r\n" % len(body))
            for place in range(0, len(body), step):
                writer.write(body[place : place + step])
                await writer.drain()
                await asyncio.sleep(pause)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the desk has hung up
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with client_of(f"http://127.0.0.1:{port}/relay", TOKEN) as client:
            relay = polling(cases, client)
            await relay.round()
            return relay

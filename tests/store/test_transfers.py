"""Files on their way through intake: what is kept of them, in which order it may come, and when it is dropped."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from whistle.errors import BoxFull, ChallengeRefused, NoRoom, NoSuchFile, PlaceTaken, StorageFailed, WhistleError
from whistle.protocol.constants import ANSWER_BYTES, PART_BYTES
from whistle.protocol.parts import Beginning, Continuation, Owned, Part, parse_part, part_length, serialize_part
from whistle.protocol.wire import PART, RECEIPT, TO_REPORTER, Fetch, Frame, Submission
from whistle.store.intake import DAILY_LIMIT, TABLES, Boxes
from whistle.store.transfers import KeptPart, Limits, Reserve, Transfers, _erase_some, free_bytes

TODAY = date(2026, 11, 21)
LENGTH = 2 * PART_BYTES + 1000
FILE, PARTS, CHALLENGES = TABLES["file"], TABLES["part"], TABLES["challenge"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "intake.sqlite"


@pytest.fixture
def boxes(file: Path) -> Iterator[Boxes]:
    with closing(Boxes(f"sqlite:///{file}")) as boxes:
        yield boxes


@pytest.fixture
def transfers(boxes: Boxes) -> Transfers:
    return Transfers(boxes, Limits(files=3, keep_days=2, reserve=0), lambda: 0.0)


class Disk:
    """A disk whose room and whose clock a test sets."""

    def __init__(self, boxes: Boxes, reserve: int = 1000) -> None:
        self.free, self.now, self.asked = reserve, 0.0, 0
        self.transfers = Transfers(boxes, Limits(3, 2, reserve), lambda: self.now, self._free)

    def _free(self, _: Path) -> int:
        self.asked += 1
        return self.free


def opened(boxes: Boxes) -> Submission:
    """The submission of a new box."""
    first = Submission(token_bytes(32), token_bytes(32), bytes(8), token_bytes(8).hex(), token_bytes(100))
    boxes.submit(first, token_bytes(32), TODAY).result()
    return first


def sealed(length: int = LENGTH) -> list[Part]:
    """The parts of a new file. To the store they are just bytes."""
    name = token_bytes(16)
    return [Part(name, length, index, token_bytes(size)) for index in range(100) if (size := part_length(length, index))]


def beginning(own: Submission, part: Part) -> Beginning:
    return Beginning(own.box, own.access, bytes(8), token_bytes(8).hex(), part)


def begin(transfers: Transfers, own: Submission, part: Part, day: date = TODAY) -> KeptPart:
    return transfers.begin(beginning(own, part), token_bytes(32), day).result()


def go_on(transfers: Transfers, own: Submission, part: Part, day: date = TODAY) -> KeptPart:
    return transfers.go_on(Continuation(own.box, own.access, part), day).result()


def sent(transfers: Transfers, own: Submission, parts: list[Part], day: date = TODAY) -> list[Part]:
    begin(transfers, own, parts[0], day)
    for part in parts[1:]:
        go_on(transfers, own, part, day)
    return parts


def delivered(transfers: Transfers, own: Submission, parts: list[Part]) -> list[Part]:
    assert all(transfers.deliver(own.box, part, TODAY).result() for part in parts)
    return parts


def at_the_desk(transfers: Transfers, after: int = 0) -> list[Frame]:
    frames, more = transfers.to_desk(after)
    return [*frames, *(at_the_desk(transfers, frames[-1].position) if more else [])]


def count(boxes: Boxes, table: Any = PARTS) -> int:
    """How many rows there are once what was dropped is erased, which is under way before this is asked."""
    for _ in range(20):
        dropped = boxes.ask(lambda connection: connection.scalar(select(FILE.c.id).where(FILE.c.box.is_(None)))).result()
        if dropped is None:
            return boxes.ask(lambda connection: connection.scalar(select(func.count()).select_from(table)) or 0).result()
    raise AssertionError("What was dropped is not erased.")


# Begun and sent -------------------------------------------------------------------------------------------------------


def test_the_parts_of_a_file_reach_the_desk_as_they_were_sent(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)
    parts = sent(transfers, own, sealed())
    frames = at_the_desk(transfers)
    assert [parse_part(frame.sealed) for frame in frames] == parts
    assert [(frame.position, frame.direction, frame.day, frame.box) for frame in frames] == [
        (place, PART, TODAY, own.box) for place in (1, 2, 3)
    ]


def test_what_is_answered_is_the_digest_of_the_part_and_the_day_on_which_its_file_was_begun(
    boxes: Boxes, transfers: Transfers
) -> None:
    own, (first, second, _) = opened(boxes), sealed()
    assert begin(transfers, own, first) == KeptPart(sha256(first.sealed).digest(), TODAY)
    assert go_on(transfers, own, second, TODAY + timedelta(1)) == KeptPart(sha256(second.sealed).digest(), TODAY)


@settings(max_examples=25)
@given(order=st.lists(st.integers(1, 6), max_size=12).flatmap(lambda again: st.permutations([*again, *range(1, 7)])))
def test_parts_in_any_order_and_again_give_the_same_file(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    with closing(Boxes(f"sqlite:///{tmp_path_factory.mktemp('any')}/intake.sqlite")) as boxes:
        transfers = Transfers(boxes, Limits(1, 2, 0), lambda: 0.0)
        own, name = opened(boxes), token_bytes(16)
        parts = [Part(name, 7 * PART_BYTES, index, token_bytes(100)) for index in range(7)]
        begin(transfers, own, parts[0])
        for index in order:
            go_on(transfers, own, parts[index])
        rows = boxes.ask(lambda connection: connection.execute(select(PARTS).order_by(PARTS.c.place)).all()).result()
        assert [(row.place, row.sealed) for row in rows] == [(part.index, part.sealed) for part in parts]
        assert boxes.ask(lambda connection: connection.scalar(select(FILE.c.received))).result() == 7


def test_the_same_beginning_again_is_answered_with_its_first_day_and_without_a_challenge(
    boxes: Boxes, transfers: Transfers
) -> None:
    own, (first, *_) = opened(boxes), sealed()
    kept = begin(transfers, own, first)
    assert transfers.begin(beginning(own, first), None, TODAY + timedelta(1)).result() == kept
    assert count(boxes) == 1


def test_other_bytes_in_the_place_of_a_part_are_refused(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)
    parts = sent(transfers, own, sealed())
    for part in parts[1:]:
        with pytest.raises(PlaceTaken):
            go_on(transfers, own, replace(part, sealed=token_bytes(len(part.sealed))))
    assert [parse_part(frame.sealed) for frame in at_the_desk(transfers)] == parts


@pytest.mark.parametrize("change", [{"sealed": b"other"}, {"length": LENGTH + 1}])
def test_another_beginning_under_the_name_of_a_file_is_refused_and_spends_nothing(
    boxes: Boxes, transfers: Transfers, change: dict[str, Any]
) -> None:
    own, (first, *_) = opened(boxes), sealed()
    begin(transfers, own, first)
    challenge = token_bytes(32)
    with pytest.raises(PlaceTaken):
        transfers.begin(beginning(own, replace(first, **change)), challenge, TODAY).result()
    transfers.begin(beginning(own, sealed()[0]), challenge, TODAY).result()


def test_two_boxes_may_use_one_name(boxes: Boxes, transfers: Transfers) -> None:
    parts = sealed()
    for own in (opened(boxes), opened(boxes)):
        sent(transfers, own, parts)
    assert count(boxes) == 6


# Challenges -----------------------------------------------------------------------------------------------------------


def test_without_a_challenge_nothing_is_begun(boxes: Boxes, transfers: Transfers) -> None:
    with pytest.raises(ChallengeRefused):
        transfers.begin(beginning(opened(boxes), sealed()[0]), None, TODAY).result()
    assert count(boxes) == 0


def test_one_challenge_is_not_spent_on_two_beginnings(boxes: Boxes, transfers: Transfers) -> None:
    own, challenge = opened(boxes), token_bytes(32)
    transfers.begin(beginning(own, sealed()[0]), challenge, TODAY).result()
    with pytest.raises(ChallengeRefused):
        transfers.begin(beginning(own, sealed()[0]), challenge, TODAY).result()


def test_one_challenge_is_not_spent_on_two_boxes(boxes: Boxes, transfers: Transfers) -> None:
    own, other, challenge = opened(boxes), opened(boxes), token_bytes(32)
    asked = beginning(own, sealed()[0])
    transfers.begin(asked, challenge, TODAY).result()
    for change in ({"box": other.box, "access": other.access}, {"access": other.access}):
        with pytest.raises(ChallengeRefused):
            transfers.begin(replace(asked, **change), challenge, TODAY).result()


def test_one_challenge_is_not_spent_on_a_report_and_a_beginning(boxes: Boxes, transfers: Transfers) -> None:
    own, challenge = opened(boxes), token_bytes(32)
    boxes.post(replace(own, envelope=b"message"), challenge, TODAY).result()
    with pytest.raises(ChallengeRefused):
        transfers.begin(beginning(own, sealed()[0]), challenge, TODAY).result()
    assert count(boxes) == 0


def test_the_same_beginning_again_after_it_was_cancelled_is_answered_and_not_begun_anew(
    boxes: Boxes, transfers: Transfers
) -> None:
    own, challenge, (first, *_) = opened(boxes), token_bytes(32), sealed()
    asked = beginning(own, first)
    kept = transfers.begin(asked, challenge, TODAY).result()
    transfers.cancel(Owned(own.box, own.access, first.file)).result()
    assert transfers.begin(asked, challenge, TODAY).result() == kept
    assert count(boxes) == 0


# Whose it is ----------------------------------------------------------------------------------------------------------


def strangers(own: Submission) -> list[Submission]:
    """Whoever knows no box, or not its token, or a box of their own."""
    return [replace(own, box=bytes(32)), replace(own, access=bytes(32))]


def test_beginning_without_a_box_is_answered_alike_and_nothing_is_kept(boxes: Boxes, transfers: Transfers) -> None:
    own, (first, *_) = opened(boxes), sealed()
    for stranger in strangers(own):
        challenge, asked = token_bytes(32), beginning(stranger, first)
        again = [transfers.begin(asked, challenge, day).result() for day in (TODAY, TODAY + timedelta(1))]
        assert again == [KeptPart(first.digest, TODAY)] * 2
        with pytest.raises(ChallengeRefused):
            transfers.begin(beginning(own, first), challenge, TODAY).result()
    assert (count(boxes), count(boxes, FILE)) == (0, 0)


def test_a_later_part_without_its_transfer_is_refused_whatever_the_reason(boxes: Boxes, transfers: Transfers) -> None:
    own, other, parts = opened(boxes), opened(boxes), sealed()
    begin(transfers, own, parts[0])
    wrong = [Continuation(each.box, each.access, parts[1]) for each in (*strangers(own), other)]
    wrong += [
        Continuation(own.box, own.access, replace(parts[1], **change))
        for change in ({"file": bytes(16)}, {"length": LENGTH + 1})
    ]
    for each in wrong:
        with pytest.raises(NoSuchFile):
            transfers.go_on(each, TODAY).result()
    assert count(boxes) == 1


def test_a_forgotten_box_has_no_files(boxes: Boxes, transfers: Transfers, file: Path) -> None:
    own, (first, second, _), reply = opened(boxes), sealed(), sealed()
    begin(transfers, own, first)
    delivered(transfers, own, reply)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE box SET forgotten = '2026-11-21'")
    with pytest.raises(NoSuchFile):
        go_on(transfers, own, second)
    assert transfers.deliver(own.box, second, TODAY).result() is False
    assert transfers.part(Owned(own.box, own.access, reply[0].file), 0) is None
    assert begin(transfers, own, sealed()[0]).day == TODAY
    assert count(boxes, FILE) == 2


def forget(boxes: Boxes, transfers: Transfers, box: bytes) -> int:
    """Forgets a box to the end; how many steps it took."""
    steps = 1
    while transfers.forget(box, TODAY).result():
        steps += 1
    boxes.leave_no_trace()
    return steps


def test_of_a_box_that_was_forgotten_nothing_is_left_in_any_file_of_the_database(
    boxes: Boxes, transfers: Transfers, file: Path
) -> None:
    own, other, parts, reply, receipt = opened(boxes), opened(boxes), sealed(), sealed(), token_bytes(100)
    sent(transfers, own, parts)
    delivered(transfers, own, reply)
    boxes.push([Frame(0, RECEIPT, TODAY, own.box, receipt)]).result()
    begin(transfers, own, sealed()[0])
    forget(boxes, transfers, own.box)
    traces = [own.box, sha256(own.access).digest(), own.envelope, sha256(own.envelope).digest(), receipt]
    traces += [piece for part in (*parts, *reply) for piece in (part.sealed[:64], part.sealed[-64:], part.file, part.digest)]
    kept = b"".join(each.read_bytes() for each in file.parent.iterdir())
    assert other.envelope in kept
    assert [trace for trace in traces if trace in kept] == []
    assert boxes.thread(Fetch(own.box, own.access, 0)) is None
    assert len(boxes.thread(Fetch(other.box, other.access, 0))[0]) == 1  # type: ignore[index]


def test_a_box_is_forgotten_some_entries_at_a_time_and_found_by_nobody_after_the_first(
    boxes: Boxes, transfers: Transfers
) -> None:
    own = opened(boxes)
    boxes.push([Frame(0, TO_REPORTER, TODAY, own.box, token_bytes(50)) for _ in range(40)]).result()
    assert transfers.forget(own.box, TODAY).result()
    assert boxes.thread(Fetch(own.box, own.access, 0)) is None
    assert count(boxes, TABLES["entry"]) == 25
    assert forget(boxes, transfers, own.box) == 4
    assert (count(boxes, TABLES["entry"]), count(boxes, TABLES["box"])) == (0, 0)


def test_to_forget_what_is_not_there_is_over_at_once(boxes: Boxes, transfers: Transfers) -> None:
    assert forget(boxes, transfers, token_bytes(32)) == 1


def test_who_still_reads_keeps_a_box_from_being_said_to_be_forgotten(boxes: Boxes, transfers: Transfers, file: Path) -> None:
    own = opened(boxes)
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM box").fetchall()
        while transfers.forget(own.box, TODAY).result():
            pass
        with pytest.raises(StorageFailed):
            boxes.leave_no_trace()
    boxes.leave_no_trace()


# Limits and the reserve -----------------------------------------------------------------------------------------------


def test_a_box_holds_so_many_files_at_once(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)
    begun = [sealed()[0] for _ in range(3)]
    for first in begun:
        begin(transfers, own, first)
    delivered(transfers, own, sealed())  # what comes from the desk does not count
    challenge = token_bytes(32)
    with pytest.raises(BoxFull):
        transfers.begin(beginning(own, sealed()[0]), challenge, TODAY).result()
    begin(transfers, opened(boxes), sealed()[0])  # nobody else is refused for it
    transfers.cancel(Owned(own.box, own.access, begun[0].file)).result()
    transfers.begin(beginning(own, sealed()[0]), challenge, TODAY).result()


def test_receipts_never_count_against_a_reporter(boxes: Boxes) -> None:
    own = opened(boxes)
    receipts = [Frame(0, RECEIPT, TODAY, own.box, b"receipt %d" % number) for number in range(DAILY_LIMIT)]
    for _ in range(2):
        assert boxes.push(receipts).result().stored == DAILY_LIMIT
    boxes.post(replace(own, envelope=b"message"), token_bytes(32), TODAY).result()
    thread = boxes.thread(Fetch(own.box, own.access, 0))
    assert thread
    assert [frame.direction for frame in thread[0]] == [1, *[RECEIPT] * DAILY_LIMIT, 1]
    assert [frame.position for frame in boxes.arrivals(0)[0]] == [1, DAILY_LIMIT + 2]


def test_below_the_reserve_files_are_refused_and_texts_are_taken(boxes: Boxes) -> None:
    disk, own, parts, reply = Disk(boxes), opened(boxes), sealed(), sealed()
    begin(disk.transfers, own, parts[0])
    delivered(disk.transfers, own, reply[:1])
    disk.free, disk.now = 0, 1.0
    for future in (
        disk.transfers.begin(beginning(own, sealed()[0]), token_bytes(32), TODAY),
        disk.transfers.go_on(Continuation(own.box, own.access, parts[1]), TODAY),
        disk.transfers.deliver(own.box, reply[1], TODAY),
        disk.transfers.deliver(own.box, sealed()[0], TODAY),
    ):
        assert isinstance(future.exception(), NoRoom)
    assert count(boxes) == 2
    assert boxes.post(replace(own, envelope=b"message"), token_bytes(32), TODAY).result().day == TODAY
    assert boxes.push([Frame(0, TO_REPORTER, TODAY, own.box, b"reply")]).result().stored == 1


def test_for_want_of_room_a_box_that_there_is_not_is_refused_alike_and_no_challenge_is_spent(boxes: Boxes) -> None:
    disk, own = Disk(boxes), opened(boxes)
    disk.free = 0
    for each in (own, *strangers(own)):
        with pytest.raises(NoRoom):
            begin(disk.transfers, each, sealed()[0])
    assert count(boxes, CHALLENGES) == 1  # the report's


def test_what_is_kept_already_is_answered_without_room(boxes: Boxes) -> None:
    disk, own, parts = Disk(boxes), opened(boxes), sealed()
    answers = [begin(disk.transfers, own, parts[0]), go_on(disk.transfers, own, parts[1])]
    disk.free, disk.now = 0, 1.0
    assert [begin(disk.transfers, own, parts[0]), go_on(disk.transfers, own, parts[1])] == answers


def test_room_is_measured_once_a_second_and_told_to_the_desk(boxes: Boxes) -> None:
    disk = Disk(boxes)
    assert disk.transfers.confirm(0).result().room is True
    disk.free, disk.now = 999, 0.9
    assert disk.transfers.confirm(0).result().room is True
    assert disk.asked == 1
    disk.now = 1.0
    assert disk.transfers.confirm(0).result().room is False


def test_pages_that_the_database_freed_are_room(boxes: Boxes) -> None:
    disk, own, parts = Disk(boxes, PART_BYTES), opened(boxes), sealed()
    sent(disk.transfers, own, parts[:2])
    disk.transfers.cancel(Owned(own.box, own.access, parts[0].file)).result()
    assert count(boxes) == 0
    disk.free, disk.now = 0, 1.0
    assert disk.transfers.confirm(0).result().room is True


def test_without_a_reserve_nothing_is_measured(boxes: Boxes) -> None:
    disk = Disk(boxes, reserve=0)
    begin(disk.transfers, opened(boxes), sealed()[0])
    assert disk.asked == 0


def test_another_database_than_a_file_is_not_measured() -> None:
    connection: Any = SimpleNamespace(dialect=SimpleNamespace(name="postgresql"))
    assert Reserve(1000, lambda: 0.0, lambda _: 0).room(connection) is True


def test_what_is_free_is_that_of_the_disk_on_which_the_file_lies(file: Path) -> None:
    assert free_bytes(file) > 0


# Dropped --------------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_whole_can_be_cancelled(boxes: Boxes, transfers: Transfers) -> None:
    own, parts = opened(boxes), sealed()
    sent(transfers, own, parts[:2])
    transfers.cancel(Owned(own.box, own.access, parts[0].file)).result()
    assert at_the_desk(transfers) == []
    assert (count(boxes), count(boxes, FILE)) == (0, 0)
    with pytest.raises(NoSuchFile):
        go_on(transfers, own, parts[2])


def test_a_whole_file_is_not_cancelled_nor_one_that_came_from_the_desk(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)
    parts, reply = sent(transfers, own, sealed()), delivered(transfers, own, sealed()[:2])
    for first in (parts[0], reply[0]):
        transfers.cancel(Owned(own.box, own.access, first.file)).result()
    assert count(boxes) == 5


def test_nobody_cancels_anothers_file(boxes: Boxes, transfers: Transfers) -> None:
    own, (first, *_) = opened(boxes), sealed()
    begin(transfers, own, first)
    for each in (*strangers(own), opened(boxes)):
        transfers.cancel(Owned(each.box, each.access, first.file)).result()
    assert count(boxes) == 1


def test_a_cancelled_file_may_be_begun_anew(boxes: Boxes, transfers: Transfers) -> None:
    own, parts = opened(boxes), sealed()
    sent(transfers, own, parts[:2])
    transfers.cancel(Owned(own.box, own.access, parts[0].file)).result()
    sent(transfers, own, parts)
    assert [parse_part(frame.sealed) for frame in at_the_desk(transfers)] == parts


def test_a_dropped_file_is_erased_some_parts_at_a_time(boxes: Boxes, transfers: Transfers, file: Path) -> None:
    own, name = opened(boxes), token_bytes(16)
    sent(transfers, own, [Part(name, 50 * PART_BYTES, index, token_bytes(10)) for index in range(40)])
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE file SET box = NULL")
    left = []
    while boxes.ask(_erase_some).result():
        with boxes.reading() as reading:
            left.append(reading.scalar(select(func.count()).select_from(PARTS)))
    assert left == [24, 8, 0]


def test_a_large_file_that_was_dropped_is_erased_to_its_end(boxes: Boxes, transfers: Transfers) -> None:
    own, name = opened(boxes), token_bytes(16)
    sent(transfers, own, [Part(name, 50 * PART_BYTES, index, token_bytes(10)) for index in range(40)])
    transfers.cancel(Owned(own.box, own.access, name)).result()
    assert count(boxes) == 0


def test_what_was_dropped_before_a_kill_is_erased_at_the_next_start(boxes: Boxes, file: Path, transfers: Transfers) -> None:
    own = opened(boxes)
    sent(transfers, own, sealed())
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE file SET box = NULL")
    transfers.sweep(TODAY)
    assert (count(boxes), count(boxes, FILE)) == (0, 0)


def test_nothing_of_a_dropped_file_is_left_in_the_database(boxes: Boxes, transfers: Transfers, file: Path) -> None:
    own, parts = opened(boxes), sealed()
    sent(transfers, own, parts[:2])
    transfers.cancel(Owned(own.box, own.access, parts[0].file)).result()
    assert count(boxes) == 0
    boxes.close()
    whole = file.read_bytes()
    assert own.box in whole
    assert parts[0].sealed[1000:1100] not in whole
    assert parts[0].file not in whole


def test_a_file_that_gets_no_part_for_three_days_is_dropped(boxes: Boxes, transfers: Transfers) -> None:
    own, parts = opened(boxes), sealed()
    begin(transfers, own, parts[0])
    go_on(transfers, own, parts[1], TODAY + timedelta(2))
    transfers.sweep(TODAY + timedelta(5))
    assert count(boxes) == 2
    transfers.sweep(TODAY + timedelta(6))
    assert count(boxes) == 0


def test_a_whole_file_waits_for_the_desk_as_long_as_it_takes(boxes: Boxes, transfers: Transfers) -> None:
    sent(transfers, opened(boxes), sealed())
    transfers.sweep(TODAY + timedelta(1000))
    assert count(boxes) == 3


def test_a_file_that_was_taken_stays_for_the_days_of_the_setting(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)
    parts = sent(transfers, own, sealed())
    for day in (1, 2):
        transfers.taken(own.box, parts[0].file, TODAY + timedelta(day)).result()
    transfers.sweep(TODAY + timedelta(3))
    assert count(boxes) == 3
    transfers.sweep(TODAY + timedelta(4))
    assert count(boxes) == 0


def test_only_a_whole_file_of_that_box_is_taken(boxes: Boxes, transfers: Transfers) -> None:
    own, other, parts = opened(boxes), opened(boxes), sealed()
    sent(transfers, own, parts[:2])
    sent(transfers, other, parts)
    transfers.taken(own.box, parts[0].file, TODAY).result()
    go_on(transfers, own, parts[2])
    transfers.sweep(TODAY + timedelta(30))
    assert count(boxes) == 6


def test_files_to_the_reporter_stay(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)
    whole, left = delivered(transfers, own, sealed()), delivered(transfers, own, sealed()[:2])
    for first in (whole[0], left[0]):
        transfers.taken(own.box, first.file, TODAY).result()
    transfers.sweep(TODAY + timedelta(1000))
    assert count(boxes) == 5


def test_a_sweep_is_made_once_a_day(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)
    transfers.sweep(TODAY)
    begin(transfers, own, sealed()[0], TODAY - timedelta(30))
    transfers.sweep(TODAY)
    assert count(boxes) == 1
    transfers.sweep(TODAY + timedelta(1))
    assert count(boxes) == 0


# The desk's side ------------------------------------------------------------------------------------------------------


def test_an_answer_to_the_desk_never_exceeds_its_limit_and_says_that_there_is_more(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)
    sent(transfers, own, sealed(5 * PART_BYTES))
    frames, more = transfers.to_desk(0)
    assert (len(frames), more) == (3, True)
    assert sum(43 + len(frame.sealed) for frame in frames) + 18 <= ANSWER_BYTES
    rest, more = transfers.to_desk(frames[-1].position)
    assert ([frame.position for frame in rest], more) == ([4, 5], False)


def test_an_arrival_number_is_not_given_again_after_its_part_is_erased(boxes: Boxes, transfers: Transfers) -> None:
    own, parts = opened(boxes), sealed()
    sent(transfers, own, parts[:2])
    transfers.cancel(Owned(own.box, own.access, parts[0].file)).result()
    assert count(boxes) == 0
    begin(transfers, own, sealed()[0])
    assert [frame.position for frame in at_the_desk(transfers)] == [3]


def test_nobody_confirms_a_part_that_has_not_come_yet_and_confirming_never_goes_back(
    boxes: Boxes, transfers: Transfers
) -> None:
    sent(transfers, opened(boxes), sealed())
    assert [transfers.confirm(through).result().parts for through in (2, 1, 2**32 - 1)] == [2, 2, 3]
    assert len(at_the_desk(transfers)) == 3


def test_a_file_to_the_reporter_is_read_part_by_part(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)
    parts = delivered(transfers, own, sealed())
    delivered(transfers, own, parts)
    for part in parts:
        frame = transfers.part(Owned(own.box, own.access, part.file), part.index)
        assert frame == Frame(part.index, PART, TODAY, own.box, serialize_part(part))
    assert (count(boxes), at_the_desk(transfers)) == (3, [])


def test_what_is_not_the_readers_is_not_there(boxes: Boxes, transfers: Transfers) -> None:
    own, other = opened(boxes), opened(boxes)
    reply, evidence = delivered(transfers, own, sealed()), sent(transfers, own, sealed())
    for each in (*strangers(own), other):
        assert transfers.part(Owned(each.box, each.access, reply[0].file), 0) is None
    assert transfers.part(Owned(own.box, own.access, reply[0].file), 3) is None
    assert transfers.part(Owned(own.box, own.access, evidence[0].file), 0) is None  # a code does not give the evidence back


@pytest.mark.parametrize(
    ("change", "error"),
    [({"index": 1, "file": bytes(16)}, NoSuchFile), ({"sealed": b"other"}, PlaceTaken), ({"length": LENGTH + 1}, NoSuchFile)],
)
def test_the_desk_changes_nothing_that_it_delivered(
    boxes: Boxes, transfers: Transfers, change: dict[str, Any], error: type[WhistleError]
) -> None:
    own = opened(boxes)
    parts = delivered(transfers, own, sealed())
    assert isinstance(transfers.deliver(own.box, replace(parts[0], **change), TODAY).exception(), error)
    assert count(boxes) == 3


def test_everything_is_there_after_opening_the_database_again(boxes: Boxes, transfers: Transfers, file: Path) -> None:
    own, parts = opened(boxes), sealed()
    sent(transfers, own, parts[:2])
    transfers.confirm(2).result()
    boxes.close()
    with closing(Boxes(f"sqlite:///{file}")) as again:
        transfers = Transfers(again, Limits(3, 2, 0), lambda: 0.0)
        go_on(transfers, own, parts[2])
        assert [parse_part(frame.sealed) for frame in at_the_desk(transfers)] == parts
        assert transfers.confirm(0).result().parts == 2


def test_the_desk_is_told_the_day_of_the_last_part(boxes: Boxes, transfers: Transfers) -> None:
    """And not that of the first, or a receipt could be of a day on which the rest was not written yet."""
    own, (first, second, third) = opened(boxes), sealed()
    begin(transfers, own, first)
    assert [frame.day for frame in at_the_desk(transfers)] == [TODAY]
    go_on(transfers, own, second, TODAY + timedelta(2))
    go_on(transfers, own, third, TODAY + timedelta(4))
    assert {frame.day for frame in at_the_desk(transfers)} == {TODAY + timedelta(4)}


def test_what_was_cancelled_counts_among_the_beginnings_of_a_day(boxes: Boxes, transfers: Transfers) -> None:
    own = opened(boxes)

    def begun_and_cancelled(day: date) -> None:
        part = sealed()[0]
        begin(transfers, own, part, day)
        assert transfers.cancel(Owned(own.box, own.access, part.file)).result()

    for _ in range(9):
        begun_and_cancelled(TODAY)
    with pytest.raises(BoxFull):
        begun_and_cancelled(TODAY)
    begun_and_cancelled(TODAY + timedelta(1))


def test_what_was_cancelled_between_pull_and_confirm_does_not_look_like_a_server_put_back(
    boxes: Boxes, transfers: Transfers
) -> None:
    own = opened(boxes)
    parts = sealed()
    begin(transfers, own, parts[0])
    go_on(transfers, own, parts[1])
    through = at_the_desk(transfers)[-1].position
    transfers.cancel(Owned(own.box, own.access, parts[0].file)).result()
    assert count(boxes) == 0
    assert transfers.confirm(through).result().parts == through
    assert transfers.confirm(through + 1).result().parts == through


def test_cancelling_what_is_not_there_erases_nothing(boxes: Boxes, transfers: Transfers) -> None:
    asked: list[object] = []
    ask = boxes.ask
    boxes.ask = lambda act: (asked.append(act), ask(act))[1]  # type: ignore[method-assign]
    assert not transfers.cancel(Owned(token_bytes(32), token_bytes(32), token_bytes(16))).result()
    boxes.ask(lambda _: None).result()
    assert len(asked) == 2

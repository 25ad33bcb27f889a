"""The store of intake: what is kept, what is not, and that nobody is answered before it is durable."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from secrets import token_bytes

import pytest
from sqlalchemy import BigInteger, Connection, Date, Integer, LargeBinary

from whistle.errors import BoxFull, CardRefused, ChallengeRefused, PlaceTaken, StorageFailed
from whistle.protocol.constants import ANSWER_BYTES
from whistle.protocol.wire import TO_REPORTER, Fetch, Frame, Submission
from whistle.store.intake import DAILY_LIMIT, TABLES, TOTAL_LIMIT, Boxes, Kept, Pushed
from whistle.store.writer import Writer, open_engine

TODAY = date(2026, 11, 21)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "intake.sqlite"


@pytest.fixture
def boxes(file: Path) -> Iterator[Boxes]:
    with closing(Boxes(f"sqlite:///{file}")) as boxes:
        yield boxes


def submission(box: bytes = b"", access: bytes = b"", size: int = 100) -> Submission:
    return Submission(box or token_bytes(32), access or token_bytes(32), bytes(8), token_bytes(8).hex(), token_bytes(size))


def opened(boxes: Boxes, size: int = 100) -> Submission:
    """The submission of a new box, which has its first envelope."""
    first = submission(size=size)
    boxes.submit(first, token_bytes(32), TODAY).result()
    return first


def post(boxes: Boxes, first: Submission, day: date = TODAY, size: int = 100) -> Kept:
    return boxes.post(submission(first.box, first.access, size), token_bytes(32), day).result()


def thread(boxes: Boxes, first: Submission, after: int = 0) -> list[Frame]:
    found = boxes.thread(Fetch(first.box, first.access, after))
    assert found
    return found[0]


def test_there_is_no_time_of_day_and_no_text_in_any_table() -> None:
    columns = [column for table in TABLES.values() for column in table.columns]
    assert len(columns) == 39
    assert {type(column.type) for column in columns} == {Integer, BigInteger, LargeBinary, Date}


def test_the_database_is_written_the_way_that_survives_a_power_cut(boxes: Boxes, file: Path) -> None:
    def settings(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "busy_timeout")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert boxes._writer.ask(settings).result() == ["wal", 2, 1, 1, 5000]


def test_only_the_hash_of_an_access_token_is_kept(boxes: Boxes, file: Path) -> None:
    first = opened(boxes)
    boxes.close()
    whole = file.read_bytes()
    assert first.box in whole
    assert first.access not in whole


def test_the_same_envelope_again_is_answered_with_its_first_day_and_without_a_challenge(boxes: Boxes) -> None:
    first = submission()
    kept = boxes.submit(first, token_bytes(32), TODAY).result()
    assert boxes.submit(first, None, TOMORROW).result() == kept
    assert boxes.post(first, None, TOMORROW).result() == kept


def test_without_a_challenge_nothing_new_is_kept(boxes: Boxes) -> None:
    with pytest.raises(ChallengeRefused):
        boxes.submit(submission(), None, TODAY).result()
    assert boxes.arrivals(0) == ([], False)


def test_a_challenge_is_spent_once(boxes: Boxes) -> None:
    challenge = token_bytes(32)
    boxes.submit(submission(), challenge, TODAY).result()
    with pytest.raises(ChallengeRefused):
        boxes.submit(submission(), challenge, TOMORROW).result()


def test_two_who_spend_one_challenge_at_once_are_not_both_answered(boxes: Boxes) -> None:
    challenge = token_bytes(32)
    both = [boxes.submit(submission(), challenge, TODAY) for _ in range(2)]
    assert [type(future.exception()) for future in both] == [type(None), ChallengeRefused]


def test_a_refusal_does_not_spend_the_challenge(boxes: Boxes) -> None:
    challenge, first = token_bytes(32), opened(boxes)
    with pytest.raises(PlaceTaken):
        boxes.submit(submission(first.box, first.access), challenge, TODAY).result()
    boxes.submit(submission(), challenge, TODAY).result()


def test_a_spent_challenge_is_forgotten_after_two_days(boxes: Boxes, file: Path) -> None:
    challenge = token_bytes(32)
    boxes.submit(submission(), challenge, TODAY).result()
    for days in (1, 2):
        boxes.submit(submission(), token_bytes(32), TODAY + timedelta(days)).result()
    with closing(sqlite3.connect(file)) as connection:
        days_kept = [day for (day,) in connection.execute("SELECT day FROM challenge ORDER BY day")]
    assert days_kept == ["2026-11-22", "2026-11-23"]


def test_a_box_takes_fifty_contents_a_day(boxes: Boxes) -> None:
    first = opened(boxes)
    for _ in range(DAILY_LIMIT - 1):
        post(boxes, first)
    with pytest.raises(BoxFull):
        post(boxes, first)
    opened(boxes)  # nobody else is refused for it
    post(boxes, first, TOMORROW)


def test_a_box_takes_a_thousand_contents(boxes: Boxes) -> None:
    first = opened(boxes)
    for place in range(1, TOTAL_LIMIT):
        post(boxes, first, TODAY + timedelta(days=place // DAILY_LIMIT))
    with pytest.raises(BoxFull):
        post(boxes, first, TODAY + timedelta(days=30))


def test_a_full_box_still_takes_replies(boxes: Boxes) -> None:
    first = opened(boxes)
    for _ in range(DAILY_LIMIT - 1):
        post(boxes, first)
    assert boxes.push([Frame(0, TO_REPORTER, TODAY, first.box, b"reply")]).result() == Pushed(1, 0)


def test_a_thread_is_in_the_order_of_its_places(boxes: Boxes) -> None:
    first = opened(boxes)
    opened(boxes)
    boxes.push([Frame(0, TO_REPORTER, TOMORROW, first.box, b"reply")]).result()
    post(boxes, first)
    assert [frame.position for frame in thread(boxes, first)] == [1, 2, 3]
    assert [frame.position for frame in thread(boxes, first, after=2)] == [3]


def test_a_forgotten_box_is_as_if_it_had_never_been(boxes: Boxes, file: Path) -> None:
    first = opened(boxes)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE box SET forgotten = '2026-11-21'")
    assert boxes.thread(Fetch(first.box, first.access, 0)) is None
    assert post(boxes, first).day == TODAY
    assert boxes.push([Frame(0, TO_REPORTER, TODAY, first.box, b"reply")]).result() == Pushed(0, 1)


def test_a_wrong_token_is_no_token(boxes: Boxes) -> None:
    first = opened(boxes)
    assert boxes.thread(Fetch(first.box, bytes(32), 0)) is None


def test_an_answer_never_exceeds_its_limit_and_says_that_there_is_more(boxes: Boxes) -> None:
    first = opened(boxes, size=ANSWER_BYTES // 2 - 43 - 9)
    post(boxes, first, size=ANSWER_BYTES // 2 - 43 - 9)
    assert boxes.thread(Fetch(first.box, first.access, 0))[1] is False  # type: ignore[index]
    post(boxes, first, size=1)
    frames, more = boxes.arrivals(0)
    assert (len(frames), more) == (2, True)
    assert boxes.arrivals(frames[-1].position)[1] is False


def test_a_lower_card_than_the_last_one_is_refused(boxes: Boxes) -> None:
    boxes.publish(2).result()
    boxes.publish(2).result()
    with pytest.raises(CardRefused):
        boxes.publish(1).result()


def test_nobody_confirms_what_has_not_come_yet(file: Path) -> None:
    with closing(Boxes(f"sqlite:///{file}")) as boxes:
        opened(boxes)
        assert boxes.confirm(2**32 - 1).result() == 1


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(StorageFailed):
        Boxes(url)


def test_everything_is_there_after_opening_the_database_again(file: Path) -> None:
    with closing(Boxes(f"sqlite:///{file}")) as boxes:
        first = opened(boxes)
        boxes.confirm(5).result()
        boxes.publish(3).result()
    with closing(Boxes(f"sqlite:///{file}")) as boxes:
        assert [frame.sealed for frame in thread(boxes, first)] == [first.envelope]
        assert boxes.confirm(0).result() == 1
        assert isinstance(boxes.publish(2).exception(), CardRefused)


def test_the_database_of_another_version_is_refused(file: Path) -> None:
    Boxes(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE schema SET version = version + 1")
    with pytest.raises(StorageFailed, match="another version"):
        Boxes(f"sqlite:///{file}")


def test_the_database_of_another_program_is_refused(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE case_file (id INTEGER)")
    with pytest.raises(StorageFailed, match="another program"):
        Boxes(f"sqlite:///{file}")


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot be opened"):
        Boxes(f"sqlite:///{tmp_path}/nowhere/intake.sqlite")


def test_a_database_whose_address_is_none_is_named() -> None:
    with pytest.raises(StorageFailed, match="cannot be opened"):
        Boxes("nonsense")


def test_a_database_that_can_no_longer_be_read_is_named(boxes: Boxes, file: Path) -> None:
    first = opened(boxes)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("ALTER TABLE entry RENAME TO lost")
    with pytest.raises(StorageFailed, match="could not be read"):
        thread(boxes, first)


def test_a_full_database_is_said_and_what_was_acknowledged_stays(boxes: Boxes) -> None:
    first = opened(boxes)
    boxes._writer.ask(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 40").scalar()).result()
    with pytest.raises(StorageFailed):
        post(boxes, first, size=200_000)
    assert [frame.sealed for frame in thread(boxes, first)] == [first.envelope]
    assert post(boxes, first, size=100).day == TODAY


# The writer -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    engine = open_engine(f"sqlite:///{tmp_path / 'writer.sqlite'}", "BEGIN IMMEDIATE")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE kept (word TEXT UNIQUE, of TEXT REFERENCES kept (word) DEFERRABLE INITIALLY DEFERRED)"
        )
    writer = Writer(engine)
    yield writer
    writer.stop()
    engine.dispose()


def together(writer: Writer, *acts: object) -> list[Future[object]]:
    """Asks for all of them while the writer is held up by one before them, so that they share a commit."""
    gate: Future[None] = Future()
    writer.ask(lambda _: gate.result())
    futures = [writer.ask(act) for act in acts]  # type: ignore[arg-type]
    gate.set_result(None)
    return futures  # type: ignore[return-value]


def keep(word: str) -> object:
    return lambda connection: connection.exec_driver_sql("INSERT INTO kept VALUES (?, NULL)", (word,)).rowcount


def words(writer: Writer) -> list[str]:
    return writer.ask(
        lambda connection: list(connection.exec_driver_sql("SELECT word FROM kept ORDER BY word").scalars())
    ).result()


def test_a_refusal_is_that_waiters_alone_and_leaves_nothing(writer: Writer) -> None:
    def refuse(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO kept VALUES ('refused', NULL)")
        raise PlaceTaken

    first, refused, last = together(writer, keep("first"), refuse, keep("last"))
    assert (first.result(), type(refused.exception()), last.result()) == (1, PlaceTaken, 1)
    assert words(writer) == ["first", "last"]


def test_a_commit_that_fails_is_told_to_everybody_who_waits(writer: Writer) -> None:
    def dangle(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO kept VALUES ('dangling', 'nobody')")

    futures = together(writer, keep("before"), dangle, keep("after"))
    assert [type(future.exception()) for future in futures] == [StorageFailed] * 3
    assert words(writer) == []


def test_the_writer_goes_on_after_a_failure(writer: Writer) -> None:
    (failed,) = together(writer, lambda connection: connection.exec_driver_sql("no SQL"))
    assert isinstance(failed.exception(), StorageFailed)
    assert together(writer, keep("later"))[0].result() == 1


def test_a_mistake_of_the_program_is_answered_too(writer: Writer) -> None:
    (failed,) = together(writer, lambda _: 1 // 0)
    assert isinstance(failed.exception(), StorageFailed)


def test_who_gave_up_waiting_is_left_out(writer: Writer) -> None:
    gate: Future[None] = Future()
    writer.ask(lambda _: gate.result())
    gone, stays = writer.ask(keep("gone")), writer.ask(keep("stays"))  # type: ignore[arg-type]
    gone.cancel()
    gate.set_result(None)
    assert stays.result() == 1
    assert words(writer) == ["stays"]


def test_stopping_commits_what_waits(writer: Writer) -> None:
    futures = [writer.ask(keep(str(number))) for number in range(300)]  # type: ignore[arg-type]
    writer.stop()
    assert all(future.done() and future.result() == 1 for future in futures)


def test_the_day_of_a_reply_is_the_desks(boxes: Boxes) -> None:
    first = opened(boxes)
    boxes.push([replace(Frame(0, TO_REPORTER, TODAY, first.box, b"reply"), day=TOMORROW)]).result()
    assert thread(boxes, first)[1].day == TOMORROW


def test_a_database_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "before.sqlite"
    with closing(Boxes(f"sqlite:///{file}")) as boxes:
        opened(boxes)
    with closing(sqlite3.connect(file)) as connection:
        for column in ("box DROP begun", "box DROP begun_on", "state DROP erased"):
            connection.execute(f"ALTER TABLE {column}")
        connection.execute("UPDATE schema SET version = 2")
        connection.commit()
    for _ in range(2):
        with closing(Boxes(f"sqlite:///{file}")) as boxes:
            opened(boxes)
            assert boxes.confirm(9).result() > 0

"""Fetching one box among a thousand and among a million: answers a second and milliseconds, by token, through a real intake.

The baseline is an unknown box, which is answered with random bytes, in the same run. Usage: python bench/box.py [boxes…]
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from tests.intake.running import SEALED, Intake, started  # noqa: E402 - found only from the top
from whistle.protocol.wire import Fetch, serialize_fetch  # noqa: E402

ASKED = 1_000


def main(sizes: list[int]) -> None:
    for boxes in sizes:
        with tempfile.TemporaryDirectory() as folder, started(Path(folder) / "intake.sqlite") as intake:
            fill(intake.database, boxes - 1)
            mine = intake.submission()
            assert intake.send("/api/submit", mine).status == 200
            for name, box in (("known", mine.box), ("unknown", bytes(32))):
                times = sorted(fetched(intake, Fetch(box, mine.access, 0)))
                print(
                    f"{boxes:>9,} boxes, {name:<7} box: {ASKED / sum(times):5.0f}/s  "
                    f"p50 {1000 * times[ASKED // 2]:.2f} ms  p99 {1000 * times[ASKED * 99 // 100]:.2f} ms"
                )


def fill(database: Path, boxes: int) -> None:
    """So many other boxes with one short entry each: the rows count here, not their bytes."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        columns = "box, access, opened, places, contents"
        rows: Iterator[tuple[bytes, ...]] = ((n.to_bytes(32),) for n in range(1, boxes + 1))
        connection.executemany(f"INSERT INTO box ({columns}) VALUES (?, zeroblob(32), '2026-11-21', 1, 1)", rows)
        connection.execute(
            "INSERT INTO entry (box, place, direction, day, digest, sealed) "
            "SELECT id, 1, 1, '2026-11-21', box, zeroblob(64) FROM box"
        )


def fetched(intake: Intake, fetch: Fetch) -> list[float]:
    """Seconds of each answer, one after another on one connection."""
    times = []
    with closing(HTTPConnection("127.0.0.1", intake.port, timeout=30)) as connection:
        for _ in range(ASKED):
            began = time.perf_counter()
            connection.request("POST", "/api/fetch", serialize_fetch(fetch), SEALED)
            answer = connection.getresponse()
            assert (answer.status, len(answer.read())) == (200, 65_536)
            times.append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [1_000, 1_000_000])

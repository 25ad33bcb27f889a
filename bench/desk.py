"""The desk at work: its inbox over HTTP at 1,000 and at 100,000 cases, and opening 1,000 reports.

Beside it, in the same run: a page of the same server that asks the same database for SELECT 1, and bare age decryption of the
same envelopes. Client and server share one process, so a figure is of both; the relation says more than the figures.
Of the many cases each has a report's row without its bytes, which no inbox reads; two in five are open.
Usage: python bench/desk.py [cases] [requests for each line] [reports]
"""

import asyncio
import random
import secrets
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from tests.desk.running import ANNA, Desk, Member, Reporter, hold_ceremony, started, today  # noqa: E402 - found only from the top
from whistle.desk.states import State  # noqa: E402
from whistle.sealing.contents import open_envelope  # noqa: E402
from whistle.store.worklist import Wanted  # noqa: E402
from whistle.web.headers import DESK_POLICY, security_headers  # noqa: E402
from whistle.web.listening import Server, bind  # noqa: E402

NOWHERE = 9  # the port of no public server
PAGES = {"all": "/", "new": "/?section=new", "waiting for us": "/?section=desk", "mine": "/?section=mine"}


def main(counts: list[int], requests: int, reports: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ceremony, place = hold_ceremony(Path(folder) / "ceremony"), Path(folder) / "desk"
        place.mkdir()
        with started(place, ceremony, NOWHERE) as desk:
            opening(desk, reports)
        with closing(sqlite3.connect(place / "desk.sqlite")) as connection:
            connection.execute('DELETE FROM "content" WHERE "case" > 1')
            connection.execute('DELETE FROM "case" WHERE number > 1')
            connection.commit()
        for count in counts:
            fill(place / "desk.sqlite", count)
            began = time.perf_counter()
            with started(place, ceremony, NOWHERE) as desk:
                print(f"{count} cases: started, with the days of all computed anew, in {time.perf_counter() - began:.1f} s")
                inbox(desk, requests)


def opening(desk: Desk, reports: int) -> None:
    """Reports a second, from sealed envelope to case."""
    reporters = [Reporter.new(desk.card) for _ in range(reports)]
    envelopes = [each.report("Der blev betalt for en tilladelse. " * 20) for each in reporters]
    member = desk.signed_in(ANNA)
    [session] = desk.running.sessions._sessions.values()
    identities = list(session.groups["risk-control"].identities.values())
    began = time.perf_counter()
    for envelope in envelopes:
        open_envelope(envelope, identities)
    bare = reports / (time.perf_counter() - began)
    desk.deliver(
        *(each.frame(envelope, place) for place, (each, envelope) in enumerate(zip(reporters, envelopes, strict=True), 1))
    )
    began = time.perf_counter()
    desk.running.desk.reader.open_arrivals(session, desk.clock())
    rate = reports / (time.perf_counter() - began)
    assert desk.cases.work.counts(["risk-control"], ANNA, Wanted(), today())[""] == reports
    print(f"opening {reports} reports: {rate:.0f}/s, {rate / bare:.0%} of bare age decryption at {bare:.0f}/s")
    [first], [again] = (latencies(member, "/numbers", 1) for _ in range(2))
    print(f"numbers of {reports} cases: {first:.1f} s at first, {again:.2f} s again")


def inbox(desk: Desk, requests: int) -> None:
    member = desk.signed_in(ANNA)
    with bare(desk.database) as port:
        beside = latencies(Member(port), "/", requests)
    print(f"    bare, SELECT 1   {written(beside)}")
    half = len(desk.cases.inbox(["risk-control"], ANNA)) // 2
    paths = PAGES | {"in the middle": f"/?after={today()}.{half}", "a case": "/cases/1"}
    for name, path in paths.items():
        print(f"    {name:16} {written(latencies(member, path, requests))}")


def written(took: list[float]) -> str:
    p50, p95 = (1000 * sorted(took)[int(len(took) * part)] for part in (0.5, 0.95))
    return f"p50 {p50:6.1f} ms  p95 {p95:6.1f} ms"


def latencies(member: Member, path: str, requests: int) -> list[float]:
    """Seconds for each, one after the other."""
    return [timed(lambda: member.get(path)) for _ in range(requests)]


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def fill(database: Path, count: int) -> None:
    """Copies of the first case until there are so many, of ten years, in every state."""
    draw = random.Random(1)  # the same cases in every run
    states = [*State, *[State.CLOSED] * 4]
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute('SELECT * FROM "case" WHERE number = 1')
        names = [each[0] for each in rows.description]
        first = dict(zip(names, rows.fetchone(), strict=True))
        [start] = connection.execute('SELECT max(number) FROM "case"').fetchone()
        for number in range(start + 1, count + 1):
            state, came = draw.choice(states), today() - timedelta(days=draw.randrange(3650))
            days = {"received": came, "acknowledged": None if state is State.RECEIVED else came + timedelta(days=3)}
            days["closed"] = came + timedelta(days=90) if state is State.CLOSED else None
            known = {"turn": draw.choice(("desk", "reporter")), "assigned": draw.choice((ANNA, "bo", None)), "heard": number}
            row = first | {"number": number, "box": secrets.token_bytes(32), "state": state.value} | days | known
            marks = ", ".join("?" for _ in names)
            connection.execute(f'INSERT INTO "case" VALUES ({marks})', [row[name] for name in names])
            connection.execute(
                "INSERT INTO content SELECT ?, ?, direction, sequence, day, \"group\", epoch, recipient, wrapped_key, x'' "
                "FROM content WHERE place = 1",
                (number, number),
            )
            if draw.random() < 0.7:
                connection.execute("INSERT OR IGNORE INTO reading VALUES (?, ?, ?)", (ANNA, number, number))
        connection.execute("UPDATE state SET rules = NULL")
        connection.commit()


@contextmanager
def bare(database: Path) -> Iterator[int]:
    """The port of a page that asks the database for nothing, in a thread as the desk's pages do."""
    connection = sqlite3.connect(database, check_same_thread=False)

    async def page(_: Request) -> HTMLResponse:
        row = await asyncio.to_thread(lambda: connection.execute("SELECT 1").fetchone())
        return HTMLResponse(f"<!doctype html><title>{row[0]}</title>")

    server, listener = Server(Starlette(routes=[Route("/", page)]), security_headers(DESK_POLICY)), bind("127.0.0.1", 0)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()
    connection.close()


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    main(given[:1] or [1_000, 100_000], *(given[1:3] or (200, 1_000)))

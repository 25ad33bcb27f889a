"""The desk at work: every section and filter of its inbox over HTTP at 1,000 and at 100,000 cases, and opening 1,000 reports.

Beside it, in the same run: a page of the same server that asks the same database for SELECT 1, and bare age decryption of the
same envelopes. Client and server share one process, so a figure is of both; the relation says more than the figures.
Of the many cases each has a report's row without its bytes, which no inbox reads; two in five are open; some are kept from
whoever looks. The limits are the issue's, for a machine that does nothing else: they are printed, and nothing is asserted.
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
from whistle.sealing.sheets import tag_hash  # noqa: E402
from whistle.store.worklist import SECTIONS, Wanted  # noqa: E402
from whistle.web.headers import DESK_POLICY, security_headers  # noqa: E402
from whistle.web.listening import Server, bind  # noqa: E402

NOWHERE = 9  # the port of no public server
LIMITS = {1_000: 200, 100_000: 300}  # ms at p95, by how many cases there are
TAG, TAGGED = "vejsalt", 50  # one case in so many has it


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
                inbox(desk, requests, LIMITS.get(count))


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
    desk.running.desk.case_pages.reader.open_arrivals(session, desk.clock())
    rate = reports / (time.perf_counter() - began)
    assert desk.cases.work.counts(["risk-control"], ANNA, Wanted(), today())[""] == reports
    print(f"opening {reports} reports: {rate:.0f}/s, {rate / bare:.0%} of bare age decryption at {bare:.0f}/s")
    [first], [again] = (latencies(member, "/numbers", 1) for _ in range(2))
    print(f"numbers of {reports} cases: {first:.1f} s at first, {again:.2f} s again")


def inbox(desk: Desk, requests: int, limit: int | None) -> None:
    """Every section and filter, each line beside the limit and the page that asks for nothing."""
    member = desk.signed_in(ANNA)
    mark(desk)
    with bare(desk.database) as port:
        beside = latencies(Member(port), "/", requests)
    print(f"    {'bare, SELECT 1':16} {written(beside)}")
    for name, path in pages(desk, member).items():
        took = latencies(member, path, requests)
        said = "" if limit is None else f" of {limit} ms"
        print(f"    {name:16} {written(took)}{said}, {part(took, 0.95) / part(beside, 0.95):.0f} times bare")


def pages(desk: Desk, member: Member) -> dict[str, str]:
    since, until = today() - timedelta(days=400), today() - timedelta(days=200)
    filters = {
        "state": "/?state=addressing",
        "days": f"/?from={since}&to={until}",
        "tag": member.post("/", tag=TAG).header("location"),
    }
    others = {"in the middle": f"/?after={today()}.{len(desk.cases.ends()) // 2}", "a case": "/cases/1"}
    return {"all": "/"} | {each: f"/?section={each}" for each in SECTIONS} | filters | others


def mark(desk: Desk) -> None:
    """Some cases have a tag, and some are kept from whoever looks."""
    [session] = desk.running.sessions._sessions.values()
    identities = session.groups["risk-control"].identities
    newest = max(identities)
    tagged = f'SELECT number, ?, ? FROM "case" WHERE number % {TAGGED} = 3'
    kept = f"SELECT number, ?, 'bo', '2026-01-01', 0 FROM \"case\" WHERE number % {10 * TAGGED} = 7"
    with closing(sqlite3.connect(desk.database)) as connection:
        for table in ("tag", "aside"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute(f'INSERT INTO tag ("case", hash, epoch) {tagged}', (tag_hash(TAG, identities[newest]), newest))
        connection.execute(f'INSERT INTO aside ("case", member, "by", day, place) {kept}', (ANNA,))
        connection.commit()


def written(took: list[float]) -> str:
    return f"p50 {part(took, 0.5):6.1f} ms  p95 {part(took, 0.95):6.1f} ms"


def part(took: list[float], share: float) -> float:
    """Within so many milliseconds this share of them was answered."""
    return 1000 * sorted(took)[int(len(took) * share)]


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
                connection.execute("INSERT OR IGNORE INTO reading VALUES (?, ?, ?, NULL)", (ANNA, number, number))
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

"""The desk, put together from its settings, a clock and a source of randomness; and what runs beside its pages."""

import asyncio
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.types import ASGIApp

from whistle.desk import starting
from whistle.desk.counting import Counting
from whistle.desk.erasure import Keeping, Purge
from whistle.desk.files import CaseFiles
from whistle.desk.heads import Heads
from whistle.desk.inbox import Inbox, clocks_of
from whistle.desk.letters import Letters
from whistle.desk.logpage import LogPage
from whistle.desk.members import Members, Random
from whistle.desk.pages import Desk
from whistle.desk.presets import preset_of, shortened
from whistle.desk.reading import Reader
from whistle.desk.receipts import Receipts
from whistle.desk.relay import Clock, Relay, client_of
from whistle.desk.sessions import Sessions
from whistle.desk.settings import Settings
from whistle.desk.showing import Pages
from whistle.desk.starting import KeyCard
from whistle.desk.throttle import Throttle
from whistle.desk.writing import Writer
from whistle.errors import NotEnrolled, SettingsWrong, WhistleError
from whistle.settings import secret
from whistle.store.desk import Cases, file_of
from whistle.web.forms import FormTokens
from whistle.web.listening import WrongHost

TEMPLATES = Path(__file__).parents[2] / "templates" / "desk"
_REAP_SECONDS = 60
_MEGABYTE = 1_000_000


@dataclass(frozen=True, eq=False)
class Running:
    """The application, and what runs beside it."""

    app: ASGIApp
    desk: Desk
    relay: Relay
    purge: Purge
    receipts: Receipts
    client: httpx2.AsyncClient
    sessions: Sessions
    cases: Cases
    heads: Heads
    clock: Clock
    poll_seconds: int

    def close(self) -> None:
        """Lets go of the database."""
        self.cases.close()

    async def beside(self) -> None:
        """Polls the public server, erases, lets go of sessions and writes the head of the log daily, until it is cancelled."""
        async with self.client, asyncio.TaskGroup() as group:
            group.create_task(self.relay.run(self.poll_seconds))
            group.create_task(self._reap())
            group.create_task(self.purge.run())
            group.create_task(self.heads.run(self.clock))

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(_REAP_SECONDS)
            self.sessions.reap(self.clock())


def build(settings: Settings, file: Path, clock: Clock, random: Random) -> Running:
    """Everything, ready to be served. Raises a named error if the desk must not start (whistle.desk.starting)."""
    days = {"acknowledge_days": settings.acknowledge_days, "feedback_months": settings.feedback_months}
    preset = shortened(preset_of(settings.preset), **days)
    cases = Cases(settings.database, clocks_of(preset))
    instance = cases.instance()
    if instance is None:
        raise NotEnrolled
    card = KeyCard(settings.card, settings.root_fingerprint, instance)
    starting.check(settings, file, card.known())
    machine = starting.machine_secret(settings.machine_secret)
    client = client_of(settings.relay_url, secret(settings.relay_token))
    receipts = Receipts(card, starting.receipt_key(settings.receipt_key, machine))
    reserve = settings.reserve_megabytes * _MEGABYTE
    relay = Relay(cases, client, push_times(settings), clock, receipts, lambda: free_bytes(settings), reserve)
    sessions, reader = Sessions(random), Reader(cases, card, random)
    writer = Writer(cases, reader, card, random)
    purge = Purge(cases, preset, clock)
    tokens = FormTokens(random(32))
    pages, heads = Pages(TEMPLATES, settings, card, tokens), Heads(cases, receipts, settings.log_heads)
    desk = Desk(
        cases=cases,
        members=Members(cases, machine, settings.organisation, random),
        sessions=sessions,
        throttle=Throttle(),
        reader=reader,
        writer=writer,
        keeping=Keeping(cases, reader, writer, preset),
        purge=purge,
        files=CaseFiles(cases.files),
        work=Inbox(cases, preset),
        card=card,
        counting=Counting(cases, reader, settings.acknowledge_days),
        receipts=receipts,
        relay=relay,
        pages=pages,
        letters=Letters(TEMPLATES / "letters"),
        log_page=LogPage(cases, heads, pages, settings.refusals_a_day),
        tokens=tokens,
        rules=preset,
        longest_file=settings.file_megabytes * _MEGABYTE,
        clock=clock,
    )
    app = _application(desk, settings)
    return Running(app, desk, relay, purge, receipts, client, sessions, cases, heads, clock, settings.poll_seconds)


def free_bytes(settings: Settings) -> int:
    """What the disk under the database has left; without a bound if the database is not a file of this machine."""
    file = file_of(settings.database)
    return shutil.disk_usage(file.resolve().parent).free if file is not None else sys.maxsize


def push_times(settings: Settings) -> tuple[time, ...]:
    """The set times. Raises SettingsWrong."""
    try:
        return tuple(datetime.strptime(text, "%H:%M").time() for text in settings.push_times)  # noqa: DTZ007 - a time of day
    except ValueError:
        raise SettingsWrong("The setting push_times must be a list of times in UTC, each HH:MM.") from None


def _application(desk: Desk, settings: Settings) -> ASGIApp:
    handlers: Mapping[object, object] = {
        WhistleError: desk.refused,
        404: desk.nothing,
        405: desk.nothing,
        Exception: desk.broken,
    }
    application = Starlette(routes=desk.routes, exception_handlers=handlers)  # type: ignore[arg-type]
    application.router.redirect_slashes = False
    return WrongHost(application, settings.names)

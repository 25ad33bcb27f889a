"""The desk, put together from its settings, a clock and a source of randomness; and what runs beside its pages."""

import asyncio
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.types import ASGIApp

from whistle.desk import starting
from whistle.desk.arrivals import Arrivals
from whistle.desk.broadcast import Broadcasting
from whistle.desk.broadcastpage import BroadcastPage
from whistle.desk.casefile import Casefile
from whistle.desk.casepages import CasePages
from whistle.desk.channelpages import ChannelPages
from whistle.desk.channels import Taking
from whistle.desk.conflicts import Conflicts
from whistle.desk.continuing import Continuing
from whistle.desk.counting import Counting
from whistle.desk.dayspage import DaysPage
from whistle.desk.disclosing import Disclosing
from whistle.desk.epochs import Turning
from whistle.desk.erasure import Keeping, Purge
from whistle.desk.factor_pages import FactorPages
from whistle.desk.factors import SecondFactor
from whistle.desk.filepages import FilePages
from whistle.desk.files import CaseFiles
from whistle.desk.heads import Heads
from whistle.desk.identity import Revealing
from whistle.desk.inbox import Inbox, clocks_of
from whistle.desk.letters import Letters
from whistle.desk.logpage import LogPage
from whistle.desk.mail import Mail, Watch
from whistle.desk.members import Members, Random
from whistle.desk.numberspage import NumbersPage
from whistle.desk.pages import Desk
from whistle.desk.passkeys import Site
from whistle.desk.people import People
from whistle.desk.peoplepage import PeoplePage
from whistle.desk.presets import preset_of, shortened
from whistle.desk.purposes import Purposes
from whistle.desk.reading import Reader
from whistle.desk.receipts import Receipts
from whistle.desk.relay import Clock, Relay, client_of
from whistle.desk.removal import Removal
from whistle.desk.sessions import Sessions
from whistle.desk.settings import Settings
from whistle.desk.showing import Pages
from whistle.desk.signinpages import SignInPages
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
    watch: Callable[[date], Watch]
    mail: Mail | None
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
            if self.mail is not None:
                group.create_task(self.mail.run(self.clock))

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(_REAP_SECONDS)
            self.sessions.reap(self.clock())


def build(settings: Settings, file: Path, clock: Clock, random: Random) -> Running:
    """Everything, ready to be served. Raises a named error if the desk must not start (whistle.desk.starting)."""
    days = {"acknowledge_days": settings.acknowledge_days, "feedback_months": settings.feedback_months}
    preset = shortened(shortened(preset_of(settings.preset), **days), **(settings.shorten or {}))
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
    revealing = Revealing(cases, reader, writer, card)
    broadcasting = Broadcasting(cases, reader, writer, card)
    purge = Purge(cases, preset, clock, partial(_lapse, revealing, broadcasting))
    tokens = FormTokens(random(32))
    pages, heads = Pages(TEMPLATES, settings, card, tokens), Heads(cases, receipts, settings.log_heads)
    letters = Letters(TEMPLATES / "letters")
    taking = Taking(cases, card, reader, writer, letters, preset, random)
    members, throttle = Members(cases, machine, settings.organisation, random), Throttle()
    second = SecondFactor(cases, members, throttle, site(settings), random, is_required=requires_second(settings))
    people = People(cases, members, sessions, card, random)
    casefile, files = Casefile(cases, reader, random), CaseFiles(cases.files)
    arrivals, keeping = Arrivals(reader, taking, purge, card), Keeping(cases, reader, writer, preset)
    work, factor_pages = Inbox(cases, casefile, preset), FactorPages(second, sessions, pages, tokens)
    case_pages = CasePages(
        cases=cases,
        reader=reader,
        writer=writer,
        keeping=keeping,
        casefile=casefile,
        continuing=Continuing(cases, reader, casefile),
        revealing=revealing,
        disclosing=Disclosing(cases, reader, writer),
        conflicts=Conflicts(cases, reader, writer, card),
        removal=Removal(cases, reader, writer),
        purposes=Purposes(cases, reader),
        files=files,
        taking=taking,
        arrivals=arrivals,
        work=work,
        letters=letters,
        pages=pages,
        rules=preset,
        longest_file=settings.file_megabytes * _MEGABYTE,
        recordings=settings.recordings,
    )
    desk = Desk(
        cases=cases,
        clock=clock,
        rules=preset,
        sessions=sessions,
        tokens=tokens,
        members=members,
        people=people,
        pages=pages,
        arrivals=arrivals,
        work=work,
        turning=Turning(cases, card),
        keeping=keeping,
        purge=purge,
        receipts=receipts,
        relay=relay,
        sign_in=SignInPages(cases, members, people, throttle, sessions, factor_pages, pages, tokens, clock),
        factor_pages=factor_pages,
        case_pages=case_pages,
        file_pages=FilePages(cases, reader, writer, files, taking, case_pages, pages),
        channels=ChannelPages(cases, taking, pages, random),
        people_page=PeoplePage(people, pages, address(settings)),
        broadcast_page=BroadcastPage(broadcasting, pages),
        log_page=LogPage(cases, heads, pages, settings.refusals_a_day),
        days_page=DaysPage(cases, pages, preset),
        numbers_page=NumbersPage(Counting(cases, reader, preset.acknowledge_days), arrivals, pages),
    )
    app = _application(desk, settings)
    watch, words = partial(_watch, desk), pages.catalogues.values()
    mail = Mail(cases, settings.mail, preset, watch, heads, words) if settings.mail is not None else None
    return Running(app, desk, relay, purge, receipts, client, sessions, cases, heads, watch, mail, clock, settings.poll_seconds)


def _lapse(revealing: Revealing, broadcasting: Broadcasting, now: datetime) -> None:
    """Ends whatever has waited too long for a second member."""
    revealing.lapse(now)
    broadcasting.lapse(now)


def _watch(desk: Desk, today: date) -> Watch:
    """What the inbox would say of the desk itself. The public server is silent once it was for a day and still is."""
    contact = desk.cases.relayed().contact
    return Watch(
        refusals=bool(desk.log_page.refused()) or desk.log_page.were_refused(today),
        log=desk.log_page.heads.problem is not None,
        silent=desk.relay.silent and (contact is None or contact < today),
        unerased=desk.purge.failed,
        access=desk.people.review_is_due(today),
        card=desk.arrivals.card.known(),
        reviews=desk.keeping.overdue_boxes(today),
    )


def free_bytes(settings: Settings) -> int:
    """What the disk under the database has left; without a bound if the database is not a file of this machine."""
    file = file_of(settings.database)
    return shutil.disk_usage(file.resolve().parent).free if file is not None else sys.maxsize


def address(settings: Settings) -> str:
    """Where a browser finds this desk: behind its proxy, or on this machine itself (the cookie allows nothing else)."""
    name = settings.names[0]
    return f"http://{name}:{settings.port}" if name == "localhost" else f"https://{name}"


def push_times(settings: Settings) -> tuple[time, ...]:
    """The set times. Raises SettingsWrong."""
    try:
        return tuple(datetime.strptime(text, "%H:%M").time() for text in settings.push_times)  # noqa: DTZ007 - a time of day
    except ValueError:
        raise SettingsWrong("The setting push_times must be a list of times in UTC, each HH:MM.") from None


def site(settings: Settings) -> Site:
    """Passkeys are made for the first of the desk's names."""
    return Site(settings.names[0].partition(":")[0], settings.organisation)


def requires_second(settings: Settings) -> bool:
    """Raises SettingsWrong."""
    if settings.second_factor not in ("required", "optional"):
        raise SettingsWrong('The setting second_factor must be "required" or "optional".')
    return settings.second_factor == "required"


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

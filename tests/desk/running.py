"""A running desk for tests: keys from the real ceremony, a real server on a real socket, a clock that a test can move.

The public server beside it is the real one. A reporter here is a case code and the contents sealed with its keys.
"""

import asyncio
import os
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.intake.running import TOKEN, Intake
from whistle.ceremony.making import make
from whistle.ceremony.plan import GroupPlan, MemberPlan, Plan, StaffPlan
from whistle.desk.application import TEMPLATES, Running, build
from whistle.desk.enrolment import enrol
from whistle.desk.members import GroupKeys, keys_of
from whistle.desk.roles import Role
from whistle.desk.settings import Settings
from whistle.protocol.card import Card, parse, serialize
from whistle.protocol.content import TO_DESK, Answer, Body, Content, Context, Message, Position, Report
from whistle.protocol.wire import TO_DESK as FRAME_TO_DESK
from whistle.protocol.wire import Frame, Submission, parse_pages
from whistle.sealing import age
from whistle.sealing.cards import sign_card
from whistle.sealing.contents import Box, Entry, Thread, read_thread, seal, try_open
from whistle.sealing.derivation import ReporterKeys, reporter_keys
from whistle.sealing.keys import Identity, SigningKey
from whistle.sealing.wrapping import DRAWN, Factors, unwrap
from whistle.store.desk import Act, Cases
from whistle.web.headers import DESK_POLICY, security_headers
from whistle.web.listening import Server, bind
from whistle.web.templates import read_catalogues

CHEAP = DRAWN
ANNA, BO, CARL, DORA, ERIK = "anna", "bo", "carl", "dora", "erik"  # two leads and an investigator, an auditor, an administrator
PASSPHRASES = {name: f"{name} took the night train to Skagen" for name in (ANNA, BO, CARL, DORA, ERIK)}
PLAN = Plan(
    True,
    90,
    (
        GroupPlan(
            "risk-control",
            {"en": "Risk control", "da": "Risikokontrol"},
            (MemberPlan(ANNA, "a"), MemberPlan(BO, "b", "investigator")),
        ),
        GroupPlan("audit-chair", {"en": "Chair", "da": "Formand"}, (MemberPlan(CARL),)),
    ),
    (StaffPlan(DORA, "auditor"), StaffPlan(ERIK, "administrator")),
)


def today() -> date:
    return datetime.now(UTC).date()


def hold_ceremony(folder: Path, plan: Plan = PLAN, day: date | None = None) -> Path:
    """The files of a ceremony of that day, or of today, written to a folder."""
    words = {"root": "r" * 15} | {f"recovery {group.id}": "r" * 15 for group in plan.groups}
    words |= {f"member {name}": passphrase for name, passphrase in PASSPHRASES.items()}
    for name, content in make(plan, words, day or today(), os.urandom, CHEAP).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


_ENROLLED: dict[tuple[Path, bytes], bytes] = {}  # a database that has everybody of a ceremony and nothing else
_OPENED: dict[tuple[Path, str], Mapping[str, GroupKeys]] = {}


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass
class Member:
    """Somebody's browser: keeps the cookie and the form token of the last page, follows no redirect by itself.

    The forms of a case are on its page: unless that is the last page, it is opened before one is sent.
    """

    port: int
    cookie: str = ""
    token: str = ""
    at: str = ""  # the path of the case whose page is open
    seen: str = ""
    declares: bool = True  # has no conflict of interest anywhere, and says so when a page asks

    def get(self, path: str, headers: dict[str, str] | None = None) -> Page:
        page = self._ask("GET", path, None, headers or {})
        if self.declares and (asked := re.search(r'action="(/cases/\d+/declare)"', page.text)):
            assert self._send(asked[1], {"token": self.token}).status == 303
            return self._ask("GET", path, None, headers or {})
        return page

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> Page:
        token, case = self.token, re.match(r"/cases/\d+(?=/)", path)
        if case and case[0] != self.at:
            self.get(case[0])
        return self._send(path, {"token": token, "seen": self.seen, **fields}, headers)

    def _send(self, path: str, fields: Mapping[str, str], headers: dict[str, str] | None = None) -> Page:
        body = urlencode(fields)
        sent = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", "origin": "null"}
        return self._ask("POST", path, body.encode(), sent | (headers or {}))

    def assess(self, path: str) -> None:
        """Notes that nobody has to fear anything in this case: without it no case is investigated."""
        revision = re.search(r'name="revision" value="([0-9]+)"', self.get(path).text)
        assert revision is not None
        assert self.post(f"{path}/sheet", part="risk", revision=revision[1], risk="none").status == 303

    def sign_in(self, name: str, passphrase: str | None = None) -> Page:
        return self.post("/sign-in", name=name, passphrase=passphrase or PASSPHRASES[name])

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Page:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            cookie = {"cookie": self.cookie} if self.cookie else {}
            connection.request(method, path, body, {"host": "localhost", **cookie, **headers})
            response = connection.getresponse()
            answer = Page(response.status, response.getheaders(), response.read().decode())
        finally:
            connection.close()
        if found := re.search(r"__Host-desk=[0-9a-f]+", answer.header("set-cookie")):
            self.cookie = found[0]
        if tokens := re.search(r'name="token" value="([0-9a-f]+)"', answer.text):
            self.token = tokens[1]
        seen, case = re.search(r'name="seen" value="([0-9]+)"', answer.text), re.match(r"/cases/\d+", path)
        self.at, self.seen = (case[0], seen[1]) if seen and case else ("", "")
        return answer


@dataclass
class Clock:
    """The desk's clock: the real day, moved on as a test wants."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Desk:
    """A desk that serves."""

    port: int
    running: Running
    settings: Settings
    settings_file: Path
    ceremony: Path
    clock: Clock
    loop: asyncio.AbstractEventLoop

    @property
    def cases(self) -> Cases:
        return self.running.cases

    @property
    def card(self) -> Card:
        return parse(self.settings.card.read_bytes())

    @property
    def database(self) -> Path:
        return Path(self.settings.database.removeprefix("sqlite:///"))

    def member(self, name: str | None = None) -> Member:
        """A browser, signed in if a name is given."""
        member = Member(self.port)
        if name is not None:
            assert member.sign_in(name).status == 303
            assert member.get("/").status == 200
        return member

    def role(self, name: str) -> Role:
        found = self.cases.member(name)
        assert found
        return Role(found.role)

    def signed_in(self, name: str) -> Member:
        """A browser of somebody who signed in before: without the second that a passphrase takes."""
        if (self.ceremony, name) not in _OPENED:
            file = (self.ceremony / f"desk/members/{name}.enrolment").read_text()
            holder = Identity(unwrap(file, f"member {name}", Factors(PASSPHRASES[name])))
            _OPENED[self.ceremony, name] = keys_of(self.cases.group_keys(), holder)
        token, _ = self.running.sessions.begin(name, self.role(name), _OPENED[self.ceremony, name], "en", self.clock())
        member = Member(self.port, f"__Host-desk={token}")
        assert member.get(member.get("/").header("location") or "/").status == 200
        return member

    def declare(self, name: str, case: int) -> None:
        """This member's word that they have no conflict of interest, for tests that open no page."""
        self.cases.conflicts.declare(Act(self.clock(), name, "declared", case))

    def poll(self) -> None:
        """One round of the poller, to its end."""
        asyncio.run_coroutine_threadsafe(self.running.relay.round(), self.loop).result(60)

    def deliver(self, *frames: Frame) -> None:
        """Stores frames as if they had been pulled."""
        self.cases.arrive(frames, today(), self.running.receipts.sign)


def troubles(page: str) -> list[str]:
    """What the page of a case says is wrong with what was said in it."""
    words = read_catalogues(TEMPLATES, ("en",))["en"].words
    said = [word for key, word in words.items() if key.startswith("verdict.") or key == "case.withheld"]
    assert len(said) > 8
    return [each for each in said if each in page]


@contextmanager
def another_card(desk: Desk, **changes: Any) -> Iterator[None]:
    """The desk's card, signed anew by its root with these changes, for as long as a test needs it."""
    file, former = desk.settings.card, desk.settings.card.read_bytes()
    secret = unwrap((desk.ceremony / "offline/root.key").read_text(), "root", Factors("r" * 15))
    changed = replace(desk.card, counter=desk.card.counter + 1, **changes)
    file.write_bytes(serialize(sign_card(changed, SigningKey(secret))))
    try:
        yield
    finally:
        file.write_bytes(former)


def settings_of(folder: Path, ceremony: Path, relay_port: int, **changes: Any) -> Settings:
    token = folder / "relay.token"
    token.write_text(TOKEN + "\n")
    (folder / "heads").mkdir(exist_ok=True)
    values: dict[str, Any] = {
        "demo": True,
        "names": ("localhost",),
        "listen": ("127.0.0.1",),
        "port": 0,
        "database": f"sqlite:///{folder}/desk.sqlite",
        "card": ceremony / "public/key-card.txt",
        "root_fingerprint": (ceremony / "public/root-fingerprint.txt").read_text().strip(),
        "machine_secret": ceremony / "desk/machine.secret",
        "receipt_key": ceremony / "desk/receipt.key",
        "relay_url": f"http://127.0.0.1:{relay_port}/relay",
        "relay_token": token,
        "poll_seconds": 3600,
        "push_times": (),
        "languages": ("en", "da"),
        "organisation": "Demobank",
        "acknowledge_days": 7,
        "feedback_months": 3,
        "file_megabytes": 100,
        "reserve_megabytes": 0,
        "log_heads": folder / "heads",
        "refusals_a_day": 10,
        "second_factor": "optional",
    }
    return Settings(**(values | changes))


def _enrol(settings: Settings, ceremony: Path) -> None:
    """Everybody of the ceremony, in a new database or in one that is there. A new one is like any other: it is made once."""
    file, card = Path(settings.database.removeprefix("sqlite:///")), settings.card.read_bytes()
    is_new = not file.exists()
    if is_new and (ceremony, card) in _ENROLLED:
        file.write_bytes(_ENROLLED[ceremony, card])
        file.chmod(0o600)
        return
    cases = Cases(settings.database)
    enrol(cases, ceremony / "desk", parse(card), datetime.now(UTC))
    cases.close()
    if is_new:
        with closing(sqlite3.connect(file)) as connection:  # a test reads the lines of what it does itself
            connection.executescript("DELETE FROM log; UPDATE state SET log_lines = 0, log_head = zeroblob(32)")
        _ENROLLED[ceremony, card] = file.read_bytes()


@contextmanager
def started(folder: Path, ceremony: Path, relay_port: int, **changes: Any) -> Iterator[Desk]:
    """A desk with everybody enrolled, ended when the test is done with it. It polls when a test tells it to."""
    settings = settings_of(folder, ceremony, relay_port, **changes)
    _enrol(settings, ceremony)
    clock = Clock()
    running = build(settings, folder / "desk.toml", clock, os.urandom)
    server, listener = Server(running.app, security_headers(DESK_POLICY)), bind("127.0.0.1", 0)
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running.client:
            await server.serve([listener])

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield Desk(listener.getsockname()[1], running, settings, folder / "desk.toml", ceremony, clock, loop)
    finally:
        server.should_exit = True
        thread.join(30)
        loop.close()
        running.cases.close()


@dataclass
class Reporter:
    """A reporter with a case code, writing to one group."""

    card: Card
    keys: ReporterKeys
    group: str = "risk-control"
    last: Position = field(default_factory=Position)

    @classmethod
    def new(cls, card: Card, group: str = "risk-control") -> "Reporter":
        return cls(card, reporter_keys(os.urandom(16), card.instance), group)

    def report(self, text: str = "A contract was signed by nobody.", **changes: Any) -> bytes:
        """The envelope of the first content."""
        answers = (Answer("category", "bribery"),)
        values = {"language": "da", "text": text, "answers": answers, "identity": None} | changes
        return self.say(Report(self.keys.signing.public, self.keys.identity.recipient, **values))

    def message(self, text: str, **changes: Any) -> bytes:
        return self.say(Message(text), **changes)

    def say(self, body: Body, keep: bool = True, key: Any = None, **changes: Any) -> bytes:
        """The envelope of the next content; `changes` are to its context."""
        recipient = self.card.recipient(self.group)
        values: dict[str, Any] = {
            "instance": self.card.instance,
            "box": self.keys.box,
            "direction": TO_DESK,
            "group": self.group,
            "epoch": recipient.epoch,
            "recipient": recipient.digest,
            "sequence": self.last.sequence + 1,
            "previous": self.last.hash,
            "seen": Position(),
        }
        content = Content(Context(**(values | changes)), body)
        if keep:
            self.last = content.position
        return seal(content, key or self.keys.signing, [recipient.raw, self.keys.identity.recipient])

    def sealed_raw(self, plaintext: bytes) -> bytes:
        """Any bytes, sealed to the group as a content would be."""
        return age.seal(plaintext, [self.card.recipient(self.group).raw, self.keys.identity.recipient])

    def frame(self, envelope: bytes, position: int = 1, day: date | None = None) -> Frame:
        return Frame(position, FRAME_TO_DESK, day or today(), self.keys.box, envelope)

    def submit(self, intake: Intake, envelope: bytes, path: str = "/api/submit") -> None:
        """Through the public door, as the browser does."""
        challenge, proof = intake.solved()
        answer = intake.send(path, Submission(self.keys.box, self.keys.access, proof, challenge, envelope))
        assert answer.status == 200, answer.json

    def mailbox(self, intake: Intake) -> Thread:
        """The box as the reporter reads it."""
        frames, _ = parse_pages(intake.fetch(self.keys.box, self.keys.access).body)
        directions = {1: TO_DESK, 2: "to-reporter"}
        entries = [
            Entry(frame.position, directions[frame.direction], frame.day, try_open(frame.sealed, self.keys.identity))
            for frame in frames
            if frame.direction in directions
        ]
        return read_thread(entries, Box(self.card.instance, self.keys.box, self.keys.signing.public, self.card))

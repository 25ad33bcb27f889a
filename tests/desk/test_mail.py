"""Mail by the book: through a real mail server, at fixed hours only, in constant words, once; and said when it does not go."""

import asyncio
import os
import re
import socket
import sqlite3
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.desk.dates import VECTORS, day
from tests.desk.relaying import Public, public
from tests.desk.running import BO, Desk, Reporter, another_card, started, today
from tests.desk.test_erasure import close, later, reported
from tests.desk.test_log import log_of
from whistle.desk.mail import Mail, Watch, check, hash_of
from whistle.desk.presets import PRESETS
from whistle.desk.settings import MailSettings, Told
from whistle.errors import MailNotSent, SettingsWrong
from whistle.protocol.wire import TO_DESK as FRAME_TO_DESK
from whistle.protocol.wire import Frame
from whistle.sealing.logheads import read_head
from whistle.store.conflicts import exclude
from whistle.store.desk import Act, Case
from whistle.web.templates import read_catalogues

TOP = Path(__file__).resolve().parents[2]
RISK, CHAIR, VAULT = "risk@bank.example", "chair@bank.example", "heads@elsewhere.example"
SETTINGS = MailSettings(
    "127.0.0.1", 25, "none", "desk@bank.example", (7, 13), (Told(RISK, ("risk-control",)), Told(CHAIR, ("audit-chair",)))
)
WORDS = read_catalogues(TOP / "templates/desk", ("en", "da"))
PRESET = PRESETS["dk_branch_of_se"]


@pytest.fixture
def server() -> Iterator[Public]:
    with public() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, ceremony: Path, server: Public) -> Iterator[Desk]:
    with started(tmp_path, ceremony, server.port, refusals_a_day=3) as running:
        yield running


def is_constant(mail: EmailMessage) -> bool:
    """Whether a mail says the one thing that every mail says, in each language."""
    body = mail.get_body()
    assert body is not None
    lines = [line for line in body.get_content().splitlines() if line]
    return lines == [words("mail.sign_in") for words in WORDS.values()]


@dataclass
class Postbox:
    """A mail server in memory, which a test can stop."""

    mails: list[EmailMessage] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)  # every mail, byte for byte, whether or not it was taken
    broken: bool = False

    def __call__(self, mail: EmailMessage) -> None:
        self.tried.append(mail.as_string())
        if self.broken:
            raise MailNotSent
        self.mails.append(mail)

    def taken(self) -> list[str]:
        """To whom mail went."""
        assert all(is_constant(mail) for mail in self.mails)
        found = [mail["To"] for mail in self.mails]
        self.mails.clear()
        return found


@dataclass
class World:
    """A desk whose mail is moved through the days by hand. Nothing but the cases is wrong with it."""

    desk: Desk
    post: Postbox
    settings: MailSettings = SETTINGS
    wrong: dict[str, Any] = field(default_factory=dict)

    def mail(self) -> Mail:
        return Mail(self.desk.cases, self.settings, PRESET, self.watch, self.desk.running.heads, WORDS.values(), self.post)

    def watch(self, today: date) -> Watch:
        card = replace(self.desk.card, ends=self.wrong.get("ends", date(2099, 1, 1)))
        reviews = self.desk.running.watch(today).reviews
        told = {name: self.wrong.get(name, False) for name in ("refusals", "log", "silent", "unerased", "access")}
        return Watch(**told, card=card, reviews=reviews)

    def at(self, text: str) -> list[tuple[str, set[str]]]:
        """What goes at a minute, sorted by address. The desk is started anew each time."""
        self.mail().once(datetime.fromisoformat(text).replace(tzinfo=UTC))
        return self.gone()

    def gone(self) -> list[tuple[str, set[str]]]:
        """To whom mail went since it was last asked, and for which reasons: no mail says them, the database has them."""
        with closing(sqlite3.connect(self.desk.database)) as connection:
            why = dict(connection.execute("SELECT address, kinds FROM mail WHERE sent ORDER BY id"))
        return [(address, set(why[hash_of(address)].split())) for address in sorted(self.post.taken())]

    def case(self, received: str, group: str = "risk-control", **days: str) -> int:
        """A case of that day; who reads a mail need not be able to open it."""
        box, today = os.urandom(32), date.fromisoformat(received)
        case = vars(Case(0, box, group, 1, "received", today, None, None, b""))
        columns = {name: value for name, value in case.items() if name != "number"} | days
        with closing(sqlite3.connect(self.desk.database)) as connection, connection:
            names = ", ".join(f'"{name}"' for name in columns)
            values = [str(value) if isinstance(value, date) else value for value in columns.values()]
            (number,) = connection.execute('SELECT coalesce(max(number), 0) + 1 FROM "case"').fetchone()
            marks = ", ".join("?" * len(values))
            connection.execute(f'INSERT INTO "case" (number, {names}) VALUES ({number}, {marks})', values)
        return int(number)

    def change(self, case: int, **values: str) -> None:
        with closing(sqlite3.connect(self.desk.database)) as connection, connection:
            for name, value in values.items():
                connection.execute(f'UPDATE "case" SET "{name}" = ? WHERE number = ?', (value, case))

    def walk(self, first: date, last: date, acknowledged: tuple[int, date] | None = None) -> dict[str, list[date]]:
        """The days on which each kind goes to the group, every day at seven."""
        found: dict[str, list[date]] = {}
        for number in range((last - first).days + 1):
            today = first + timedelta(days=number)
            if acknowledged and today == acknowledged[1]:
                self.change(acknowledged[0], acknowledged=str(today), state="acknowledged")
            for address, kinds in self.at(f"{today} 07:00"):
                assert address == RISK
                for kind in kinds:
                    found.setdefault(kind, []).append(today)
        return found


@pytest.fixture
def world(desk: Desk) -> World:
    return World(desk, Postbox())


def every(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


# When -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("received", "acknowledged", "by", "feedback", "_"), VECTORS)
def test_every_mail_of_a_case_goes_on_its_day(
    world: World, received: str, acknowledged: str | None, by: str, feedback: str, _: str
) -> None:
    start, told = date.fromisoformat(received), day(acknowledged)
    last, end = date.fromisoformat(by), date.fromisoformat(feedback)
    number = world.case(received)
    found = world.walk(start, end + timedelta(days=3), (number, told) if told else None)
    silent_until = told or end + timedelta(days=4)
    second = start + timedelta(days=2)
    assert found.pop("answer", []) == ([second] if second < silent_until else [])
    first = [start + timedelta(days=days) for days in (3, 5, 6) if start + timedelta(days=days) < silent_until]
    assert found.pop("soon") == [*first, *(end - timedelta(days=days) for days in (30, 14, 7, 1))]
    late = last + timedelta(days=1) if told is None else end + timedelta(days=1)
    assert found.pop("overdue") == every(late, end + timedelta(days=3))
    assert not found


def test_of_an_acknowledgement_that_was_left_out_for_a_reason_nobody_is_reminded(world: World) -> None:
    world.case("2026-11-24", suppressed="2026-11-25")
    end = date(2027, 3, 1)
    found = world.walk(date(2026, 11, 24), end)
    assert found == {"soon": [end - timedelta(days=before) for before in (30, 14, 7, 1)]}


@pytest.mark.parametrize("closed", [{}, {"closed": "2026-11-27", "state": "closed"}])
def test_of_a_warning_of_money_laundering_somebody_is_told_until_the_board_has_it(world: World, closed: dict[str, str]) -> None:
    met = {"acknowledged": "2026-11-25", "feedback": "2026-11-26"}
    number = world.case("2026-11-24", money_laundering="2026-11-27", **met, **closed)  # a Friday
    found = world.walk(date(2026, 11, 27), date(2026, 12, 2))
    assert found == {"soon": [date(2026, 11, 27), date(2026, 11, 30)], "overdue": [date(2026, 12, 1), date(2026, 12, 2)]}
    world.change(number, escalated="2026-12-02")
    assert world.walk(date(2026, 12, 3), date(2026, 12, 6)) == {}


@pytest.mark.parametrize("column", ["task_by", "plan_by", "telling_by"])
@pytest.mark.parametrize("closed", [{}, {"closed": "2026-11-27", "state": "closed"}])
def test_of_a_day_that_stands_on_the_sheet_somebody_is_told_before_on_and_after_it(
    world: World, column: str, closed: dict[str, str]
) -> None:
    number = world.case("2026-11-24", acknowledged="2026-11-25", feedback="2026-11-26", **closed, **{column: "2026-12-10"})
    found = world.walk(date(2026, 11, 28), date(2026, 12, 12))
    assert found == {"soon": [date(2026, 12, 7), date(2026, 12, 10)], "overdue": [date(2026, 12, 11), date(2026, 12, 12)]}
    world.change(number, **{column: "2027-12-10"})
    assert world.walk(date(2026, 12, 13), date(2026, 12, 16)) == {}


def test_what_has_come_and_nobody_has_opened_is_told_to_everybody(desk: Desk, world: World) -> None:
    reporter = Reporter.new(desk.card)
    came = date(2026, 11, 24)
    desk.cases.arrive([Frame(1, FRAME_TO_DESK, came, reporter.keys.box, reporter.report())], came, lambda *_: None)
    days = ("2026-11-25", "2026-11-26", "2026-11-29", "2026-11-30", "2026-12-02")
    told = [(text, world.at(f"{text} 07:00")) for text in days]
    assert [kinds[0][1] if kinds else set() for _, kinds in told] == [
        set(),
        {"answer"},
        {"soon"},
        {"soon", "unopened"},
        {"overdue", "unopened"},
    ]
    assert all([address for address, _ in mails] in ([], [CHAIR, RISK]) for _, mails in told)


def test_a_hold_whose_review_is_over_is_told_every_day_until_somebody_looks(world: World) -> None:
    number = world.case("2026-11-24", acknowledged="2026-11-25", feedback="2026-11-26", closed="2026-11-27")
    with closing(sqlite3.connect(world.desk.database)) as connection, connection:
        connection.execute(
            'INSERT INTO asked ("case", what, by, day, review, place, confirmed_by, confirmed) '
            f"VALUES ({number}, 'hold', 'anna', '2026-11-27', '2027-05-27', 1, 'bo', '2026-11-27')"
        )
    assert world.walk(date(2027, 5, 25), date(2027, 5, 29)) == {"review": [date(2027, 5, 28), date(2027, 5, 29)]}


def test_a_case_that_is_erased_leaves_nothing_of_its_mail(desk: Desk, world: World) -> None:
    reported(desk)
    close(desk)
    assert world.at(f"{today()} 07:00") in ([], [(RISK, {"soon"})])
    with closing(sqlite3.connect(desk.database)) as connection:
        assert connection.execute("SELECT count(*) FROM mailed_about").fetchone() == (1,)
        later(desk, 800)
        assert desk.cases.case(1) is None
        assert connection.execute("SELECT count(*) FROM mailed_about").fetchone() == (0,)
    desk.clock.ahead = timedelta()
    assert world.at(f"{today() + timedelta(days=801)} 07:00") == []


def test_of_a_case_that_is_erased_while_mail_is_made_nothing_is_kept_either(desk: Desk, world: World) -> None:
    reporter = reported(desk)
    close(desk)
    later(desk, 800)
    desk.cases.mails.plan(desk.clock(), {}, [reporter.keys.box], today())
    with closing(sqlite3.connect(desk.database)) as connection:
        assert connection.execute("SELECT count(*) FROM mailed_about").fetchone() == (0,)


def test_a_mail_about_a_case_goes_to_its_own_group_alone(world: World) -> None:
    world.case("2026-11-24", "audit-chair")
    assert world.at("2026-11-26 07:00") == [(CHAIR, {"answer"})]
    world.settings = replace(SETTINGS, recipients=(Told("all@bank.example"),))
    assert world.at("2026-11-27 07:00") == [("all@bank.example", {"soon"})]


def test_whoever_is_told_only_of_what_is_overdue_is_told_of_nothing_else(world: World) -> None:
    deputy, committee = "deputy@bank.example", "committee@bank.example"
    late = (Told(deputy, ("risk-control",), overdue_only=True), Told(committee, overdue_only=True))
    world.settings = replace(SETTINGS, recipients=(*SETTINGS.recipients, *late))
    world.case("2026-11-24")
    world.wrong["silent"] = True
    for early in ("2026-11-26", "2026-11-30", "2026-12-01"):
        assert {address for address, _ in world.at(f"{early} 07:00")} == {RISK, CHAIR}
    overdue = [(committee, {"overdue"}), (deputy, {"overdue"})]
    assert [each for each in world.at("2026-12-02 07:00") if each[0] in (deputy, committee)] == overdue
    world.change(1, acknowledged="2026-12-02", feedback="2026-12-02", closed="2026-12-02", money_laundering="2026-12-02")
    assert [each for each in world.at("2026-12-03 07:00") if each[0] in (deputy, committee)] == []
    assert [each for each in world.at("2026-12-04 07:00") if each[0] in (deputy, committee)] == overdue


def test_mail_goes_at_the_set_hours_only_and_once_though_the_desk_is_started_anew_each_time(world: World) -> None:
    world.at("2026-11-25 13:00")
    world.case("2026-11-24")
    for text in ("2026-11-26 06:59", "2026-11-26 00:01"):
        assert world.at(text) == []
    assert world.at("2026-11-26 07:00") == [(RISK, {"answer"})]
    for text in ("2026-11-26 07:01", "2026-11-26 07:59", "2026-11-26 12:59", "2026-11-26 13:00", "2026-11-26 23:00"):
        assert world.at(text) == [], text


def test_what_falls_due_between_two_hours_goes_at_the_next_one(world: World) -> None:
    world.at("2026-11-26 07:00")
    world.case("2026-11-24")  # pulled late
    assert world.at("2026-11-26 12:59") == []
    assert world.at("2026-11-26 13:00") == [(RISK, {"answer"})]


def test_days_off_lose_no_reminder_and_double_none(world: World) -> None:
    world.case("2026-11-24")
    assert world.at("2026-11-24 07:00") == []
    assert world.at("2026-11-30 09:30") == [(RISK, {"answer", "soon"})]
    assert world.at("2026-11-30 13:00") == []


@pytest.mark.parametrize("kind", ["refusals", "log", "silent", "unerased", "access"])
def test_what_is_wrong_with_the_desk_is_told_to_everybody_once_a_day(world: World, kind: str) -> None:
    world.wrong[kind] = True
    assert world.at("2026-11-26 07:00") == [(CHAIR, {kind}), (RISK, {kind})]
    assert world.at("2026-11-26 13:00") == []
    assert world.at("2026-11-27 07:00") == [(CHAIR, {kind}), (RISK, {kind})]


def test_the_end_of_the_card_is_told_before_it_and_then_every_day(world: World) -> None:
    end = date(2027, 2, 1)
    world.wrong["ends"] = end
    days = [today for today in every(end - timedelta(days=40), end + timedelta(days=2)) if world.at(f"{today} 07:00")]
    assert days == [end - timedelta(days=before) for before in (30, 14, 7, 1, 0, -1, -2)]


def test_the_desk_itself_says_what_is_wrong_with_it(desk: Desk, server: Public) -> None:
    ask, today = desk.running.watch, desk.clock().date()
    assert ask(today).alarms(today, None) == set()
    desk.running.heads.problem = MailNotSent()
    desk.running.purge.failed = True
    for _ in range(4):
        desk.cases.log(Act(desk.clock(), "unknown", "sign-in refused"))
    desk.running.relay.silent = True
    with another_card(desk, ends=today):
        assert ask(today).alarms(today, None) == {"log", "unerased", "refusals", "silent", "card"}


# What it says ---------------------------------------------------------------------------------------------------------


def test_a_mail_is_the_same_whatever_the_case_and_however_many(desk: Desk, world: World, tmp_path: Path) -> None:
    world.case("2026-11-24")
    world.mail().once(datetime(2026, 11, 26, 7, 0, 30, tzinfo=UTC))
    for _ in range(9):
        world.case("2026-12-24")
    world.change(1, acknowledged="2026-11-25", feedback="2026-11-26", closed="2026-11-27")
    world.mail().once(datetime(2026, 12, 26, 7, 0, 59, tzinfo=UTC))
    one, many = (mail.as_string() for mail in world.post.mails)
    same = r"(?m)^(Date|Message-ID): .*$"
    assert re.sub(same, "", one) == re.sub(same, "", many)
    assert "Date: Thu, 26 Nov 2026 07:00:00 +0000" in one


def test_a_mail_is_the_same_whatever_it_is_about(world: World) -> None:
    world.case("2026-11-24")
    world.mail().once(datetime(2026, 11, 26, 7, tzinfo=UTC))
    world.wrong |= {"silent": True, "unerased": True, "refusals": True}
    world.mail().once(datetime(2026, 12, 27, 7, tzinfo=UTC))
    one, _, many = (re.sub(r"(?m)^(To|Date|Message-ID): .*$", "", mail.as_string()) for mail in world.post.mails)
    assert one == many


def test_the_words_of_mail_have_no_number_and_no_gap() -> None:
    for words in WORDS.values():
        said = {key: text for key, text in words.words.items() if key.startswith("mail.")}
        assert said.keys() == {"mail.subject", "mail.sign_in", "mail.head"}
        assert not any(re.search(r"[0-9{]", text) for text in said.values())


def test_who_is_kept_away_from_a_case_gets_no_mail_about_it(world: World) -> None:
    own, both = "anna@bank.example", Told(RISK, ("risk-control",))
    world.settings = replace(SETTINGS, recipients=(both, Told(own, ("risk-control",), member="anna")))
    number = world.case("2026-11-24")
    assert [address for address, _ in world.at("2026-11-26 07:00")] == [own, RISK]
    with world.desk.cases._writing() as connection:
        exclude(connection, 0, number, "anna", "another lead", today())
    assert [address for address, _ in world.at("2026-11-27 07:00")] == [RISK]
    assert [address for address, _ in world.at("2026-12-02 07:00")] == [RISK]
    world.case("2026-11-24")
    assert [address for address, _ in world.at("2026-12-03 07:00")] == [own, RISK], "of any other case it goes on"


def test_the_head_of_the_log_goes_to_its_own_address_daily_and_verifies(desk: Desk, world: World) -> None:
    world.settings = replace(SETTINGS, head=VAULT)
    text = f"{desk.clock().date()}"
    world.mail().once(datetime.fromisoformat(f"{text} 07:00").replace(tzinfo=UTC))
    (mail,) = world.post.mails
    (attached,) = mail.iter_attachments()
    head = read_head(attached.get_content().encode(), desk.card)
    assert (mail["To"], str(head.day)) == (VAULT, text)
    assert desk.cases.hashes_of_log({head.lines})[head.lines] == head.hash
    world.post.mails.clear()
    assert world.at(f"{text} 13:00") == []
    world.wrong["log"] = True
    later_day = desk.clock().date() + timedelta(days=1)
    assert {address for address, _ in world.at(f"{later_day} 07:00")} == {RISK, CHAIR}


# When it does not go --------------------------------------------------------------------------------------------------


def test_what_fails_is_tried_again_is_on_the_log_once_and_on_every_inbox_until_it_has_gone(desk: Desk, world: World) -> None:
    world.case("2026-11-24")
    world.post.broken = True
    mail = world.mail()
    for minute in range(30):
        mail.once(datetime(2026, 11, 26, 7, minute, tzinfo=UTC))
    assert log_of(desk) == [("desk", "mail failed", None)]
    assert "Mail to members cannot be sent" in desk.member(BO).get("/").text
    world.post.broken = False
    mail.once(datetime(2026, 11, 26, 7, 30, tzinfo=UTC))
    assert world.gone() == [(RISK, {"answer"})]
    assert [line for line in log_of(desk) if line[0] == "desk"] == [("desk", "mail failed", None), ("desk", "mailed", None)]
    assert "Mail to members cannot be sent" not in desk.member(BO).get("/").text


def test_what_failed_is_tried_again_after_ten_minutes_and_not_before_as_the_very_same_mail(world: World) -> None:
    world.case("2026-11-24")
    world.post.broken = True
    mail = world.mail()
    for text in ("07:00:30", "07:05:00", "07:10:29", "07:11:07", "07:20:00"):
        mail.once(datetime.fromisoformat(f"2026-11-26T{text}+00:00"))
    first, second = world.post.tried
    assert first == second


def test_what_still_waits_at_the_next_hour_goes_with_it_in_one_mail(world: World) -> None:
    world.case("2026-11-24")
    world.post.broken = True
    assert world.at("2026-11-26 07:00") == []
    world.post.broken, world.wrong["silent"] = False, True
    assert world.at("2026-11-26 13:00") == [(CHAIR, {"silent"}), (RISK, {"answer", "silent"})]


def test_an_address_that_was_taken_out_of_the_settings_gets_nothing_more(world: World) -> None:
    world.case("2026-11-24")
    world.post.broken = True
    world.at("2026-11-26 07:00")
    world.post.broken, world.settings = False, replace(SETTINGS, recipients=(Told(CHAIR),))
    assert world.at("2026-11-26 07:10") == []
    assert world.desk.cases.mails.waiting() == []


def test_no_address_is_in_the_database(world: World) -> None:
    world.case("2026-11-24")
    assert world.at("2026-11-26 07:00")
    assert all(b"bank.example" not in file.read_bytes() for file in world.desk.database.parent.glob("desk.sqlite*"))


# Through a real mail server -------------------------------------------------------------------------------------------


class Received:
    """What a mail server was handed, and over which connection."""

    def __init__(self) -> None:
        self.mails: list[tuple[EmailMessage, bool, str]] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - named by the library
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((mail, session.ssl is not None, session.host_name))
        return "250 kept"


@dataclass(frozen=True)
class Certificate:
    """A self-made certificate for this machine, and its key."""

    file: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder, key = tmp_path_factory.mktemp("certificate"), ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=9))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    file, secret = folder / "server.pem", folder / "server.key"
    file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return Certificate(file, secret)


@contextmanager
def serving(**settings: Any) -> Iterator[tuple[int, Received]]:
    received = Received()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(received, hostname="127.0.0.1", port=port, **settings)
    controller.start()
    try:
        yield port, received
    finally:
        controller.stop()


def sent_over(world: World, **changes: Any) -> None:
    world.settings, world.post = replace(SETTINGS, **({"host": "localhost"} | changes)), None  # type: ignore[assignment]
    world.case("2026-11-24")
    world.mail().once(datetime(2026, 11, 26, 7, tzinfo=UTC))


def test_a_mail_arrives_over_starttls_with_a_password(world: World, certificate: Certificate, tmp_path: Path) -> None:
    word = tmp_path / "mail.password"
    word.write_text("hemmeligt\n")

    def known(server: object, session: object, envelope: object, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"desk", b"hemmeligt"))

    tls = {"tls_context": certificate.context, "require_starttls": True, "auth_required": True, "authenticator": known}
    with serving(**tls) as (port, received):
        sent_over(world, port=port, security="starttls", user="desk", password=word, authority=certificate.file)
    ((mail, encrypted, name),) = received.mails
    assert (mail["To"], is_constant(mail), encrypted, name) == (RISK, True, True, "bank.example")


def test_a_mail_arrives_over_tls(world: World, certificate: Certificate) -> None:
    with serving(ssl_context=certificate.context) as (port, received):
        sent_over(world, port=port, security="tls", authority=certificate.file)
    assert [is_constant(mail) for mail, _, _ in received.mails] == [True]


def test_a_mail_arrives_in_the_clear_on_this_machine(world: World) -> None:
    with serving() as (port, received):
        sent_over(world, port=port, security="none")
    assert [(is_constant(mail), encrypted) for mail, encrypted, _ in received.mails] == [(True, False)]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    world: World, certificate: Certificate, security: str
) -> None:
    tls = {"ssl_context": certificate.context} if security == "tls" else {"tls_context": certificate.context}
    with serving(**tls) as (port, received):
        sent_over(world, port=port, security=security)
    assert (received.mails, world.desk.cases.mails.is_failing()) == ([], True)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_with_a_good_certificate_of_another_name_gets_nothing(
    world: World, certificate: Certificate, security: str
) -> None:
    tls = {"ssl_context": certificate.context} if security == "tls" else {"tls_context": certificate.context}
    with serving(**tls) as (port, received):
        sent_over(world, host="127.0.0.1", port=port, security=security, authority=certificate.file)
    assert (received.mails, world.desk.cases.mails.is_failing()) == ([], True)


def test_a_server_without_tls_gets_nothing_when_tls_was_asked_for(world: World) -> None:
    with serving() as (port, received):
        sent_over(world, port=port, security="starttls")
    assert (received.mails, world.desk.cases.mails.is_failing()) == ([], True)


def test_the_running_desk_sends_by_itself(desk: Desk, tmp_path: Path, ceremony: Path, server: Public) -> None:
    folder = tmp_path / "mailing"
    folder.mkdir()
    with serving() as (port, received):
        hour = desk.clock().hour
        settings = replace(SETTINGS, host="localhost", port=port, hours=(hour,), head=VAULT)
        with started(folder, ceremony, server.port, mail=settings) as other:
            assert other.running.mail is not None
            run = asyncio.run_coroutine_threadsafe(other.running.mail.run(other.clock), other.loop)
            for _ in range(100):
                if received.mails and not other.cases.mails.waiting():
                    break
                time.sleep(0.05)
            run.cancel()
    assert [mail["To"] for mail, _, _ in received.mails] == [VAULT]


@pytest.mark.parametrize(
    "changes",
    [
        {"security": "none", "host": "mail.bank.example"},
        {"security": "ssl"},
        {"hours": ()},
        {"hours": (24,)},
        {"sender": "Desk <desk@bank.example>"},
        {"recipients": (Told("a@b.example\nBcc: c@d.example"),)},
        {"head": "nowhere"},
        {"user": "desk"},
    ],
)
def test_a_setting_by_which_no_mail_can_be_sent_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsWrong, match="mail"):
        check(replace(SETTINGS, **changes))

"""A running intake with its real pages, and the keys of a desk that answers through the relay: for tests of what reporters see.

The keys are fixed and worth nothing; everything that they sign and seal is real.
"""

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from tests.intake.running import TOKEN, Intake, call_at, envelope
from whistle.protocol import card as cards
from whistle.protocol.constants import PART_BYTES
from whistle.protocol.content import TO_REPORTER, Body, Content, Files, Position, Report, SentFile
from whistle.protocol.parts import Part, serialize_part
from whistle.protocol.wire import PART, RECEIPT, Frame, parse_pages, serialize_pages
from whistle.protocol.wire import TO_REPORTER as FRAME_TO_REPORTER
from whistle.sealing.cards import sign_card
from whistle.sealing.contents import open_envelope, read, seal
from whistle.sealing.files import seal_file
from whistle.sealing.keys import Identity, SigningKey
from whistle.sealing.receipts import receipt_for

TOP = Path(__file__).resolve().parents[2]
ROOT, VOICE, OTHER_VOICE, RECEIPTS = (SigningKey(letter * 32) for letter in (b"r", b"v", b"o", b"q"))
GROUPS = {"risk-control": Identity(b"g" * 32), "audit-chair": Identity(b"a" * 32)}
RINGS = Identity(b"1" * 32), Identity(b"2" * 32)  # of risk control; the other group has one member and therefore none
NAMES: Mapping[str, Mapping[str, str]] = {
    "risk-control": {
        "da": "Risikokontrol",
        "sv": "Riskkontroll",
        "nb": "Risikokontroll",
        "fi": "Riskienvalvonta",
        "en": "Risk control",
    },
    "audit-chair": {"da": "Formand", "sv": "Ordförande", "nb": "Leder", "fi": "Puheenjohtaja", "en": "Chair"},
}


@dataclass
class Desk:
    """Reads what arrived and answers it, as the desk does: signed, chained, pushed through the relay."""

    intake: Intake
    card: cards.Card

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.intake.port}"

    def newest(self) -> Content:
        """The last content that arrived, opened with the key of whichever group it is for."""
        opened = open_envelope(self.arrived()[-1].sealed, GROUPS.values())
        return read(opened.plaintext, lambda content: [content.body.signing] if isinstance(content.body, Report) else [])

    def said(self, report: Content) -> list[Content]:
        """Everything that has arrived in the box of a report, opened and verified."""
        assert isinstance(report.body, Report)
        writer = report.body.signing
        sealed = [frame.sealed for frame in self.arrived() if frame.box == report.context.box]
        return [read(open_envelope(each, GROUPS.values()).plaintext, lambda _: [writer]) for each in sealed]

    def files_of(self, report: Content) -> list[str]:
        """The names of the files that the reporter has sent, in their order."""
        return [file.name for content in self.said(report) if isinstance(content.body, Files) for file in content.body.files]

    def arrived(self) -> list[Frame]:
        """Every letter to the desk."""
        frames: list[Frame] = []
        more = True
        while more:
            after = frames[-1].position if frames else 0
            found, more = parse_pages(self.intake.relay("/relay/pull", after.to_bytes(4, "big")).body)
            frames += found
        return frames

    def answer(
        self, report: Content, body: Body, after: Content | None = None, voice: SigningKey = VOICE, seen: int = 1
    ) -> Content:
        """Seals `body` as what the group says next after `after`, having seen so many of the reporter's; pushes it."""
        assert isinstance(report.body, Report)
        place = Position() if after is None else after.position
        context = replace(
            report.context,
            direction=TO_REPORTER,
            sequence=place.sequence + 1,
            previous=place.hash,
            seen=replace(report.position, sequence=seen),
        )
        content = Content(context, body)
        group = self.card.group(context.group).recipient.raw
        self.push(context.box, seal(content, voice, [group, report.body.reply_to]))
        return content

    def give(self, report: Content, name: str, plain: bytes) -> None:
        """A file to the reporter, in parts, and the letter that names it."""
        assert isinstance(report.body, Report)
        sealed = b"".join(seal_file(BytesIO(plain), len(plain), report.body.reply_to))
        file = secrets.token_bytes(16)
        for index, start in enumerate(range(0, len(sealed), PART_BYTES)):
            part = Part(file, len(sealed), index, sealed[start : start + PART_BYTES])
            self.push(report.context.box, serialize_part(part), PART)
        self.answer(report, Files((SentFile(file, name, "", len(plain), sha256(sealed).digest()),)))

    def sign_for_all(self) -> None:
        """Pushes the receipt of every letter that has arrived."""
        for frame in self.arrived():
            receipt = receipt_for(sha256(frame.sealed).digest(), frame.box, today(), self.card, RECEIPTS)
            self.push(frame.box, receipt, RECEIPT)

    def sign_for_files(self, report: Content) -> None:
        """Pushes the receipts of the files that the last content names, in the box of this report."""
        assert isinstance(report.body, Report)
        opened, writer = open_envelope(self.arrived()[-1].sealed, GROUPS.values()), report.body.signing
        content = read(opened.plaintext, lambda _: [writer])
        assert isinstance(content.body, Files)
        for file in content.body.files:
            receipt = receipt_for(file.sealed, content.context.box, today(), self.card, RECEIPTS)
            self.push(content.context.box, receipt, RECEIPT)

    def push(self, box: bytes, sealed: bytes, direction: int = FRAME_TO_REPORTER) -> None:
        frame = Frame(0, direction, today(), box, sealed)
        assert self.intake.relay("/relay/push", serialize_pages([frame], more=False)).status == 200

    def push_noise(self, report: Content) -> None:
        """What has the shape of an envelope and opens with no key."""
        self.push(report.context.box, envelope())


def today() -> date:
    return datetime.now(UTC).date()


def demo_card() -> cards.Card:
    groups = tuple(
        cards.Group(
            name,
            MappingProxyType(dict(NAMES[name])),
            (cards.SigningKey(today(), None, VOICE.public),),
            cards.GroupKey(1, identity.recipient),
            (cards.GroupKey(1, RINGS[0].recipient), cards.GroupKey(1, RINGS[1].recipient)) if name == "risk-control" else None,
        )
        for name, identity in GROUPS.items()
    )
    receipts = (cards.SigningKey(today(), None, RECEIPTS.public),)
    return sign_card(
        cards.Card(True, b"i" * 16, 1, today(), today() + timedelta(days=90), receipts, groups, (), ROOT.public), ROOT
    )


@contextmanager
def started(folder: Path) -> Iterator[Desk]:
    """The demo's pages under the card above, on free ports; who leaves the page quickly comes to /robots.txt."""
    card = demo_card()
    (folder / "card.txt").write_bytes(cards.serialize(card))
    (folder / "secret").write_text(secrets.token_hex(32))
    demo = (TOP / "deploy" / "demo" / "intake.toml").read_text("utf-8")
    texts = re.sub(r"(?m)^leave_to = .*$", 'leave_to = "/robots.txt"', re.sub(r"(?m)^names = .*\n", "", demo))
    (folder / "intake.toml").write_text(f'names = ["127.0.0.1"]\n{texts}', "utf-8")
    settings = {
        "PORT": "0",
        "RELAY_PORT": "0",
        "RELAY_TOKEN_SHA256": sha256(bytes.fromhex(TOKEN)).hexdigest(),
        "DATABASE": f"sqlite:///{folder / 'intake.sqlite'}",
        "CHALLENGE_SECRET": str(folder / "secret"),
        "CARD": str(folder / "card.txt"),
        "CARD_SHA256": card.digest.hex(),
        "ROOT_FINGERPRINT": card.root_fingerprint.hex(),
    }
    program = "import sys; from whistle.intake.command import main; sys.exit(main())"
    command = [sys.executable, "-u", "-c", program, "--settings", str(folder / "intake.toml")]
    environment = {"PYTHONPATH": str(TOP)} | {f"WHISTLE_INTAKE_{key}": value for key, value in settings.items()}
    output = folder / "intake.out"
    with output.open("wb") as sink, subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=sink) as process:
        assert process.stdout
        found = re.search(r"ports (\d+) and (\d+)", process.stdout.readline().decode())
        assert found, output.read_text()
        intake = Intake(process, folder / "intake.sqlite", output, int(found[1]), int(found[2]))
        assert call_at(intake.port, "GET", "/", None, {}).status == 200
        yield Desk(intake, card)
        process.terminate()

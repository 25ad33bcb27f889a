"""A reporter's dialogue: prepare and deliver a report, come back with the code, read, answer (spec section 10).

Keeps nothing on disk. The browser's dialogue.js is its twin.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from whistle.errors import BadSignature, NotAReceipt, NotConfirmed, OwnContentsMissing
from whistle.protocol import code as codes
from whistle.protocol.card import Card
from whistle.protocol.content import (
    TO_DESK,
    TO_REPORTER,
    Answer,
    Content,
    Context,
    Continues,
    Files,
    Message,
    Position,
    Report,
    Said,
    SealedIdentity,
    SentFile,
)
from whistle.protocol.identity import IdentityGiven
from whistle.protocol.receipt import Receipt
from whistle.protocol.wire import RECEIPT, Frame
from whistle.protocol.wire import TO_DESK as FRAME_TO_DESK
from whistle.protocol.wire import TO_REPORTER as FRAME_TO_REPORTER
from whistle.reporter.intake import Intake
from whistle.sealing import contents
from whistle.sealing.contents import Box, Entry, Item, Thread
from whistle.sealing.continuing import continue_from
from whistle.sealing.derivation import ReporterKeys, reporter_keys
from whistle.sealing.identity import rings_of, seal_identity
from whistle.sealing.receipts import read_receipt

_DIRECTIONS = {FRAME_TO_DESK: TO_DESK, FRAME_TO_REPORTER: TO_REPORTER}


@dataclass(frozen=True, eq=False)
class PreparedReport:
    """A sealed report and the code that will open its box. Deliver the same one until it has arrived, then show the code."""

    code: bytes
    keys: ReporterKeys
    envelope: bytes

    @property
    def written_code(self) -> str:
        return codes.write(self.code)

    def deliver(self, intake: Intake) -> str:
        """The case code, once the report is stored. Raises NetworkFailed (deliver again) or IntakeRefused."""
        intake.deliver(self.envelope, self.keys, first=True)
        return self.written_code


@dataclass(frozen=True, eq=False)
class Mailbox:
    """A box as it was fetched and read: its thread, the sealed bytes of each place, the receipts by what they are for."""

    intake: Intake
    card: Card
    keys: ReporterKeys
    group: str
    thread: Thread
    sealed: Mapping[int, Frame]
    receipts: Mapping[bytes, Receipt]

    @property
    def report(self) -> Item | None:
        """The report, if it is there and verified."""
        return next((item for item in self.thread.items if item.content and isinstance(item.content.body, Report)), None)

    def receipt_of(self, item: Item) -> Receipt | None:
        """The receipt of what stands in a place, if one came that holds."""
        return self.receipts.get(self.sealed[item.place].digest)

    def files(self, direction: str) -> tuple[SentFile, ...]:
        """The files that one side named."""
        return tuple(_files(self.thread, direction))

    def reply(self, text: str) -> "Mailbox":
        """Send a message and read the box again. Raises OwnContentsMissing; NotConfirmed if it is not there then."""
        return self.say(Message(text))

    def announce(self, file: SentFile) -> "Mailbox":
        """Say what a file is that has been sent, and read the box again. Raises what `reply` raises."""
        return self.say(Files((file,)))

    def identify(self, given: IdentityGiven) -> "Mailbox":
        """Give an identity after the report. Raises NoRings, IdentityEmpty, IdentityTooLong, and what `reply` raises."""
        return self.say(SealedIdentity(seal_identity(given, rings_of(self.card, self.group))))

    def successor(self, text: str, language: str, random: Callable[[int], bytes]) -> PreparedReport:
        """A report to the same group under a fresh code. Once it is delivered, `follow` says there what it goes on from."""
        if self.report is None:
            raise OwnContentsMissing
        return prepare_report(self.card, self.group, text, language, (), random)

    def follow(self, successor: PreparedReport) -> "Mailbox":
        """The box of a delivered successor, in which this box's key vouches for it. Raises what `reply` raises."""
        box = open_mailbox(successor.keys, self.card, self.intake)
        is_said = any(item.content and isinstance(item.content.body, Continues) for item in box.thread.items)
        return box if is_said else box.say(continue_from(self.keys, successor.keys.box))

    def say(self, body: Said) -> "Mailbox":
        """Send anything that a reporter can say after the report. Raises what `reply` raises, and NotAContent."""
        if self.thread.withheld[TO_DESK] or self.thread.last[TO_DESK] == Position():
            raise OwnContentsMissing  # a number that the desk has seen would be used again
        context = _context(self.card, self.group, self.keys, self.thread.last[TO_DESK], self.thread.last[TO_REPORTER])
        content = Content(context, body)
        self.intake.deliver(_seal(content, self.card, self.keys), self.keys, first=False)
        after = open_mailbox(keys=self.keys, card=self.card, intake=self.intake)
        if after.thread.last[TO_DESK] != content.position:
            raise NotConfirmed
        return after


def prepare_report(
    card: Card,
    group: str,
    text: str,
    language: str,
    answers: tuple[Answer, ...],
    random: Callable[[int], bytes],
    given: IdentityGiven | None = None,
) -> PreparedReport:
    """Make a code and seal the report to the group and to the code's own key. The card must have been checked.

    An identity is sealed to the group's rings. Raises NoRings if there are none, IdentityEmpty or IdentityTooLong.
    """
    code = codes.generate(random)
    keys = reporter_keys(code, card.instance)
    identity = seal_identity(given, rings_of(card, group)) if given is not None else None
    body = Report(keys.signing.public, keys.identity.recipient, language, text, answers, identity)
    content = Content(_context(card, group, keys, Position(), Position()), body)
    return PreparedReport(code, keys, _seal(content, card, keys))


def keys_of(code: str, card: Card) -> ReporterKeys:
    """The keys of a code as typed. Raises CodeUnreadable."""
    return reporter_keys(codes.read(code), card.instance)


def open_mailbox(keys: ReporterKeys, card: Card, intake: Intake) -> Mailbox:
    """Fetch and read the box of these keys. Raises NoSuchBox."""
    frames = tuple(intake.fetch(keys))
    sealed = {frame.position: frame for frame in frames if frame.direction in _DIRECTIONS}
    box = Box(card.instance, keys.box, keys.signing.public, card)
    thread = contents.read_thread((_entry(frame, keys) for frame in sealed.values()), box)
    own = [item.content for item in thread.items if item.content and item.direction == TO_DESK]
    group = own[-1].context.group if own else card.groups[0].id
    there = {frame.digest for frame in sealed.values() if frame.direction == FRAME_TO_DESK}
    there |= {file.sealed for file in _files(thread, TO_DESK)}
    return Mailbox(intake, card, keys, group, thread, sealed, _receipts(frames, keys, there, card))


def _files(thread: Thread, direction: str) -> Iterable[SentFile]:
    for item in thread.items:
        if item.direction == direction and item.content and isinstance(item.content.body, Files):
            yield from item.content.body.files


def _receipts(frames: Iterable[Frame], keys: ReporterKeys, there: set[bytes], card: Card) -> dict[bytes, Receipt]:
    """The first receipt of each thing that is there. One that does not hold counts as none."""
    found: dict[bytes, Receipt] = {}
    for frame in frames:
        if frame.direction == RECEIPT:
            try:
                receipt = read_receipt(frame.sealed, keys.box, there, card)
            except (NotAReceipt, BadSignature):
                continue
            found.setdefault(receipt.sealed, receipt)
    return found


def _entry(frame: Frame, keys: ReporterKeys) -> Entry:
    plaintext = contents.try_open(frame.sealed, keys.identity) if frame.box == keys.box else None
    return Entry(frame.position, _DIRECTIONS[frame.direction], frame.day, plaintext)


def _context(card: Card, group: str, keys: ReporterKeys, last: Position, seen: Position) -> Context:
    recipient = card.recipient(group)
    sequence = last.sequence + 1
    key = recipient.epoch, recipient.digest
    return Context(card.instance, keys.box, TO_DESK, group, *key, sequence, last.hash, seen)


def _seal(content: Content, card: Card, keys: ReporterKeys) -> bytes:
    recipient = card.recipient(content.context.group)
    return contents.seal(content, keys.signing, [recipient.raw, keys.identity.recipient])

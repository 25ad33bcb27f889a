"""Contents under signature and seal, and the reading of a whole thread (spec sections 6.1, 6.4 and 7).

The reporter's client and the desk use the same functions; what differs between them is which keys they bring.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from io import BytesIO

from whistle.errors import BadSignature, GroupUnknown, Malformed, NotAContent, NotAnEnvelope, SealingError
from whistle.protocol import content as contents
from whistle.protocol import envelope as envelopes
from whistle.protocol import plaintext as plaintexts
from whistle.protocol.card import Card
from whistle.protocol.constants import LABEL_REPORTER, LABEL_VOICE
from whistle.protocol.content import TO_DESK, Content, Position, Report, named_in
from whistle.protocol.plaintext import SignedPlaintext
from whistle.protocol.thread import Judged, Link, Verdict, judge, link_of
from whistle.sealing import age
from whistle.sealing.derivation import box_id
from whistle.sealing.keys import FileKey, Identity, SigningKey
from whistle.sealing.signing import sign, verify

_LABELS = {TO_DESK: LABEL_REPORTER}  # every other direction is written by a voice


@dataclass(frozen=True)
class Opened:
    """An envelope that opened: its verified plaintext, and what the desk keeps of it (file key, payload)."""

    plaintext: bytes
    file_key: FileKey
    payload: bytes


@dataclass(frozen=True)
class SealedTo:
    """The group key that opened an envelope."""

    group: str
    epoch: int
    recipient: bytes


@dataclass(frozen=True)
class Entry:
    """What stands in one place of a box. `plaintext` None did not open; `sealed_to` is known to the desk alone."""

    place: int
    direction: str
    day: date
    plaintext: bytes | None
    sealed_to: SealedTo | None = None
    removed: Link | None = None  # where it stood in its chain, if it was destroyed since


@dataclass(frozen=True)
class Box:
    """Where a thread was found and whose words may stand in it."""

    instance: bytes
    id: bytes
    reporter: bytes  # the reporter's signing public key
    card: Card


@dataclass(frozen=True)
class Item:
    """An entry with its verdict. `content` is there only if the verdict is taken; `missing` counts what a gap lacks."""

    place: int
    direction: str
    day: date
    verdict: Verdict
    missing: int
    content: Content | None


@dataclass(frozen=True)
class Thread:
    """A box as it was read: items in order, the last taken place and the count of withheld contents of each direction."""

    items: tuple[Item, ...]
    last: dict[str, Position]
    withheld: dict[str, int]

    def named_by(self, content: Content) -> Item | None:
        """The entry that a content is about, if it names one that is here and of the right kind."""
        named = named_in(content.body)
        if named is None:
            return None
        item = self._taken.get((named.direction, named.hash))
        return item if item and item.content and isinstance(item.content.body, named.kinds) else None

    @cached_property
    def _taken(self) -> dict[tuple[str, bytes], Item]:
        return {(item.direction, item.content.position.hash): item for item in self.items if item.content}


def seal(content: Content, key: SigningKey, recipients: Sequence[bytes]) -> bytes:
    """The envelope of a content, signed with `key`, to these recipients in this order."""
    text = contents.serialize(content)
    signature = sign(_label(content.context.direction), key, text)
    return age.seal(plaintexts.serialize(SignedPlaintext(signature, text), plaintexts.room_for(content)), recipients)


def open_envelope(envelope: bytes, identities: Iterable[Identity]) -> Opened:
    """Open an envelope with the first identity that fits. Raises NotAnEnvelope or a SealingError."""
    if envelopes.header_length(envelope) is None:
        raise NotAnEnvelope
    file = BytesIO(envelope)
    file_key = age.unwrap(age.read_header(file), identities)
    payload = file.read()
    return Opened(open_payload(payload, file_key), file_key, payload)


def open_payload(payload: bytes, file_key: FileKey) -> bytes:
    """The plaintext of a payload that the desk kept. Raises PayloadFailed."""
    return b"".join(age.open_payload(BytesIO(payload), file_key))


def read(plaintext: bytes, writers: Callable[[Content], Iterable[bytes]]) -> Content:
    """The content of a plaintext, signed by one of its writers. Raises NotAContent, BadSignature, or what `writers` raises."""
    signed = plaintexts.parse(plaintext)
    content = contents.parse(signed.json)
    plaintexts.check_size(plaintext, signed, content)
    for writer in writers(content):
        try:
            verify(_label(content.context.direction), writer, signed.json, signed.signature)
        except BadSignature:
            continue
        return content
    raise BadSignature


def read_thread(entries: Iterable[Entry], box: Box) -> Thread:
    """Judge every entry of a box, in the order of the places (spec section 7)."""
    read_entries = [(entry, _read_entry(entry, box)) for entry in entries]
    links = (
        found if isinstance(found, Link) else link_of(found) for _, found in read_entries if not isinstance(found, Verdict)
    )
    chains = judge(links)
    judged = iter(chains.judged)
    return Thread(tuple(_item(entry, found, judged) for entry, found in read_entries), chains.last, chains.withheld)


def try_open(sealed: bytes, identity: Identity) -> bytes | None:
    """The plaintext, or None for what this identity does not open: such an entry is foreign."""
    try:
        return open_envelope(sealed, [identity]).plaintext
    except (SealingError, Malformed):
        return None


def _label(direction: str) -> bytes:
    return _LABELS.get(direction, LABEL_VOICE)


def _read_entry(entry: Entry, box: Box) -> Content | Link | Verdict:
    if entry.removed is not None:
        return entry.removed
    if entry.plaintext is None:
        return Verdict.FOREIGN
    try:
        return read(entry.plaintext, lambda content: _writers(content, entry, box))
    except GroupUnknown:
        return Verdict.FOREIGN
    except NotAContent:
        return Verdict.MALFORMED
    except BadSignature:
        return Verdict.FORGED


def _writers(content: Content, entry: Entry, box: Box) -> Iterable[bytes]:
    """Whose signature counts here. Raises GroupUnknown if the content does not belong here at all."""
    context = content.context
    here = (context.instance, context.box, context.direction) == (box.instance, box.id, entry.direction)
    key = SealedTo(context.group, context.epoch, context.recipient)
    body = content.body
    own = not isinstance(body, Report) or box_id(body.signing, body.reply_to) == box.id
    if not here or not own or entry.sealed_to not in (None, key):
        raise GroupUnknown
    group = box.card.group(context.group)
    return [box.reporter] if context.direction == TO_DESK else box.card.voices(group)


def _item(entry: Entry, found: Content | Link | Verdict, judged: Iterator[Judged]) -> Item:
    if isinstance(found, Verdict):
        return Item(entry.place, entry.direction, entry.day, found, 0, None)
    verdict = next(judged)
    if isinstance(found, Link):
        here = Verdict.REMOVED if verdict.verdict.taken else verdict.verdict
        return Item(entry.place, entry.direction, entry.day, here, verdict.missing, None)
    content = found if verdict.verdict.taken else None
    return Item(entry.place, entry.direction, entry.day, verdict.verdict, verdict.missing, content)

"""Reading a thread: which contents follow each other, and what was removed, doubled, swapped or replayed (spec section 7).

Pure logic on chains, the same for the mailbox and the desk. It opens and verifies nothing: what cannot be opened has its
verdict before it comes here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from whistle.protocol.content import INTERNAL, TO_DESK, TO_REPORTER, Content, Position

_OTHER = {TO_DESK: TO_REPORTER, TO_REPORTER: TO_DESK, INTERNAL: TO_DESK}


class Verdict(StrEnum):
    """What an entry of a box is. Only VERIFIED and GAP are shown as something said."""

    FOREIGN = "foreign"
    MALFORMED = "malformed"
    FORGED = "forged"
    DOUBLED = "doubled"
    CONFLICTING = "conflicting"
    OUT_OF_ORDER = "out-of-order"
    BROKEN = "broken"
    GAP = "gap"
    VERIFIED = "verified"
    REMOVED = "removed"  # at the desk alone: it was verified, and two members destroyed it

    @property
    def taken(self) -> bool:
        return self in (Verdict.VERIFIED, Verdict.GAP)


@dataclass(frozen=True)
class Link:
    """What the chain needs to know of a content."""

    direction: str
    position: Position
    previous: bytes
    seen: Position


@dataclass(frozen=True)
class Judged:
    """A verdict, and how many contents are missing before this one."""

    verdict: Verdict
    missing: int = 0


@dataclass
class _Chain:
    last: Position = field(default_factory=Position)
    seen: Position = field(default_factory=Position)
    taken: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Chains:
    """The verdicts in order, the last taken place of each direction, and how many contents of each are withheld."""

    judged: tuple[Judged, ...]
    last: dict[str, Position]
    withheld: dict[str, int]


def link_of(content: Content) -> Link:
    """The link of a content that was opened and verified."""
    context = content.context
    return Link(context.direction, content.position, context.previous, context.seen)


def judge(links: Iterable[Link]) -> Chains:
    """Judge contents in the order of their places."""
    chains = {direction: _Chain() for direction in _OTHER}
    judged = tuple(_judge(link, chains) for link in links)
    last = {direction: chain.last for direction, chain in chains.items()}
    withheld = {
        direction: max(chain.seen.sequence for side, chain in chains.items() if _OTHER[side] == direction)
        for direction in (TO_DESK, TO_REPORTER)
    }
    return Chains(judged, last, {each: max(0, seen - last[each].sequence) for each, seen in withheld.items()})


def _judge(link: Link, chains: dict[str, _Chain]) -> Judged:
    chain, other = chains[link.direction], chains[_OTHER[link.direction]]
    ahead = link.position.sequence - chain.last.sequence
    if ahead <= 0:
        return Judged(_repeated(chain.taken.get(link.position.sequence), link.position.hash))
    if (ahead == 1 and link.previous != chain.last.hash) or not _seen_holds(link.seen, chain, other):
        return Judged(Verdict.BROKEN)
    chain.last, chain.seen = link.position, link.seen
    chain.taken[link.position.sequence] = link.position.hash
    return Judged(Verdict.VERIFIED) if ahead == 1 else Judged(Verdict.GAP, ahead - 1)


def _repeated(taken: bytes | None, now: bytes) -> Verdict:
    if taken is None:
        return Verdict.OUT_OF_ORDER
    return Verdict.DOUBLED if taken == now else Verdict.CONFLICTING


def _seen_holds(seen: Position, chain: _Chain, other: _Chain) -> bool:
    """Seen never goes back, and never names another content than the one that stands there."""
    return seen.sequence >= chain.seen.sequence and other.taken.get(seen.sequence, seen.hash) == seen.hash

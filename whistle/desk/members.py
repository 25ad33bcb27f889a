"""From a name and a passphrase to the group keys that they open. Keys are in memory only, and only while signed in.

Known and unknown names cost the same time and get the same answer.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, TypeVar
from unicodedata import normalize

from whistle.desk.roles import Role
from whistle.errors import DeskBusy, NoMatch, PassphraseUnchanged, SignInRefused, WrongPassphrase
from whistle.passphrases import check
from whistle.protocol.bech32 import write_recipient
from whistle.sealing.groups import open_recipient_key, open_voice_key
from whistle.sealing.keys import Identity, SigningKey
from whistle.sealing.wrapping import STANDARD, Factors, decoy, factors_of, unwrap, wrap
from whistle.store.desk import Cases, GroupKey, Member

_SECRET_BYTES = 32
_AT_ONCE, _WAITING = 2, 16  # Argon2id takes 256 MiB and a second each time
_RINGS = ("ring-a", "ring-b")
Random = Callable[[int], bytes]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class GroupKeys:
    """What a member can open and say for a group: its identities by epoch, its voice, and the keys of their ring."""

    identities: Mapping[int, Identity]
    voice: SigningKey
    holder: Identity  # the member's own, which opens these and seals them to whoever holds them from now on
    ring_a: tuple[Identity, ...] = ()  # the newest first, here and below
    ring_b: tuple[Identity, ...] = ()

    @property
    def ring(self) -> str | None:
        """The ring that the member is of: what they could open of the other does not count."""
        return "a" if self.ring_a else "b" if self.ring_b else None


class Turns(ThreadPoolExecutor):
    """Two at once and a short queue, so that a crowd of made-up names does not keep a member waiting for minutes."""

    def __init__(self) -> None:
        super().__init__(_AT_ONCE, "passphrase")
        self._room = BoundedSemaphore(_AT_ONCE + _WAITING)

    def submit(self, act: Callable[..., T], /, *given: Any, **named: Any) -> Future[T]:
        """Raises DeskBusy when the queue is full."""
        if not self._room.acquire(blocking=False):
            raise DeskBusy
        turn = super().submit(act, *given, **named)
        turn.add_done_callback(lambda _: self._room.release())
        return turn


class Members:
    """The people who can sign in, and this machine's part of their keys.

    `open` and `change` are run by `turns`: two at once, while whoever must wait keeps no other member from working.
    """

    def __init__(self, cases: Cases, machine: bytes, organisation: str, random: Random) -> None:
        self._cases, self._machine, self._organisation, self._random = cases, machine, organisation, random
        self.turns = Turns()
        self._nobody = Member("nobody", "", None, "", decoy("member nobody", random), "")

    def open(self, name: str, passphrase: str) -> tuple[Role, Mapping[str, GroupKeys]]:
        """The member's role, and the keys of every group that they belong to. Raises SignInRefused."""
        member = self._cases.member(name)
        secret = self._unwrap(member or self._nobody, passphrase)
        if member is None:
            raise SignInRefused
        if factors_of(member.key, f"member {name}") == "passphrase":
            # The enrolment file as it was handed over: from here on the key needs this machine too.
            self._cases.rewrap(name, self._wrap(name, secret, passphrase))
        return Role(member.role), keys_of(self._cases.group_keys(), Identity(secret))

    def make(self, name: str, passphrase: str) -> tuple[str, str]:
        """A new member's recipient, and their key under the passphrase that they chose. Raises PassphraseTooWeak."""
        chosen, key = check(passphrase, name, self._organisation), Identity(self._random(_SECRET_BYTES))
        return write_recipient(key.recipient), self._wrap(name, key.reveal(), chosen)

    def change(self, name: str, old: str, new: str) -> None:
        """Another passphrase for the same key. Raises SignInRefused, PassphraseTooWeak or PassphraseUnchanged."""
        chosen = check(new, name, self._organisation)
        member = self._cases.member(name)
        if member is None:
            raise SignInRefused
        secret = self._unwrap(member, old)
        if normalize("NFC", old) == normalize("NFC", chosen):
            raise PassphraseUnchanged
        self._cases.rewrap(name, self._wrap(name, secret, chosen))
        self._cases.people.renewed(name)

    def confirm(self, name: str, passphrase: str) -> None:
        """Whether it is their passphrase, and nothing of what it opens. Raises SignInRefused."""
        member = self._cases.member(name)
        if member is None or not passphrase:  # none is tried: whoever gives a code instead has not waited for a turn
            raise SignInRefused
        self._unwrap(member, passphrase)

    def seal_code_secret(self, name: str, secret: bytes) -> bytes:
        """The secret of a member's code app, under this machine's secret alone: a code is asked for after the passphrase."""
        return wrap(secret, f"totp {name}", Factors(machine=self._machine), self._random).encode()

    def open_code_secret(self, name: str, sealed: bytes) -> bytes:
        """Raises NotAWrappedKey or WrongPassphrase if the database or the machine secret is not this desk's."""
        return unwrap(sealed.decode("ascii", "replace"), f"totp {name}", Factors(machine=self._machine))

    def _unwrap(self, member: Member, passphrase: str) -> bytes:
        purpose = f"member {member.name}"
        machine = self._machine if factors_of(member.key, purpose) == "passphrase+machine" else None
        try:
            return unwrap(member.key, purpose, Factors(passphrase, machine))
        except WrongPassphrase:
            raise SignInRefused from None

    def _wrap(self, name: str, secret: bytes, passphrase: str) -> str:
        return wrap(secret, f"member {name}", Factors(passphrase, self._machine), self._random, STANDARD)


def keys_of(sealed: Iterable[GroupKey], holder: Identity) -> Mapping[str, GroupKeys]:
    """The keys of every group that this identity opens."""
    identities: dict[str, dict[int, Identity]] = {}
    voices: dict[str, SigningKey] = {}
    rings: dict[tuple[str, str], dict[int, Identity]] = {}
    for key in sealed:
        try:
            if key.purpose == "recipient":
                identities.setdefault(key.group, {})[key.epoch] = open_recipient_key(key.sealed, holder)
            elif key.purpose == "voice":
                voices[key.group] = open_voice_key(key.sealed, holder)
            elif key.purpose in _RINGS:
                rings.setdefault((key.group, key.purpose), {})[key.epoch] = open_recipient_key(key.sealed, holder)
        except NoMatch:
            continue  # another group's
    newest = {place: tuple(found[epoch] for epoch in sorted(found, reverse=True)) for place, found in rings.items()}
    return {
        group: GroupKeys(found, voices[group], holder, *(newest.get((group, ring), ()) for ring in _RINGS))
        for group, found in identities.items()
        if group in voices
    }

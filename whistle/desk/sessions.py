"""Who is signed in. Sessions and the keys in them live in this process's memory, never on a disk; a restart ends them all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from threading import Lock

from whistle.desk.eml import Mail
from whistle.desk.members import GroupKeys, Random
from whistle.desk.roles import Role
from whistle.errors import NotSignedIn
from whistle.store.counts import Told

IDLE, LONGEST = timedelta(minutes=15), timedelta(hours=8)
HALFWAY = timedelta(minutes=5)  # between the passphrase and the second factor
_TOKEN_BYTES = 32


class Owes(Enum):
    """What a member must still do before they have their keys."""

    NOTHING = "nothing"
    PROOF = "proof"  # of the second factor that they have: until then there is no session for them
    FACTOR = "factor"  # to set one up: until then nothing else opens


@dataclass(eq=False)
class Session:
    """A member at work, with the keys of their groups."""

    id: bytes = field(repr=False)  # SHA-256 of the token that the browser has
    member: str
    role: Role
    groups: Mapping[str, GroupKeys] = field(repr=False)
    language: str
    started: datetime
    used: datetime
    proved_at: datetime  # who they are
    owes: Owes = Owes.NOTHING
    held: Mapping[str, GroupKeys] = field(default_factory=dict, repr=False)  # while something is owed
    asked: dict[str, bytes] = field(default_factory=dict, repr=False)  # challenges and a secret that wait for their answer
    tried: int = 0  # the last arrival that was tried with these keys
    tried_files: set[int] = field(default_factory=set, repr=False)  # those that they do not open
    counted: dict[int, tuple[int, Told]] = field(default_factory=dict, repr=False)  # facts of cases, each up to a place

    mail: Mail | None = field(default=None, repr=False)  # looked at, and not filed yet
    filed: set[str] = field(default_factory=set, repr=False)  # pages that have become a case
    purposes: dict[int, str] = field(default_factory=dict, repr=False)  # that the member gave for reading a case
    tags: list[str] = field(default_factory=list, repr=False)  # asked for in the inbox: an address has their places alone

    def has_ended(self, now: datetime) -> bool:
        longest = HALFWAY if self.owes is Owes.PROOF else LONGEST
        return now - self.used > IDLE or now - self.started > longest

    def admit(self) -> None:
        """Nothing is owed any more: here are the keys."""
        self.groups, self.held, self.owes = self.held, {}, Owes.NOTHING


class Sessions:
    """Every session of this process, by the hash of its token."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._sessions: dict[bytes, Session] = {}
        self._lock = Lock()

    def begin(
        self, member: str, role: Role, groups: Mapping[str, GroupKeys], language: str, now: datetime, owes: Owes = Owes.NOTHING
    ) -> tuple[str, Session]:
        """A new session and its token, which only the browser keeps. Its keys come once nothing is owed."""
        token = self._random(_TOKEN_BYTES).hex()
        session = Session(_hash(token), member, role, {}, language, now, now, now, owes, groups)
        if owes is Owes.NOTHING:
            session.admit()
        with self._lock:
            self._sessions[session.id] = session
        return token, session

    def admit(self, halfway: Session, now: datetime) -> str:
        """The second factor was proved: a session in place of what was halfway to one, and its token. Raises NotSignedIn."""
        with self._lock:
            if self._sessions.pop(halfway.id, None) is None:
                raise NotSignedIn  # ended meanwhile
        return self.begin(halfway.member, halfway.role, halfway.held, halfway.language, now)[0]

    def find(self, token: str, now: datetime) -> Session:
        """The session of a token, which it keeps from idling. Raises NotSignedIn."""
        session = self._find(token, now)
        if session.owes is Owes.PROOF:
            raise NotSignedIn
        return session

    def find_halfway(self, token: str, now: datetime) -> Session:
        """Somebody who gave their passphrase and owes their second factor. Raises NotSignedIn."""
        session = self._find(token, now)
        if session.owes is not Owes.PROOF:
            raise NotSignedIn
        return session

    def _find(self, token: str, now: datetime) -> Session:
        with self._lock:
            session = self._sessions.get(_hash(token))
            if session is None or session.has_ended(now):
                self._sessions.pop(_hash(token), None)
                raise NotSignedIn
            session.used = now
            return session

    def end(self, session: Session) -> None:
        with self._lock:
            self._sessions.pop(session.id, None)

    def end_others(self, session: Session) -> None:
        """Ends the same member's other sessions."""
        with self._lock:
            kept = [each for each in self._sessions.values() if each.member != session.member or each is session]
            self._sessions = {each.id: each for each in kept}

    def end_all(self, member: str | None = None) -> None:
        """Ends every session of a member, or of everybody."""
        with self._lock:
            self._sessions = {key: each for key, each in self._sessions.items() if member not in (None, each.member)}

    def reap(self, now: datetime) -> None:
        """Lets go of the keys of sessions that have ended and were not used since."""
        with self._lock:
            self._sessions = {key: each for key, each in self._sessions.items() if not each.has_ended(now)}


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()

"""The second factor: whether a member owes one, whether a proof of it holds, setting one up. A passphrase alone opens nothing.

A code counts once, a passkey's counter only goes up, and whoever guesses waits.
"""

from base64 import b32encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from threading import Lock

import pyotp
import segno

from whistle.desk.members import Members, Random
from whistle.desk.passkeys import Site
from whistle.desk.sessions import Owes, Session
from whistle.desk.throttle import Throttle
from whistle.errors import FactorRefused, PasskeyCloned, SignInRefused, StepUpNeeded
from whistle.store.desk import Act, Cases
from whistle.store.factors import PASSKEY, TOTP, Factor
from whistle.store.log import WAITED

RECENT = timedelta(minutes=5)
_STEP_SECONDS, _CODE_SECRET_BYTES = 30, 20  # RFC 6238; RFC 4226 section 4, R6
_CHALLENGE_BYTES = 32
_PROOFS = ("proof_code", "proof_passkey", "proof_passphrase")


@dataclass(frozen=True, repr=False)
class Proof:
    """What somebody gives to show who they are; `host` is where their browser thinks it is."""

    code: str
    passkey: str
    passphrase: str
    host: str

    @property
    def is_given(self) -> bool:
        return bool(self.code or self.passkey or self.passphrase)


def proof_in(form: Mapping[str, str], host: str) -> Proof:
    code, passkey, passphrase = (form.get(name, "") for name in _PROOFS)
    return Proof(code, passkey, passphrase, host)


def without_proof(form: Mapping[str, str]) -> Mapping[str, str]:
    """What was typed before somebody was asked who they are."""
    return {name: text for name, text in form.items() if name not in (*_PROOFS, "token")}


class SecondFactor:
    """Every member's. Challenges wait in the session that they were made for, each for one answer."""

    def __init__(
        self, cases: Cases, members: Members, throttle: Throttle, site: Site, random: Random, *, is_required: bool
    ) -> None:
        self._cases, self._members, self._site, self._random = cases, members, site, random
        self._passphrases, self._throttle, self._one_by_one = throttle, Throttle(), Lock()
        self.is_required = is_required

    def of(self, member: str) -> list[Factor]:
        return self._cases.factors.of(member)

    def owed_by(self, member: str) -> Owes:
        """What a member who gave the right passphrase must do before anything opens."""
        if self.of(member):
            return Owes.PROOF
        return Owes.FACTOR if self.is_required else Owes.NOTHING

    # Proving ----------------------------------------------------------------------------------------------------------

    def to_prove(self, session: Session) -> str:
        """What the browser is asked for a passkey; "" if the member has none."""
        known = [each for each in self.of(session.member) if each.kind == PASSKEY]
        return self._site.to_prove(known, self._challenge(session, "prove")) if known else ""

    def require_recent(self, session: Session, proof: Proof, now: datetime) -> None:
        """Raises StepUpNeeded if the last proof is too old and none is given, FactorRefused if it does not hold."""
        if proof.is_given:
            self.prove(session, proof, "proved again", now)
        elif now - session.proved_at > RECENT:
            raise StepUpNeeded

    def prove(self, session: Session, proof: Proof, action: str, now: datetime) -> None:
        """Takes a proof, and notes the action that it was for. Raises FactorRefused; every one that fails is on the log."""
        known = self.of(session.member)
        if known:
            with self._one_by_one:  # or many guesses at once would all come before the first wait
                self._prove_with(known, session, proof, Act(now, session.member, action))
        else:
            self._prove_passphrase(session.member, proof, Act(now, session.member, action))
        session.proved_at = now

    def _prove_with(self, known: list[Factor], session: Session, proof: Proof, act: Act) -> None:
        name, now = act.who, act.time
        self._may_try(self._throttle, name, now)
        try:
            factor, counter = self._proved(known, session, proof, now)
            self._cases.factors.use(factor, counter, act)
        except FactorRefused as error:
            self._throttle.failed(name, now)
            is_cloned = isinstance(error, PasskeyCloned)
            self._cases.log(Act(now, name, "passkey cloned") if is_cloned else Act(now, name, "factor refused"))
            raise
        self._throttle.succeeded(name)

    def _proved(self, known: list[Factor], session: Session, proof: Proof, now: datetime) -> tuple[Factor, int]:
        if proof.passkey:
            return self._site.proved(proof.passkey, known, _asked(session, "prove"), proof.host)
        for factor in known:
            if factor.kind == TOTP:
                secret = self._members.open_code_secret(factor.member, factor.key)
                with suppress(FactorRefused):  # it may be another app's
                    return factor, _step(secret, proof.code, now)
        raise FactorRefused

    def _prove_passphrase(self, name: str, proof: Proof, act: Act) -> None:
        self._may_try(self._passphrases, name, act.time)
        try:
            self._members.confirm(name, proof.passphrase)
        except SignInRefused:
            self._passphrases.failed(name, act.time)
            self._cases.log(Act(act.time, name, "passphrase refused"))
            raise FactorRefused from None
        self._passphrases.succeeded(name)
        self._cases.log(act)

    def _may_try(self, throttle: Throttle, name: str, now: datetime) -> None:
        try:
            throttle.check(name, now)
        except SignInRefused:  # waiting is not made longer by asking
            if tries := throttle.tried(name):
                self._cases.log(Act(now, name, f"{WAITED}{tries}"))
            raise FactorRefused from None

    # Setting up -------------------------------------------------------------------------------------------------------

    def to_create(self, session: Session) -> str:
        """What the browser is asked for a new passkey."""
        known, user = self.of(session.member), self._random(_CHALLENGE_BYTES)
        return self._site.to_create(session.member, known, self._challenge(session, "create"), user)

    def add_passkey(self, session: Session, answer: str, host: str, now: datetime) -> None:
        """Raises FactorRefused, or Overtaken if it is there already."""
        made = self._site.created(answer, _asked(session, "create"), host)
        factor = Factor(session.member, PASSKEY, added=now.date(), **made)
        self._cases.factors.add(factor, Act(now, session.member, "added passkey"))

    def proposed(self, session: Session) -> "CodeSecret":
        """The secret of a code app, which counts once a code of it has come. It is in no file until then."""
        session.asked.setdefault("totp", self._random(_CHALLENGE_BYTES))
        return CodeSecret(session.asked["totp"], session.member, self._site.organisation)

    def add_totp(self, session: Session, code: str, now: datetime) -> None:
        """Raises FactorRefused unless this is a code of the secret that was proposed."""
        secret = _asked(session, "totp", keep=True)
        step = _step(secret, code, now)
        sealed = self._members.seal_code_secret(session.member, secret)
        factor = Factor(session.member, TOTP, None, sealed, step, False, now.date())
        self._cases.factors.add(factor, Act(now, session.member, "added code app"))
        del session.asked["totp"]

    def remove(self, session: Session, id_: int, now: datetime) -> None:
        """Raises Overtaken if there is none, FactorNeeded if it is the last one and one is required."""
        self._cases.factors.remove(Act(now, session.member, "removed factor"), id_, 1 if self.is_required else 0)

    def _challenge(self, session: Session, what: str) -> bytes:
        session.asked[what] = self._random(_CHALLENGE_BYTES)
        return session.asked[what]


@dataclass(frozen=True, repr=False)
class CodeSecret:
    """What a code app takes over: as a picture, or typed."""

    secret: bytes
    member: str
    organisation: str

    @property
    def picture(self) -> str:
        """A QR code, as an address of the scheme data."""
        uri = _codes(self.secret).provisioning_uri(name=self.member, issuer_name=self.organisation)
        return segno.make(uri, error="m", micro=False).svg_data_uri(scale=4, border=4, dark="#000", light="#fff")

    @property
    def text(self) -> str:
        spelt = _codes(self.secret).secret
        return " ".join(spelt[place : place + 4] for place in range(0, len(spelt), 4))


def _codes(secret: bytes) -> pyotp.TOTP:
    return pyotp.TOTP(b32encode(secret[:_CODE_SECRET_BYTES]).decode())


def _step(secret: bytes, code: str, now: datetime) -> int:
    """Which 30 seconds a code is of: these, the ones before, or the ones after. Raises FactorRefused."""
    given, present = "".join(code.split()).encode(), int(now.timestamp()) // _STEP_SECONDS
    for step in (present - 1, present, present + 1):
        if compare_digest(_codes(secret).at(step * _STEP_SECONDS).encode(), given):
            return step
    raise FactorRefused


def _asked(session: Session, what: str, keep: bool = False) -> bytes:
    """The challenge or the secret that waits. Raises FactorRefused."""
    found = session.asked.get(what) if keep else session.asked.pop(what, None)
    if found is None:
        raise FactorRefused
    return found

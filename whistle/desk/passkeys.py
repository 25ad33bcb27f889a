"""Passkeys (WebAuthn): what the browser is asked, and whether its answer holds. Keeps nothing.

An answer holds for one challenge, from a page of this desk, by somebody whom the authenticator itself has recognised.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from whistle.errors import FactorRefused, PasskeyCloned
from whistle.store.factors import PASSKEY, Factor

_REQUIRED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True)
class Site:
    """Whom passkeys are made for: the host name of this desk, and how the browser may show it."""

    name: str
    organisation: str

    def origins(self, host: str) -> list[str]:
        """Where a page of this desk can come from, `host` being what the request names. Without TLS only this machine's own."""
        return [f"https://{host}", *([f"http://{host}"] if self.name == "localhost" else [])]

    def to_create(self, member: str, known: Iterable[Factor], challenge: bytes, user: bytes) -> str:
        """What the browser is asked for a new passkey: JSON. `user` is random, so that no passkey replaces another."""
        options = generate_registration_options(
            rp_id=self.name,
            rp_name=self.organisation,
            user_id=user,
            user_name=member,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=_REQUIRED
            ),
            exclude_credentials=_named(known),
        )
        return options_to_json(options)

    def to_prove(self, known: Iterable[Factor], challenge: bytes) -> str:
        """What the browser is asked for a proof: JSON."""
        options = generate_authentication_options(
            rp_id=self.name, challenge=challenge, allow_credentials=_named(known), user_verification=_REQUIRED
        )
        return options_to_json(options)

    def created(self, answer: str, challenge: bytes, host: str) -> Mapping[str, Any]:
        """What is to be kept of a new passkey. Raises FactorRefused."""
        try:
            made = verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self.name,
                expected_origin=self.origins(host),
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError):
            raise FactorRefused from None
        synced = made.credential_device_type is CredentialDeviceType.MULTI_DEVICE
        key, counter = made.credential_public_key, made.sign_count
        return {"credential": made.credential_id, "key": key, "counter": counter, "synced": synced}

    def proved(self, answer: str, known: Iterable[Factor], challenge: bytes, host: str) -> tuple[Factor, int]:
        """Which passkey has answered, and its counter. Raises FactorRefused, and PasskeyCloned if that went back."""
        try:
            credential = parse_authentication_credential_json(answer)
            factor = next(each for each in known if each.credential == credential.raw_id)
            made = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.name,
                expected_origin=self.origins(host),
                credential_public_key=factor.key,
                credential_current_sign_count=0,  # compared below, under a name of its own
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, StopIteration):
            raise FactorRefused from None
        if (made.new_sign_count or factor.counter) and made.new_sign_count <= factor.counter:
            raise PasskeyCloned
        return factor, made.new_sign_count


def _named(known: Iterable[Factor]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each.credential or b"") for each in known if each.kind == PASSKEY]

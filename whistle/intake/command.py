"""`whistle-intake`: reads its settings, checks the card it is to publish, and serves. Prints nothing of anybody's request.

The entry point: the only place of intake that asks for the time, for randomness or for the environment.
"""

import argparse
import os
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from starlette.types import ASGIApp

from whistle import settings as reading
from whistle.errors import CardHasEnded, CardNotFromThisRoot, CardRefused, SettingsWrong, WhistleError
from whistle.intake.api import Api
from whistle.intake.application import public, relay
from whistle.intake.files import Files
from whistle.intake.relay import Relay
from whistle.intake.settings import Settings
from whistle.intake.site import NOT_FOUND, render, reviewed
from whistle.protocol.card import Card, parse
from whistle.protocol.constants import FILE_LIMIT
from whistle.protocol.spelling import hexadecimal
from whistle.store.intake import Boxes
from whistle.store.transfers import Limits, Transfers
from whistle.web.challenge import Challenges
from whistle.web.headers import INTAKE_POLICY, security_headers
from whistle.web.listening import Server, bind, run, silence

TEMPLATES = Path(__file__).parents[2] / "templates" / "intake"
_SECRET_CHARACTERS = 32
_REVIEW_DAYS = 365


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until it is told to stop. A named error is one line on stderr, and 2."""
    parser = argparse.ArgumentParser("whistle-intake", description="The public server of Whistle, which can read no report.")
    parser.add_argument("--settings", type=Path, required=True, help="the settings file (TOML)")
    parser.add_argument("--check", action="store_true", help="check settings and key card, and do not serve")
    options = parser.parse_args(arguments)
    os.umask(0o077)
    try:
        settings = reading.read(Settings, options.settings, reading.of_process(), "WHISTLE_INTAKE")
        _prepare(settings, serving=not options.check)
    except WhistleError as error:
        print(f"whistle-intake: {error}", file=sys.stderr)
        return 2
    return 0


def today() -> date:
    """The UTC day."""
    return datetime.now(UTC).date()


def published_card(file: bytes, digest: str, on: date) -> Card:
    """The card to publish. Raises CardRefused if it is another one than the settings name, CardHasEnded if its time is over."""
    if sha256(file).hexdigest() != digest:
        raise CardRefused("The key card's SHA-256 is not card_sha256 of the settings.")
    card = parse(file)
    if on > card.ends:
        raise CardHasEnded
    return card


def challenge_secret(file: Path) -> str:
    """The secret that signs challenges."""
    secret = reading.secret(file)
    if len(secret) < _SECRET_CHARACTERS:
        raise SettingsWrong(f"The secret in {file} must have at least {_SECRET_CHARACTERS} characters.")
    return secret


def limits_of(settings: Settings) -> Limits:
    """What is taken of files. Raises SettingsWrong if a number cannot be meant."""
    if not 1_000_000 <= settings.file_bytes <= FILE_LIMIT:
        raise SettingsWrong(f"The setting file_megabytes must be 1 to {FILE_LIMIT // 1_000_000}.")
    for name in ("files", "keep_days", "reserve_megabytes"):
        if getattr(settings, name) < 0:
            raise SettingsWrong(f"The setting {name} must not be below 0.")
    return Limits(settings.files, settings.keep_days, settings.reserve_megabytes * 1_000_000)


def _prepare(settings: Settings, serving: bool) -> None:
    card_file = _bytes_of(settings.card)
    card = published_card(card_file, settings.card_sha256, today())
    if card.root_fingerprint.hex() != settings.root_fingerprint:
        raise CardNotFromThisRoot
    try:
        hexadecimal(settings.relay_token_sha256, 32)
    except ValueError:
        raise SettingsWrong("The setting relay_token_sha256 must be 64 hexadecimal digits, lower case.") from None
    limits = limits_of(settings)
    site = dict(render(settings, card, card_file, TEMPLATES))
    if today() - reviewed(settings.site) > timedelta(_REVIEW_DAYS):
        print("whistle-intake: site.reviewed is more than a year ago. Check the texts and the authorities.", file=sys.stderr)
    challenges = Challenges(challenge_secret(settings.challenge_secret), "whistle/1 challenge", time.time, secrets.token_bytes)
    for file in site.values():
        file.encoded  # noqa: B018 - compressed now, not when the first reader waits
    missing = site.pop(NOT_FOUND)
    if not serving:
        print("whistle-intake: settings and key card are fine.")
        return
    with closing(Boxes(settings.database)) as boxes:
        boxes.publish(card.counter).result()
        transfers = Transfers(boxes, limits, time.monotonic)
        transfers.sweep(today())
        api = Api(boxes, challenges, today, secrets.token_bytes)
        files = Files(api, transfers, settings.file_bytes)
        pages = public(api, files, site, missing, settings.names)
        serve(settings, pages, relay(Relay(boxes, transfers, today), settings.relay_token_sha256))


def serve(settings: Settings, pages: ASGIApp, desk: ASGIApp) -> None:
    """Both listeners, until SIGTERM."""
    headers = security_headers(INTAKE_POLICY)
    places = ((settings.host, settings.port), (settings.relay_host, settings.relay_port))
    listeners = [bind(host, port) for host, port in places]
    servers = [Server(application, headers) for application in (pages, desk)]
    ports = " and ".join(str(listener.getsockname()[1]) for listener in listeners)
    silence()
    run(list(zip(servers, listeners, strict=True)), lambda: print(f"whistle-intake: listening on ports {ports}.", flush=True))
    print("whistle-intake: stopped.", flush=True)


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsWrong(f"The key card {file} cannot be read: {error.strerror}.") from None

"""What must hold before the desk starts: a card it may seal to, its own machine secret, and no root key on this machine.

Each refusal is a named error. It reads files and settles nothing by itself.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from whistle.desk.settings import Settings
from whistle.errors import (
    CardHasEnded,
    CardIsDemo,
    CardRefused,
    DeskRefused,
    MachineSecretWrong,
    NotACard,
    NotAWrappedKey,
    ReceiptKeyWrong,
    RootKeyNearby,
    SettingsWrong,
    WeakWrapping,
    WrongPassphrase,
)
from whistle.protocol.card import Card
from whistle.protocol.spelling import hexadecimal
from whistle.sealing import cards
from whistle.sealing.keys import SigningKey
from whistle.sealing.wrapping import Factors, unwrap
from whistle.settings import secret
from whistle.store.desk import file_of

_MACHINE_PREFIX = "WHISTLE-MACHINE-SECRET-1 "
_WARNING = b"WHISTLE PRIVATE KEY, WRAPPED. KEEP SECRET.\npurpose: "
_OFFLINE_KEYS = (_WARNING + b"root\n", _WARNING + b"recovery ")
_START_BYTES = 64


class KeyCard:
    """The card of this instance, checked again whenever its file has changed."""

    def __init__(self, file: Path, root_fingerprint: str, instance: bytes | None) -> None:
        self._file = file
        self._fingerprint = _fingerprint(root_fingerprint)
        self._instance = instance
        self._last: tuple[bytes, Card] | None = None  # the file as it was, and its card

    def known(self) -> Card:
        """The card to read by: of this root, though its days may be over. Raises NotACard or a CardRefused by name."""
        try:
            return self._newest()
        except (CardRefused, NotACard):
            if self._last is None:
                raise
            return self._last[1]  # a damaged file must not keep anybody from reading

    def on(self, today: date) -> Card:
        """The card to seal by: good today. Raises NotACard or a CardRefused by name."""
        card = self._newest()
        if today > card.ends:
            raise CardHasEnded
        return card

    def _newest(self) -> Card:
        file = _read(self._file)
        if self._last is None or self._last[0] != file:  # the first time, or a renewed card
            self._last = (file, cards.recognise(file, self._fingerprint, self._instance))
        return self._last[1]


def check(settings: Settings, file: Path, card: Card) -> None:
    """Raises CardIsDemo or RootKeyNearby in production; a demo may have both, and no card of production."""
    if settings.demo and not card.demo:
        raise DeskRefused("The setting demo is true, and the card is one of production. Set demo = false.")
    if settings.demo:
        return
    if card.demo:
        raise CardIsDemo
    refuse_root_key(_folders(settings, file))


def refuse_root_key(folders: Iterable[Path]) -> None:
    """Raises RootKeyNearby if a private key that belongs offline lies in or below one of these folders."""
    for file in _files(folders):
        try:
            with file.open("rb") as opened:
                found = opened.read(_START_BYTES).startswith(_OFFLINE_KEYS)
        except OSError:
            continue  # what the desk may not read, it cannot leak
        if found:
            raise RootKeyNearby


def machine_secret(file: Path) -> bytes:
    """The 32 bytes of this machine. Raises MachineSecretWrong or SettingsWrong."""
    line = secret(file)
    try:
        if line.startswith(_MACHINE_PREFIX):
            return hexadecimal(line.removeprefix(_MACHINE_PREFIX), 32)
    except ValueError:
        pass
    raise MachineSecretWrong


def receipt_key(file: Path, machine: bytes) -> SigningKey:
    """The key that signs receipts unattended. Raises ReceiptKeyWrong or SettingsWrong."""
    try:
        return SigningKey(unwrap(f"{secret(file)}\n", "receipt", Factors(machine=machine)))
    except (NotAWrappedKey, WeakWrapping, WrongPassphrase):
        raise ReceiptKeyWrong from None


def _fingerprint(text: str) -> bytes:
    try:
        return hexadecimal(text, 32)
    except ValueError:
        raise SettingsWrong("The setting root_fingerprint must be 64 hexadecimal characters.") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CardRefused(f"The key card {file} cannot be read: {error.strerror}.") from None


def _folders(settings: Settings, file: Path) -> set[Path]:
    paths = [settings.card, settings.machine_secret, settings.receipt_key, settings.relay_token, file]
    return {path.resolve().parent for path in (*paths, file_of(settings.database)) if path is not None}


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for place, _, names in os.walk(folder):
            yield from (path for name in names if (path := Path(place, name)).is_file())

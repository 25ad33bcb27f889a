"""Where a ceremony's passphrases come from: people, a file, or chance (for a demo). They are never printed."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from getpass import getpass
from pathlib import Path

from whistle.errors import CeremonyRefused, PassphraseTooWeak
from whistle.passphrases import check
from whistle.protocol import code


def read_file(file: Path) -> Mapping[str, str]:
    """Passphrases by purpose from a TOML file. Raises CeremonyRefused."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise CeremonyRefused(f"{file} cannot be read as TOML.") from None
    return {str(purpose): str(passphrase) for purpose, passphrase in table.items()}


def ask(purposes: Iterable[str], prompt: Callable[[str], str] = getpass) -> Mapping[str, str]:
    """Ask for each new passphrase twice, without showing it. Raises CeremonyRefused."""
    words = {}
    for purpose in purposes:
        words[purpose] = good(purpose, prompt(f"Passphrase for {purpose}: "))
        if prompt(f"The same again for {purpose}: ") != words[purpose]:
            raise CeremonyRefused(f"The two passphrases for {purpose} differ. Nothing was made.")
    return words


def drawn(purposes: Iterable[str], random: Callable[[int], bytes]) -> Mapping[str, str]:
    """A passphrase of 64 random bits for each purpose: four pronounceable groups."""
    return {purpose: "-".join(code.write(code.generate(random)).split("-")[:4]) for purpose in purposes}


def good(purpose: str, passphrase: str) -> str:
    """A passphrase that is to be used from now on. Raises CeremonyRefused if it is short or easy to guess."""
    try:
        return check(passphrase, purpose)
    except PassphraseTooWeak as error:
        raise CeremonyRefused(f"The passphrase for {purpose} cannot be used. {error}") from None

"""Where a ceremony's passphrases come from: people, a file, or chance (for a demo). They are never printed."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from getpass import getpass
from pathlib import Path

from whistle.errors import CeremonyRefused
from whistle.protocol import code
from whistle.sealing.wrapping import LONGEST_PASSPHRASE

SHORTEST = 15  # NIST SP 800-63B-4: length, no rules of composition


def read_file(file: Path) -> Mapping[str, str]:
    """Passphrases by purpose from a TOML file. Raises CeremonyRefused."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise CeremonyRefused(f"{file} cannot be read as TOML.") from None
    return {str(purpose): long_enough(str(purpose), str(passphrase)) for purpose, passphrase in table.items()}


def ask(purposes: Iterable[str], prompt: Callable[[str], str] = getpass) -> Mapping[str, str]:
    """Ask each passphrase twice, without showing it. Raises CeremonyRefused."""
    words = {}
    for purpose in purposes:
        words[purpose] = long_enough(purpose, prompt(f"Passphrase for {purpose}: "))
        if prompt(f"The same again for {purpose}: ") != words[purpose]:
            raise CeremonyRefused(f"The two passphrases for {purpose} differ. Nothing was made.")
    return words


def drawn(purposes: Iterable[str], random: Callable[[int], bytes]) -> Mapping[str, str]:
    """A passphrase of 64 random bits for each purpose: four pronounceable groups."""
    return {purpose: "-".join(code.write(code.generate(random)).split("-")[:4]) for purpose in purposes}


def long_enough(purpose: str, passphrase: str) -> str:
    """The passphrase. Raises CeremonyRefused if it is short, or longer than any that is taken."""
    if not SHORTEST <= len(passphrase) <= LONGEST_PASSPHRASE:
        bounds = f"at least {SHORTEST} characters, at most {LONGEST_PASSPHRASE}"
        raise CeremonyRefused(f"The passphrase for {purpose} must have {bounds}.")
    return passphrase

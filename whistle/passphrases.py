"""Which passphrases people may choose: length and a block-list of our own, no rules of composition (NIST SP 800-63B-4).

Nothing is kept, and nothing of a passphrase leaves here but itself. The list has what is common; it is no corpus of breaches.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

from whistle.errors import PassphraseTooWeak
from whistle.sealing.wrapping import LONGEST_PASSPHRASE

SHORTEST = 15
_LEFT_OVER = 8  # characters that must remain once every known word is taken away
_FILE = Path(__file__).with_name("common-passphrases.txt")


def check(passphrase: str, *names: str) -> str:
    """The passphrase, if it is long and made neither of these names nor of what is common. Raises PassphraseTooWeak."""
    if len(passphrase) > LONGEST_PASSPHRASE:
        raise PassphraseTooWeak
    normal = unicodedata.normalize("NFC", passphrase)
    if len(normal) < SHORTEST or _is_repeated(normal):
        raise PassphraseTooWeak
    left = _letters(normal)
    known = {*_common(), *(_letters(part) for name in names for part in (name, *name.split()))}
    for word in sorted(known, key=len, reverse=True):
        if len(word) > 2:
            left = left.replace(word, "")
    if len(left) < _LEFT_OVER:
        raise PassphraseTooWeak
    return passphrase


@cache
def _common() -> frozenset[str]:
    lines = _FILE.read_text("utf-8").splitlines()
    return frozenset(_letters(line) for line in lines if line and not line.startswith("#"))


def _letters(text: str) -> str:
    """Without case, accents, spaces and signs."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKD", text).casefold())


def _is_repeated(text: str) -> bool:
    """Whether it is a short piece again and again, or has hardly any different characters."""
    letters = _letters(text)
    return len(set(letters)) < 5 or re.fullmatch(r"(.{1,8}?)\1+.{0,7}", letters) is not None

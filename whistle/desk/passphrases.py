"""Which passphrases a member may choose: length and a block-list of our own, no rules of composition (NIST SP 800-63B-4).

Pure. It has no list of leaked passphrases: that is a known gap.
"""

import re
import unicodedata

from whistle.errors import PassphraseTooWeak
from whistle.sealing.wrapping import LONGEST_PASSPHRASE

SHORTEST = 15
_COMMON = (
    "correct horse battery staple", "the quick brown fox", "password", "passphrase", "passw0rd", "qwerty", "asdfgh",
    "letmein", "iloveyou", "welcome", "admin", "whistle", "whistleblower", "adgangskode", "kodeord", "hemmelig",
    "velkommen", "sommer", "vinter", "lorem ipsum dolor", "to be or not to be", "abcdefghijklmnopqrstuvwxyz",
    "0123456789", "12345678901234567890", "changeme", "risk control", "risikokontrol", "jeg elsker dig",
)  # fmt: skip
_LEFT_OVER = 8  # characters that must remain once every known word is taken away


def check(passphrase: str, name: str, organisation: str) -> str:
    """The passphrase. Raises PassphraseTooWeak."""
    if len(passphrase) > LONGEST_PASSPHRASE:
        raise PassphraseTooWeak
    normal = unicodedata.normalize("NFC", passphrase)
    if len(normal) < SHORTEST or _is_repeated(normal):
        raise PassphraseTooWeak
    left = _letters(normal)
    known = {_letters(word) for word in (*_COMMON, name, organisation, *organisation.split())}
    for word in sorted(known, key=len, reverse=True):
        if len(word) > 2:
            left = left.replace(word, "")
    if len(left) < _LEFT_OVER:
        raise PassphraseTooWeak
    return passphrase


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _is_repeated(text: str) -> bool:
    """Whether it is a short piece again and again, or has hardly any different characters."""
    letters = _letters(text)
    return len(set(letters)) < 5 or re.fullmatch(r"(.{1,8}?)\1+.{0,7}", letters) is not None

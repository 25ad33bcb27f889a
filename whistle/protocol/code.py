"""The case code: 128 bits as eight pronounceable groups and a check group that finds a wrong letter (spec section 5).

Pure: the random source is an argument. It never guesses: a correction is offered in the error and never applied.
"""

from collections.abc import Callable

from whistle.errors import CodeHasBadCharacter, CodeHasWrongLength, CodeMistyped
from whistle.protocol.constants import CODE_ALPHA, CODE_BYTES, CODE_GROUPS, CODE_POLYNOMIAL

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"
_LETTERS = (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
_SHIFTS = (12, 10, 6, 4, 0)  # where each letter's bits stand in a group of 16
_IGNORED = frozenset(" \r\n-.,_")
_COUNT = (CODE_GROUPS + 1) * len(_LETTERS)

# Parts of groups that would be rude in one of the five languages; only the generator looks. browser/src/rude.js has the same.
RUDE = (
    "anal", "anus", "dod", "dum", "fag", "fan", "fis", "fuk", "homo", "hor", "jihad", "kaki",
    "kil", "kuk", "kusi", "lus", "nazi", "nig", "nud", "pano", "pik", "pil", "pis", "pula",
    "puta", "rap", "rasis", "sadis", "sika", "suka", "tis", "tit", "vit",
)  # fmt: skip


def generate(random: Callable[[int], bytes]) -> bytes:
    """The 16 bytes of a new code; `random(n)` gives n bytes. A code with a rude group is thrown away whole."""
    while True:
        code = random(CODE_BYTES)
        if not any(rude in group for group in write(code).split("-") for rude in RUDE):
            return code


def write(code: bytes) -> str:
    """The code as people copy it: nine groups of five letters joined by dashes."""
    groups = [int.from_bytes(code[place : place + 2]) for place in range(0, CODE_BYTES, 2)]
    return "-".join(_proquint(group) for group in [*groups, _check(groups)])


def read(text: str) -> bytes:
    """The 16 bytes of a code as typed. Raises CodeHasBadCharacter, CodeHasWrongLength or CodeMistyped."""
    letters = _letters(text)
    groups = [_group(letters[place : place + 5]) for place in range(0, _COUNT, 5)]
    syndrome = groups[-1] ^ _check(groups[:-1])
    if syndrome:
        raise CodeMistyped(_correction(groups, syndrome))
    return b"".join(group.to_bytes(2) for group in groups[:-1])


def _letters(text: str) -> str:
    typed = [(place, character) for place, character in enumerate(text, start=1) if character not in _IGNORED]
    for place, character in typed:
        if not character.isascii() or character.lower() not in _CONSONANTS + _VOWELS:
            raise CodeHasBadCharacter(character, place)
    if len(typed) != _COUNT:
        raise CodeHasWrongLength(len(typed))
    for number, (place, character) in enumerate(typed):
        if character.lower() not in _LETTERS[number % 5]:  # a vowel where a consonant belongs, or the other way round
            raise CodeHasBadCharacter(character, place)
    return "".join(character.lower() for _, character in typed)


def _proquint(group: int) -> str:
    return "".join(letters[group >> shift & len(letters) - 1] for letters, shift in zip(_LETTERS, _SHIFTS, strict=True))


def _group(letters: str) -> int:
    return sum(_LETTERS[place].index(letter) << _SHIFTS[place] for place, letter in enumerate(letters))


def _times(left: int, right: int) -> int:
    """Multiplication in GF(2^16)."""
    product = 0
    while right:
        product ^= left if right & 1 else 0
        left <<= 1
        left ^= CODE_POLYNOMIAL if left >> 16 else 0
        right >>= 1
    return product


def _check(groups: list[int]) -> int:
    check, weight = 0, 1
    for group in groups:
        weight = _times(weight, CODE_ALPHA)
        check ^= _times(weight, group)
    return check


def _correction(groups: list[int], syndrome: int) -> str | None:
    """The code with the one letter changed that would mend it, if there is such a letter; there is never a second."""
    weight = 1
    for place in [CODE_GROUPS, *range(CODE_GROUPS)]:
        for letters, shift in zip(_LETTERS, _SHIFTS, strict=True):
            for change in range(1, len(letters)):
                if _times(weight, change << shift) == syndrome:
                    mended = [group ^ (change << shift if place == at else 0) for at, group in enumerate(groups)]
                    return "-".join(_proquint(group) for group in mended)
        weight = _times(weight, CODE_ALPHA)
    return None

"""A message to every open mailbox while it waits at the desk: its texts by language, sealed to its group (spec section 6.5)."""

from collections.abc import Iterable, Mapping

from whistle.errors import NotAContent
from whistle.protocol import canonical
from whistle.protocol.padme import padme
from whistle.sealing import age
from whistle.sealing.keys import Identity

OTHERWISE = "en"  # for a report in a language that it has no text in
_FLOOR = 4_096


def seal_texts(texts: Mapping[str, str], recipient: bytes) -> bytes:
    """Padded, so that its size tells little."""
    text = canonical.write(dict(texts))
    return age.seal(text.ljust(padme(max(len(text), _FLOOR))), [recipient])


def open_texts(file: bytes, identities: Iterable[Identity]) -> Mapping[str, str]:
    """Raises a SealingError, or NotAContent: whoever has the card can seal something else to the group."""
    texts = canonical.read(age.open_file(file, identities).rstrip(b" "))
    if not isinstance(texts, dict) or OTHERWISE not in texts or not all(isinstance(each, str) for each in texts.values()):
        raise NotAContent
    return texts

"""Going on with a fresh code: the key of the code before signs the id of the new box (spec section 6.5)."""

from whistle.protocol.constants import LABEL_CONTINUES
from whistle.protocol.content import Continues
from whistle.sealing.derivation import ReporterKeys
from whistle.sealing.signing import sign, verify


def continue_from(earlier: ReporterKeys, box: bytes) -> Continues:
    """What is said in the new box."""
    return Continues(earlier.box, sign(LABEL_CONTINUES, earlier.signing, box))


def check_continues(said: Continues, signing: bytes, box: bytes) -> None:
    """Raises BadSignature unless the signing key of the earlier box vouches for the box in which this was said."""
    verify(LABEL_CONTINUES, signing, box, said.signature)

"""The proof: what a stranger can check with spec/verify.py (spec section 6.4). It holds the key of one envelope alone."""

from whistle.errors import NoReceipt
from whistle.protocol import canonical, card, receipt
from whistle.protocol.spelling import write_base64
from whistle.reporter.dialogue import Mailbox
from whistle.sealing.contents import open_envelope


def proof_of(box: Mailbox) -> bytes:
    """The proof of the report in a box. Raises NoReceipt."""
    report = box.report
    received = box.receipt_of(report) if report else None
    if not report or not received:
        raise NoReceipt
    envelope = box.sealed[report.place].sealed
    return canonical.write(
        {
            "protocol": "whistle/1 proof",
            "fingerprint": box.card.root_fingerprint.hex(),
            "card": card.serialize(box.card).decode(),
            "envelope": write_base64(envelope),
            "file_key": open_envelope(envelope, [box.keys.identity]).file_key.reveal().hex(),
            "receipt": receipt.serialize(received).decode(),
        }
    )

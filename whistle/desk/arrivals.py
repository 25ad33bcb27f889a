"""When what has come is opened: as soon as a member looks at a page that would show it."""

from dataclasses import dataclass
from datetime import datetime

from whistle.desk.channels import Taking
from whistle.desk.erasure import Purge
from whistle.desk.reading import Reader
from whistle.desk.sessions import Session
from whistle.desk.starting import KeyCard


@dataclass(frozen=True, eq=False)
class Arrivals:
    """What the pages that show what has come open it with."""

    reader: Reader
    taking: Taking
    purge: Purge
    card: KeyCard

    def open(self, session: Session, now: datetime) -> bool:
        """Opens what waits; whether new reports must wait because the key card has ended or cannot be used."""
        waits = self.reader.open_arrivals(session, now)
        if self.taking.settle(session, now):
            self.purge.again()
        return waits or now.date() > self.card.known().ends

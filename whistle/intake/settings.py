"""What intake is told when it starts: where to listen, where to store, which card to publish, and what its pages say.

Read once by the entry point. The texts that a bank must be able to change without code are all here; how they look is
in templates/.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Channel:
    """Another way to report or to ask: a person of the bank, or an authority. Texts are per language."""

    name: Mapping[str, str]
    description: Mapping[str, str]
    contact: tuple[str, ...]  # a mailto:, tel: or https: address is shown as a link, anything else as text
    anonymous: bool  # False shows the warning that this way is not anonymous
    country: str = ""  # of an authority, two letters: DK


@dataclass(frozen=True)
class RecipientText:
    """Who stands behind a group of the key card, and who does not see what is sealed to it."""

    group: str
    readers: Mapping[str, str]
    never: Mapping[str, str]


@dataclass(frozen=True)
class Site:
    """What the pages say that is this bank's own."""

    scheme: Mapping[str, str]  # the name of the whole service, in each language
    organisation: str
    controller: str  # legal entity and postal address, for the privacy page
    data_protection_contact: str
    recipients: tuple[RecipientText, ...]  # one for each group of the card
    complaints: Channel
    internal_channels: tuple[Channel, ...]
    external_channels: tuple[Channel, ...]
    reviewed: str  # the day on which these texts and the external channels were last checked
    acknowledge_days: int
    feedback_months: int
    retention_months: int
    board_decision: Mapping[str, str]
    categories: tuple[str, ...]  # ids of the catalogue, in the order in which they are offered
    leave_to: str  # where "leave this page quickly" goes
    relationships: tuple[str, ...] = ("employee", "former", "contractor", "customer", "other")  # ids of the catalogue
    questions: tuple[str, ...] = ("when", "where", "who", "how-known", "who-else", "evidence", "fear")  # ids of the catalogue
    supervisory_authority: str = ""  # where to complain of how personal data are processed; a link or a text
    backup_days: int = 35  # after a deletion, how long backup copies still have it
    accessibility_contact: str = ""  # mailto: or https:; without it the contact for data protection stands there
    security_contact: str = ""  # mailto: or https:, for security.txt; without it there is none


@dataclass(frozen=True)
class Settings:
    """Everything that intake is told."""

    host: str
    port: int
    names: tuple[str, ...]  # the Host headers that intake answers to
    relay_host: str
    relay_port: int
    relay_token_sha256: str  # the desk has the token, intake only this
    database: str  # sqlite:///… or another URL of SQLAlchemy
    challenge_secret: Path
    card: Path
    card_sha256: str
    root_fingerprint: str
    languages: tuple[str, ...]
    site: Site
    files: int = 10  # of one reporter at once
    file_megabytes: int = 100  # of 1,000,000 bytes, the largest file
    keep_days: int = 2  # how long a file stays once the desk has it
    reserve_megabytes: int = 2000  # kept free on the disk for texts; 0 keeps none, and only SQLite's disk is measured

    @property
    def file_bytes(self) -> int:
        return self.file_megabytes * 1_000_000

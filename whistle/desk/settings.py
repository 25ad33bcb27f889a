"""What the desk is told when it starts: where to listen, where to store, whose card and keys it stands on. Read once.

Secrets are named by their file, never given here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from whistle.desk.presets import DEFAULT


@dataclass(frozen=True)
class Told:
    """Who is sent mail: about the cases of these groups, or of every group if none is named."""

    address: str
    groups: tuple[str, ...] = ()
    overdue_only: bool = False  # nothing but that something is overdue
    member: str = ""  # whose address it is: nothing about a case that this member is kept away from


@dataclass(frozen=True)
class MailSettings:
    """A mail server, and who is told what at which hours (whistle.desk.mail)."""

    host: str
    port: int
    security: str  # starttls or tls; none on loopback
    sender: str
    hours: tuple[int, ...]  # in UTC
    recipients: tuple[Told, ...]
    head: str = ""  # where the head of the log goes daily
    user: str = ""
    password: Path | None = None
    authority: Path | None = None  # certificates to believe in place of the system's


@dataclass(frozen=True)
class Settings:
    """Everything that the desk is told."""

    demo: bool
    names: tuple[str, ...]  # the Host headers that the desk answers to
    listen: tuple[str, ...]  # addresses; ::1 is left out on a machine without it
    port: int
    database: str  # sqlite:///… or another URL of SQLAlchemy
    card: Path
    root_fingerprint: str
    machine_secret: Path
    receipt_key: Path
    relay_url: str  # of the public server's second listener, up to and with /relay
    relay_token: Path
    poll_seconds: int
    push_times: tuple[str, ...]  # HH:MM in UTC; none means at every poll
    languages: tuple[str, ...]
    organisation: str
    acknowledge_days: int
    feedback_months: int
    file_megabytes: int  # the largest file that a member sends
    reserve_megabytes: int  # of free disk, for texts: with less, no part of a file is taken
    log_heads: Path | None = None  # a folder that leaves the machine, for the log's signed heads
    refusals_a_day: int = 10  # failed sign-ins and refused access: with more, every inbox says so
    second_factor: str = "required"  # or "optional"
    preset: str = DEFAULT  # whose clocks a case goes by (whistle.desk.presets)
    shorten: Mapping[str, int] | None = None  # numbers of the preset, each at least as strict as its own
    recordings: bool = False  # whether members keep recordings of conversations
    mail: MailSettings | None = None  # none is sent without

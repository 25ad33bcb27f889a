"""The commands `whistle-desk log`: verify the log, write its head, export lines. They say nothing of any content."""

import argparse
import csv
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

from whistle.desk.application import Running
from whistle.desk.heads import Heads, verified
from whistle.desk.settings import Settings
from whistle.desk.starting import KeyCard
from whistle.errors import BadSignature, DeskRefused, NotALogHead
from whistle.protocol.card import Card
from whistle.protocol.loghead import LogHead
from whistle.protocol.spelling import day
from whistle.sealing.logheads import read_head
from whistle.store.desk import Act, Cases
from whistle.store.log import Line, Which

_WITHOUT = "A log whose end was cut off, or that was written anew as a whole, is found only by a head from before: give --head."
BY_COMMAND = "command line"  # no member has a name with a space
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


def add(commands: Any, build: Callable[[Settings, argparse.Namespace], Running], now: Callable[[], datetime]) -> None:
    """Adds them to the commands of the desk."""
    log = commands.add_parser("log", help="verify the log, write its head, export lines").add_subparsers(required=True)
    verify = log.add_parser("verify", help="find any line of the log that was changed, swapped or taken away")
    verify.add_argument("--head", type=Path, action="append", default=[], help="a head that was written before")
    head = log.add_parser("head", help="write the head of the log now")
    export = log.add_parser("export", help="print lines as CSV: of a case, or of some days")
    export.add_argument("--case", type=int)
    export.add_argument("--from", type=day, dest="first", metavar="DAY")
    export.add_argument("--to", type=day, dest="last", metavar="DAY")
    verify.set_defaults(run=_verify)
    head.set_defaults(run=lambda settings, given: _head(build(settings, given), now().date()))
    export.set_defaults(run=lambda settings, given: _export(settings, given, now()))
    for command in (verify, head, export):
        command.add_argument("--settings", type=Path, required=True)


def begin(heads: Heads, today: date) -> None:
    """Verifies the log and writes its head when the desk starts; says what is wrong, and that it goes nowhere if so."""
    heads.keep(today)
    if heads.folder is None:
        print(
            "whistle-desk: No folder is set for heads of the log (log_heads): one written anew would not show.", file=sys.stderr
        )
    if heads.problem is not None:  # said here and on every inbox; reading goes on
        print(f"whistle-desk: {heads.problem}", file=sys.stderr)


def _verify(settings: Settings, given: argparse.Namespace) -> None:
    with closing(Cases(settings.database)) as cases:
        card = KeyCard(settings.card, settings.root_fingerprint, cases.instance()).known()
        lines = max(verified(cases, [_read(file, card) for file in given.head]))
    print(f"The log is whole: {lines} lines.")
    print(f"Heads that are a beginning of it: {len(given.head)}." if given.head else _WITHOUT)


def _read(file: Path, card: Card) -> LogHead:
    try:
        return read_head(file.read_bytes(), card)
    except OSError as error:
        raise DeskRefused(f"The head {file} cannot be read: {error.strerror}.") from None
    except NotALogHead:
        raise NotALogHead(f"{file} is not a head of a log of version 1.") from None
    except BadSignature:
        raise BadSignature(f"The head {file} is not signed by a receipt key that the card has for its day.") from None


def _head(running: Running, today: date) -> None:
    with closing(running):
        print(running.heads.write(today))


def _export(settings: Settings, given: argparse.Namespace, now: datetime) -> None:
    days = (given.first, given.last)
    if (given.case is None) == (None in days) or (given.case is not None and days != (None, None)):
        raise DeskRefused("Give --case, or --from and --to.")
    with closing(Cases(settings.database)) as cases:
        cases.log(Act(now, BY_COMMAND, "exported log", given.case))
        lines = cases.lines.lines(Which(case=given.case, first=given.first, last=given.last))
    out = csv.writer(sys.stdout)
    out.writerow(Line.__dataclass_fields__)
    out.writerows([_harmless(value) for value in vars(line).values()] for line in reversed(lines))


def _harmless(value: object) -> object:
    """What a spreadsheet shows and does not run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN_BY_SPREADSHEETS) else value

"""Intake as its command runs it, on free ports of the loopback and with two small pages: what tests and benchmark talk to.

Takes a database file, the SHA-256 of the relay's token, for a disk that is soon full the bytes that one file may have (0:
any), how many submissions may share a commit, how many in a minute are calm, the bytes of disk kept free of files, and how
many days its clock is ahead.
"""

import resource
import secrets
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta

from whistle.intake import command
from whistle.intake.api import Api
from whistle.intake.application import public, relay
from whistle.intake.command import serve
from whistle.intake.files import Files
from whistle.intake.relay import Relay
from whistle.store.intake import Boxes
from whistle.store.transfers import Limits, Transfers
from whistle.web.challenge import CALM, Challenges
from whistle.web.static import StaticFile

FILES, FILE_BYTES = 10, 100_000_000  # what the settings say if they say nothing


@dataclass(frozen=True)
class Places:
    """The settings that `serve` asks for."""

    host: str = "127.0.0.1"
    port: int = 0
    relay_host: str = "127.0.0.1"
    relay_port: int = 0


def main(
    database: str,
    token_sha256: str,
    file_bytes: str = "0",
    together: str = "128",
    calm: str = str(CALM),
    reserve: str = "0",
    days: str = "0",
) -> None:
    ahead = timedelta(days=int(days))

    def today() -> date:
        return command.today() + ahead

    challenges = Challenges("s" * 32, "test", lambda: time.time() + ahead.total_seconds(), secrets.token_bytes, int(calm))
    page = StaticFile(b"<!doctype html><title>page</title>" + b"a" * 2000, "text/html; charset=utf-8")
    missing = StaticFile(b"<!doctype html><title>nothing</title>", "text/html; charset=utf-8")
    with closing(Boxes(f"sqlite:///{database}", int(together))) as boxes:
        if int(file_bytes):
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_bytes), int(file_bytes)))
        api = Api(boxes, challenges, today, secrets.token_bytes)
        transfers = Transfers(boxes, Limits(FILES, 2, int(reserve)), time.monotonic)
        transfers.sweep(today())
        files = Files(api, transfers, FILE_BYTES)
        pages = public(api, files, {"/": page}, missing, ("127.0.0.1", "Intake.Example"))
        serve(Places(), pages, relay(Relay(boxes, transfers, today), token_sha256))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The command `whistle-desk register`: writes who holds the groups' keys today, for the ceremony that turns their epoch.

Public keys and names alone. It opens nothing.
"""

import argparse
import json
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from whistle.desk.log_command import BY_COMMAND
from whistle.desk.settings import Settings
from whistle.errors import DeskRefused
from whistle.store.desk import Act, Cases

_FIELDS = ("name", "ring", "role", "recipient")


def add(commands: Any, now: Callable[[], datetime]) -> None:
    """Adds it to the commands of the desk."""
    command = commands.add_parser("register", help="write the members of today, for `whistle-keys turn`")
    command.add_argument("--settings", type=Path, required=True)
    command.add_argument("file", type=Path, help="a new file")
    command.set_defaults(run=lambda settings, given: _run(settings, given, now()))


def _run(settings: Settings, given: argparse.Namespace, now: datetime) -> None:
    with closing(Cases(settings.database)) as cases:
        print(f"{write(cases, given.file, now)} people are in {given.file}. Whoever comes or goes from now on is not.")


def write(cases: Cases, file: Path, now: datetime) -> int:
    """The register of today in a new file; how many people it has. Raises DeskRefused."""
    if file.exists():
        raise DeskRefused(f"{file} is there already. A register is never written over another.")
    people, recoveries = cases.people.register(Act(now, BY_COMMAND, "wrote register"))
    lines = [{name: getattr(each, name) for name in _FIELDS} | {"group": each.group or None} for each in people]
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(json.dumps({"members": lines, "recovery": recoveries}, indent=1) + "\n")
    except OSError as error:
        raise DeskRefused(f"{file} cannot be written: {error.strerror}.") from None
    return len(people)

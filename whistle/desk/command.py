"""The command `whistle-desk`: enrols, serves, checks, audits the log. A named error is one line and exit status 2."""

import argparse
import asyncio
import contextlib
import os
import resource
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from whistle.desk import log_command, register, starting
from whistle.desk.application import Running, build
from whistle.desk.enrolment import enrol
from whistle.desk.settings import Settings
from whistle.desk.starting import KeyCard
from whistle.errors import ReceiptKeyNotListed, WhistleError
from whistle.settings import of_process, read
from whistle.store.desk import Cases
from whistle.web.headers import DESK_POLICY, security_headers
from whistle.web.listening import Server, bind, serve, silence

_PREFIX = "WHISTLE_DESK"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status."""
    given = _parser().parse_args(arguments)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the keys of sessions must not reach a disk through a crash
    try:
        settings = read(Settings, given.settings, of_process(), _PREFIX)
        given.run(settings, given)
    except WhistleError as error:
        print(f"whistle-desk: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="whistle-desk", description="The desk: where reports are read and answered.")
    commands = parser.add_subparsers(required=True)
    for name, run, words in (
        ("enrol", _enrol, "take over members and sealed group keys from the folder of a ceremony"),
        ("serve", _serve, "serve the desk"),
        ("check", _check, "say whether the desk can start, without starting it"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("--settings", type=Path, required=True)
        command.set_defaults(run=run)
        if name == "enrol":
            command.add_argument("folder", type=Path)
    register.add(commands, _now)
    log_command.add(commands, _build, _now)
    return parser


def _enrol(settings: Settings, given: argparse.Namespace) -> None:
    with closing(Cases(settings.database)) as cases:
        card = KeyCard(settings.card, settings.root_fingerprint, cases.instance()).known()
        starting.check(settings, given.settings, card)
        members, keys = enrol(cases, given.folder, card, _now())
    print(f"{members} members and {keys} sealed group keys are enrolled.")


def _check(settings: Settings, given: argparse.Namespace) -> None:
    with closing(_build(settings, given)) as running:
        card = KeyCard(settings.card, settings.root_fingerprint, running.cases.instance()).on(_now().date())
        running.receipts.check(_now().date())
        print(f"The desk can start. Its key card is good through {card.ends}; the log has {running.cases.verify_log()} lines.")


def _serve(settings: Settings, given: argparse.Namespace) -> None:
    with closing(_build(settings, given)) as running:
        running.cases.files.sweep()
        try:
            running.receipts.check(_now().date())
        except ReceiptKeyNotListed as error:  # said here and on the inbox; reading goes on
            print(f"whistle-desk: {error}", file=sys.stderr)
        log_command.begin(running.heads, _now().date())
        _listen(settings, running)


def _listen(settings: Settings, running: Running) -> None:
    headers = security_headers(DESK_POLICY)
    addresses = [address for address in settings.listen if address != "::1" or _has_ipv6()]
    servers = [(Server(running.app, headers), bind(address, settings.port)) for address in addresses]
    for _, listener in servers:
        host, port = listener.getsockname()[:2]
        print(f"The desk listens on {host} port {port}.", flush=True)
    silence()
    with asyncio.Runner(loop_factory=servers[0][0].config.get_loop_factory()) as runner:
        runner.run(_run(running, servers))


async def _run(running: Running, servers: Sequence[tuple[Server, socket.socket]]) -> None:
    """Serves until told to stop. If what runs beside ends, the desk ends too: it must not look alive and hear nothing."""
    beside, serving = asyncio.create_task(running.beside()), asyncio.create_task(serve(servers))
    await asyncio.wait({beside, serving}, return_when=asyncio.FIRST_COMPLETED)
    for server, _ in servers:
        server.should_exit = True
    await serving
    beside.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beside


def _build(settings: Settings, given: argparse.Namespace) -> Running:
    return build(settings, given.settings, _now, os.urandom)


def _now() -> datetime:
    return datetime.now(UTC)


def _has_ipv6() -> bool:
    """Whether this machine has the loopback address of IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False

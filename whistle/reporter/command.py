"""The `whistle` command: a reporter's client for those who trust no web page, and for the tests.

It prints a case code once and stores it nowhere; it writes files only where it is told to. The text comes from a file or
standard input, never from the command line, which other users of a machine can read.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Annotated

import httpx2
import typer

from whistle.errors import CardNotFromThisRoot, CodeMistyped, FileMissing, NetworkFailed, NotTheFile, SealingError, WhistleError
from whistle.protocol.content import TO_REPORTER
from whistle.reporter.dialogue import Mailbox, PreparedReport, keys_of, open_mailbox, prepare_report
from whistle.reporter.files import Attachment, Sending, save
from whistle.reporter.intake import Intake
from whistle.reporter.proof import proof_of
from whistle.reporter.showing import line, show, show_receipt
from whistle.sealing.cards import check, recognise

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds between tries
_POLL = 2.0  # seconds between two looks for a receipt
_UNCONFIRMED, _INCOMPLETE = 3, 4  # how the command ends
_STAYS = "Your report has arrived all the same. Look, or send a file, with `whistle mailbox`."
_GOES_ON = "I go on here from an earlier report, with a code that only I know."
_NOT_JOINED = "The new mailbox is there, but it does not say yet which one it goes on from: take a fresh code once more."
_Intake = Annotated[str, typer.Option("--intake", help="Address of the service, such as https://… or http://….onion")]
_Root = Annotated[str, typer.Option("--fingerprint", help="Root fingerprint, from a poster or the intranet.")]
_Proxy = Annotated[str | None, typer.Option(help="A proxy, such as socks5h://127.0.0.1:9050 for Tor.")]
_Attach = Annotated[
    list[Path] | None,
    typer.Option(
        "--attach",
        help="A file to send, sealed; again for another. It is sent as it is, with its name: see that it does not name you.",
    ),
]
_Wait = Annotated[int, typer.Option(help="Seconds to wait for the desk's receipt of the report.")]


@app.command()
def report(
    intake: _Intake,
    fingerprint: _Root,
    text: Annotated[Path, typer.Option(help="File with the report, - for standard input.")] = Path("-"),
    group: Annotated[str | None, typer.Option(help="Who is to read it; the first group of the card if not given.")] = None,
    language: Annotated[str, typer.Option(help="Language of the report, two letters.")] = "en",
    attach: _Attach = None,
    wait: _Wait = 0,
    proxy: _Proxy = None,
) -> None:
    """Seal a report, send it, and print the case code. Files follow when the report has arrived."""
    words, attachments = _read(text), [Attachment.of(path) for path in attach or ()]
    with _connected(intake, proxy) as service:
        card = check(service.card_file(), _root(fingerprint), None, _today())
        prepared = prepare_report(card, group or card.groups[0].id, words, language, (), os.urandom)
        code = _delivered(prepared, service)
        typer.echo("Your report has arrived. Write this case code down; nobody can recover it:", err=True)
        typer.echo(code)
        if attachments or wait:
            try:
                box = _attach(attachments, open_mailbox(prepared.keys, card, service))
                show_receipt(_waited(box, wait))
            except WhistleError as error:
                raise WhistleError(f"{error} {_STAYS}") from None


@app.command()
def mailbox(
    intake: _Intake,
    fingerprint: _Root,
    reply: Annotated[Path | None, typer.Option(help="File with an answer to send, - for standard input.")] = None,
    attach: _Attach = None,
    save: Annotated[Path | None, typer.Option(help="Folder to save the files in that the desk sent.")] = None,
    proof: Annotated[
        Path | None, typer.Option(help="New file to write a proof in: what you reported, and on which day.")
    ] = None,
    wait: _Wait = 0,
    fresh_code: Annotated[
        bool, typer.Option("--fresh-code", help="Go on in a new mailbox, with a new case code that nobody else has seen.")
    ] = False,
    code_file: Annotated[Path | None, typer.Option(help="File with the case code; asked for if not given.")] = None,
    proxy: _Proxy = None,
) -> None:
    """Open the mailbox of a case code, show the dialogue, and answer if asked to."""
    attachments = [Attachment.of(path) for path in attach or ()]
    code = _read(code_file) if code_file else typer.prompt("Case code", hide_input=True)
    with _connected(intake, proxy) as service:
        file = service.card_file()
        card = recognise(file, _root(fingerprint), None)
        box = open_mailbox(keys_of(code, card), card, service)
        if reply or attachments or fresh_code:
            check(file, _root(fingerprint), card.instance, _today())
        if fresh_code:
            box = _moved(box)
        if reply:
            box = box.reply(_read(reply))
        box = _waited(_attach(attachments, box), wait)
        show(box)
        whole = _saved(box, save) if save else True
        if proof:
            _write_proof(proof, proof_of(box))
    if not whole:
        raise SystemExit(_INCOMPLETE)


def _delivered(prepared: PreparedReport, service: Intake) -> str:
    """The code of a report that has arrived. One that may have arrived keeps its code too: without it nobody could look."""
    try:
        return prepared.deliver(service)
    except NetworkFailed:
        typer.echo("NOT CONFIRMED. Your report may have arrived or not. Keep this code and look later with", err=True)
        typer.echo("`whistle mailbox`. If there is no box then, your report did not arrive: send it again.", err=True)
        typer.echo(prepared.written_code)
        raise SystemExit(_UNCONFIRMED) from None


def _moved(box: Mailbox) -> Mailbox:
    """The mailbox of a fresh code, whose report says no more than that it goes on from this one."""
    successor = box.successor(_GOES_ON, "en", os.urandom)
    code = _delivered(successor, box.intake)
    typer.echo("This is your new case code. Write it down; nobody can recover it:", err=True)
    typer.echo(code)
    try:
        return box.follow(successor)
    except WhistleError as error:
        raise WhistleError(f"{error} {_NOT_JOINED}") from None


def _attach(attachments: list[Attachment], box: Mailbox) -> Mailbox:
    """Send files one after the other; each is named in the box as soon as it is whole."""
    recipient = box.card.recipient(box.group).raw
    for file in attachments:
        with file.path.open("rb") as plain:
            sending = Sending(file, plain, recipient, os.urandom)
            with typer.progressbar(length=sending.length, label=f"Sending {line(file.name)}", file=sys.stderr) as bar:
                sent = sending.go_on(box.intake, box.keys, bar.update)
        box = box.announce(sent)
    return box


def _waited(box: Mailbox, seconds: int) -> Mailbox:
    """The box as soon as the receipt of its report is there, or when so many seconds have passed."""
    end = time.monotonic() + seconds
    while box.report and not box.receipt_of(box.report) and time.monotonic() < end:
        time.sleep(_POLL)
        box = open_mailbox(box.keys, box.card, box.intake)
    return box


def _saved(box: Mailbox, folder: Path) -> bool:
    """Save what the desk sent; whether all of it could be."""
    whole = True
    for file in box.files(TO_REPORTER):
        try:
            typer.echo(f"Saved: {save(file, folder, box.intake, box.keys)}", err=True)
        except (FileMissing, NotTheFile, SealingError) as error:
            typer.echo(f"NOT SAVED: {line(file.name)}: {error}", err=True)
            whole = False
    return whole


def _write_proof(path: Path, proof: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # for its owner alone
        file.write(proof)
    typer.echo(f"Wrote the proof to {path}. Anybody can check it with spec/verify.py and the root fingerprint.", err=True)
    typer.echo(
        "IT INCRIMINATES WHOEVER KEEPS IT: it holds your whole report. Keep it only where nobody looks, or not at all.",
        err=True,
    )


@contextmanager
def _connected(address: str, proxy: str | None) -> Iterator[Intake]:
    """A connection that says nothing of who or what connects."""
    bare = {"User-Agent": "", "Accept-Language": ""}
    none = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    try:
        with httpx2.Client(base_url=address, proxy=proxy, headers=bare, cookies=none, timeout=60, trust_env=False) as client:
            yield Intake(client, _PAUSES, _wait)
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, ValueError) as error:
        raise WhistleError(f"The address or the proxy is not one: {error}") from None


def _wait(pause: float) -> None:
    typer.echo(f"Not confirmed; sending the same sealed bytes again in {pause:g} s.", err=True)
    time.sleep(pause)


def _root(fingerprint: str) -> bytes:
    try:
        return bytes.fromhex(fingerprint)
    except ValueError:
        raise CardNotFromThisRoot("The fingerprint must be 64 hexadecimal digits; spaces do not matter.") from None


def _today() -> date:
    return datetime.now(UTC).date()


def _read(file: Path) -> str:
    return sys.stdin.read() if file == Path("-") else file.read_text("utf-8")


def main() -> None:
    """The entry point: a named error is one line, never a traceback."""
    try:
        app()
    except CodeMistyped as error:
        suggestion = f" Did you write: {error.suggestion}" if error.suggestion else ""
        typer.echo(f"whistle: {error}{suggestion}", err=True)
        raise SystemExit(2) from None
    except (WhistleError, OSError, UnicodeDecodeError) as error:
        typer.echo(f"whistle: {error}", err=True)
        raise SystemExit(2) from None

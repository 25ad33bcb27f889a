"""The `whistle` command: a reporter's client for those who trust no web page, and for the tests.

It prints a case code once and stores it nowhere. The text comes from a file or standard input, never from the command line,
which other users of a machine can read.
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

from whistle.errors import CardNotFromThisRoot, CodeMistyped, NetworkFailed, WhistleError
from whistle.protocol.content import TO_DESK, Content, Files
from whistle.reporter.dialogue import Mailbox, PreparedReport, keys_of, open_mailbox, prepare_report
from whistle.reporter.intake import Intake
from whistle.sealing.cards import check, recognise
from whistle.sealing.contents import Item

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_PAUSES = (1, 2, 4, 8)  # seconds between tries
_UNCONFIRMED = 3
_Intake = Annotated[str, typer.Option("--intake", help="Address of the service, such as https://… or http://….onion")]
_Root = Annotated[str, typer.Option("--fingerprint", help="Root fingerprint, from a poster or the intranet.")]
_Proxy = Annotated[str | None, typer.Option(help="A proxy, such as socks5h://127.0.0.1:9050 for Tor.")]


@app.command()
def report(
    intake: _Intake,
    fingerprint: _Root,
    text: Annotated[Path, typer.Option(help="File with the report, - for standard input.")] = Path("-"),
    group: Annotated[str | None, typer.Option(help="Who is to read it; the first group of the card if not given.")] = None,
    language: Annotated[str, typer.Option(help="Language of the report, two letters.")] = "en",
    proxy: _Proxy = None,
) -> None:
    """Seal a report, send it, and print the case code."""
    words = _read(text)
    with _connected(intake, proxy) as service:
        card = check(service.card_file(), _root(fingerprint), None, _today())
        prepared = prepare_report(card, group or card.groups[0].id, words, language, (), os.urandom)
        code = _delivered(prepared, service)
    typer.echo("Your report has arrived. Write this case code down; nobody can recover it:", err=True)
    typer.echo(code)


@app.command()
def mailbox(
    intake: _Intake,
    fingerprint: _Root,
    reply: Annotated[Path | None, typer.Option(help="File with an answer to send, - for standard input.")] = None,
    code_file: Annotated[Path | None, typer.Option(help="File with the case code; asked for if not given.")] = None,
    proxy: _Proxy = None,
) -> None:
    """Open the mailbox of a case code, show the dialogue, and answer if asked to."""
    code = _read(code_file) if code_file else typer.prompt("Case code", hide_input=True)
    with _connected(intake, proxy) as service:
        file = service.card_file()
        card = recognise(file, _root(fingerprint), None)
        box = open_mailbox(keys_of(code, card), card, service)
        if reply:
            check(file, _root(fingerprint), card.instance, _today())
            box = box.reply(_read(reply))
    _show(box)


def _delivered(prepared: PreparedReport, service: Intake) -> str:
    """The code of a report that has arrived. One that may have arrived keeps its code too: without it nobody could look."""
    for pause in _PAUSES:
        try:
            return prepared.deliver(service)
        except NetworkFailed:
            typer.echo(f"Not confirmed; sending the same sealed bytes again in {pause} s.", err=True)
            time.sleep(pause)
    try:
        return prepared.deliver(service)
    except NetworkFailed:
        typer.echo("NOT CONFIRMED. Your report may have arrived or not. Keep this code and look later with", err=True)
        typer.echo("`whistle mailbox`. If there is no box then, your report did not arrive: send it again.", err=True)
        typer.echo(prepared.written_code)
        raise SystemExit(_UNCONFIRMED) from None


@contextmanager
def _connected(address: str, proxy: str | None) -> Iterator[Intake]:
    """A connection that says nothing of who or what connects."""
    bare = {"User-Agent": "", "Accept-Language": ""}
    none = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    try:
        with httpx2.Client(base_url=address, proxy=proxy, headers=bare, cookies=none, timeout=60, trust_env=False) as client:
            yield Intake(client)
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, ValueError) as error:
        raise WhistleError(f"The address or the proxy is not one: {error}") from None


def _root(fingerprint: str) -> bytes:
    try:
        return bytes.fromhex(fingerprint)
    except ValueError:
        raise CardNotFromThisRoot("The fingerprint must be 64 hexadecimal digits; spaces do not matter.") from None


def _today() -> date:
    return datetime.now(UTC).date()


def _read(file: Path) -> str:
    return sys.stdin.read() if file == Path("-") else file.read_text("utf-8")


def _show(box: Mailbox) -> None:
    for item in box.thread.items:
        typer.echo(f"\n{item.day}  {_who(item)}\n{_words(item)}")
    for direction, count in box.thread.withheld.items():
        if count:
            typer.echo(f"\nWITHHELD: {count} {direction}: the other side has seen them, this box does not show them.")


def _who(item: Item) -> str:
    if item.content is None:
        return f"[{item.verdict.upper()}: not shown as a message]"
    gap = f"  [{item.missing} missing before this]" if item.missing else ""
    return f"{'you' if item.direction == TO_DESK else item.content.context.group}, {item.content.kind}{gap}"


def _words(item: Item) -> str:
    """The text, without the control characters that could move a terminal's cursor."""
    text = _text(item.content) if item.content else ""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def _text(content: Content) -> str:
    if isinstance(content.body, Files):
        return "\n".join(f"{file.name} ({file.size} bytes)" for file in content.body.files)
    state = getattr(content.body, "state", "")
    return " ".join(part for part in (f"[{state}]" if state else "", content.body.text) if part)


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

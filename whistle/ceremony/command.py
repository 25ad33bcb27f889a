"""The `whistle-keys` command: makes an instance's keys, renews its card, checks one. Run offline, away from both servers.

The only module that reads or writes the files of a ceremony.
"""

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from whistle import settings as reading
from whistle.ceremony.making import CARD, FINGERPRINT, ROOT, make, public_files, purposes, readable, renew
from whistle.ceremony.passphrases import ask, drawn, good, read_file
from whistle.ceremony.plan import Plan
from whistle.ceremony.turning import read_register, turn
from whistle.errors import CeremonyRefused, WhistleError
from whistle.protocol.card import parse
from whistle.sealing.cards import check as check_card
from whistle.sealing.wrapping import DRAWN, STANDARD

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_Passphrases = Annotated[Path | None, typer.Option(help="A TOML file of passphrases by purpose; asked for when not given.")]
_Days = Annotated[int, typer.Option(help="How long the card lasts: 100 days at most.")]


@app.command()
def init(
    settings: Annotated[Path, typer.Option(help="The plan: groups and their first members, as TOML.")],
    out: Annotated[Path, typer.Option(help="An empty or new folder for the keys.")],
    passphrases: _Passphrases = None,
    draw_passphrases: Annotated[
        Path | None, typer.Option(help="Demo only: draw passphrases at random and keep them in this new file.")
    ] = None,
) -> None:
    """Make root, receipt key and every group's keys, sign the first card, hand out enrolment files."""
    plan = reading.read(Plan, settings, {}, "").check()
    if out.exists() and any(out.iterdir()):
        raise CeremonyRefused(f"{out} is not empty. Keys are never written over others.")
    words = _passphrases(plan, passphrases, draw_passphrases)
    files = make(plan, words, _today(), os.urandom, DRAWN if draw_passphrases else STANDARD)
    _write(out, files)
    if draw_passphrases:
        _write(draw_passphrases.parent, {draw_passphrases.name: _as_toml(words)})
    card = parse(files[CARD])
    typer.echo(f"Instance {card.instance.hex()}{' (DEMO)' if card.demo else ''}, card good through {card.ends}.")
    typer.echo(f"Root fingerprint, for posters and settings:\n  {readable(card.root_fingerprint)}")
    typer.echo(f"{out}/public: publish.  {out}/desk: to the desk machine.  {out}/offline: keep apart, never on a server.")


@app.command(name="renew")
def renew_card(
    keys: Annotated[Path, typer.Option(help="The folder that `init` wrote.")],
    passphrases: _Passphrases = None,
    days: _Days = 100,
) -> None:
    """Sign the card anew, with the next counter, before it ends."""
    passphrase = _root_passphrase(passphrases)
    card = renew(parse((keys / CARD).read_bytes()), (keys / ROOT).read_text(), passphrase, _today(), days)
    for name, content in public_files(card).items():
        _replace(keys / name, content)
    typer.echo(f"Card {card.counter}, good through {card.ends}. Publish it: {keys / CARD}")


@app.command(name="turn")
def turn_epochs(
    keys: Annotated[Path, typer.Option(help="The folder that `init` wrote.")],
    out: Annotated[Path, typer.Option(help="An empty or new folder for the new keys; `whistle-desk enrol` takes OUT/desk.")],
    register: Annotated[Path, typer.Option(help="The members of today, as `whistle-desk register` wrote them.")],
    passphrases: _Passphrases = None,
    days: _Days = 100,
) -> None:
    """Make the next epoch of every group's keys, and sign the card that names it."""
    if out.exists() and any(out.iterdir()):
        raise CeremonyRefused(f"{out} is not empty. Keys are never written over others.")
    before = parse((keys / CARD).read_bytes())
    members = read_register(register.read_text("utf-8"), before)
    for group in before.groups:
        names = [each.name for each in members.members if each.group == group.id]
        typer.echo(f"The new keys of {group.id} are for: {', '.join(sorted(names))}.")
    root = (keys / ROOT).read_text(), _root_passphrase(passphrases)
    card, files = turn(before, members, root, _today(), days, os.urandom)
    _write(out, files)
    for name, content in public_files(card).items():
        _replace(keys / name, content)
    typer.echo(f"Card {card.counter} names epoch {card.groups[0].recipient.epoch}, good through {card.ends}.")
    typer.echo(f"First {out}/desk to the desk (whistle-desk enrol), then publish {keys / CARD}.")


@app.command()
def check(
    card: Annotated[Path, typer.Argument(help="A key card file.")],
    fingerprint: Annotated[str, typer.Option(help="The root fingerprint as posters show it.")],
) -> None:
    """Check a card as a reporter's client would, and say how long it lasts."""
    try:
        root = bytes.fromhex(fingerprint)
    except ValueError:
        raise CeremonyRefused("The fingerprint must be 64 hexadecimal digits; spaces do not matter.") from None
    good = check_card(card.read_bytes(), root, None, _today())
    left = (good.ends - _today()).days
    typer.echo(f"Card {good.counter} of instance {good.instance.hex()}, groups: {', '.join(each.id for each in good.groups)}.")
    typer.echo(f"Good through {good.ends}: {left} days." + (" Renew it now." if left <= 30 else ""))


def _root_passphrase(file: Path | None) -> str:
    """The one that was chosen in the first ceremony."""
    words = read_file(file) if file else {"root": getpass("Passphrase for root: ")}
    if "root" not in words:
        raise CeremonyRefused(f"There is no passphrase for root in {file}.")
    return words["root"]


def _passphrases(plan: Plan, file: Path | None, draw: Path | None) -> Mapping[str, str]:
    if draw:
        if not plan.demo or file or draw.exists():
            raise CeremonyRefused("Passphrases are drawn for a demo only, into a new file: people choose their own.")
        return drawn(purposes(plan), os.urandom)
    if file is None:
        return ask(purposes(plan))
    return {purpose: good(purpose, passphrase) for purpose, passphrase in read_file(file).items()}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """New files that only this user reads, except what is public."""
    for name, content in files.items():
        target = folder / name
        public = name in (CARD, FINGERPRINT)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o755 if public else 0o700)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644 if public else 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _replace(target: Path, content: bytes) -> None:
    """A published file, the old one or the new one at every moment: programs read it while they run."""
    beside = target.with_name(f".{target.name}.new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.chmod(0o644)
    beside.replace(target)


def _as_toml(words: Mapping[str, str]) -> bytes:
    return "".join(f'"{purpose}" = "{passphrase}"\n' for purpose, passphrase in words.items()).encode()


def _today() -> date:
    return datetime.now(UTC).date()


def main() -> None:
    """The entry point: a named error is one line, never a traceback."""
    try:
        app()
    except (WhistleError, OSError) as error:
        typer.echo(f"whistle-keys: {error}", err=True)
        raise SystemExit(2) from None

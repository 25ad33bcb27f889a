"""What keeps the desk from starting, each by its name; and its command, on a real process."""

import contextlib
import io
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.desk.running import ANNA, PLAN, hold_ceremony, settings_of
from whistle.desk.application import build, push_times
from whistle.desk.command import main
from whistle.desk.enrolment import enrol
from whistle.desk.settings import Settings
from whistle.desk.starting import KeyCard, machine_secret, receipt_key
from whistle.errors import (
    CardForged,
    CardIsDemo,
    CardNotFromThisRoot,
    CardOfAnotherInstance,
    DeskRefused,
    MachineSecretWrong,
    NotACard,
    NotEnrolled,
    RootKeyNearby,
    SettingsWrong,
    WhistleError,
)
from whistle.protocol.card import parse, serialize
from whistle.sealing.cards import sign_card
from whistle.sealing.keys import SigningKey
from whistle.sealing.wrapping import Factors, unwrap
from whistle.store.desk import Cases

TOP = Path(__file__).resolve().parents[2]


def ready(folder: Path, ceremony: Path, **changes: object) -> Settings:
    """Settings of a desk in which everybody is enrolled."""
    settings = settings_of(folder, ceremony, 9, **changes)
    with closing(Cases(settings.database)) as cases:
        enrol(cases, ceremony / "desk", parse((ceremony / "public/key-card.txt").read_bytes()), datetime.now(UTC))
    return settings


def start(settings: Settings, folder: Path) -> None:
    build(settings, folder / "desk.toml", lambda: datetime.now(UTC), os.urandom).close()


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ceremony for production, the offline half of which has left the machine."""
    folder = hold_ceremony(tmp_path_factory.mktemp("production"), replace(PLAN, demo=False))
    away = tmp_path_factory.mktemp("away")
    (folder / "offline").rename(away / "offline")
    return folder


@contextmanager
def refused(kind: type[WhistleError]) -> Iterator[None]:
    with pytest.raises(kind) as raised:
        yield
    assert type(raised.value) is kind


def test_production_starts_with_its_own_card_and_no_root_key_nearby(tmp_path: Path, production: Path) -> None:
    start(ready(tmp_path, production, demo=False), tmp_path)


def test_production_does_not_start_on_a_demo_card(tmp_path: Path, ceremony: Path) -> None:
    with refused(CardIsDemo):
        start(ready(tmp_path, ceremony, demo=False), tmp_path)


@pytest.mark.parametrize("place", ["root.key", "deep/below/some.txt"])
def test_production_does_not_start_beside_the_roots_private_key(
    tmp_path: Path, production: Path, ceremony: Path, place: str
) -> None:
    settings = ready(tmp_path, production, demo=False)
    root = tmp_path / place
    root.parent.mkdir(parents=True, exist_ok=True)
    root.write_bytes((ceremony / "offline/root.key").read_bytes())
    with refused(RootKeyNearby):
        start(settings, tmp_path)


def test_production_does_not_start_beside_a_link_to_the_root_key(tmp_path: Path, production: Path, ceremony: Path) -> None:
    settings = ready(tmp_path, production, demo=False)
    (tmp_path / "innocent").symlink_to(ceremony / "offline/root.key")
    with refused(RootKeyNearby):
        start(settings, tmp_path)


def test_production_does_not_start_beside_a_recovery_identity(tmp_path: Path, production: Path, ceremony: Path) -> None:
    settings = ready(tmp_path, production, demo=False)
    recovery = next((ceremony / "offline").glob("recovery-*.key"))
    (tmp_path / "kept.txt").write_bytes(recovery.read_bytes())
    with refused(RootKeyNearby):
        start(settings, tmp_path)


def test_calling_production_a_demo_does_not_pass_the_checks_by(tmp_path: Path, production: Path) -> None:
    with refused(DeskRefused):
        start(ready(tmp_path, production, demo=True), tmp_path)


def test_a_damaged_card_file_keeps_nobody_from_reading_and_everybody_from_sealing(tmp_path: Path, ceremony: Path) -> None:
    file = tmp_path / "card.txt"
    good = (ceremony / "public/key-card.txt").read_bytes()
    file.write_bytes(good)
    card = KeyCard(file, (ceremony / "public/root-fingerprint.txt").read_text().strip(), None)
    today = datetime.now(UTC).date()
    assert card.on(today) == card.known()
    file.write_bytes(good[:-40])
    assert card.known() == parse(good)
    with refused(NotACard):
        card.on(today)
    file.write_bytes(good)
    assert card.on(today) == parse(good)


def test_a_root_key_above_the_desks_folders_is_not_looked_for(tmp_path: Path, production: Path, ceremony: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    settings = ready(inner, production, demo=False)
    (tmp_path / "root.key").write_bytes((ceremony / "offline/root.key").read_bytes())
    start(settings, inner)


def test_a_desk_in_which_nobody_is_enrolled_does_not_start(tmp_path: Path, ceremony: Path) -> None:
    with refused(NotEnrolled):
        start(settings_of(tmp_path, ceremony, 9), tmp_path)


def test_a_card_of_another_root_is_refused(tmp_path: Path, ceremony: Path) -> None:
    with refused(CardNotFromThisRoot):
        start(ready(tmp_path, ceremony, root_fingerprint="0" * 64), tmp_path)


def test_a_card_that_was_changed_is_refused(tmp_path: Path, ceremony: Path) -> None:
    card = tmp_path / "card.txt"
    card.write_text((ceremony / "public/key-card.txt").read_text().replace("counter: 1\n", "counter: 2\n"))
    with refused(CardForged):
        start(ready(tmp_path, ceremony, card=card), tmp_path)


def test_a_card_of_another_instance_is_refused(tmp_path: Path, ceremony: Path, production: Path) -> None:
    settings = ready(tmp_path, ceremony)
    fingerprint = (production / "public/root-fingerprint.txt").read_text().strip()
    with refused(CardOfAnotherInstance):
        start(replace(settings, card=production / "public/key-card.txt", root_fingerprint=fingerprint), tmp_path)


@pytest.mark.parametrize("line", ["", "WHISTLE-MACHINE-SECRET-1 abc", "a" * 64, f"WHISTLE-MACHINE-SECRET-1 {'A' * 64}"])
def test_a_machine_secret_of_another_shape_is_refused(tmp_path: Path, ceremony: Path, line: str) -> None:
    secret = tmp_path / "machine.secret"
    secret.write_text(line)
    with refused(MachineSecretWrong):
        start(ready(tmp_path, ceremony, machine_secret=secret), tmp_path)


@pytest.mark.parametrize("times", [("8",), ("25:00",), ("08:00", "noon")])
def test_a_push_time_that_is_none_is_refused(tmp_path: Path, ceremony: Path, times: tuple[str, ...]) -> None:
    with refused(SettingsWrong):
        push_times(settings_of(tmp_path, ceremony, 9, push_times=times))


def test_enrolling_again_changes_nothing_and_keeps_a_member_who_has_signed_in(tmp_path: Path, ceremony: Path) -> None:
    settings = ready(tmp_path, ceremony)
    with closing(Cases(settings.database)) as cases:
        cases.rewrap(ANNA, "wrapped anew")
        before = cases.group_keys()
        enrol(cases, ceremony / "desk", parse(settings.card.read_bytes()), datetime.now(UTC))
        member = cases.member(ANNA)
        assert member is not None
        assert member.key == "wrapped anew"
        assert cases.group_keys() == before


def test_the_folder_of_another_ceremony_is_not_enrolled(tmp_path: Path, ceremony: Path, production: Path) -> None:
    settings = ready(tmp_path, ceremony)
    with closing(Cases(settings.database)) as cases, refused(DeskRefused):
        enrol(cases, production / "desk", parse((production / "public/key-card.txt").read_bytes()), datetime.now(UTC))


# The command ----------------------------------------------------------------------------------------------------------


def command(folder: Path, settings: Settings, *arguments: str) -> list[str]:
    file = folder / "desk.toml"
    lines = [f"{key} = {written(value)}" for key, value in vars(settings).items() if value is not None]
    file.write_text("\n".join(lines))
    words = 2 if arguments[0] == "log" else 1
    program = str(Path(sys.executable).parent / "whistle-desk")
    return [program, *arguments[:words], "--settings", str(file), *arguments[words:]]


def written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(written(each) for each in value)}]"
    return str(value) if isinstance(value, int) else f'"{value}"'


def ran(arguments: list[str]) -> tuple[int, str]:
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=TOP, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def said(arguments: list[str]) -> tuple[int, str]:
    """The same without a process of its own."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as mistakes:
        before = os.umask(0o077)
        try:
            status = main(arguments[1:])
        except SystemExit as ended:  # argparse, which has said why
            status = int(str(ended.code))
        finally:
            os.umask(before)
    return status, out.getvalue() + mistakes.getvalue()


@pytest.mark.slow
def test_the_command_enrols_checks_serves_and_finds_a_changed_log(tmp_path: Path, ceremony: Path) -> None:
    settings = settings_of(tmp_path, ceremony, 9)
    assert ran(command(tmp_path, settings, "check")) == (
        2,
        "whistle-desk: Nobody is enrolled in this database. "
        "Run whistle-desk enrol with the folder that the ceremony handed over.\n",
    )
    assert ran(command(tmp_path, settings, "enrol", str(ceremony / "desk")))[1].startswith("5 members and ")
    status, words = ran(command(tmp_path, settings, "check"))
    assert (status, words[:19]) == (0, "The desk can start.")
    serve_and_stop(command(tmp_path, settings, "serve"))
    status, words = ran(command(tmp_path, settings, "log", "verify"))
    assert (status, words[:30]) == (0, "The log is whole: 7 lines.\nA l")
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        connection.execute("UPDATE log SET who = 'somebody'")
        connection.commit()
    status, words = ran(command(tmp_path, settings, "log", "verify"))
    assert status == 2
    assert "broken at line 1" in words


def serve_and_stop(arguments: list[str]) -> None:
    """Serves, refuses one sign-in, and ends when it is told to; prints nothing of the request."""
    process = subprocess.Popen(arguments, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    found = re.search(r"port (\d+)", process.stdout.readline())
    assert found
    with closing(HTTPConnection("127.0.0.1", int(found[1]), timeout=30)) as connection:
        form = {"host": "localhost", "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        connection.request("POST", "/sign-in", "name=planted&passphrase=planted", form)
        assert connection.getresponse().status == 403
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert process.stdout.read() == ""
    process.stdout.close()


@pytest.mark.slow
def test_a_receipt_key_that_the_card_does_not_list_is_said_and_reading_goes_on(tmp_path: Path, ceremony: Path) -> None:
    """The key of another machine's ceremony would be refused; this one is sound, and the card has revoked it."""
    settings = ready(tmp_path, ceremony)
    key = receipt_key(settings.receipt_key, machine_secret(settings.machine_secret)).public
    card = tmp_path / "card.txt"
    secret = unwrap((ceremony / "offline/root.key").read_text(), "root", Factors("r" * 15))
    listed = parse(settings.card.read_bytes())
    card.write_bytes(serialize(sign_card(replace(listed, revoked=(key,)), SigningKey(secret))))
    settings = replace(settings, card=card)
    said = "whistle-desk: The key card does not list this desk's receipt key for today"
    status, words = ran(command(tmp_path, settings, "check"))
    assert (status, words[: len(said)]) == (2, said)
    process = subprocess.Popen(
        command(tmp_path, settings, "serve"), cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(2)]
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    process.stdout.close()
    assert lines[0].startswith(said)
    assert lines[1].startswith("The desk listens on 127.0.0.1")


@pytest.mark.slow
def test_a_half_upload_of_the_last_run_is_swept_when_the_desk_is_served(tmp_path: Path, ceremony: Path) -> None:
    settings = ready(tmp_path, ceremony)
    with closing(Cases(settings.database)) as cases:
        cases.files.begin(b"b" * 32, b"f" * 16, datetime.now(UTC).date())
    serve_and_stop(command(tmp_path, settings, "serve"))
    with closing(Cases(settings.database)) as cases:
        assert cases.files.of_box(b"b" * 32) == []

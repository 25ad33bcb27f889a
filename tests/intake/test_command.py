"""The command `whistle-intake`: what it refuses to start with, in one line that names it; and that it serves its example."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.intake.running import TOKEN, TOP
from whistle.intake.answers import _NAMES
from whistle.protocol.card import Card, Group, GroupKey, SigningKey, serialize
from whistle.store.intake import Boxes

TODAY = datetime.now(UTC).date()
ZEROS = "0" * 64


def card(ends: date = TODAY + timedelta(days=90), counter: int = 1) -> Card:
    """A card as intake sees it: of the right form, signed by nobody."""
    key = SigningKey(TODAY, None, bytes(32))
    group = Group("risk-control", {"da": "Risikokontrol", "en": "Risk control"}, (key,), GroupKey(1, bytes(1216)), None)
    return Card(False, bytes(16), counter, ends - timedelta(days=90), ends, (key,), (group,), (), bytes(32))


def settings(folder: Path, published: Card) -> dict[str, str]:
    """Writes the example settings with this card, and gives back what was written, by key."""
    (folder / "card.txt").write_bytes(serialize(published))
    (folder / "challenge.secret").write_text("s" * 64 + "\n")
    return {
        "relay_host": '"127.0.0.1"',
        "port": "0",
        "relay_port": "0",
        "names": '["127.0.0.1"]',
        "relay_token_sha256": f'"{sha256(bytes.fromhex(TOKEN)).hexdigest()}"',
        "database": f'"sqlite:///{folder}/intake.sqlite"',
        "challenge_secret": f'"{folder}/challenge.secret"',
        "card": f'"{folder}/card.txt"',
        "card_sha256": f'"{published.digest.hex()}"',
        "root_fingerprint": f'"{published.root_fingerprint.hex()}"',
    }


def written(folder: Path, values: dict[str, str]) -> Path:
    text = (TOP / "deploy/intake/settings.example.toml").read_text()
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert count == 1, key
    file = folder / "settings.toml"
    file.write_text(text)
    return file


def command(file: Path, *arguments: str) -> list[str]:
    program = "import sys; from whistle.intake.command import main; sys.exit(main())"
    return [sys.executable, "-c", program, "--settings", str(file), *arguments]


def run(file: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    variables = {"PYTHONPATH": str(TOP), **environment}
    return subprocess.run(command(file, *arguments), cwd=TOP, env=variables, capture_output=True, text=True, timeout=60)


def refusal(file: Path, *arguments: str, **environment: str) -> str:
    """The one line of a command that does not start."""
    done = run(file, *arguments, **environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    return done.stderr


@contextmanager
def serving(file: Path) -> Iterator[int]:
    process = subprocess.Popen(command(file), cwd=TOP, env={"PYTHONPATH": str(TOP)}, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process.stdout:
        found = re.search(r"ports (\d+) and", process.stdout.readline())
        assert found
        yield int(found[1])
        process.terminate()
        assert process.stdout.read() == "whistle-intake: stopped.\n"
    assert process.wait(30) == 0


@pytest.mark.slow
def test_the_example_serves_every_page_and_the_card(tmp_path: Path) -> None:
    published = card()
    with serving(written(tmp_path, settings(tmp_path, published))) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        for path in ("/", "/da/", "/en/report", "/en/mailbox", "/leave.js", "/photos.js", "/card.txt"):
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, path
        assert body == serialize(published)
        connection.close()


def test_a_check_says_that_all_is_fine_and_makes_no_database(tmp_path: Path) -> None:
    file = written(tmp_path, settings(tmp_path, card()))
    done = run(file, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "whistle-intake: settings and key card are fine.\n", "")
    assert not (tmp_path / "intake.sqlite").exists()


@pytest.mark.slow
def test_texts_that_nobody_has_looked_at_for_a_year_are_named(tmp_path: Path) -> None:
    for days, warned in ((366, True), (365, False)):
        file = written(tmp_path, settings(tmp_path, card()) | {"reviewed": f'"{TODAY - timedelta(days)}"'})
        checked = subprocess.run(command(file, "--check"), capture_output=True, check=True, text=True)
        assert ("more than a year ago" in checked.stderr) is warned


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("card_sha256", f'"{ZEROS}"', "SHA-256"),
        ("root_fingerprint", f'"{ZEROS}"', "another root"),
        ("card", '"/nowhere"', "cannot be read"),
        ("challenge_secret", '"/nowhere"', "cannot be read"),
        ("relay_token_sha256", '"abc"', "relay_token_sha256"),
        ("port", '"8440"', "port must be of kind int"),
        ("languages", '["da", "xx"]', "xx"),
        ("file_megabytes", "0", "file_megabytes must be 1 to 4294"),
        ("file_megabytes", "4295", "file_megabytes must be 1 to 4294"),
        ("files", "-1", "files must not be below 0"),
        ("keep_days", "-1", "keep_days must not be below 0"),
        ("reserve_megabytes", "-1", "reserve_megabytes must not be below 0"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(tmp_path: Path, key: str, value: str, message: str) -> None:
    assert message in refusal(written(tmp_path, {**settings(tmp_path, card()), key: value}))


def test_settings_that_there_are_not_are_named(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "nowhere.toml")


def test_a_setting_of_the_environment_that_there_is_not_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, settings(tmp_path, card()))
    assert "no setting prot" in refusal(file, WHISTLE_INTAKE_PROT="1")


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, settings(tmp_path, card()))
    (tmp_path / "challenge.secret").write_text("short\n")
    assert "at least 32 characters" in refusal(file)


def test_a_card_that_has_ended_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, settings(tmp_path, card(ends=TODAY - timedelta(days=1))))
    assert "has ended" in refusal(file, "--check")


@pytest.mark.slow
def test_a_card_is_good_through_its_last_day(tmp_path: Path) -> None:
    with serving(written(tmp_path, settings(tmp_path, card(ends=TODAY)))) as port:
        assert port


def test_a_card_that_is_none_is_refused(tmp_path: Path) -> None:
    values = settings(tmp_path, card())
    (tmp_path / "card.txt").write_bytes(b"whistle/1 card\n")
    digest = sha256(b"whistle/1 card\n").hexdigest()
    assert "not a key card" in refusal(written(tmp_path, {**values, "card_sha256": f'"{digest}"'}))


@pytest.mark.slow
def test_a_card_with_a_lower_counter_than_before_is_refused(tmp_path: Path) -> None:
    boxes = Boxes(f"sqlite:///{tmp_path}/intake.sqlite")
    boxes.publish(3).result()
    boxes.close()
    assert "higher counter" in refusal(written(tmp_path, settings(tmp_path, card(counter=2))))


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    values = {**settings(tmp_path, card()), "database": f'"sqlite:///{tmp_path}/nowhere/intake.sqlite"'}
    assert "database cannot be opened" in refusal(written(tmp_path, values))


@pytest.mark.slow
def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    values = settings(tmp_path, card())
    with serving(written(tmp_path, values)) as port:
        assert "Nothing can listen" in refusal(written(tmp_path, {**values, "port": str(port)}))


@pytest.mark.slow
def test_files_of_intake_are_readable_by_its_user_alone(tmp_path: Path) -> None:
    with serving(written(tmp_path, settings(tmp_path, card()))):
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.glob("intake.sqlite*")}
    assert set(modes.values()) == {0o600}
    assert "intake.sqlite" in modes


def test_every_error_of_the_specification_has_its_name_and_status() -> None:
    text = (TOP / "spec/protocol.md").read_text()
    said = re.search(r"\*\*Errors\*\* are JSON.*?\n\n", text, re.DOTALL)
    assert said
    listed = re.findall(r"((?:`[a-z_]+`(?:, )?)+) (\d{3})", said[0])
    named = {(name, int(status)) for names, status in listed for name in re.findall(r"`([a-z_]+)`", names)}
    assert len(named) == 14
    assert named - {("wrong_host", 421)} <= set(_NAMES.values())
    assert set(_NAMES.values()) - named == {("not_pages", 400), ("not_admitted", 401)}

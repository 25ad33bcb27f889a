"""`whistle-keys` as a person runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from whistle.ceremony.passphrases import ask
from whistle.errors import CeremonyRefused

PLAN = (Path(__file__).parents[2] / "deploy" / "demo" / "ceremony.toml").read_text()
PRODUCTION = PLAN.replace("demo = true", "demo = false")


def whistle_keys(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "whistle-keys"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ceremony scripted from settings, with passphrases from a file."""
    folder = tmp_path_factory.mktemp("ceremony")
    (folder / "plan.toml").write_text(PRODUCTION)
    people = [f"member {name}" for name in ("anna", "bo", "carl", "dora", "erik")]
    purposes = ["root", "recovery risk-control", "recovery audit-chair", *people]
    (folder / "words.toml").write_text("".join(f'"{each}" = "{each} sleeps under the green stairs"\n' for each in purposes))
    words = folder / "words.toml"
    done = whistle_keys("init", "--settings", folder / "plan.toml", "--out", folder / "keys", "--passphrases", words)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def fingerprint(made: Path) -> str:
    return (made / "keys/public/root-fingerprint.txt").read_text().strip()


def test_private_files_are_for_their_owner_alone(made: Path) -> None:
    private = [path for path in (made / "keys").rglob("*") if path.is_file() and "public" not in path.parts]
    assert len(private) == 17
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)


def test_a_production_card_is_not_labelled_demo(made: Path) -> None:
    assert "\nlabel: production\n" in (made / "keys/public/key-card.txt").read_text()


def test_check_says_how_long_a_card_lasts(made: Path) -> None:
    checked = whistle_keys("check", made / "keys/public/key-card.txt", "--fingerprint", fingerprint(made))
    assert checked.returncode == 0
    assert "100 days" in checked.stdout


def test_check_refuses_another_root_in_one_line(made: Path) -> None:
    checked = whistle_keys("check", made / "keys/public/key-card.txt", "--fingerprint", "00" * 32)
    assert (checked.returncode, checked.stdout) == (2, "")
    assert checked.stderr.count("\n") == 1
    assert "another root" in checked.stderr


def test_renew_signs_the_next_card(made: Path) -> None:
    renewed = whistle_keys("renew", "--keys", made / "keys", "--passphrases", made / "words.toml")
    assert renewed.returncode == 0
    assert "\ncounter: 2\n" in (made / "keys/public/key-card.txt").read_text()
    assert whistle_keys("check", made / "keys/public/key-card.txt", "--fingerprint", fingerprint(made)).returncode == 0


def test_keys_are_never_written_over_others(made: Path) -> None:
    again = whistle_keys("init", "--settings", made / "plan.toml", "--out", made / "keys", "--passphrases", made / "words.toml")
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_passphrases_of_production_are_never_drawn_into_a_file(made: Path) -> None:
    drawn = whistle_keys(
        "init", "--settings", made / "plan.toml", "--out", made / "more", "--draw-passphrases", made / "drawn.toml"
    )
    assert drawn.returncode == 2
    assert not (made / "more").exists()
    assert not (made / "drawn.toml").exists()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("days = 100\ngroups = []\n", "demo"),
        (PLAN + "\nextra = 1\n", "extra"),
        (PLAN.replace("days = 100", 'days = "100"'), "days"),
        (PLAN.replace('ring = "a"', "rung = 1"), "rung"),
        ("demo = ", "TOML"),
    ],
)
def test_a_wrong_plan_is_an_error_that_names_the_place(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "plan.toml").write_text(text)
    done = whistle_keys("init", "--settings", tmp_path / "plan.toml", "--out", tmp_path / "keys")
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_passphrases_are_asked_twice() -> None:
    answers = iter(["green stairs below the roof"] * 2)
    assert ask(["root"], lambda _: next(answers)) == {"root": "green stairs below the roof"}


@pytest.mark.parametrize(
    "answers",
    [
        ["green stairs below the roof", "green stairs below the roog"],
        ["too short"] * 2,
        ["To be, or not to be!"] * 2,
        ["recovery risk control"] * 2,
    ],
)
def test_passphrases_that_differ_are_short_or_common_are_refused(answers: list[str]) -> None:
    given = iter(answers)
    with pytest.raises(CeremonyRefused, match="recovery risk-control"):
        ask(["recovery risk-control"], lambda _: next(given))


def test_a_common_passphrase_in_a_file_makes_nothing_and_is_named(made: Path) -> None:
    text = (made / "words.toml").read_text().replace("member bo sleeps under the green stairs", "Morgenstund har guld i mund!")
    (made / "common.toml").write_text(text)
    refused = whistle_keys(
        "init", "--settings", made / "plan.toml", "--out", made / "none", "--passphrases", made / "common.toml"
    )
    assert (refused.returncode, "The passphrase for member bo cannot be used." in refused.stderr) == (2, True)
    assert not (made / "none").exists()

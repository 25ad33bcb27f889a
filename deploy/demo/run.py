"""Sets up and runs the demo: keys, secrets and both programs on loopback, everything labelled demo.

`make run` calls it. State is in var/demo, and a second run keeps it. It never makes anything for production.
"""

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATE = Path(os.environ.get("WHISTLE_DEMO_STATE", HERE.parent.parent / "var" / "demo"))
PORT = int(os.environ.get("WHISTLE_DEMO_PORT", "8440"))
INTAKE, RELAY, DESK = f"http://127.0.0.1:{PORT}", f"http://127.0.0.1:{PORT + 1}", f"http://localhost:{PORT + 2}"
KEYS, SECRETS, PASSPHRASES = STATE / "keys", STATE / "secrets", STATE / "passphrases.toml"
RENEW_BEFORE = timedelta(days=30)


def main() -> int:
    """Prepare, run both programs until one ends or a person stops them."""
    os.umask(0o077)
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends both programs too
        signal.signal(number, lambda *_: sys.exit(0))
    for port in (PORT, PORT + 1, PORT + 2):
        refuse_taken(port)
    prepare_keys()
    prepare_secrets()
    environment = os.environ | intake_environment() | desk_environment()
    run(environment, "desk", "enrol", "--settings", str(HERE / "desk.toml"), str(KEYS / "desk"))
    programs = [
        start(environment, "intake", "--settings", str(HERE / "intake.toml")),
        start(environment, "desk", "serve", "--settings", str(HERE / "desk.toml")),
    ]
    try:
        wait_until_open(programs)
        print(greeting(), flush=True)
        return wait_for_end(programs)
    finally:
        for program in programs:
            program.terminate()
        for program in programs:
            program.wait()


def prepare_keys() -> None:
    """A ceremony the first time; later a renewed card before it ends."""
    if not (KEYS / "public" / "key-card.txt").exists():
        plan = ["--settings", str(HERE / "ceremony.toml"), "--out", str(KEYS), "--draw-passphrases", str(PASSPHRASES)]
        run(dict(os.environ), "keys", "init", *plan)
    elif card_ends() - datetime.now(UTC).date() < RENEW_BEFORE:
        run(dict(os.environ), "keys", "renew", "--keys", str(KEYS), "--passphrases", str(PASSPHRASES))


def card_ends() -> date:
    lines = (KEYS / "public" / "key-card.txt").read_text().splitlines()
    return date.fromisoformat(next(line.removeprefix("ends: ") for line in lines if line.startswith("ends: ")))


def prepare_secrets() -> None:
    for folder in (SECRETS, STATE / "log-heads"):
        folder.mkdir(parents=True, exist_ok=True)
    for name in ("relay.token", "challenge.secret"):
        if not (SECRETS / name).exists():
            (SECRETS / name).write_text(f"{secrets.token_hex(32)}\n")


def intake_environment() -> dict[str, str]:
    card = KEYS / "public" / "key-card.txt"
    token = (SECRETS / "relay.token").read_text().strip()
    settings = {
        "PORT": str(PORT),
        "RELAY_PORT": str(PORT + 1),
        "RELAY_TOKEN_SHA256": hashlib.sha256(bytes.fromhex(token)).hexdigest(),
        "DATABASE": f"sqlite:///{STATE / 'intake.sqlite'}",
        "CHALLENGE_SECRET": str(SECRETS / "challenge.secret"),
        "CARD": str(card),
        "CARD_SHA256": hashlib.sha256(card.read_bytes()).hexdigest(),
        "ROOT_FINGERPRINT": fingerprint(),
    }
    return {f"WHISTLE_INTAKE_{key}": value for key, value in settings.items()}


def desk_environment() -> dict[str, str]:
    settings = {
        "PORT": str(PORT + 2),
        "DATABASE": f"sqlite:///{STATE / 'desk.sqlite'}",
        "CARD": str(KEYS / "public" / "key-card.txt"),
        "ROOT_FINGERPRINT": fingerprint(),
        "MACHINE_SECRET": str(KEYS / "desk" / "machine.secret"),
        "RECEIPT_KEY": str(KEYS / "desk" / "receipt.key"),
        "RELAY_URL": f"{RELAY}/relay",
        "RELAY_TOKEN": str(SECRETS / "relay.token"),
        "LOG_HEADS": str(STATE / "log-heads"),
    }
    return {f"WHISTLE_DESK_{key}": value for key, value in settings.items()}


def fingerprint() -> str:
    return (KEYS / "public" / "root-fingerprint.txt").read_text().strip()


def run(environment: dict[str, str], program: str, *arguments: str) -> None:
    if subprocess.run(command(program, *arguments), env=environment, check=False, stdout=subprocess.DEVNULL).returncode:
        sys.exit(f"The demo cannot start: the reason stands above. If {STATE} is an earlier version's, delete it.")


def start(environment: dict[str, str], program: str, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command(program, *arguments), env=environment)


def command(program: str, *arguments: str) -> list[str]:
    """A program from beside this Python; WHISTLE_DEMO_INTAKE names another intake, such as one installed from its own wheel."""
    beside = Path(sys.executable).parent / f"whistle-{program}"
    chosen = os.environ.get("WHISTLE_DEMO_INTAKE", beside) if program == "intake" else beside
    return [str(chosen), *arguments]


def refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sys.exit(f"Port {port} is taken. Stop what uses it, or choose others: WHISTLE_DEMO_PORT=9440 make run")


def wait_until_open(programs: "list[subprocess.Popen[bytes]]") -> None:
    """Both programs listen, or one of them has said why it does not."""
    for port in (PORT, PORT + 1, PORT + 2):
        while True:
            if any(program.poll() is not None for program in programs):
                sys.exit("One of the two programs did not start; its reason stands above.")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)


def wait_for_end(programs: "list[subprocess.Popen[bytes]]") -> int:
    try:
        while all(program.poll() is None for program in programs):
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0
    return 1


def greeting() -> str:
    words = tomllib.loads(PASSPHRASES.read_text())
    members = "\n".join(f"      {name:<6} {words[f'member {name}']}   ({team})" for name, team in teams().items())
    return f"""
  DEMO. Do not send real reports here.

  Report as a reporter      {INTAKE}/
  Read as an investigator   {DESK}/
    sign in with name and passphrase:
{members}

  From a terminal:          .venv/bin/whistle report --intake {INTAKE} --fingerprint {fingerprint()}
  Data and demo keys are in {STATE} and are kept for the next run. Stop with Ctrl-C.
"""


def teams() -> dict[str, str]:
    plan = tomllib.loads((HERE / "ceremony.toml").read_text())
    named = [(member, f", {group['names']['en']}") for group in plan["groups"] for member in group["members"]]
    named += [(member, "") for member in plan["staff"]]
    return {member["name"]: member.get("role", "lead") + team for member, team in named}


if __name__ == "__main__":
    sys.exit(main())

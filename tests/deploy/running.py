"""Both programs as their units start them, and nginx as its files say, on loopback and in a scratch folder.

A unit's command runs as it stands: its own paths, which a mount namespace puts in place of the machine's. In nginx's files
only addresses, certificates and nginx's own folder are replaced, as plain text.
"""

import contextlib
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conftest import TOP
from tests.desk.running import PLAN, hold_ceremony
from tests.intake.running import TOKEN

INTAKE, DESK, RELAY = "intake.example", "desk.example.internal", "relay.example.internal"
SANDBOX = Path(__file__).with_name("sandbox.py")
_IN_PLACE = 'for each in opt etc; do mount --bind "$0/$each" "/$each"; done && mount --bind "$0/lib" /var/lib && exec "$@"'


@dataclass(frozen=True)
class Ports:
    """Where everything listens: the programs, and nginx in front of them."""

    intake: int
    relay: int
    desk: int
    intake_tls: int
    relay_tls: int
    desk_tls: int
    desk_to_relay: int


@dataclass(frozen=True)
class Deployed:
    """Everything, running."""

    root: Path
    ports: Ports
    nginx: tuple["subprocess.Popen[bytes]", ...]

    def tls(
        self, port: int, name: str, source: str = "127.0.0.1", certificate: str | None = None, window: int | None = None
    ) -> ssl.SSLSocket:
        """A connection to nginx, which must show the certificate of this name. A small window takes little unread."""
        shown = {INTAKE: "intake", DESK: "desk-pages", RELAY: "relay"}[name]
        context = ssl.create_default_context(cafile=self.root / f"tls/{shown}.pem")
        if certificate:
            context.load_cert_chain(self.root / f"tls/{certificate}.pem", self.root / f"tls/{certificate}.key")
        connection = socket.socket()
        connection.settimeout(30)
        if window:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", port))
        return context.wrap_socket(connection, server_hostname=name)

    def raw(self, port: int, name: str, sent: bytes, source: str = "127.0.0.1", certificate: str | None = None) -> bytes:
        """Everything that comes back for these very bytes."""
        with self.tls(port, name, source, certificate) as connection:
            connection.sendall(sent)
            return _rest(connection)


def _rest(connection: ssl.SSLSocket) -> bytes:
    came = b""
    try:
        while piece := connection.recv(65536):
            came += piece
    except OSError:
        return came
    return came


def command_of(unit: Path) -> list[str]:
    """The one command of a unit."""
    (line,) = re.findall(r"(?m)^ExecStart=(.*)$", unit.read_text())
    return shlex.split(line)


def in_place(root: Path, command: list[str]) -> list[str]:
    """The command, where /opt, /etc and /var/lib are the ones of the scratch folder."""
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc", _IN_PLACE, str(root), *command]


@contextmanager
def program(root: Path, zone: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A program, started by its unit's command under its unit's filters; what it prints is in out/."""
    unit = TOP / f"deploy/{zone}/whistle-{zone}.service"
    command = in_place(root, [sys.executable, str(SANDBOX), str(unit), *command_of(unit)])
    with running(root, zone, command, [port]) as process:
        yield process


@contextmanager
def running(root: Path, name: str, command: list[str], ports: list[int]) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(root / "tmp")}
    with (root / f"out/{name}").open("wb") as sink:
        process = subprocess.Popen(command, env=environment, stdout=sink, stderr=subprocess.STDOUT)
    try:
        for port in ports:
            _wait(process, port, root / f"out/{name}")
        yield process
        assert process.poll() is None, (root / f"out/{name}").read_text()
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: "subprocess.Popen[bytes]", port: int, output: Path) -> None:
    while True:
        assert process.poll() is None, output.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def seven_ports() -> Ports:
    """Free ones, below those that the kernel gives to outgoing connections: these are taken some seconds later."""
    found: list[int] = []
    for port in range(20_000 + os.getpid() * 7 % 10_000, 32_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == 7:
            break
    return Ports(*found)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that nginx's own user may enter, so that it could write there what it must not write."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        for each in (
            "etc/whistle-intake",
            "etc/whistle-desk",
            "lib/whistle-intake",
            "lib/whistle-desk",
            "opt",
            "out",
            "run",
            "tls",
        ):
            (root / each).mkdir(parents=True)
        (root / "tmp").mkdir(mode=0o1777)
        (root / "tmp").chmod(0o1777)
        yield root


def lay_out(root: Path, ports: Ports) -> None:
    """What a person puts on two machines: the programs, keys of a ceremony, secrets, and the example's settings, filled in."""
    (root / "opt/whistle").symlink_to(sys.prefix)
    shutil.copy("/etc/ld.so.cache", root / "etc")
    ceremony = hold_ceremony(root / "ceremony", replace(PLAN, demo=False, groups=PLAN.groups[:1]))
    shutil.rmtree(ceremony / "offline")
    card = (ceremony / "public/key-card.txt").read_bytes()
    for zone in ("intake", "desk"):
        (root / f"etc/whistle-{zone}/key-card.txt").write_bytes(card)
    shutil.copytree(ceremony / "desk", root / "etc/whistle-desk", dirs_exist_ok=True)
    (root / "etc/whistle-desk/relay.token").write_text(TOKEN + "\n")
    (root / "etc/whistle-intake/challenge.secret").write_text("s" * 64 + "\n")
    fingerprint = (ceremony / "public/root-fingerprint.txt").read_text().strip()
    intake = {
        "port": ports.intake,
        "relay_port": ports.relay,
        "relay_token_sha256": f'"{sha256(bytes.fromhex(TOKEN)).hexdigest()}"',
        "card_sha256": f'"{sha256(card).hexdigest()}"',
        "root_fingerprint": f'"{fingerprint}"',
    }
    desk = {
        "port": ports.desk,
        "root_fingerprint": f'"{fingerprint}"',
        "relay_url": f'"http://127.0.0.1:{ports.desk_to_relay}/relay"',
        "poll_seconds": 1,
        "push_times": "[]",
        "languages": '["en", "da"]',
        "second_factor": '"optional"',  # the journey is that of a passphrase; test_desk_factors has the other
    }
    _settings(root, "intake", intake)
    _settings(root, "desk", desk)
    enrol = ["enrol", "--settings", "/etc/whistle-desk/settings.toml", str(ceremony / "desk")]
    subprocess.run(in_place(root, ["/opt/whistle/bin/whistle-desk", *enrol]), check=True, capture_output=True, timeout=60)


def _settings(root: Path, zone: str, values: dict[str, object]) -> None:
    text = (TOP / f"deploy/{zone}/settings.example.toml").read_text()
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert count == 1, key
    (root / f"etc/whistle-{zone}/settings.toml").write_text(text)


def certify(root: Path, file: str, name: str) -> None:
    """A certificate for a name, signed by its own key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False).sign(key, hashes.SHA256())
    (root / f"tls/{file}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (root / f"tls/{file}.key").write_bytes(key.private_bytes(*kind))


def certify_all(root: Path) -> None:
    names = {"intake": INTAKE, "desk-pages": DESK, "relay": RELAY, "desk": DESK, "stranger": DESK}
    for file, name in names.items():
        certify(root, file, name)


@contextmanager
def proxy(root: Path, zone: str, ports: Ports, **changes: str) -> Iterator["subprocess.Popen[bytes]"]:
    """nginx with the file of a zone."""
    here = root / "run" / zone
    here.mkdir()
    here.chmod(0o755)
    public, listens = (ports.intake_tls, ports.relay_tls) if zone == "intake" else (ports.desk_tls, ports.desk_to_relay)
    text = (TOP / f"deploy/{zone}/nginx.conf").read_text()
    replaced = {
        "listen [::]:443 ssl http2;": "",
        "listen 443 ssl": f"listen 127.0.0.1:{public} sndbuf=8k ssl",  # what is not read stays with nginx, not the kernel
        "listen 127.0.0.1:8441;": f"listen 127.0.0.1:{listens};",
        "127.0.0.1:8440": f"127.0.0.1:{ports.intake}",
        "127.0.0.1:8441": f"127.0.0.1:{ports.relay}",
        "127.0.0.1:8442": f"127.0.0.1:{ports.desk}",
        "10.0.0.2:8441": f"127.0.0.1:{ports.relay_tls}",
        "/etc/nginx/tls/": f"{root}/tls/",
        "/run/nginx": f"{here}/nginx",
        **changes,
    }
    for written, instead in replaced.items():
        text = text.replace(written, instead)
    (here / "nginx.conf").write_text(text)
    started = ["nginx", "-e", "/dev/null", "-c", str(here / "nginx.conf"), "-p", str(here), "-g", "daemon off;"]
    with running(root, f"nginx-{zone}", started, [public, listens]) as process:
        yield process


@contextmanager
def deployed() -> Iterator[Deployed]:
    """Both zones, with nginx in front."""
    with scratch() as root, ExitStack() as stack:
        ports = seven_ports()
        certify_all(root)
        lay_out(root, ports)
        stack.enter_context(program(root, "intake", ports.intake))
        intake = stack.enter_context(proxy(root, "intake", ports))
        desk = stack.enter_context(proxy(root, "desk", ports))
        stack.enter_context(program(root, "desk", ports.desk))
        yield Deployed(root, ports, (intake, desk))

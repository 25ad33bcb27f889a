"""The systemd units: valid, hardened as far as the issue asks, and with a command that starts the real program as it stands."""

import re
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.conftest import TOP
from tests.deploy.running import command_of, lay_out, program, scratch, seven_ports

pytestmark = pytest.mark.slow
UNITS = {zone: TOP / f"deploy/{zone}/whistle-{zone}.service" for zone in ("intake", "desk")}
EXPOSURE = 1.5


def analyzed(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("zone", UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(tmp_path: Path, zone: str) -> None:
    program = command_of(UNITS[zone])[0]
    there = UNITS[zone].read_text().replace(program, "/bin/true")  # systemd looks whether the command exists
    (tmp_path / UNITS[zone].name).write_text(there)
    found = analyzed("verify", "--recursive-errors=no", tmp_path / UNITS[zone].name)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.parametrize("zone", UNITS)
def test_a_unit_is_exposed_no_further_than_it_may_be(zone: str) -> None:
    found = analyzed("security", "--offline=true", UNITS[zone])
    said = re.search(r"Overall exposure level for \S+: (\d+\.\d+) ", found.stdout)
    assert said, found.stderr
    assert float(said[1]) <= EXPOSURE


@pytest.mark.parametrize("zone", UNITS)
def test_a_unit_gives_its_program_no_way_out_but_loopback_and_no_capability(zone: str) -> None:
    unit = UNITS[zone].read_text()
    for line in ("IPAddressDeny=any", "IPAddressAllow=localhost", "CapabilityBoundingSet=", "MemoryDenyWriteExecute=yes"):
        assert len(re.findall(rf"(?m)^{re.escape(line)}$", unit)) == 1
    assert unit.count("IPAddressAllow=") == 1


@pytest.mark.parametrize(
    ("zone", "host", "path"), [("intake", "intake.example", "/"), ("desk", "desk.example.internal", "/sign-in")]
)
def test_the_command_of_a_unit_serves_as_it_stands(zone: str, host: str, path: str) -> None:
    with scratch() as root:
        ports = seven_ports()
        lay_out(root, ports)
        port = {"intake": ports.intake, "desk": ports.desk}[zone]
        with program(root, zone, port):
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", path, headers={"Host": host})
            assert connection.getresponse().status == 200
            connection.close()
        assert f"\nStateDirectory=whistle-{zone}\n" in UNITS[zone].read_text()
        assert (root / f"lib/whistle-{zone}/{zone}.sqlite").exists()

"""One ceremony and one public server for all tests of the desk; a desk for each file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.running import Desk, hold_ceremony, started
from tests.intake.running import Intake
from tests.intake.running import started as started_intake


@pytest.fixture(scope="session")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hold_ceremony(tmp_path_factory.mktemp("ceremony"))


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    with started_intake(tmp_path_factory.mktemp("public") / "public.sqlite") as running:
        yield running


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, ceremony: Path, intake: Intake) -> Iterator[Desk]:
    with started(tmp_path_factory.mktemp("desk"), ceremony, intake.relay_port) as running:
        yield running

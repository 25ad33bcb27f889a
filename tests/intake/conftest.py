"""One running intake for all tests of a file; each makes boxes of its own."""

from collections.abc import Iterator

import pytest

from tests.intake.running import Intake, started


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    with started(tmp_path_factory.mktemp("intake") / "intake.sqlite") as running:
        yield running

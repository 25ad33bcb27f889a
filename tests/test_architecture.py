"""The zones: which package may import what, and that the public one can neither open nor seal nor name the private one."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
WHISTLE = TOP / "whistle"

# What each room may import: of whistle, and of others. The table of the architecture page; changed only with a reason.
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "errors": (set(), set()),
    "settings": ({"errors"}, set()),
    "passphrases": ({"errors", "sealing"}, set()),  # people choose them in the ceremony and at the desk
    "protocol": ({"errors"}, set()),
    "sealing": ({"errors", "protocol"}, {"nacl", "argon2", "cryptography"}),
    "store": ({"errors", "protocol"}, {"sqlmodel", "sqlalchemy"}),
    "web": ({"errors"}, {"starlette", "jinja2", "itsdangerous", "brotli", "uvicorn"}),
    "reporter": ({"errors", "protocol", "sealing"}, {"httpx2", "typer"}),
    "ceremony": ({"errors", "settings", "passphrases", "protocol", "sealing"}, {"typer"}),
    "intake": (
        {"errors", "settings", "protocol", "store.intake", "store.transfers", "store.writer", "web"},
        {"starlette", "uvicorn", "babel", "anyio"},
    ),
    "desk": (
        {
            "errors",
            "settings",
            "passphrases",
            "protocol",
            "sealing",
            "store.broadcast",
            "store.chain",
            "store.channels",
            "store.desk",
            "store.conflicts",
            "store.counts",
            "store.days",
            "store.erasure",
            "store.factors",
            "store.files",
            "store.identity",
            "store.log",
            "store.sheets",
            "store.epochs",
            "store.mail",
            "store.removal",
            "store.people",
            "store.worklist",
            "store.writer",
            "web",
        },
        {"starlette", "uvicorn", "httpx2", "babel", "anyio", "python_multipart", "webauthn", "pyotp", "segno"},
    ),
}
CAN_OPEN_OR_SEAL = {"nacl", "argon2", "cryptography", "whistle.sealing", "whistle.reporter", "whistle.ceremony", "whistle.desk"}


def modules() -> list[Path]:
    return sorted(path for path in WHISTLE.rglob("*.py") if path.name != "__init__.py")


def imports(path: Path) -> Iterator[str]:
    """Full names of what a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    return path.relative_to(WHISTLE).parts[0].removesuffix(".py")


def allowed(name: str, own: str) -> bool:
    inside, outside = TABLE[own]
    top = name.split(".")[0]
    if top != "whistle":
        return top in sys.stdlib_module_names or top in outside
    rest = name.removeprefix("whistle.")
    return any(rest == each or rest.startswith(f"{each}.") for each in inside | {own})


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(TOP)))
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    departures = [name for name in imports(path) if not allowed(name, room(path))]
    assert not departures


def test_the_table_has_every_room_there_is() -> None:
    assert {room(path) for path in modules()} == set(TABLE)


def test_nothing_that_intake_reaches_can_open_or_seal() -> None:
    """By its imports, followed to the end: not only what intake names, but what that names in turn."""
    reached, waiting = set(), {path for path in modules() if room(path) == "intake"}
    while waiting:
        path = waiting.pop()
        reached.add(path)
        for name in imports(path):
            assert not any(name == each or name.startswith(f"{each}.") for each in CAN_OPEN_OR_SEAL), f"{path} reaches {name}"
            waiting |= {found for found in files_of(name) if found not in reached}
    assert len(reached) > 10


def files_of(name: str) -> set[Path]:
    parts = name.split(".")
    candidates = [TOP.joinpath(*parts[:length]).with_suffix(".py") for length in range(2, len(parts) + 1)]
    return {path for path in candidates if parts[0] == "whistle" and path.exists()}


@pytest.mark.parametrize(("zone", "other"), [("intake", "desk"), ("desk", "intake")])
def test_the_two_zones_never_name_each_other(zone: str, other: str) -> None:
    places = [*(WHISTLE / zone).rglob("*.py"), *(TOP / "templates" / zone).rglob("*.html"), WHISTLE / "store" / f"{zone}.py"]
    assert len(places) > 5
    for place in places:
        assert f"whistle.{other}" not in place.read_text("utf-8"), place
        assert f"whistle-{other}" not in place.read_text("utf-8"), place
        assert f"store.{other}" not in place.read_text("utf-8"), place


def test_protocol_has_no_clock_no_randomness_and_no_disk() -> None:
    forbidden = {"os", "random", "secrets", "time", "socket", "pathlib", "io", "subprocess"}
    for path in modules():
        if room(path) == "protocol":
            assert not {name.split(".")[0] for name in imports(path)} & forbidden, path
            assert ".today()" not in path.read_text("utf-8"), path
            assert ".now(" not in path.read_text("utf-8"), path


def test_only_the_store_knows_sql() -> None:
    for path in modules():
        if room(path) != "store":
            assert not {name.split(".")[0] for name in imports(path)} & {"sqlmodel", "sqlalchemy", "sqlite3"}, path


def test_packages_are_two_levels_deep_and_their_init_files_are_empty() -> None:
    for path in WHISTLE.rglob("*.py"):
        assert len(path.relative_to(WHISTLE).parts) <= 2, path
        if path.name == "__init__.py":
            assert not path.read_text("utf-8").strip(), path

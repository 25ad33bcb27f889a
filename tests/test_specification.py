"""The specification, the Python and the JavaScript are one: their constants and labels are compared, table row by table row."""

import re
from pathlib import Path
from typing import Any

from whistle.protocol import constants

TOP = Path(__file__).resolve().parent.parent
SPECIFICATION = (TOP / "spec" / "protocol.md").read_text("utf-8")
SCRIPT = (TOP / "browser" / "src" / "constants.js").read_text("utf-8")


def in_specification() -> dict[str, Any]:
    rows = re.findall(r"^\| ([A-Z][A-Z_]+) \| (?:`([^`]+)`|(\d+)) \|", SPECIFICATION, re.MULTILINE)
    return {name: text or int(number) for name, text, number in rows}


def in_python() -> dict[str, Any]:
    found = {name: getattr(constants, name) for name in vars(constants) if name.isupper()}
    return {name: value.decode().removesuffix("\0") if isinstance(value, bytes) else value for name, value in found.items()}


def in_script() -> dict[str, Any]:
    rows = re.findall(r"^export const ([A-Z][A-Z_]+) = (?:'([^']*)'|([0-9_a-fx]+));", SCRIPT, re.MULTILINE)
    return {name: text or int(number, 0) for name, text, number in rows}


def test_python_has_the_constants_of_the_specification() -> None:
    assert len(in_specification()) == 51
    assert in_python() == in_specification()


def test_the_browser_has_the_constants_of_the_specification() -> None:
    assert in_script() == in_specification()


def test_every_label_ends_in_a_zero_byte_and_none_begins_another() -> None:
    labels = [value for value in vars(constants).values() if isinstance(value, bytes)]
    assert len(labels) == 17
    assert all(label.endswith(b"\0") and label.count(b"\0") == 1 for label in labels)
    assert not any(one != other and other.startswith(one.rstrip(b"\0")) for one in labels for other in labels)

"""Reads spec/vectors: counts every file first, and turns its recipes into bytes (spec/vectors/README.md)."""

import json
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "spec" / "vectors"


@dataclass(frozen=True)
class Vectors:
    """One file of vectors."""

    cases: tuple[dict[str, Any], ...]
    given: dict[str, Any]
    parts: dict[str, bytes]

    def of(self, operation: str) -> tuple[dict[str, Any], ...]:
        return tuple(case for case in self.cases if case["operation"] == operation)

    def bytes(self, recipe: Any) -> bytes:
        return _bytes(recipe, self.parts)


def read(name: str, at_least: int) -> Vectors:
    """The vectors of a file, which has as many cases as it says and no fewer than when its test was written."""
    file = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    assert file["count"] == len(file["cases"]) >= at_least
    assert len({(case.get("operation"), case["name"]) for case in file["cases"]}) == len(file["cases"])
    parts: dict[str, bytes] = {}
    for part, recipe in file.get("parts", {}).items():
        parts[part] = _bytes(recipe, parts)
    return Vectors(tuple(file["cases"]), file.get("given", {}), parts)


def each(cases: tuple[dict[str, Any], ...]) -> pytest.MarkDecorator:
    """One test for each case, named by it."""
    assert cases
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def refused(case: dict[str, Any]) -> bool:
    return bool(case["expect"] == "refused")


def _bytes(recipe: Any, parts: dict[str, bytes]) -> bytes:
    if isinstance(recipe, str):
        return recipe.encode()
    match recipe:
        case {"hex": text}:
            return bytes.fromhex(text)
        case {"base64": text}:
            return b64decode(text)
        case {"repeat": inner, "times": times}:
            return _bytes(inner, parts) * int(times)
        case {"join": inners}:
            return b"".join(_bytes(inner, parts) for inner in inners)
        case {"part": name}:
            return parts[name][recipe.get("from", 0) : recipe.get("to")]
    raise AssertionError(f"An unknown recipe: {recipe}")

"""Sealed files as their reader gets them: taken whole, or refused with nothing left behind."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests import vectors
from whistle.errors import FileMissing, NotTheFile, SealingError
from whistle.protocol.content import SentFile
from whistle.protocol.parts import Part, parse_part
from whistle.reporter import files
from whistle.sealing import age
from whistle.sealing.derivation import ReporterKeys, reporter_keys
from whistle.sealing.files import open_file_payload

VECTORS = vectors.read("files", 62)
KEYS = reporter_keys(bytes.fromhex(VECTORS.given["code"]), bytes.fromhex(VECTORS.given["instance"]))
ERRORS: dict[str, tuple[type[Exception], ...]] = {
    "parts": (FileMissing, NotTheFile),
    "sealed": (NotTheFile, SealingError),
    "size": (FileMissing, NotTheFile),
    "padding": (NotTheFile,),
    "recipients": (NotTheFile,),
    "payload": (FileMissing, NotTheFile, SealingError),
}


class Records:
    """What a box has of a file: records of parts, found by their place alone."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._parts = [parse_part(VECTORS.bytes(record)) for record in case["input"]["records"]]

    def fetch_part(self, _file: bytes, index: int, _keys: ReporterKeys) -> Part:
        for part in self._parts:
            if part.index == index:
                return part
        raise FileMissing

    def whole(self) -> BytesIO:
        return BytesIO(b"".join(part.sealed for part in sorted(self._parts, key=lambda part: part.index)))


def named(case: dict[str, Any]) -> SentFile:
    file = case["input"]["file"]
    return SentFile(bytes.fromhex(file["id"]), file["name"], file["type"], file["size"], bytes.fromhex(file["sealed"]))


@vectors.each(VECTORS.cases)
def test_a_file_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any], tmp_path: Path) -> None:
    file, records = named(case), Records(case)
    if vectors.refused(case):
        with pytest.raises(ERRORS[case["error"]]):
            files.save(file, tmp_path, records, KEYS)  # type: ignore[arg-type]
        assert list(tmp_path.iterdir()) == []
        return
    saved = files.save(file, tmp_path, records, KEYS)  # type: ignore[arg-type]
    plain = saved.read_bytes()
    assert list(tmp_path.iterdir()) == [saved]
    shown = {"name": file.name, "type": file.type, "size": len(plain), "sha256": sha256(plain).hexdigest()}
    assert shown == case["expect"]


def payload_of(case: dict[str, Any]) -> bytes:
    """The file as the desk reads it: its header taken off, its file key kept."""
    sealed = Records(case).whole()
    file_key = age.unwrap(age.read_header(sealed), [KEYS.identity])
    return b"".join(open_file_payload(sealed, case["input"]["file"]["size"], file_key))


@vectors.each(tuple(case for case in VECTORS.cases if not vectors.refused(case)))
def test_a_payload_without_its_header_is_taken_as_the_vectors_say(case: dict[str, Any]) -> None:
    assert sha256(payload_of(case)).hexdigest() == case["expect"]["sha256"]


@vectors.each(tuple(case for case in VECTORS.cases if case.get("error") in ("padding", "size")))
def test_a_payload_that_is_not_the_file_and_zeros_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(NotTheFile):
        payload_of(case)

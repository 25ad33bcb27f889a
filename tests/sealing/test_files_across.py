"""Files between the browser and the desk: what one seals, the other opens. Runs the browser's own modules in Node."""

from base64 import b64decode, b64encode
from hashlib import sha256
from io import BytesIO

import pytest

from tests.sealing.conftest import Typage
from whistle.protocol.bech32 import write_recipient
from whistle.protocol.parts import Part, count_of, parse_part, sealed_length
from whistle.sealing.files import open_file, seal_file
from whistle.sealing.keys import Identity

READER = Identity(bytes(range(32)))
SIZES = [1, 16_384, 16_385, 65_536, 262_144, 700_001]


def plain(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_the_desk_opens_what_a_browser_sends(typage: Typage, size: int) -> None:
    answer = typage.ask(
        "send_file", plaintext=b64encode(plain(size)).decode(), name="bilag.pdf", recipient=write_recipient(READER.recipient)
    )
    parts: list[Part] = sorted((parse_part(b64decode(record)) for record in answer["records"]), key=lambda part: part.index)
    sealed = b"".join(part.sealed for part in parts)
    assert len(sealed) == sealed_length(size)
    assert len(parts) == count_of(len(sealed))
    assert {(part.file.hex(), part.length) for part in parts} == {(answer["file"]["id"], len(sealed))}
    assert answer["file"] | {"id": ""} == {
        "id": "", "name": "bilag.pdf", "type": "", "size": size, "sealed": sha256(sealed).hexdigest()
    }  # fmt: skip
    assert b"".join(open_file(BytesIO(sealed), size, READER)) == plain(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_browser_opens_what_the_desk_sends(typage: Typage, size: int) -> None:
    sealed = b"".join(seal_file(BytesIO(plain(size)), size, READER.recipient))
    opened = typage.ask("fetch_file", sealed=b64encode(sealed).decode(), size=size, identity=READER.reveal_text())
    assert b64decode(opened) == plain(size)

"""Files under seal: what goes in comes out, in a size class, and nothing behind it but zeros."""

import tracemalloc
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO

import pytest

from whistle.errors import FileChanged, NotTheFile, PayloadFailed
from whistle.protocol.parts import padded_size, sealed_length
from whistle.sealing import age
from whistle.sealing.files import FileSealer, joined, open_file, open_file_payload, seal_file
from whistle.sealing.keys import Identity

READER = Identity(bytes(range(32)))
SIZES = [1, 16_383, 16_384, 16_385, 65_536, 131_072, 300_000]


def sealed(plain: bytes) -> bytes:
    return b"".join(seal_file(BytesIO(plain), len(plain), READER.recipient))


def opened(file: bytes, size: int) -> bytes:
    return b"".join(open_file(BytesIO(file), size, READER))


@pytest.mark.parametrize("size", SIZES)
def test_a_file_comes_back_as_it_was_and_is_as_long_as_was_said(size: int) -> None:
    plain = sha256(b"%d" % size).digest() * (size // 32) + b"x" * (size % 32)
    file = sealed(plain)
    assert len(file) == sealed_length(size)
    assert opened(file, size) == plain


def test_stock_age_finds_the_bytes_and_zeros_behind_them() -> None:
    assert age.open_file(sealed(b"kvittering"), [READER]) == b"kvittering" + bytes(16_384 - 10)


def test_a_payload_without_its_header_opens_with_its_key() -> None:
    file = BytesIO(sealed(b"kvittering"))
    key = age.unwrap(age.read_header(file), [READER])
    assert b"".join(open_file_payload(file, 10, key)) == b"kvittering"


@pytest.mark.parametrize("size", [9, 16_385, 40_000])
def test_another_size_than_the_files_is_refused(size: int) -> None:
    with pytest.raises(NotTheFile):
        opened(sealed(b"kvittering"), size)


def test_a_byte_that_is_not_zero_behind_the_file_is_refused() -> None:
    hidden = age.seal(b"kvittering" + bytes(padded_size(10) - 11) + b"!", [READER.recipient])
    with pytest.raises(NotTheFile):
        opened(hidden, 10)


def test_a_file_that_was_cut_is_refused() -> None:
    with pytest.raises(PayloadFailed):
        opened(sealed(b"x" * 100_000)[:-70_000], 100_000)


@pytest.mark.parametrize("now", [b"", b"kvitterin", b"kvitteringer"])
def test_a_file_that_changed_while_it_was_read_is_refused(now: bytes) -> None:
    with pytest.raises(FileChanged):
        b"".join(seal_file(BytesIO(now), 10, READER.recipient))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [1_000, 65_536, 1_000_000])
def test_a_file_whose_length_nobody_knows_is_sealed_as_it_comes(size: int, step: int) -> None:
    plain = sha256(b"%d" % size).digest() * (size // 32) + b"x" * (size % 32)
    sealer = FileSealer(READER.recipient)
    pieces = [sealer.start(), *(sealer.feed(plain[at : at + step]) for at in range(0, size, step)), *sealer.end()]
    file = b"".join(pieces)
    assert (len(file), sealer.size) == (sealed_length(size), size)
    assert opened(file, size) == plain
    payload = joined([b"", file[len(sealer.header) :][:5], b"", file[len(sealer.header) :][5:]])
    assert b"".join(open_file_payload(payload, size, sealer.file_key)) == plain


def test_memory_stays_flat_while_sixty_megabytes_are_sealed_and_opened() -> None:
    piece, count = bytes(65_000), 60 * 1024 * 1024 // 65_000
    sealer = FileSealer(READER.recipient)

    def pieces() -> Iterator[bytes]:
        yield sealer.start()
        for _ in range(count):
            yield sealer.feed(piece)
        yield from sealer.end()

    tracemalloc.start()
    found = sum(len(each) for each in open_file(joined(pieces()), count * len(piece), READER))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == count * len(piece)
    assert peak < 2 * 1024 * 1024

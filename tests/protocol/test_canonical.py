"""JSON with one spelling."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from whistle.errors import NotAContent
from whistle.protocol import canonical

VECTORS = vectors.read("json", 101)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS.map("k".__add__), inner, max_size=3),
    max_leaves=5,
)


@vectors.each(VECTORS.cases)
def test_json_is_taken_and_refused_as_the_vectors_say(case: dict[str, Any]) -> None:
    text = VECTORS.bytes(case["input"])
    if vectors.refused(case):
        with pytest.raises(NotAContent):
            canonical.read(text)
    else:
        assert canonical.write(canonical.read(text)) == text


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert canonical.read(canonical.write(value)) == value


def test_a_million_brackets_are_refused_before_any_parser_sees_them() -> None:
    with pytest.raises(NotAContent):
        canonical.read(b"[" * 1_000_000)


def test_a_long_number_is_refused_before_it_is_computed() -> None:
    with pytest.raises(NotAContent):
        canonical.read(b"9" * 1_000_000)


HOSTILE = """
import resource
from whistle.errors import NotAContent
from whistle.protocol import canonical
resource.setrlimit(resource.RLIMIT_CPU, (10, 10))  # the slow way took minutes
texts = [b'"' + b'\\\\"' * 130_000, b'["' + b'\\\\"' * 130_000, b'\\\\"' * 131_000, b'"' * 262_000]
texts.append(b"{" + b",".join(b'"%d":1' % number for number in range(30_000)) + b"}")
refused = 0
for text in texts:
    try:
        canonical.read(text)
    except NotAContent:
        refused += 1
print(refused)
"""


def test_no_text_of_the_permitted_length_keeps_the_reader_busy() -> None:
    """A stranger's envelope is read before any signature is checked: one that takes minutes would stop the desk."""
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "4")

"""The form that brings a file: the same however it is cut on its way, and refused in any other shape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whistle.desk.uploads import FileForm
from whistle.errors import NotThisForm
from whistle.protocol.canonical import written_length
from whistle.protocol.constants import NAME_LIMIT

KIND = "multipart/form-data; boundary=edge"
END = b"--edge--\r\n"


def field(name: str, value: bytes) -> bytes:
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"


def file(plain: bytes, filename: str = "a.txt", name: str = "file", kind: str = "text/plain") -> bytes:
    head = f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n'
    return head.encode() + plain + b"\r\n"


def read(*pieces: bytes) -> tuple[FileForm, bytes]:
    form = FileForm(KIND)
    plain = b"".join(piece for each in pieces for piece in form.feed(each))
    form.end()
    return form, plain


@given(st.binary(max_size=300) | st.text(alphabet="\r\n-edg", max_size=60).map(str.encode), st.data())
def test_a_file_is_the_same_wherever_it_was_cut(plain: bytes, data: st.DataObject) -> None:
    if b"\r\n--edge" in b"\r\n" + plain:
        plain = b""
    body = field("token", b"t") + field("seen", b"7") + file(plain) + END
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    form, found = read(*(body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)))
    assert (found, form.fields, form.name, form.type) == (plain, {"token": "t", "seen": "7"}, "a.txt", "text/plain")


@pytest.mark.parametrize(
    "body",
    [
        field("token", b"t" * 1_025) + file(b"x") + END,
        b"".join(field(f"f{number}", b"") for number in range(9)) + END,
        file(b"x") + file(b"y") + END,
        file(b"x", name="other") + END,
        file(b"x", filename="n" * 9_000) + END,
        b"--edge\r\n" + b"".join(b"h%d: v\r\n" % number for number in range(9)) + b"\r\nx\r\n" + END,
        field("token", b"t") + file(b"cut before its end")[:-4],
        b"token=t&seen=7",
        b"",
    ],
    ids=[
        "long field",
        "many fields",
        "two files",
        "another field's file",
        "long name",
        "many headers",
        "cut",
        "another",
        "none",
    ],
)
def test_a_form_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(NotThisForm):
        read(body)


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_form_of_another_type_is_refused(kind: str) -> None:
    with pytest.raises(NotThisForm):
        FileForm(kind)


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("C:\\\\temp\\\\a.txt", "a.txt"),
        ("/folder/anna/a.txt", "a.txt"),
        ("%22a%22.txt", '"a".txt'),
        ("æ.txt", "æ.txt"),
        ("..", ".."),
        ("dir/", ""),
    ],
)
def test_a_name_tells_no_folder(given_name: str, name: str) -> None:
    assert read(file(b"x", given_name) + END)[0].name == name


def test_a_name_that_is_too_long_keeps_its_beginning_and_its_ending() -> None:
    name = read(file(b"x", f"begin{'æ' * 400}.pdf") + END)[0].name
    assert written_length(name) <= NAME_LIMIT
    assert name.startswith("begin")
    assert name.endswith(".pdf")


@pytest.mark.parametrize("kind", ["x" * 128, "te\x01xt", "t\u00e6xt"])
def test_a_media_type_that_is_none_is_left_out(kind: str) -> None:
    assert read(file(b"x", kind=kind) + END)[0].type == ""

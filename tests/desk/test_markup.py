"""What people see of HTML: its words, paragraphs and line breaks, and nothing that only a browser is meant to read."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whistle.desk.markup import plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<p>Bilag&nbsp;7 er<br>forfalsket.</p><p>K&aelig;re Karen &lt;3 &amp;amp;</p>",
            "Bilag 7 er\nforfalsket.\n\nKære Karen <3 &amp;",
        ),
        ("one\n  two\t<b>three</b> <i>four</i>", "one two three four"),
        ("<DIV>a</DIV><UL><LI>b</LI></UL>", "a\n\nb"),
        ("<img alt=\"a > b\" src=x>seen<a href = '>'>too</a>", "seentoo"),
        ("<p title=it's>seen</p>", "seen"),
        ("3 < 4 <3 and <> a<b>c</b>", "3 < 4 <3 and <> ac"),
        ("<title>x</title><STYLE>p > a {}</Style>seen<script>if (a < b) '<p>'</script >too", "seentoo"),
        ("<template><p>x</p></template>seen", "seen"),
        ("<!-- a > b -->one<!-->two<![if mso]>three<![endif]><?xml a?>four</>five</ p>", "onetwothreefourfive"),
        ("seen<!-- <p>x", "seen"),
        ("seen<a href=x", "seen"),
        ('seen<a href="x>y', "seen"),
        ("seen<script>x", "seen"),
        ("", ""),
    ],
)
def test_what_people_see_is_kept_and_markup_is_not(html: str, text: str) -> None:
    assert plain(html).strip().replace("\N{NO-BREAK SPACE}", " ") == text


@contextmanager
def seconds(number: int) -> Iterator[None]:
    """Breaks off what has not ended by then."""

    def end(*_: object) -> None:
        raise TimeoutError

    former = signal.signal(signal.SIGALRM, end)
    signal.alarm(number)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


HOURS = (
    "<a ",
    "<!--",
    "<",
    "<a b=",
    '<a b="',
    "<a b='>",
    "</",
    "<!",
    "<![",
    "<title>",
    "</title",
    "<script",
    "&",
    "&#1",
    "= ",
    "<p =  ",
)


@pytest.mark.parametrize("piece", HOURS)
def test_no_markup_takes_longer_than_its_length(piece: str) -> None:
    """A parser that looks for each end anew takes hours for some of these."""
    with seconds(30):
        plain(piece * (1_000_000 // len(piece)))


@given(st.text(st.sampled_from("<>!-/=\"'&;#ab \n"), max_size=60))
def test_whatever_stands_there_no_script_nor_comment_is_read_aloud(rest: str) -> None:
    assert "hidden" not in plain(f"<script>hidden</script><!--hidden--><a title='hidden'>{rest}")
    assert plain(f"seen{rest}").startswith("seen")

"""What people see of a page of HTML, as plain text. Pure, and quick however it is written: no end is looked for twice.

It reads as a browser does: what is not closed swallows what follows. No address in it is ever asked for anything.
"""

import re
from html import unescape

_BREAKS = frozenset(("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol", "pre", "hr"))
_UNSEEN = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "title", "template")}
_TAG_OR_REMARK = re.compile(r"<(?:/?([a-zA-Z][^\s/>]{0,31})|[!?/])")
_END_OR_VALUE = re.compile(r">|=\s*([\"'])")


def plain(html: str) -> str:
    """The text, its paragraphs and line breaks."""
    pieces, place = list[str](), 0
    while found := _TAG_OR_REMARK.search(html, place):
        start = found.start()
        pieces.append(_said(html[place:start]))
        if found[1]:
            name, place = found[1].lower(), _end_of_tag(html, found.end())
            if name in _UNSEEN and html[start + 1] != "/":
                end = _UNSEEN[name].search(html, place)
                place = end.start() if end else len(html)
            pieces.append("\n" if name in _BREAKS else "")
        else:
            place = _after(html, "-->" if html.startswith("<!--", start) else ">", start + 2)
    pieces.append(_said(html[place:]))
    lines = [line.strip() for line in "".join(pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _said(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(text))


def _end_of_tag(html: str, place: int) -> int:
    """After its >, those within the values of attributes left out."""
    while found := _END_OR_VALUE.search(html, place):
        if not found[1]:
            return found.end()
        place = _after(html, found[1], found.end())
    return len(html)


def _after(html: str, mark: str, place: int) -> int:
    found = html.find(mark, place)
    return len(html) if found < 0 else found + len(mark)

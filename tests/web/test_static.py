"""Static files: compressed once, one entity tag for each encoding, the same bytes for everybody."""

import gzip

import brotli  # type: ignore[import-untyped]
import pytest
from starlette.requests import Request
from starlette.responses import Response

from whistle.web.static import StaticFile, respond

FILE = StaticFile(b"the same words again and again, " * 100, "text/html; charset=utf-8")


def asked(accept: str | None = None, etag: str | None = None, status: int = 200) -> Response:
    headers = [(b"accept-encoding", accept.encode())] if accept is not None else []
    headers += [(b"if-none-match", etag.encode())] if etag else []
    return respond(FILE, Request({"type": "http", "headers": headers}), status)


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        (None, None),
        ("", None),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.000", None),
        ("identity", None),
    ],
)
def test_the_best_encoding_that_is_taken_is_sent(accept: str | None, encoding: str | None) -> None:
    assert asked(accept).headers.get("content-encoding") == encoding


def test_every_encoding_is_the_same_file() -> None:
    assert brotli.decompress(asked("br").body) == gzip.decompress(asked("gzip").body) == asked().body == FILE.body


def test_compressing_again_gives_the_same_bytes() -> None:
    assert StaticFile(FILE.body, FILE.media_type).encoded == FILE.encoded


def test_each_encoding_has_an_entity_tag_of_its_own() -> None:
    assert len({asked(accept).headers["etag"] for accept in ("br", "gzip", "identity")}) == 3


def test_who_has_it_is_not_sent_it_again() -> None:
    etag = asked("br").headers["etag"]
    response = asked("br", f'"other", {etag}')
    assert (response.status_code, response.body, response.headers["etag"]) == (304, b"", etag)


def test_who_has_it_in_another_encoding_is_sent_it() -> None:
    assert asked("gzip", asked("br").headers["etag"]).status_code == 200


def test_what_there_is_not_is_never_unchanged() -> None:
    assert asked("br", asked("br").headers["etag"], 404).status_code == 404


def test_caches_ask_again_and_know_what_varies() -> None:
    response = asked("br")
    assert (response.headers["cache-control"], response.headers["vary"]) == ("no-cache", "accept-encoding")

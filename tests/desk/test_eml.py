"""A mail that a stranger sent: read as it was meant, within limits, and with nothing in it taken at its word."""

from contextlib import suppress
from datetime import date
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whistle.desk.eml import Attached, read_mail
from whistle.errors import MailRefused
from whistle.protocol.canonical import is_well_formed, written_length
from whistle.protocol.constants import TEXT_LIMIT

HEAD = b"From: Karen Holm <karen@example.com>\nSubject: Bilag 7\nDate: Fri, 20 Nov 2026 09:00:00 +0100\n"


def message(text: str = "Bilag 7 er forfalsket.", **headers: str) -> EmailMessage:
    made = EmailMessage()
    for name, value in {"From": "Karen Holm <karen@example.com>", "Subject": "Bilag 7", **headers}.items():
        made[name] = value
    made.set_content(text)
    return made


def test_who_when_what_and_its_files_are_read() -> None:
    made = message(Subject="Bøger på lageret", Date="Fri, 20 Nov 2026 23:30:00 +0100")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../bilag 7.pdf")
    read = read_mail(made.as_bytes())
    assert (read.name, read.address, read.subject) == ("Karen Holm", "karen@example.com", "Bøger på lageret")
    assert (read.day, read.text, read.shortened) == (date(2026, 11, 20), "Bilag 7 er forfalsket.", False)
    assert read.files == (Attached("bilag 7.pdf", "application/pdf", b"%PDF"),)


def test_no_name_in_a_mail_turns_text_around() -> None:
    made = message(Subject="Bilag\u202efdp.exe", From="Karen\u202e <karen@example.com>")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bilag\u202efdp.exe")
    read = read_mail(made.as_bytes())
    assert "\u202e" not in read.name + read.subject + read.files[0].name


def test_what_is_html_becomes_plain_text_and_no_address_in_it_is_kept_to_be_fetched() -> None:
    html = b"<html><head><title>x</title><style>p{}</style></head><body><p>Bilag&nbsp;7 er<br>forfalsket.</p>"
    html += b"<script>alert(1)</script><img src='https://example.com/seen.gif'><p>Karen</p></body></html>"
    read = read_mail(HEAD + b"Content-Type: text/html; charset=utf-8\n\n" + html)
    assert read.text.replace("\N{NO-BREAK SPACE}", " ") == "Bilag 7 er\nforfalsket.\n\nKaren"


def test_of_two_spellings_of_the_same_the_plain_one_is_read() -> None:
    made = message("plain words")
    made.add_alternative("<p>other words</p>", subtype="html")
    assert read_mail(made.as_bytes()).text == "plain words"


def test_a_mail_within_a_mail_is_a_file_of_it() -> None:
    outer = message("See below.")
    outer.add_attachment(message("the first one"))
    [file] = read_mail(outer.as_bytes()).files
    assert (file.name, file.type) == ("attachment-2.eml", "message/rfc822")
    assert b"the first one" in file.content


def test_a_text_that_is_too_long_is_whole_among_the_files() -> None:
    read = read_mail(HEAD + b"\n" + b'"' * TEXT_LIMIT)
    assert read.shortened
    assert written_length(read.text) <= TEXT_LIMIT
    assert read.files[0].name == "mail.txt"
    assert len(read.files[0].content) == TEXT_LIMIT


def nested(levels: int) -> bytes:
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (each, each) for each in range(levels))
    return HEAD + opened + b"\ndeep"


@pytest.mark.parametrize(
    "whole",
    [
        b"",
        b"no mail at all",
        HEAD + b"\n",
        nested(12),
        nested(5_000),
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\npart\n" * 60 + b"--b--\n",
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Disposition: attachment\n\npart\n" * 33
        + b"--b--\n",
    ],
    ids=["nothing", "no headers", "nothing in it", "deep", "very deep", "parts", "files"],
)
def test_what_is_no_mail_or_has_too_much_in_it_is_refused(whole: bytes) -> None:
    with pytest.raises(MailRefused):
        read_mail(whole)


@pytest.mark.parametrize("charset", ["nothing", "punycode", "idna", "zlib", "utf-16", "unicode_escape", "x\N{EURO SIGN}"])
def test_whatever_charset_it_claims_it_is_read_at_once(charset: str) -> None:
    head = HEAD + f"Content-Type: text/plain; charset={charset}\n\n".encode()
    assert is_well_formed(read_mail(head + b"ab-c\xff" * 200_000).text)


ENDLESS = b'="' + b";" * 3_000
IN_A_PART = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Disposition: attachment; filename" + ENDLESS,
        b"content-type: text/plain; charset" + ENDLESS,
        b"Content-Type: multipart/mixed; boundary" + ENDLESS,
        IN_A_PART + b"Content-Type: text/plain; charset" + ENDLESS,
        b"X: y\n" * 1_001,
        b"Content-Disposition: attachment; filename*=idna''" + b"x" * 300,
        b"\n" * 1_000_001,
    ],
    ids=["disposition", "type", "boundary", "type of a part", "headers", "idna", "lines"],
)
def test_what_takes_python_hours_or_makes_it_stumble_is_refused(head: bytes) -> None:
    with pytest.raises(MailRefused):
        read_mail(b"Subject: x\n" + head + b"\n\nwords")


def test_a_sender_of_comments_in_comments_is_read_or_refused() -> None:
    with suppress(MailRefused):  # by the version of Python
        assert read_mail(b"Subject: x\nFrom: " + b"(" * 990 + b"\n\nwords").text == "words"


def test_a_mail_to_many_is_as_good_as_another() -> None:
    assert read_mail(HEAD + b"To: " + b",\n ".join([b"karen@example.com"] * 2_000) + b"\n\nwords").text == "words"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_by_name(rest: bytes) -> None:
    for whole in (HEAD + rest, HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + rest):
        try:
            read = read_mail(whole)
        except MailRefused:
            continue
        assert all(map(is_well_formed, (read.text, read.subject, read.name, read.address)))
        assert all(is_well_formed(each.name) and each.name and each.content for each in read.files)

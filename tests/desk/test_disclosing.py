"""The register of disclosures: a ground of the law, the reporter told first or a reason why not, and all of it sealed."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.desk.running import ANNA, BO, CARL, Desk, Member, Page, Reporter
from tests.desk.test_identity import log_of
from tests.desk.test_kinds import said, shown
from tests.desk.test_writing import begun, waiting_for
from whistle.protocol.content import Consent, ConsentWithdrawn, Message

TO, WHAT = "Kanariepolitiet i Aalborg", "Navn og telefonnummer, kanarie"
WORDS = "Vi fortæller politiet dit navn, for sagen skal for retten."
TOLD = {"to": TO, "text": WHAT, "ground": "investigation", "told": "notice", "notice": WORDS}
UNTOLD = TOLD | {"told": "exception", "exception": "Der er\nfare for bevisernes skæbne."}


@pytest.fixture(scope="module")
def anna(desk: Desk) -> Member:
    return desk.signed_in(ANNA)


@pytest.fixture
def case(desk: Desk, anna: Member) -> tuple[Reporter, str]:
    reporter, number = begun(desk, anna)
    return reporter, f"/cases/{number}"


def messages(desk: Desk, reporter: Reporter) -> list[str]:
    """What the reporter will read."""
    bodies = [item.content.body for item in waiting_for(desk, reporter).items if item.content]
    return [body.text for body in bodies if isinstance(body, Message)]


def register(page: Page) -> str:
    words = unescape(re.sub(r"<[^>]+>", " ", page.text.split('id="disclosures"')[1].split("<details")[0]))
    return re.sub(r"\s+", " ", words)


def test_a_disclosure_is_entered_and_the_reporter_told_why_with_the_same_form(
    desk: Desk, anna: Member, case: tuple[Reporter, str]
) -> None:
    reporter, path = case
    assert "Nothing is disclosed." in register(anna.get(path))
    assert anna.post(f"{path}/disclose", **TOLD).status == 303
    assert messages(desk, reporter) == [WORDS]
    entry = register(anna.get(path))
    for words in (TO, WHAT, "An investigation by an authority", "By a message in the dialogue. waits to be sent", ANNA):
        assert words in entry
    assert log_of(desk, path) == [(ANNA, "disclosed identity investigation")]


def test_who_cannot_be_told_first_has_the_reason_in_the_register_and_hears_nothing(
    desk: Desk, anna: Member, case: tuple[Reporter, str]
) -> None:
    reporter, path = case
    assert anna.post(f"{path}/disclose", **UNTOLD | {"ground": "proceedings", "text": "Navn\r\nog mere"}).status == 303
    assert messages(desk, reporter) == []
    entry = register(anna.get(path))
    for words in ("Navn og mere", "Not told first: Der er fare for bevisernes skæbne.", "Court proceedings"):
        assert words in entry


def test_a_consent_of_the_mailbox_is_a_ground_with_its_scope_until_it_is_withdrawn(
    desk: Desk, anna: Member, case: tuple[Reporter, str]
) -> None:
    reporter, path = case
    scope = "Politiet må få mit navn."
    consent = said(desk, reporter, Consent(scope))
    anna.get("/")
    [ground] = re.findall(r'value="(consent-\d+)"', anna.get(path).text)
    assert anna.post(f"{path}/disclose", **TOLD | {"ground": ground}).status == 303
    assert f"Consent of the reporter, given on {shown_day(anna, path)}: {scope}" in register(anna.get(path))
    assert log_of(desk, path)[-1] == (ANNA, "disclosed identity consent")
    said(desk, reporter, ConsentWithdrawn(consent))
    anna.get("/")
    page = anna.get(path)
    assert f'value="{ground}"' not in page.text
    assert "Withdrawn on" in register(page)
    lines = log_of(desk, path)
    answer = anna.post(f"{path}/disclose", **TOLD | {"ground": ground, "notice": "Nye ord."})
    assert (answer.status, "has withdrawn this consent" in answer.text) == (409, True)
    assert "Nye ord.</textarea>" in answer.text
    assert messages(desk, reporter) == [WORDS]
    assert log_of(desk, path) == lines


def shown_day(anna: Member, path: str) -> str:
    found = re.search(r"given on ([^:<]+):", register(anna.get(path)))
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("changes", "mistake", "field"),
    [
        ({"to": " "}, "Say to whom and what", "disclose-to"),
        ({"text": ""}, "Say to whom and what", "disclose-to"),
        ({"told": ""}, "Say to whom and what", "disclose-to"),
        ({"told": "to"}, "Say to whom and what", "disclose-to"),
        ({"notice": " "}, "Say to whom and what", "disclose-to"),
        ({"told": "exception", "exception": ""}, "Say to whom and what", "disclose-to"),
        ({"notice": "Fordi […]."}, "The text still has […] in it", "disclose-notice"),
        ({"ground": ""}, "Choose the ground", "ground-investigation"),
        ({"ground": "consent"}, "Choose the ground", "ground-investigation"),
        ({"ground": "consent-1"}, "Choose the ground", "ground-investigation"),
        ({"ground": "because"}, "Choose the ground", "ground-investigation"),
        ({"seen": "0"}, "this case has something new", "disclose-text"),
        ({"notice": "x" * 250_001}, "too long", "disclose-text"),
    ],
)
def test_what_is_missing_is_named_at_its_field_and_all_that_was_typed_is_still_there(
    desk: Desk, anna: Member, case: tuple[Reporter, str], changes: dict[str, str], mistake: str, field: str
) -> None:
    reporter, path = case
    typed = TOLD | changes
    page = anna.post(f"{path}/disclose", **typed)
    assert page.status in (400, 409)
    text = unescape(page.text)
    assert f'href="#{field}"' in text
    assert f'id="{field}"' in text
    assert mistake in text
    assert f'value="{typed["to"]}"' in text
    assert f"{typed['notice']}</textarea>" in text or typed["notice"] == " "
    assert messages(desk, reporter) == []
    assert "Nothing is disclosed." in register(page)


def test_the_form_proposes_a_message_in_the_reporters_language(anna: Member, case: tuple[Reporter, str]) -> None:
    assert "Vi vil gerne fortælle dig dette på forhånd" in unescape(anna.get(case[1]).text)


def test_what_was_typed_in_a_session_that_has_ended_can_be_copied(desk: Desk, case: tuple[Reporter, str]) -> None:
    bo = desk.signed_in(BO)
    bo.cookie = "__Host-desk=" + "0" * 64
    headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", "origin": "null"}
    page = unescape(bo._ask("POST", f"{case[1]}/disclose", urlencode(UNTOLD).encode(), headers).text)
    assert all(words in page for words in (TO, WHAT, WORDS, "bevisernes"))


def consented(desk: Desk, anna: Member, case: tuple[Reporter, str]) -> str:
    """A disclosure on a consent; the consent, as the form names it."""
    reporter, path = case
    said(desk, reporter, Consent("Politiet må få mit navn."))
    anna.get("/")
    [ground] = re.findall(r'value="(consent-\d+)"', anna.get(path).text)
    assert anna.post(f"{path}/disclose", **TOLD | {"ground": ground}).status == 303
    return ground


def removable(anna: Member, path: str) -> list[str]:
    """The parts that the page offers for removal."""
    return re.findall(r'<option value="((?:content|file)-\w+)"', anna.get(path).text)


def note_of_entry(desk: Desk, path: str) -> str:
    [entry] = desk.cases.identities.disclosures(int(path.rpartition("/")[2]))
    return f"content-{entry.place}"


def test_no_consent_that_a_disclosure_names_and_no_entry_is_offered_or_taken_for_removal(
    desk: Desk, anna: Member, case: tuple[Reporter, str]
) -> None:
    path = case[1]
    parts = [consented(desk, anna, case).replace("consent", "content"), note_of_entry(desk, path)]
    anna.post(f"{path}/note", text="Et notat uden betydning.")
    assert len(removable(anna, path)) == 1
    for part in parts:
        page = anna.post(f"{path}/removal", part=part, text="Min begrundelse.")
        assert (page.status, "something else in the case points to it" in page.text) == (409, True)
        assert 'id="removal-part-mistake"' in page.text
        assert "Min begrundelse." in page.text


def test_a_consent_that_is_named_after_somebody_asked_to_remove_it_is_not_removed(
    desk: Desk, anna: Member, case: tuple[Reporter, str]
) -> None:
    reporter, path = case
    said(desk, reporter, Consent("Politiet må få mit navn."))
    anna.get("/")
    [part] = removable(anna, path)
    assert anna.post(f"{path}/removal", part=part, text="Hører ikke til.").status == 303
    assert anna.post(f"{path}/disclose", **TOLD | {"ground": part.replace("content", "consent")}).status == 303
    page = confirmed(desk, path)
    assert (page.status, "something else in the case points to it" in page.text) == (409, True)
    assert 'href="#removal-confirm-text"' in page.text
    assert "Politiet må få mit navn." in register(anna.get(path))
    [asked] = re.findall(r'removal-withdraw">.*?name="asked" value="(\d+)"', page.text, re.DOTALL)
    assert anna.post(f"{path}/removal-withdraw", asked=asked).status == 303


def confirmed(desk: Desk, path: str) -> Page:
    bo = desk.signed_in(BO)
    [asked] = re.findall(r'removal-confirm">.*?name="asked" value="(\d+)"', bo.get(path).text, re.DOTALL)
    return bo.post(f"{path}/removal-confirm", asked=asked)


def removed_before(desk: Desk, anna: Member, path: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As two members could do it before."""
    with monkeypatch.context() as before:
        before.setattr("whistle.store.removal._needed", lambda *_: frozenset())
        assert anna.post(f"{path}/removal", part=part, text="Hører ikke til.").status == 303
        assert confirmed(desk, path).status == 303


@pytest.mark.parametrize(
    ("language", "words"), [("en", "The consent itself was removed."), ("da", "Selve samtykket er fjernet.")]
)
def test_an_entry_whose_consent_was_removed_says_so_and_the_page_is_there(
    desk: Desk, anna: Member, case: tuple[Reporter, str], monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    path = case[1]
    removed_before(desk, anna, path, consented(desk, anna, case).replace("consent", "content"), monkeypatch)
    page = anna.get(f"{path}?language={language}")
    anna.get("/?language=en")
    assert page.status == 200
    assert words in register(page)
    assert TO in register(page)


def test_an_entry_that_was_removed_is_still_a_line_of_the_register(
    desk: Desk, anna: Member, case: tuple[Reporter, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = case[1]
    assert anna.post(f"{path}/disclose", **TOLD).status == 303
    removed_before(desk, anna, path, note_of_entry(desk, path), monkeypatch)
    entry = register(anna.get(path))
    assert re.search(r"An entry of this register was removed on \d+ \w+ \d{4}, by two members\.", entry)
    assert TO not in entry
    assert "Nothing is disclosed." not in entry


def test_another_groups_member_neither_enters_nor_reads_one(desk: Desk, case: tuple[Reporter, str]) -> None:
    carl = desk.signed_in(CARL)
    assert carl.post(f"{case[1]}/disclose", **TOLD).status == 404


def test_message_and_entry_are_kept_together_or_not_at_all(
    desk: Desk, anna: Member, case: tuple[Reporter, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter, path = case
    monkeypatch.setattr("whistle.store.identity.Disclosed.keep", lambda *_: 1 / 0)
    assert anna.post(f"{path}/disclose", **TOLD).status == 500
    assert messages(desk, reporter) == []
    assert log_of(desk, path) == []


def test_nothing_of_an_entry_stands_open_on_the_disk(desk: Desk, anna: Member, case: tuple[Reporter, str]) -> None:
    assert anna.post(f"{case[1]}/disclose", **UNTOLD).status == 303
    kept = b"".join(file.read_bytes() for file in desk.database.parent.rglob("*") if file.is_file())
    for words in (TO, WHAT, "bevisernes", WORDS):
        assert words.encode() not in kept
    assert "Navn og telefonnummer, kanarie" in shown(anna, int(case[1].rpartition("/")[2]))

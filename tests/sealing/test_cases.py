"""A case at rest: closed without its case key, and a standard age file again when it must leave."""

import os

import pytest

from tests.sealing.conftest import Typage
from whistle.errors import NoMatch, PayloadFailed
from whistle.sealing import age, cases, contents, groups
from whistle.sealing.keys import CaseKey, Identity, SigningKey

GROUP, STRANGER = Identity(os.urandom(32)), Identity(os.urandom(32))
PLAINTEXT = b"sealed".ljust(16_384)


def opened() -> contents.Opened:
    return contents.open_envelope(age.seal(PLAINTEXT, [GROUP.recipient]), [GROUP])


def test_what_is_kept_opens_with_the_case_key() -> None:
    key, found = CaseKey(os.urandom(32)), opened()
    kept = cases.keep(found.payload, found.file_key, key, os.urandom)
    assert contents.open_payload(kept.payload, cases.file_key_of(kept, key)) == PLAINTEXT


def test_without_its_case_key_a_payload_stays_closed() -> None:
    found = opened()
    kept = cases.keep(found.payload, found.file_key, CaseKey(os.urandom(32)), os.urandom)
    with pytest.raises(PayloadFailed):
        cases.file_key_of(kept, CaseKey(os.urandom(32)))
    with pytest.raises(PayloadFailed):
        contents.open_payload(kept.payload, age.FileKey(os.urandom(16)))


def test_a_wrapped_file_key_does_not_fit_another_payload() -> None:
    key, one, other = CaseKey(os.urandom(32)), opened(), opened()
    kept = cases.keep(one.payload, one.file_key, key, os.urandom)
    with pytest.raises(PayloadFailed):
        cases.file_key_of(cases.Kept(kept.wrapped_key, other.payload), key)


def test_a_case_key_is_for_its_group_alone() -> None:
    key = CaseKey(os.urandom(32))
    file = cases.seal_case_key(key, GROUP.recipient)
    assert cases.open_case_key(file, GROUP).reveal() == key.reveal()
    with pytest.raises(NoMatch):
        cases.open_case_key(file, STRANGER)


def test_a_fresh_header_on_a_kept_payload_makes_a_file_that_stock_age_opens(typage: Typage) -> None:
    found = opened()
    exported = age.write_header(found.file_key, [STRANGER.recipient]) + found.payload
    assert typage.open(exported, STRANGER.reveal_text()) == PLAINTEXT


def test_a_group_key_opens_for_a_holder_and_is_an_identity_file_of_stock_age(typage: Typage) -> None:
    file = groups.seal_recipient_key(GROUP, [STRANGER.recipient])
    assert groups.open_recipient_key(file, STRANGER).recipient == GROUP.recipient
    assert typage.open(file, STRANGER.reveal_text()) == GROUP.reveal_text().encode() + b"\n"


def test_a_voice_key_opens_for_a_holder() -> None:
    voice = SigningKey(os.urandom(32))
    assert groups.open_voice_key(groups.seal_voice_key(voice, [GROUP.recipient]), GROUP).public == voice.public

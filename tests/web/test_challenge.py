"""Challenges: signed, worked on, spent once, and harder for everybody alike when there are many."""

from collections.abc import Iterator
from itertools import count
from string import ascii_letters, digits

import pytest

from whistle.errors import ChallengeRefused
from whistle.web.challenge import CALM, GOOD_SECONDS, LEAST_BITS, MOST_BITS, Challenge, Challenges, difficulty, is_solved

NOON = 1_795_262_400.0
SECRET = "s" * 32


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def numbered() -> Iterator[bytes]:
    return (number.to_bytes(16) for number in count())


def made(clock: Clock, secret: str = SECRET, purpose: str = "test", calm: int = CALM) -> Challenges:
    source = numbered()
    return Challenges(secret, purpose, clock, lambda _: next(source), calm)


def proof_of(challenge: Challenge) -> bytes:
    return next(n.to_bytes(8) for n in count() if is_solved(challenge.text, n.to_bytes(8), challenge.bits))


def test_a_solved_challenge_holds_for_two_hours() -> None:
    challenges = made(clock := Clock())
    challenge = challenges.make()
    clock.now += GOOD_SECONDS
    assert len(challenges.check(challenge.text, proof_of(challenge))) == 32


def test_an_old_challenge_is_refused() -> None:
    challenges = made(clock := Clock())
    challenge = challenges.make()
    clock.now += GOOD_SECONDS + 1
    with pytest.raises(ChallengeRefused):
        challenges.check(challenge.text, proof_of(challenge))


def test_a_challenge_from_the_future_is_refused() -> None:
    challenges = made(clock := Clock())
    challenge = challenges.make()
    clock.now -= 1
    with pytest.raises(ChallengeRefused):
        challenges.check(challenge.text, proof_of(challenge))


def test_a_wrong_proof_is_refused() -> None:
    challenges = made(Clock())
    challenge = challenges.make()
    wrong = next(n.to_bytes(8) for n in count() if not is_solved(challenge.text, n.to_bytes(8), challenge.bits))
    with pytest.raises(ChallengeRefused):
        challenges.check(challenge.text, wrong)


@pytest.mark.parametrize(("secret", "purpose"), [("t" * 32, "test"), (SECRET, "other")])
def test_a_challenge_of_another_secret_or_purpose_is_refused(secret: str, purpose: str) -> None:
    foreign = made(Clock(), secret, purpose).make()
    with pytest.raises(ChallengeRefused):
        made(Clock()).check(foreign.text, proof_of(foreign))


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "..", "x" * 512])
def test_what_was_never_a_challenge_is_refused(text: str) -> None:
    with pytest.raises(ChallengeRefused):
        made(Clock()).check(text, bytes(8))


def test_any_changed_character_is_refused_or_spends_the_same_challenge() -> None:
    """itsdangerous reads four spellings of a signature: were the text what is spent, one could be spent four times."""
    challenges = made(Clock())
    challenge = challenges.make()
    spent = challenges.check(challenge.text, proof_of(challenge))
    respelled = 0
    for letter in ascii_letters + digits + "-_":
        text = challenge.text[:-1] + letter
        try:
            assert challenges.check(text, proof_of(Challenge(text, challenge.bits))) == spent
            respelled += 1
        except ChallengeRefused:
            continue
    assert respelled == 4


def test_the_difficulty_cannot_be_lowered_by_the_sender() -> None:
    challenges = made(Clock())
    challenge = challenges.make()
    with pytest.raises(ChallengeRefused):
        challenges.check(challenge.text, next(n.to_bytes(8) for n in count() if _bits(challenge, n) < challenge.bits))


def test_every_challenge_is_of_characters_that_a_submission_may_have() -> None:
    challenge = made(Clock()).make()
    assert set(challenge.text) <= set(ascii_letters + digits + "-_.")
    assert 1 <= len(challenge.text) <= 512


@pytest.mark.parametrize(
    ("lately", "bits"), [(0, 10), (59, 10), (60, 11), (119, 11), (120, 12), (240, 13), (7680, 18), (10**9, 18)]
)
def test_the_work_rises_with_each_doubling_of_the_load(lately: int, bits: int) -> None:
    assert difficulty(lately) == bits


def test_the_work_rises_and_falls_again() -> None:
    challenges = made(clock := Clock())
    for _ in range(60):
        challenge = challenges.make()
        assert challenge.bits == LEAST_BITS
        challenges.check(challenge.text, proof_of(challenge))
    assert challenges.make().bits == LEAST_BITS + 1
    clock.now += 60
    assert challenges.make().bits == LEAST_BITS + 1
    clock.now += 60
    assert challenges.make().bits == LEAST_BITS


def test_the_same_solved_challenge_again_and_again_makes_nobodys_work_harder() -> None:
    challenges = made(Clock())
    challenge = challenges.make()
    for _ in range(300):
        challenges.check(challenge.text, proof_of(challenge))
    assert challenges.make().bits == LEAST_BITS


def test_a_challenge_asked_for_in_calm_is_not_good_for_a_flood() -> None:
    challenges = made(Clock(), calm=1)
    hoarded = [challenges.make() for _ in range(8)]
    for challenge in hoarded[:4]:
        challenges.check(challenge.text, proof_of(challenge))
    with pytest.raises(ChallengeRefused):  # the work has risen by three bits
        challenges.check(hoarded[4].text, proof_of(hoarded[4]))


def test_asking_for_challenges_makes_nobody_elses_work_harder() -> None:
    challenges = made(Clock())
    assert {challenges.make().bits for _ in range(300)} == {LEAST_BITS}


def test_a_proof_is_the_zero_bits_that_were_asked_for() -> None:
    assert MOST_BITS <= 18
    assert is_solved("any", bytes(8), 0)
    assert not is_solved("any", bytes(8), 256)


def _bits(challenge: Challenge, number: int) -> int:
    return next(bits for bits in range(256, -1, -1) if is_solved(challenge.text, number.to_bytes(8), bits))

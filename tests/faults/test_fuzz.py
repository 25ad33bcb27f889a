"""Ten thousand inputs that are almost right for every parser: taken or refused by name, and what is taken has one spelling."""

from random import Random

import pytest

from tests.faults.mutation import mutated
from tests.faults.parsers import PARSERS, Parser

TRIES = 10_000
SEED = 20261121


@pytest.mark.slow
@pytest.mark.parametrize("parser", PARSERS, ids=[parser.name for parser in PARSERS])
def test_a_fuzzer_finds_no_input_that_a_parser_has_no_name_for(parser: Parser) -> None:
    random = Random(f"{SEED} {parser.name}")
    taken = sum(parser.try_on(mutated(parser.seeds, random)) for _ in range(TRIES))
    assert taken < TRIES


@pytest.mark.parametrize("parser", PARSERS, ids=[parser.name for parser in PARSERS])
def test_what_the_fuzzer_starts_from_is_read_without_a_surprise(parser: Parser) -> None:
    for seed in parser.seeds:
        parser.try_on(seed)

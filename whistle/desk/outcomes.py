"""What a case came to: codes that may stand open in the desk's database. Pure; the words for the reporter are sealed."""

from enum import StrEnum

from whistle.errors import NoOutcomeChosen


class Code(StrEnum):
    """What a case came to."""

    SUBSTANTIATED = "substantiated"
    PARTLY = "partly_substantiated"
    NOT = "not_substantiated"
    NOT_ENOUGH = "not_enough_information"
    AUTHORITY = "handed_to_authority"
    POLICE = "handed_to_police"
    ANOTHER_CASE = "part_of_another_case"
    OUT_OF_SCOPE = "out_of_scope"
    COMPLAINT = "complaint"


BELONGS_ELSEWHERE = frozenset({Code.OUT_OF_SCOPE, Code.COMPLAINT})  # erased some days after the decision, once closed


def code_of(text: str) -> Code:
    """The code of this name. Raises NoOutcomeChosen."""
    try:
        return Code(text)
    except ValueError:
        raise NoOutcomeChosen from None

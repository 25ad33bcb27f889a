"""What a report can answer has its words in both zones."""

from tests.conftest import TOP
from whistle.web.templates import read_catalogues


def test_the_desk_has_words_for_every_question_that_a_report_can_answer() -> None:
    asking = read_catalogues(TOP / "templates/intake", ("en",))["en"]
    asked = set(asking.under("question")) - {"name"}
    assert len(asked) > 10
    for catalogue in read_catalogues(TOP / "templates/desk", ("da", "en")).values():
        assert asked == set(catalogue.under("question"))
        for chosen in ("category", "relationship"):
            assert set(asking.under(chosen)) <= set(catalogue.under(f"answer.{chosen}"))

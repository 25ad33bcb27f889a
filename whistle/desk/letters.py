"""First wordings of what the desk says, in the language of the report. A member reads and changes them before they go."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from whistle.desk.showing import written_day
from whistle.web.templates import Catalogue, read_catalogues

LANGUAGES = ("en", "da", "sv", "nb", "fi")  # those in which one can report


class Letters:
    """The letters of every language."""

    def __init__(self, folder: Path) -> None:
        self._catalogues = read_catalogues(folder, LANGUAGES)

    def proposed(self, language: str, received: date, feedback: date, erased: date | None) -> Mapping[str, str]:
        """The text of each form. `feedback` is due on that day; what belongs elsewhere is `erased` on that one, or kept."""
        words = self._words(language)
        arrived, due = (written_day(day, words.language) for day in (received, feedback))
        goes = words("complaint_goes", erased=written_day(erased, words.language)) if erased else words("complaint_stays")
        return {
            "acknowledgement": words("acknowledgement", received=arrived, feedback=due),
            "feedback": words("feedback", received=arrived),
            "complaint": f"{words('complaint', received=arrived)} {goes}",
            "closing": words("closing", received=arrived),
            "disclosure": words("disclosure", received=arrived),
        }

    def code_seen(self, language: str) -> str:
        """The first word to somebody who reported in another way: the desk has seen the code."""
        return self._words(language)("code_seen")

    def choices(self, language: str) -> tuple[str, ...]:
        """The choices of a question that is given none."""
        return tuple(self._words(language)("choices").split("\n"))

    def _words(self, language: str) -> Catalogue:
        return self._catalogues.get(language, self._catalogues[LANGUAGES[0]])

"""What the demo's desk does for a walk through the reporter's pages: a member signs in and answers, by the desk's own forms."""

import re
import time
from dataclasses import dataclass

from tests.conftest import Demo
from tests.desk.running import Member
from tests.desk.test_files import ask, form

FIRST, QUESTION, FILE = "Vi har modtaget din indberetning.", "Hvilken måned skete det i?", "Svar.txt"
PATIENCE = 60  # seconds


@dataclass
class Answerer:
    """A member at the desk, and how many cases there were."""

    member: Member
    cases: int = 0

    def __call__(self) -> None:
        """Acknowledges the next case that comes, asks something and sends a file."""
        case = self._arrived()
        assert self.member.post(f"{case}/acknowledge", text=FIRST).status == 303
        assert self.member.post(f"{case}/reply", text=QUESTION).status == 303
        self.member.get(case)
        body = form(self.member, b"Referat", FILE)
        answer, _ = ask(self.member, "POST", f"{case}/files", body, "multipart/form-data; boundary=edge")
        assert answer.status == 303

    def reads(self, text: str) -> bool:
        """Whether it has come to the newest case."""
        return self._until(lambda: text in self.member.get(f"/cases/{self.cases}").text)

    def _arrived(self) -> str:
        self.cases += 1
        assert self._until(lambda: f'"/cases/{self.cases}"' in self.member.get("/").text)
        return f"/cases/{self.cases}"

    def _until(self, holds) -> bool:  # type: ignore[no-untyped-def]
        end = time.monotonic() + PATIENCE
        while not (held := holds()) and time.monotonic() < end:
            time.sleep(0.2)
        return held


def signed_in(demo: Demo, name: str = "anna") -> Answerer:
    member = Member(int(re.findall(r"\d+$", demo.desk)[0]))
    assert member.sign_in(name, demo.passphrases[name]).status == 303
    return Answerer(member)

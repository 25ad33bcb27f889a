"""How long a name must wait after wrong passphrases. Kept in memory by name, whether there is such a member or not."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from whistle.errors import SignInRefused

FREE, FIRST, LONGEST = 5, timedelta(seconds=1), timedelta(minutes=15)
_NAMES_LIMIT = 10_000  # more names than that are somebody's guesses: the oldest are forgotten


@dataclass(frozen=True)
class _Failures:
    count: int
    until: datetime
    tries: int = 0  # while the name had to wait


class Throttle:
    """Counts failures; after five in a row each makes the name wait, twice as long as the one before."""

    def __init__(self) -> None:
        self._failures: dict[str, _Failures] = {}
        self._lock = Lock()

    def check(self, name: str, now: datetime) -> None:
        """Raises SignInRefused while the name must wait."""
        with self._lock:
            failures = self._failures.get(name)
        if failures is not None and now < failures.until:
            raise SignInRefused

    def tried(self, name: str) -> int:
        """Counts a try of a name that must wait. The count if it is to be a line: 1, 2, 4, 8 …, or a flood fills the log."""
        with self._lock:
            failures = self._failures.get(name)
            if failures is None:
                return 0
            self._failures[name] = replace(failures, tries=failures.tries + 1)
        count = failures.tries + 1
        return count if count & failures.tries == 0 else 0

    def failed(self, name: str, now: datetime) -> None:
        with self._lock:
            before = self._failures.pop(name, None)
            count = before.count + 1 if before else 1
            self._failures[name] = _Failures(count, now + wait_after(count))
            if len(self._failures) > _NAMES_LIMIT:
                del self._failures[next(iter(self._failures))]

    def succeeded(self, name: str) -> None:
        with self._lock:
            self._failures.pop(name, None)


def wait_after(failures: int) -> timedelta:
    """Nothing before the fifth failure, then 1 s, 2 s, 4 s … 15 min."""
    if failures < FREE:
        return timedelta(0)
    doubled: timedelta = FIRST * 2 ** min(failures - FREE, 10)
    return min(LONGEST, doubled)

"""The computed days of the requirements (section 10.3), and those of German feedback, for the tests of the desk's clocks."""

from datetime import date

from hypothesis import strategies as st

DAYS = st.dates(date(2020, 1, 1), date(2100, 1, 1))
# Received, acknowledged; acknowledge by, feedback by in three months, in six.
VECTORS = [
    ("2026-11-24", None, "2026-12-01", "2027-03-01", "2027-06-01"),
    ("2026-11-24", "2026-11-30", "2026-12-01", "2027-02-28", "2027-05-30"),
    ("2026-11-24", "2026-11-25", "2026-12-01", "2027-02-25", "2027-05-25"),
    ("2027-11-22", "2027-11-29", "2027-11-29", "2028-02-29", "2028-05-29"),
    ("2026-12-28", None, "2027-01-04", "2027-04-04", "2027-07-04"),
]
# Received, acknowledged; feedback by. HinSchG section 17: three months from the acknowledgement, or three months and 7 days.
GERMAN = [
    ("2026-11-24", None, "2027-03-03"),
    ("2026-11-24", "2026-11-30", "2027-02-28"),
    ("2026-11-24", "2026-12-01", "2027-03-01"),
    ("2026-11-24", "2026-12-02", "2027-03-02"),  # late, and sooner than without
    ("2026-11-24", "2026-12-20", "2027-03-03"),  # late
    ("2027-02-25", None, "2027-06-01"),
    ("2027-02-25", "2027-03-04", "2027-06-04"),  # in time
    ("2027-02-25", "2027-03-05", "2027-06-01"),  # late
]
# From, months; to.
RETENTION = [
    ("2026-11-21", 24, "2028-11-21"),
    ("2028-02-29", 24, "2030-02-28"),
    ("2028-02-29", 36, "2031-02-28"),
    ("2026-11-21", 60, "2031-11-21"),
]


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

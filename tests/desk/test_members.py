"""What a member's key at rest takes to open."""

import sqlite3
from contextlib import closing

from tests.desk.running import BO, Desk


def test_the_first_sign_in_wraps_the_key_under_this_machine_too_and_drops_the_former(desk: Desk) -> None:
    handed_out = desk.cases.member(BO)
    assert handed_out is not None
    assert "factors: passphrase m=65536" in handed_out.key
    desk.member(BO)
    kept = desk.cases.member(BO)
    assert kept is not None
    assert "factors: passphrase+machine m=262144 t=3 p=1" in kept.key
    desk.member(BO)
    with closing(sqlite3.connect(desk.database)) as connection:
        assert (
            connection.execute(
                "SELECT count(*) FROM member WHERE name = 'bo' AND key LIKE '%factors: passphrase m=%'"
            ).fetchone()[0]
            == 0
        )

"""Requests that wait for a second member, in every room at once: they go with whoever asked, or with the group that asked.

It has no table of its own: it deletes from those of the other rooms of the desk's database, in their transactions.
"""

from sqlalchemy import Connection, Date, Integer, String, column, delete, table, update

_asked, _removal, _reveal, _person, _broadcast = (
    table(
        name,
        column("case", Integer),
        column("confirmed", Date),
        *(column(each, String) for each in ("by", "what", "confirmed_by", "approved_by")),
    )
    for name in ("asked", "removal", "reveal", "person_asked", "broadcast")
)
_SCOPE = "scope"  # asked for by a decision that stays: whoever confirms next takes the place of who is gone
_OPEN = {
    _asked: _asked.c.confirmed_by.is_(None) & (_asked.c.what != _SCOPE),
    _removal: _removal.c.confirmed_by.is_(None),
    _reveal: _reveal.c.approved_by.is_(None),
}


def drop_of(connection: Connection, member: str, case: int) -> None:
    """What a member asked for in a case that they are kept away from."""
    for each, is_open in _OPEN.items():
        connection.execute(delete(each).where(each.c.by == member, each.c.case == case, is_open))


def drop_all_of(connection: Connection, member: str) -> None:
    """What somebody who is gone asked for."""
    for each, is_open in (_OPEN | {_broadcast: _broadcast.c.confirmed_by.is_(None)}).items():
        connection.execute(delete(each).where(each.c.by == member, is_open))
    connection.execute(delete(_person).where(_person.c.by == member))


def drop_in(connection: Connection, case: int) -> None:
    """What the former group of a case asked for, and what it decided that another group has not; a hold stays in force."""
    for each, is_open in _OPEN.items():
        connection.execute(delete(each).where(each.c.case == case, is_open))
    connection.execute(delete(_asked).where(_asked.c.case == case, _asked.c.what == "early"))
    anew = {"confirmed_by": None, "confirmed": None}
    connection.execute(update(_asked).where(_asked.c.case == case, _asked.c.what == _SCOPE).values(anew))
    connection.execute(delete(_reveal).where(_reveal.c.case == case))

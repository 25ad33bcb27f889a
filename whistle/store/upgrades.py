"""Making the desk's database, and bringing one of an earlier version up, step by step."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

from sqlalchemy import Connection, Table, insert, inspect, select, update

from whistle.errors import StorageFailed
from whistle.store import (
    broadcast,
    channels,
    conflicts,
    counts,
    epochs,
    erasure,
    factors,
    files,
    identity,
    mail,
    people,
    removal,
    sheets,
    tables,
    worklist,
)
from whistle.store.erasure import IN_SCOPE, OUT_OF_SCOPE
from whistle.store.tables import TABLES
from whistle.store.worklist import DESK, NEVER

SCHEMA = 25
_schema, _state, _group, _arrival = (TABLES[name] for name in ("schema", "state", "group", "arrival"))
_case, _reading, _log = (TABLES[name] for name in ("case", "reading", "log"))


def prepare(connection: Connection) -> None:
    """Makes the tables of a new database; brings an earlier one up, step by step; refuses those of another program."""
    if not inspect(connection).get_table_names():
        tables.prepare(connection)
        files.prepare(connection)
        erasure.prepare(connection)
        sheets.prepare(connection)
        identity.prepare(connection)
        _add_time(connection)
        channels.prepare(connection)
        people.prepare(connection)
        factors.prepare(connection)
        conflicts.prepare(connection)
        broadcast.prepare(connection)
        counts.prepare(connection)
        connection.execute(insert(_schema).values(version=SCHEMA))
        nothing = {"instance": None, "contact": None, "rules": None}
        connection.execute(insert(_state).values(id=1, after=0, log_lines=0, log_head=bytes(32), **nothing))
    version = connection.scalar(select(_schema.c.version)) if inspect(connection).has_table("schema") else None
    if version is None or version > SCHEMA:
        raise StorageFailed("The database is another program's, or of another version of this one.")
    for number, step in _STEPS.items():
        if number > version:
            step(connection)
    connection.execute(update(_schema).values(version=SCHEMA))


def _add_columns(connection: Connection, table: str, **columns: str) -> object:
    """Adds those that this table lacks: an earlier step may have made all of it as it is today. Truth if it lacked any."""
    there = {column["name"] for column in inspect(connection).get_columns(table)}
    lacking = {name: kind for name, kind in columns.items() if name not in there}
    for name, kind in lacking.items():
        connection.exec_driver_sql(f'ALTER TABLE "{table}" ADD COLUMN {name} {kind}')
    return bool(lacking)


def _index(table: Table, connection: Connection) -> None:
    for index in table.indexes:
        index.create(connection, checkfirst=True)


def _add_erasure(connection: Connection) -> None:
    """On which day a case was decided to be out of scope is on the log."""
    erasure.prepare(connection)
    if _add_columns(connection, "case", out_of_scope="DATE"):
        steps = {f"state {each}": each for each in (OUT_OF_SCOPE, *IN_SCOPE)}
        states = select(_log.c.time, _log.c.action, _log.c.case).where(_log.c.action.in_(steps)).order_by(_log.c.number)
        for row in connection.execute(states).all():
            day = date.fromisoformat(row.time[:10]) if steps[row.action] == OUT_OF_SCOPE else None
            connection.execute(update(_case).where(_case.c.number == row.case).values(out_of_scope=day))


def _add_why(connection: Connection) -> None:
    """Lines of before keep their format, which has no purpose."""
    _add_columns(connection, "log", purpose="VARCHAR", note="INTEGER", salt="BLOB", digest="BLOB")
    _add_columns(connection, "reading", purpose="VARCHAR")


def _ask_about_scope(connection: Connection) -> None:
    """What one member alone has decided to belong elsewhere waits for another one's word; who decided is on the log."""
    _add_why(connection)
    elsewhere = (f"state {OUT_OF_SCOPE}", f"outcome {OUT_OF_SCOPE}", "outcome complaint")
    for number in connection.scalars(select(_case.c.number).where(_case.c.out_of_scope.is_not(None))).all():
        lines = select(_log).where(_log.c.case == number, _log.c.action.in_(elsewhere)).order_by(_log.c.number.desc())
        line = connection.execute(lines.limit(1)).first()
        if line is not None:
            day = date.fromisoformat(line.time[:10])
            erasure.decide_scope(connection, number, elsewhere=True, again=False, by=line.who, day=day)


def _add_roles(connection: Connection) -> None:
    """Whoever was there before roles could do everything."""
    _add_columns(connection, "member", role="VARCHAR NOT NULL DEFAULT 'lead'")
    _group.create(connection, checkfirst=True)


def _add_sheets(connection: Connection) -> None:
    sheets.prepare(connection)
    days = dict.fromkeys(("money_laundering", "escalated", "suppressed"), "DATE")
    priority = "VARCHAR NOT NULL DEFAULT 'normal'"
    _add_columns(connection, "case", assigned="VARCHAR", category="VARCHAR", priority=priority, **days)


def _add_time(connection: Connection) -> None:
    """Mail, removal of parts, the end of epochs."""
    for room in (mail, removal, epochs):
        room.prepare(connection)


def _add_conflicts(connection: Connection) -> None:
    conflicts.prepare(connection)
    _add_columns(connection, "arrival", epoch="INTEGER", recipient="BLOB")


def _add_work(connection: Connection) -> None:
    """The due days follow when the desk starts, which knows the rules."""
    _add_columns(connection, "case", assigned="VARCHAR")
    days = dict.fromkeys(("due", "due_soon", "answer_by"), f"DATE NOT NULL DEFAULT '{NEVER}'")
    said = {"answered": "DATE", "heard": "INTEGER NOT NULL DEFAULT 0", "turn": f"VARCHAR NOT NULL DEFAULT '{DESK}'"}
    if _add_columns(connection, "case", due_what="VARCHAR", **days, **said):
        worklist.fill(connection)
    _add_columns(connection, "state", rules="VARCHAR")
    connection.execute(update(_state).values(rules=None))
    for each in (_case, _arrival):
        _index(each, connection)


def _add_counts(connection: Connection) -> None:
    """And what members have read is put into the order of its key."""
    _add_why(connection)
    counts.prepare(connection)
    connection.exec_driver_sql("ALTER TABLE reading RENAME TO former_reading")
    _reading.create(connection)
    connection.exec_driver_sql(
        'INSERT INTO reading (member, "case", place, purpose) SELECT member, "case", place, purpose FROM former_reading'
    )
    connection.exec_driver_sql("DROP TABLE former_reading")


def _add_last_days(connection: Connection) -> None:
    """They follow when the desk starts, which knows the rules."""
    last = f"DATE NOT NULL DEFAULT '{NEVER}'"
    if _add_columns(connection, "case", acknowledge_by=last, feedback_by=last):
        connection.execute(update(_state).values(rules=None))


# What brings a database up to each version from the one before.
_STEPS: Mapping[int, Callable[[Connection], object]] = {
    2: files.prepare,
    3: partial(_add_columns, table="parts_pulled", drained="DATE NOT NULL DEFAULT '0001-01-01'"),
    4: partial(_add_columns, table="case", feedback="DATE", outcome="VARCHAR", decided="DATE"),
    5: partial(_index, _log),
    6: _add_erasure,
    7: _add_roles,
    8: _add_sheets,
    9: identity.prepare,
    10: channels.prepare,
    11: _add_time,
    12: _add_conflicts,
    13: _add_work,
    14: factors.prepare,
    15: people.prepare,
    16: broadcast.prepare,
    17: _add_why,
    18: _add_counts,
    19: partial(_add_columns, table="case", looked="DATE", task_by="DATE", plan_by="DATE", telling_by="DATE"),
    21: conflicts.unassign_kept_away,
    23: _ask_about_scope,
    24: partial(_index, _case),
    25: _add_last_days,
}

"""What was known when: every version of every record of a table, and from them the table as it was known at any moment.

A version says when it came about (`EVENT_TIME`, as the source tells) and when we learnt of it (`KNOWN_AT`); the next version of the
same record closes it. A record that is gone has a last version that says so (`REMOVED`).
"""

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.evolution import kind
from holdfast.sql import connect, quoted
from holdfast.tables import TIME

EVENT_TIME, KNOWN_AT, REMOVED = "_event_time", "_known_at", "_removed"
OWN = (EVENT_TIME, KNOWN_AT, REMOVED)

_LAST = """
SELECT * FROM {history} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _known_at DESC) = 1"""

_THERE = """
SELECT * EXCLUDE (_removed) FROM ({last}) WHERE NOT _removed ORDER BY {key}"""

_NEW = """
WITH last AS ({last}),
changed AS (SELECT n.* FROM now_there n LEFT JOIN last l USING ({key}) WHERE l.{key} IS NULL OR l._removed OR {differs}),
gone AS (SELECT {key} FROM last WHERE NOT _removed AND {key} NOT IN (SELECT {key} FROM now_there)),
found AS (SELECT *, false AS _removed FROM changed UNION ALL BY NAME SELECT *, true AS _removed FROM gone)
SELECT f.* EXCLUDE (_removed), coalesce(m.moment, known.moment) AS _event_time, known.moment AS _known_at, _removed
FROM found f CROSS JOIN known LEFT JOIN moments m ON m.key = f.{key}
ORDER BY f.{key}"""


def of(table: str) -> str:
    """Name of the table that holds the versions of another one's records."""
    return f"{table}_history"


def versions(
    held: pa.Table | None, there: pa.Table, key: str, known_at: datetime, moments: pa.Table | None = None
) -> pa.Table:
    """The versions that a history lacks when `there` is what is there: of records that are new, changed, back again or gone.

    `moments` are the source's own times of change, in columns `key` and `moment`; where there is none, what is known is when we
    learnt of it. Versions that are held already are not made again.
    """
    connection = connect()
    there = fitted(there, held.schema) if held is not None else there
    known = _after(held, known_at)
    connection.register("now_there", there)
    connection.register("held", there.schema.empty_table() if held is None else held)
    connection.register("moments", moments if moments is not None else _MOMENTS.empty_table())
    connection.register("known", pa.table({"moment": pa.array([known], TIME)}))
    history = "(SELECT *, NULL::TIMESTAMPTZ AS _known_at, false AS _removed FROM held)" if held is None else "held"
    names = dict.fromkeys([*there.column_names, *(held.column_names if held is not None else [])])
    attributes = [name for name in names if name not in (key, *OWN)]
    differs = " OR ".join(_differs(name, there, held) for name in attributes) or "false"
    by = quoted(key)
    query = _NEW.format(last=_LAST.format(history=history, key=by), key=by, differs=differs)
    found = connection.sql(query).to_arrow_table().combine_chunks()
    return found.cast(pa.schema([_typed(field) for field in found.schema]))


def as_of(history: pa.Table, key: str, moment: datetime) -> pa.Table:
    """A table as it was known at a moment: the newest version of each record of those known by then, without what was gone.

    In the order of the key, with `EVENT_TIME` and `KNOWN_AT` of each version.
    """
    known = history.filter(pc.less_equal(history[KNOWN_AT], pa.scalar(moment, TIME)))
    connection = connect()
    connection.register("known", known)
    last = _LAST.format(history="known", key=quoted(key))
    return connection.sql(_THERE.format(last=last, key=quoted(key))).to_arrow_table().combine_chunks()


def fitted(rows: pa.Table, held: pa.Schema) -> pa.Table:
    """Rows under the columns of a history: values of another kind than a column holds go beside it, under its name and their kind."""
    names = [
        f"{field.name}__{kind(field.type)}" if field.name in held.names and not _fits(field, held) else field.name
        for field in rows.schema
    ]
    return rows.rename_columns(names)


_MOMENTS = pa.schema([("key", pa.string()), ("moment", TIME)])


def _fits(field: pa.Field, held: pa.Schema) -> bool:
    kinds = kind(field.type), kind(held.field(field.name).type)
    return kinds[0] == kinds[1] or kinds == ("whole", "number")


def _after(held: pa.Table | None, known_at: datetime) -> datetime:
    """The moment, or one just after the last version that is held: a clock that went back does not change the order."""
    last = pc.max(held[KNOWN_AT]).as_py() if held is not None and held.num_rows else None
    return known_at if last is None else max(known_at, last + timedelta(microseconds=1))


def _differs(name: str, there: pa.Table, held: pa.Table | None) -> str:
    column = quoted(name)
    if held is None or name not in held.column_names:
        return f"n.{column} IS NOT NULL"
    return f"n.{column} IS DISTINCT FROM l.{column}" if name in there.column_names else f"l.{column} IS NOT NULL"


def _typed(field: pa.Field) -> pa.Field:
    return pa.field(field.name, TIME) if field.name in (EVENT_TIME, KNOWN_AT) else field

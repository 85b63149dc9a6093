"""What each stream of an API holds by now: one table per stream, to which every run's pull is merged by id.

A record that is gone stays as a tombstone (its id, when, `_removed`), so that an older version of it cannot come back. Who is
named in a record is a pseudonym here already.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.sql import connect, quoted

OWN = ("_updated_at", "_removed")

_MERGED = """
WITH held_rows AS ({held}),
gone_rows AS (
    SELECT id, _updated_at, true AS _removed, 2 AS _turn
    FROM gone WHERE id IN (SELECT id FROM held_rows UNION ALL SELECT id FROM landed)),
landed_rows AS (SELECT landed.*{kept}, false AS _removed, 1 AS _turn FROM landed LEFT JOIN held_rows USING (id)),
absent AS (
    SELECT id, {since}::TIMESTAMPTZ AS _updated_at, true AS _removed, 0 AS _turn
    FROM held_rows WHERE {complete} AND NOT _removed AND id NOT IN (SELECT id FROM landed UNION ALL SELECT id FROM aside)),
present AS (
    SELECT * FROM held_rows
    WHERE NOT {complete} OR ((_removed OR id IN (SELECT id FROM aside)) AND id NOT IN (SELECT id FROM landed))),
versions AS (
    SELECT * FROM present UNION ALL BY NAME SELECT * FROM gone_rows UNION ALL BY NAME SELECT * FROM landed_rows
    UNION ALL BY NAME SELECT * FROM absent)
SELECT {columns}, _updated_at, _removed
FROM versions
QUALIFY row_number() OVER (PARTITION BY id ORDER BY _updated_at DESC NULLS LAST, _turn DESC, {columns}) = 1
ORDER BY id"""


@dataclass(frozen=True)
class Pull:
    """What a run's pull of one stream is worth. A complete one is all that there is: what it lacks is gone."""

    complete: bool
    cursor: dict[str, Any]
    aside: tuple[str, ...] = ()
    """Ids of records that the source gave and that did not pass: what was held of them stays until they are mended."""

    @property
    def since(self) -> datetime:
        """From when on a later pull sees what changes."""
        return datetime.fromtimestamp(self.cursor["cursor"] / 1000, UTC)


def merged(held: pa.Table | None, landed: pa.Table | None, gone: pa.Table | None, pull: Pull) -> pa.Table | None:
    """The stream after a pull, by id: the newest version of each record, and of equally new ones the one that came last.

    None while there is nothing at all. Merging the same pull again changes nothing. A column that no longer lands keeps what it
    held; of one that lands as another type, what can be read as that.
    """
    like = landed if landed is not None else held
    if like is None:
        return None
    connection = connect()
    fresh = [name for name in like.column_names if name not in OWN]
    kept = [name for name in (held.column_names if held is not None else []) if name not in (*fresh, *OWN)]
    connection.register("landed", like.schema.empty_table().drop_columns(_own(like)) if landed is None else landed)
    if held is not None:
        connection.register("held", held)
        connection.register("incoming", like.schema.empty_table())
    connection.register("gone", _nothing_gone() if gone is None else gone)
    connection.register("aside", pa.table({"id": pa.array(pull.aside, pa.string())}))
    query = _MERGED.format(
        held=_NOTHING_HELD if held is None else _as_landed(connection, held, like),
        kept="".join(f", held_rows.{quoted(name)}" for name in kept),
        complete="true" if pull.complete else "false",
        since=f"'{pull.since.isoformat()}'",
        columns=", ".join(map(quoted, [*fresh, *kept])),
    )
    return connection.sql(query).to_arrow_table().combine_chunks()


def present(held: pa.Table) -> pa.Table:
    """The records that are there, as they landed."""
    return held.filter(pc.invert(held["_removed"])).drop_columns(list(OWN))


_NOTHING_HELD = """
SELECT NULL::VARCHAR AS id, NULL::TIMESTAMPTZ AS _updated_at, false AS _removed, 0 AS _turn LIMIT 0"""


def _as_landed(connection: duckdb.DuckDBPyConnection, held: pa.Table, like: pa.Table) -> str:
    """What is held, in the types of what lands."""
    types = {name: kind for name, kind, *_ in connection.execute("DESCRIBE incoming").fetchall()}
    before = {name: kind for name, kind, *_ in connection.execute("DESCRIBE held").fetchall()}
    changed = [name for name in types if before.get(name, types[name]) != types[name]]
    casts = ", ".join(f"try_cast({quoted(n)}::VARCHAR AS {types[n]}) AS {quoted(n)}" for n in changed)
    return f"SELECT *{f' REPLACE ({casts})' if casts else ''}, 0 AS _turn FROM held"


def _own(table: pa.Table) -> list[str]:
    return [name for name in ("_removed",) if name in table.column_names]


def _nothing_gone() -> pa.Table:
    return pa.table({"id": pa.array([], pa.string()), "_updated_at": pa.array([], pa.timestamp("us", tz="UTC"))})

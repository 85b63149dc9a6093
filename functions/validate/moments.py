"""When each record last changed, as its source tells: event times of the versions that a history keeps."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from holdfast.tables import TEXT, TIME
from validate.statements import CONTACTS, SNAPSHOTS

_CHANGES = pa.schema([("relation", TEXT), ("source", TEXT), ("id", TEXT), ("moment", TIME)])

_OF_RECORDS = "SELECT id AS key, max(moment) AS moment FROM changes WHERE relation = ? GROUP BY ALL"
_OF_PEOPLE = """
SELECT i.customer_id AS key, max(c.moment) AS moment
FROM changes c JOIN contact_ids i ON i._source = c.source AND i._contact = c.id
WHERE list_contains(?, c.relation)
GROUP BY ALL"""


def register(connection: duckdb.DuckDBPyConnection, held: Sequence[tuple[str, str, pa.Table]]) -> None:
    """Make the relation `changes` of what the streams hold, given as relation, source and rows; what is gone is among them."""
    parts = [_CHANGES.empty_table(), *(_changes(*each) for each in held)]
    connection.register("changes", pa.concat_tables(parts))


def of(connection: duckdb.DuckDBPyConnection, table: str) -> pa.Table:
    """Columns `key` and `moment` of a table's records; none where the source is a file, which does not say."""
    if table == "customers":
        return connection.sql(_OF_PEOPLE, params=[sorted(CONTACTS)]).to_arrow_table()
    return connection.sql(_OF_RECORDS, params=[SNAPSHOTS[table][0]]).to_arrow_table()


def _changes(relation: str, source: str, rows: pa.Table) -> pa.Table:
    said = [pa.array([each] * rows.num_rows, TEXT) for each in (relation, source)]
    return pa.table([*said, rows["id"].cast(TEXT), rows["_updated_at"].cast(TIME)], schema=_CHANGES)

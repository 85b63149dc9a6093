"""Who is who: the identifiers of all sources become pseudonyms, and one person's different ones become one customer id.

A person is known by the product's own id when any contact has it, else by the email address. `aliases` leads from the
pseudonym of an address to the id of the person who has both.
"""

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from holdfast.pseudonym import Pseudonymiser
from validate.conform import columns_of
from validate.statements import ALIASES, CONTACT_IDS, IDENTIFIERS, PEOPLE


def unite(connection: duckdb.DuckDBPyConnection, relations: Iterable[str], pseudonymiser: Pseudonymiser) -> None:
    """Make `pseudonyms` (raw, pseudonym), `people`, `aliases` and `contact_ids` from what landed and `contacts`."""
    named = [
        (name, column)
        for name in relations
        for column in IDENTIFIERS.get(name, ())
        if column in columns_of(connection, name)
    ]
    by_raw = pseudonymiser.distinct(_distinct(connection, named))
    arrays = [pa.array(values, pa.string()) for values in (list(by_raw), list(by_raw.values()))]
    connection.register("pseudonyms", pa.table(arrays, names=["raw", "pseudonym"]))
    for statement in (PEOPLE, ALIASES, CONTACT_IDS):
        connection.execute(statement)


def _distinct(connection: duckdb.DuckDBPyConnection, named: list[tuple[str, str]]) -> list[str]:
    """All distinct values of some columns, given as (relation, column)."""
    if not named:
        return []
    union = " UNION ".join(f"SELECT {column}::VARCHAR FROM {name} WHERE {column} IS NOT NULL" for name, column in named)
    return [row[0] for row in connection.execute(union).fetchall()]

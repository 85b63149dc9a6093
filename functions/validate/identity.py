"""Who is who: the identifiers of all sources become pseudonyms, and one person's different ones become one customer id.

A person is known by the product's own id when any contact has it, else by the email address. `aliases` leads from the
pseudonym of an address to the id of the person who has both.
"""

from collections.abc import Collection, Iterable, Mapping

import duckdb
import pyarrow as pa

from holdfast import records
from holdfast.privacy import identifiers
from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import Source
from holdfast.tables import CUSTOMER_RECORDS
from validate.conform import columns_of
from validate.statements import ALIASES, CONTACT_IDS, LAST_RESORT, PEOPLE


def unite(
    connection: duckdb.DuckDBPyConnection,
    relations: Iterable[str],
    pseudonymiser: Pseudonymiser,
    held: Collection[str] = (),
) -> None:
    """Make `pseudonyms` (raw, pseudonym), `people`, `aliases` and `contact_ids` from what landed and `contacts`.

    What names somebody in the relations `held` is a pseudonym already.
    """
    named = [
        (name, column)
        for name in relations
        for column in (*identifiers(name), *LAST_RESORT.get(name, ()))
        if column in columns_of(connection, name)
    ]
    done = [(name, column) for name, column in named if name in held and column in identifiers(name)]
    known = dict.fromkeys(_distinct(connection, done))
    fresh = _distinct(connection, [each for each in named if each not in done])
    by_raw = {one: one for one in known} | pseudonymiser.distinct(one for one in fresh if one not in known)
    arrays = [pa.array(values, pa.string()) for values in (list(by_raw), list(by_raw.values()))]
    connection.register("pseudonyms", pa.table(arrays, names=["raw", "pseudonym"]))
    for statement in (PEOPLE, ALIASES, CONTACT_IDS):
        connection.execute(statement)


def customer_records(
    connection: duckdb.DuckDBPyConnection, sources: Mapping[str, Source], pseudonymiser: Pseudonymiser
) -> pa.Table:
    """Which record of which source is which customer; several may be one. Ids of records are pseudonyms here."""
    parts = [CUSTOMER_RECORDS.empty_table()]
    for name, source in sorted(sources.items()):
        for place in records.places(name, source):
            query = (
                "SELECT _contact, customer_id FROM contact_ids WHERE _source = ? AND _contact IS NOT NULL ORDER BY 1"
            )
            ids, customers = connection.sql(query, params=[name]).to_arrow_table().columns
            hashed = pseudonymiser.each([records.hashed_of(place, one) for one in ids.to_pylist()], records.DOMAIN)
            parts.append(pa.table([hashed, [name] * len(hashed), customers], schema=CUSTOMER_RECORDS))
    return pa.concat_tables(parts).combine_chunks()


def _distinct(connection: duckdb.DuckDBPyConnection, named: list[tuple[str, str]]) -> list[str]:
    """All distinct values of some columns, given as (relation, column)."""
    if not named:
        return []
    union = " UNION ".join(f"SELECT {column}::VARCHAR FROM {name} WHERE {column} IS NOT NULL" for name, column in named)
    return [row[0] for row in connection.execute(union).fetchall()]

"""What lands becomes what may be stored: each column as it is declared, or as the run decided on those that are not."""

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.privacy import Declared
from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import Treatment
from holdfast.sql import connect
from validate import text

_SAID = "regexp_replace(value::VARCHAR, '^(-?\\d+)\\.0$', '\\1')"
"""A value as text, whole numbers as people write them."""
_YEAR = "coalesce(year(try_cast({said} AS DATE)), year(try_cast({said} AS TIMESTAMP)), year(try_cast({said} AS TIMESTAMPTZ)))"
GENERALISED: Mapping[Treatment, str] = {
    "age_band": "CASE WHEN try_cast({said} AS DOUBLE) BETWEEN 0 AND 130 THEN "
    "(try_cast({said} AS DOUBLE)::INTEGER // 10 * 10) || '-' || (try_cast({said} AS DOUBLE)::INTEGER // 10 * 10 + 9) "
    f"ELSE ({_YEAR} // 10 * 10) || 's' END",
    "year": f"{_YEAR}::VARCHAR",
    "region": "nullif(upper(left(trim({said}), 2)), '')",
    "network": "CASE WHEN {said} ~ '(\\d+\\.){{3}}\\d+' THEN regexp_extract({said}, '^(\\d+\\.\\d+)\\.', 1) || '.0.0/16' "
    "WHEN {said} LIKE '%:%:%' THEN regexp_extract(lower({said}), '^([0-9a-f]*:[0-9a-f]*)', 1) || '::/32' END",
    "domain": "nullif(lower(coalesce(nullif(regexp_extract({said}, '@([^@\\s>]+)', 1), ''), "
    "regexp_extract({said}, '^(?:\\w+://)?([^/@:\\s]+\\.[^/@:\\s]+)', 1))), '')",
}
"""SQL of what is left of a value; null where it is nothing of the kind."""

LINKS = ("customer", "email")
"""Columns of a file of customers that say who is who, and become pseudonyms where that is settled (`validate.identity`)."""
_HISTORY = "hubspot_contacts_history"


def protected(rows: pa.Table, declared: Declared, clear: frozenset[str], key: Pseudonymiser) -> pa.Table:
    """The same rows without anything that may not be stored. `clear` are undeclared columns in which nothing personal was found;
    any other that nobody declared does not enter. What begins with `_` is ours.
    """
    treated = {name: treatment(declared, name, clear) for name in rows.column_names}
    made = {name: column for name, what in treated.items() for column in _column(rows, name, what, declared, key)}
    if texts := [rows[name] for name, what in treated.items() if what == "text"]:
        found = text.features(texts)
        made |= dict(zip(found.column_names, found.columns, strict=True))
    return pa.table(made) if made else rows.select([])


def treatment(declared: Declared, name: str, clear: frozenset[str] = frozenset()) -> Treatment:
    """What becomes of a column."""
    if name.startswith("_") and not declared.own.get(name):
        return "keep"
    return declared.of(name) or ("keep" if name in clear else "drop")


def past(rows: pa.Table, contacts: Declared, clear: frozenset[str], key: Pseudonymiser) -> pa.Table:
    """Past values of contacts' properties, each as the property's own column is treated."""
    said = rows["value"].combine_chunks()
    for name in rows["property"].unique().to_pylist():
        of = pc.fill_null(pc.equal(rows["property"], name), False).combine_chunks()
        chosen = pa.table({name: pc.if_else(of, said, pa.scalar(None, said.type))})
        found = protected(chosen, contacts, clear, key)
        value = found[name].combine_chunks() if name in found.column_names else pa.nulls(len(rows), said.type)
        said = pc.if_else(of, value.cast(said.type), said)
    return rows.set_column(rows.column_names.index("value"), "value", said)


def pseudonymised(column: pa.ChunkedArray, key: Pseudonymiser) -> pa.Array:
    """A column under pseudonyms; each value that differs is hashed once."""
    values = column.combine_chunks().cast(pa.string())
    distinct = key.distinct(values.unique().to_pylist())
    places = pc.index_in(values, value_set=pa.array(list(distinct), pa.string()))
    return pa.array(list(distinct.values()), pa.string()).take(places)


def _column(
    rows: pa.Table, name: str, what: Treatment, declared: Declared, key: Pseudonymiser
) -> Iterator[pa.ChunkedArray | pa.Array]:
    """The column that is stored, or none."""
    if what in ("drop", "text"):
        # Statements name what the product declares: it stays there, with nothing in it.
        yield from [pa.nulls(len(rows), rows[name].type)] if declared.structural(name) else []
    elif what == "pseudonymise":
        yield (
            rows[name]
            if declared.relation == "customers" and name.casefold() in LINKS
            else pseudonymised(rows[name], key)
        )
    else:
        yield _GENERAL.get(what, _kept)(rows[name])


def _kept(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column


def _generalised(sql: str) -> Callable[[pa.ChunkedArray], pa.ChunkedArray]:
    def made(column: pa.ChunkedArray) -> pa.ChunkedArray:
        connection = connect()
        connection.register("given", pa.table({"value": column}))
        query = f"SELECT {sql.format(said='said')} AS made FROM (SELECT {_SAID} AS said FROM given)"
        return connection.sql(query).to_arrow_table()["made"]

    return made


_GENERAL = {what: _generalised(sql) for what, sql in GENERALISED.items()}

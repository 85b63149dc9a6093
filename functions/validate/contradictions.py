"""Where sources disagree on who somebody is: counted, and settled by rule, without saying who.

The rule: the product's own id says who somebody is. An address with several ids leads to that of the first contact: the CRM's
before the support desk's, a file's, a biller's, then the oldest, then the smallest id; the others stay people of their own. What a
record of the support desk or the biller says of its contact counts more than an id that stands beside it.
"""

from collections.abc import Iterable

import duckdb

from validate.conform import columns_of

_PEOPLE = {
    "addresses_with_several_ids": "SELECT count(*) FROM (SELECT _by_email FROM people WHERE _by_email IS NOT NULL "
    "GROUP BY _by_email HAVING count(DISTINCT _by_id) > 1)",
    "ids_with_several_addresses": "SELECT count(*) FROM (SELECT _by_id FROM people WHERE _by_id IS NOT NULL "
    "GROUP BY _by_id HAVING count(DISTINCT _by_email) > 1)",
    "contacts_without_any": "SELECT count(*) FROM people WHERE customer_id IS NULL",
}
_ELSEWHERE = """
SELECT count(*) FROM {relation} r
JOIN contact_ids i ON i._source = r._source AND i._contact = r.contact_id
JOIN pseudonyms e ON e.raw = r.contact_external_id
WHERE e.pseudonym <> i.customer_id"""
_ASKING = ("intercom_conversations", "intercom_tickets")


def contradictions(connection: duckdb.DuckDBPyConnection, relations: Iterable[str]) -> dict[str, int]:
    """How many there are of each kind, once `validate.identity.unite` is through."""
    there = [name for name in _ASKING if name in relations and "_source" in columns_of(connection, name)]
    counted = {what: _one(connection, query) for what, query in _PEOPLE.items()}
    return counted | {
        "records_whose_contact_is_another": sum(_one(connection, _ELSEWHERE.format(relation=name)) for name in there)
    }


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])

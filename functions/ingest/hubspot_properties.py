"""How an account declares its properties, and the columns that follow: what a user names lands as the account types it."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from http import HTTPStatus

from holdfast.errors import SourceRefused
from holdfast.observe import logger
from holdfast.vendors import hubspot_path
from ingest.http import Request
from ingest.streams import Column, Discovery, Fetch, Kind, Stream, inside, listed

KINDS: Mapping[str, Kind] = {"number": "number", "bool": "flag", "date": "time", "datetime": "time"}
"""Kinds of columns by types of properties; all other types are texts."""
PROPERTY = "properties."
"""Where the value of a property lies in a record."""
RESERVED = frozenset({"customer_id", "created_at"})
"""Columns that the lake's own statements make of a record."""


def columns(*wanted: str | tuple[str, str]) -> tuple[Column, ...]:
    """The id, and one column per property: `name`, `name:kind`, or another column's name and one of these."""
    made: dict[str, Column] = {"id": Column("id", "id")}
    for each in wanted:
        name, spelt = each if isinstance(each, tuple) else (each.partition(":")[0], each)
        path, _, kind = spelt.partition(":")
        made.setdefault(name, Column(name, PROPERTY + path, kind or "text"))  # type: ignore[arg-type]
    return tuple(made.values())


def discovery(
    version: str,
    kind: str,
    named: Sequence[str],
    expected: Sequence[str],
    stream: Callable[[tuple[Column, ...]], Stream],
) -> Discovery:
    """Asks how the properties that the user named are declared; `stream` makes a stream of their columns.

    What the account lacks is logged, with the names that are nearest, and left out; `expected` are looked for only.
    """

    def ask(fetch: Fetch) -> dict[str, Kind]:
        types = declared(fetch, version, kind)
        if types is None:
            return dict.fromkeys(named, "text")
        _tell_missing(kind, [*expected, *named], types)
        return {name: KINDS.get(types[name], "text") for name in named if name in types}

    return Discovery(ask, lambda kinds: stream(tuple(Column(n, PROPERTY + n, k) for n, k in kinds.items())))


def declared(fetch: Fetch, version: str, kind: str) -> dict[str, str] | None:
    """The type of each property by its name; None where the token may not read how they are declared."""
    path = hubspot_path(version, "properties", kind)
    try:
        answer = fetch(Request("GET", path))
    except SourceRefused as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        logger.warning("the token may not read how properties are declared: they are taken as texts", kind=kind)
        return None
    return {str(inside(each, "name")): str(inside(each, "type")) for each in listed(answer, "results", path)}


def beside(fixed: Sequence[Column], named: Sequence[Column]) -> tuple[Column, ...]:
    """Fixed columns, and those that a user named: each property once, and none under a name that is taken."""
    taken, paths = RESERVED | {column.name for column in fixed}, {column.path for column in fixed}
    more = [column for column in named if column.path not in paths]
    return (*fixed, *(c._replace(name=f"property_{c.name}") if c.name in taken else c for c in more))


def _tell_missing(kind: str, names: Sequence[str], there: Mapping[str, str]) -> None:
    for name in dict.fromkeys(names):
        if name not in there:
            nearest = ", ".join(get_close_matches(name.lower(), there, n=3)) or "none is similar"
            logger.warning("the account has no such property", kind=kind, property=name, nearest=nearest)

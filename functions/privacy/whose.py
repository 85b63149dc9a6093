"""Whose a row is: the columns that name its person, by the table or the stream that it is of."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from holdfast.records import PEOPLE
from holdfast.settings import EventsSource, Settings, TableSource
from holdfast.vendors import vendor_of

NAMING = ("customer_id", "customer", "external_id", "email", "recipient", "contact_external_id")
"""Columns with an identifier or a pseudonym of the person that a row is of."""
_RECORDS: Mapping[str, Mapping[str, str]] = {
    "hubspot": {"contact_id": "contacts"},
    "intercom": {"contact_id": "contacts", "conversation_id": "conversations"},
}
_BILLED = {"customer": "customers"}
"""What connectors that are files call the id of the person that a record is of."""
_FOLLOWED = ("conversations",)
"""Streams of which other streams have records: a person's go with theirs."""
_REFERRING = ("deals", "companies", "segments", "tags", "properties", "data_attributes")
"""Streams of which no record is a person's. What refers to a person there is taken out, and the record stays."""
LISTS = {"contacts": ("contact_id", "contacts")}
"""Columns with JSON lists of records: the column of the first one's id, and the records' stream."""
_LANDED = re.compile(r"(?:landing|removed)/run=[^/]+/([^/]+)/|run=[^/]+/([^/]+)/|released/([^/]+)/")


@dataclass(frozen=True)
class Whose:
    """How a table says whose its rows are. `records` gives by column the place (`<source>/<stream>`) of the ids in it."""

    naming: tuple[str, ...] = NAMING
    records: tuple[tuple[str, str], ...] = ()
    followed: str = ""
    """Place of the table's own records, if those of other tables hang on them."""
    owned: bool = True
    """Whether its rows can be a person's at all."""

    @property
    def people(self) -> str:
        """Place of the table's own records, if each of them is a person."""
        return next((place for column, place in self.records if column == "id"), "")


ANYBODYS = Whose()
"""Of a table that no source is known for."""


def whose(table: str, settings: Settings) -> Whose:
    """Of a table of the lake, or one that landed."""
    name = table.removeprefix("raw_")
    source = max((each for each in settings.sources if name.startswith(f"{each}_")), key=len, default="")
    stream = name.removeprefix(f"{source}_")
    if not source or isinstance(settings.sources[source], EventsSource | TableSource):
        return ANYBODYS
    return _of_stream(source, vendor_of(settings.sources[source]), stream)


def whose_objects(key: str, settings: Settings) -> Whose:
    """Of the rows of an object of the landing zone or of quarantine."""
    found = _LANDED.match(key)
    return whose(next(filter(None, found.groups())), settings) if found else ANYBODYS


def customer_in(key: str, settings: Settings) -> str:
    """Which field said whose a log line was, of an object of quarantine; nothing where its rows were no lines."""
    found = _LANDED.match(key)
    table = next(filter(None, found.groups())) if found else ""
    logs = settings.of_kind("events").items()
    return next((source.fields.customer for name, source in logs if table == f"{name}_events"), "")


def contact_streams(settings: Settings) -> Iterator[str]:
    """Tables of which each row is a person with several identifiers: `<source>_<stream>`."""
    for name, source in settings.sources.items():
        if isinstance(source, TableSource):
            yield f"{name}_customers"
        elif not isinstance(source, EventsSource):
            yield from (f"{name}_{stream}" for stream in PEOPLE)


def followed_streams(settings: Settings) -> Iterator[str]:
    """Tables of which each row is a record that those of other tables hang on."""
    for name, source in settings.sources.items():
        if not isinstance(source, EventsSource | TableSource):
            yield from (f"{name}_{stream}" for stream in _FOLLOWED)


def _of_stream(source: str, vendor: str, stream: str) -> Whose:
    known = _RECORDS.get(vendor, _BILLED)
    records = [(column, f"{source}/{to}") for column, to in known.items()]
    if stream in (*PEOPLE, *_FOLLOWED):
        records.append(("id", f"{source}/{stream}"))
    taken = {column for column, _ in records}
    naming = tuple(name for name in NAMING if name not in taken)
    return Whose(naming, tuple(records), f"{source}/{stream}" if stream in _FOLLOWED else "", stream not in _REFERRING)

"""Records that sources have of people: how one is named, `hubspot:100045`, and what its pseudonym is made of."""

from collections.abc import Mapping

from holdfast.settings import EventsSource, Source, TableSource
from holdfast.vendors import streams_of

DOMAIN = "record"
"""Of the pseudonyms of a source's own record ids."""
PEOPLE = ("contacts", "customers")
"""Streams of which a record is a person."""
TABLE = "customer_records"
"""Table of the lake: which record (`record`, its pseudonym) of which `source` is which customer (`customer_id`)."""

LEADS_TO = "leads_to"
"""Attribute of an item of the online store that stands for a record: the customer whose item is to be read."""


def places(name: str, source: Source) -> list[str]:
    """Where a source has records of people, as `<source>/<stream>`; usage logs and files of customers have none."""
    if isinstance(source, EventsSource | TableSource):
        return []
    return [f"{name}/{stream}" for stream in PEOPLE if stream in streams_of(source)]


def hashed_of(place: str, record: str) -> str:
    """What is hashed of a record's id: the same id of another source is another person's."""
    return f"{place}/{record}"


def named(text: str, sources: Mapping[str, Source]) -> list[tuple[str, str]]:
    """The record that `<source>:<id>` names: each place that may hold it, with its id.

    Nothing where the text does not begin with the name of a source that has records of people: then it is an id of another kind.
    """
    name, _, record = (part.strip() for part in text.partition(":"))
    return [(place, record) for place in places(name, sources[name])] if record and name in sources else []

"""What is fixed about the APIs that are read: versions, hosts, and the streams of each."""

from holdfast.connector import connector
from holdfast.settings import HubSpotSource, IntercomSource, RestSource, Source

HUBSPOT_VERSION = "2026-09"
"""Of all its paths, unless the configuration wants the numbered ones, which end in 2027."""
INTERCOM_VERSION = "2.16"

OBJECTS = ("contacts", "companies", "deals", "tickets", "calls", "emails", "meetings", "notes", "tasks")
"""HubSpot's kinds of objects."""
_HUBSPOT = (*OBJECTS, "email_events", "owners", "properties")
_INTERCOM = ("contacts", "conversations", "tickets", "companies", "tags", "admins", "segments", "data_attributes")

ApiSource = HubSpotSource | IntercomSource | RestSource
"""Sources that are pulled stream by stream."""
APIS = ("hubspot", "intercom", "rest")
"""Their kinds."""


def streams_of(source: ApiSource) -> tuple[str, ...]:
    """The streams that are pulled of a source, in the order in which a run begins them."""
    if isinstance(source, RestSource):
        return tuple(connector(source.connector).streams)
    return _HUBSPOT if isinstance(source, HubSpotSource) else _INTERCOM


def base_url_of(source: ApiSource) -> str:
    """Where a source's requests go."""
    if isinstance(source, RestSource):
        return connector(source.connector).base_url(source.base_url)
    return source.base_url


def vendor_of(source: Source) -> str:
    """What leads the names of relations and suites that are made for a source's streams: its kind, or its connector."""
    return source.connector if isinstance(source, RestSource) else source.kind


def hubspot_path(version: str, what: str, *rest: str) -> str:
    """A path of HubSpot: `what` is objects, associations, owners or properties."""
    if version != "v3":
        return "/".join(["/crm", what, version, *rest])
    return "/".join(["/crm", "v4" if what == "associations" else "v3", what, *rest])

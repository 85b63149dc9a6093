"""What is fixed about the APIs that are read: versions, hosts, and the streams of each."""

from typing import get_args

from holdfast.connector import connector
from holdfast.settings import HubSpotKind, HubSpotSource, IntercomSource, RestSource, Settings, Source

INTERCOM_VERSION = "2.16"

OBJECTS: tuple[HubSpotKind, ...] = get_args(HubSpotKind)
"""HubSpot's kinds of objects."""
_HUBSPOT = (*OBJECTS, "email_events", "owners", "properties")
_INTERCOM = ("contacts", "conversations", "conversation_parts", "tickets", "companies", "data_events", "tags", "admins",
             "segments", "data_attributes")  # fmt: skip

ApiSource = HubSpotSource | IntercomSource | RestSource
"""Sources that are pulled stream by stream."""
APIS = ("hubspot", "intercom", "rest")
"""Their kinds."""
NOTIFIERS = ("hubspot", "intercom")
"""Kinds of those that notify of what has happened."""


def streams_of(source: ApiSource) -> tuple[str, ...]:
    """The streams that are pulled of a source, in the order in which a run begins them."""
    if isinstance(source, RestSource):
        return tuple(connector(source.connector).streams)
    if isinstance(source, HubSpotSource):
        return (*_HUBSPOT, "contacts_history") if source.history else _HUBSPOT
    left_out = {"conversation_parts"} if not source.conversation_parts else set()
    left_out |= {"data_events"} if not source.data_events else set()
    return tuple(stream for stream in _INTERCOM if stream not in left_out)


def base_url_of(source: ApiSource) -> str:
    """Where a source's requests go."""
    if isinstance(source, RestSource):
        return connector(source.connector).base_url(source.base_url, source.allowed_hosts)
    return source.base_url


def vendor_of(source: Source) -> str:
    """What leads the names of relations and suites that are made for a source's streams: its kind, or its connector."""
    return source.connector if isinstance(source, RestSource) else source.kind


def token_path_of(source: ApiSource) -> str:
    """Where a source gives access tokens; nothing where it gives none."""
    if not isinstance(source, HubSpotSource):
        return ""
    return f"/oauth/{'v1' if source.api_version == 'v3' else source.api_version}/token"


def timezone_of(source: ApiSource, settings: Settings) -> str:
    """At whose midnight a daily limit of the source begins anew."""
    return getattr(source, "timezone", None) or settings.timezone


def hubspot_path(version: str, what: str, *rest: str) -> str:
    """A path of HubSpot: `what` is objects, associations, owners or properties."""
    if version != "v3":
        return "/".join(["/crm", what, version, *rest])
    return "/".join(["/crm", "v4" if what == "associations" else "v3", what, *rest])

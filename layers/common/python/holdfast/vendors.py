"""What is fixed about the APIs that are read: versions, hosts, and the streams of each."""

from holdfast.settings import HubSpotSource, IntercomSource

HUBSPOT_VERSION = "2026-09"
"""Of all its paths, unless the configuration wants the numbered ones, which end in 2027."""
INTERCOM_VERSION = "2.16"

OBJECTS = ("contacts", "companies", "deals", "tickets", "calls", "emails", "meetings", "notes", "tasks")
"""HubSpot's kinds of objects."""
_HUBSPOT = (*OBJECTS, "email_events", "owners", "properties")
_INTERCOM = ("contacts", "conversations", "tickets", "companies", "tags", "admins", "segments", "data_attributes")

ApiSource = HubSpotSource | IntercomSource
"""Sources that are pulled stream by stream."""
APIS = ("hubspot", "intercom")
"""Their kinds."""


def streams_of(source: ApiSource) -> tuple[str, ...]:
    """The streams that are pulled of a source, in the order in which a run begins them."""
    return _HUBSPOT if isinstance(source, HubSpotSource) else _INTERCOM


def hubspot_path(version: str, what: str, *rest: str) -> str:
    """A path of HubSpot: `what` is objects, associations, owners or properties."""
    if version != "v3":
        return "/".join(["/crm", what, version, *rest])
    return "/".join(["/crm", "v4" if what == "associations" else "v3", what, *rest])

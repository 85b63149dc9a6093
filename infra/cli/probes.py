"""One or two small requests per stream that show whether the token may read it, and whether it is pulled whole each time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.connector import connector
from holdfast.settings import HubSpotSource, IntercomSource, RestSource
from holdfast.vendors import INTERCOM_VERSION, OBJECTS, ApiSource, hubspot_path, streams_of

_ANY = {"query": {"field": "created_at", "operator": ">", "value": 0}, "pagination": {"per_page": 1}}


@dataclass(frozen=True)
class Probe:
    """What to ask: of an API that answers with a list, at most for one record of it."""

    path: str
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    inside: str = ""
    """Key of the list in the answer, if its first record's id goes into `detail`."""
    detail: str = ""
    """What is asked next, where one answer does not show all that the stream is made of."""
    whole: bool = False
    """Pulled whole each time."""

    def following(self, answer: Any) -> "Probe | None":
        """The next request, if there is one and the answer has the record that it needs."""
        if self.detail and not self.inside:
            return Probe(self.detail)
        records = answer.get(self.inside) if self.detail and isinstance(answer, Mapping) else None
        if not isinstance(records, list) or not records:
            return None
        return Probe(self.detail.format(records[0].get("id")))


def probes_of(source: ApiSource) -> dict[str, Probe]:
    """The probe of each stream of a source, in the order in which a run begins them."""
    known = _of(source)
    return {stream: known[stream] for stream in streams_of(source)}


def headers_of(source: ApiSource) -> Mapping[str, str]:
    """What a source wants said beside the token."""
    if isinstance(source, RestSource):
        return connector(source.connector).headers
    return {"Intercom-Version": INTERCOM_VERSION} if isinstance(source, IntercomSource) else {}


def _of(source: ApiSource) -> dict[str, Probe]:
    if isinstance(source, RestSource):
        said = connector(source.connector)
        return {
            name: Probe(path, detail=said.feed_probe(name), whole=not said.streams[name].incremental)
            for name, path in said.probes().items()
        }
    return _hubspot(source) if isinstance(source, HubSpotSource) else _INTERCOM


def _hubspot(source: HubSpotSource) -> dict[str, Probe]:
    contacts, version = hubspot_path(source.api_version, "objects", "contacts"), source.api_version
    return {
        **{kind: Probe(f"{hubspot_path(version, 'objects', kind)}?limit=1") for kind in OBJECTS},
        "contacts_history": Probe(f"{contacts}?limit=1&propertiesWithHistory={','.join(source.history[:1])}"),
        "email_events": Probe("/email/public/v1/events?limit=1"),
        "owners": Probe(f"{hubspot_path(version, 'owners')}?limit=1", whole=True),
        "properties": Probe(hubspot_path(version, "properties", "contacts"), whole=True),
    }


_INTERCOM = {
    "contacts": Probe("/contacts?per_page=1"),
    "conversations": Probe("/conversations?per_page=1"),
    "conversation_parts": Probe("/conversations?per_page=1", inside="conversations", detail="/conversations/{}"),
    "tickets": Probe("/tickets/search", "POST", _ANY),
    # The scroll is one per workspace, and a run may be holding it.
    "companies": Probe("/companies/list?per_page=1", "POST", {}, whole=True),
    "data_events": Probe(
        "/contacts?per_page=1", inside="data", detail="/events?type=user&intercom_user_id={}&per_page=1"
    ),
    "tags": Probe("/tags", whole=True),
    "admins": Probe("/admins", whole=True),
    "segments": Probe("/segments", whole=True),
    "data_attributes": Probe("/data_attributes", whole=True),
}

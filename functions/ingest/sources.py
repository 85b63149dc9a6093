"""Which reader lands which kind of source."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from holdfast.connector import connector
from holdfast.contracts import Landed
from holdfast.errors import ConfigurationInvalid
from holdfast.hints import Hints
from holdfast.ledger import Ledger
from holdfast.locks import Locks
from holdfast.privacy import declared as columns_declared
from holdfast.settings import EventsSource, HubSpotSource, IntercomSource, RestSource, Settings, TableSource
from holdfast.source_secrets import StoredSecret
from holdfast.vendors import ApiSource, base_url_of, timezone_of, token_path_of
from ingest.accounts import write_failure
from ingest.budget import Budget
from ingest.declared import declared
from ingest.hinted import with_hints
from ingest.http import ApiClient, connect
from ingest.hubspot import hubspot
from ingest.intercom import intercom
from ingest.landing import Landing
from ingest.limits import GENERAL, SEARCHES, Limits
from ingest.logs import land_logs
from ingest.pull import land_stream
from ingest.snapshot import land_snapshot
from ingest.streams import Stream
from ingest.tokens import Token


@dataclass(frozen=True)
class Api:
    """One API as this deployment reads it: requests and seconds by bucket are what it allows."""

    streams: Mapping[str, Stream]
    base_url: str
    limits: Limits


def api_of(source: ApiSource, settings: Settings) -> Api:
    """How a source's API is read. Where headers tell that less is allowed, they are heeded."""
    if isinstance(source, IntercomSource):
        streams = intercom(source, by_data=settings.run.as_of == "data")
        return Api(streams, source.base_url, {GENERAL: (source.requests_per_10s, 10.0)})
    if isinstance(source, RestSource):
        return _declared(source)
    limits = {GENERAL: (source.requests_per_10s, 10.0), SEARCHES: (source.searches_per_s, 1.0)}
    return Api(hubspot(source, settings), source.base_url, limits)


def _declared(source: RestSource) -> Api:
    said = connector(source.connector)
    limits = {str(bucket): (limit.requests, limit.seconds) for bucket, limit in said.limits.items()}
    wanted = {GENERAL: (source.requests_per_10s, 10.0)} if source.requests_per_10s else {}
    return Api(declared(said, source.options), base_url_of(source), limits | wanted)


def landed(place: Landing, settings: Settings, secrets: str, ledger: Ledger, hints: Hints) -> Landed:
    """Land one extract; `secrets` is the JSON object of secret ids by source."""
    source = settings.sources[place.extract.source]
    place = replace(place, declared=columns_declared(settings)[place.extract.source, place.extract.stream])
    match source:
        case EventsSource() if place.extract.failure:
            write_failure(place)
            return Landed(place.extract.table, 0)
        case EventsSource():
            return land_logs(place, source)
        case TableSource():
            return land_snapshot(place, source)
        case HubSpotSource() | IntercomSource() | RestSource():
            return _pulled(place, source, settings, json.loads(secrets).get(place.extract.source), ledger, hints)


def _pulled(
    place: Landing, source: ApiSource, settings: Settings, secret_id: str | None, ledger: Ledger, hints: Hints
) -> Landed:
    name, api, by_data = place.extract.source, api_of(source, settings), settings.run.as_of == "data"
    if not secret_id:
        raise ConfigurationInvalid(f"source {name} has no secret: deploy again, so that one is made for its token")
    stream = with_hints(api.streams[place.extract.stream], place.extract, source, hints, by_data=by_data)
    with connect(api.base_url, stream.headers) as http:
        client = ApiClient(
            name,
            http,
            secret_id,
            budget=Budget(ledger, name, api.limits, time.time, time.sleep),
            token=Token(StoredSecret(name, secret_id, Locks(ledger, "Ingest"))),
            token_path=token_path_of(source),
            timezone=timezone_of(source, settings),
        )
        return land_stream(place, stream, client, ledger, time.time, by_data=by_data)

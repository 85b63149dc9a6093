"""Which reader lands which kind of source."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.connector import connector
from holdfast.contracts import Landed
from holdfast.errors import ConfigurationInvalid
from holdfast.ledger import Ledger
from holdfast.resources import secret
from holdfast.settings import EventsSource, HubSpotSource, IntercomSource, RestSource, Settings, TableSource
from holdfast.vendors import ApiSource, base_url_of
from ingest.budget import Budget
from ingest.declared import declared
from ingest.http import GENERAL, SEARCHES, ApiClient, connect
from ingest.hubspot import hubspot
from ingest.intercom import intercom
from ingest.landing import Landing
from ingest.logs import land_logs
from ingest.pull import land_stream
from ingest.snapshot import land_snapshot
from ingest.streams import Stream


@dataclass(frozen=True)
class Api:
    """One API as this deployment reads it: requests and seconds by bucket are what it allows."""

    streams: Mapping[str, Stream]
    base_url: str
    limits: Mapping[str, tuple[int, float]]


def api_of(source: ApiSource, settings: Settings) -> Api:
    """How a source's API is read. Intercom tells in its headers what it allows."""
    if isinstance(source, IntercomSource):
        return Api(intercom(), source.base_url, {})
    if isinstance(source, RestSource):
        return _declared(source)
    limits = {GENERAL: (source.requests_per_10s, 10.0), SEARCHES: (source.searches_per_s, 1.0)}
    return Api(hubspot(source, settings), source.base_url, limits)


def _declared(source: RestSource) -> Api:
    said = connector(source.connector)
    limits = {str(bucket): (limit.requests, limit.seconds) for bucket, limit in said.limits.items()}
    wanted = {GENERAL: (source.requests_per_10s, 10.0)} if source.requests_per_10s else {}
    return Api(declared(said, source.options), base_url_of(source), limits | wanted)


def landed(place: Landing, settings: Settings, secrets: str, ledger: Ledger) -> Landed:
    """Land one extract; `secrets` is the JSON object of secret ids by source."""
    source = settings.sources[place.extract.source]
    match source:
        case EventsSource():
            return land_logs(place, source)
        case TableSource():
            return land_snapshot(place, source)
        case HubSpotSource() | IntercomSource() | RestSource():
            by_data = settings.run.as_of == "data"
            return _pulled(place, api_of(source, settings), json.loads(secrets), ledger, by_data=by_data)


def _pulled(place: Landing, api: Api, secrets: Mapping[str, str], ledger: Ledger, *, by_data: bool) -> Landed:
    name, stream = place.extract.source, api.streams[place.extract.stream]
    secret_id = secrets.get(name)
    if not secret_id:
        raise ConfigurationInvalid(f"source {name} has no secret: deploy again, so that one is made for its token")
    budget = Budget(ledger, name, api.limits, time.time, time.sleep)
    with connect(api.base_url, stream.headers, token_in(secret(secret_id), secret_id)) as http:
        client = ApiClient(name, http, secret_id, budget=budget)
        return land_stream(place, stream, client, ledger, time.time, by_data=by_data)


def token_in(value: str, secret_id: str) -> str:
    """The token of a secret that reads `{"token": "…"}`.

    Raises:
        ConfigurationInvalid: naming the secret and what it must read.
    """
    try:
        token = json.loads(value)["token"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationInvalid(f'secret {secret_id} must read {{"token": "…"}}') from error
    if not isinstance(token, str) or not token.strip():
        raise ConfigurationInvalid(f"secret {secret_id} holds an empty token: put the source's API token there")
    return token.strip()

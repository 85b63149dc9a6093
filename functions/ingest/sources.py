"""Which reader lands which kind of source."""

import json
import time
from collections.abc import Mapping

from holdfast.contracts import Landed
from holdfast.errors import ConfigurationInvalid
from holdfast.ledger import Ledger
from holdfast.resources import secret
from holdfast.settings import EventsSource, HubSpotSource, IntercomSource, Settings, TableSource
from ingest.http import ApiClient, connect
from ingest.hubspot import hubspot
from ingest.intercom import intercom
from ingest.landing import Landing
from ingest.logs import land_logs
from ingest.pull import land_stream
from ingest.snapshot import land_snapshot
from ingest.streams import Stream


def landed(place: Landing, settings: Settings, secrets: str, ledger: Ledger) -> Landed:
    """Land one extract; `secrets` is the JSON object of secret ids by source."""
    source = settings.sources[place.extract.source]
    match source:
        case EventsSource():
            return land_logs(place, source)
        case TableSource():
            return land_snapshot(place, source)
        case HubSpotSource():
            return _pulled(place, hubspot(source, settings), source.base_url, json.loads(secrets), ledger)
        case IntercomSource():
            return _pulled(place, intercom(), source.base_url, json.loads(secrets), ledger)


def _pulled(
    place: Landing, streams: Mapping[str, Stream], base_url: str, secrets: Mapping[str, str], ledger: Ledger
) -> Landed:
    name, stream = place.extract.source, streams[place.extract.stream]
    secret_id = secrets.get(name)
    if not secret_id:
        raise ConfigurationInvalid(f"source {name} has no secret: deploy again, so that one is made for its token")
    with connect(base_url, stream.headers, token_in(secret(secret_id), secret_id)) as http:
        return land_stream(place, stream, ApiClient(name, http, secret_id), ledger, time.time)


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

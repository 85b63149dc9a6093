"""`holdfast sources`: whether the APIs can be read, how far each stream is, and pulling one again."""

import json
import time
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import stamina

from holdfast.connector import connector
from holdfast.ledger import CURSOR, DynamoLedger
from holdfast.settings import RestSource, Settings
from holdfast.vendors import HUBSPOT_VERSION, INTERCOM_VERSION, OBJECTS, ApiSource, base_url_of
from infra.cli.deployment import Deployment, explained
from infra.trouble import Trouble

PROBES: Mapping[str, Mapping[str, str]] = {
    "hubspot": {kind: f"/crm/objects/{HUBSPOT_VERSION}/{kind}?limit=1" for kind in OBJECTS}
    | {
        "email_events": "/email/public/v1/events?limit=1",
        "owners": f"/crm/owners/{HUBSPOT_VERSION}?limit=1",
        "properties": f"/crm/properties/{HUBSPOT_VERSION}/contacts",
    },
    "intercom": {
        "contacts": "/contacts?per_page=1",
        "conversations": "/conversations?per_page=1",
        "tags": "/tags",
        "admins": "/admins",
        "segments": "/segments",
        "data_attributes": "/data_attributes",
    },
}
"""One small request per stream that shows whether the token may read it."""
WHOLE = frozenset({"owners", "properties", "tags", "admins", "segments", "data_attributes"})
"""Streams that are pulled whole each time."""
_MEANINGS = {
    401: "the token is not accepted: holdfast secret set {source}",
    403: "the token may not read this: give it the scope, or do without the stream",
}


@dataclass(frozen=True)
class Finding:
    """What a probe found; `well` when the stream can be pulled."""

    source: str
    stream: str
    well: bool
    says: str


def check(deployment: Deployment, settings: Settings) -> Iterator[Finding]:
    """Ask each API for one record of each stream, and say what a run would pull."""
    cursors = _ledger(deployment).cursors()
    for name, source in _apis(settings).items():
        probes, whole, own = _ways(source)
        headers = {"Authorization": f"Bearer {_token(deployment, name)}", **own}
        with httpx.Client(base_url=base_url_of(source), headers=headers, timeout=20, trust_env=False) as http:
            for stream, path in probes.items():
                problem = _problem(http, path, name)
                would = "everything, as always" if stream in whole else _would_pull(cursors.get((name, stream)))
                yield Finding(name, stream, not problem, problem or would)


def _ways(source: ApiSource) -> tuple[Mapping[str, str], Set[str], Mapping[str, str]]:
    """How a source is asked: probes by stream, streams that are pulled whole each time, and headers of its own."""
    if isinstance(source, RestSource):
        said = connector(source.connector)
        return said.probes(), {name for name, each in said.streams.items() if not each.incremental}, said.headers
    return PROBES[source.kind], WHOLE, {"Intercom-Version": INTERCOM_VERSION}


def status(deployment: Deployment, settings: Settings) -> list[dict[str, str]]:
    """Per stream that was ever pulled: its cursor, its last success, rows of that, and how long ago that was."""
    known = _apis(settings)
    return [
        {
            "stream": f"{source}/{stream}",
            "changes up to": _moment(note["cursor"]),
            "last success": _moment(note["at"]),
            "rows then": f"{note['rows']:,}",
            "lag": _ago(time.time() - note["at"] / 1000),
        }
        for (source, stream), note in _ledger(deployment).cursors().items()
        if source in known
    ]


def rewind(deployment: Deployment, settings: Settings, stream: str, since: str) -> str:
    """Let the next run pull a stream (`source/stream`) again: changes since a day (ISO), or `everything`. Nothing that landed goes.

    Raises:
        Trouble: there is no such stream, or the day cannot be read or is later than what was pulled.
    """
    source, _, name = stream.partition("/")
    ledger = _ledger(deployment)
    note = ledger.note(source, name, CURSOR) if source in _apis(settings) else None
    if note is None:
        raise Trouble(f"no stream {stream!r} was ever pulled: `holdfast sources status` lists them")
    if since == "everything":
        ledger.keep(source, name, CURSOR, note | {"full_at": 0})
        return f"{stream} will be pulled whole"
    moment = int(_day(since).timestamp() * 1000)
    if moment > note["cursor"]:
        raise Trouble(f"--backfill {since}: later than {_moment(note['cursor'])}, up to which {stream} was pulled")
    ledger.keep(source, name, CURSOR, note | {"cursor": moment})
    return f"{stream} will be pulled again from {_moment(moment)} on"


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise Trouble(f"--backfill {text}: not a day such as 2026-01-31, and not `everything`") from error


def _problem(http: httpx.Client, path: str, source: str) -> str:
    try:
        answer = _answer(http, path)
    except httpx.TransportError as error:
        return f"{http.base_url} cannot be reached ({type(error).__name__})"
    meaning = _MEANINGS.get(answer.status_code, f"it answers HTTP {answer.status_code} to {path}")
    return "" if answer.is_success else meaning.format(source=source)


def _answer(http: httpx.Client, path: str) -> httpx.Response:
    """The answer, asked for again a few times while the source only wants us to slow down."""
    for attempt in stamina.retry_context(on=_Throttled, attempts=5, wait_initial=1, wait_max=10):
        with attempt:
            answer = http.get(path)
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS and attempt.num < 5:
                raise _Throttled
    return answer


class _Throttled(Exception):
    """When a source answered 429 and may be asked again."""


def _would_pull(note: dict[str, Any] | None) -> str:
    return "everything" if note is None else f"changes since {_moment(note['cursor'])}"


def _apis(settings: Settings) -> dict[str, ApiSource]:
    return {name: s for name, s in settings.sources.items() if isinstance(s, ApiSource)}


def _token(deployment: Deployment, source: str) -> str:
    secret = f"{deployment.name}/{source}"
    with explained(deployment.endpoint):
        value = deployment.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    try:
        return str(json.loads(value)["token"])
    except (ValueError, KeyError, TypeError) as error:
        raise Trouble(f"secret {secret} holds no token: holdfast secret set {source}") from error


def _ledger(deployment: Deployment) -> DynamoLedger:
    return DynamoLedger(deployment.state_table, deployment.client("dynamodb"))


def _moment(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"


def _ago(seconds: float) -> str:
    return f"{seconds / 86_400:.1f} days" if seconds > 172_800 else f"{seconds / 3600:.1f} h"

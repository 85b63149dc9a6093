"""Runs of one stream against a source in memory, each entered into the lake as Transform does: the cursor is booked last."""

import io
from collections.abc import Callable, Mapping

import httpx
import pyarrow.parquet as pq

from holdfast.contracts import DONE, manifest_key
from holdfast.ledger import CURSOR, MemoryLedger
from holdfast.settings import HubSpotSource, parse_settings
from holdfast.store import MemoryStore, read_json
from ingest.http import ApiClient
from ingest.hubspot import hubspot
from ingest.landing import Landing
from ingest.pull import Limits, land_stream
from ingest.streams import Stream
from tests.doubles.crm import Thing, client, place

SETTINGS = parse_settings('[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"')
HOUR = 3_600_000
DAY = 24 * HOUR


def streams(**configured: object) -> dict[str, Stream]:
    """HubSpot's streams as configured."""
    return hubspot(HubSpotSource(kind="hubspot", **configured), SETTINGS)


def things(*made: Thing) -> dict[int, Thing]:
    return {thing.id: thing for thing in made}


def rows(store: MemoryStore, under: str = "landing/") -> list[dict]:
    parts = [pq.read_table(io.BytesIO(body)) for key, body in sorted(store.objects.items()) if key.startswith(under)]
    return [row for part in parts for row in part.to_pylist()]


class Nights:
    """What was landed by the last run is in `place`, and how often the chain had to come again in `waits`."""

    def __init__(
        self,
        server: Callable[[httpx.Request], httpx.Response],
        pulled: Mapping[str, Stream],
        limits: Limits | None = None,
    ) -> None:
        self.server, self.streams, self.ledger = server, pulled, MemoryLedger()
        self.limits = limits or Limits()
        self.place: Landing
        self.waits: list[str] = []

    def night(self, stream: str, run: str, now: int) -> list[dict]:
        self.place, self.waits = place(stream, run), []
        while (next_ := self._invoked(stream, now)) != DONE:
            self.waits.append(next_)
        manifest = self.manifest(stream, run)
        self.ledger.keep("src", stream, CURSOR, manifest["cursor"])
        return rows(self.place.landing)

    def manifest(self, stream: str, run: str) -> dict:
        return read_json(self.place.landing, manifest_key(run, f"src_{stream}"))

    def _invoked(self, stream: str, now: int) -> str:
        return land_stream(
            self.place, self.streams[stream], self.client(), self.ledger, lambda: now / 1000, limits=self.limits
        ).next

    def client(self) -> ApiClient:
        return client(self.server)

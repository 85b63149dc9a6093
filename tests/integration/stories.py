"""Stories of a source that moves on while a stream is pulled again and again, over real HTTP and in a time that nobody waits for."""

import io
import json
import random
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from holdfast.contracts import DONE, WAIT, Extract, Landed, manifest_key
from holdfast.errors import Transient
from holdfast.ledger import CURSOR, MemoryLedger
from holdfast.settings import Settings, parse_settings
from holdfast.source_secrets import MemorySecret
from holdfast.store import MemoryStore, read_json
from holdfast.vendors import streams_of, timezone_of, token_path_of
from ingest.budget import Budget
from ingest.http import ApiClient
from ingest.landing import Landing
from ingest.pull import Limits, land_stream
from ingest.sources import api_of
from ingest.tokens import Token
from tests.doubles.mortal import Fate, Killed, MortalLedger, MortalStore, MortalTransport
from validate.state import Pull, merged

SOURCES = {
    "hubspot": """kind = "hubspot"
requests_per_10s = 100_000
searches_per_s = 100_000
properties = { contacts = ["jobtitle"], companies = ["annualrevenue"] }""",
    "intercom": 'kind = "intercom"\nrequests_per_10s = 100_000',
    "subscriptions": 'kind = "rest"\nconnector = "subscriptions"\nrequests_per_10s = 1_000_000',
}
"""By kind, as a user configures them; the budgets are wide, since nothing here takes time."""
UNLIKE = ("owners", "email_events", "data_events")
"""Streams whose records the stand-ins number or divide in another way."""
INVOCATIONS = 400
"""Of one stream in one run: more are a loop without end."""
RETRY = 4.0
"""Seconds after which the chain invokes a function again that died."""
SMALL = Limits(pages=2, invocation=40.0)
Rows = list[dict[str, Any]]


class Current(MemorySecret):
    """Holds whatever it is given now."""

    def __init__(self, given: Callable[[], str], source: str) -> None:
        super().__init__("", source, "secret")
        self._given = given

    def read(self) -> str:
        return self._given()


class Server:
    """A stand-in whose time stands still until somebody sleeps."""

    def __init__(self, url: str, kind: str) -> None:
        self.url, self.kind, self.now = url, kind, 0.0
        self._control = httpx.Client(base_url=f"{url}/_standin/", timeout=30)
        self.transport = MortalTransport(retries=0)

    def begin(self, faults: dict[str, Any]) -> None:
        """The world as it was made, with these faults."""
        self._ask("POST", "reset")
        self._ask("POST", "faults", faults)
        self._tell(held=True)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._tell(seconds=seconds)

    def until(self, moment: float) -> None:
        """Let time pass up to a moment, which must not be over."""
        assert moment >= self.now, f"the pull took {self.now - moment:.0f} s longer than the story gives it"
        self._tell(seconds=moment - self.now)

    def move(self, hours: float, seed: int) -> None:
        self._ask("POST", "advance", {"days": hours / 24, "updates": 5, "seed": seed})
        self._tell(held=True)

    def secret(self) -> str:
        """A secret that holds whatever token is good now."""
        return json.dumps(self._ask("GET", "token"))

    def truth(self, stream: str) -> dict[str, Any] | None:
        """A stream as it stands now; None for what is not one record of the stand-in each."""
        answer = self._control.get("truth", params={"stream": stream})
        return answer.json() if answer.is_success and stream not in UNLIKE else None

    def met(self) -> dict[str, int]:
        """How often each kind of fault happened, and each kind of search that shows less than there is."""
        said = self._ask("GET", "faults")
        return {each: count for each, count in (said["drawn"] | said["met"]).items() if count}

    def _tell(self, **told: Any) -> None:
        self.now = self._ask("POST", "clock", told)["now"]

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return self._control.request(method, path, json=body).raise_for_status().json()


class Chain:
    """A source's streams as the state machine pulls them: run after run, each of them entered into the lake."""

    def __init__(self, server: Server, fate: Fate, limits: Limits = SMALL, secret: str = "") -> None:
        self.server, self.fate, self.limits = server, fate, limits
        self.secret = (lambda: secret) if secret else server.secret
        self.settings = settings_of(server.kind, server.url)
        self.source = self.settings.sources[server.kind]
        self.api = api_of(self.source, self.settings)
        self.ledger = MortalLedger(fate=fate)
        self.landing, self.quarantine = MortalStore("landing", fate=fate), MortalStore("quarantine", fate=fate)
        self.tables: dict[str, pa.Table | None] = {}

    def night(self, run: str, wanted: Iterable[str]) -> None:
        """Pull some streams, and let each into the lake."""
        for stream in wanted:
            self.pull(run, stream)
            self.enter(run, stream)

    def pull(self, run: str, stream: str) -> Landed:
        """Invoke the function until it is done, as often and as late as it wants."""
        for _ in range(INVOCATIONS):
            try:
                answer = self.invoke(run, stream)
            except (Killed, Transient):
                self.fate.rise()
                self.server.sleep(RETRY)
                continue
            if answer.next == DONE:
                return answer
            if answer.next == WAIT:
                self.server.sleep(datetime.fromisoformat(answer.wait_until).timestamp() - self.server.now)
        raise AssertionError(f"{stream} is not done after {INVOCATIONS} invocations")

    def invoke(self, run: str, stream: str) -> Landed:
        """One invocation: whatever it holds in memory goes with it."""
        server, name = self.server, self.server.kind
        extract, nothing = Extract(run, name, stream), MemoryStore()
        place = Landing(extract, self.landing, self.quarantine, nothing, lambda _: nothing)
        server.transport.fate = self.fate
        headers = self.api.streams[stream].headers
        http = httpx.Client(base_url=server.url, headers=headers, transport=server.transport, timeout=30)
        client = ApiClient(
            name,
            http,
            "secret",
            server.clock,
            server.sleep,
            Budget(self.ledger, name, self.api.limits, server.clock, server.sleep),
            Token(Current(self.secret, name)),
            token_path_of(self.source),
            timezone_of(self.source, self.settings),
        )
        return land_stream(place, self.api.streams[stream], client, self.ledger, server.clock, limits=self.limits)

    def enter(self, run: str, stream: str) -> None:
        """What Transform does with a stream: merge what landed, then book the cursor."""
        manifest = read_json(self.landing, manifest_key(run, f"{self.server.kind}_{stream}"))
        if manifest["cursor"]:
            landed, gone = self.table("landing", run, stream), self.table("removed", run, stream)
            pull = Pull(manifest["complete"], manifest["cursor"])
            self.tables[stream] = merged(self.tables.get(stream), landed, gone, pull)
            MemoryLedger.keep(self.ledger, self.server.kind, stream, CURSOR, manifest["cursor"] | {"run": run})

    def landed(self, zone: str, run: str, stream: str) -> Rows:
        """Rows of one zone, as dicts."""
        return _rows(self.table(zone, run, stream))

    def held(self, stream: str) -> Rows:
        """What is there and what is gone. When a whole pull found that something is gone depends on when it began: that is left out."""
        rows = _rows(self.tables.get(stream))
        return [row | ({"_updated_at": None} if row["_removed"] else {}) for row in rows]

    def present(self, stream: str) -> Rows:
        """What is there."""
        return [row for row in self.held(stream) if not row["_removed"]]

    def table(self, zone: str, run: str, stream: str) -> pa.Table | None:
        """What lies in a zone: landing, removed or quarantine; None for nothing."""
        store, top = (self.quarantine, "") if zone == "quarantine" else (self.landing, f"{zone}/")
        prefix = f"{top}run={run}/{self.server.kind}_{stream}/"
        parts = [pq.read_table(io.BytesIO(store.read(item.key))) for item in store.list(prefix)]
        return pa.concat_tables(parts, promote_options="default") if parts else None


def _rows(table: pa.Table | None) -> Rows:
    rows: Rows = table.to_pylist() if table is not None else []
    return rows


def settings_of(kind: str, url: str) -> Settings:
    """A configuration with one source."""
    return parse_settings(f'[sources.{kind}]\n{SOURCES[kind]}\nbase_url = "{url}"\n[churn]\nkind = "usage"')


def streams(kind: str) -> tuple[str, ...]:
    """All streams of a source."""
    return streams_of(settings_of(kind, "http://127.0.0.1").sources[kind])


def luck(seed: int) -> None:
    """Jitter is drawn from Python's own dice: the same seed waits as long."""
    random.seed(seed)

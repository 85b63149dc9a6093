"""What a source answers: status, a header that says when to come again, and pages of anything, for every stream of every kind of API.

A case is a line of numbers that choose stream, status and header, and one line for each answer; the last is given again and again.
"""

import json
from functools import lru_cache

import httpx

from holdfast.contracts import Extract
from holdfast.errors import HoldfastError
from holdfast.ledger import MemoryLedger
from holdfast.settings import HubSpotSource, IntercomSource, RestSource, parse_settings
from holdfast.store import MemoryStore
from ingest.http import ApiClient
from ingest.landing import Landing
from ingest.pull import Limits, land_stream
from ingest.sources import api_of
from ingest.streams import Stream

ALLOWED = (HoldfastError,)
STATUSES = (200, 200, 207, 200, 429, 500, 401, 403, 302, 404, 200)
WAITS = (None, "1", "-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "1e999", "9" * 400, "nan")
PAGES = [
    {"results": [{"id": "1", "properties": {"email": "a@b.c", "createdate": "2026-01-01T00:00:00Z"}, "updatedAt": "2026-01-01T00:00:00Z"}],
     "total": 1, "paging": {"next": {"after": "n2"}}},
    {"results": [{"from": {"id": "1"}, "to": [{"toObjectId": 71}]}]},
    {"data": [{"id": "1", "updated_at": 1767225600, "custom_attributes": {"x": 1}}], "pages": {"next": {"starting_after": "p"}, "total_pages": 2}},
    {"conversations": [{"id": "1", "updated_at": 1767225600, "source": {"body": "<p>hi"}}], "total_count": 1},
    {"object": "list", "data": [{"id": "cus_1", "created": 1767225600}], "has_more": True},
    {"status": "error", "category": "RATE_LIMITS", "message": "You have reached your secondly limit.", "correlationId": "x"},
]  # fmt: skip


@lru_cache
def streams() -> list[tuple[str, Stream]]:
    settings = parse_settings('[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"')
    sources = [HubSpotSource(kind="hubspot", properties={"contacts": ["mrr"]}), IntercomSource(kind="intercom", attributes=["x:number"]),
               RestSource(kind="rest", connector="subscriptions")]  # fmt: skip
    return [each for source in sources for each in api_of(source, settings).streams.items()]


def seeds() -> list[bytes]:
    bodies = [json.dumps(page).encode() for page in PAGES]
    return [
        b"\n".join([f"{number} 0 0".encode(), body, b"{}"]) for number in range(len(streams())) for body in bodies[:5]
    ] + [b"\n".join([b"0 %d %d" % (status, status % len(WAITS)), bodies[-1]]) for status in range(len(STATUSES))]


def once(data: bytes) -> None:
    head, *bodies = data.split(b"\n")
    which, status, wait = [
        int(word) if word.isdigit() and len(word) < 9 else 0 for word in [*head.split(), b"0", b"0", b"0"]
    ][:3]
    name, stream = streams()[which % len(streams())]
    header = WAITS[wait % len(WAITS)]

    def answer(request: httpx.Request) -> httpx.Response:
        body = bodies.pop(0) if len(bodies) > 1 else bodies[0] if bodies else b""
        first = STATUSES[status % len(STATUSES)]
        return httpx.Response(first, content=body, headers={"Retry-After": header} if header else {})

    stores = [MemoryStore(bucket) for bucket in ("landing", "quarantine", "artifacts")]
    place = Landing(Extract("r", "src", name, ""), *stores, lambda bucket: stores[0])
    with httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(answer)) as http:
        client = ApiClient("src", http, "s", clock=lambda: 1_800_000_000.0, sleep=lambda seconds: None)
        land_stream(place, stream, client, MemoryLedger(), _clock(), limits=Limits(pages=2, invocation=8.0))


def _clock():
    """Each look at it is a second later, so that whoever pages for ever is stopped as in a function."""
    ticks = iter(range(1_800_000_000, 1_900_000_000))
    return lambda: float(next(ticks))

"""Requests to the scoring API: whatever the path, the query and the body, a caller is answered, and never with what went wrong within.

A case is a line each of method, path and `limit`, and a body.
"""

import json
from datetime import datetime
from functools import lru_cache

from holdfast.bundle import save
from holdfast.keyring import keyring
from holdfast.registry import MemoryRegistry
from holdfast.scoring import Scorer
from holdfast.store import MemoryStore, write_json
from score import api
from score.batch import ranking, score_table, vectors
from score.examples import EXAMPLES
from score.held import MemoryVectors
from score.people import People
from score.serving import Serving
from tests.doubles.models import AS_OF, FEATURES, bundle, population, small_settings

ALLOWED = ()


class Context:
    """What Lambda says of an invocation."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"


@lru_cache
def install() -> None:
    """The function over what is held in memory."""
    store, registry, scorer, ring = (
        MemoryStore(),
        MemoryRegistry(),
        Scorer.from_bundle(bundle()),
        keyring("a1B2" * 16, "s"),
    )
    registry.promote(save(store, bundle()), "run-1", "2026-06-01T03:00:00+00:00", None)
    table = population()
    scores = score_table(table, scorer, datetime.fromisoformat(AS_OF), 5)
    write_json(store, "rankings/latest.json", {"run": "run-1", **ranking(scores, "USD", 1000, 3)})
    items = {item["customer_id"]: item for item in vectors(table, scorer, AS_OF)}
    serving, people, settings = (
        Serving(registry, store, lambda: 0.0),
        People(lambda: ring, MemoryVectors(items), lambda: 0.0),
        small_settings(),
    )
    api.serving, api.people, api.settings = (lambda: serving), (lambda: people), (lambda: settings)


def seeds() -> list[bytes]:
    known = population()["customer_id"][0].as_py()
    paths = [f"GET\n/v1/customers/{known}/score\n\n", "GET\n/v1/customers\n3\n", "GET\n/v1/models\n\n", "GET\n/v1/health\n\n",
             f"GET\n/v1/models/{bundle().version}/customers/{known}/score\n\n"]  # fmt: skip
    rows = {"rows": [{"id": "r", "features": dict.fromkeys(FEATURES.names, 1.5)}], "reasons": 2}
    wanted = [
        *(each["value"] for each in EXAMPLES["wanted"].values()),
        rows,
        {"customers": [known], "model": bundle().version},
    ]
    return [each.encode() for each in (*paths, *(f"POST\n/v1/scores\n\n{json.dumps(body)}" for body in wanted))]


def once(data: bytes) -> None:
    install()
    method, path, limit, body = [*data.decode("utf-8", "replace").split("\n", 3), "", "", ""][:4]
    event = {
        "path": path, "httpMethod": method, "requestContext": {"requestId": "r-1", "stage": "live"}, "headers": {},
        "queryStringParameters": {"limit": limit} if limit else None, "body": body or None,
    }  # fmt: skip
    answer = api.handler(event, Context())
    assert answer["statusCode"] < 500, answer
    assert "Traceback" not in (answer["body"] or "")

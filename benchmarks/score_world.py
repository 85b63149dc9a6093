"""What `benchmarks.score` scores with: three bundles trained on the same rows, and the deployed handler over what it reads, in memory."""

import io
import json
import os
import time
from contextlib import redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.bundle import CHURN, FILES, TABLES, Bundle, load, save
from holdfast.keyring import Keyring, keyring
from holdfast.registry import MemoryRegistry
from holdfast.scoring import Scorer
from holdfast.store import MemoryStore, write_json
from infra.catalogue import EVERYWHERE

FOLDER = Path(".build/bench-score")
CHAMPION = "champion"
MODELS = ("depth 4", "depth 6", CHAMPION)
"""Two of 300 trees and all features, and what the training job makes of the same rows with its defaults."""
FEATURES, TREES, ROWS = 200, 300, 20_000
CUSTOMERS = 2_000
_AS_OF = "2026-11-01T00:00:00+00:00"


def prepare() -> None:
    """Train the bundles that are not there yet."""
    if not (FOLDER / CHAMPION).exists():
        _write(CHAMPION, _trained())
    missing = [(depth, name) for depth, name in ((4, MODELS[0]), (6, MODELS[1])) if not (FOLDER / name).exists()]
    if missing:
        wide = _trained(f"[training]\nfeatures = {FEATURES}\n")
        for depth, name in missing:
            _write(name, Bundle(dict(wide.files) | _trees(depth, wide.feature_set.names)))


def _trained(options: str = "") -> Bundle:
    from benchmarks.train_engines import _feature_set
    from holdfast.settings import parse_settings
    from train.examples import examples_from
    from train.trainer import train_bundle

    settings = parse_settings(
        '[sources.usage]\nkind = "events"\nprefix = "usage/"\nfields = { customer = "user", time = "at" }\n'
        f'[churn]\nkind = "usage"\n{options}'
    )
    return train_bundle(examples_from(_table(), _names()), _feature_set(_names()), settings)


def rows(names: list[str]) -> Any:
    """The rows that the models were trained on, float32 [n, names], NaN where missing."""
    from holdfast.matrix import matrix

    return matrix(_table(), names)


def _table() -> Any:
    # Here alone: the deployed function has no pyarrow, and what is measured starts as it does.
    import pyarrow.parquet as pq

    from benchmarks.train_engines import make

    path = FOLDER / f"{ROWS}x{FEATURES}.parquet"
    if not path.exists():
        make(path, ROWS, FEATURES)
    return pq.read_table(path)


def _names() -> list[str]:
    return [f"feature_{j:04}" for j in range(FEATURES)]


def _trees(depth: int, names: list[str]) -> dict[str, bytes]:
    import xgboost as xgb

    from holdfast.trees import TreeTables

    labels = _table()["label"].to_numpy()
    parameters = {"objective": "binary:logistic", "max_depth": depth, "eta": 0.05, "tree_method": "hist", "seed": 7}
    model = bytes(xgb.train(parameters, xgb.DMatrix(rows(names), labels), TREES).save_raw("json"))
    return {CHURN: model, TABLES: TreeTables.from_xgboost(model).to_bytes()}


def _write(name: str, bundle: Bundle) -> None:
    (FOLDER / name).mkdir(parents=True, exist_ok=True)
    for file, body in bundle.files.items():
        (FOLDER / name / file).write_bytes(body)


def bundle_of(name: str) -> Bundle:
    """A bundle as it was trained."""
    return Bundle({file: (FOLDER / name / file).read_bytes() for file in FILES})


class Function:
    """The handler of the deployed function. What it would read from S3, DynamoDB and Secrets Manager lies in memory."""

    def __init__(self, name: str) -> None:
        began = time.perf_counter()
        os.environ |= {"HOLDFAST_CONFIG_PATH": "holdfast.toml", "POWERTOOLS_TRACE_DISABLED": "true"} | EVERYWHERE
        from score import api
        from score.held import MemoryVectors
        from score.people import People
        from score.serving import Serving

        store, registry = MemoryStore(), MemoryRegistry()
        version = save(store, bundle_of(name))
        registry.promote(version, "run", _AS_OF, None)
        write_json(store, "rankings/latest.json", {"customers": [], "total": CUSTOMERS, "as_of": _AS_OF})
        self.imported_s = time.perf_counter() - began
        began = time.perf_counter()
        scorer = Scorer.from_bundle(load(store, version))
        self.load_ms = (time.perf_counter() - began) * 1e3
        vectors = MemoryVectors(_held(scorer))
        serving, people = Serving(registry, store, time.monotonic), People(_keys, vectors, time.monotonic)
        api.serving, api.people = lambda: serving, lambda: people  # type: ignore[assignment]
        self.handler = api.handler

    def answer(self, event: bytes, context: Any) -> bytes:
        """JSON in, JSON out, as the Runtime API hands it to and takes it from the client."""
        with redirect_stdout(io.StringIO()):
            return json.dumps(self.handler(json.loads(event), context)).encode()


@lru_cache
def _keys() -> Keyring:
    return keyring("a1B2" * 16, "bench")


def _held(scorer: Scorer) -> dict[str, dict[str, Any]]:
    draw = np.random.default_rng(7)
    values = draw.gamma(0.7, 8, (CUSTOMERS, len(scorer.feature_set.names))).astype("<f4")
    values[draw.random(values.shape) < 0.05] = np.nan
    names = [_keys().current.one(f"u-{number}") for number in range(CUSTOMERS)]
    said = {"as_of": _AS_OF, "feature_set": scorer.feature_set.layout, "model": scorer.version}
    return {
        name: {"customer_id": name, "vector": row.tobytes(), **said} for name, row in zip(names, values, strict=True)
    }


def event(customer: str) -> bytes:
    """What API Gateway sends for one customer's score."""
    path = f"/v1/customers/{customer}/score"
    context = {"requestId": "bench", "stage": "live", "resourcePath": "/v1/customers/{id}/score", "identity": {}}
    return json.dumps({
        "resource": "/v1/customers/{id}/score", "path": path, "httpMethod": "GET", "headers": {"Accept": "*/*"},
        "multiValueHeaders": {"Accept": ["*/*"]}, "queryStringParameters": None,
        "multiValueQueryStringParameters": None, "pathParameters": {"id": customer}, "stageVariables": None,
        "requestContext": context, "body": None, "isBase64Encoded": False,
    }).encode()  # fmt: skip

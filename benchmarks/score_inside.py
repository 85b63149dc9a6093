"""What `benchmarks.score` measures of one model inside one process, on one core: `python -m benchmarks.score_inside NAME`."""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from statistics import median
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.score_world import CUSTOMERS, Function, bundle_of, event, rows
from holdfast.bundle import CHURN
from holdfast.scoring import Scorer

_CONTEXT = SimpleNamespace(
    function_name="Api", memory_limit_in_mb="1024", aws_request_id="bench",
    invoked_function_arn="arn:aws:lambda:eu-west-1:000000000000:function:Api",
)  # fmt: skip
_SINGLE, _THEIRS, _HANDLED, _THEIR_BATCH = 2_000, 200, 5_000, 1_000


def main(name: str) -> dict[str, Any]:
    """Figures of one model by what they are."""
    os.sched_setaffinity(0, {1})
    function = Function(name)
    handled = spent(lambda number: function.answer(event(f"u-{number % CUSTOMERS}"), _CONTEXT), _HANDLED)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scorer = Scorer.from_bundle(bundle_of(name))
    values = rows(scorer.feature_set.names)
    single = spent(lambda number: scorer.trees.explain(values[number : number + 1]), _SINGLE)
    began = time.perf_counter()
    scorer.trees.explain(values)
    ours = len(values) / (time.perf_counter() - began)
    return {
        "groups of splits": len(scorer.trees.first), "load of the bundle, ms": function.load_ms,
        "handler in process, p50 ms": median(handled) * 1e3,
        "handler in process, p99 ms": float(np.quantile(handled, 0.99)) * 1e3,
        "handler's process, peak MB": memory,
        "tables, one row, ms": median(single) * 1e3, "batch, rows/s": ours,
        **theirs(bundle_of(name).files[CHURN], scorer, values),
    }  # fmt: skip


def theirs(model: bytes, scorer: Scorer, values: Any) -> dict[str, float]:
    """The same contributions by XGBoost, and how far apart they are."""
    import xgboost as xgb

    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(model))
    booster.set_param({"nthread": 1})

    def contributions(some: Any) -> Any:
        return booster.predict(xgb.DMatrix(some, nthread=1), pred_contribs=True)

    single = spent(lambda number: contributions(values[number : number + 1]), _THEIRS)
    began = time.perf_counter()
    expected = contributions(values[:_THEIR_BATCH])
    batch = _THEIR_BATCH / (time.perf_counter() - began)
    apart = np.abs(scorer.trees.explain(values[:_THEIR_BATCH])[1] - expected[:, :-1]).max()
    return {
        "pred_contribs, one row, ms": median(single) * 1e3, "pred_contribs, batch, rows/s": batch,
        "largest difference, millionths": float(apart) * 1e6,
    }  # fmt: skip


def spent(call: Callable[[int], Any], times: int) -> list[float]:
    """Seconds of each call, after some that are not counted."""
    found = []
    for number in range(-times // 10, times):
        began = time.perf_counter()
        call(abs(number))
        found.append(time.perf_counter() - began)
    return found[-times:]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))

"""Logger and metrics, made once, tracing, and the wrapper that every handler of the chain wears."""

import os
from collections.abc import Callable, Mapping
from functools import wraps
from time import monotonic
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from holdfast.disk import told_if_full
from holdfast.meter import given, processors, since_start
from holdfast.usage import Used, noted, place

logger = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "holdfast"), log_uncaught_exceptions=False)
metrics = Metrics(namespace="Holdfast")

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

_COUNTED = {"rows": "RowsOut", "quarantined": "RowsQuarantined", "rejected": "RowsRejected"}


def traced(handler: Handler, *, capture_error: bool = True) -> Handler:
    """Let X-Ray see a handler's invocations, but nothing that it is given or answers.

    Where tracing is off X-Ray's library is not even imported: it makes a client of its own first, which takes as long as the SDK.
    """
    if os.environ.get("POWERTOOLS_TRACE_DISABLED") == "true":
        return handler
    return Tracer().capture_lambda_handler(handler, capture_response=False, capture_error=capture_error)


def step(handler: Handler) -> Handler:
    """Wrap a handler of the state machine: structured log with the run's name, trace, seconds, successes and row counts as metrics.

    The counts are read from the answer's own `rows`, `quarantined` and `rejected`. What the invocation used is noted under the run.
    """
    cold = [(since_start(), processors())]  # of the first invocation alone

    @wraps(handler)
    def measured(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logger.append_keys(run=event.get("run"))
        logger.info("started")
        started = monotonic()
        try:
            seconds, cpu = cold.pop() if cold else (0.0, 0.0)
            used = Used(str(logger.service), seconds, given(), cpu=cpu)
            with noted(place(), event.get("run"), used), told_if_full(used.state):
                answer = handler(event, context)
        finally:
            metrics.add_metric("Seconds", MetricUnit.Seconds, monotonic() - started)
        metrics.add_metric("Succeeded", MetricUnit.Count, 1)
        logger.info("finished", extra={"seconds": round(monotonic() - started, 2), **_counted(answer)})
        return answer

    return metrics.log_metrics(traced(logger.inject_lambda_context(measured)))


def _counted(answer: Mapping[str, Any]) -> dict[str, int]:
    counts = {name: answer[key] for key, name in _COUNTED.items() if isinstance(answer.get(key), int)}
    for name, value in counts.items():
        metrics.add_metric(name, MetricUnit.Count, value)
    return counts

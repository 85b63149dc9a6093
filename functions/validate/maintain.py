"""`Maintain`, on a schedule of its own: keeps the lake's files few and its history as long as it is wanted."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from holdfast.locks import UPKEEP
from holdfast.observe import logger, metrics, step
from holdfast.resources import lake, settings
from validate import parquet
from validate.upkeep import Done, kept_up

_SPARE_MS = 180_000
"""Time enough to finish one file and commit."""


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    with lake().alone(UPKEEP):  # who forgets somebody looks for files that no table needs yet as well
        done = kept_up(lake(), parquet, settings().lake, datetime.now(UTC), _in_time(context))
    _tell(done)
    return done.to_json()


def _in_time(context: Any) -> Callable[[], bool]:
    return lambda: bool(context.get_remaining_time_in_millis() > _SPARE_MS)


def _tell(done: Done) -> None:
    logger.info("kept up", extra=done.to_json())
    counts = {"FilesCompacted": done.compacted, "SnapshotsExpired": done.expired, "OrphansDeleted": done.orphans}
    for name, value in (counts | {"TablesLeft": len(done.left)}).items():
        metrics.add_metric(name, MetricUnit.Count, value)

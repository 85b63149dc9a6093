"""`Maintain`, on a schedule of its own: keeps the lake's files few and its history as long as it is wanted."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from holdfast.errors import TableBusy
from holdfast.locks import ENTRY, UPKEEP
from holdfast.observe import logger, metrics, step
from holdfast.resources import environment, keyring, lake, settings
from validate import parquet
from validate.online import online_rekeyed
from validate.rekeying import Rekeyed, pending, rekeyed
from validate.upkeep import Done, kept_up

_SPARE_MS = 180_000
"""Time enough to finish one file and commit."""
KEYS = "keys"
"""Job of an event that asks for the pseudonyms alone."""


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """All of the upkeep, or with `{"job": "keys"}` only what a rotation of the pseudonyms' keys leaves to do."""
    if event.get("job") == KEYS:
        return _under_the_current_key(_in_time(context)).to_json()
    with suppress(TableBusy):  # a run is at it, and does the same first
        _under_the_current_key(_in_time(context))
    with lake().alone(UPKEEP):  # who forgets somebody looks for files that no table needs yet as well
        done = kept_up(lake(), parquet, settings().lake, datetime.now(UTC), _in_time(context))
    _tell(done)
    return done.to_json()


def _under_the_current_key(in_time: Callable[[], bool]) -> Rekeyed:
    """Alone: who enters the lake looks for the current key when it is his turn."""
    if (only := keyring().current).before is None:
        return Rekeyed(only.key_id)
    with lake().alone(ENTRY):
        key = keyring().current
        if pending(lake(), key):
            online_rekeyed(environment().scores_table, key)
        return rekeyed(lake(), parquet, key, in_time)


def _in_time(context: Any) -> Callable[[], bool]:
    return lambda: bool(context.get_remaining_time_in_millis() > _SPARE_MS)


def _tell(done: Done) -> None:
    logger.info("kept up", extra=done.to_json())
    counts = {"FilesCompacted": done.compacted, "SnapshotsExpired": done.expired, "OrphansDeleted": done.orphans}
    for name, value in (counts | {"TablesLeft": len(done.left)}).items():
        metrics.add_metric(name, MetricUnit.Count, value)

"""The webhook API: what HubSpot and Intercom notify of becomes hints for the next run."""

import json
import time
from functools import lru_cache
from typing import Any

from holdfast.hints import DynamoHints
from holdfast.observe import logger, metrics, traced
from holdfast.resources import environment, secret, settings
from ingest.webhooks import Desk


@metrics.log_metrics
@traced
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of API Gateway."""
    secrets = json.loads(environment().webhook_secrets)
    return Desk(settings(), secrets, _read, DynamoHints(environment().state_table), time.time).answer(event)


def _read(secret_id: str) -> str:
    return _read_in(secret_id, int(time.time() // 60))


@lru_cache(maxsize=16)
def _read_in(secret_id: str, minute: int) -> str:
    """Read once a minute, so that a flood of unsigned calls costs nothing there and a new secret holds soon."""
    return secret(secret_id)

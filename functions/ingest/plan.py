"""State Plan: what this run pulls."""

from typing import Any

from holdfast.contracts import RunOnly
from holdfast.ledger import DynamoLedger
from holdfast.observe import step
from holdfast.resources import artifacts, environment, settings
from holdfast.store import S3Store
from ingest.planning import planned


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    run = RunOnly.parse(event).run
    ledger = DynamoLedger(environment().state_table)
    return planned(run, settings(), environment().uploads_bucket, S3Store, ledger, artifacts()).to_json()

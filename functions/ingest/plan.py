"""State Plan: what this run pulls."""

from typing import Any

from holdfast.contracts import Begun
from holdfast.ledger import DynamoLedger
from holdfast.observe import step
from holdfast.resources import artifacts, environment, settings
from holdfast.store import S3Store
from ingest.planning import planned


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    begun, ledger = Begun.parse(event), DynamoLedger(environment().state_table)
    uploads = environment().uploads_bucket
    return planned(begun.run, settings(), uploads, S3Store, ledger, artifacts(), only=begun.only).to_json()

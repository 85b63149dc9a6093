"""State Plan: what this run pulls."""

import time
from typing import Any

from holdfast.contracts import Begun
from holdfast.ledger import DynamoLedger
from holdfast.observe import step
from holdfast.resources import artifacts, environment, settings
from holdfast.runs import record, revision
from holdfast.store import S3Store
from ingest.arrivals import SqsArrivals
from ingest.listing import Told
from ingest.planning import planned


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    begun, ledger = Begun.parse(event), DynamoLedger(environment().state_table)
    arrivals = SqsArrivals(environment().arrivals_queue)
    told = Told() if begun.only else Told(*arrivals.told(), time.time())
    uploads = environment().uploads_bucket
    record(artifacts(), begun.run, revision=revision(environment().config_path))
    plan = planned(begun.run, settings(), uploads, S3Store, ledger, artifacts(), only=begun.only, told=told)
    arrivals.forget()
    return plan.to_json()

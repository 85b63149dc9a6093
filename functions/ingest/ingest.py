"""State Ingest: one stream of a source, or one batch of its files, lands as Parquet."""

from datetime import UTC, datetime
from typing import Any

from holdfast import memory
from holdfast.contracts import Extract
from holdfast.hints import DynamoHints
from holdfast.ledger import DynamoLedger
from holdfast.observe import step
from holdfast.resources import artifacts, environment, landing, quarantine, settings
from holdfast.store import S3Store
from ingest.landing import Landing
from ingest.patience import patient
from ingest.sources import landed


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    memory.keep()
    extract = Extract.parse(event)
    place = Landing(extract, landing(), quarantine(), artifacts(), S3Store)
    ledger, hints = DynamoLedger(environment().state_table), DynamoHints(environment().state_table)
    answer = landed(place, settings(), environment().source_secrets, ledger, hints)
    following, answer = patient(extract, answer, datetime.now(UTC))
    return following.to_json() | answer.to_json()

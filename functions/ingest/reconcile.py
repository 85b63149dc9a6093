"""State Reconcile: what came of the run's log files, line by line, and how the schemas of their sources go on."""

from typing import Any

from holdfast import tell
from holdfast.contracts import RunOnly
from holdfast.ledger import DynamoLedger
from holdfast.locks import Locks
from holdfast.observe import step
from holdfast.resources import artifacts, environment, landing, quarantine, settings
from holdfast.store import S3Store, read_json, write_json
from ingest.reconciling import Place, reconciled


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    run, ledger = RunOnly.parse(event).run, DynamoLedger(environment().state_table)
    done = f"work/{run}/reconciled.json"
    try:
        return dict(read_json(artifacts(), done))
    except KeyError:
        pass
    place = Place(artifacts(), landing(), quarantine(), ledger, S3Store)
    with Locks(ledger, "Reconcile").hold("schemas"):
        answer, alerts = reconciled(run, settings(), place)
    tell.measure(RowGap=answer.gap, SchemaChanges=answer.changes, LogFilesFailed=answer.failed)
    for subject, body in alerts:
        tell.alert(environment().alerts_topic, f"{settings().name}: {subject}", body)
    write_json(artifacts(), done, answer.to_json())
    return answer.to_json()

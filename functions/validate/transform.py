"""State Transform: what passed enters the lake under pseudonyms, and only then are its files booked."""

from datetime import UTC, datetime
from typing import Any

from holdfast import memory, tell
from holdfast.contracts import RunOnly
from holdfast.ledger import DynamoLedger
from holdfast.locks import ENTRY
from holdfast.observe import step
from holdfast.resources import artifacts, environment, keyring, lake, landing, settings
from holdfast.runs import keep, record
from validate import parquet
from validate.entry import Place, entered
from validate.releases import settle
from validate.results import revisions


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    memory.keep()
    run = RunOnly.parse(event).run
    place = Place(
        environment().database, landing(), artifacts(), lake(), DynamoLedger(environment().state_table), parquet
    )
    now = datetime.now(UTC)
    with lake().alone(ENTRY):  # a key that came while it was another's turn is seen
        key = keyring().current
        answer = entered(run, settings(), place, key, now)
    tell.measure(RowGap=answer.gap, Contradictions=sum(answer.contradictions.values()))
    settle(run, artifacts())
    keep(lake(), run, now, answer.snapshots)
    record(artifacts(), run, as_of=answer.as_of, snapshots=answer.snapshots, activity_rows=answer.activity_rows,
           pseudonym_key=key.key_id, contradictions=answer.contradictions,
           suites=revisions(artifacts(), run))  # fmt: skip
    return answer.to_json()

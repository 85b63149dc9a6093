"""The tables of a deployed lake: what they hold, who writes to them, and their upkeep on demand."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from holdfast.ledger import DynamoLedger
from holdfast.locks import Locks
from infra.cli.deployment import Deployment, explained
from infra.trouble import Trouble

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from holdfast.lake import Lake


@dataclass(frozen=True)
class State:
    """One table as it stands."""

    name: str
    rows: int
    files: int
    megabytes: float
    snapshots: int
    committed: datetime | None
    """In UTC; None while it has no rows yet."""
    writer: str
    """Who holds its lock, or nothing."""


def status(deployment: Deployment) -> list[State]:
    """Every table of the lake, by name.

    Raises:
        Trouble: nothing has entered the lake yet.
    """
    with explained(deployment.endpoint):
        found = states(lake_of(deployment), holders(_ledger(deployment).holders(), time.time()))
    if not found:
        raise Trouble("the lake has no table yet: `holdfast run` starts a run")
    return found


def maintain(deployment: Deployment, job: str = "") -> dict[str, Any]:
    """Have the upkeep done now, or one job of it; what it did.

    Raises:
        Trouble: it failed.
    """
    return invoked(deployment, "Maintain", deployment.maintain_function, {"job": job})


def invoked(deployment: Deployment, state: str, function: str, event: dict[str, Any]) -> dict[str, Any]:
    """What a function of the deployment answers.

    Raises:
        Trouble: it failed.
    """
    # A call that takes minutes is not made a second time because its answer is late.
    patient = Config(read_timeout=910, retries={"total_max_attempts": 1})
    with explained(deployment.endpoint):
        answer = deployment.client("lambda", patient).invoke(FunctionName=function, Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Trouble(f"{state} failed: {said.get('errorMessage', said)}; `holdfast logs {state}` says more")
    return dict(said)


def lake_of(deployment: Deployment) -> "Lake":
    """The lake with the operator's own credentials."""
    from pyiceberg.catalog.glue import GlueCatalog  # heavy: only the commands that touch tables pay for it

    from holdfast.lake import Lake

    keys = deployment.credentials().get_frozen_credentials()
    properties = {
        "s3.region": deployment.region,
        "s3.access-key-id": keys.access_key,
        "s3.secret-access-key": keys.secret_key,
    }
    properties |= {"s3.session-token": keys.token} if keys.token else {}
    properties |= {"s3.endpoint": deployment.endpoint} if deployment.endpoint else {}
    catalog = GlueCatalog("glue", client=deployment.client("glue"), **properties)
    return Lake(catalog, deployment.database, f"s3://{deployment.lake_bucket}/{deployment.database}", Locks())


def holders(locks: Mapping[str, tuple[str, float]], now: float) -> dict[str, str]:
    """Who holds the lock of each table that is locked now; `locks` are owner and end, in Unix seconds, by name."""
    return {
        name.removeprefix("table#"): owner.split("#")[0]
        for name, (owner, until) in locks.items()
        if name.startswith("table#") and until >= now
    }


def states(lake: "Lake", held: Mapping[str, str]) -> list[State]:
    """All tables of a lake, by name; `held` says who writes to which."""
    return [_state(table, held) for name in lake.names() if (table := lake.table(name))]


def _ledger(deployment: Deployment) -> DynamoLedger:
    return DynamoLedger(deployment.state_table, deployment.client("dynamodb"))


def _state(table: "Table", held: Mapping[str, str]) -> State:
    name, snapshot = table.name()[-1], table.current_snapshot()
    said: Any = snapshot.summary if snapshot else None
    counts = (
        {key: int(said[key] or 0) for key in ("total-records", "total-data-files", "total-files-size")} if said else {}
    )
    return State(
        name,
        counts.get("total-records", 0),
        counts.get("total-data-files", 0),
        counts.get("total-files-size", 0) / 1e6,
        len(table.snapshots()),
        datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC) if snapshot else None,
        held.get(name, ""),
    )

"""What a run has cost up to its report, how long it took and what share of its rows was kept back: kept with the run, told to the alarms."""

from dataclasses import dataclass
from datetime import datetime

from holdfast import tell
from holdfast.aws import client, translated
from holdfast.contracts import ReportWanted
from holdfast.costs import by_state, cost_of, transitions_of
from holdfast.runs import record
from holdfast.store import Store
from holdfast.usage import used_by
from report.execution import entered_states
from report.quality import Json

_HOUR = 3600


@dataclass(frozen=True)
class Spent:
    """One run so far."""

    usd: float
    hours: float
    """From the start of its execution: as old the newest data is that the run could have seen."""
    quarantined: float
    """Percent of the rows that were judged."""


def spent(wanted: ReportWanted, store: Store, tables: list[Json], now: datetime) -> Spent:
    """Ask Step Functions for the states that were entered, price what was noted, and tell. `tables` are Validate's results.

    An execution of an older version of the chain does not say who it is: then states are not counted.
    """
    entered, hours = _execution(wanted.execution, now) if wanted.execution else ([], 0.0)
    found = summed(wanted.run, store, tables, entered, hours)
    tell.measure(RunCost=found.usd, FreshnessHours=found.hours, QuarantinedPercent=found.quarantined)
    return found


def summed(run: str, store: Store, tables: list[Json], entered: list[str], hours: float) -> Spent:
    """The same from what is known, kept in the run's record. The report's own seconds are not among it: they are not over."""
    used = used_by(store, run)
    transitions = transitions_of(entered, used)
    cost = cost_of(used, transitions)
    record(store, run, cost=cost.to_json(), states=by_state(used), transitions=transitions, hours=round(hours, 4))
    return Spent(cost.total, hours, _quarantined(tables))


def _execution(arn: str, now: datetime) -> tuple[list[str], float]:
    sfn = client("stepfunctions")
    with translated("looking at the execution"):
        started = sfn.describe_execution(executionArn=arn)["startDate"]
        pages = sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
        entered = list(entered_states(event for page in pages for event in page["events"]))
    return entered, (now - started).total_seconds() / _HOUR


def _quarantined(tables: list[Json]) -> float:
    rows = sum(each["rows"] for each in tables)
    return 100 * sum(each["quarantined"] for each in tables) / rows if rows else 0.0

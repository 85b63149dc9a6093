"""What the commands print."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.cli import api
from infra.cli.deployment import OUTPUTS, STATE, Deployment, relative


def results(console: Console, deployment: Deployment, truth: Path | None) -> None:
    """Everything that a finished demo ends with."""
    listed = api.get(deployment, "customers?limit=10")
    console.print("\n[bold]The ten customers most at risk[/] (through API Gateway)\n")
    ranking(console, listed)
    model(console, api.get(deployment, "models"), json.loads(truth.read_text()) if truth else None)
    _whereabouts(console, deployment, listed)


def ranking(console: Console, listed: dict[str, Any]) -> None:
    """A table of customers with probability, value, persona and reasons."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, justify in (("customer", "left"), ("leaves", "right"), ("worth", "right"), ("persona", "left"), ("because", "left")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for customer in listed["customers"]:
        reasons = "; ".join(_reason(reason) for reason in customer["reasons"][:3])
        table.add_row(customer["customer_id"], f"{customer['probability']:.0%}", f"{customer['value']:,.0f}", customer["persona"], reasons)
    console.print(table)


def model(console: Console, described: dict[str, Any], truth: dict[str, Any] | None) -> None:
    """How good the champion is, beside what anyone could reach."""
    console.print(f"\n[bold]The model[/] {described}")
    if truth:
        console.print(f"Achievable: {truth}")


def runs(console: Console, executions: list[dict[str, Any]]) -> None:
    """One line per run."""
    if not executions:
        console.print("no run yet: `holdfast run` starts one")
    for execution in executions:
        ended = execution.get("stopDate")
        seconds = f"{(ended - execution['startDate']).total_seconds():6.0f} s" if ended else "running"
        console.print(f"{execution['startDate']:%Y-%m-%d %H:%M}  {execution['name']:<32} {execution['status']:<10} {seconds}  {_cause(execution)}")


def _whereabouts(console: Console, deployment: Deployment, listed: dict[str, Any]) -> None:
    first = listed["customers"][0]["customer_id"] if listed["customers"] else "CUSTOMER"
    console.print("\n[bold]Ask for one customer yourself[/]", api.curl(deployment, api.score_path(first)), sep="\n", soft_wrap=True)
    console.print(
        f"\nreport     {relative(Path(deployment.report))}", f"logs       holdfast logs ScoreAll   (and every other state; the runtime's own: {relative(STATE / 'runtime.log')})",
        f"dashboard  CloudWatch, {deployment.dashboard}", "alerts     holdfast alerts", "runs       holdfast status",
        f"programs   {relative(OUTPUTS)}", "stop       make down", sep="\n", soft_wrap=True,
    )


def _reason(reason: dict[str, Any]) -> str:
    return f"{'+' if reason['direction'] == 'raises' else '−'} {reason['sentence']}: {reason['value']}"


def _cause(execution: dict[str, Any]) -> str:
    cause = execution.get("cause", "")
    try:
        return str(json.loads(cause).get("errorMessage", cause))
    except ValueError:
        return str(cause)

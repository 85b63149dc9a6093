"""`holdfast cost`: what a month will cost, before there is one or as the last night was."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from holdfast.settings import Settings, load_settings
from infra.cli.deployment import explained
from infra.cli.lake import lake_of
from infra.cli.options import CONFIG, Config, Target, deployment_of
from infra.cost_model import Volume, month, too_long
from infra.starts import DAYS
from infra.trouble import Trouble

if TYPE_CHECKING:
    from pyiceberg.table import Table

YEAR = 365
OUTSIDE = (
    "free tiers are not deducted, discounts and taxes not counted",
    "data transfer, reading from S3, requests to KMS and Secrets Manager, SNS, SQS, EventBridge, X-Ray",
    "images in ECR, Container Insights of the training cluster, queries of analysts in Athena, the logs in the uploads bucket",
)
_PARTS = {
    "states": "what runs",
    "storage": "storage",
    "calls": "calls of the scoring API",
    "standing": "what is there all month",
    "logs": "logs",
}
console = Console(highlight=False, soft_wrap=True)


def cost(
    customers: Annotated[int | None, typer.Option(min=1, help="Default: as many as the lake has.")] = None,
    events: Annotated[int | None, typer.Option(min=0, help="Log lines a night. Default: as of late.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Of events that the lake holds. Default: as it does, or a year.")
    ] = None,
    calls: Annotated[int, typer.Option(min=0, help="Of the scoring API, a month.")] = 100_000,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """What a month will cost on AWS, in USD.

    From what each state was measured to use, at list prices. What is not said is as the deployment's last nights were.
    """
    settings = load_settings(config)
    if customers is None or events is None:
        found = _found(target, config)
        customers, events, days = (
            customers or found.customers,
            found.events if events is None else events,
            days or found.days,
        )
    said = told(Volume(customers, events, days or YEAR, calls), settings)
    console.print_json(json.dumps(said)) if as_json else _show(said)


def told(volume: Volume, settings: Settings) -> dict[str, Any]:
    """What the command says, as JSON: USD by what is paid for, and in that by part."""
    parts = month(volume, settings)
    total = sum(sum(each.values()) for each in parts.values())
    rounded = {what: {name: round(usd, 4) for name, usd in each.items()} for what, each in parts.items()}
    outside = [*OUTSIDE]
    if volume.held >= settings.features.spark_from_rows:
        outside.insert(0, f"the Spark job that groups activity from {settings.features.spark_from_rows:,} rows on")
    outside += [
        f"{state} as it is: {seconds:,.0f} s are more than its function may run"
        for state, seconds in too_long(volume).items()
    ]
    return asdict(volume) | {"held": volume.held, "total": round(total, 2), "parts": rounded, "outside": outside}


def _found(target: str | None, config: Path) -> Volume:
    """As the lake of a deployment is.

    Raises:
        Trouble: there is none, or nothing has entered its lake yet.
    """
    try:
        deployment = deployment_of(target, config)
    except Trouble as error:
        raise Trouble(f"say --customers and --events a night, since there is no deployment to ask ({error})") from error
    with explained(deployment.endpoint):
        lake = lake_of(deployment)
        events = lake.table("events")
        if events is None:
            raise Trouble("say --customers and --events a night: no event has entered the lake yet")
        held, lately = lake.rows("events"), nightly(events)
        return Volume(lake.rows("customers"), lately, max(1, round(held / max(1, lately))))


def nightly(events: "Table") -> int:
    """Events a night, of the fuller one of the table's two newest months: the newest has hardly begun, or the one before was the first."""
    counts = events.inspect.partitions().select(["partition", "record_count"]).to_pylist()
    months = sorted((next(iter(each["partition"].values())), each["record_count"]) for each in counts)
    return int(max(count for _, count in months[-2:]) / DAYS + 0.5)


def _show(said: dict[str, Any]) -> None:
    console.print(
        f"A month of {said['customers']:,} customers, {said['events']:,} events a night and {said['calls']:,} calls, with "
        f"{said['held']:,} events in the lake, at list prices of us-east-1"
    )
    for what, parts in said["parts"].items():
        console.print(f"\n{_PARTS[what]:<42}{sum(parts.values()):>10,.2f} USD")
        for name, usd in parts.items():
            if len(parts) > 1:
                console.print(f"  {name:<40}{usd:>10,.2f}", style="dim")
    console.print(f"\n[bold]{'in all':<42}{said['total']:>10,.2f} USD[/]")
    console.print("\nnot in it:")
    for each in said["outside"]:
        console.print(f"  {each}")

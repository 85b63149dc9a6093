"""The commands of `holdfast quarantine`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from holdfast.checked import text_of
from holdfast.words import counted
from infra.cli import demo, quarantine, show
from infra.cli.deployment import Deployment
from infra.cli.follow import follow
from infra.cli.options import CONFIG, Config, Target, deployment_of
from infra.cli.stores import BucketOf

app = typer.Typer(no_args_is_help=True, help="Rows that failed: look, mend, let in.")
console = Console(highlight=False, soft_wrap=True)

FailedRun = Annotated[str, typer.Option("--run", help="Run that they failed in; default: every run.")]
FailedTable = Annotated[str, typer.Option("--table", help="Landing table, such as usage_events.")]
FailedRule = Annotated[str, typer.Option("--rule", help="Rule, or a part of its name.")]


@app.command("list")
def quarantine_list(
    run: FailedRun = "", table: FailedTable = "", rule: FailedRule = "", target: Target = None, config: Config = CONFIG
) -> None:
    """How many rows failed, by run, table and rule."""
    deployment = deployment_of(target, config)
    show.quarantined(
        console, quarantine.counted(_bucket(deployment, "quarantine"), quarantine.Wanted(run, table, rule))
    )


@app.command("show")
def quarantine_show(
    run: FailedRun = "",
    table: FailedTable = "",
    rule: FailedRule = "",
    limit: Annotated[int, typer.Option(min=1)] = 20,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show also the values that say who somebody is.")] = False,
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Failing rows, one JSON object a line."""
    deployment = deployment_of(target, config)
    for row in quarantine.held(_bucket(deployment, "quarantine"), quarantine.Wanted(run, table, rule), limit):
        typer.echo(json.dumps(quarantine.shown(row, reveal=reveal), ensure_ascii=False))


@app.command("release")
def quarantine_release(
    run: Annotated[str, typer.Option("--run", help="Run that they failed in.")],
    table: Annotated[str, typer.Option("--table", help="Landing table, such as usage_events.")],
    rule: FailedRule = "",
    changes: Annotated[
        list[str], typer.Option("--set", help="column=value, for every row; again for more columns.")
    ] = [],  # noqa: B006
    file: Annotated[Path | None, typer.Option("--file", help="Mended rows, as `show --reveal` prints them.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Start a run that judges them, and follow it.")] = False,
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Have rows judged once more, mended or as they are; what passes enters the lake, once."""
    deployment = deployment_of(target, config)
    held = quarantine.held(_bucket(deployment, "quarantine"), quarantine.Wanted(run, table, rule))
    mended = quarantine.parsed_file(text_of(file)) if file else {}
    stores = _bucket(deployment, "quarantine"), _bucket(deployment, "artifacts")
    name, rows = quarantine.release(*stores, held, quarantine.parsed_changes(changes), mended)
    if entered := quarantine.entered_by(stores[1], table, name):
        console.print(f"release {name}: {counted(rows, 'row')} of {table} entered the lake in run {entered} already")
        return
    console.print(f"release {name}: {counted(rows, 'row')} of {table} will be judged again by the next run of any kind")
    if now:
        follow(deployment, demo.start_night(deployment), console)


def _bucket(deployment: Deployment, name: str) -> BucketOf:
    return BucketOf(deployment, getattr(deployment, f"{name}_bucket"))

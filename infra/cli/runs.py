"""`holdfast runs`: what each run was made from and what it made, and making one again."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from holdfast.costs import by_state, cost_of
from holdfast.runs import recorded, run_key
from holdfast.usage import Used, used_by
from infra.cli import operate
from infra.cli.deployment import Deployment, explained
from infra.cli.follow import follow
from infra.cli.options import CONFIG, Config, Target, deployment_of
from infra.cli.stores import artifacts_of
from infra.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="What past runs were made from; make one again.")
console = Console(highlight=False, soft_wrap=True)

RunName = Annotated[str, typer.Argument(help="Name of the run, as `holdfast runs list` shows it.")]


@app.command("list")
def runs_list(limit: Annotated[int, typer.Option(min=1)] = 20, target: Target = None, config: Config = CONFIG) -> None:
    """The last runs with the code, features and model of each, the newest first."""
    found = known(deployment_of(target, config))[:limit]
    for each in found:
        console.print(line(each), markup=False)
    if not found:
        console.print("no run is known: `holdfast run` starts one")


@app.command("show")
def runs_show(run: RunName, target: Target = None, config: Config = CONFIG) -> None:
    """Everything that a run was made from, what it made and what it cost, as JSON."""
    deployment = deployment_of(target, config)
    console.print_json(json.dumps(priced(one(deployment, run), used_by(artifacts_of(deployment), run))))


@app.command("logs")
def runs_logs(
    run: RunName,
    state: Annotated[str, typer.Option(help="Of one function only: Ingest, Validate, …")] = "",
    lines: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 200,
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """What all functions logged about a run, in order."""
    found = operate.logs_of_run(deployment_of(target, config), run, state, lines)
    for each in found:
        typer.echo(each)
    if not found:
        console.print(
            f"nothing was logged about {run}: `holdfast status` lists the runs, and logs are kept for a month"
        )


@app.command("retry")
def runs_retry(
    run: Annotated[str, typer.Argument(help="Name of the failed run; default: the latest.")] = "",
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Go on with a failed run where it failed, and follow it; the same as `holdfast redrive`."""
    deployment = deployment_of(target, config)
    follow(deployment, operate.redrive(deployment, run), console)


@app.command("again")
def runs_again(run: RunName, target: Target = None, config: Config = CONFIG) -> None:
    """Make a run again from the tables as it found them, and say whether the same comes out.

    Nothing that is there changes: no table, no champion, no score.
    """
    deployment = deployment_of(target, config)
    past = one(deployment, run)
    finished = follow(deployment, start_again(deployment, past), console)
    console.print(compared(past, finished), markup=False)


def known(deployment: Deployment) -> list[dict[str, Any]]:
    """All runs that are written down, the newest first."""
    artifacts = artifacts_of(deployment)
    found = [(item.key, json.loads(artifacts.read(item.key))) for item in artifacts.list("runs/")]
    return [each for _, each in sorted(found, key=lambda pair: (pair[1].get("as_of", ""), pair[0]), reverse=True)]


def one(deployment: Deployment, run: str) -> dict[str, Any]:
    """One run.

    Raises:
        Trouble: nothing is written down about it.
    """
    try:
        return recorded(artifacts_of(deployment), run)
    except (Trouble, KeyError) as error:
        raise Trouble(f"nothing is known of run {run} ({run_key(run)}): `holdfast runs list` lists them") from error


def priced(record: dict[str, Any], used: Sequence[Used]) -> dict[str, Any]:
    """With the cost of a run that never came to its report, but for the transitions between its states."""
    if "cost" in record or not used:
        return record
    return record | {"cost": cost_of(used, 0).to_json(), "states": by_state(used)}


def line(each: dict[str, Any]) -> str:
    """One run in one line."""
    revision = each.get("revision", {})
    code = (revision.get("git") or "no git")[:12] + ("+changes" if revision.get("dirty") else "")
    made = f"made again from {each['again']}" if "again" in each else f"code {code}"
    parts = (
        f"as of {each.get('as_of', 'unknown')[:10]}",
        f"features {each.get('feature_set', 'none')}",
        f"bundle {each.get('bundle', 'none')}",
    )
    return f"{each['run']:<36}{'  '.join(parts)}  {made}"


def start_again(deployment: Deployment, past: dict[str, Any]) -> str:
    """Enter the state machine at Features with the run's own snapshots and cutoff; returns the execution's ARN.

    Raises:
        Trouble: the run never came as far as a bundle.
    """
    if missing := [name for name in ("snapshots", "as_of", "feature_set", "wrote", "bundle") if name not in past]:
        raise Trouble(f"run {past['run']} cannot be made again: it ended before it had {', '.join(missing)}")
    name = f"again-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    document = {
        "again": past["run"],
        "resumed": {"state": "Features", "count": 0},
        "plan": {"run": name},
        "transformed": {
            "rows": 0, "as_of": past["as_of"], "snapshots": past["snapshots"], "activity_rows": past.get("activity_rows", 0),
        },
    }  # fmt: skip
    with explained(deployment.endpoint):
        started = deployment.client("stepfunctions").start_execution(
            stateMachineArn=deployment.state_machine_arn, name=name, input=json.dumps(document)
        )
    return str(started["executionArn"])


def compared(past: dict[str, Any], finished: dict[str, Any]) -> str:
    """Whether the same came out.

    Raises:
        Trouble: the bundle is another one.
    """
    bundle = finished["trained"]["bundle"]
    if bundle != past["bundle"]:
        raise Trouble(f"the matrix is the same, but the bundle is {bundle} and was {past['bundle']}: the code that trains, or its "
                      f"libraries, are others than at revision {past.get('revision', {}).get('git') or 'unknown'}")  # fmt: skip
    matrix = past["matrix"]["training_examples"][:12]
    return f"the same: feature matrix {matrix}, feature set {past['feature_set']}, bundle {bundle}"

"""The commands of `holdfast`."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from holdfast.checked import placed
from holdfast.errors import HoldfastError
from holdfast.privacy import declared
from holdfast.settings import Settings, load_settings
from holdfast.vendors import NOTIFIERS
from infra.cli import (
    columns,
    cost,
    demo,
    doctor,
    erasing,
    features,
    images,
    keys,
    lake,
    models,
    operate,
    quarantined,
    recover,
    report,
    runs,
    schemas,
    scoring,
    secrets,
    show,
    sources,
    status,
)
from infra.cli.deployment import STATE
from infra.cli.follow import follow
from infra.cli.options import CONFIG as _CONFIG
from infra.cli.options import Config, Region, Target, as_deployed
from infra.cli.options import deployment_of as _deployment
from infra.local import runtime
from infra.local.processes import Processes
from infra.trouble import Trouble

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Which customers are about to leave, what each is worth, and why.",
)
secret = typer.Typer(no_args_is_help=True, help="Tokens of the sources.")
app.add_typer(secret, name="secret")
sources_ = typer.Typer(no_args_is_help=True, help="The APIs that are pulled from.")
app.add_typer(sources_, name="sources")
app.add_typer(quarantined.app, name="quarantine")
app.add_typer(runs.app, name="runs")
app.add_typer(features.app, name="features")
lake_ = typer.Typer(no_args_is_help=True, help="The tables: what they hold, their upkeep.")
app.add_typer(lake_, name="lake")
app.add_typer(models.app, name="models")
app.add_typer(images.app, name="images")
app.add_typer(schemas.app, name="schema")
app.add_typer(keys.app, name="keys")
app.add_typer(columns.app, name="privacy")
for each in (erasing.receipts, erasing.resume, erasing.lift):
    columns.app.command()(each)

console = Console(highlight=False, soft_wrap=True)

RunName = Annotated[str, typer.Argument(help="Name of the run; default: the latest.")]


@app.command("demo")
def demo_(
    config: Config = _CONFIG,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with data of your own instead of the demo world.")
    ] = None,
    customers: Annotated[int, typer.Option(min=50, help="Size of the demo world.")] = 5000,
    seed: Annotated[int, typer.Option(help="Seed of the demo world.")] = 7,
    port: Annotated[
        int,
        typer.Option(
            min=1024, max=65000, help="Port of the embedded AWS runtime; the stand-in sources take the next two."
        ),
    ] = runtime.PORT,
    enforce_iam: Annotated[
        bool, typer.Option("--enforce-iam", help="Verify signatures and evaluate policies as AWS does, over TLS.")
    ] = False,
    patience: Annotated[
        int, typer.Option(min=1, max=50, help="Times as long as on AWS that each step may take: of a busy machine.")
    ] = 1,
) -> None:
    """Run the whole chain on this machine.

    From an empty AWS to explained scores: deploy, start the sources, run one night, ask the scoring API.
    """
    wanted = demo.Wanted(config, port, customers, seed, data, enforce_iam, patience)
    deployment, _ = demo.run_demo(wanted, console)
    show.results(console, deployment, truth=wanted.truth if data is None else None)


@app.command()
def down() -> None:
    """Stop what the demo started. Files under .holdfast stay; the embedded AWS forgets everything."""
    stopped = Processes(STATE).stop_all()
    console.print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


@app.command()
def check(config: Annotated[Path, typer.Argument(help="Configuration file.")] = _CONFIG) -> None:
    """Check a configuration file and say what it configures."""
    settings = load_settings(config)
    with placed(config):
        declared(settings)
    sources = ", ".join(f"{name} ({source.kind})" for name, source in settings.sources.items())
    console.print(
        f"{config}: right. Stack {settings.name} in {settings.region}; sources: {sources}; churn by {settings.churn.kind}"
        f"{_elsewhere(settings)}."
    )


def _elsewhere(settings: Settings) -> str:
    """Where scores are answered beside the home region, and under which name."""
    regions = f"; scores in {', '.join(settings.api.regions)} as well" if settings.api.regions else ""
    return regions + (f"; scores at {settings.api.domain}" if settings.api.domain else "")


@app.command("doctor")
def doctor_(
    target: Target = None,
    config: Config = _CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Whether a target is fit to be deployed to, and what is deployed fit to run.

    Credentials, region, quotas, bootstrap, stack, secrets, sources, versions: what was found, and what to do.
    """
    well = True
    for each in doctor.examine(target, config):
        well = well and each.well
        typer.echo(json.dumps(asdict(each), ensure_ascii=False)) if as_json else show.finding(console, each)
    if not well:
        raise typer.Exit(1)


@app.command()
def run(target: Target = None, config: Config = _CONFIG) -> None:
    """Start a night's run now and follow it."""
    deployment = _deployment(target, config)
    follow(deployment, demo.start_night(deployment), console)


@app.command()
def redrive(name: RunName = "", target: Target = None, config: Config = _CONFIG) -> None:
    """Go on with a failed run where it failed, and follow it."""
    deployment = _deployment(target, config)
    follow(deployment, operate.redrive(deployment, name), console)


@app.command("status")
def status_(
    limit: Annotated[int, typer.Option(min=1, max=100, help="Runs to show.")] = 10,
    target: Target = None,
    config: Config = _CONFIG,
) -> None:
    """How the last runs went, what mends one that failed, alarms.

    Also where a run is that is under way, how old the scores are, and the last day of the scoring API and of drift.
    """
    show.status(console, status.status(_deployment(target, config), limit, datetime.now(UTC)))


@app.command()
def alerts(region: Region = "", target: Target = None, config: Config = _CONFIG) -> None:
    """What was alerted in the last two weeks."""
    found = operate.alerts(_deployment(target, config, region))
    for alert in found:
        console.print_json(alert) if alert.startswith("{") else console.print(alert)
    if not found:
        console.print("no alerts")


@app.command()
def logs(
    state: Annotated[str, typer.Argument(help="Function: Plan, Ingest, Validate, …")],
    lines: Annotated[int, typer.Option(min=1)] = 50,
    region: Region = "",
    target: Target = None,
    config: Config = _CONFIG,
) -> None:
    """The newest log lines of one function."""
    for line in operate.logs(_deployment(target, config, region), state, lines):
        typer.echo(line)


app.command()(cost.cost)
app.command()(scoring.top)
app.command()(scoring.score)
app.command()(report.report)
app.command()(erasing.forget)
app.command()(erasing.export)
app.command()(recover.recover)


@secret.command("set")
def secret_set(
    source: Annotated[str, typer.Argument(help="Source as it is named in the configuration.")],
    webhook: Annotated[
        bool, typer.Option("--webhook", help="Instead of the token, what the source signs its notifications with.")
    ] = False,
    target: Target = None,
    config: Config = _CONFIG,
) -> None:
    """Store a source's token (read from standard input, so that no shell history keeps it).

    For an OAuth app of HubSpot's, a JSON object of its client_id, client_secret and refresh_token.
    """
    deployment = _deployment(target, config)
    name = secrets.WEBHOOK if webhook else secrets.TOKEN
    value = (typer.prompt(name, hide_input=True) if sys.stdin.isatty() else sys.stdin.read()).strip()
    if not value:
        raise Trouble(f"no {name} given")
    secrets.put(deployment, source, name, value)
    console.print(f"stored the {name.replace('_', ' ')} of {source}")
    if webhook:
        console.print(f"subscribe {source} to {secrets.webhook_url(deployment, source)}")


@secret.command("move")
def secret_move(target: Target = None, config: Config = _CONFIG) -> None:
    """Put what sources sign notifications with into a secret of its own, if it still stands beside the token. `make deploy` does."""
    deployment, settings = _deployment(target, config), as_deployed(target, config)
    for source in (name for name, each in settings.sources.items() if each.kind in NOTIFIERS):
        if secrets.move(deployment, source):
            console.print(f"what {source} signs notifications with has a secret of its own now")


@sources_.command("check")
def sources_check(target: Target = None, config: Config = _CONFIG) -> None:
    """Whether each stream can be read with its token, and what the next run would pull of it."""
    found = list(sources.check(_deployment(target, config), as_deployed(target, config)))
    for each in found:
        mark = "[green]✓[/]" if each.well else "[red]✗[/]"
        console.print(f"{mark} {f'{each.source}/{each.stream}':<32}{escape(each.says)}")
    if not all(each.well for each in found):
        raise typer.Exit(1)


@sources_.command("status")
def sources_status(target: Target = None, config: Config = _CONFIG) -> None:
    """How far each stream is in the lake, and how far a pull that is under way."""
    rows = sources.status(_deployment(target, config), as_deployed(target, config))
    if not rows:
        console.print("no API is configured: the sources are files")
        return
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) + 2 for name in rows[0]}
    for row in [{name: name for name in widths}, *rows]:
        console.print("".join(row[name].ljust(width) for name, width in widths.items()).rstrip())


@sources_.command("sync")
def sources_sync(
    stream: Annotated[str, typer.Option("--stream", help="source/stream, as `sources status` lists them.")],
    backfill: Annotated[str, typer.Option("--backfill", help="A day (2026-01-31), or `everything`.")] = "",
    target: Target = None,
    config: Config = _CONFIG,
) -> None:
    """Pull a stream's changes now and merge them into the lake; with --backfill those since a day once more.

    No other stream is pulled and nothing is scored. What landed before stays: records are merged by id.
    """
    deployment, settings = _deployment(target, config), as_deployed(target, config)
    sources.idle(deployment)
    if backfill:
        console.print(sources.rewound(settings, sources.ledger_of(deployment), stream, backfill))
    execution, progress = sources.start(deployment, settings, stream)
    follow(deployment, execution, console, progress)


@lake_.command("status")
def lake_status(target: Target = None, config: Config = _CONFIG) -> None:
    """Rows, files and snapshots of each table, when it was last written, and who writes to it now."""
    show.tables(console, lake.status(_deployment(target, config)))


@lake_.command("maintain")
def lake_maintain(target: Target = None, config: Config = _CONFIG) -> None:
    """Do the upkeep now that is done every day: bring small files together, forget old snapshots, delete what nobody needs."""
    show.kept_up(console, lake.maintain(_deployment(target, config)))


def main() -> None:
    """Run a command; what stands in the way is said in one sentence."""
    try:
        app()
    except (Trouble, HoldfastError) as error:
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(f"holdfast: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(
            "holdfast: stopped; what was started goes on in the background: `make down` ends it, `make demo` goes on"
        )


if __name__ == "__main__":
    main()

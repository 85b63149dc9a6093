"""`holdfast demo`: everything from an empty machine to explained scores, step by step, each safe to repeat."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w
from rich.console import Console

from holdfast.settings import EventsSource, HubSpotSource, IntercomSource, Run, Settings, TableSource, load_settings
from infra.cli import cdk
from infra.cli import secrets as secrets_
from infra.cli.deployment import STATE, Deployment, explained
from infra.cli.follow import follow
from infra.cli.upload import upload_folder
from infra.local import patience, runtime
from infra.local.processes import Processes, is_listening
from infra.trouble import Trouble

STANDINS = "standins"
FEW = 1000
"""Customers up to whom the demo pulls conversations and contacts one by one as well: of 5,000 that takes a minute and a half more."""


@dataclass(frozen=True)
class Wanted:
    """What the caller of the demo asked for."""

    config: Path
    port: int = runtime.PORT
    customers: int = 5000
    seed: int = 7
    data: Path | None = None
    """A folder with data of one's own; None: the demo world."""
    enforce_iam: bool = False
    """Whether signatures are verified and policies evaluated, as AWS does."""
    patience: int = 1
    """How many times as long as on AWS everything may take."""

    @property
    def hubspot_port(self) -> int:
        return self.port + 1

    @property
    def intercom_port(self) -> int:
        return self.port + 2

    @property
    def authority(self) -> Path | None:
        """Who vouches for a runtime that enforces IAM: policies ask for TLS."""
        return (STATE / "tls" / "authority.pem").resolve() if self.enforce_iam else None

    @property
    def world(self) -> Path:
        return STATE / f"world-{self.customers}-{self.seed}"

    @property
    def truth(self) -> Path:
        """What the world knows of itself: how well anyone could do."""
        return self.world / "truth.json"


def run_demo(wanted: Wanted, console: Console) -> tuple[Deployment, dict[str, Any]]:
    """Set up, run one night, and return the deployment with the finished run's document."""
    processes, settings = Processes(STATE), at_home(load_settings(wanted.config), wanted)
    making = _begin_world(wanted) if wanted.data is None else None
    with _step(console, f"embedded AWS runtime on port {wanted.port}{', IAM enforced' if wanted.enforce_iam else ''}"):
        runtime.start(processes, wanted.port, settings.region, wanted.authority)
    deployment = deployed(wanted, settings, console)
    folder = _world(making, wanted, console) if making else _prepared(wanted, settings)
    if making:
        with _step(console, f"stand-in HubSpot and Intercom on ports {wanted.hubspot_port} and {wanted.intercom_port}"):
            start_standins(processes, wanted, deployment, settings)
    with _step(console, "uploading to S3"), explained(deployment.endpoint):
        upload_folder(
            deployment.client("s3"),
            deployment.uploads_bucket,
            folder,
            [s.prefix for s in settings.sources.values() if hasattr(s, "prefix")],
        )
    return _night(deployment, console)


def deployed(wanted: Wanted, settings: Settings, console: Console) -> Deployment:
    """The stack on the embedded runtime that runs."""
    with _step(console, "cdk bootstrap"):
        cdk.bootstrap(wanted.port, settings.region, wanted.authority)
    with _step(console, "cdk deploy -c target=local"):
        cdk.deploy(wanted.port, settings.region, _write_config(settings), wanted.authority)
    endpoint = runtime.endpoint(wanted.port, wanted.authority)
    deployment = Deployment.from_stack(settings.name, "local", settings.region, endpoint, str(wanted.authority or ""))
    deployment.save()
    functions, steps = (deployment.client(name) for name in ("lambda", "stepfunctions"))
    patience.give(functions, steps, deployment.state_machine_arn, wanted.patience)
    return deployment


def start_night(deployment: Deployment) -> str:
    """Start `Nightly` as its schedule does; returns the execution's ARN."""
    name = f"nightly-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    with explained(deployment.endpoint):
        started = deployment.client("stepfunctions").start_execution(
            stateMachineArn=deployment.state_machine_arn, name=name, input=json.dumps({"reason": "schedule"})
        )
    return str(started["executionArn"])


def _night(deployment: Deployment, console: Console) -> tuple[Deployment, dict[str, Any]]:
    execution = start_night(deployment)
    console.print(f"\nNightly: [bold]{execution.rsplit(':', 1)[1]}[/]")
    document = follow(deployment, execution, console)
    return with_report(deployment), document


def with_report(deployment: Deployment) -> Deployment:
    """Bring the newest report to this machine."""
    path = STATE / "report.html"
    with explained(deployment.endpoint):
        deployment.client("s3").download_file(deployment.artifacts_bucket, "reports/latest.html", str(path))
    reported = replace(deployment, report=str(path))
    reported.save()
    return reported


def at_home(settings: Settings, wanted: Wanted) -> Settings:
    """The same configuration with the sources on this machine and the clock of the data."""
    urls = {HubSpotSource: wanted.hubspot_port, IntercomSource: wanted.intercom_port}
    sources = {
        name: source.model_copy(
            update={"base_url": f"http://127.0.0.1:{urls[type(source)]}"} | _eased(source.kind, wanted.customers)
        )
        if type(source) in urls
        else source
        for name, source in settings.sources.items()
    }
    return settings.model_copy(update={"sources": sources, "run": Run(as_of="data")})


def _eased(kind: str, customers: int) -> dict[str, int | bool]:
    """What the stand-ins allow, and what a demo has no patience for: a request for each conversation and each contact."""
    if kind == "hubspot":
        return {"requests_per_10s": 180, "searches_per_s": 50}
    return {"conversation_parts": customers <= FEW, "data_events": customers <= FEW}


def _write_config(settings: Settings) -> Path:
    path = STATE / f"{settings.name}.toml"
    path.write_text(tomli_w.dumps(settings.model_dump(mode="json", exclude_none=True, by_alias=True)))
    return path


def _begin_world(wanted: Wanted) -> subprocess.Popen[str]:
    """Make the world beside the deployment: it needs nothing of it."""
    STATE.mkdir(exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "infra.local.world",
        "--customers",
        str(wanted.customers),
        "--seed",
        str(wanted.seed),
        "--out",
        str(wanted.world),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _world(making: subprocess.Popen[str], wanted: Wanted, console: Console) -> Path:
    with _step(console, f"demo world of {wanted.customers:,} customers"):
        said, _ = making.communicate()
    if making.returncode:
        raise Trouble(f"the demo world could not be made:\n{said}")
    for line in said.strip().splitlines():
        console.print(f"    {line}", style="dim", highlight=False)
    return wanted.world


def start_standins(processes: Processes, wanted: Wanted, deployment: Deployment, settings: Settings) -> None:
    """Fresh servers of the world with fresh tokens each time: the world may be another one."""
    processes.stop(STANDINS)
    for port in (wanted.hubspot_port, wanted.intercom_port):
        if is_listening(port):
            raise Trouble(
                f'port {port} is taken by another program: stop it, or choose other ports: make demo ARGS="--port {wanted.port + 10}"'
            )
    tokens = {kind: secrets.token_hex(24) for kind in ("hubspot", "intercom")}
    command = [
        sys.executable,
        "-m",
        "infra.local.standins",
        "--world",
        str(wanted.world),
        "--hubspot-port",
        str(wanted.hubspot_port),
        "--intercom-port",
        str(wanted.intercom_port),
        "--token-hubspot",
        tokens["hubspot"],
        "--token-intercom",
        tokens["intercom"],
    ]
    ready = lambda: processes.listens(STANDINS, wanted.hubspot_port, wanted.intercom_port)  # noqa: E731
    processes.start(STANDINS, command, runtime.environment(wanted.port, settings.region, wanted.authority), ready)
    for kind, token in tokens.items():
        for source in settings.of_kind(kind):
            secrets_.put(deployment, source, secrets_.TOKEN, token)


def _prepared(wanted: Wanted, settings: Settings) -> Path:
    """A folder laid out as the uploads bucket: made by the configuration's own `prepare.py`, or by putting files under their source's prefix."""
    assert wanted.data is not None, "only data of one's own is prepared"
    if not wanted.data.is_dir():
        raise Trouble(f"{wanted.data} is not a folder: --data names the folder that holds the data")
    folder = STATE / f"upload-{settings.name}"
    folder.mkdir(parents=True, exist_ok=True)
    script = wanted.config.with_name("prepare.py")
    if script.exists():
        result = subprocess.run(
            [sys.executable, str(script), str(wanted.data), str(folder)], capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise Trouble(
                f"{script} failed: {result.stderr.strip().splitlines()[-1] if result.stderr.strip() else 'no reason given'}"
            )
        return folder
    return _linked(folder, wanted.data, settings)


def _linked(folder: Path, data: Path, settings: Settings) -> Path:
    sources = {name: s for name, s in settings.sources.items() if isinstance(s, EventsSource | TableSource)}
    for name, source in sources.items():
        origin = data / name if (data / name).is_dir() else data
        place = folder / source.prefix
        place.mkdir(parents=True, exist_ok=True)
        for path in sorted(p for p in origin.iterdir() if p.is_file()):
            link = place / path.name
            link.unlink(missing_ok=True)
            link.symlink_to(path.resolve())
    return folder


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    started = time.monotonic()
    with console.status(what):
        yield
    console.print(f"  [green]✓[/] {what} [dim]{time.monotonic() - started:.1f} s[/]", highlight=False)

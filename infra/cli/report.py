"""`holdfast report`: the executives' page on this machine."""

import json
import sys
import webbrowser
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from holdfast.pseudonym import FORM
from infra.cli import keys, lake, operate
from infra.cli.deployment import STATE, Deployment, explained, relative
from infra.cli.names import names, with_names
from infra.cli.options import CONFIG, Config, Target, as_deployed, deployment_of
from infra.cli.secrets import secret_of
from infra.cli.stores import artifacts_of
from infra.trouble import Trouble

console = Console(highlight=False, soft_wrap=True, markup=False)
_LATEST = "reports/latest.html"


def report(
    run: Annotated[str, typer.Argument(help="Name of the run; default: the latest.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write it. Default: .holdfast/report.html.")
    ] = None,
    named: Annotated[
        bool, typer.Option("--names", help="Show names, asked of the CRM now. The file is then for you alone.")
    ] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the latest run's page anew first.")] = False,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = True,
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """The executives' page, brought here and opened in a browser.

    It says who is about to leave, what it costs, why, and whom to call.

    It is one file that needs no network. People are named by pseudonyms unless you ask for names, and may read both the CRM's
    token and the keys of the pseudonyms; names are put into the file here and are stored nowhere else.
    """
    deployment = deployment_of(target, config)
    if rebuild:
        rebuilt(deployment, run)
    page = fetched(deployment, run)
    if named:
        page = with_names(page, _asked(deployment, target, config, page))
    place = (out or STATE / "report.html").resolve()
    written(page, place, private=named)
    console.print(f"{relative(place)}, {len(page.encode()) / 1e6:.1f} MB")
    if show and sys.stdout.isatty():
        webbrowser.open(place.as_uri())


def fetched(deployment: Deployment, run: str = "") -> str:
    """The page of a run, or the latest.

    Raises:
        Trouble: there is none.
    """
    try:
        return artifacts_of(deployment).read(f"reports/{run}.html" if run else _LATEST).decode()
    except KeyError as error:
        known = "`holdfast status` lists the runs" if run else "`holdfast run` starts a run"
        raise Trouble(f"there is no report{f' of run {run}' if run else ' yet'}: {known}") from error


def rebuilt(deployment: Deployment, run: str = "") -> None:
    """Have the last run's page made anew, from the scores that it made.

    Raises:
        Trouble: no run came as far as its scores, or another one is meant.
    """
    for execution in operate.runs(deployment):
        document = json.loads(execution.get("output") or "{}")
        if "scored" in document:
            if run and execution["name"] != run:
                raise Trouble(
                    f"only the last run's page is made anew, {execution['name']}: tables go on from night to night"
                )
            lake.invoked(deployment, "Report", deployment.report_function, wanted(execution["name"], document))
            return
    raise Trouble("none of the last ten runs came as far as its scores: `holdfast status` says why")


def wanted(run: str, document: dict[str, Any]) -> dict[str, Any]:
    """What the chain asked `Report` for."""
    return {
        "run": run,
        "champion": document["promoted"]["champion"],
        "scores_snapshot": document["scored"]["scores_snapshot"],
        "as_of": document["transformed"]["as_of"],
        "again": True,
    }


def written(page: str, out: Path, *, private: bool) -> None:
    """Write a page; one with names may nobody read but its owner."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    out.touch(mode=0o600 if private else 0o644)
    out.write_text(page)


def _asked(deployment: Deployment, target: str | None, config: Path, page: str) -> dict[str, str]:
    """Names of those on the page, with the progress of asking."""
    settings, wanted_ = as_deployed(target, config), {match[0] for match in FORM.finditer(page)}
    ring = replace(keys.held(deployment), untagged=settings.privacy.drop_address_tags)
    found: dict[str, str] = {}
    with console.status("asking for names") as status, explained(deployment.endpoint):
        for looked, some in names(settings, partial(secret_of, deployment), ring, wanted_):
            found |= some
            status.update(f"asking for names: {looked:,} contacts")
    console.print(f"names of {len(found):,} of {len(wanted_):,} customers; they are in this file alone")
    return found

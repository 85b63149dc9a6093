"""`holdfast top` and `holdfast score`: what the scoring API says of customers."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from holdfast.checked import text_of
from infra.cli import api, show
from infra.cli.deployment import Deployment
from infra.cli.options import CONFIG, Config, Region, Target, deployment_of
from infra.trouble import Trouble

console = Console(highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="What the API answered, as it answered it.")]


def top(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 10,
    as_json: Json = False,
    region: Region = "",
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """The customers most at risk, from the scoring API."""
    deployment = deployment_of(target, config, region)
    listed = api.get(deployment, f"customers?limit={limit}")
    if as_json:
        console.print_json(json.dumps(listed))
        return
    show.ranking(console, listed, show.levers_of(deployment, listed))


def score(
    customer: Annotated[
        str,
        typer.Argument(
            help="External id, SOURCE:ID of a contact (hubspot:100045), or a pseudonym as the lists show it."
        ),
    ] = "",
    model: Annotated[str, typer.Option("--model", help="Another model than the one that serves: its version.")] = "",
    ids: Annotated[
        Path | None,
        typer.Option("--ids", help="A file of ids, one a line, instead of one customer; - reads standard input."),
    ] = None,
    as_json: Json = False,
    region: Region = "",
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """One customer's score: why, and what would lower it.

    With --ids the scores of a file of ids.
    """
    deployment = deployment_of(target, config, region)
    if (ids is None) == (not customer):
        raise Trouble("name one customer, or a file with --ids")
    if ids is not None:
        _score_each(deployment, _lines(ids), model, as_json=as_json)
        return
    scored = api.get(deployment, api.score_path(customer, model))
    console.print_json(json.dumps(scored)) if as_json else show.score(console, scored)


def _score_each(deployment: Deployment, customers: list[str], model: str, *, as_json: bool) -> None:
    items = api.scores(deployment, customers, **({"model": model} if model else {}))
    if as_json:
        for item in items:
            typer.echo(json.dumps(item))
        return
    if failed := show.scored_items(console, items):
        raise Trouble(f"{failed:,} of {len(customers):,} have no score")


def _lines(path: Path) -> list[str]:
    text = sys.stdin.read() if str(path) == "-" else text_of(path)
    customers = [line.strip() for line in text.splitlines() if line.strip()]
    if not customers:
        raise Trouble(f"{path} holds no id: one a line is expected")
    return customers

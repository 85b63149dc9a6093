"""`holdfast recover`: a new stack takes over what an earlier one has left in its buckets."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from holdfast.settings import load_settings
from infra.cli import left_behind, recovery, sources
from infra.cli.deployment import Deployment, explained, session
from infra.cli.options import CONFIG, Config, Target, as_deployed, deployment_of
from infra.trouble import Trouble

console = Console(highlight=False, soft_wrap=True, markup=False)


def recover(
    find: Annotated[
        bool,
        typer.Option(
            "--find", help="Only list the buckets that an earlier stack has left, as holdfast.toml names them."
        ),
    ] = False,
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys", help="What `holdfast keys export` wrote, if the secret is gone; - reads standard input."
        ),
    ] = None,
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """When everything is gone but the buckets: make the rest again on a new stack that takes them over.

    Keys of the pseudonyms, who was forgotten, tables of the catalog, the champion, bookmarks and scores. What is there is left alone,
    so that the same may be typed again.
    """
    if find:
        for line in _left(target, config):
            console.print(line)
        return
    deployment = deployment_of(target, config)
    sources.idle(deployment)
    for part, said in recovery.recovered(deployment, as_deployed(target, config), _given(keys)):
        console.print(f"{part:<12}{said}")
    console.print("still to do: each source's token (`holdfast secret set`), then `holdfast run`")


def _given(keys: Path | None) -> str | None:
    if keys is None:
        return None
    if str(keys) == "-":
        return sys.stdin.read().strip()
    try:
        return keys.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"--keys {keys} cannot be read: name the file that `holdfast keys export` wrote") from error


def _left(target: str | None, config: Path) -> list[str]:
    """Where nothing is deployed yet as well."""
    if target is None:
        here = Deployment.current()
        name, region, endpoint, authority = here.name, here.region, here.endpoint, here.authority
    else:
        settings = load_settings(config)
        name, region, endpoint, authority = settings.name, settings.region, None, ""
    with explained(endpoint):
        s3 = session(region, endpoint, authority).client("s3", endpoint_url=endpoint)
        return list(left_behind.lines(s3, name, _used(name, target or "local", region, endpoint, authority)))


def _used(name: str, target: str, region: str, endpoint: str | None, authority: str) -> set[str]:
    """Buckets of the stack that is there now; none while there is none."""
    try:
        now = Deployment.from_stack(name, target, region, endpoint, authority)
    except Trouble:
        return set()
    return {now.landing_bucket, now.quarantine_bucket, now.lake_bucket, now.artifacts_bucket, now.uploads_bucket}

"""The commands of `holdfast schema`: which fields of usage logs are columns, and how that came."""

from typing import Annotated

import typer
from rich.console import Console

from holdfast.schema import Schema, history, remembered
from infra.cli.options import CONFIG, Config, Target, as_deployed, deployment_of
from infra.cli.quarantine import BucketOf
from infra.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="Fields of usage logs: columns, what is kept out, what changed.")
console = Console(highlight=False, soft_wrap=True, markup=False)


@app.command("list")
def schema_list(target: Target = None, config: Config = CONFIG) -> None:
    """Each source of usage logs: contract, version, columns, fields that are kept out."""
    deployment, settings = deployment_of(target, config), as_deployed(target, config)
    artifacts = BucketOf(deployment, deployment.artifacts_bucket)
    for name, source in settings.of_kind("events").items():
        schema = remembered(artifacts, name)
        kept = f", {len(schema.withheld)} kept out" if schema.withheld else ""
        folded = ", further ones in column more" if schema.folded else ""
        console.print(
            f"{name:<20}{source.contract:<12}version {schema.version}, {len(schema.columns)} columns{kept}{folded}"
        )


@app.command("show")
def schema_show(
    source: Annotated[str, typer.Argument(help="Source as it is named in the configuration.")],
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """A source's fields with their columns, those that are kept out and why, and every change."""
    deployment, settings = deployment_of(target, config), as_deployed(target, config)
    if source not in settings.of_kind("events"):
        raise Trouble(
            f"{source} is no source of usage logs; there are {', '.join(settings.of_kind('events')) or 'none'}"
        )
    artifacts = BucketOf(deployment, deployment.artifacts_bucket)
    show(remembered(artifacts, source))
    for schema, changes in history(artifacts, source):
        if changes:
            console.print(f"\nversion {schema.version}, run {changes[0].run}")
            for each in changes:
                console.print(f"  {each.sentence}")


def show(schema: Schema) -> None:
    """A schema's fields, one a line."""
    for each in schema.columns:
        beside = f", what is no {each.beside}" if each.beside else ""
        console.print(f"{each.field:<32}{each.column:<32}{each.type}{beside}, since {each.since}")
    for field, why in schema.withheld.items():
        console.print(f"{field:<32}{'kept out':<32}{why}")
    if not schema.columns and not schema.withheld:
        console.print("no field beside the mapped ones has been seen yet")

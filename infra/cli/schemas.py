"""The commands of `holdfast schema`: which fields of usage logs and undeclared columns of streams enter, and how that came."""

from typing import Annotated

import typer
from rich.console import Console

from holdfast.privacy import declared
from holdfast.schema import Schema, history, remembered
from infra.cli.options import CONFIG, Config, Target, as_deployed, deployment_of
from infra.cli.stores import artifacts_of
from infra.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="Fields that nobody declared: what enters, what is kept out.")
console = Console(highlight=False, soft_wrap=True, markup=False)


@app.command("list")
def schema_list(target: Target = None, config: Config = CONFIG) -> None:
    """Each source of usage logs: contract, version, columns, fields that are kept out; and each stream with columns that nobody declared."""
    deployment, settings = deployment_of(target, config), as_deployed(target, config)
    artifacts = artifacts_of(deployment)
    for name, source in settings.of_kind("events").items():
        schema = remembered(artifacts, name)
        kept = f", {len(schema.withheld)} kept out" if schema.withheld else ""
        folded = ", further ones in column more" if schema.folded else ""
        console.print(
            f"{name:<20}{source.contract:<12}version {schema.version}, {len(schema.columns)} columns{kept}{folded}"
        )
    for each in declared(settings).values():
        schema = remembered(artifacts, each.name)
        if schema.version:
            console.print(
                f"{each.name:<20}{'undeclared':<12}version {schema.version}, {len(schema.columns)} columns, {len(schema.withheld)} kept out"
            )


@app.command("show")
def schema_show(
    source: Annotated[str, typer.Argument(help="Source of usage logs, or <source>.<stream>.")],
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """A source's fields with their columns, those that are kept out and why, and every change."""
    deployment, settings = deployment_of(target, config), as_deployed(target, config)
    known = [*settings.of_kind("events"), *(each.name for each in declared(settings).values())]
    if source not in known:
        raise Trouble(f"{source} is no source of usage logs and no stream; there are {', '.join(known)}")
    artifacts = artifacts_of(deployment)
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

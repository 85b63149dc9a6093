"""`holdfast privacy`: what becomes of every column, declared or decided."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from holdfast.privacy import Declared, declared
from holdfast.schema import Schema, remembered
from holdfast.settings import Settings, load_settings
from holdfast.store import MemoryStore
from infra.cli.deployment import OUTPUTS
from infra.cli.options import CONFIG, Config, Target, as_deployed, deployment_of
from infra.cli.runs import known
from infra.cli.stores import artifacts_of
from infra.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="What becomes of personal data; who was forgotten.")
console = Console(highlight=False, soft_wrap=True, markup=False)


@app.command("columns")
def privacy_columns(
    stream: Annotated[str, typer.Argument(help="<source>_<stream>; default: all.")] = "",
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Every column of every stream with what becomes of it, and who said so: the product, you, or the detector."""
    if target is None and not OUTPUTS.exists():
        settings, schemas = load_settings(config), MemoryStore()
    else:
        deployment, settings = deployment_of(target, config), as_deployed(target, config)
        schemas = artifacts_of(deployment)  # type: ignore[assignment]
    for each in chosen(settings, stream):
        console.print(f"\n{each.source}_{each.stream}")
        for line in lines(each, remembered(schemas, each.name)):
            console.print(line)


@app.command("conflicts")
def privacy_conflicts(target: Target = None, config: Config = CONFIG) -> None:
    """Where the sources disagree on who somebody is, as the last run counted it, and what the rule makes of it."""
    past = next((each for each in known(deployment_of(target, config)) if "contradictions" in each), None)
    if past is None:
        raise Trouble("no run has come as far as Transform yet: `holdfast run` starts one")
    console.print(f"run {past['run']}")
    for name, count in past["contradictions"].items():
        console.print(f"  {count:>8,}  {RULES[name]}")


RULES = {
    "addresses_with_several_ids": "addresses with several ids of the product: what only the address is known of goes to the first contact's",
    "ids_with_several_addresses": "ids of the product with several addresses: one person, who has them all",
    "contacts_without_any": "contacts with neither an id nor an address: no customers",
    "records_whose_contact_is_another": "conversations and tickets whose contact is somebody else than the id beside it: the contact's",
}
"""Kinds of contradictions, and how they are settled."""


def chosen(settings: Settings, stream: str) -> list[Declared]:
    """The streams that are meant.

    Raises:
        Trouble: there is no such stream.
    """
    every = {f"{each.source}_{each.stream}": each for each in declared(settings).values()}
    if stream and stream not in every:
        raise Trouble(f"there is no stream {stream!r}; there are {', '.join(sorted(every))}")
    return [each for name, each in sorted(every.items()) if stream in ("", name)]


def lines(declared: Declared, decided: Schema) -> Iterator[str]:
    """One line a column."""
    for column, treatment in declared.said.items():
        yield f"  {column:<32}{treatment:<14}{'yours' if column in declared.own else ''}".rstrip()
    for each in decided.columns:
        yield f"  {each.field:<32}{'keep':<14}nothing personal was found"
    for column, why in decided.withheld.items():
        yield f"  {column:<32}{'withheld':<14}{why}"

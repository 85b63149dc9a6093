"""`holdfast images`: the digests that containers are built on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import tomlkit
import typer
from rich.console import Console

from holdfast.settings import load_settings
from infra import bases
from infra.cli.options import CONFIG, Config
from infra.registry import digest_of, is_whole, repository_of
from infra.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="Base images of the containers: what they are pinned to.")
console = Console(highlight=False, soft_wrap=True, markup=False)

Elsewhere = Annotated[
    str, typer.Option(metavar="REGISTRY/NAME:TAG", help="Take it from there, such as a mirror of your own.")
]


@app.command("list")
def list_(config: Config = CONFIG) -> None:
    """What each container is built on, and whether the registry has a newer one. Ends with 1 if one is not pinned."""
    images = load_settings(config).images
    for name, reference in bases.named().items():
        pinned = getattr(images, name)
        console.print(f"{name:<10}{pinned or f'{reference}, not pinned: `holdfast images pin`'}")
        if pinned and repository_of(pinned) == repository_of(reference):
            now = digest_of(reference)
            newer = not pinned.endswith(now)
            console.print(f"{'':<10}{f'{reference} is {now} now: `holdfast images pin`' if newer else 'the newest'}")
    if bases.loose(images):
        raise typer.Exit(1)


@app.command()
def pin(
    train: Elsewhere = "",
    function: Elsewhere = "",
    config: Config = CONFIG,
) -> None:
    """Ask the registry for what it has now, and write the digests into the configuration, which keeps its comments.

    Each deployment builds on these until they are pinned anew, which is how security updates come in.
    """
    images = load_settings(config).images
    wanted = {
        name: reference_for(name, chosen, getattr(images, name))
        for name, chosen in (("train", train), ("function", function))
    }
    found = {name: f"{repository_of(each)}@{digest_of(each)}" for name, each in wanted.items()}
    changed = [name for name, each in found.items() if getattr(images, name) != each]
    if changed:
        write(config, {name: found[name] for name in changed}, wanted)
    for name, each in found.items():
        console.print(f"{name:<10}{each}" + ("" if name in changed else " (as it was)"))
    if changed:
        console.print(f"written to {config}: commit it, and `make deploy` builds on it")


def reference_for(name: str, chosen: str, pinned: str | None) -> str:
    """Where to ask: what was chosen, else what the Dockerfile names.

    Raises:
        Trouble: it is pinned to another repository, whose tag nobody said; or the name has no registry or no tag.
    """
    default = bases.named()[name]
    if not chosen and pinned and repository_of(pinned) != repository_of(default):
        raise Trouble(f"images.{name} is pinned to {pinned}: say which tag of it is wanted, with --{name} NAME:TAG")
    if chosen and not is_whole(chosen):
        raise Trouble(f"--{name} {chosen}: wanted is REGISTRY/NAME:TAG, such as {default}")
    return chosen or default


def write(config: Path, found: dict[str, str], wanted: dict[str, str]) -> None:
    """Put pins under `[images]`, with what they are of; all else in the file stays as it is."""
    document = tomlkit.parse(config.read_text())
    section = document.setdefault("images", tomlkit.table())
    for name, pinned in found.items():
        section[name] = pinned
        section[name].comment(f"{wanted[name].rpartition(':')[2]}, {datetime.now(UTC):%Y-%m-%d}")
    fresh = Path(f"{config}.new")
    fresh.write_text(tomlkit.dumps(document))
    fresh.replace(config)

"""What commands share: which deployment they are about."""

from pathlib import Path
from typing import Annotated

import typer

from holdfast.settings import Settings, load_settings
from infra.cli.deployment import STATE, Deployment
from infra.trouble import Trouble

Target = Annotated[
    str | None,
    typer.Option(
        "--target", help="aws: the stack of --config in your account. Default: what `make demo` deployed here."
    ),
]
Region = Annotated[str, typer.Option("--region", help="Another of the regions that [api] names (--target aws).")]
Config = Annotated[Path, typer.Option("--config", help="Configuration file.")]
CONFIG = Path("holdfast.toml")


def deployment_of(target: str | None, config: Path, region: str = "") -> Deployment:
    """The deployment that a command's options name, or what of it is in a further region.

    Raises:
        Trouble: there is no such target, or nothing in that region.
    """
    if target is None:
        return Deployment.current().in_region(region)
    if target != "aws":
        raise Trouble(f"--target {target}: allowed is aws")
    settings = load_settings(config)
    return Deployment.from_stack(settings.name, "aws", settings.region, None).in_region(region)


def as_deployed(target: str | None, config: Path) -> Settings:
    """The configuration that was deployed: the demo's is the user's with the stand-ins in place of the sources."""
    return load_settings(STATE / f"{Deployment.current().name}.toml" if target is None else config)

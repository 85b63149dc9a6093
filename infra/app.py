"""The CDK app: context and holdfast.toml in; one stack out, and two more for each further region."""

import sys
from pathlib import Path
from typing import Any

from aws_cdk import App, Environment

from holdfast.errors import ConfigurationInvalid
from holdfast.regions import scoring_stack
from holdfast.settings import Settings, load_settings
from infra import bases
from infra.local import runtime
from infra.nag import check
from infra.packaging import BUILD, BundleMissing, Packager
from infra.regions import CopiesStack, ScoringStack
from infra.stack import HoldfastStack
from infra.targets import further_regions


def main() -> None:
    """Synthesise `-c target=aws|local` with `-c config=FILE`; `-c build=DIR` says where the deployed folders are put together.

    With `-c bases=by-tag` containers may be built on what their tags mean today: to look at templates, not to deploy.
    """
    app = App()
    target, config = app.node.get_context("target"), Path(app.node.get_context("config"))
    build = Path(app.node.try_get_context("build") or BUILD)
    settings = load_settings(config)
    if target == "aws" and app.node.try_get_context("bases") != "by-tag":
        bases.hold(settings.images)
    deployed(app, target, settings, Packager(build, config), nagged=target == "aws")
    app.synth()


def deployed(
    app: App, target: str, settings: Settings, packager: Packager, *, nagged: bool = False
) -> list[HoldfastStack | CopiesStack | ScoringStack]:
    """All stacks of a deployment, the home region's first; `nagged` holds them to cdk-nag."""
    name, regions = settings.name, further_regions(target, settings)
    copies = {
        region: CopiesStack(app, f"{scoring_stack(name, region)}-copies", settings=settings, **_at(target, region))
        for region in regions
    }
    shared: dict[str, Any] = {"target": target, "settings": settings, "packager": packager}
    home = HoldfastStack(
        app,
        name,
        **shared,
        copies=list(copies.values()),
        **_at(target, settings.region),
        termination_protection=target == "aws",
    )
    scoring = [
        ScoringStack(
            app, scoring_stack(name, region), **shared, home=home, copies=copies[region], **_at(target, region)
        )
        for region in regions
    ]
    if nagged:
        check(app, home, list(copies.values()), scoring)
    return [home, *copies.values(), *scoring]


def _at(target: str, region: str) -> dict[str, Any]:
    account = runtime.ACCOUNT if target == "local" else None
    return {
        "env": Environment(account=account, region=region),
        "description": "Holdfast: which customers are about to leave, what each is worth, and why.",
    }


if __name__ == "__main__":
    try:
        main()
    except (ConfigurationInvalid, BundleMissing, bases.BasesNotPinned) as error:
        sys.exit(f"holdfast: {error}")

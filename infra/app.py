"""The CDK app: context and holdfast.toml in, one stack out."""

import sys
from pathlib import Path

from aws_cdk import App, Environment

from holdfast.errors import ConfigurationInvalid
from holdfast.settings import load_settings
from infra.nag import check
from infra.packaging import BUILD, BundleMissing, Packager
from infra.stack import HoldfastStack


def main() -> None:
    """Synthesise `-c target=aws|local` with `-c config=FILE`; `-c build=DIR` says where the deployed folders are put together."""
    app = App()
    target, config = app.node.get_context("target"), Path(app.node.get_context("config"))
    build = Path(app.node.try_get_context("build") or BUILD)
    settings = load_settings(config)
    account = "000000000000" if target == "local" else None
    stack = HoldfastStack(
        app,
        settings.name,
        target=target,
        settings=settings,
        packager=Packager(build, config),
        env=Environment(account=account, region=settings.region),
        description="Holdfast: which customers are about to leave, what each is worth, and why.",
        termination_protection=target == "aws",
    )
    if target == "aws":
        check(app, stack)
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except (ConfigurationInvalid, BundleMissing) as error:
        sys.exit(f"holdfast: {error}")

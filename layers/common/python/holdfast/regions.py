"""Regions that a configuration names, and what is deployed there."""

from collections.abc import Sequence


def check_regions(further: Sequence[str], home: str) -> None:
    """Hold regions beside `home` to those that it can copy to.

    Raises:
        ValueError: naming the region that is wrong, and what is allowed.
    """
    from holdfast.aws import (
        regions_with,
    )  # most configurations name none: no function waits for the SDK because of them

    allowed = sorted(regions_with(home) - {home})
    if not allowed:
        raise ValueError(f"`regions`: {home}, the deployment's own `region`, is none that the AWS SDK knows")
    if home in further:
        raise ValueError(f"`regions`: {home} is the deployment's own `region`, name further ones only")
    if len(set(further)) < len(further):
        raise ValueError("`regions`: each is named once")
    if wrong := [each for each in further if each not in allowed]:
        raise ValueError(f"`regions`: {wrong[0]} is no region beside {home}; allowed are {', '.join(allowed)}")


def scoring_stack(name: str, region: str) -> str:
    """What the stack with a further region's scoring API is called, of the deployment `name`."""
    return f"{name}-{region}"

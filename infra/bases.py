"""Base images of the containers: what the Dockerfiles name where nothing is pinned, and that something is."""

import re

from holdfast.settings import Images
from infra.packaging import ROOT

DOCKERFILES = {"train": ROOT / "functions" / "train" / "Dockerfile", "function": ROOT / "layers" / "Dockerfile"}
"""By their keys under `[images]`."""
_ARGUMENT = re.compile(r"^ARG BASE=(\S+)$", re.MULTILINE)


class BasesNotPinned(Exception):
    """Containers would be built on whatever a tag means on that day."""


def named() -> dict[str, str]:
    """What each is built on by name and tag: `registry/repository:tag` for each key of `[images]`."""
    return {name: _ARGUMENT.findall(path.read_text())[0] for name, path in DOCKERFILES.items()}


def loose(images: Images) -> list[str]:
    """What says no digest, as `images.train`."""
    return [f"images.{name}" for name in DOCKERFILES if getattr(images, name) is None]


def hold(images: Images) -> None:
    """Refuse what is not pinned.

    Raises:
        BasesNotPinned: at least one is not.
    """
    if missing := loose(images):
        raise BasesNotPinned(
            f"not pinned by digest: {' and '.join(missing)}. `holdfast images pin` asks the registry "
            "and writes it into the configuration; `-c bases=by-tag` synthesises without"
        )

"""What `holdfast doctor` checks of this machine and its files."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from holdfast.checked import placed
from holdfast.privacy import declared
from holdfast.settings import Settings, load_settings
from infra import bases
from infra.bootstrap import NEWEST, OLDEST
from infra.cli.findings import Finding
from infra.containers import answers
from infra.packaging import ROOT


def versions() -> Iterator[Finding]:
    """Python, Node, and every package that is installed here as it is locked."""
    here = ".".join(map(str, sys.version_info[:3]))
    fits = OLDEST <= sys.version_info[:2] <= NEWEST
    yield Finding("python", fits, here, "" if fits else f"make setup PYTHON=python{OLDEST[0]}.{OLDEST[1]}")
    node = shutil.which("node", path=str(Path(sys.executable).parent))
    said = (
        subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip() if node else ""
    )
    yield Finding("node", bool(said), said or "the lock's own is not linked", "" if said else "make setup")
    other = differing(tomllib.loads((ROOT / "uv.lock").read_text()))
    yield Finding(
        "lock", not other, ", ".join(other) or "what is installed is what is locked", "make setup" if other else ""
    )


def differing(lock: dict[str, Any]) -> list[str]:
    """Packages that are installed in another version than any that is locked."""
    locked: dict[str, set[str]] = {}
    for each in lock["package"]:
        locked.setdefault(each["name"], set()).add(each.get("version", ""))
    here = {each.name.lower().replace("_", "-").replace(".", "-"): each.version for each in metadata.distributions()}
    return sorted(
        f"{name} {version}" for name, version in here.items() if name in locked and version not in locked[name]
    )


def configuration(config: Path) -> Iterator[Finding]:
    """The file, as `holdfast check` reads it."""
    settings = load_settings(config)
    with placed(config):
        declared(settings)
    yield Finding(
        "configuration", True, f"{config}: stack {settings.name} in {settings.region}, {len(settings.sources)} sources"
    )


def builder() -> Iterator[Finding]:
    """What the CDK builds container images with."""
    named = os.environ.get("CDK_DOCKER")
    works = [name for name in ([named] if named else ["docker"]) if shutil.which(name) and answers(name)]
    mend = "start a Docker engine, or name another builder that takes its commands: CDK_DOCKER=podman"
    yield Finding(
        "containers",
        bool(works),
        f"{works[0]} answers" if works else f"{named or 'docker'} does not answer",
        "" if works else mend,
    )


def images(settings: Settings) -> Iterator[Finding]:
    """Whether base images are pinned: nothing is deployed without."""
    loose = bases.loose(settings.images)
    mend = "holdfast images pin" if loose else ""
    yield Finding("images", not loose, f"{' and '.join(loose)} not pinned" if loose else "pinned by digest", mend)

"""What is deployed: code folders for both targets, and the aws platform's dependency bundles built from the lock."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import typer

from holdfast.aws import Service
from holdfast.runs import REVISION
from infra.catalogue import FUNCTIONS, IMAGE_BUNDLES
from infra.revision import revision_of

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
COMMON = ROOT / "layers" / "common" / "python" / "holdfast"
ZIP_LIMIT = 250 * 1024 * 1024
IMAGE_LIMIT = 10 * 1024**3

OF_LIBRARIES = ("sts", "sso", "sso-oidc", "xray")
"""Services that the SDK itself may ask for credentials, and the one that the tracer makes a client of when it is imported."""

_HOMES = {"edge": "score"}
"""Which stage's code and Dockerfile an image has that is called otherwise."""

_SKIP = shutil.ignore_patterns("__pycache__", "*.pyc", ".mypy_cache")


class BundleMissing(Exception):
    """When a bundle that the template needs was not built."""


@dataclass(frozen=True)
class Wheels:
    """The machine that packages are for, in uv's words: what they run on unless another is named is aws'."""

    platform: str = "aarch64-manylinux_2_28"
    python: str = "3.13"


@dataclass(frozen=True)
class Packager:
    """Makes the folders that the CDK deploys, under `build`, for one configuration."""

    build: Path
    config: Path

    def local(self, stage: str) -> Path:
        """One stage's code, the common package, the configuration and the bootstrap of the embedded target."""
        folder = self._with_code(_fresh(self.build / "local" / stage), [stage])
        bootstrap = folder / "bootstrap"
        bootstrap.write_text(_BOOTSTRAP.format(python=sys.executable))
        bootstrap.chmod(0o755)
        return folder

    def zip(self, stage: str) -> Path:
        """One stage's code alone: the rest comes from layers."""
        folder = _fresh(self.build / "functions" / stage)
        shutil.copytree(ROOT / "functions" / stage, folder / stage, ignore=_SKIP)
        return folder

    def file(self, stage: str, name: str) -> Path:
        """One file of a stage that runs alone, elsewhere."""
        return ROOT / "functions" / stage / name

    def layer(self, name: str) -> Path:
        """The common package with the configuration, or a built bundle."""
        if name != "common":
            return self.bundle(name)
        folder = _fresh(self.build / "common")
        shutil.copytree(COMMON, folder / "python" / "holdfast", ignore=_SKIP)
        return self._configured(folder)

    def image(self, bundle: str) -> Path:
        """A container build context: built packages, all stages that use them, the common package, the configuration."""
        folder = _fresh(self.build / "images" / bundle)
        home = _HOMES.get(bundle, bundle)
        stages = sorted({spec.stage for spec in FUNCTIONS.values() if spec.bundle == bundle} or {home})
        self._with_code(folder / "task", stages)
        # Hard links: the packages are hundreds of megabytes and nobody writes to them.
        shutil.copytree(self.bundle(bundle) / "python", folder / "python", copy_function=os.link)
        own = ROOT / "functions" / home / "Dockerfile"
        shutil.copy(own if own.exists() else ROOT / "layers" / "Dockerfile", folder / "Dockerfile")
        return folder

    def bundle(self, name: str) -> Path:
        """Where a built bundle lies.

        Raises:
            BundleMissing: it was not built.
        """
        folder = self.build / "bundles" / name
        if not (folder / "python").is_dir():
            raise BundleMissing(f"bundle {name!r} is not built: run `make bundles` first")
        return folder

    def _with_code(self, folder: Path, stages: list[str]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(COMMON, folder / "holdfast", ignore=_SKIP)
        for stage in stages:
            shutil.copytree(ROOT / "functions" / stage, folder / stage, ignore=_SKIP)
        return self._configured(folder)

    def _configured(self, folder: Path) -> Path:
        shutil.copy(self.config, folder / "holdfast.toml")
        (folder / REVISION).write_text(json.dumps(revision_of(ROOT, self.config), indent=1, sort_keys=True))
        return folder


def build_bundle(bundle: str, build: Path = BUILD, wheels: Wheels = Wheels()) -> int:
    """Install a dependency group from the lock for a platform, wheels only, hashes checked; returns its unzipped bytes."""
    folder = _fresh(build / "bundles" / bundle)
    lock = folder / "requirements.txt"
    uv("export", "--frozen", "--quiet", "--only-group", bundle, "--no-emit-project", "--output-file", str(lock))
    uv(
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--python-platform",
        wheels.platform,
        "--python-version",
        wheels.python,
        "--target",
        str(folder / "python"),
        "--requirement",
        str(lock),
    )
    (folder / "python" / ".lock").unlink(missing_ok=True)  # uv's own, which everybody may write to
    if bundle not in IMAGE_BUNDLES | {"train"}:
        leave_out_services(folder / "python" / "botocore" / "data", {*get_args(Service), *OF_LIBRARIES})
    return size_of(folder / "python")


def leave_out_services(data: Path, called: set[str]) -> None:
    """Of the SDK's descriptions of some 400 services keep those that are called, and what is said of all: a third of a small bundle."""
    for service in data.iterdir():
        if service.is_dir() and service.name not in called:
            shutil.rmtree(service)


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def digest_of(folder: Path) -> str:
    """SHA-256 of a folder: names, what may be run, and every byte; no clock. Equal folders are one asset to the CDK."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        runs = path.stat().st_mode & 0o100
        digest.update(f"{path.relative_to(folder)} {runs} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def uv(*arguments: str) -> str:
    """What the locked uv printed."""
    program = shutil.which("uv", path=str(ROOT / ".uv" / "bin")) or shutil.which("uv")
    if not program:
        raise SystemExit("uv is not installed here: run `make setup`")
    return subprocess.run([program, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


# $LAMBDA_TASK_ROOT leads the path, so that the code that was deployed runs and not the checkout's.
_BOOTSTRAP = """#!/bin/sh
export PYTHONPATH="$LAMBDA_TASK_ROOT" HOLDFAST_CONFIG_PATH="$LAMBDA_TASK_ROOT/holdfast.toml"
cd "$LAMBDA_TASK_ROOT"
exec {python} -m awslambdaric "$_HANDLER"
"""


def main() -> None:
    """Build every bundle of the aws target and print its size beside Lambda's limit."""
    too_large = []
    for bundle in [*sorted({spec.bundle for spec in FUNCTIONS.values()}), "train"]:
        size = build_bundle(bundle)
        is_image = bundle in IMAGE_BUNDLES or bundle == "train"
        limit = IMAGE_LIMIT if is_image else ZIP_LIMIT
        typer.echo(
            f"{bundle:8} {size / 1e6:8.1f} MB unzipped of {limit / 1e6:8.0f} MB allowed for {'an image' if is_image else 'zip and layers'}"
        )
        if size > limit:
            too_large.append(bundle)
    if too_large:
        raise SystemExit(f"too large for Lambda: {', '.join(too_large)}")


if __name__ == "__main__":
    main()

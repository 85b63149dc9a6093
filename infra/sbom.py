"""What ships, as bills of materials (CycloneDX 1.5), and under which licences: `make sbom`.

uv writes the packages of each bundle from the lock, with their hashes; licences, what is vendored and the containers' bases are added.
The same lock gives the same bytes: a bill holds no clock.
"""

import json
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import typer
from packaging.markers import Marker

from holdfast.settings import Images, load_settings
from infra import bases
from infra.catalogue import FUNCTIONS, IMAGE_BUNDLES
from infra.licences import LicenceRefused, hold, libraries_of, licence_of, rules
from infra.packaging import BUILD, ROOT, uv

PAGE = ROOT / "docs" / "licences.md"
VENDORED = ROOT / "functions" / "report" / "vendor" / "vendored.json"
_RUNS_ON = {
    "sys_platform": "linux", "platform_machine": "aarch64", "platform_system": "Linux", "os_name": "posix",
    "python_version": "3.13", "python_full_version": "3.13.0", "implementation_name": "cpython", "platform_python_implementation": "CPython",
}  # fmt: skip
_BASES = {"train": "train", "edge": "train"} | dict.fromkeys(IMAGE_BUNDLES, "function")
"""Keys of `[images]` by the bundles that ship as containers."""

Component = dict[str, Any]


def shipped() -> list[str]:
    """Bundles that are deployed: zips with layers, images of functions, the training job, the scorer elsewhere."""
    return sorted({*(spec.bundle for spec in FUNCTIONS.values()), "train", "edge"})


def bill_of(bundle: str, images: Images) -> dict[str, Any]:
    """The bill of one bundle.

    Raises:
        LicenceRefused: something in it may not ship.
    """
    said = json.loads(uv("export", "--frozen", "--quiet", "--only-group", bundle, "--no-emit-project", "--format", "cyclonedx1.5"))  # fmt: skip
    packages = [_licensed(each) for each in said["components"] if _runs(each)]
    known = {each["bom-ref"] for each in packages}
    linked = [_kept(each, known) for each in said["dependencies"] if each["ref"] in known]
    bill = {key: said[key] for key in ("bomFormat", "specVersion", "version")}
    tools = {
        "tools": said["metadata"]["tools"],
        "component": {"type": "application", "bom-ref": "holdfast", "name": f"holdfast-{bundle}"},
    }
    bill |= {"metadata": tools, "components": [*packages, *_beside(bundle, images)], "dependencies": linked}
    return {**bill, "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bill, sort_keys=True)).urn}


def page(bills: dict[str, dict[str, Any]]) -> str:
    """The page of licences: every component, and in which bundles it ships. Versions are the lock's and are not repeated."""
    where: dict[tuple[str, str], list[str]] = {}
    for bundle, bill in bills.items():
        for each in (component for component in bill["components"] if "purl" in component):
            where.setdefault((each["name"], each["licenses"][0]["expression"]), []).append(bundle)
    rows = "\n".join(
        f"| {name} | {licence} | {', '.join(dict.fromkeys(bundles))} |"
        for (name, licence), bundles in sorted(where.items())
    )
    excepted = "\n".join(
        f"- **{name}** ({each['licence']}): {each['because']}." for name, each in rules().excepted.items()
    )
    return _PAGE.format(allowed=", ".join(sorted(rules().allowed)), excepted=excepted, rows=rows)


def _runs(component: Component) -> bool:
    """Whether a package is installed on what the bundles run on."""
    markers = [each["value"] for each in component.get("properties", []) if each["name"] == "uv:package:marker"]
    return all(Marker(each).evaluate(_RUNS_ON) for each in markers)


def _kept(said: dict[str, Any], known: set[str]) -> dict[str, Any]:
    return {"ref": said["ref"], "dependsOn": [each for each in said.get("dependsOn", []) if each in known]}


def _licensed(component: Component) -> Component:
    name = component["name"]
    try:
        expression = licence_of(name, metadata.metadata(name))
    except metadata.PackageNotFoundError as error:
        raise LicenceRefused(f"{name} is locked and not installed here: run `make setup`") from error
    hold(name, expression)
    return component | {"licenses": [{"expression": expression}]}


def _beside(bundle: str, images: Images) -> Iterator[Component]:
    """What ships with the packages: JavaScript of the report's page, libraries of the wheels that were built, the base image."""
    if bundle == FUNCTIONS["Report"].bundle:
        yield from map(_vendored, json.loads(VENDORED.read_text()).values())
    for library, licence in dict(libraries_of(BUILD / "bundles" / bundle / "python")).items():
        yield {"type": "library", "name": library, "licenses": [{"expression": licence}]}
    if bundle in _BASES:
        yield _base(bases.named()[_BASES[bundle]], getattr(images, _BASES[bundle]))


def _vendored(said: dict[str, str]) -> Component:
    hold(said["package"], said["licence"])
    return {
        "type": "library", "name": said["package"], "version": said["version"],
        "purl": f"pkg:npm/{said['package'].replace('@', '%40')}@{said['version']}",
        "licenses": [{"expression": said["licence"]}], "hashes": [{"alg": "SHA-256", "content": said["sha256"]}],
    }  # fmt: skip


def _base(name: str, pinned: str | None) -> Component:
    """A container's base, by its digest where holdfast.toml says one."""
    digest = (pinned or "").rpartition("sha256:")[2]
    told = {"hashes": [{"alg": "SHA-256", "content": digest}]} if digest else {}
    return {"type": "container", "name": (pinned or name).partition("@")[0], **told}


_PAGE = """\
# Licences

Written by `make sbom`; a test holds it to the lock. Allowed are {allowed}; anything else is refused when the bill is made.
The rules, and what people read where a package does not say it, are in `infra/licences.toml`. Excepted are:

{excepted}

Wheels of numpy, scipy, scikit-learn and XGBoost bring GCC's run-time libraries along (libgfortran, libgomp: GPL-3.0-or-later with the GCC
exception, which is made for that). Base images of containers are not part of what Holdfast ships.

| component | licence | ships in |
|---|---|---|
{rows}
"""


def write(bills: dict[str, dict[str, Any]], folder: Path = BUILD / "sbom") -> Iterator[str]:
    """Write the bills, and say a line of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for bundle, bill in bills.items():
        path = folder / f"{bundle}.cdx.json"
        path.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n")
        yield f"{bundle:<8}{len(bill['components']):>4} components  {path.relative_to(ROOT)}"


def bills(bundles: Sequence[str], images: Images) -> dict[str, dict[str, Any]]:
    """Bills by bundle."""
    return {bundle: bill_of(bundle, images) for bundle in bundles}


def main() -> None:
    """Write `.build/sbom/*.cdx.json` and docs/licences.md, or say what may not ship."""
    try:
        made = bills(shipped(), load_settings(ROOT / "holdfast.toml").images)
    except LicenceRefused as error:
        raise SystemExit(f"holdfast: {error}") from error
    for line in write(made):
        typer.echo(line)
    PAGE.write_text(page(made))


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"holdfast: uv could not write a bill: {error.stderr}") from error

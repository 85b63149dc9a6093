"""Every bundle of the aws target, built twice from nothing but the lock: `make reproducible`."""

import tempfile
from pathlib import Path

import typer

from infra.packaging import build_bundle, digest_of
from infra.sbom import shipped


def built_twice(bundle: str, folder: Path) -> tuple[str, str]:
    """Digests of two builds of a bundle, in different places."""
    places = [folder / "one", folder / "elsewhere" / "two"]
    for place in places:
        build_bundle(bundle, place)
    first, second = (digest_of(place / "bundles" / bundle / "python") for place in places)
    return first, second


def main() -> None:
    """Print the digest of each bundle, and fail where two builds differ."""
    differ = []
    for bundle in shipped():
        with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
            first, second = built_twice(bundle, Path(folder))
        typer.echo(f"{bundle:<8} {first}{'' if first == second else f', and then {second}'}")
        differ += [bundle] * (first != second)
    if differ:
        raise SystemExit(f"not reproducible: {', '.join(differ)}")


if __name__ == "__main__":
    main()

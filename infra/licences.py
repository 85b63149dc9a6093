"""Under which licence each package is that ships, and whether that may be."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_FILE = Path(__file__).with_name("licences.toml")
_CLASSIFIER = "License :: "


class LicenceRefused(Exception):
    """When something would ship whose licence is not known, or does not allow it; the message says what to do."""


@dataclass(frozen=True)
class Rules:
    """The reviewed table."""

    allowed: frozenset[str]
    excepted: Mapping[str, Mapping[str, str]]
    spelt: Mapping[str, str]
    reviewed: Mapping[str, str]
    libraries: Mapping[str, str]
    library_exceptions: Mapping[str, str]


@lru_cache
def rules() -> Rules:
    """What `licences.toml` says."""
    said: dict[str, Any] = tomllib.loads(_FILE.read_text())
    return Rules(**said | {"allowed": frozenset(said["allowed"])})


def licence_of(package: str, said: metadata.PackageMetadata) -> str:
    """The SPDX expression of a package, from its own metadata or as it was reviewed.

    Raises:
        LicenceRefused: its metadata says none that can be read, and nobody has looked.
    """
    table = rules()
    if package in table.reviewed:
        return table.reviewed[package]
    kinds = [each.rpartition(" :: ")[2] for each in said.get_all("Classifier") or () if each.startswith(_CLASSIFIER)]
    stated = [
        *(said.get_all("License-Expression") or ()),
        *(said.get_all("License") or ()),
        *(kinds if len(kinds) == 1 else []),
    ]
    for words in filter(None, stated):
        if expression := _expression(table.spelt.get(words.strip(), words)):
            return expression
    raise LicenceRefused(
        f"{package} says {'; '.join(kinds) or 'nothing'} of its licence: read it, and write it under [reviewed] of {_FILE.name}"
    )


def hold(package: str, expression: str) -> None:
    """Refuse what may not ship.

    Raises:
        LicenceRefused: naming the package, its licence and what is allowed.
    """
    table = rules()
    excepted = table.excepted.get(package, {}).get("licence")
    if not any(all(part in table.allowed or part == excepted for part in way) for way in _ways(expression)):
        raise LicenceRefused(
            f"{package} is under {expression}, which does not ship: do without it, or argue for it under [excepted] of "
            f"{_FILE.name}; allowed are {', '.join(sorted(table.allowed))}"
        )


def libraries_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Names and licences of the libraries that wheels brought along in a folder of packages.

    Raises:
        LicenceRefused: one that nobody has looked at.
    """
    table = rules()
    for path in sorted(folder.glob("*.libs/*")):
        begin = next((name for name in table.libraries if path.name.startswith(name)), None)
        if begin is None:
            raise LicenceRefused(
                f"{path.parent.name}/{path.name}: nobody has read its licence: write it under [libraries] of {_FILE.name}"
            )
        licence = table.libraries[begin]
        if licence not in table.library_exceptions:
            hold(begin, licence)
        yield begin, licence


def _ways(expression: str) -> list[list[str]]:
    """The licences that have to be kept together, for each of the ways in which a licensee may choose.

    AND binds closer than OR, as in SPDX; brackets are not needed by anything that ships and are refused by not being allowed.
    """
    return [re.split(r" AND ", way) for way in re.split(r" OR ", expression)]


def _expression(words: str) -> str:
    try:
        return str(canonicalize_license_expression(words))
    except InvalidLicenseExpression:
        return ""

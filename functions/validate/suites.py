"""Suites: which expectations a table is held to, read from YAML."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from holdfast.errors import ConfigurationInvalid
from validate.expectations import Expectation, expectation

FOLDER = Path(__file__).with_name("suites")


@dataclass(frozen=True)
class Suite:
    """The expectations of one kind of table."""

    name: str
    expectations: tuple[Expectation, ...]


def suite_for(source: str, kind: str, stream: str, folder: Path = FOLDER) -> Suite:
    """The most particular suite there is: `<source>_<stream>`, `<kind>_<stream>`, `<stream>`; else an empty one."""
    for name in (f"{source}_{stream}", f"{kind}_{stream}", stream):
        path = folder / f"{name}.yml"
        if path.exists():
            return parse(path.read_text(), path.name)
    return Suite("", ())


def parse(text: str, name: str) -> Suite:
    """A suite from YAML; `name` is what errors call the file.

    Raises:
        ConfigurationInvalid: naming the file and what is allowed there.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationInvalid(f"{name}: not YAML: {str(error).replace(chr(10), ' ')}") from error
    entries = content.get("expectations") if isinstance(content, dict) else None
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ConfigurationInvalid(f"{name}: a suite has `expectation_suite_name` and a list `expectations`")
    expected = tuple(expectation(entry, name) for entry in entries)
    return Suite(str(content.get("expectation_suite_name", name)), expected)

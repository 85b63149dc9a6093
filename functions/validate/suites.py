"""Suites: which expectations a table is held to, read from YAML or JSON in two spellings.

The article's and Great Expectations' older one (`expectation_suite_name`, with `dataset_parameters` or `expectations`), and
Great Expectations 1.x's (`name`, `expectations` of `type`, `kwargs`, `severity`, `meta`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from holdfast.errors import ConfigurationInvalid
from validate.expectations import Expectation, expectation

FOLDER = Path(__file__).with_name("suites")
_ENDINGS = ("yml", "yaml", "json")
_NAMES = ("expectation_suite_name", "name")
_LISTS = ("expectations", "dataset_parameters")
_NOT_OURS = {"id", "meta", "notes", "data_asset_type", "ge_cloud_id", "suite_parameters", "evaluation_parameters"}


@dataclass(frozen=True)
class Suite:
    """The expectations of one kind of table."""

    name: str
    expectations: tuple[Expectation, ...]


def suite_for(source: str, kind: str, stream: str, folder: Path = FOLDER) -> Suite:
    """The most particular suite there is: `<source>_<stream>`, `<kind>_<stream>`, `<stream>`; else an empty one."""
    for name in (f"{source}_{stream}", f"{kind}_{stream}", stream):
        for path in (folder / f"{name}.{ending}" for ending in _ENDINGS):
            if path.exists():
                return parse(path.read_text(), path.name)
    return Suite("", ())


def parse(text: str, name: str) -> Suite:
    """A suite from YAML or JSON; `name` is what errors call the file.

    Raises:
        ConfigurationInvalid: naming the file, the expectation and what is allowed there.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationInvalid(f"{name}: not YAML: {str(error).replace(chr(10), ' ')}") from error
    lists = [content[key] for key in _LISTS if key in content] if isinstance(content, dict) else []
    if len(lists) != 1 or not isinstance(lists[0], Sequence) or isinstance(lists[0], str):
        raise ConfigurationInvalid(
            f"{name}: a suite has `expectation_suite_name` (or `name`) and a list `expectations` (or `dataset_parameters`)"
        )
    if unknown := set(content) - {*_NAMES, *_LISTS, *_NOT_OURS}:
        raise ConfigurationInvalid(
            f"{name}: {', '.join(sorted(map(str, unknown)))}; allowed are {', '.join(_NAMES + _LISTS)}"
        )
    expected = tuple(expectation(entry, f"{name}: {number}") for number, entry in enumerate(lists[0], 1))
    called = next((content[key] for key in _NAMES if key in content), name)
    return Suite(str(called), expected)

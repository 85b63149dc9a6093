"""Suites: which expectations a table is held to, read from YAML or JSON in two spellings.

The article's and Great Expectations' older one (`expectation_suite_name`, with `dataset_parameters` or `expectations`), and
Great Expectations 1.x's (`name`, `expectations` of `type`, `kwargs`, `severity`, `meta`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from holdfast.errors import ConfigurationInvalid
from validate.expectations import Expectation, expectation

FOLDER = Path(__file__).with_name("suites")
_ENDINGS = ("yml", "yaml", "json")
_NAMES = ("expectation_suite_name", "name")
_LISTS = ("expectations", "dataset_parameters")
_NOT_OURS = {"id", "meta", "notes", "data_asset_type", "ge_cloud_id", "suite_parameters", "evaluation_parameters"}

_UNMEANT = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What the reader of YAML raises itself where a date is none, a tag does not fit its value, or lists lie too deep in each other."""


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
        ConfigurationInvalid: naming the file, the line, the expectation and what is allowed there.
    """
    content, places = _read(text, name)
    lists = [content[key] for key in _LISTS if key in content] if isinstance(content, dict) else []
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise ConfigurationInvalid(
            f"{name}: a suite has `expectation_suite_name` (or `name`) and a list `expectations` (or `dataset_parameters`)"
        )
    for key, line in places.items():
        if key not in (*_NAMES, *_LISTS, *_NOT_OURS):
            raise ConfigurationInvalid(f"{name}:{line[0]}: {key}; allowed are {', '.join(_NAMES + _LISTS)}")
    lines = next(places[key][1:] for key in _LISTS if key in content)
    expected = tuple(
        _expectation(entry, number, f"{name}:{line}")
        for number, (entry, line) in enumerate(zip(lists[0], lines, strict=True), 1)
    )
    called = next((content[key] for key in _NAMES if key in content), name)
    return Suite(str(called), expected)


def _read(text: str, name: str) -> tuple[Any, dict[str, list[int]]]:
    """What YAML says, and the lines (from 1 on) of each key at the top and of what is listed under it."""
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        places = _places(node, name)
        return loader.construct_document(node) if node else None, places
    except yaml.YAMLError as error:
        raise ConfigurationInvalid(f"{name}: not YAML: {str(error).replace(chr(10), ' ')}") from error
    except _UNMEANT as error:
        raise ConfigurationInvalid(f"{name}: not YAML that is meant: a value is not what its form says") from error


def _places(node: yaml.Node | None, name: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key, held in node.value if isinstance(node, yaml.MappingNode) else ():
        listed = held.value if isinstance(held, yaml.SequenceNode) else ()
        lines = [each.start_mark.line + 1 for each in (key, *listed)]
        if str(key.value) in found:
            raise ConfigurationInvalid(f"{name}:{lines[0]}: {key.value} is said twice: the first would be lost")
        found[str(key.value)] = lines
    return found


def _expectation(entry: Any, number: int, place: str) -> Expectation:
    try:
        return expectation(entry, str(number))
    except ConfigurationInvalid as error:
        raise ConfigurationInvalid(f"{place}: {error}") from error

"""TOML that people edit, as typed and checked values."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from holdfast.errors import ConfigurationInvalid
from holdfast.toml_lines import Step, line_of, reaches

_Model = TypeVar("_Model", bound=BaseModel)


def parse_toml(model: type[_Model], text: str, name: str) -> _Model:
    """Any checked file that people edit; `name` is what errors call it.

    Raises:
        ConfigurationInvalid: naming the file, the line, the key and what is allowed there.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationInvalid(f"{name}: not TOML: {error}") from error
    except RecursionError as error:
        raise ConfigurationInvalid(
            f"{name}: not TOML that is meant: lists or tables lie too deep in each other"
        ) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        schema = _schema(model)
        told = [_told(each, content, text, name, schema) for each in error.errors()]
        raise ConfigurationInvalid("\n".join(told)) from error


def text_of(path: Path) -> str:
    """What a file holds that people edit.

    Raises:
        ConfigurationInvalid: it is not there, may not be read, or is no text in UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationInvalid(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationInvalid(f"{path}:{line}: not text in UTF-8: save the file in that encoding") from error


@contextmanager
def placed(path: Path) -> Iterator[None]:
    """What is found to be wrong of a file after it was read is told with the file and the line, too."""
    try:
        yield
    except ConfigurationInvalid as error:
        if not error.key:
            raise
        raise ConfigurationInvalid(f"{_place(str(path), text_of(path), error.key)}: {error}") from error


def _told(error: ErrorDetails, content: Any, text: str, name: str, schema: Mapping[str, Any]) -> str:
    """One mistake. Where a model is one of several, pydantic names which among the keys: that is nothing that the file says."""
    said = _said(content, error["loc"])
    missing = error["type"] == "missing"
    where = ".".join(map(str, [*said, *error["loc"][-1:]] if missing else said)) or "file"
    what = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        what = f"there is no such key; there are {', '.join(_allowed(schema, error['loc']))}"
    elif missing:
        what = "this key is needed"
    return f"{_place(name, text, said)}: {where}: {what}"


@lru_cache
def _schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema()


def _said(content: Any, location: Sequence[Step]) -> list[Step]:
    """The steps of a location that the file has."""
    said: list[Step] = []
    for step in location:
        if reaches(content, [*said, step]):
            said.append(step)
    return said


def _place(name: str, text: str, path: Sequence[Step]) -> str:
    line = line_of(text, path)
    return f"{name}:{line}" if line else name


def _allowed(schema: Mapping[str, Any], location: Sequence[Step]) -> list[str]:
    """Keys that a model has where an unknown one was found, by its JSON schema."""
    node: Any = schema
    for step in location[:-1]:
        node = _resolved(_inside(_resolved(node, schema), step), schema)
    return sorted(_resolved(node, schema).get("properties", {}))


def _resolved(node: Any, schema: Mapping[str, Any]) -> Any:
    return schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def _inside(node: Any, step: Step) -> Any:
    if isinstance(step, int):
        return node.get("items", {})
    if "discriminator" in node:
        return {"$ref": node["discriminator"]["mapping"][step]}
    of_any = [*node.get("patternProperties", {}).values(), node.get("additionalProperties", {})]
    return node.get("properties", {}).get(step) or next((each for each in of_any if isinstance(each, dict)), {})

"""TOML that people edit, as typed and checked values."""

import tomllib
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from holdfast.errors import ConfigurationInvalid

_Model = TypeVar("_Model", bound=BaseModel)


def parse_toml(model: type[_Model], text: str, name: str) -> _Model:
    """Any checked file that people edit; `name` is what errors call it.

    Raises:
        ConfigurationInvalid: naming the file, the key and what is allowed there.
    """
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationInvalid(f"{name}: not TOML: {error}") from error
    except ValidationError as error:
        raise ConfigurationInvalid(
            "\n".join(f"{name}: {_where(e['loc'])}: {e['msg']}" for e in error.errors())
        ) from error


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "file"

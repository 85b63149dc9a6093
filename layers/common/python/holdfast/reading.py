"""How a document is read that another version of the code may have written."""

from collections.abc import Mapping
from typing import Any, TypeVar

Read = TypeVar("Read")


def known(kind: type[Read], said: Mapping[str, Any]) -> Read:
    """A dataclass or named tuple from JSON: the fields that it has. The rest was written by newer code, and is left where it is.

    Raises:
        TypeError: a field is missing that has no default.
    """
    names = getattr(kind, "_fields", ()) or getattr(kind, "__dataclass_fields__", ())
    return kind(**{name: said[name] for name in names if name in said})

"""What the columns of fields are called: lower case, digits and underscores, which every engine takes, and no name twice."""

import re
import unicodedata
from collections.abc import Container

from holdfast.fields import steps_of

LONGEST = 60


def column_name(field: str) -> str:
    """What a field's column is called, unless that is taken: `device.OSVersion` is `device_os_version`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3_\2\4", "_".join(steps_of(field)))
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST]
    return name if name[:1].isalpha() else f"field_{name}".rstrip("_")


def free(name: str, taken: Container[str]) -> str:
    """A name that is not taken: the same one, or else with a number behind it."""
    number, made = 1, name
    while made in taken:
        number += 1
        made = f"{name}_{number}"
    return made

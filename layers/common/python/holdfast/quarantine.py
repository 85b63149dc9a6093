"""Rows in quarantine: where they and their releases lie, and how a row is shown without saying whose it is."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from holdfast.store import Store

_IDENTIFYING = re.compile(
    r"name|mail|phone|address|customer|contact|external|recipient|user|account|company|street|birth|ip$|body|content|subject|description|^title$|^text$|^record$|^more$",
    re.I,
)
_LONGEST = 40


class Release(NamedTuple):
    """One row that leaves quarantine: as it was judged, and as it is to enter. Both are JSON text."""

    original: str
    fixed: str


def quarantine_prefix(run: str, table: str = "") -> str:
    """Where a run's failing rows lie in the quarantine bucket."""
    return f"run={run}/{table}/" if table else f"run={run}/"


def released_key(table: str, release: str = "") -> str:
    """Where released rows lie in the quarantine bucket."""
    return f"released/{table}/{release}.ndjson" if release else f"released/{table}/"


def pending_key(table: str, release: str = "") -> str:
    """Where the artifacts bucket says, without any row, that there is a release."""
    return f"released/pending/{table}/{release}.json" if release else f"released/pending/{table}/"


def entered_key(table: str, release: str = "") -> str:
    """Where the artifacts bucket says that a release is in the lake."""
    return f"released/entered/{table}/{release}.json" if release else f"released/entered/{table}/"


def name_of(key: str) -> str:
    """The release that a key is about."""
    return key.rpartition("/")[2].partition(".")[0]


def waiting(artifacts: Store, sources: Iterable[str]) -> set[str]:
    """Tables of these sources that have a release which is not in the lake yet."""
    pending = {(item.key.split("/")[2], name_of(item.key)) for item in artifacts.list(pending_key("").rstrip("/"))}
    entered = {(item.key.split("/")[2], name_of(item.key)) for item in artifacts.list(entered_key("").rstrip("/"))}
    return {table for table, _ in pending - entered if any(table.startswith(f"{source}_") for source in sources)}


def to_lines(releases: Iterable[Release]) -> tuple[str, bytes]:
    """A release's name, which is that of its content, and its bytes."""
    body = "".join(json.dumps(each._asdict(), sort_keys=True) + "\n" for each in sorted(set(releases))).encode()
    return hashlib.sha256(body).hexdigest()[:12], body


def identifying(column: str, value: Any) -> bool:
    """Whether a value may say who somebody is: by the column's name, because it looks like an address, or since it could not be read."""
    return isinstance(value, str) and (bool(_IDENTIFYING.search(column)) or "@" in value)


def shape(value: Any) -> str:
    """What a value looks like, without the value: letters become a or A, digits 9. Numbers, times and flags are themselves."""
    if not isinstance(value, str):
        return json.dumps(value)
    masked = "".join(_masked(char) for char in value[:_LONGEST])
    return f"{masked}… ({len(value)} characters)" if len(value) > _LONGEST else masked


def hidden(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose identifying values are their shapes."""
    flat = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in row.items()}
    return {name: shape(value) if identifying(name, value) else value for name, value in flat.items()}


def _masked(char: str) -> str:
    if char.isdigit():
        return "9"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    return char

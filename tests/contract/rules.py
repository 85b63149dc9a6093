"""What may become of a contract: fields are added with a default. None goes, is called otherwise, is another type or becomes required."""

from collections.abc import Iterator
from typing import Any

WIDER = {
    ("int", "float"),
    ("int32", "int64"),
    ("float", "double"),
    ("string", "large_string"),
}
"""Types that take whatever the other took: (before, after)."""


def broken(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What of an older version no longer holds, in sentences; both by kind, name and field."""
    return [
        sentence
        for kind, forms in before.items()
        for name, held in forms.items()
        for sentence in _broken(f"{kind} {name}", held, after.get(kind, {}).get(name))
    ]


def _broken(what: str, held: dict[str, Any], now: dict[str, Any] | None) -> Iterator[str]:
    if now is None:
        yield f"{what} is gone"
        return
    for name, said in held.items():
        if name not in now:
            yield f"{what} has lost {name}: what newer code writes, older code cannot read"
        elif said["type"] != now[name]["type"] and (said["type"], now[name]["type"]) not in WIDER:
            yield f"{what}: {name} was {said['type']} and is {now[name]['type']}"
    for name, said in now.items():
        if said.get("required") and not held.get(name, {}).get("required"):
            yield f"{what}: {name} has to be there, and older code does not write it: give it a default"

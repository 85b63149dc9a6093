"""What changed in a table since its last run, in sentences."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_ROWS = 0.1
"""A change of the row count by less than that share is none."""
_POINTS = 0.02
"""As is one of the share of nulls by less than that."""
_TIMES = 1.5
"""And one of the number of differing values by less than that factor."""
_MANY = 20
"""Below that many values, approximate counts say nothing."""


def changes(result: Json, before: Json | None) -> list[str]:
    """Sentences; none for a first run, and of an increment none about rows, since it holds what happened to change."""
    return [] if before is None else [*_rows(result, before), *_columns(result, before)]


def _rows(result: Json, before: Json) -> Iterator[str]:
    was, now = before["rows"], result["rows"]
    if result["complete"] and before["complete"] and abs(now - was) > _ROWS * was:
        yield f"{now:,} rows, {was:,} before"


def _columns(result: Json, before: Json) -> Iterator[str]:
    now, was = result["profile"], before["profile"]
    yield from (f"new column {name}" for name in now if was and name not in was)
    yield from (f"column {name} is gone" for name in was if now and name not in now)
    for name in (name for name in now if name in was):
        yield from _column(name, now[name], was[name], result["rows"], before["rows"])


def _column(name: str, now: Json, was: Json, rows: int, rows_before: int) -> Iterator[str]:
    if now["type"] != was["type"]:
        yield f"{name} is {now['type']}, was {was['type']}"
        return
    if not rows or not rows_before:
        return
    empty, empty_before = 1 - now["there"] / rows, 1 - was["there"] / rows_before
    if abs(empty - empty_before) > _POINTS:
        yield f"{name} is missing in {empty:.0%} of rows, was in {empty_before:.0%}"
    few, many = sorted((now["distinct"], was["distinct"]))
    if many > _MANY and many > _TIMES * few and 0.9 < rows / rows_before < 1.1:
        yield f"{name} has about {now['distinct']:,} values, had {was['distinct']:,}"
    if _middle(now) is not None and _moved(now, was):
        yield f"the middle of {name} left its usual range"


def _moved(now: Json, was: Json) -> bool:
    """Whether the median lies beyond what nine tenths of the rows were within before."""
    spread = was.get("quantiles") or []
    return bool(spread) and was["type"] not in _TIME and not spread[1] <= _middle(now) <= spread[-2]


def _middle(said: Json) -> Any:
    spread = said.get("quantiles") or []
    return spread[len(spread) // 2] if spread else None


_TIME = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
"""Times move on by themselves."""

"""On which line of a TOML file a key is said. No reader of TOML keeps that; it is found by reading beginnings of the file."""

import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

Step = str | int
"""A key, or a place in a list."""

_MOST_READ = 2_000_000
"""Characters that are read again at most: a value of thousands of lines is not worth waiting for its line."""


def line_of(text: str, path: Sequence[Step]) -> int | None:
    """Line, from 1 on, of the statement by which a path comes to be; None for the empty path and where it would take too long.

    What ends with a statement is a document of its own: the first such beginning that has the path ends with its statement.
    """
    lines = text.split("\n")
    ends = _ends(lines) if path else []
    if not ends:
        return None
    found = bisect_left(ends, True, key=lambda end: reaches(tomllib.loads("\n".join(lines[:end])), path))
    return (ends[found - 1] if found else 0) + 1 if found < len(ends) else None


def reaches(content: Any, path: Sequence[Step]) -> bool:
    """Whether the keys and places of a path are there."""
    for step in path:
        places = range(len(content)) if isinstance(content, list) else content if isinstance(content, dict) else ()
        if step not in places:
            return False
        content = content[step]
    return True


def _ends(lines: Sequence[str]) -> list[int]:
    """After how many lines a statement (or an empty line) ends; none where it would take too long."""
    ends, start, read = [], 0, 0
    for end in range(1, len(lines) + 1):
        statement = "\n".join(lines[start:end])
        read += len(statement)
        if read > _MOST_READ:
            return []
        if _is_whole(statement):
            ends.append(end)
            start = end
    return ends


def _is_whole(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True

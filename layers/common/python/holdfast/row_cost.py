"""What explaining one row by the tables of trees takes, told from their size alone: no clock, and no model that was fitted.

Measured on one core: docs/results.md, one score.
"""

SPLITS = 8
"""Splits of a group: their answers are the bits of one byte. A path may not be longer."""
_ALWAYS_MS, _GROUP_MS = 0.012, 0.000028


def row_ms(groups: int) -> float:
    """Milliseconds that one row takes."""
    return _ALWAYS_MS + _GROUP_MS * groups


def most_groups(depth: int) -> int:
    """Groups of a tree that splits everywhere down to a depth: its parts below some level, each with the path that leads there."""
    level = next(level for level in range(depth + 1) if level + 2 ** (depth - level) - 1 <= SPLITS)
    return int(2**level)


def most_trees(depth: int, allowed_ms: float) -> int:
    """How many trees of a depth fit into what a row may take, however full they are."""
    return max(int((allowed_ms - _ALWAYS_MS) / (_GROUP_MS * most_groups(depth)) + 1e-9), 0)

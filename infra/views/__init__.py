"""The views that an analyst finds in Athena: one SQL file each, whose comment says what it is and names its columns."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_GLUE = {"varchar": "string"}


@dataclass(frozen=True)
class View:
    """A view in Athena's dialect; columns are name, type (Trino's) and meaning."""

    name: str
    purpose: str
    columns: tuple[tuple[str, str, str], ...]
    sql: str

    def presto(self, database: str) -> str:
        """The view as Athena writes it down in Glue."""
        columns = [{"name": name, "type": kind} for name, kind, _ in self.columns]
        said: dict[str, Any] = {
            "originalSql": self.sql,
            "catalog": "awsdatacatalog",
            "schema": database,
            "columns": columns,
        }
        return f"/* Presto View: {base64.b64encode(json.dumps(said).encode()).decode()} */"

    def glue_columns(self) -> list[tuple[str, str, str]]:
        """The columns with Glue's types."""
        return [(name, _GLUE.get(kind, kind.split("(")[0]), meaning) for name, kind, meaning in self.columns]


def shipped() -> list[View]:
    """All views, by name."""
    return [parsed(path.stem, path.read_text()) for path in sorted(Path(__file__).parent.glob("*.sql"))]


def parsed(name: str, text: str) -> View:
    """A view from its file: the first line says what it is, then come its columns, then the query."""
    comments = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    sql = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()
    return View(name, comments[0], tuple(map(_column, comments[1:])), sql)


def _column(line: str) -> tuple[str, str, str]:
    """`name type meaning`."""
    found = re.fullmatch(r"(\w+)\s+(\w+(?:\(\d+\) with time zone)?)\s*(.*)", line)
    if found is None:
        raise ValueError(f"{line!r} is not `name type meaning`")
    return found[1], found[2], found[3]

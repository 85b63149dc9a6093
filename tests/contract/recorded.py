"""The contracts as they were recorded: one file per version, the newest last."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
KINDS = ("messages", "documents", "lake", "landing")


def versions() -> dict[int, dict[str, Any]]:
    """What each version said, with its examples."""
    numbered = {int(path.stem.removeprefix("v")): path for path in FOLDER.glob("v*.json")}
    return {number: json.loads(numbered[number].read_text()) for number in sorted(numbered)}


def forms(version: dict[str, Any]) -> dict[str, Any]:
    """The forms alone."""
    return {kind: version[kind] for kind in KINDS}


def write(number: int, said: dict[str, Any]) -> Path:
    """Record a version, a line for each message, document, table and example."""
    kinds = []
    for kind, named in said.items():
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in named.items())
        kinds.append(f" {json.dumps(kind)}: {{\n{lines}\n }}")
    path = FOLDER / f"v{number}.json"
    path.write_text("{\n" + ",\n".join(kinds) + "\n}\n")
    return path

"""Imports go one way: functions to the common layer, never to each other, and nothing imports a function."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAGES = {path.name for path in (ROOT / "functions").iterdir() if (path / "__init__.py").exists()}
CLOUD = {"boto3", "botocore"}
EDGES = {"aws.py", "store.py", "ledger.py", "registry.py"}
"""Modules of the common layer that are seams to AWS."""


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[0] for name in names}


def modules(folder: str) -> Iterator[Path]:
    return (ROOT / folder).rglob("*.py")


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_function_imports_no_other_function_and_nothing_of_the_infrastructure(stage: str) -> None:
    for path in modules(f"functions/{stage}"):
        assert not imported(path) & ((STAGES - {stage}) | {"infra"}), path


@pytest.mark.parametrize("folder", ["infra", "layers/common"])
def test_nothing_imports_a_function(folder: str) -> None:
    for path in modules(folder):
        assert not imported(path) & STAGES, path


def test_the_common_layer_knows_nothing_of_the_infrastructure() -> None:
    for path in modules("layers/common"):
        assert "infra" not in imported(path), path


def test_only_the_seams_of_the_common_layer_speak_to_aws() -> None:
    speaking = {path.name for path in modules("layers/common") if imported(path) & CLOUD}

    assert speaking <= EDGES

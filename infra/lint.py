"""Lint what was synthesised, in cdk.out or the folders that are named: templates with cfn-lint, the state machine with an Amazon States
Language linter."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

from infra.packaging import ROOT

_UNLEARNT = (
    'Field "InputType" not allowed in State Machine.States.IngestAll.Branches[1].States.Files.ItemReader.ReaderConfig'
)


def definition_of(template: dict[str, Any]) -> str:
    """The state machine of a template as JSON text; references to other resources become an ARN of the right form."""
    (definition,) = definitions_of(template)
    return definition


def definitions_of(template: dict[str, Any]) -> list[str]:
    """The same of a template that may have none, as those of further regions."""
    machines = [r for r in template["Resources"].values() if r["Type"] == "AWS::StepFunctions::StateMachine"]
    return [_flat(machine["Properties"]["DefinitionString"]) for machine in machines]


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        glue, parts = value["Fn::Join"]
        return str(glue).join(_flat(part) for part in parts)
    if value.get("Ref") == "AWS::Partition":
        return "aws"
    return "arn:aws:lambda:us-east-1:123456789012:function:resolved"


def problems_of(definition: str) -> list[str]:
    """What the Amazon States Language linter finds, but for what it has not learnt of Distributed Map yet."""
    # FLOAT: JSON knows no difference between 2 and 2.0.
    found = map(str, Linter.validate(definition, Config({ProblemType.FLOAT})))
    return [problem for problem in found if _UNLEARNT not in problem]


def main(folders: Sequence[str]) -> None:
    """Lint every template in the folders; exits 1 with the findings when there are any."""
    templates = [path for folder in folders for path in sorted((ROOT / folder).glob("*.template.json"))]
    if not templates:
        sys.exit("holdfast: nothing is synthesised yet: run `make synth`")
    clean = min([_lint(path) for path in templates])
    sys.exit(0 if clean else 1)


def _lint(path: Path) -> bool:
    # W3005: the CDK says some dependencies twice.
    template = subprocess.run(
        ["cfn-lint", "--ignore-checks", "W3005", "--non-zero-exit-code", "warning", "--", str(path)],  # noqa: S607
        check=False,
    )
    definitions = definitions_of(json.loads(path.read_text()))
    problems = [problem for definition in definitions for problem in problems_of(definition)]
    for problem in problems:
        typer.echo(f"{path.name}: Nightly: {problem}")
    if template.returncode == 0 and not problems:
        linters = "cdk-nag, cfn-lint and the state machine's linter" if definitions else "cdk-nag and cfn-lint"
        typer.echo(f"{path.name}: {linters} find nothing")
    return template.returncode == 0 and not problems


if __name__ == "__main__":
    main(sys.argv[1:] or ["cdk.out"])

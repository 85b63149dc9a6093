"""Both targets, synthesised once: with empty bundles, since what is in them is not what these tests are about."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment
from aws_cdk.assertions import Template

from holdfast.settings import load_settings
from infra.lint import definition_of
from infra.packaging import ROOT, Packager
from infra.stack import HoldfastStack

BUNDLES = ("base", "ingest", "score", "token", "lake", "train", "drift")


def empty_bundles(build: Path) -> None:
    for bundle in BUNDLES:
        (build / "bundles" / bundle / "python").mkdir(parents=True)
        (build / "bundles" / bundle / "python" / "empty.py").touch()


def synthesised(target: str, build: Path, config: Path = ROOT / "holdfast.toml") -> Template:
    empty_bundles(build)
    stack = HoldfastStack(
        App(outdir=str(build / "out")),
        "holdfast",
        target=target,
        settings=load_settings(config),
        packager=Packager(build, config),
        env=Environment(account="000000000000", region="us-east-1"),
    )
    return Template.from_stack(stack)


def run_app(out: Path, **context: str) -> subprocess.CompletedProcess[str]:
    """The app as `cdk` starts it, with what cdk.json gives it and what is said here."""
    given = json.loads((ROOT / "cdk.json").read_text())["context"] | context
    told = {"CDK_CONTEXT_JSON": json.dumps(given), "CDK_OUTDIR": str(out)}
    command = [sys.executable, "-m", "infra.app"]
    return subprocess.run(command, cwd=ROOT, env=os.environ | told, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesised("aws", tmp_path_factory.mktemp("aws"))


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesised("local", tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="session", params=["aws", "local"])
def template(request: pytest.FixtureRequest) -> Template:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def machine(template: Template) -> dict[str, Any]:
    return json.loads(definition_of(template.to_json()))

"""A small demo with IAM enforced, and roles of it to work under. Minutes long: collected by `make privileges` alone."""

import json
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra.cli.deployment import Deployment
from tests.e2e.conftest import CUSTOMERS, Demo, free_ports

_ONCE = Config(retries={"total_max_attempts": 1})
_ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
_TRUST = json.dumps({"Version": "2012-10-17", "Statement": [_ANYBODY]})


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.getoption("--privileges") else True


class Enforced(Demo):
    """The demo, and sessions of its roles."""

    @cached_property
    def resources(self) -> dict[str, str]:
        """Physical by logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName="holdfast")
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"] for page in pages for each in page["StackResourceSummaries"]
        }  # fmt: skip

    def physical(self, beginning: str) -> str:
        """What the one resource is called whose logical id is this and a hash."""
        (name,) = [name for name in self.resources if name.startswith(beginning) and len(name) == len(beginning) + 8]
        return self.resources[name]

    def under(self, role: str) -> boto3.Session:
        """A session under a role. Who may take it on is widened for that; what it may do is left as it is."""
        self.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=_TRUST)
        arn = f"arn:aws:iam::000000000000:role/{role}"
        keys = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="privileges")["Credentials"]
        return boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name="us-east-1"
        )

    def ask(self, session: boto3.Session, service: str) -> Any:
        return session.client(service, endpoint_url=self.outputs["endpoint"], config=_ONCE)

    @property
    def deployment(self) -> Deployment:
        return Deployment(**self.outputs)


@pytest.fixture(scope="session")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    demo = Enforced(tmp_path_factory.mktemp("enforced"), free_ports())
    try:
        said = demo.holdfast("demo", "--customers", str(CUSTOMERS), "--port", str(demo.port), "--enforce-iam")
        (demo.state / "said.txt").write_text(said)
        yield demo
    finally:
        demo.holdfast("down")


@pytest.fixture(scope="session")
def attached(enforced: Enforced) -> Callable[[str], boto3.Session]:
    """A session under a new role to which one of the stack's own managed policies is attached, or none."""

    @cache
    def made(policy: str = "") -> boto3.Session:
        iam, name = enforced.client("iam"), f"privileges-{policy or 'nothing'}"
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=_TRUST)
        if policy:
            iam.attach_role_policy(RoleName=name, PolicyArn=enforced.physical(f"Operators{policy}"))
        return enforced.under(name)

    return made

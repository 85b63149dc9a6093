"""What docs/security.md promises of the template, and that each test that it names is there."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from infra.packaging import ROOT
from tests.infra.conftest import empty_bundles, run_app

PAGE = (ROOT / "docs" / "security.md").read_text()
EVERYWHERE = {
    "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets", "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
    "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
}  # fmt: skip
"""Actions that AWS gives on every resource or not at all."""
NARROWED = {"cloudwatch:PutMetricData": "cloudwatch:namespace", "events:PutEvents": "events:source"}
"""Action -> the condition that narrows it where no resource can."""
OF_THE_CODE = (
    "HOLDFAST_CONFIG_PATH",
    "HOLDFAST_TRAIN_LAUNCHER",
    "HOLDFAST_TRAIN_SIZE",
    "POWERTOOLS_",
    "OMP_WAIT_POLICY",
    "PYDANTIC_DISABLE_PLUGINS",
)
"""Variables that hold no name of a resource."""


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resources(template: Template, *kinds: str) -> dict[str, dict[str, Any]]:
    found = template.to_json()["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] in kinds}


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, policy in resources(template, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy").items():
        yield from ((name, each) for each in policy["PolicyDocument"]["Statement"])


def environments(template: Template) -> Iterator[tuple[str, str, Any]]:
    for name, function in resources(template, "AWS::Lambda::Function").items():
        for variable, value in function.get("Environment", {}).get("Variables", {}).items():
            yield name, variable, value
    for name, task in resources(template, "AWS::ECS::TaskDefinition").items():
        for each in (pair for container in task["ContainerDefinitions"] for pair in container["Environment"]):
            yield name, each["Name"], each["Value"]


def test_everywhere_is_granted_only_what_takes_no_resource_or_is_narrowed_by_a_condition(template: Template) -> None:
    for name, statement in statements(template):
        if "*" not in many(statement["Resource"]):
            continue
        for action in many(statement["Action"]):
            narrowed = NARROWED.get(action, "") in str(statement.get("Condition")) if action in NARROWED else False
            assert action in EVERYWHERE or narrowed, (name, action)


def test_nothing_is_granted_by_what_is_left_out(template: Template) -> None:
    assert not [name for name, each in statements(template) if {"NotAction", "NotResource", "NotPrincipal"} & set(each)]


def test_every_wildcard_of_a_real_account_has_a_sentence(tmp_path: Path) -> None:
    empty_bundles(tmp_path)

    done = run_app(tmp_path / "out", target="aws", bases="by-tag", build=str(tmp_path))

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_keys_rotate_and_are_used_by_the_account_and_services_that_deliver_alone(template: Template) -> None:
    for key in resources(template, "AWS::KMS::Key").values():
        principals = [each["Principal"] for each in key["KeyPolicy"]["Statement"]]
        services = {str(service) for each in principals for service in many(each.get("Service", []))}
        accounts = [str(each["AWS"]) for each in principals if "AWS" in each]

        assert key["EnableKeyRotation"] is True
        assert services <= {f"{name}.amazonaws.com" for name in ("sns", "cloudwatch", "events")}
        assert all(":iam::000000000000:root" in account for account in accounts)


def test_every_store_and_queue_is_encrypted(template: Template) -> None:
    for name, table in resources(template, "AWS::DynamoDB::GlobalTable").items():
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}, name
    for name, secret in resources(template, "AWS::SecretsManager::Secret").items():
        assert "StorageKey" in str(secret["KmsKeyId"]), name
    for name, queue in resources(template, "AWS::SQS::Queue").items():
        assert queue.get("KmsMasterKeyId") or queue["SqsManagedSseEnabled"] is True, name
    for name, topic in resources(template, "AWS::SNS::Topic").items():
        assert topic["KmsMasterKeyId"], name


def test_queues_and_topics_refuse_plain_http(template: Template) -> None:
    kinds = ("AWS::SQS::Queue", "AWS::SNS::Topic")
    policies = resources(template, "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy").values()
    refusing = [str(policy) for policy in policies if "aws:SecureTransport" in str(policy)]

    for name in resources(template, *kinds):
        assert any(name in policy for policy in refusing), name


def test_an_environment_holds_names_and_nothing_that_has_to_be_kept_secret(template: Template) -> None:
    for name, variable, value in environments(template):
        said = json.dumps(value)
        assert "resolve:" not in said, (name, variable)
        assert "SecretString" not in said, (name, variable)
        assert isinstance(value, dict) or variable == "HOLDFAST_DATABASE" or variable.startswith(OF_THE_CODE), variable


def test_a_secret_is_made_by_the_service_and_never_stands_in_the_template(template: Template) -> None:
    for name, secret in resources(template, "AWS::SecretsManager::Secret").items():
        assert "SecretString" not in secret, name
        assert secret["GenerateSecretString"].get("SecretStringTemplate", "{}") == "{}", name


def test_who_asks_for_scores_is_given_routes_and_nothing_else(template: Template) -> None:
    (policy,) = [p for n, p in resources(template, "AWS::IAM::ManagedPolicy").items() if "ScoreCaller" in n]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert statement["Action"] == "execute-api:Invoke"
    assert all(re.search(r"/live/(GET|POST)/v1/", str(route)) for route in statement["Resource"])


def test_who_chooses_the_model_is_not_given_the_api(template: Template) -> None:
    (policy,) = [p for n, p in resources(template, "AWS::IAM::ManagedPolicy").items() if "ModelOperator" in n]

    assert "execute-api" not in str(policy)
    assert "dynamodb:PutItem" not in str(policy)


NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)), ids=lambda each: each.rpartition("/")[2])
def test_a_test_that_the_page_names_is_there(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text())

    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_threat_has_a_test_that_holds_it() -> None:
    rows = [
        line
        for line in PAGE.split("## Threats")[1].split("\n## ")[0].splitlines()
        if line.startswith("| ") and "---" not in line
    ]
    threats = [row for row in rows if not row.startswith(("| |", "| threat"))]

    assert len(threats) > 20
    assert not [row for row in threats if "::" not in row]

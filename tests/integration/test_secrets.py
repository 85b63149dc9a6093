"""What a source's secret holds is put there piece by piece."""

import json
import uuid
from dataclasses import fields

import boto3
import pytest

from infra.cli import secrets
from infra.cli.deployment import Deployment
from tests.integration.conftest import Runtime


@pytest.fixture
def deployment(aws_runtime: Runtime) -> Deployment:
    known = {"name": f"h{uuid.uuid4().hex[:8]}", "region": aws_runtime.region, "endpoint": aws_runtime.endpoint}
    return Deployment(**({field.name: "" for field in fields(Deployment)} | known))


def held(deployment: Deployment) -> dict[str, str]:
    value = boto3.client("secretsmanager").get_secret_value(SecretId=f"{deployment.name}/crm")["SecretString"]
    return dict(json.loads(value))


def test_a_webhook_secret_stands_beside_the_token_and_a_new_token_beside_it(deployment: Deployment) -> None:
    boto3.client("secretsmanager").create_secret(Name=f"{deployment.name}/crm", SecretString='{"unset": "x"}')

    secrets.put(deployment, "crm", secrets.TOKEN, "first")
    secrets.put(deployment, "crm", secrets.WEBHOOK, "signs")
    secrets.put(deployment, "crm", secrets.TOKEN, "second")

    assert held(deployment) == {"token": "second", "webhook_secret": "signs"}


@pytest.mark.parametrize("before", ["not json", "[]"])
def test_what_is_no_object_is_replaced(deployment: Deployment, before: str) -> None:
    boto3.client("secretsmanager").create_secret(Name=f"{deployment.name}/crm", SecretString=before)

    secrets.put(deployment, "crm", secrets.TOKEN, "first")

    assert held(deployment) == {"token": "first"}

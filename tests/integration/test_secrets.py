"""What a source's secrets hold is put there piece by piece, and what its tokens are got with is exchanged by one at a time."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import boto3
import pytest

from holdfast.credentials import Grant, OAuth
from holdfast.source_secrets import token_of
from infra.cli import secrets
from infra.cli.deployment import Deployment
from infra.trouble import Trouble
from tests.integration.conftest import Runtime
from tests.integration.dynamodb import new_table

APP = {"client_id": "i", "client_secret": "c", "refresh_token": "r0"}


@pytest.fixture
def deployment(aws_runtime: Runtime) -> Deployment:
    name = f"h{uuid.uuid4().hex[:8]}"
    new_table(f"{name}-state")
    known = {"name": name, "region": aws_runtime.region, "endpoint": aws_runtime.endpoint}
    return Deployment(**({field.name: "" for field in fields(Deployment)} | known | {"state_table": f"{name}-state"}))


def made(deployment: Deployment, source: str, value: str = '{"unset": "x"}', webhook: bool = True) -> None:
    """A source's secrets as the stack makes them."""
    client = boto3.client("secretsmanager")
    client.create_secret(Name=f"{deployment.name}/{source}", SecretString=value)
    if webhook:
        client.create_secret(Name=f"{deployment.name}/{source}/webhook", SecretString='{"unset": "x"}')


def held(deployment: Deployment, source: str = "crm") -> dict[str, str]:
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=f"{deployment.name}/{source}")
    return {name: each for name, each in json.loads(secret["SecretString"]).items() if name != "unset"}


def test_the_token_and_what_notifications_are_signed_with_stand_apart(deployment: Deployment) -> None:
    made(deployment, "crm")

    secrets.put(deployment, "crm", secrets.TOKEN, "first")
    secrets.put(deployment, "crm", secrets.WEBHOOK, "signs")
    secrets.put(deployment, "crm", secrets.TOKEN, "second")

    assert held(deployment) == {"token": "second"}
    assert held(deployment, "crm/webhook") == {"webhook_secret": "signs"}


def test_what_an_earlier_version_kept_beside_the_token_is_moved_once(deployment: Deployment) -> None:
    made(deployment, "crm", '{"token": "t", "webhook_secret": "old"}')

    moved = [secrets.move(deployment, "crm") for _ in range(2)]

    assert moved == [True, False]
    assert (held(deployment), held(deployment, "crm/webhook")) == ({"token": "t"}, {"webhook_secret": "old"})


def test_a_move_that_was_cut_off_is_done_again_and_takes_nothing_newer_away(deployment: Deployment) -> None:
    made(deployment, "crm", '{"token": "t", "webhook_secret": "old"}')
    boto3.client("secretsmanager").put_secret_value(
        SecretId=f"{deployment.name}/crm/webhook", SecretString='{"webhook_secret": "new"}'
    )

    assert secrets.move(deployment, "crm")
    assert (held(deployment), held(deployment, "crm/webhook")) == ({"token": "t"}, {"webhook_secret": "new"})


def test_an_app_signs_with_its_client_secret_until_it_is_another_or_none(deployment: Deployment) -> None:
    made(deployment, "crm")

    signed = []
    for value in (json.dumps(APP), json.dumps(APP | {"client_secret": "d"}), "token"):
        secrets.put(deployment, "crm", secrets.TOKEN, value)
        signed.append(held(deployment, "crm/webhook"))

    assert signed == [{"client_secret": "c"}, {"client_secret": "d"}, {}]
    assert held(deployment) == {"token": "token"}


def test_a_source_that_does_not_notify_has_a_token_alone(deployment: Deployment) -> None:
    made(deployment, "billing", webhook=False)

    secrets.put(deployment, "billing", secrets.TOKEN, "t")

    assert held(deployment, "billing") == {"token": "t"}
    with pytest.raises(Trouble, match=r"no secret .*/billing/webhook: sources of kind hubspot and intercom"):
        secrets.put(deployment, "billing", secrets.WEBHOOK, "signs")


@pytest.mark.parametrize("before", ["not json", "[]"])
def test_what_is_no_object_is_replaced(deployment: Deployment, before: str) -> None:
    made(deployment, "crm", before)

    secrets.put(deployment, "crm", secrets.TOKEN, "first")

    assert held(deployment) == {"token": "first"}


def test_of_many_functions_at_once_each_exchanges_the_refresh_token_that_the_one_before_kept(
    deployment: Deployment,
) -> None:
    made(deployment, "crm", json.dumps(APP))
    good = ["r0"]

    def exchange(app: OAuth) -> Grant:
        assert app.refresh_token == good[-1], "a source takes each refresh token once"
        good.append(f"r{len(good)}")
        return Grant(f"a{len(good)}", good[-1])

    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda _: token_of(secrets.secret_of(deployment, "crm"), exchange), range(8)))

    assert len(set(tokens)) == 8
    assert held(deployment) == APP | {"refresh_token": "r8"}

"""The gateway in front of the scores as it is deployed, before a function that answers everybody: whose call is let through, how often?

The embedded runtime verifies tokens of its own user pools (signature, issuer, time, scope) and asks the function `Authorize`, which
runs here as it does in the demo. AWS's own gateway is stood in for by that runtime; what it does with a refused token is its account.
"""

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import httpx
import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_lambda as lambda_

from holdfast.settings import Api
from infra.packaging import ROOT, Packager
from infra.scoring_api import ScoringApi
from tests.doubles.issuer import AUDIENCE, SCOPE, Issuer, issuing
from tests.integration.conftest import Runtime

ROLE = "arn:aws:iam::000000000000:role/any"
ANSWERING = "def handler(event, context):\n    return {'statusCode': 200, 'body': '{}'}\n"


@pytest.fixture(scope="module")
def answering(aws_runtime: Runtime) -> str:
    """A function in place of the scoring one."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("answering.py", ANSWERING)
    return made("answering", "python3.13", "answering.handler", code.getvalue())


def made(name: str, runtime: str, handler: str, code: bytes) -> str:
    function = boto3.client("lambda").create_function(
        FunctionName=name, Runtime=runtime, Handler=handler, Role=ROLE, Code={"ZipFile": code}, Timeout=30
    )
    return str(function["FunctionArn"])


def deployed(name: str, rules: Api, answering: str, folder: Path, authorize: str = "") -> tuple[str, dict[str, str]]:
    """A stack with the API alone: the address of `/v1/health`, and the stack's outputs."""
    app = App(outdir=str(folder))
    stack = Stack(app, name, env=Environment(account="000000000000", region="us-east-1"))
    functions = {
        each: lambda_.Function.from_function_arn(stack, each, arn)
        for each, arn in (("answering", answering), ("authorize", authorize))
        if arn
    }
    scores = functions["answering"]
    ScoringApi(
        stack, "Api", function=scores, webhook=scores, authorize=functions.get("authorize"), name=name, rules=rules
    )
    template = app.synth().get_stack_by_name(name).template
    template.pop("Rules", None)  # what looks for a bootstrapped account: nothing here has an asset
    template.pop("Parameters", None)
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 90}
    )
    (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    listed = boto3.client("apigateway").get_rest_apis(limit=500)["items"]
    api = next(each["id"] for each in listed if each["name"] == f"{name}-scores")
    endpoint = boto3.client("apigateway").meta.endpoint_url
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return f"{endpoint}/restapis/{api}/live/_user_request_/v1/health", outputs


def called(address: str, token: str = "") -> httpx.Response:
    return httpx.get(address, headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=60)


def refused(answers: list[httpx.Response]) -> list[tuple[int, str, str]]:
    """Status, kind of document and Retry-After of each answer that is none."""
    named = ("content-type", "retry-after")
    return [(each.status_code, *(each.headers.get(name, "") for name in named)) for each in answers if each.is_error]


@pytest.fixture(scope="module")
def shared(answering: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], list[httpx.Response]]:
    """So many calls of a client of an API that gives each three a day. The runtime does not look at who signed."""
    rules = Api(clients=("crm", "app"), client_daily=3)
    address, _ = deployed("shared", rules, answering, tmp_path_factory.mktemp("shared"))
    keys = keys_of("shared")
    return lambda client, times: asked(address, keys.get(client, "of nobody"), times)


def keys_of(name: str) -> dict[str, str]:
    """The keys that a stack made, by client."""
    made_ = boto3.client("apigateway").get_api_keys(includeValues=True, limit=500)["items"]
    return {each["name"].removeprefix(f"{name}-"): each["value"] for each in made_ if each["name"].startswith(name)}


def asked(address: str, key: str, times: int) -> list[httpx.Response]:
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=any", "x-api-key": key}
    return [httpx.get(address, headers=headers, timeout=60) for _ in range(times)]


def test_a_client_whose_day_is_used_up_is_told_when_to_come_back_and_others_are_answered(
    shared: Callable[[str, int], list[httpx.Response]],
) -> None:
    answers = shared("crm", 5)

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert refused(answers) == [(429, "application/problem+json", "3600")] * 2
    assert answers[-1].json()["detail"] == "this client's requests of today are used up"
    assert answers[-1].json()["request_id"]
    assert refused(shared("app", 2)) == []


def test_where_there_are_clients_a_call_without_the_key_of_one_is_refused(
    shared: Callable[[str, int], list[httpx.Response]],
) -> None:
    assert refused(shared("nobody", 1)) == [(403, "application/problem+json", "")]


def test_a_client_that_calls_faster_than_its_share_is_told_when_to_come_back(answering: str, tmp_path: Path) -> None:
    rules = Api(clients=("hasty", "calm"), client_rate=0.0001, burst=2)
    address, _ = deployed("rated", rules, answering, tmp_path)
    keys = keys_of("rated")

    hasty, calm = asked(address, keys["hasty"], 4), asked(address, keys["calm"], 1)

    assert refused(hasty) == [(429, "application/problem+json", "1")] * 2
    assert refused(calm) == []


@pytest.fixture(scope="module")
def pooled(answering: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    folder = tmp_path_factory.mktemp("cognito")
    return deployed("pooled", Api(authorization="cognito", scopes=("scores/read", "scores/other")), answering, folder)


def token_of(pool: dict[str, str], scope: str) -> str:
    """An access token as a program of the pool gets one: by its client's id and secret."""
    cognito = boto3.client("cognito-idp")
    ids = {"UserPoolId": _output(pool, "UserPoolId"), "ClientId": _output(pool, "UserPoolClientId")}
    client = cognito.describe_user_pool_client(**ids)["UserPoolClient"]
    answer = httpx.post(
        f"{cognito.meta.endpoint_url}/oauth2/token",
        data={"grant_type": "client_credentials", "scope": scope},
        auth=(client["ClientId"], client["ClientSecret"]),
    )
    return str(answer.raise_for_status().json()["access_token"])


def _output(outputs: dict[str, str], name: str) -> str:
    return next(value for key, value in outputs.items() if key.startswith(f"ApiCallers{name}"))


def test_a_token_of_the_stacks_own_user_pool_with_the_scope_is_let_through(pooled: tuple[str, dict[str, str]]) -> None:
    address, pool = pooled

    assert called(address, token_of(pool, "scores/read")).status_code == 200


def test_no_token_and_one_of_nobody_are_401_and_told_what_to_send(pooled: tuple[str, dict[str, str]]) -> None:
    address, pool = pooled
    head, claims, signature = token_of(pool, "scores/read").split(".")

    for refused in (called(address), called(address, f"{head}.{claims}.{signature[:-8]}AAAAAAAA")):
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.headers["content-type"] == "application/problem+json"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as made_:
        yield made_


@pytest.fixture(scope="module")
def bearing(answering: str, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The API with `Authorize` as the local target packs it, for the issuer."""
    folder = tmp_path_factory.mktemp("jwt")
    config = folder / "holdfast.toml"
    said = f'authorization = "jwt"\nissuer = "{issuer.address}"\naudience = "{AUDIENCE}"\nscopes = ["{SCOPE}"]'
    config.write_text(f"{(ROOT / 'holdfast.toml').read_text()}\n[api]\n{said}\n")
    packed = shutil.make_archive(str(folder / "authorize"), "zip", Packager(folder, config).local("score"))
    authorize = made("authorize", "provided.al2023", "score.authorize.handler", Path(packed).read_bytes())
    rules = Api(authorization="jwt", issuer=issuer.address, audience=AUDIENCE, scopes=(SCOPE,))
    return deployed("bearing", rules, answering, folder, authorize)[0]


def test_a_token_of_the_configured_issuer_is_let_through(bearing: str, issuer: Issuer) -> None:
    assert called(bearing, issuer.token()).status_code == 200


def test_a_refused_token_is_401_and_one_without_the_scope_403(bearing: str, issuer: Issuer) -> None:
    answers = {
        "missing": called(bearing),
        "no token": called(bearing, "what"),
        "expired": called(bearing, issuer.token(exp=1)),
        "for something else": called(bearing, issuer.token(scope="profile")),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "missing": 401, "no token": 401, "expired": 401, "for something else": 403,
    }  # fmt: skip
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in answers.values())
    assert answers["expired"].headers["www-authenticate"] == "Bearer"
    assert "Traceback" not in "".join(answer.text for answer in answers.values())

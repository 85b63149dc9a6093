"""What the doctor finds, and what it says to do. AWS itself is stood in for by botocore's Stubber: it cannot run here."""

import json
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner

from holdfast.settings import Settings, parse_settings
from infra.cli import doctor, main, place_checks, quotas, setup_checks
from infra.cli.findings import Finding, Place
from infra.local import runtime
from infra.trouble import Trouble

CONFIGURATION = '[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"\n'


class Stubbed(Place):
    """A region whose services answer what a test says."""

    stubs: dict[str, tuple[Any, Stubber]]

    def client(self, service: str) -> Any:
        return self.stubs[service][0]


@pytest.fixture
def aws() -> Stubbed:
    place = Stubbed(settings(), "eu-west-1", None)
    object.__setattr__(place, "stubs", {})
    for service in ("sts", "ssm", "service-quotas", "cloudformation", "secretsmanager"):
        client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        place.stubs[service] = (client, Stubber(client))
        place.stubs[service][1].activate()
    return place


def settings(more: str = "") -> Settings:
    return parse_settings(CONFIGURATION + more)


def found(check: Any) -> list[Finding]:
    return list(doctor.guarded("it", lambda: check))


def test_before_a_demo_it_says_what_does_not_answer_and_what_to_do(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "OUTPUTS", tmp_path / "outputs.json")
    monkeypatch.setattr(runtime, "PORT", 1)
    path = tmp_path / "holdfast.toml"
    path.write_text(CONFIGURATION)

    said = CliRunner().invoke(main.app, ["doctor", "--config", str(path), "--json"])

    told = {each["check"]: each for each in map(json.loads, said.stdout.splitlines())}
    assert said.exit_code == 1
    assert told["runtime"] == {
        "check": "runtime",
        "well": False,
        "found": "nothing answers on port 1",
        "mend": "make demo",
    }
    assert list(told)[-1] == "runtime"
    assert all(told[name]["well"] for name in ("python", "node", "lock", "configuration"))


def test_a_configuration_that_is_wrong_is_told_with_its_line_and_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text(CONFIGURATION + "horizon = 1\n")

    *_, last = doctor.examine("aws", path)

    assert (last.check, last.well) == ("configuration", False)
    assert f"{path}:5: churn.horizon: there is no such key; there are active_days" in last.found


def test_a_target_that_there_is_not_is_refused() -> None:
    with pytest.raises(Trouble, match="--target azure: allowed is aws"):
        list(doctor.examine("azure", Path("holdfast.toml")))


def test_packages_of_another_version_than_the_locks_are_named() -> None:
    assert setup_checks.differing(
        {"package": [{"name": "pydantic", "version": "0.1"}, {"name": "nobody", "version": "1"}]}
    ) == [f"pydantic {__import__('pydantic').VERSION}"]


def test_who_calls_is_said_and_who_may_not_is_told_why(aws: Stubbed) -> None:
    stub = aws.stubs["sts"][1]
    stub.add_response(
        "get_caller_identity", {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ada", "UserId": "u"}
    )
    stub.add_client_error("get_caller_identity", "ExpiredToken", "The security token is expired")

    (well,), (ill,) = found(place_checks.credentials(aws)), found(place_checks.credentials(aws))

    assert well == Finding("credentials", True, "123456789012 as arn:aws:iam::123456789012:user/ada")
    assert (ill.well, ill.found) == (False, "AWS refused GetCallerIdentity: The security token is expired")


@pytest.mark.parametrize(
    ("version", "well", "mend"), [("30", True, ""), ("5", False, "cdk bootstrap"), (None, False, "cdk bootstrap")]
)
def test_a_region_has_to_be_bootstrapped(aws: Stubbed, version: str | None, well: bool, mend: str) -> None:
    stub = aws.stubs["ssm"][1]
    if version:
        stub.add_response("get_parameter", {"Parameter": {"Value": version}}, {"Name": place_checks.VERSION})
    else:
        stub.add_client_error("get_parameter", "ParameterNotFound")

    (told,) = found(place_checks.bootstrap(aws, "cdk bootstrap"))

    assert (told.well, told.mend) == (well, mend)


def test_a_region_without_a_service_is_told_with_what_it_lacks() -> None:
    (well,), (ill,) = (
        list(place_checks.region(Place(settings(), name, None))) for name in ("eu-west-1", "xx-nowhere-1")
    )

    assert well.well
    assert not ill.well
    assert "xx-nowhere-1 lacks lambda, stepfunctions" in ill.found


def test_quotas_are_held_to_what_a_night_needs(aws: Stubbed) -> None:
    client, stub = aws.stubs["service-quotas"]
    stub.add_response("get_service_quota", {"Quota": {"Value": 10.0}})
    stub.add_response("get_service_quota", {"Quota": {"Value": 6.0}})
    stub.add_client_error("get_service_quota", "NoSuchResourceException")
    stub.add_response("get_aws_default_service_quota", {"Quota": {"Value": 100.0}})

    functions, fargate, spot = quotas.findings(client, settings())

    assert functions[1:3] == (False, "10 functions at once, needed are 14")
    assert fargate[3] == (
        "aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 8"
    )
    assert spot[1:3] == (True, "100 vCPU of Fargate Spot, needed are 8")


@pytest.mark.parametrize(
    ("status", "well"), [("CREATE_COMPLETE", True), ("UPDATE_ROLLBACK_FAILED", False), ("DELETE_IN_PROGRESS", False)]
)
def test_a_stack_has_to_be_whole(aws: Stubbed, status: str, well: bool) -> None:
    stack = {"StackName": "holdfast", "CreationTime": "2026-01-01", "StackStatus": status}
    aws.stubs["cloudformation"][1].add_response("describe_stacks", {"Stacks": [stack]})

    (told,) = found(place_checks.stack(aws, "make deploy"))

    assert (told.well, told.found) == (well, f"holdfast: {status}")


def test_before_the_first_deployment_nothing_is_wrong_with_having_no_stack(aws: Stubbed) -> None:
    aws.stubs["cloudformation"][1].add_client_error("describe_stacks", "ValidationError", "does not exist")

    (told,) = found(place_checks.stack(aws, "make deploy", may_lack=True))

    assert told == Finding("stack", True, "holdfast is not deployed yet", "make deploy")


@pytest.mark.parametrize(
    ("value", "well"), [('{"token": "abc"}', True), ('{"unset": "x9"}', False), ("no json", False)]
)
def test_a_secret_is_held_to_a_token_and_never_repeated(aws: Stubbed, value: str, well: bool) -> None:
    aws.stubs["secretsmanager"][1].add_response(
        "get_secret_value", {"SecretString": value}, {"SecretId": "holdfast/crm"}
    )

    (told,) = found(place_checks.secrets(aws))

    assert told.well == well
    assert told.mend == ("" if well else "holdfast secret set crm --target aws")
    assert value not in told.found


def test_a_webhook_secret_that_still_stands_beside_the_token_is_told_with_what_moves_it(aws: Stubbed) -> None:
    aws.stubs["secretsmanager"][1].add_response(
        "get_secret_value", {"SecretString": '{"token": "abc", "webhook_secret": "def"}'}, {"SecretId": "holdfast/crm"}
    )

    held, apart = found(place_checks.secrets(aws))

    assert (held.well, apart.well) == (True, False)
    assert apart.mend == "holdfast secret move --target aws"
    assert "def" not in apart.found


def test_a_builder_that_is_not_there_is_told_with_what_to_do(monkeypatch) -> None:
    monkeypatch.setenv("CDK_DOCKER", "nobody")

    (told,) = setup_checks.builder()

    assert (told.well, told.found) == (False, "nobody does not answer")
    assert "CDK_DOCKER=podman" in told.mend


def test_bases_that_are_not_pinned_are_named_with_how_to_pin_them() -> None:
    digest = f"python@sha256:{'a' * 64}"
    (loose,) = setup_checks.images(settings())
    (pinned,) = setup_checks.images(settings(f'[images]\ntrain = "{digest}"\nfunction = "{digest}"\n'))

    assert (loose.well, loose.mend) == (False, "holdfast images pin")
    assert "images.train and images.function not pinned" in loose.found
    assert (pinned.found, pinned.mend) == ("pinned by digest", "")


def test_what_a_night_needs_is_what_the_stack_asks_for() -> None:
    from infra import training

    assert float(training._LARGER["cpu"]) / 1024 == quotas.TRAINING_VCPU


def test_the_lock_here_is_what_is_installed() -> None:
    python, node, lock = setup_checks.versions()

    assert python.found == ".".join(map(str, sys.version_info[:3]))
    assert node.found.startswith("v")
    assert lock.well, lock.found

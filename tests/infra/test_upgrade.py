"""Deploying a new version over a running old one: what stays, and how new code takes over."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from holdfast.settings import load_settings
from infra.app import deployed
from infra.packaging import ROOT, Packager
from tests.infra.conftest import empty_bundles, synthesised

STATEFUL = {
    "AWS::S3::Bucket": 6,
    "AWS::DynamoDB::GlobalTable": 2,
    "AWS::KMS::Key": 1,
    "AWS::SecretsManager::Secret": 5,
    "AWS::Glue::Database": 1,
}

"""What holds something that no deployment can make again, and how many of it there are."""
NAMES = {
    "AWS::S3::Bucket": ["StorageAccessLogs96FB524C", "StorageLandingB13DAC19", "StorageQuarantine381A7D7C", "StorageLake72898626",
                        "StorageArtifacts08431D1F", "StorageUploadsBDC5E374"],
    "AWS::DynamoDB::GlobalTable": ["StorageStateA15002BE", "StorageScores338DEB16"],
    "AWS::KMS::Key": ["StorageKeyBAA9457B"],
    "AWS::SecretsManager::Secret": ["StoragePseudonymKeyC76FDFA6", "StorageHubspotTokenCB4B0A13", "StorageHubspotWebhookE0796B33",
                                    "StorageIntercomTokenB70ECFD7", "StorageIntercomWebhook4B2904CD"],
    "AWS::Glue::Database": ["StorageDatabase89DBCE01"],
}  # fmt: skip
"""What CloudFormation knows each of them by: under another name it is another one, empty, and what is held stays behind."""
STATES = (
    "Plan",
    "Ingest",
    "Reconcile",
    "Scrub",
    "Validate",
    "Transform",
    "Features",
    "Train",
    "Promote",
    "ScoreAll",
    "Report",
)


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """With a pool of users, whose clients and scopes people rely on."""
    folder = tmp_path_factory.mktemp("pooled")
    config = folder / "holdfast.toml"
    config.write_text(
        (ROOT / "holdfast.toml").read_text() + '\n[api]\nauthorization = "cognito"\nscopes = ["scores/read"]\n'
    )
    return synthesised("aws", folder / "build", config)


def versions(template: Template) -> dict[str, str]:
    """Logical ids of published versions by function."""
    found = template.find_resources("AWS::Lambda::Version")
    return {str(each["Properties"]["FunctionName"]): name for name, each in found.items()}


@pytest.mark.parametrize("kind", STATEFUL)
def test_what_holds_data_outlives_its_stack_and_its_replacement(aws: Template, kind: str) -> None:
    found = aws.find_resources(kind)

    assert len(found) == STATEFUL[kind]
    assert {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in found.values()} == {("Retain", "Retain")}


@pytest.mark.parametrize("kind", NAMES)
def test_what_holds_data_keeps_its_name(template: Template, kind: str) -> None:
    assert set(template.find_resources(kind)) == set(NAMES[kind])


def test_no_table_is_deleted_by_hand_while_it_is_protected(aws: Template, local: Template) -> None:
    def protected(template: Template) -> set[Any]:
        tables = template.find_resources("AWS::DynamoDB::GlobalTable").values()
        return {
            replica.get("DeletionProtectionEnabled") for each in tables for replica in each["Properties"]["Replicas"]
        }

    assert protected(aws) == {True}
    assert protected(local) == {None}


def test_the_pool_of_users_outlives_its_stack(pooled: Template) -> None:
    (pool,) = pooled.find_resources("AWS::Cognito::UserPool").values()

    assert (pool["DeletionPolicy"], pool["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize(("target", "protected"), [("aws", True), ("local", False)])
def test_the_stack_itself_is_protected_on_a_real_account(tmp_path: Path, target: str, protected: bool) -> None:
    empty_bundles(tmp_path)
    config = ROOT / "holdfast.toml"
    app = App(outdir=str(tmp_path / "out"))
    home = deployed(app, target, load_settings(config), Packager(tmp_path, config))[0]

    assert home.termination_protection is protected


def test_a_run_invokes_each_function_by_an_alias_that_turns_at_once(aws: Template) -> None:
    """A function's code and its layers are changed one after the other: by its name alone, a run would meet new code on an old layer."""
    (machine,) = aws.find_resources("AWS::StepFunctions::StateMachine").values()
    aliases = aws.find_resources("AWS::Lambda::Alias")
    named = set(re.findall(r'"(Functions\w+)"', json.dumps(machine["Properties"]["DefinitionString"])))

    assert named
    assert named == {name for name in aliases if name.startswith("Functions")}
    assert {each["Properties"]["Name"] for each in aliases.values()} == {"live"}


def test_a_run_that_began_before_may_go_on_whatever_its_definition_calls_the_functions(template: Template) -> None:
    policies = template.find_resources("AWS::IAM::Policy")
    (policy,) = [each for name, each in policies.items() if "ChainNightlyRole" in name]
    said = policy["Properties"]["PolicyDocument"]["Statement"]
    allowed = json.dumps([each["Resource"] for each in said if each["Action"] == "lambda:InvokeFunction"])

    assert all(f'"Functions{state}' in allowed and f'"Fn::GetAtt": ["Functions{state}' in allowed for state in STATES)


def test_what_is_only_in_a_layer_is_a_new_version_too(tmp_path: Path) -> None:
    """The configuration and the common code lie there: without a new version, no alias would ever lead to them."""
    other = tmp_path / "holdfast.toml"
    other.write_text((ROOT / "holdfast.toml").read_text() + "\n# another\n")

    before = versions(synthesised("aws", tmp_path / "before"))
    after = versions(synthesised("aws", tmp_path / "after", other))

    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())

"""A stack that takes over the buckets of one that is gone: it makes none, lets everybody at those as at its own, and gives them their policies again."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from holdfast.errors import ConfigurationInvalid
from holdfast.settings import Buckets, Settings, load_settings, parse_settings
from infra.app import deployed
from infra.packaging import ROOT, Packager
from tests.infra.conftest import empty_bundles
from tests.infra.test_regions import KEYS_OF_CDK_JSON, resources

KEY = "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-4000-8000-000000000000"
NAMES = {zone: f"holdfast-storage{zone.replace('_', '')}-1" for zone in Buckets.model_fields if zone != "key"}
CONFIG = ROOT / "holdfast.toml"
OWN = load_settings(CONFIG)
TAKING_OVER = OWN.model_copy(update={"buckets": Buckets(**NAMES, key=KEY)})


def synthesised(build: Path, target: str, settings: Settings) -> dict[str, Any]:
    """The template, of AWS held to cdk-nag."""
    empty_bundles(build)
    app = App(outdir=str(build / "out"), context=KEYS_OF_CDK_JSON)
    deployed(app, target, settings, Packager(build, CONFIG), nagged=target == "aws")
    (stack,) = app.synth().stacks
    return dict(stack.template)


@pytest.fixture(scope="module")
def taking_over(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return synthesised(tmp_path_factory.mktemp("over"), "aws", TAKING_OVER)


def said(value: Any, names: dict[str, str]) -> str:
    """A value of a template as a text, with logical ids of buckets and key turned into what was taken over."""
    match value:
        case {"Fn::Join": [str() as between, [*parts]]}:
            return between.join(said(part, names) for part in parts)
        case {"Fn::GetAtt": [name, "Arn"]} if name in names:
            return names[name] if names[name] == KEY else f"arn:aws:s3:::{names[name]}"
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": "AWS::AccountId"}:
            return "000000000000"
        case {"Ref": name} if name in names:
            return names[name]
        case str():
            return value
    return json.dumps(value, sort_keys=True)


def allowed(template: dict[str, Any], names: dict[str, str]) -> dict[str, set[str]]:
    """By policy, each action on what is taken over, with its resource and conditions."""
    found: dict[str, set[str]] = {}
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for name, policy in resources(template, kind).items():
            found[name] = {
                f"{action} {resource} {said(statement.get('Condition', {}), names)}"
                for statement in policy["PolicyDocument"]["Statement"]
                for action in listed(statement["Action"])
                for resource in (said(each, names) for each in listed(statement["Resource"]))
                if any(each in resource for each in (KEY, *NAMES.values()))
            }
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_it_makes_no_bucket_and_no_key_for_data(taking_over: dict[str, Any]) -> None:
    assert resources(taking_over, "AWS::S3::Bucket") == {}
    assert not [name for name in resources(taking_over, "AWS::KMS::Key") if name.startswith("Storage")]


def test_every_role_may_do_with_what_is_taken_over_what_it_may_do_with_its_own(
    aws: Template, taking_over: dict[str, Any]
) -> None:
    own = aws.to_json()
    names = {
        logical: NAMES[zone]
        for logical in resources(own, "AWS::S3::Bucket")
        for zone in NAMES
        if logical.startswith(f"Storage{''.join(part.capitalize() for part in zone.split('_'))}")
    }
    (key,) = [name for name in resources(own, "AWS::KMS::Key") if name.startswith("StorageKey")]

    theirs = allowed(own, names | {key: KEY})

    assert len(names) == len(NAMES)
    assert len(set().union(*theirs.values())) > 50
    assert allowed(taking_over, {}) == theirs


def test_what_is_new_comes_under_the_same_key(taking_over: dict[str, Any]) -> None:
    for table in resources(taking_over, "AWS::DynamoDB::GlobalTable").values():
        assert table["Replicas"][0]["SSESpecification"]["KMSMasterKeyId"] == KEY
    for secret in resources(taking_over, "AWS::SecretsManager::Secret").values():
        assert secret["KmsKeyId"] == KEY


def test_alarms_reach_people_under_a_key_that_services_are_let_use(taking_over: dict[str, Any]) -> None:
    (name,) = [name for name in resources(taking_over, "AWS::KMS::Key") if name.startswith("AlertsKey")]
    (topic,) = resources(taking_over, "AWS::SNS::Topic").values()

    assert topic["KmsMasterKeyId"] == {"Fn::GetAtt": [name, "Arn"]}


@pytest.mark.parametrize("bucket", NAMES.values())
def test_each_bucket_refuses_plain_http_again(taking_over: dict[str, Any], bucket: str) -> None:
    (policy,) = [each for each in resources(taking_over, "AWS::S3::BucketPolicy").values() if each["Bucket"] == bucket]
    (denied,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]

    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert [said(each, {}) for each in denied["Resource"]] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]


def test_accesses_to_the_others_are_written_down_where_they_were(taking_over: dict[str, Any]) -> None:
    logs = NAMES["access_logs"]
    (policy,) = [each for each in resources(taking_over, "AWS::S3::BucketPolicy").values() if each["Bucket"] == logs]
    (written,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]

    assert written["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    sources = {said(each, {}) for each in written["Condition"]["ArnLike"]["aws:SourceArn"]}
    assert sources == {f"arn:aws:s3:::{name}" for name in NAMES.values() if name != logs}


def test_the_outputs_say_where_things_are(taking_over: dict[str, Any]) -> None:
    outputs = {name: each["Value"] for name, each in taking_over["Outputs"].items()}

    for zone in ("landing", "quarantine", "lake", "artifacts", "uploads"):
        assert outputs[f"{zone.capitalize()}Bucket"] == NAMES[zone]


def test_the_embedded_runtime_gets_the_same(tmp_path: Path) -> None:
    local = synthesised(tmp_path, "local", TAKING_OVER)

    assert resources(local, "AWS::S3::Bucket") == {}
    assert local["Outputs"]["LakeBucket"]["Value"] == NAMES["lake"]


def test_further_regions_are_refused_with_the_reason() -> None:
    text = CONFIG.read_text()
    section = "\n".join(f'{name} = "{each}"' for name, each in TAKING_OVER.buckets.model_dump().items())  # type: ignore[union-attr]

    with pytest.raises(ConfigurationInvalid, match="exclude each other"):
        parse_settings(f'{text}\n[buckets]\n{section}\n[api]\nregions = ["eu-west-1"]\n')

"""What a list of further regions makes of the deployment, and what it leaves as it was."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from holdfast.settings import load_settings
from infra.app import deployed
from infra.packaging import ROOT, Packager
from infra.targets import further_regions
from tests.infra.conftest import empty_bundles

EXAMPLE = ROOT / "examples" / "regions" / "holdfast.toml"
HOME, FURTHER = "us-east-1", ("eu-west-1", "ap-southeast-2")
KEYS_OF_CDK_JSON = {k: v for k, v in json.loads((ROOT / "cdk.json").read_text())["context"].items() if k[0] == "@"}


@pytest.fixture(scope="module")
def further(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Templates of the example by stack, held to cdk-nag."""
    return synthesised(tmp_path_factory.mktemp("regions"), EXAMPLE)


def synthesised(build: Path, config: Path) -> dict[str, dict[str, Any]]:
    empty_bundles(build)
    app = App(outdir=str(build / "out"), context=KEYS_OF_CDK_JSON)
    deployed(app, "aws", load_settings(config), Packager(build, config), nagged=True)
    return {stack.stack_name: stack.template for stack in app.synth().stacks}


@pytest.fixture(scope="module")
def home(further: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return further["regions"]


@pytest.fixture(params=FURTHER)
def region(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def scoring(further: dict[str, dict[str, Any]], region: str) -> dict[str, Any]:
    return further[f"regions-{region}"]


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in template["Resources"].items() if r["Type"] == kind}


def output_in(region: str, output: str) -> dict[str, Any]:
    stack = "regions" if region == HOME else f"regions-{region}-copies"
    return {"Fn::GetStackOutput": {"StackName": stack, "Region": region, "OutputName": output}}


def actions_of(statement: dict[str, Any]) -> set[str]:
    return {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])


def policy_of(template: dict[str, Any], name: str) -> list[dict[str, Any]]:
    policies = resources(template, "AWS::IAM::Policy")
    (policy,) = [p for n, p in policies.items() if name in n]
    return list(policy["PolicyDocument"]["Statement"])


def test_each_further_region_has_its_copies_and_its_scores_and_every_finding_is_acknowledged(further) -> None:
    assert set(further) == {"regions", *(f"regions-{r}" for r in FURTHER), *(f"regions-{r}-copies" for r in FURTHER)}


def test_no_function_runs_and_nothing_is_exported_to_tell_one_stack_of_another(further) -> None:
    for name, template in further.items():
        assert not [r["Type"] for r in template["Resources"].values() if r["Type"].startswith("Custom::")], name
        assert not [o for o in template["Outputs"].values() if "Export" in o], name


def test_without_a_list_nothing_is_copied(aws: Template) -> None:
    template = aws.to_json()

    assert further_regions("aws", load_settings(ROOT / "holdfast.toml")) == ()
    tables = resources(template, "AWS::DynamoDB::GlobalTable")
    assert [len(table["Replicas"]) for table in tables.values()] == [1, 1]
    assert not [b for b in resources(template, "AWS::S3::Bucket").values() if "ReplicationConfiguration" in b]
    assert not [s for s in resources(template, "AWS::SecretsManager::Secret").values() if "ReplicaRegions" in s]
    assert "HOLDFAST_COPIES" not in str(template)
    assert not {"AWS::Route53::RecordSet", "AWS::ApiGateway::DomainName"} & {
        r["Type"] for r in template["Resources"].values()
    }


def test_the_embedded_runtime_has_no_further_region() -> None:
    assert further_regions("local", load_settings(EXAMPLE)) == ()
    assert further_regions("aws", load_settings(EXAMPLE)) == FURTHER


def test_tables_and_secret_are_replicated_under_the_key_of_each_region(home: dict[str, Any]) -> None:
    for table in resources(home, "AWS::DynamoDB::GlobalTable").values():
        keys = {each["Region"]: each["SSESpecification"]["KMSMasterKeyId"] for each in table["Replicas"]}

        assert {r: keys[r] for r in FURTHER} == {r: output_in(r, "KeyArn") for r in FURTHER}
        assert set(keys) == {HOME, *FURTHER}
        assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
        assert all(each["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] for each in table["Replicas"])
    (replicated,) = [s for s in resources(home, "AWS::SecretsManager::Secret").values() if "ReplicaRegions" in s]
    assert {each["Region"]: each["KmsKeyId"] for each in replicated["ReplicaRegions"]} == {
        region: output_in(region, "KeyArn") for region in FURTHER
    }
    assert "key of the pseudonyms" in replicated["Description"]


def test_bundles_and_the_ranking_are_copied_with_marks_of_deletion_and_nothing_else_is(home: dict[str, Any]) -> None:
    (bucket,) = [b for b in resources(home, "AWS::S3::Bucket").values() if "ReplicationConfiguration" in b]
    rules = bucket["ReplicationConfiguration"]["Rules"]

    assert Counter(rule["Filter"]["Prefix"] for rule in rules) == {"bundles/": 2, "rankings/latest.json": 2}
    assert len({rule["Priority"] for rule in rules}) == len({rule["Id"] for rule in rules}) == len(rules)
    for rule in rules:
        (region,) = [each for each in FURTHER if each in rule["Id"]]
        assert rule["DeleteMarkerReplication"] == {"Status": "Enabled"}
        assert rule["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
        assert rule["Destination"]["EncryptionConfiguration"] == {"ReplicaKmsKeyID": output_in(region, "KeyArn")}
        assert output_in(region, "ArtifactsBucket") in rule["Destination"]["Bucket"]["Fn::Join"][1]


def test_who_copies_may_read_and_write_that_and_nothing_else(home: dict[str, Any]) -> None:
    said = policy_of(home, "StorageCopier")
    objects = [s for s in said if any("Object" in action or "Replicate" in action for action in actions_of(s))]

    ends = {re.findall(r"'(/[^']*)'", str(resource))[0] for s in objects for resource in s["Resource"]}
    assert ends == {"/bundles/*", "/rankings/latest.json"}
    assert set().union(*map(actions_of, said)) == {
        "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionTagging", "s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "kms:Decrypt", "kms:Encrypt",
        "kms:GenerateDataKey",
    }  # fmt: skip
    (role,) = [r for n, r in resources(home, "AWS::IAM::Role").items() if "Copier" in n]
    assert "RoleName" not in role


def test_who_forgets_deletes_versions_in_every_further_region(home: dict[str, Any]) -> None:
    (forget,) = [
        f for f in resources(home, "AWS::Lambda::Function").values() if "forgets one person" in f["Description"]
    ]
    purges = [s for s in policy_of(home, "FunctionsForgetRole") if "s3:DeleteObjectVersion" in actions_of(s)]
    keys = [s for s in policy_of(home, "FunctionsForgetRole") if "kms:GenerateDataKey" in actions_of(s)]

    for region in FURTHER:
        assert region in str(forget["Environment"]["Variables"]["HOLDFAST_COPIES"])
        assert str(output_in(region, "ArtifactsBucket")) in str(purges)
        assert str(output_in(region, "KeyArn")) in str(keys)


def test_copies_are_encrypted_versioned_private_and_older_versions_go_within_a_day(further, region: str) -> None:
    template = further[f"regions-{region}-copies"]
    (bucket,) = [b for n, b in resources(template, "AWS::S3::Bucket").items() if "AccessLogs" not in n]

    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert "aws:kms" in str(bucket["BucketEncryption"])
    assert bucket["LifecycleConfiguration"]["Rules"][0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert (
        template["Resources"][next(n for n in template["Resources"] if "CopiesKey" in n)]["DeletionPolicy"] == "Delete"
    )


def test_the_scorer_is_the_home_regions_with_what_is_near(
    home: dict[str, Any], scoring: dict[str, Any], region: str
) -> None:
    (own,) = [f for f in resources(home, "AWS::Lambda::Function").values() if f.get("Handler") == "score.api.handler"]
    (near,) = resources(scoring, "AWS::Lambda::Function").values()
    told = near["Environment"]["Variables"]

    same = ("Handler", "Runtime", "Architectures", "MemorySize", "Timeout", "SnapStart", "TracingConfig")
    assert {name: near[name] for name in same} == {name: own[name] for name in same}
    assert near["Code"]["S3Key"] == own["Code"]["S3Key"]
    assert told["HOLDFAST_ARTIFACTS_BUCKET"] == output_in(region, "ArtifactsBucket")
    assert (told["HOLDFAST_HOME_BUCKET"], told["HOLDFAST_HOME_REGION"]) == (output_in(HOME, "ArtifactsBucket"), HOME)
    assert (told["HOLDFAST_STATE_TABLE"], told["HOLDFAST_SCORES_TABLE"]) == (
        output_in(HOME, "StateTable"),
        output_in(HOME, "ScoresTable"),
    )
    assert f"arn:aws:secretsmanager:{region}:" in str(told["HOLDFAST_PSEUDONYM_SECRET"])


def test_it_reads_what_the_home_scorer_reads_and_writes_nothing(scoring: dict[str, Any], region: str) -> None:
    said = [s for s in policy_of(scoring, "ScorerApiRole") if not re.search("logs:|xray:|sqs:", str(s["Action"]))]

    assert set().union(*map(actions_of, said)) == {
        "s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "dynamodb:GetItem", "dynamodb:BatchGetItem", "kms:Decrypt",
        "secretsmanager:GetSecretValue",
    }  # fmt: skip
    (objects,) = [s for s in said if "s3:GetObject" in actions_of(s)]
    assert set(re.findall(r"'(/[a-z][^']*)'", str(objects))) == {"/bundles/*", "/rankings/latest.json"}
    (of_state,) = [s for s in said if "StateTable" in str(s["Resource"])]
    assert of_state["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["registry"]}}
    assert f"arn:aws:dynamodb:{region}:" in str(of_state["Resource"])


def test_callers_are_asked_for_the_same_in_every_region(home: dict[str, Any], scoring: dict[str, Any]) -> None:
    def asked(template: dict[str, Any]) -> Counter[tuple[str, ...]]:
        methods = resources(template, "AWS::ApiGateway::Method").values()
        names = ("HttpMethod", "AuthorizationType", "AuthorizationScopes", "ApiKeyRequired", "RequestModels")
        kept = [m for m in methods if m["AuthorizationType"] != "NONE"]
        return Counter(tuple(re.sub(r"\w+ScoresWanted\w+", "", str(m.get(name))) for name in names) for m in kept)

    assert asked(scoring) == asked(home)
    assert not [m for m in resources(scoring, "AWS::ApiGateway::Method").values() if m["AuthorizationType"] == "NONE"]
    (tokens,) = resources(scoring, "AWS::ApiGateway::Authorizer").values()
    assert tokens["ProviderARNs"] == [output_in(HOME, "UserPoolArn")]
    assert not resources(scoring, "AWS::Cognito::UserPool")


def test_tokens_of_an_issuer_are_verified_in_the_region_where_they_are_shown(tmp_path: Path) -> None:
    config = tmp_path / "holdfast.toml"
    issuer = 'authorization = "jwt"\nissuer = "https://company.eu.auth0.com/"\naudience = "https://scores"'
    config.write_text(EXAMPLE.read_text().replace('authorization = "cognito"', issuer))

    scoring = synthesised(tmp_path, config)[f"regions-{FURTHER[0]}"]

    (authorizer,) = resources(scoring, "AWS::ApiGateway::Authorizer").values()
    functions = resources(scoring, "AWS::Lambda::Function")
    (verifier,) = [name for name, each in functions.items() if each.get("Handler") == "score.authorize.handler"]
    methods = resources(scoring, "AWS::ApiGateway::Method").values()
    assert authorizer["Type"] == "TOKEN"
    assert verifier in str(authorizer["AuthorizerUri"])
    assert {method["AuthorizationType"] for method in methods} == {"CUSTOM"}


def test_a_further_region_is_shielded_watched_and_released_like_the_first(
    home: dict[str, Any], scoring: dict[str, Any]
) -> None:
    def firewall(template: dict[str, Any]) -> Any:
        (acl,) = resources(template, "AWS::WAFv2::WebACL").values()
        return acl["Rules"]

    def stage(template: dict[str, Any]) -> Any:
        (made,) = resources(template, "AWS::ApiGateway::Stage").values()
        return made["AccessLogSetting"]["Format"], made["MethodSettings"][-1], made["TracingEnabled"]

    alarms = {alarm["AlarmName"]: alarm for alarm in resources(scoring, "AWS::CloudWatch::Alarm").values()}
    names = (
        "ApiErrors",
        "ApiSlow",
        "ApiThrottled",
        "CanaryErrors",
        "CanaryFailed",
        "CanarySlow",
        "DeadLetters",
        "LostAlerts",
    )
    assert set(alarms) == {f"regions-{name}" for name in names}
    assert all("AlertsTopic" in str(alarm["AlarmActions"]) for alarm in alarms.values())
    assert firewall(scoring) == firewall(home)
    assert stage(scoring)[0] == stage(home)[0]
    assert len(resources(scoring, "AWS::CodeDeploy::DeploymentGroup")) == 1


def test_one_name_leads_to_the_nearest_region_that_is_well(further: dict[str, dict[str, Any]]) -> None:
    records: dict[str, dict[str, Any]] = {}
    for region, name in ((HOME, "regions"), *((each, f"regions-{each}") for each in FURTHER)):
        (record,) = resources(further[name], "AWS::Route53::RecordSet").values()
        (check,) = resources(further[name], "AWS::Route53::HealthCheck").values()
        (certificate,) = resources(further[name], "AWS::CertificateManager::Certificate").values()
        assert (record["Region"], record["SetIdentifier"], record["Type"]) == (region, region, "A")
        assert check["HealthCheckConfig"]["Type"] == "CLOUDWATCH_METRIC"
        assert check["HealthCheckConfig"]["AlarmIdentifier"]["Region"] == region
        assert "ApiErrors" in str(check["HealthCheckConfig"]["AlarmIdentifier"]["Name"])
        assert certificate["DomainValidationOptions"][0]["HostedZoneId"] == "Z0123456789ABCDEFGHIJ"
        records[region] = record

    assert {(each["Name"], each["HostedZoneId"]) for each in records.values()} == {
        ("scores.example.com.", "Z0123456789ABCDEFGHIJ")
    }

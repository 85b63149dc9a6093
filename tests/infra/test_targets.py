"""What differs between the targets, and nothing else."""

import json
from pathlib import Path

import pytest
from aws_cdk import Stack
from aws_cdk.assertions import Template

from holdfast.errors import ConfigurationInvalid
from holdfast.settings import Images
from infra.packaging import ROOT, BundleMissing, Packager
from infra.targets import target_named
from tests.infra.conftest import run_app, synthesised


def functions(template: Template) -> list[dict]:
    found = template.find_resources("AWS::Lambda::Function").values()
    return [f["Properties"] for f in found if "HOLDFAST_STATE_TABLE" in str(f["Properties"].get("Environment"))]


def test_aws_runs_python_on_arm_as_zip_or_image(aws: Template) -> None:
    for function in functions(aws):
        assert function["Architectures"] == ["arm64"]
        assert function.get("Runtime") == "python3.13" or function["PackageType"] == "Image"


def test_aws_trains_on_fargate_as_a_read_only_container(aws: Template) -> None:
    (task,) = aws.find_resources("AWS::ECS::TaskDefinition").values()
    (container,) = task["Properties"]["ContainerDefinitions"]

    assert task["Properties"]["RequiresCompatibilities"] == ["FARGATE"]
    assert container["ReadonlyRootFilesystem"] is True
    (providers,) = aws.find_resources("AWS::ECS::ClusterCapacityProviderAssociations").values()
    assert set(providers["Properties"]["CapacityProviders"]) == {"FARGATE", "FARGATE_SPOT"}


def test_the_training_job_may_write_to_its_scratch_volume_alone(aws: Template) -> None:
    (task,) = aws.find_resources("AWS::ECS::TaskDefinition").values()
    (container,) = task["Properties"]["ContainerDefinitions"]

    assert container["MountPoints"] == [{"ContainerPath": "/tmp", "ReadOnly": False, "SourceVolume": "scratch"}]
    assert task["Properties"]["Volumes"] == [{"Name": "scratch"}]


def test_containers_are_built_on_the_bases_that_are_pinned(tmp_path: Path) -> None:
    pinned = {"train": f"python@sha256:{'a' * 64}", "function": f"lambda@sha256:{'b' * 64}"}
    lines = "".join(f'{name} = "{base}"\n' for name, base in pinned.items())
    config = tmp_path / "holdfast.toml"
    config.write_text((ROOT / "holdfast.toml").read_text() + "\n[images]\n" + lines)

    synthesised("aws", tmp_path, config)

    images = json.loads((tmp_path / "out" / "holdfast.assets.json").read_text())["dockerImages"].values()
    assert {image["source"]["dockerBuildArgs"]["BASE"] for image in images} == set(pinned.values())


def test_nothing_is_synthesised_for_aws_on_a_base_that_is_not_pinned(tmp_path: Path) -> None:
    config = tmp_path / "holdfast.toml"
    config.write_text((ROOT / "holdfast.toml").read_text() + f'\n[images]\ntrain = "python@sha256:{"a" * 64}"\n')

    done = run_app(tmp_path / "out", target="aws", config=str(config))

    assert done.returncode == 1
    assert done.stderr.startswith("holdfast: not pinned by digest: images.function. `holdfast images pin`")
    assert not list((tmp_path / "out").glob("*.json"))


def test_a_base_image_without_a_digest_is_refused() -> None:
    with pytest.raises(ValueError, match="train"):
        Images(train="python:3.13")


def test_the_security_group_of_training_lets_nobody_in(aws: Template) -> None:
    (group,) = aws.find_resources("AWS::EC2::SecurityGroup").values()

    assert "SecurityGroupIngress" not in group["Properties"]


def test_local_runs_the_runtime_client_on_our_own_interpreter(local: Template) -> None:
    assert {function["Runtime"] for function in functions(local)} == {"provided.al2023"}


def test_local_has_nothing_that_the_embedded_runtime_refuses(local: Template) -> None:
    kinds = {resource["Type"] for resource in local.to_json()["Resources"].values()}

    assert not kinds & {"AWS::ECS::Cluster", "AWS::EMRServerless::Application", "AWS::WAFv2::WebACLAssociation"}


def test_aws_has_a_spark_application_that_costs_nothing_between_jobs_and_local_has_no_use_for_one(
    aws: Template, local: Template
) -> None:
    (application,) = aws.find_resources("AWS::EMRServerless::Application").values()
    told = application["Properties"]

    assert (told["Type"], told["Architecture"]) == ("SPARK", "ARM64")
    assert "InitialCapacity" not in told
    assert told["AutoStopConfiguration"] == {"Enabled": True, "IdleTimeoutMinutes": 5}
    assert told["MaximumCapacity"]
    for template, there in ((aws, True), (local, False)):
        names = {f["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for f in functions(template)}
        assert ("Group" in names) is there


def test_the_spark_job_may_read_the_lake_and_write_cells_and_nothing_else(aws: Template) -> None:
    roles = [name for name, role in aws.find_resources("AWS::IAM::Role").items() if "emr-serverless" in str(role)]
    policies = [
        p["Properties"]
        for p in aws.find_resources("AWS::IAM::Policy").values()
        if {"Ref": roles[0]} in p["Properties"]["Roles"]
    ]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    writing = [s for s in statements if "s3:PutObject" in s["Action"]]

    assert len(roles) == 1
    assert "/cells/*" in str(writing)
    assert len(writing) == 1
    assert not [
        s
        for s in statements
        if "glue:" in str(s["Action"]) or "dynamodb:" in str(s["Action"]) or "secretsmanager" in str(s["Action"])
    ]


def test_every_alarm_names_its_metric_as_the_embedded_runtime_wants_it(local: Template) -> None:
    alarms = local.find_resources("AWS::CloudWatch::Alarm")

    assert all("MetricName" in alarm["Properties"] for alarm in alarms.values())


def test_an_unknown_target_names_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="allowed are aws, local"):
        target_named("azure", Stack(), Packager(tmp_path, tmp_path / "holdfast.toml"), Images())


def test_a_bundle_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(BundleMissing, match="make bundles"):
        Packager(tmp_path, tmp_path / "holdfast.toml").bundle("lake")


def test_the_function_that_callers_wait_for_starts_from_an_image_on_aws(aws: Template) -> None:
    started = {
        function["Properties"].get("Handler"): function["Properties"]["SnapStart"]["ApplyOn"]
        for function in aws.find_resources("AWS::Lambda::Function").values()
        if "SnapStart" in function["Properties"]
    }

    assert started == {"score.api.handler": "PublishedVersions"}

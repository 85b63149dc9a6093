"""What `holdfast cost` counts as paid for all month is what the template has."""

import tomllib
from typing import Any

import pytest
from aws_cdk.assertions import Template

from holdfast.settings import load_settings
from holdfast.vendors import APIS, NOTIFIERS
from infra.packaging import ROOT

COUNTED = tomllib.loads((ROOT / "infra" / "standing.toml").read_text())
KINDS = {
    "keys": "AWS::KMS::Key",
    "alarms": "AWS::CloudWatch::Alarm",
    "dashboards": "AWS::CloudWatch::Dashboard",
    "firewalls": "AWS::WAFv2::WebACL",
    "nat_gateways": "AWS::EC2::NatGateway",
}
PAID_BY_THE_HOUR = (
    "AWS::EC2::VPCEndpoint",
    "AWS::ElasticLoadBalancing",
    "AWS::RDS::",
    "AWS::OpenSearch",
    "AWS::Kinesis::Stream",
    "AWS::ECS::Service",
    "AWS::Redshift",
    "AWS::ElastiCache",
    "AWS::MSK",
    "AWS::EFS",
    "AWS::EC2::EIP",
)


@pytest.mark.parametrize(("what", "kind"), KINDS.items())
def test_resources_are_counted(aws: Template, what: str, kind: str) -> None:
    assert len(aws.find_resources(kind)) == COUNTED["standing"][what]


def test_rules_of_the_firewall_and_secrets_are_counted(aws: Template) -> None:
    (firewall,) = aws.find_resources("AWS::WAFv2::WebACL").values()
    kinds = [source.kind for source in load_settings(ROOT / "holdfast.toml").sources.values()]
    secrets = COUNTED["standing"]["secrets"] + sum((kind in APIS) + (kind in NOTIFIERS) for kind in kinds)

    assert len(firewall["Properties"]["Rules"]) == COUNTED["standing"]["firewall_rules"]
    assert len(aws.find_resources("AWS::SecretsManager::Secret")) == secrets


def test_nothing_else_is_there_that_is_paid_by_the_hour(aws: Template) -> None:
    resources = aws.to_json()["Resources"].values()
    paid = [each for each in resources if each["Type"].startswith(PAID_BY_THE_HOUR)]

    assert {each["Properties"].get("VpcEndpointType", "Gateway") for each in paid} <= {"Gateway"}
    assert {each["Type"] for each in paid} <= {"AWS::EC2::VPCEndpoint"}
    assert not [each for each in resources if "ProvisionedConcurrencyConfig" in each.get("Properties", {})]


def test_days_until_an_object_is_gone_are_those_of_the_buckets(aws: Template) -> None:
    rules: dict[str, list[dict[str, Any]]] = {
        name: bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        for name, bucket in aws.find_resources("AWS::S3::Bucket").items()
    }

    for bucket in ("Landing", "Quarantine"):
        (rule,) = next(found for name, found in rules.items() if name.startswith(f"Storage{bucket}"))
        assert COUNTED["kept_days"][bucket.lower()] == rule["ExpirationInDays"] + _gone(rule)
    (lake,) = next(found for name, found in rules.items() if name.startswith("StorageLake"))
    assert "ExpirationInDays" not in lake
    assert COUNTED["kept_days"]["lake_deleted"] == _gone(lake)


def _gone(rule: dict[str, Any]) -> int:
    return int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])

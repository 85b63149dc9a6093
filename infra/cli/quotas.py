"""What an account may use, beside what a night needs."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from holdfast.settings import Settings
from infra.cli.deployment import explained

BESIDE = 10
"""Functions that run beside those of a map: the scoring API's, and those of schedules."""
TRAINING_VCPU = 8
"""Of a training task that is tried again with more memory."""


class Quota(NamedTuple):
    """One of Service Quotas', and what is needed of it."""

    service: str
    code: str
    what: str
    needed: float


def needed(settings: Settings) -> list[Quota]:
    """The quotas that a night may meet."""
    return [
        Quota("lambda", "L-B99A9384", "functions at once", settings.run.batches_at_once + BESIDE),
        Quota("fargate", "L-3032A538", "vCPU of Fargate", TRAINING_VCPU),
        Quota("fargate", "L-36FBB829", "vCPU of Fargate Spot", TRAINING_VCPU),
    ]


def findings(client: Any, settings: Settings) -> Iterator[tuple[str, bool, str, str]]:
    """Check, well, found and what to do, for each quota. `client` is Service Quotas'."""
    for quota in needed(settings):
        with explained(None):
            value = _value(client, quota)
        well = value >= quota.needed
        mend = f"aws service-quotas request-service-quota-increase --service-code {quota.service} --quota-code {quota.code} --desired-value {quota.needed:.0f}"
        found = f"{value:.0f} {quota.what}, needed are {quota.needed:.0f}"
        yield "quotas", well, found, "" if well else mend


def _value(client: Any, quota: Quota) -> float:
    """What the account has; what every account has, where nobody asked for another."""
    asked = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        return float(client.get_service_quota(**asked)["Quota"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchResourceException":
            raise
        return float(client.get_aws_default_service_quota(**asked)["Quota"]["Value"])

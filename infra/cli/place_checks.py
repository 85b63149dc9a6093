"""What `holdfast doctor` checks of an account and a region, or of the embedded runtime."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from holdfast.credentials import credentials_in
from holdfast.errors import HoldfastError
from holdfast.settings import Settings
from holdfast.vendors import ApiSource
from infra.cli import secrets as secrets_
from infra.cli import sources
from infra.cli.deployment import Deployment, explained, session
from infra.cli.findings import Finding, Place
from infra.trouble import Trouble

VERSION = "/cdk-bootstrap/hnb659fds/version"
OLDEST_BOOTSTRAP = 6
"""Of the bootstrap stack: templates of the CDK refuse older ones by a rule of their own."""
_SERVICES = ("lambda", "stepfunctions", "ecs", "ecr", "dynamodb", "glue", "athena", "apigateway", "scheduler", "emr-serverless",
             "codedeploy", "wafv2")  # fmt: skip
"""What is not in every region, of what the stack needs."""


def credentials(place: Place) -> Iterator[Finding]:
    """Who calls."""
    with explained(place.endpoint):
        caller = place.client("sts").get_caller_identity()
    yield Finding("credentials", True, f"{caller['Account']} as {caller['Arn']}")


def region(place: Place) -> Iterator[Finding]:
    """Whether the region has every service that the stack needs, as the SDK knows it."""
    known = session(place.region, None)
    lacks = [name for name in _SERVICES if place.region not in known.get_available_regions(name)]
    mend = "choose another `region` in holdfast.toml" if lacks else ""
    yield Finding(
        "region",
        not lacks,
        f"{place.region} lacks {', '.join(lacks)}" if lacks else f"{place.region} has all services",
        mend,
    )


def bootstrap(place: Place, mend: str) -> Iterator[Finding]:
    """Whether the CDK may deploy there."""
    with explained(place.endpoint):
        try:
            found = int(place.client("ssm").get_parameter(Name=VERSION)["Parameter"]["Value"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ParameterNotFound":
                raise
            yield Finding("bootstrap", False, f"{place.region} is not bootstrapped", mend)
            return
    fits = found >= OLDEST_BOOTSTRAP
    yield Finding(
        "bootstrap",
        fits,
        f"version {found}" + ("" if fits else f", needed is {OLDEST_BOOTSTRAP}"),
        "" if fits else mend,
    )


def stack(place: Place, mend: str, *, may_lack: bool = False) -> Iterator[Finding]:
    """What is deployed, and whether it is whole."""
    with explained(place.endpoint):
        found = place.client("cloudformation").describe_stacks
        try:
            status = str(found(StackName=place.settings.name)["Stacks"][0]["StackStatus"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            yield Finding("stack", may_lack, f"{place.settings.name} is not deployed yet", mend)
            return
    well = status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    yield Finding(
        "stack",
        well,
        f"{place.settings.name}: {status}",
        "" if well else f"look at its events in CloudFormation, then {mend}",
    )


def secrets(place: Place) -> Iterator[Finding]:
    """Whether each source that needs one has its token. None is repeated."""
    for source in (name for name, each in place.settings.sources.items() if isinstance(each, ApiSource)):
        name, target = f"{place.settings.name}/{source}", "" if place.endpoint else " --target aws"
        try:
            with explained(place.endpoint):
                value = place.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
            credentials_in(value, name)
        except (Trouble, HoldfastError):
            yield Finding("secrets", False, f"{name} holds no token", f"holdfast secret set {source}{target}")
        else:
            yield Finding("secrets", True, f"{name} holds a token")
            if secrets_.WEBHOOK in value:
                said = f"{name} still holds what notifications are signed with, and the webhook does not read it there"
                yield Finding("secrets", False, said, f"holdfast secret move{target}")


def readable(deployed: Deployment, settings: Settings) -> Iterator[Finding]:
    """What `holdfast sources check` finds, in one line for each source."""
    found = list(sources.check(deployed, settings))
    for name in dict.fromkeys(each.source for each in found):
        own = [each for each in found if each.source == name]
        bad = [f"{each.stream}: {each.says}" for each in own if not each.well]
        target = "" if deployed.endpoint else " --target aws"
        yield Finding("sources", not bad, f"{name}: {len(own) - len(bad)} of {len(own)} streams can be read" + "".join(f"; {each}" for each in bad),
                      f"holdfast sources check{target}" if bad else "")  # fmt: skip

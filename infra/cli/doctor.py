"""`holdfast doctor`: whether a target is fit to be deployed to, and what is deployed fit to run; a line for each check, with what to do."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from holdfast.checked import placed
from holdfast.credentials import credentials_in
from holdfast.errors import HoldfastError
from holdfast.privacy import declared
from holdfast.settings import Settings, load_settings
from holdfast.vendors import ApiSource
from infra.bootstrap import NEWEST, OLDEST
from infra.cli import quotas, sources
from infra.cli.deployment import OUTPUTS, STATE, Deployment, explained, session
from infra.containers import answers
from infra.local import runtime
from infra.packaging import ROOT
from infra.trouble import Trouble

VERSION = "/cdk-bootstrap/hnb659fds/version"
OLDEST_BOOTSTRAP = 6
"""Of the bootstrap stack: templates of the CDK refuse older ones by a rule of their own."""
_SERVICES = ("lambda", "stepfunctions", "ecs", "ecr", "dynamodb", "glue", "athena", "apigateway", "scheduler", "emr-serverless",
             "codedeploy", "wafv2")  # fmt: skip
"""What is not in every region, of what the stack needs."""
_DEMO_PORT = 4566


@dataclass(frozen=True)
class Finding:
    """One check: whether all is well, what was found, and what to do."""

    check: str
    well: bool
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Place:
    """Where is looked: a region of AWS, or the embedded runtime at its endpoint."""

    settings: Settings
    region: str
    endpoint: str | None

    def client(self, service: str) -> Any:
        return session(self.region, self.endpoint).client(service, endpoint_url=self.endpoint)


Check = Callable[[], Iterator[Finding]]


def examine(target: str | None, config: Path) -> Iterator[Finding]:
    """Check after check; where one that the others stand on is not well, they are left out.

    Raises:
        Trouble: there is no such target.
    """
    if target not in (None, "aws"):
        raise Trouble(f"--target {target}: allowed is aws")
    yield from guarded("versions", versions)
    first = list(guarded("configuration", lambda: configuration(config)))
    yield from first
    if not first[-1].well:
        return
    settings = load_settings(config)
    yield from _of_aws(settings) if target else _of_this_machine(settings)


def guarded(name: str, check: Check) -> Iterator[Finding]:
    """The findings of a check; what it stumbles over is one of them."""
    try:
        yield from check()
    except (Trouble, HoldfastError) as error:
        yield Finding(name, False, str(error))


def versions() -> Iterator[Finding]:
    """Python, Node, and every package that is installed here as it is locked."""
    here = ".".join(map(str, sys.version_info[:3]))
    fits = OLDEST <= sys.version_info[:2] <= NEWEST
    yield Finding("python", fits, here, "" if fits else f"make setup PYTHON=python{OLDEST[0]}.{OLDEST[1]}")
    node = shutil.which("node", path=str(Path(sys.executable).parent))
    said = (
        subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip() if node else ""
    )
    yield Finding("node", bool(said), said or "the lock's own is not linked", "" if said else "make setup")
    other = differing(tomllib.loads((ROOT / "uv.lock").read_text()))
    yield Finding(
        "lock", not other, ", ".join(other) or "what is installed is what is locked", "make setup" if other else ""
    )


def differing(lock: dict[str, Any]) -> list[str]:
    """Packages that are installed in another version than any that is locked."""
    locked: dict[str, set[str]] = {}
    for each in lock["package"]:
        locked.setdefault(each["name"], set()).add(each.get("version", ""))
    here = {each.name.lower().replace("_", "-").replace(".", "-"): each.version for each in metadata.distributions()}
    return sorted(
        f"{name} {version}" for name, version in here.items() if name in locked and version not in locked[name]
    )


def configuration(config: Path) -> Iterator[Finding]:
    """The file, as `holdfast check` reads it."""
    settings = load_settings(config)
    with placed(config):
        declared(settings)
    yield Finding(
        "configuration", True, f"{config}: stack {settings.name} in {settings.region}, {len(settings.sources)} sources"
    )


def _of_this_machine(settings: Settings) -> Iterator[Finding]:
    deployed = Deployment.current() if OUTPUTS.exists() else None
    endpoint = (deployed and deployed.endpoint) or runtime.endpoint(_DEMO_PORT)
    port = int(endpoint.rpartition(":")[2])
    up = runtime.is_healthy(port)
    yield Finding("runtime", up, endpoint if up else f"nothing answers on port {port}", "" if up else "make demo")
    if not up:
        return
    if deployed:
        settings = load_settings(STATE / f"{deployed.name}.toml")
    place = Place(settings, deployed.region if deployed else settings.region, endpoint)
    yield from guarded("bootstrap", lambda: bootstrap(place, "make demo"))
    if not deployed:
        yield Finding("stack", False, "nothing is deployed", "make demo")
        return
    yield from guarded("stack", lambda: stack(place, "make demo"))
    yield from _of_sources(place, deployed)


def _of_aws(settings: Settings) -> Iterator[Finding]:
    place = Place(settings, settings.region, None)
    yield from builder()
    yield from images(settings)
    known = list(guarded("credentials", lambda: credentials(place)))
    yield from known
    if not known[-1].well:
        return
    yield from region(place)
    yield from guarded(
        "bootstrap", lambda: bootstrap(place, f"cdk bootstrap aws://{known[-1].found.split()[0]}/{place.region}")
    )
    yield from guarded(
        "quotas", lambda: (Finding(*each) for each in quotas.findings(place.client("service-quotas"), settings))
    )
    stacks = list(guarded("stack", lambda: stack(place, "make deploy", may_lack=True)))
    yield from stacks
    if stacks[-1].well and not stacks[-1].mend:
        yield from _of_sources(place, Deployment.from_stack(settings.name, "aws", settings.region, None))


def _of_sources(place: Place, deployed: Deployment) -> Iterator[Finding]:
    held = list(guarded("secrets", lambda: secrets(place)))
    yield from held
    if all(each.well for each in held):
        yield from guarded("sources", lambda: readable(deployed, place.settings))


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
    try:
        with explained(place.endpoint):
            found = int(_parameter(place)["Parameter"]["Value"])
    except _Absent:
        yield Finding("bootstrap", False, f"{place.region} is not bootstrapped", mend)
        return
    fits = found >= OLDEST_BOOTSTRAP
    yield Finding(
        "bootstrap",
        fits,
        f"version {found}" + ("" if fits else f", needed is {OLDEST_BOOTSTRAP}"),
        "" if fits else mend,
    )


class _Absent(Exception):
    """When what is asked for is not there."""


def _parameter(place: Place) -> Any:
    try:
        return place.client("ssm").get_parameter(Name=VERSION)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            raise _Absent from error
        raise


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
        name = f"{place.settings.name}/{source}"
        try:
            with explained(place.endpoint):
                value = place.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
            credentials_in(value, name)
        except (Trouble, HoldfastError):
            target = "" if place.endpoint else " --target aws"
            yield Finding("secrets", False, f"{name} holds no token", f"holdfast secret set {source}{target}")
        else:
            yield Finding("secrets", True, f"{name} holds a token")


def readable(deployed: Deployment, settings: Settings) -> Iterator[Finding]:
    """What `holdfast sources check` finds, in one line for each source."""
    found = list(sources.check(deployed, settings))
    for name in dict.fromkeys(each.source for each in found):
        own = [each for each in found if each.source == name]
        bad = [f"{each.stream}: {each.says}" for each in own if not each.well]
        target = "" if deployed.endpoint else " --target aws"
        yield Finding("sources", not bad, f"{name}: {len(own) - len(bad)} of {len(own)} streams can be read" + "".join(f"; {each}" for each in bad),
                      f"holdfast sources check{target}" if bad else "")  # fmt: skip


def builder() -> Iterator[Finding]:
    """What the CDK builds container images with."""
    named = os.environ.get("CDK_DOCKER")
    works = [name for name in ([named] if named else ["docker"]) if shutil.which(name) and answers(name)]
    mend = "start a Docker engine, or name another builder that takes its commands: CDK_DOCKER=podman"
    yield Finding(
        "containers",
        bool(works),
        f"{works[0]} answers" if works else f"{named or 'docker'} does not answer",
        "" if works else mend,
    )


def images(settings: Settings) -> Iterator[Finding]:
    """Whether base images are pinned. Nothing fails without: they are then the newest of Python 3.13."""
    loose = [f"images.{name}" for name in ("train", "function") if getattr(settings.images, name) is None]
    mend = "docker buildx imagetools inspect IMAGE says the digest to write there" if loose else ""
    yield Finding("images", True, f"{' and '.join(loose)} not pinned" if loose else "pinned by digest", mend)

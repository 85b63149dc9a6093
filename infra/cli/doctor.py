"""`holdfast doctor`: whether a target is fit to be deployed to, and what is deployed fit to run; a line for each check, with what to do."""

from collections.abc import Callable, Iterator
from pathlib import Path

from holdfast.errors import HoldfastError
from holdfast.settings import Settings, load_settings
from infra.cli import quotas
from infra.cli.deployment import OUTPUTS, STATE, Deployment
from infra.cli.findings import Finding, Place
from infra.cli.place_checks import bootstrap, credentials, readable, region, secrets, stack
from infra.cli.setup_checks import builder, configuration, images, versions
from infra.local import runtime
from infra.trouble import Trouble

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


def _of_this_machine(settings: Settings) -> Iterator[Finding]:
    deployed = Deployment.current() if OUTPUTS.exists() else None
    endpoint = (deployed and deployed.endpoint) or runtime.endpoint(runtime.PORT)
    port = int(endpoint.rpartition(":")[2])
    authority = deployed.authority if deployed else ""
    up = runtime.is_healthy(port, Path(authority) if authority else None)
    yield Finding("runtime", up, endpoint if up else f"nothing answers on port {port}", "" if up else "make demo")
    if not up:
        return
    if deployed:
        settings = load_settings(STATE / f"{deployed.name}.toml")
    place = Place(settings, deployed.region if deployed else settings.region, endpoint, authority)
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

"""`holdfast features`: the versions of the feature set, what is in them, and going back to an earlier one."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from holdfast.bundle import REFERENCE, Bundle, load
from holdfast.feature_set import Feature, FeatureSet, tag_of
from holdfast.registry import Champion
from infra.cli import api, feature_sets, lake, origins, rollback, runs, sources
from infra.cli.deployment import Deployment, explained
from infra.cli.options import CONFIG, Config, Target, deployment_of
from infra.cli.stores import artifacts_of, note_champion, registry_of
from infra.trouble import Trouble

if TYPE_CHECKING:
    from holdfast.lake import Lake

app = typer.Typer(no_args_is_help=True, help="Versions of the feature set: look, compare, go back to one.")
console = Console(highlight=False, soft_wrap=True, markup=False)

VersionName = Annotated[str, typer.Argument(help="Version, or the beginning of it. Default: the one that serves.")]
_WIDTH = 13


@app.command("list")
def features_list(target: Target = None, config: Config = CONFIG) -> None:
    """All versions, the newest first: when first made, how many features, which models were trained on it."""
    deployment = deployment_of(target, config)
    found = feature_sets.versions(artifacts_of(deployment), runs.known(deployment), _champion(deployment))
    for each in found:
        console.print(line(each))
    if not found:
        console.print("no feature set was made yet: `holdfast run` starts a run")


@app.command("show")
def features_show(
    version: VersionName = "",
    dropped: Annotated[bool, typer.Option("--dropped", help="What was left out instead, and why.")] = False,
    group: Annotated[str, typer.Option(help="Those of one group only: events, emails, tickets, …")] = "",
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """The features of a version, by group, with type and sentence."""
    shown = _set(deployment_of(target, config), version)
    for row in left_out(shown) if dropped else listed(shown, group):
        console.print(row)


@app.command("diff")
def features_diff(
    a: Annotated[str, typer.Argument(help="The earlier version.")],
    b: Annotated[str, typer.Argument(help="The later one.")],
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """What was added (+), removed (-) and changed (~) from one version to another."""
    deployment = deployment_of(target, config)
    before, after = _set(deployment, a), _set(deployment, b)
    for row in feature_sets.differences(before, after) or ["no difference"]:
        console.print(row)


@app.command("explain")
def features_explain(
    name: Annotated[str, typer.Argument(help="Feature, as `features show` names it.")],
    version: Annotated[str, typer.Option("--version", help="Of this version. Default: the one that serves.")] = "",
    customer: Annotated[str, typer.Option("--customer", help="Its value for one customer: id or pseudonym.")] = "",
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """What a feature says, what it is made of, how much it matters, and which values it has."""
    deployment = deployment_of(target, config)
    feature_set = _set(deployment, version)
    feature, model = found(feature_set, name), _model(deployment, feature_set)
    for head, said in origins.explanation(feature, feature_set, model):
        console.print(f"{head:<{_WIDTH}}{said}")
    if customer:
        console.print(f"{'customer':<{_WIDTH}}{_value(deployment, feature_set, feature, model, customer)}")


@app.command("rollback")
def features_rollback(
    version: Annotated[str, typer.Argument(help="Version, or the beginning of it.")],
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Let the model of an earlier version serve again, from the next score on; nights make that version until `features release`."""
    deployment = deployment_of(target, config)
    sources.idle(deployment)
    registry, artifacts = registry_of(deployment), artifacts_of(deployment)
    meant = feature_sets.named(artifacts, version).version
    with explained(deployment.endpoint):
        trained = feature_sets.models_of(meant, runs.known(deployment))
        plan = rollback.planned(lake.lake_of(deployment), artifacts, registry.champion(), meant, trained)
    now = datetime.now(UTC)
    run = f"rollback-{now:%Y%m%dT%H%M%S}"
    rollback.roll_back(registry, plan, run, now.isoformat(timespec="seconds"))
    note_champion(deployment)
    served = "no customer yet: no rows of it are kept, and scores stay as they are until the next run"
    if plan.snapshot:
        scored = lake.invoked(deployment, "ScoreAll", deployment.score_all_function, plan.scoring(run))
        served = f"{scored['rows']:,} customers as of {plan.as_of[:10]}"
    console.print(f"feature set {meant} with model {plan.model} serves {served}")
    console.print(
        "Every run makes this version until `holdfast features release`; `holdfast run` makes it of today now."
    )


@app.command("release")
def features_release(target: Target = None, config: Config = CONFIG) -> None:
    """End a rollback: the next run makes the features that are deployed, and its model may serve if it is better."""
    deployment = deployment_of(target, config)
    pinned = (_champion(deployment) or Champion("", "", "")).pinned
    champion = rollback.released(registry_of(deployment))
    note_champion(deployment)
    console.print(f"feature set {pinned} is released; model {champion.version} serves until a run's own is better")


def line(each: feature_sets.Version) -> str:
    """A version in one line."""
    when = each.made_at[:16].replace("T", " ") or "before this was written down"
    models = f"models {', '.join(each.models)}" if each.models else "no model"
    marks = "".join(f"  {word}" for word, holds in (("serves", each.serves), ("pinned", each.pinned)) if holds)
    count = len(each.feature_set.names)
    return f"{each.feature_set.version}  {when}  {count:>5,} features, {len(each.feature_set.dropped):,} left out  {models}{marks}"


def listed(shown: FeatureSet, group: str = "") -> list[str]:
    """Features by group, in matrix order.

    Raises:
        Trouble: there is no such group; names those that there are.
    """
    groups = list(dict.fromkeys(feature.group for feature in shown.features))
    if group and group not in groups:
        raise Trouble(f"no feature is of group {group}: there are {', '.join(groups)}")
    chosen = [feature for each in groups for feature in shown.features if feature.group == each and group in ("", each)]
    width = max(len(feature.name) for feature in chosen) + 2
    head = f"feature set {shown.version}: {len(shown.names):,} features; left out: {len(shown.dropped):,} (--dropped says why)"
    return [head, *(f"{f.group:<15}{f.name:<{width}}{_type(f):<16}{f.sentence}" for f in chosen)]


def left_out(shown: FeatureSet) -> list[str]:
    """What is not in a set, and why: features, and columns of which none was made."""
    columns = {
        f"{table}.{name}": why
        for table in ("customers", "companies")
        for name, why in shown.recipe.get(table, {}).get("dropped", {}).items()
    }
    reasons = columns | shown.dropped
    width = max(map(len, reasons), default=0) + 2
    return [f"{name:<{width}}{why}" for name, why in reasons.items()] or ["nothing was left out"]


def found(feature_set: FeatureSet, name: str) -> Feature:
    """A feature by its name.

    Raises:
        Trouble: the set has none; says why it was left out, or which names are near.
    """
    for feature in feature_set.features:
        if feature.name == name:
            return feature
    if name in feature_set.dropped:
        raise Trouble(f"{name} is not in feature set {feature_set.version}: {feature_set.dropped[name]}")
    near = [each for each in feature_set.names if name in each][:5]
    raise Trouble(
        f"feature set {feature_set.version} has no feature {name}" + (f"; near: {', '.join(near)}" if near else "")
    )


def _type(feature: Feature) -> str:
    return feature.type if feature.unit in ("", feature.type, "yes or no") else f"{feature.type}, {feature.unit}"


def _value(
    deployment: Deployment, feature_set: FeatureSet, feature: Feature, model: Bundle | None, customer: str
) -> str:
    pseudonym = api.get(deployment, api.score_path(customer))["customer_id"]
    with explained(deployment.endpoint):
        value, as_of = held(lake.lake_of(deployment), feature_set, feature, pseudonym)
    said = origins.valued(feature, value, model.json(REFERENCE) if model else {"features": {}})
    return f"{pseudonym}: {said} (as of {as_of})"


def held(source: "Lake", feature_set: FeatureSet, feature: Feature, pseudonym: str) -> tuple[float | None, str]:
    """A customer's value where table `features` keeps the set's newest rows, and the day that they are of.

    Raises:
        Trouble: the customer is not among them.
    """
    from pyiceberg.expressions import EqualTo, Reference

    wanted = EqualTo(term=Reference("customer_id"), value=pseudonym)
    kept = source.tags("features").get(tag_of(feature_set.version))
    rows = source.read("features", ("cutoff", feature.name), wanted, snapshot_id=kept) if kept else None
    if rows is None or not rows.num_rows:
        raise Trouble(f"table features keeps no row of customer {pseudonym} in feature set {feature_set.version}")
    return rows[feature.name][0].as_py(), str(rows["cutoff"][0].as_py())[:10]


def _set(deployment: Deployment, version: str) -> FeatureSet:
    artifacts = artifacts_of(deployment)
    return feature_sets.named(artifacts, version) if version else feature_sets.served(artifacts, _champion(deployment))


def _model(deployment: Deployment, feature_set: FeatureSet) -> Bundle | None:
    artifacts, champion = artifacts_of(deployment), _champion(deployment)
    if champion and feature_sets.served(artifacts, champion).version == feature_set.version:
        return load(artifacts, champion.version)
    trained = feature_sets.models_of(feature_set.version, runs.known(deployment))
    return load(artifacts, trained[0]) if trained else None


def _champion(deployment: Deployment) -> Champion | None:
    return registry_of(deployment).champion()

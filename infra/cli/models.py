"""`holdfast models`: what was trained, how good it is, and which one serves."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from holdfast.bundle import CARD, METRICS, SETTINGS, Bundle, load, origin
from holdfast.errors import BundleInvalid
from holdfast.registry import Champion
from holdfast.store import Store
from infra.cli import exported, feature_sets, lake, rollback, sources
from infra.cli.deployment import Deployment, explained
from infra.cli.options import CONFIG, Config, Target, deployment_of
from infra.cli.stores import artifacts_of, note_champion, registry_of
from infra.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="Models: look, compare, let one serve, go back.")
console = Console(highlight=False, soft_wrap=True, markup=False)

Version = Annotated[str, typer.Argument(help="Version, or the beginning of it.")]
_FIGURES = ("auc", "average_precision", "brier", "calibration_error", "lift_10", "lift_21", "churn_in_top_21")


@dataclass(frozen=True)
class Model:
    """One bundle that is there, and what is known of it."""

    bundle: Bundle
    origin: Mapping[str, Any]
    serves: bool
    served: bool

    @property
    def trained_at(self) -> str:
        return str(self.origin.get("trained_at", ""))


@app.command("list")
def models_list(target: Target = None, config: Config = CONFIG) -> None:
    """All models, the newest first: when and on what trained, how good, and which one serves."""
    deployment = deployment_of(target, config)
    found = list(known(artifacts_of(deployment), registry_of(deployment).champion()))
    for each in sorted(found, key=lambda model: model.trained_at, reverse=True):
        console.print(line(each))
    if not found:
        console.print("no model was trained yet: `holdfast run` starts a run")


@app.command("show")
def models_show(
    version: Annotated[str, typer.Argument(help="Version, or the beginning of it. Default: the one that serves.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The card as JSON.")] = False,
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """A model's card: what it was trained on, how well it does, what it looks at, where not to trust it."""
    deployment = deployment_of(target, config)
    model = _model(deployment, version)
    if as_json:
        console.print_json(json.dumps(model.bundle.json("model_card.json") | {"origin": dict(model.origin)}))
        return
    console.print(model.bundle.files[CARD].decode())
    for row in came_from(model.origin):
        console.print(row)


@app.command("compare")
def models_compare(a: Version, b: Version, target: Target = None, config: Config = CONFIG) -> None:
    """Two models side by side: figures, settings, features. Each figure is of the model's own holdout."""
    deployment = deployment_of(target, config)
    for row in compared(_model(deployment, a).bundle, _model(deployment, b).bundle):
        console.print(row)


@app.command("export")
def models_export(
    version: Version,
    folder: Annotated[Path, typer.Argument(help="Where to put it: a folder that is not there yet, or is empty.")],
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Bring a model here as MLflow has it: `mlflow.pyfunc.load_model(FOLDER)` loads it, MLflow and SageMaker register it unchanged."""
    deployment = deployment_of(target, config)
    found = _model(deployment, version).bundle.version
    files = exported.bring(artifacts_of(deployment), found, folder)
    console.print(f"model {found} is in {folder}: {files} files, of which MLmodel says what they are")


@app.command("promote")
def models_promote(version: Version, target: Target = None, config: Config = CONFIG) -> None:
    """Let a model serve from the next score on, whatever the comparison said. A later challenger may win against it."""
    deployment = deployment_of(target, config)
    _serve(deployment, _model(deployment, version).bundle)


@app.command("rollback")
def models_rollback(target: Target = None, config: Config = CONFIG) -> None:
    """Let the model serve that served before."""
    deployment = deployment_of(target, config)
    _serve(deployment, load(artifacts_of(deployment), predecessor(registry_of(deployment).champion())))


def known(artifacts: Store, champion: Champion | None) -> Iterator[Model]:
    """Every bundle that is whole; one that is not readable by this version is left out."""
    for version in _there(artifacts):
        try:
            yield _read(artifacts, version, champion)
        except BundleInvalid:
            continue


def line(model: Model) -> str:
    """A model in one line."""
    churn, training = model.bundle.json(METRICS)["churn"], model.bundle.json(METRICS)["training"]
    when = model.trained_at[:16].replace("T", " ") or "unknown         "
    mark = "  serves" if model.serves else "  served before" if model.served else ""
    area = f"AUC {churn['auc']:.3f} ({churn['auc_low']:.3f} to {churn['auc_high']:.3f})"
    return (
        f"{model.bundle.version}  {when}  {area}  {training['rows']:>9,} examples  {training['features']:>5,} features of "
        f"{training['feature_set']}{mark}"
    )


def came_from(said: Mapping[str, Any]) -> list[str]:
    """Where a model came from, for people."""
    if not said:
        return ["## Origin", "", "- nothing is written down"]
    revision = said.get("revision", {})
    code = (revision.get("git") or "no git")[:12] + (" with changes" if revision.get("dirty") else "")
    snapshots = ", ".join(f"{table} {snapshot}" for table, snapshot in said["snapshots"].items())
    return [
        "## Origin", "", f"- run {said['run']}, as of {said['as_of'][:10]}, trained at {said['trained_at']}",
        f"- snapshots: {snapshots}", f"- code {code}, lock {revision.get('files', {}).get('uv.lock', 'unknown')}",
    ]  # fmt: skip


def compared(a: Bundle, b: Bundle) -> Iterator[str]:
    """Lines that say in what two models differ."""
    yield f"{'':<24}{a.version:>16}{b.version:>16}"
    ours, theirs = (each.json(METRICS)["churn"] for each in (a, b))
    for name in _FIGURES:
        yield f"{name.replace('_', ' '):<24}{ours[name]:>16.4f}{theirs[name]:>16.4f}"
    ours, theirs = ({**each.json(SETTINGS), **each.json(METRICS)["training"]} for each in (a, b))
    for name in ours:
        if ours[name] != theirs.get(name):
            yield f"{name.replace('_', ' '):<24}{_short(ours[name]):>16}{_short(theirs.get(name)):>16}"
    yield from feature_sets.differences(a.feature_set, b.feature_set)


def predecessor(champion: Champion | None) -> str:
    """Who served before the champion.

    Raises:
        Trouble: nobody did.
    """
    if champion is None:
        raise Trouble("no model serves yet: `holdfast run` starts a run")
    before = [version for version in champion.history if version != champion.version]
    if not before:
        raise Trouble(f"model {champion.version} is the first that serves: there is none to go back to")
    return before[-1]


def refuse_against(champion: Champion | None, version: str, feature_set: str) -> None:
    """A pinned feature set stays until it is released.

    Raises:
        Trouble: the model reads another one.
    """
    if champion and champion.pinned and champion.pinned != feature_set:
        raise Trouble(
            f"feature set {champion.pinned} is pinned and model {version} reads {feature_set}: `holdfast features release` first"
        )


def _serve(deployment: Deployment, bundle: Bundle) -> None:
    sources.idle(deployment)
    registry, now = registry_of(deployment), datetime.now(UTC)
    champion, version = registry.champion(), bundle.version
    if champion and champion.version == version:
        raise Trouble(f"model {version} serves already")
    feature_set = bundle.feature_set.version
    refuse_against(champion, version, feature_set)
    with explained(deployment.endpoint):
        plan = rollback.plan_of(lake.lake_of(deployment), version, feature_set)
        run = f"promote-{now:%Y%m%dT%H%M%S}"
        registry.promote(version, run, now.isoformat(timespec="seconds"), champion)
        note_champion(deployment)
    if plan.snapshot is None:
        console.print(f"model {version} serves; no rows of feature set {feature_set} are kept: the next run makes them")
        return
    scored = lake.invoked(deployment, "ScoreAll", deployment.score_all_function, plan.scoring(run))
    console.print(f"model {version} serves {scored['rows']:,} customers as of {plan.as_of[:10]}")


def _model(deployment: Deployment, version: str) -> Model:
    champion, artifacts = registry_of(deployment).champion(), artifacts_of(deployment)
    wanted = version or (champion.version if champion else "")
    there = _there(artifacts)
    meant = [each for each in there if wanted and each.startswith(wanted)]
    if len(meant) != 1:
        several = f"{len(meant)} models begin with {version}" if meant else f"there is no model {version}".rstrip()
        raise Trouble(f"{several}: `holdfast models list` shows {', '.join(there[:8]) or 'none yet'}")
    return _read(artifacts, meant[0], champion)


def _there(artifacts: Store) -> list[str]:
    return sorted({item.key.split("/")[1] for item in artifacts.list("bundles/")})


def _read(artifacts: Store, version: str, champion: Champion | None) -> Model:
    serves, served = (champion.version == version, version in champion.history) if champion else (False, False)
    return Model(load(artifacts, version), origin(artifacts, version), serves, served)


def _short(value: Any) -> str:
    said = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return said if len(said) <= 15 else f"{said[:14]}…"

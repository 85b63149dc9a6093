"""State `Promote`: let the challenger serve if it beats the champion, or leave things as they are."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pyiceberg.expressions import EqualTo, Reference

from holdfast import forgotten, recovery
from holdfast.bundle import Bundle, load
from holdfast.contracts import Promoted, PromotionWanted
from holdfast.errors import BundleInvalid
from holdfast.feature_set import AS_OF, FeatureSet, judged_tag
from holdfast.lake import Lake
from holdfast.observe import logger, step
from holdfast.registry import Champion, DynamoRegistry, Registry
from holdfast.resources import artifacts, environment, lake, settings
from holdfast.settings import Promotion
from holdfast.store import Store
from train.comparison import Judgement, decide, judge
from train.examples import HOLDOUT, NEEDED, Examples, examples_from


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Compare, move the pointer when the rule says so, answer who serves and why."""
    registry = DynamoRegistry(environment().state_table)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    promoted = promote(PromotionWanted.parse(event), registry, artifacts(), lake(), settings().promotion, now)
    recovery.note_champion(artifacts(), registry.champion())
    logger.info("judged", champion=promoted.champion, promoted=promoted.promoted, reason=promoted.reason)
    return promoted.to_json()


def promote(
    wanted: PromotionWanted, registry: Registry, store: Store, lake: Lake, rule: Promotion, now: str
) -> Promoted:
    """The use case. While a feature set is pinned, only a model that was trained on it may serve.

    Raises:
        TrainingRefused: nothing serves yet and the challenger is under the minimum.
        StorageUnavailable: another champion was promoted meanwhile.
    """
    held = registry.champion()
    if held and held.version == wanted.bundle:
        return Promoted(held.version, False, "unchanged")
    challenger = load(store, wanted.bundle)
    if held and held.pinned and held.pinned != challenger.feature_set.version:
        return Promoted(held.version, False, f"the champion stays: feature set {held.pinned} is pinned, and the challenger was trained "
                        "on another; `holdfast features release` lets it go")  # fmt: skip
    leaves = held is not None and forgotten.to_be_replaced(store, held.version)
    champion = _readable(store, held) if held else None
    if held and champion is None:
        registry.promote(wanted.bundle, wanted.run, now, held)
        return Promoted(wanted.bundle, True, f"the champion {held.version} cannot be read any more and makes way")
    judgement = _judged(wanted, challenger, champion, lake, rule)
    decision = decide(replace(judgement, leaves=leaves, serves_days=_days(held, now)), rule)
    if decision.promoted:
        registry.promote(wanted.bundle, wanted.run, now, held)
        if held:
            forgotten.replaced(store, held.version, wanted.bundle)
        return Promoted(wanted.bundle, True, decision.reason)
    return Promoted(held.version if held else wanted.bundle, False, decision.reason)


def _readable(store: Store, held: Champion) -> Bundle | None:
    """The champion's bundle; None where its files are damaged or of a format that is no more."""
    try:
        return load(store, held.version)
    except BundleInvalid:
        logger.exception("the champion cannot be read", champion=held.version)
        return None


def _days(held: Champion | None, now: str) -> float:
    if held is None:
        return 0.0
    return (datetime.fromisoformat(now) - datetime.fromisoformat(held.promoted_at)).total_seconds() / 86_400


def _judged(
    wanted: PromotionWanted, challenger: Bundle, champion: Bundle | None, lake: Lake, rule: Promotion
) -> Judgement:
    if champion is None:
        return judge(challenger, None, None, None, rule)
    own, champions = challenger.feature_set, champion.feature_set
    there = wanted.examples_snapshot if own.version == champions.version else _kept(lake, wanted, champions)
    return judge(challenger, champion, _holdout(lake, wanted.examples_snapshot, own),
                 _holdout(lake, there, champions) if there else None, rule)  # fmt: skip


def _kept(lake: Lake, wanted: PromotionWanted, feature_set: FeatureSet) -> int | None:
    """What Features made in this run for a champion that was trained on another set than the challenger."""
    name = "training_examples"
    kept = lake.tags(name).get(judged_tag(feature_set.version))
    now = lake.said_of(name, wanted.examples_snapshot).get(AS_OF)
    return kept if kept and lake.said_of(name, kept).get(AS_OF) == now else None


def _holdout(lake: Lake, snapshot: int, feature_set: FeatureSet) -> Examples | None:
    """The judged rows and the set's features alone: the table has every cutoff's, and all that were made."""
    there = set(lake.columns("training_examples", snapshot))
    columns = [name for name in (*NEEDED, *feature_set.names) if name in there]
    judged = EqualTo(term=Reference("split"), value=HOLDOUT)
    table = lake.read("training_examples", columns, judged, snapshot_id=snapshot)
    return examples_from(table, feature_set.names).of(HOLDOUT) if table is not None else None

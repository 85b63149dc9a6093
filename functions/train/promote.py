"""State `Promote`: let the challenger serve if it beats the champion, or leave things as they are."""

from datetime import UTC, datetime
from typing import Any

from holdfast import forgotten
from holdfast.bundle import FEATURES, Bundle, load
from holdfast.contracts import Promoted, PromotionWanted
from holdfast.feature_set import FeatureSet
from holdfast.lake import Lake
from holdfast.observe import logger, step
from holdfast.registry import DynamoRegistry, Registry
from holdfast.resources import artifacts, environment, lake, settings
from holdfast.settings import Promotion
from holdfast.store import Store
from train.comparison import decide, judge
from train.examples import HOLDOUT, Examples, examples_from


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Compare, move the pointer when the rule says so, answer who serves and why."""
    registry = DynamoRegistry(environment().state_table)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    promoted = promote(PromotionWanted.parse(event), registry, artifacts(), lake(), settings().promotion, now)
    logger.info("judged", champion=promoted.champion, promoted=promoted.promoted, reason=promoted.reason)
    return promoted.to_json()


def promote(
    wanted: PromotionWanted, registry: Registry, store: Store, lake: Lake, rule: Promotion, now: str
) -> Promoted:
    """The use case.

    Raises:
        TrainingRefused: nothing serves yet and the challenger is under the minimum.
        StorageUnavailable: another champion was promoted meanwhile.
    """
    held = registry.champion()
    if held and held.version == wanted.bundle:
        return Promoted(held.version, False, "unchanged")
    challenger, champion = load(store, wanted.bundle), load(store, held.version) if held else None
    holdout = _holdout(lake, wanted.examples_snapshot, challenger) if held else None
    leaves = held is not None and forgotten.to_be_replaced(store, held.version)
    decision = decide(judge(challenger, champion, holdout, leaves=leaves), rule)
    if decision.promoted:
        registry.promote(wanted.bundle, wanted.run, now, held)
        if held:
            forgotten.replaced(store, held.version, wanted.bundle)
        return Promoted(wanted.bundle, True, decision.reason)
    return Promoted(held.version if held else wanted.bundle, False, decision.reason)


def _holdout(lake: Lake, snapshot: int, challenger: Bundle) -> Examples | None:
    table = lake.read("training_examples", snapshot_id=snapshot)
    return (
        examples_from(table, FeatureSet.from_json(challenger.json(FEATURES)).names).of(HOLDOUT)
        if table is not None
        else None
    )

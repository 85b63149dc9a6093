"""State `ScoreAll`: score every customer with the champion, and hold what the API needs."""

from datetime import datetime
from typing import Any

import pyarrow as pa

from holdfast.bundle import load
from holdfast.contracts import Scored, ScoringWanted
from holdfast.errors import BundleInvalid, NoData
from holdfast.feature_set import FeatureSet
from holdfast.lake import Lake
from holdfast.observe import logger, step
from holdfast.resources import artifacts, environment, lake, settings
from holdfast.scoring import Scorer
from holdfast.settings import Scoring
from holdfast.store import Store, read_json, write_json
from score import history
from score.batch import ranking, score_table, vectors
from score.held import DynamoVectors, Vectors

_RANKED = 1000
_REASONS_RANKED = 3


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Score all, answer where the scores are."""
    held = DynamoVectors(environment().scores_table, environment().state_table)
    return score_all(ScoringWanted.parse(event), lake(), artifacts(), held, settings().scoring).to_json()


def score_all(wanted: ScoringWanted, lake: Lake, store: Store, held: Vectors, rule: Scoring) -> Scored:
    """Write the table `scores`, the vectors and the ranking.

    Raises:
        NoData: there is nobody to score.
        BundleInvalid: the champion wants features that the table does not hold as it knows them.
    """
    scorer = Scorer.from_bundle(load(store, wanted.champion))
    features = _features(lake, store, wanted.features_snapshot, scorer)
    scores = score_table(features, scorer, datetime.fromisoformat(wanted.as_of), rule.reasons)
    with lake.alone("scores", history.TABLE):
        history.recorded(lake, scores, datetime.fromisoformat(wanted.as_of))
        lake.replace("scores", scores)
        snapshot = lake.snapshot_id("scores") or 0
    written = held.hold(vectors(features, scorer, wanted.as_of))
    logger.info("held", vectors_written=written)
    ranked = {"run": wanted.run, **ranking(scores, scorer.currency, _RANKED, _REASONS_RANKED)}
    write_json(store, "rankings/latest.json", ranked)
    key = write_json(store, f"rankings/{wanted.run}.json", ranked)
    return Scored(scores.num_rows, snapshot, key)


def _features(lake: Lake, store: Store, snapshot: int, scorer: Scorer) -> pa.Table:
    table = lake.table("features")
    features = lake.read("features", snapshot_id=snapshot)
    if table is None or features is None or not features.num_rows:
        raise NoData("table features holds nobody to score")
    summary: Any = getattr(table.snapshot_by_id(snapshot), "summary", None)
    check_definitions(
        scorer.feature_set, summary.additional_properties.get("holdfast.feature_set") if summary else None, store
    )
    return features


def check_definitions(wanted: FeatureSet, made: str | None, store: Store) -> None:
    """Hold a model's features to the set of version `made`: the same version, or every one of them defined in it alike.

    Raises:
        BundleInvalid: naming what is missing.
    """
    if made == wanted.version:
        return
    if made is None:
        raise BundleInvalid(f"table features does not say its feature set; the champion wants {wanted.version}")
    have = set(FeatureSet.from_json(read_json(store, f"feature_sets/{made}.json")).features)
    if missing := [feature.name for feature in wanted.features if feature not in have]:
        raise BundleInvalid(
            f"the champion wants feature set {wanted.version}; the table holds {made}, "
            f"without {len(missing)} of its features: {', '.join(missing[:5])}"
        )

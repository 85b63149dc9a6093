"""State `ScoreAll`: score every customer with the champion, and hold what the API needs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa

from holdfast.bundle import load
from holdfast.contracts import Scored, ScoringWanted
from holdfast.errors import NoData
from holdfast.feature_set import AS_OF, FEATURE_SET, tag_of
from holdfast.lake import Lake
from holdfast.observe import logger, step
from holdfast.resources import artifacts, environment, lake, settings
from holdfast.scoring import Scorer
from holdfast.settings import Scoring
from holdfast.store import Store, write_json
from score import history, leads
from score.batch import ranking, score_table, vectors
from score.held import DynamoVectors, Vectors

_RANKED = 1000
_REASONS_RANKED = 3


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Score all, answer where the scores are."""
    held = DynamoVectors(environment().scores_table, environment().state_table)
    answer = score_all(ScoringWanted.parse(event), lake(), artifacts(), held, settings().scoring)
    records = leads.held(lake(), leads.DynamoLeads(environment().scores_table, environment().state_table))
    logger.info("records of the sources lead to customers", changed=records)
    return answer.to_json()


def score_all(wanted: ScoringWanted, lake: Lake, store: Store, held: Vectors, rule: Scoring) -> Scored:
    """Write the table `scores`, the vectors and the ranking.

    Raises:
        NoData: there is nobody to score.
        BundleInvalid: the table does not hold the feature set that the champion was trained on.
    """
    scorer = Scorer.from_bundle(load(store, wanted.champion))
    features = _features(lake, wanted, scorer)
    scores = score_table(features, scorer, datetime.fromisoformat(wanted.as_of), rule.reasons, _telling(len(features)))
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


def _telling(total: int) -> Callable[[int], None]:
    """Says in the log how far it is, about ten times."""
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if done == total or done - told >= total / 10:
            told = done
            logger.info("scored", extra={"customers": done, "of": total})

    return tell


def _features(lake: Lake, wanted: ScoringWanted, scorer: Scorer) -> pa.Table:
    there = lake.snapshot_id("features") is not None
    columns = ("customer_id", "company_id", *scorer.feature_set.names)
    features = lake.read("features", columns, snapshot_id=_snapshot(lake, wanted, scorer)) if there else None
    if features is None or not features.num_rows:
        raise NoData("table features holds nobody to score")
    return features


def _snapshot(lake: Lake, wanted: ScoringWanted, scorer: Scorer) -> int:
    """The run's own features, or those that it made for a champion that was trained on others."""
    made = lake.said_of("features", wanted.features_snapshot).get(FEATURE_SET, "")
    if made == scorer.feature_set.version:
        return wanted.features_snapshot
    kept = lake.tags("features").get(tag_of(scorer.feature_set.version))
    if kept is None or lake.said_of("features", kept).get(AS_OF) != wanted.as_of:
        scorer.hold_to(made)
    return kept or wanted.features_snapshot

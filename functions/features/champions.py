"""The champion's features beside a run's own: it judges and scores by those that it was trained on, whatever its challenger gets."""

from datetime import datetime

from features.remade import remade
from features.world import Tables
from holdfast.bundle import load
from holdfast.errors import ConfigurationInvalid
from holdfast.feature_set import FeatureSet, judged_tag, key_of, said_of, tag_of
from holdfast.lake import Lake
from holdfast.observe import logger
from holdfast.registry import Champion
from holdfast.settings import Settings
from holdfast.store import Store, read_json

JUDGED = ("holdout", "fold")
"""Splits that a champion is judged on beside its challenger."""


def keep_champions(
    champion: Champion, own: FeatureSet, tables: Tables, target: Lake, store: Store, settings: Settings, as_of: str
) -> None:
    """Let the champion judge and score by the features that it was trained on, whatever this run makes for its challenger.

    One whose features cannot be made any more cannot stay: Promote sees that they are not there.
    """
    wanted = load(store, champion.version).feature_set
    if wanted.version == own.version:
        return
    if wanted.whole:
        wanted = FeatureSet.from_json(read_json(store, key_of(wanted.whole)))
    try:
        made = remade(tables, settings, wanted, datetime.fromisoformat(as_of), JUDGED)
    except ConfigurationInvalid as error:
        logger.warning("the champion's features cannot be made", champion=champion.version, reason=str(error))
        return
    with target.alone("training_examples", "features"):
        target.keep("training_examples", judged_tag(wanted.version), made.examples, said_of(wanted, as_of))
        target.keep("features", tag_of(wanted.version), made.features, said_of(wanted, as_of))

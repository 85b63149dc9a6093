"""Rolling back to an earlier feature set: its model serves again, on the rows that are kept of it, and nights make it until it is released."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from holdfast.bundle import load
from holdfast.contracts import ScoringWanted
from holdfast.errors import BundleInvalid
from holdfast.feature_set import AS_OF, tag_of
from holdfast.registry import Champion, Registry
from holdfast.store import Store
from infra.trouble import Trouble

if TYPE_CHECKING:
    from holdfast.lake import Lake


@dataclass(frozen=True)
class Plan:
    """What serves after a rollback: a model, and the snapshot of table `features` that it scores."""

    feature_set: str
    model: str
    snapshot: int | None
    """None where no rows of the set are kept (an erasure takes them along): the next run makes them anew."""
    as_of: str

    def scoring(self, run: str) -> dict[str, Any]:
        """What ScoreAll is asked for."""
        return ScoringWanted(run, self.model, self.snapshot or 0, self.as_of).to_json()


def planned(lake: "Lake", artifacts: Store, champion: Champion | None, version: str, trained: tuple[str, ...]) -> Plan:
    """The model that served last, or else was trained last, on a feature set; and its rows.

    Raises:
        Trouble: no model was trained on it.
    """
    before = (champion.version, *reversed(champion.history)) if champion else ()
    model = next((each for each in dict.fromkeys((*before, *trained)) if _reads(artifacts, each, version)), None)
    if model is None:
        raise Trouble(
            f"no model that is there was trained on feature set {version}: `holdfast features list` shows which have one"
        )
    return plan_of(lake, model, version)


def plan_of(lake: "Lake", model: str, version: str) -> Plan:
    """A model on the newest rows of its feature set."""
    snapshot = lake.tags("features").get(tag_of(version))
    as_of = lake.said_of("features", snapshot).get(AS_OF, "") if snapshot else ""
    return Plan(version, model, snapshot if as_of else None, as_of)


def roll_back(registry: Registry, plan: Plan, run: str, now: str) -> None:
    """Let the model serve and pin its feature set, in one move."""
    registry.promote(plan.model, run, now, registry.champion(), pin=plan.feature_set)


def released(registry: Registry) -> Champion:
    """Let go of what was pinned: the next run makes what is deployed, and its challenger may win.

    Raises:
        Trouble: nothing is pinned.
    """
    champion = registry.champion()
    if champion is None or not champion.pinned:
        raise Trouble("no feature set is pinned: every run makes what is deployed")
    registry.promote(champion.version, champion.run, champion.promoted_at, champion, pin="")
    return replace(champion, pinned="")


def _reads(artifacts: Store, model: str, version: str) -> bool:
    try:
        return load(artifacts, model).feature_set.version == version
    except BundleInvalid:
        return False

"""What one warm function serves from: the champion's bundle, read again only when another one was promoted, and the model that fits
a vector where the champion does not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from holdfast.bundle import METRICS, Bundle, load
from holdfast.errors import BundleInvalid, NoData
from holdfast.registry import Champion, Registry
from holdfast.scoring import Scorer
from holdfast.store import Store, read_json
from score.held import Item

_FRESH_S = 30.0


@dataclass(frozen=True, eq=False)
class Served:
    """A champion, ready to answer."""

    champion: Champion
    bundle: Bundle
    scorer: Scorer
    ranking: dict[str, Any]

    def metrics(self) -> dict[str, Any]:
        """What was measured when it was trained."""
        return dict(self.bundle.json(METRICS))


@dataclass
class Serving:
    """Looks at the champion's pointer and the ranking at most every 30 seconds of `clock`, and keeps one bundle."""

    registry: Registry
    store: Store
    clock: Callable[[], float]
    _served: Served | None = field(default=None, init=False)
    _looked: float = field(default=0.0, init=False)
    _earlier: Scorer | None = field(default=None, init=False)

    def current(self) -> Served:
        """The champion as of a moment ago. Raises NoData before the first promotion or the first scoring."""
        now = self.clock()
        if self._served is None or now - self._looked >= _FRESH_S:
            self._served, self._looked = self._looked_up(), now
        return self._served

    def fitting(self, item: Item) -> Scorer:
        """The model that reads a held vector: the champion; or, until the vector is made for it, the one that scored it last.

        Raises:
            NoData: neither does, or the latter is gone.
        """
        if self.current().scorer.reads(item["feature_set"]):
            return self.current().scorer
        # Maybe the champion is another one by now: a vector that fits is no reason to wait for the half minute.
        self._served, self._looked = self._looked_up(), self.clock()
        scorer = self._served.scorer
        if not scorer.reads(item["feature_set"]):
            scorer = self._of_vector(item)
        return scorer

    def _of_vector(self, item: Item) -> Scorer:
        model = item.get("model", "")
        if self._earlier is None or self._earlier.version != model:
            try:
                self._earlier = Scorer.from_bundle(load(self.store, model))
            except BundleInvalid as error:
                raise NoData(
                    f"this customer's data is of feature set {item['feature_set']}, which no model that is there was "
                    "trained on: the next run makes it anew"
                ) from error
        return self._earlier

    def _looked_up(self) -> Served:
        champion = self.registry.champion()
        if champion is None:
            raise NoData("no model serves yet: the first run has not come as far as Promote")
        held = self._served
        if held and held.champion.version == champion.version:
            return Served(champion, held.bundle, held.scorer, self._ranking())
        bundle = load(self.store, champion.version)
        return Served(champion, bundle, Scorer.from_bundle(bundle), self._ranking())

    def _ranking(self) -> dict[str, Any]:
        try:
            return dict(read_json(self.store, "rankings/latest.json"))
        except KeyError as error:
            raise NoData("nobody is scored yet: the first run has not come as far as ScoreAll") from error

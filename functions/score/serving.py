"""What one warm function serves from: the champion's bundle, read again only when another one was promoted, and others that were asked for."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from holdfast.bundle import IMPORTANCE, MANIFEST, METRICS, REFERENCE, Bundle, load, origin
from holdfast.errors import BundleInvalid, NoData, StorageUnavailable, Terminal
from holdfast.observe import logger
from holdfast.registry import Champion, Registry
from holdfast.scoring import Scorer
from holdfast.store import Readable, read_json
from score.held import Item
from score.levers import Levers, aims_of

_FRESH_S = 30.0
_KEPT = 3
"""Models beside the champion that stay in memory."""


class UnknownModel(Terminal):
    """When no bundle of that version is there."""


class ModelReadsOther(Terminal):
    """When what is held of a customer is of another feature set than the model was trained on."""


@dataclass(frozen=True, eq=False)
class Model:
    """One bundle, ready to answer."""

    bundle: Bundle
    scorer: Scorer

    @property
    def version(self) -> str:
        return self.scorer.version

    @cached_property
    def levers(self) -> Levers:
        """What can be acted on, and where to."""
        return Levers(self.scorer, aims_of(self.bundle.json(IMPORTANCE), self.bundle.json(REFERENCE)))

    def metrics(self) -> dict[str, Any]:
        """What was measured when it was trained."""
        return dict(self.bundle.json(METRICS))


@dataclass(frozen=True, eq=False)
class Served:
    """A champion with the ranking of the last run."""

    champion: Champion
    """Who serves: until the bundle of a newer one is there, who served before it."""
    model: Model
    ranking: dict[str, Any]


@dataclass
class Serving:
    """Looks at the champion's pointer and the ranking at most every 30 seconds of `clock`, and keeps few bundles."""

    registry: Registry
    store: Readable
    clock: Callable[[], float]
    _served: Served | None = field(default=None, init=False)
    _looked: float = field(default=0.0, init=False)
    _others: dict[str, Model] = field(default_factory=dict, init=False)

    def current(self) -> Served:
        """The champion as of a moment ago. Raises NoData before the first promotion or the first scoring.

        A pointer may be here before the bundle: whoever served before goes on until that is there.
        """
        now = self.clock()
        if self._served is None or now - self._looked >= _FRESH_S:
            self._served, self._looked = self._looked_up(), now
        return self._served

    def look_again(self) -> None:
        """Look at the champion's pointer with the next call, whatever the clock says: it may have stood still since."""
        self._looked = -math.inf

    def fitting(self, item: Item) -> Model:
        """The model that reads a held vector: the champion; or, until the vector is made for it, the one that scored it last.

        Raises:
            NoData: neither does, or the latter is gone.
        """
        if self.current().model.scorer.reads(item["feature_set"]):
            return self.current().model
        # Maybe the champion is another one by now: a vector that fits is no reason to wait for the half minute.
        self._served, self._looked = self._looked_up(), self.clock()
        model = self._served.model
        if not model.scorer.reads(item["feature_set"]):
            model = self._of_vector(item)
        return model

    def version(self, version: str) -> Model:
        """Any bundle that is there.

        Raises:
            UnknownModel: there is none of that version.
        """
        if self._served and self._served.model.version == version:
            return self._served.model
        if version not in self._others and not self._is_there(version):
            raise UnknownModel(f"there is no model {version[:12]}: GET /v1/models lists those that serve or served")
        return self._other(version)

    def reading(self, version: str, item: Item) -> Model:
        """A bundle that is there, for what is held of a customer.

        Raises:
            UnknownModel: there is none of that version.
            ModelReadsOther: it was trained on other features.
        """
        model = self.version(version)
        if not model.scorer.reads(item["feature_set"]):
            raise ModelReadsOther(
                f"model {version} reads feature set {model.scorer.feature_set.layout}; what is held of this customer is of "
                f"{item['feature_set']}, which model {item.get('model') or self.current().model.version} reads"
            )
        return model

    def _of_vector(self, item: Item) -> Model:
        try:
            return self._other(item.get("model", ""))
        except (BundleInvalid, StorageUnavailable) as error:
            raise NoData(
                f"this customer's data is of feature set {item['feature_set']}, which no model that is there was "
                "trained on: its bundle is awaited, or the next run makes it anew"
            ) from error

    def _other(self, version: str) -> Model:
        if version not in self._others:
            model = self._read(version)
            while len(self._others) >= _KEPT:
                self._others.pop(next(iter(self._others)))
            self._others[version] = model
        return self._others[version]

    def _is_there(self, version: str) -> bool:
        try:
            return bool(self.store.read(f"bundles/{version}/{MANIFEST}"))
        except KeyError:
            return False

    def _read(self, version: str) -> Model:
        bundle = load(self.store, version)
        return Model(bundle, Scorer.from_bundle(bundle))

    def _looked_up(self) -> Served:
        pointed = self.registry.champion()
        if pointed is None:
            raise NoData("no model serves yet: the first run has not come as far as Promote")
        champion, model = self._there(pointed)
        return Served(champion, model, self._ranking())

    def _there(self, pointed: Champion) -> tuple[Champion, Model]:
        """The champion that the pointer means; while its bundle cannot be had, the one in memory, or the last before it that can."""
        held = self._served
        if held and held.model.version == pointed.version:
            return pointed, held.model
        try:
            return pointed, self._read(pointed.version)
        except (BundleInvalid, StorageUnavailable) as error:
            logger.warning("the champion's bundle is awaited", version=pointed.version, reason=str(error))
            if held:
                return held.champion, held.model
            return self._before(pointed, error)

    def _before(self, pointed: Champion, awaited: BundleInvalid | StorageUnavailable) -> tuple[Champion, Model]:
        for at, version in reversed(list(enumerate(pointed.history))):
            try:
                model = self._read(version)
            except (BundleInvalid, StorageUnavailable):
                continue
            return replace(pointed, version=version, run=self._run_of(version), history=pointed.history[:at]), model
        raise NoData(f"the bundle of model {pointed.version}, which serves, is not here yet") from awaited

    def _run_of(self, version: str) -> str:
        try:
            return str(origin(self.store, version).get("run", ""))
        except StorageUnavailable:
            return ""

    def _ranking(self) -> dict[str, Any]:
        try:
            return dict(read_json(self.store, "rankings/latest.json"))
        except KeyError as error:
            raise NoData("nobody is scored yet: the first run has not come as far as ScoreAll") from error

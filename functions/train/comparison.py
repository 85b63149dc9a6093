"""Champion against challenger: who is better on the same rows, and whether that is enough."""

from dataclasses import dataclass
from typing import NamedTuple

from holdfast.bundle import METRICS, Bundle
from holdfast.errors import TrainingRefused
from holdfast.predictors import Doubles
from holdfast.scoring import Scorer
from holdfast.settings import Promotion
from train.evaluation import auc, auc_gain
from train.examples import Examples

_CHANCE = 0.5


class Gain(NamedTuple):
    """AUC gained, and between what it lies: each bound by itself with the confidence that the rule asks for."""

    amount: float
    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """AUC of both, and what they were measured on."""

    challenger: float
    champion: float | None
    where: str
    gone: bool = False
    """Whether the champion's features are no longer made: it could not score today's customers."""
    leaves: bool = False
    """Whether the champion learnt from somebody who was forgotten."""
    gain: Gain | None = None
    """By how much the challenger has more AUC on the same rows; None where there are none."""
    serves_days: float = 0.0
    """How long the champion has served."""
    low: float = 1.0
    """The challenger's AUC on rows it had not seen is above this with a confidence of 97.5 %."""

    @property
    def compared(self) -> str:
        """Both, in words."""
        sure = (
            f", a gain of {self.gain.amount:+.3f} ({self.gain.low:+.3f} to {self.gain.high:+.3f})" if self.gain else ""
        )
        return f"AUC {self.challenger:.3f} against {self.champion:.3f} on {self.where}{sure}"


@dataclass(frozen=True)
class Decision:
    """Whether the challenger serves from now on, and why."""

    promoted: bool
    reason: str


def judge(
    challenger: Bundle, champion: Bundle | None, holdout: Examples | None, champions: Examples | None, rule: Promotion
) -> Judgement:
    """AUC of both on the holdout, each by its own features (`champions`: the same customers as the champion knows them, or None where
    its features are no longer made); without a holdout, each bundle's own metrics."""
    said = challenger.json(METRICS)["churn"]
    own = float(said["auc"])
    if champion is None:
        return Judgement(own, None, "rows it had not seen", low=float(said["auc_low"]))
    held = float(champion.json(METRICS)["churn"]["auc"])
    if champions is None:
        return Judgement(own, held, "each one's own rows", gone=True)
    if holdout is None or not len(holdout):
        return Judgement(own, held, "each one's own folds")
    scores = _probability(challenger, holdout), _probability(champion, champions)
    return Judgement(
        auc(holdout.churned, scores[0]), auc(holdout.churned, scores[1]), f"the same {len(holdout):,} holdout rows",
        gain=Gain(*auc_gain(holdout.churned, *scores, rule.confidence)),
    )  # fmt: skip


def decide(judgement: Judgement, rule: Promotion) -> Decision:
    """Apply the rule of `promotion`.

    Raises:
        TrainingRefused: nothing serves yet, and the challenger is hardly better than chance.
    """
    if short := _no_signal(judgement, rule):
        if judgement.champion is None:
            raise TrainingRefused(
                f"no signal in the data: the churn model's {short}, and there is no champion to fall back on"
            )
        return Decision(False, f"the champion stays: the challenger's {short}")
    if judgement.champion is None:
        return Decision(True, f"the first champion: AUC {judgement.challenger:.3f} on {judgement.where}")
    return _between(judgement, rule)


def _no_signal(judgement: Judgement, rule: Promotion) -> str | None:
    """Why the challenger may know nothing: it is under the minimum, or no better than chance for all that its rows can tell."""
    if judgement.challenger < rule.minimum_auc:
        return f"AUC {judgement.challenger:.3f} is under promotion.minimum_auc {rule.minimum_auc}"
    if judgement.low <= _CHANCE < rule.minimum_auc:
        return f"AUC {judgement.challenger:.3f} may be chance: its interval begins at {judgement.low:.3f}"
    return None


def _between(judgement: Judgement, rule: Promotion) -> Decision:
    """A champion whose features are no longer made, or that learnt from somebody who was forgotten, leaves in any case; any other
    when the challenger's gain is no chance, or when it has served long and the challenger is not worse."""
    compared = judgement.compared
    if judgement.gone:
        return Decision(True, f"the champion cannot stay: its features are no longer made; {compared}")
    if judgement.leaves:
        return Decision(True, f"the champion learnt from somebody who was forgotten and makes way: {compared}")
    amount = judgement.challenger - (judgement.champion or 0.0)
    gain = judgement.gain or Gain(amount, amount, amount)
    if gain.low >= rule.minimum_gain:
        return Decision(True, f"the challenger wins: {compared}")
    if judgement.serves_days >= rule.refresh_days and gain.low >= -rule.refresh_loss:
        return Decision(
            True,
            f"the champion has served {judgement.serves_days:.0f} days and the challenger is not worse: {compared}",
        )
    return Decision(
        False,
        f"the champion stays: {compared}; promotion asks for {rule.minimum_gain:+g} with {rule.confidence:.0%} confidence",
    )


def _probability(bundle: Bundle, holdout: Examples) -> Doubles:
    scorer = Scorer.from_bundle(bundle)
    return scorer.calibrator(scorer.trees.explain(holdout.rows)[0])

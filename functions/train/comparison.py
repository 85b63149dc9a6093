"""Champion against challenger: who is better on the same rows, and whether that is enough."""

from dataclasses import dataclass

from holdfast.bundle import METRICS, Bundle
from holdfast.errors import TrainingRefused
from holdfast.scoring import Scorer
from holdfast.settings import Promotion
from train.evaluation import auc
from train.examples import Examples


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


@dataclass(frozen=True)
class Decision:
    """Whether the challenger serves from now on, and why."""

    promoted: bool
    reason: str


def judge(
    challenger: Bundle, champion: Bundle | None, holdout: Examples | None, champions: Examples | None
) -> Judgement:
    """AUC of both on the holdout, each by its own features (`champions`: the same customers as the champion knows them, or None where
    its features are no longer made); without a holdout, each bundle's own metrics."""
    own = float(challenger.json(METRICS)["churn"]["auc"])
    if champion is None:
        return Judgement(own, None, "rows it had not seen")
    held = float(champion.json(METRICS)["churn"]["auc"])
    if champions is None:
        return Judgement(own, held, "each one's own rows", gone=True)
    if holdout is None or not len(holdout):
        return Judgement(own, held, "each one's own folds")
    return Judgement(
        _auc_of(challenger, holdout), _auc_of(champion, champions), f"the same {len(holdout):,} holdout rows"
    )


def decide(judgement: Judgement, rule: Promotion) -> Decision:
    """Apply the rule of `promotion`; a champion whose features are no longer made, or that learnt from
    somebody who was forgotten, leaves in any case.

    Raises:
        TrainingRefused: nothing serves yet, and the challenger is hardly better than chance.
    """
    if judgement.challenger < rule.minimum_auc:
        short = f"AUC {judgement.challenger:.3f} is under promotion.minimum_auc {rule.minimum_auc}"
        if judgement.champion is None:
            raise TrainingRefused(
                f"no signal in the data: the churn model's {short}, and there is no champion to fall back on"
            )
        return Decision(False, f"the champion stays: the challenger's {short}")
    if judgement.champion is None:
        return Decision(True, f"the first champion: AUC {judgement.challenger:.3f} on {judgement.where}")
    gain = judgement.challenger - judgement.champion
    compared = f"AUC {judgement.challenger:.3f} against {judgement.champion:.3f} on {judgement.where}"
    if judgement.gone:
        return Decision(
            True,
            f"the champion cannot stay: its features are no longer made; {compared}",
        )
    if judgement.leaves:
        return Decision(True, f"the champion learnt from somebody who was forgotten and makes way: {compared}")
    if gain >= rule.minimum_gain:
        return Decision(True, f"the challenger wins: {compared}")
    return Decision(False, f"the champion stays: {compared}, and promotion.minimum_gain asks for {rule.minimum_gain}")


def _auc_of(bundle: Bundle, holdout: Examples) -> float:
    return auc(holdout.churned, Scorer.from_bundle(bundle).trees.explain(holdout.rows)[0])

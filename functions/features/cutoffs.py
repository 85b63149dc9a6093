"""When the features of the training examples look from."""

from dataclasses import dataclass

from holdfast.errors import ConfigurationInvalid
from holdfast.settings import Churn, ContractChurn, LabelChurn, Training, UsageChurn


@dataclass(frozen=True)
class Cutoff:
    """A day number (midnight UTC, counted since 1970) and its part in training: train, holdout or fold."""

    day: int
    split: str


def plan(churn: Churn, training: Training, first: int, as_of: int) -> list[Cutoff]:
    """Cutoffs in ascending order for data that begins on day `first`.

    In time validation the holdout lies one horizon before `as_of`, and the labels of every training cutoff end at or
    before the holdout, so that nothing that trains the model happened after the moment it is judged from.

    Raises:
        ConfigurationInvalid: the history is too short for the horizon; says how many days it takes.
    """
    if isinstance(churn, LabelChurn):
        return [Cutoff(as_of, "fold")]
    history = _history(churn)
    holdout = as_of - churn.horizon_days
    if training.validation == "folds":
        _require(holdout - first >= history, first, as_of, churn.horizon_days + history, "")
        return [Cutoff(holdout, "fold")]
    days = [holdout - churn.horizon_days - back * training.step_days for back in range(training.cutoffs)]
    usable = [day for day in days if day - first >= history]
    _require(
        bool(usable),
        first,
        as_of,
        2 * churn.horizon_days + history,
        ', or set training.validation = "folds", which takes one horizon less',
    )
    return [*(Cutoff(day, "train") for day in reversed(usable)), Cutoff(holdout, "holdout")]


def _history(churn: UsageChurn | ContractChurn) -> int:
    return churn.active_days if isinstance(churn, UsageChurn) else churn.horizon_days


def _require(enough: bool, first: int, as_of: int, needed: int, otherwise: str) -> None:
    if not enough:
        raise ConfigurationInvalid(
            f"the data reaches back {max(0, as_of - first)} days and this churn definition takes {needed} days of "
            f"history: shorten churn.horizon_days{otherwise}"
        )

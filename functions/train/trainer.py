"""From training examples to a sealed bundle: fit the three models, judge them on rows they have not seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from holdfast.bundle import (
    CALIBRATOR,
    CARD,
    CARD_JSON,
    CHURN,
    FEATURES,
    IMPORTANCE,
    INTERACTIONS,
    METRICS,
    PERSONAS,
    REFERENCE,
    SETTINGS,
    TABLES,
    TRIALS,
    VALUE,
    Bundle,
    canonical,
)  # fmt: skip
from holdfast.errors import BundleInvalid, TrainingRefused
from holdfast.feature_set import FeatureSet
from holdfast.predictors import Doubles, Floats, Personas, ValueModel
from holdfast.settings import Settings
from holdfast.trees import TreeTables
from train import card
from train.churn import ChurnModel, fit_in_folds, fit_in_time
from train.evaluation import Costs, best_single_feature, churn_metrics, value_metrics
from train.examples import FOLD, HOLDOUT, TRAIN, Examples, check_enough, evenly
from train.interactions import interactions, strongest
from train.personas import fit_personas
from train.profile import dependence, importance, reference
from train.selection import narrowed, select
from train.slices import sliced
from train.splits import folds_of, inner_holdout
from train.value import fit_value

_HEAVY, _SHAPES, _PAIRS = 20, 10, 10
"""Features among which pairs are looked for, features whose dependence is told, pairs that are told."""
_INTERACTION_ROWS = 500
_SHAP_ROWS = 50
_SHAP_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Models, and what models that had not seen them said of the judged rows."""

    validation: str
    train: Examples
    judged: Examples
    churn: ChurnModel
    value: ValueModel
    probability: Doubles
    money: Doubles


def train_bundle(examples: Examples, feature_set: FeatureSet, settings: Settings) -> Bundle:
    """Train and judge on examples whose splits are `train` and `holdout`, or all `fold`.

    Raises:
        TrainingRefused: the examples cannot carry a model; the message says why.
        BundleInvalid: the tables that will serve disagree with shap about the model.
    """
    kind = FOLD if (examples.split == FOLD).any() else HOLDOUT
    if kind == HOLDOUT:
        examples, feature_set = _chosen(examples, feature_set, settings)
    fitted = _FITS[kind](examples, feature_set, settings)
    latest = fitted.train.where(fitted.train.cutoff == fitted.train.cutoff.max())
    personas = fit_personas(latest.rows, feature_set, settings.training.personas, settings.training.seed)
    return _sealed(fitted, personas, feature_set, settings)


def _chosen(examples: Examples, feature_set: FeatureSet, settings: Settings) -> tuple[Examples, FeatureSet]:
    """The features that the models read. In folds they are all read: each row judges, so none may choose."""
    train, training = examples.of(TRAIN), settings.training
    check_enough(train, training.minimum_churners)
    chosen = select(train, feature_set, training.features, training.seed, settings.value.currency)
    return narrowed(examples, feature_set, chosen), chosen


def _fit_in_time(examples: Examples, feature_set: FeatureSet, settings: Settings) -> _Fitted:
    train, holdout = examples.of(TRAIN), examples.of(HOLDOUT)
    if not holdout.churned.any() or holdout.churned.all():
        raise TrainingRefused(
            f"the holdout's {len(holdout)} examples do not hold both kinds of customers: nothing can be judged on it"
        )
    churn = fit_in_time(train, settings.training)
    value = fit_value(train.rows, train.value, inner_holdout(train, settings.training.seed), feature_set.names)
    money = _money(value, holdout, feature_set)
    return _Fitted("holdout", train, holdout, churn, value, churn.probability(holdout.rows), money)


def _fit_in_folds(examples: Examples, feature_set: FeatureSet, settings: Settings) -> _Fitted:
    rows, training = examples.of(FOLD), settings.training
    check_enough(rows, training.minimum_churners)
    churn, probability = fit_in_folds(rows, training)
    folds = list(folds_of(rows.churned, training.folds, training.seed))
    money = np.empty(len(rows))
    for k, (inside, outside) in enumerate(folds):
        judge = folds[k - 1][1][inside]
        fold = rows.where(inside)
        money[outside] = _money(
            fit_value(fold.rows, fold.value, judge, feature_set.names), rows.where(outside), feature_set
        )
    value = fit_value(rows.rows, rows.value, folds[0][1], feature_set.names)
    return _Fitted("folds", rows, rows, churn, value, probability, money)


_FITS: dict[str, Callable[[Examples, FeatureSet, Settings], _Fitted]] = {HOLDOUT: _fit_in_time, FOLD: _fit_in_folds}


def _money(model: ValueModel, examples: Examples, feature_set: FeatureSet) -> Doubles:
    position = {name: j for j, name in enumerate(feature_set.names)}
    return model.predict(examples.rows[:, [position[name] for name in model.features]])[0]


def _sealed(fitted: _Fitted, personas: Personas, feature_set: FeatureSet, settings: Settings) -> Bundle:
    churn = fitted.churn.to_bytes()
    tables, rows = TreeTables.from_xgboost(churn), fitted.judged.rows
    _check_against_shap(fitted.churn, tables, rows[:_SHAP_ROWS])
    contributions = tables.explain(rows)[1]
    found = importance(rows, contributions, feature_set)
    heavy = [feature_set.names.index(entry["feature"]) for entry in found[:_HEAVY]]
    together = interactions(churn, rows[evenly(len(rows), _INTERACTION_ROWS)], heavy)
    metrics = _rounded(_metrics(fitted, feature_set, settings, tables.row_ms))
    documents = {
        CALIBRATOR: fitted.churn.calibrator.to_json(), VALUE: fitted.value.to_json(), PERSONAS: personas.to_json(),
        FEATURES: feature_set.to_json(), METRICS: metrics, IMPORTANCE: _told(found, heavy, rows, contributions),
        INTERACTIONS: strongest(together, feature_set, _PAIRS),
        REFERENCE: _reference(fitted, feature_set), SETTINGS: _settings(settings, fitted.churn),
        TRIALS: fitted.churn.trials,
    }  # fmt: skip
    told = card.Told(
        settings.name,
        metrics,
        found,
        documents[INTERACTIONS],
        personas,
        feature_set,
        documents[SETTINGS],
        documents[TRIALS],
    )
    documents[CARD_JSON] = card.as_json(told)
    files = {CHURN: churn, TABLES: tables.to_bytes(), CARD: card.as_markdown(told).encode()}
    return Bundle(files | {name: canonical(value) for name, value in documents.items()})


def _reference(fitted: _Fitted, feature_set: FeatureSet) -> dict[str, Any]:
    judged, train = fitted.judged, fitted.train
    said = fitted.churn.probability(judged.rows)
    return reference(judged, said, train, fitted.churn.probability(train.rows), feature_set)


def _told(found: list[dict[str, Any]], heavy: list[int], rows: Floats, contributions: Doubles) -> list[dict[str, Any]]:
    """Importance, and of the heaviest features how their contribution goes with their value."""
    shapes = [dependence(rows[:, j], contributions[:, j]) for j in heavy[:_SHAPES]]
    return [entry | ({"dependence": shapes[rank]} if rank < len(shapes) else {}) for rank, entry in enumerate(found)]


def _check_against_shap(churn: ChurnModel, tables: TreeTables, rows: Any) -> None:
    import shap  # heavy: more than a second, and only wanted here

    margins, contributions = tables.explain(rows)
    explainer = shap.TreeExplainer(churn.booster)
    apart = np.abs(explainer.shap_values(rows) - contributions).max()
    apart = max(apart, np.abs(float(np.ravel(explainer.expected_value)[0]) - tables.base))
    if not apart < _SHAP_TOLERANCE or not np.isfinite(margins).all():
        raise BundleInvalid(
            f"contributions by tables differ from shap's by {apart:.2g} log-odds; {_SHAP_TOLERANCE} is allowed"
        )


def _metrics(fitted: _Fitted, feature_set: FeatureSet, settings: Settings, row_ms: float) -> dict[str, Any]:
    judged = fitted.judged
    known = np.isfinite(judged.value) & np.isfinite(fitted.money)
    best, area = best_single_feature(fitted.train.rows, fitted.train.churned, judged.rows, judged.churned)
    costs = Costs(*settings.scoring.costs) if settings.scoring.costs else None
    churn = churn_metrics(judged.churned, fitted.probability, settings.scoring.risk_threshold, costs)
    mean = float(np.nanmean(fitted.train.value)) if known.any() else 0.0
    return {
        "validation": fitted.validation,
        "training": {
            "rows": len(fitted.train), "churners": int(fitted.train.churned.sum()),
            "cutoffs": _days(fitted.train), "judged_cutoffs": _days(judged),
            "features": len(feature_set.names), "trees": fitted.churn.trees, "feature_set": feature_set.version,
            "row_ms": row_ms,
        },
        "churn": churn | {"best_single_feature": {"sentence": feature_set.features[best].sentence, "auc": area}},
        "value": value_metrics(judged.value[known], fitted.money[known], mean) if known.any() else None,
        "slices": sliced(judged.groups, judged.churned, fitted.probability, settings.scoring.risk_threshold),
    }  # fmt: skip


def _days(examples: Examples) -> list[str]:
    return [str(day) for day in np.unique(examples.cutoff)]


def _settings(settings: Settings, churn: ChurnModel) -> dict[str, Any]:
    chosen = churn.hyperparameters
    return {
        "threshold": settings.scoring.risk_threshold, "currency": settings.value.currency,
        "churn": settings.churn.model_dump(),
        "seed": settings.training.seed, "depth": chosen.pop("max_depth"), **chosen, "most_trees": settings.training.trees,
        "most_row_ms": settings.training.row_ms,
    }  # fmt: skip


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value

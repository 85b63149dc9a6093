"""The model card: what the bundle is for, how well it does, and where not to trust it, in words."""

from typing import Any

from holdfast.feature_set import FeatureSet
from holdfast.predictors import Personas

_TOP = 10
_VALIDATION = {
    "holdout": "Judged on the latest labelled cutoff, later in time than everything it was trained on.",
    "folds": "Judged in stratified folds: every row by models that had not seen it. "
    "There is one cutoff only, so nothing is said about time.",
}


def model_card(
    name: str,
    metrics: dict[str, Any],
    importance: list[dict[str, Any]],
    personas: Personas,
    feature_set: FeatureSet,
    settings: dict[str, Any],
) -> str:
    """The card as Markdown."""
    sections = [
        _head(name, metrics, settings), _churn(metrics["churn"]), _value(metrics["value"], settings["currency"]),
        _features(importance), _personas(personas), _limits(feature_set),
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def _head(name: str, metrics: dict[str, Any], settings: dict[str, Any]) -> str:
    training = metrics["training"]
    return (
        f"# Model card: {name}\n\n"
        f"Churn probability, value and persona of each customer. Churn: {_definition(settings['churn'])}.\n\n"
        f"Trained on {training['rows']:,} examples ({training['churners']:,} churned) at the cutoffs "
        f"{', '.join(training['cutoffs'])}, "
        f"with {training['features']} features (set {training['feature_set']}) and {training['trees']} trees of depth "
        f"{settings['depth']}; seed {settings['seed']}. {_VALIDATION[metrics['validation']]}"
    )


def _definition(churn: dict[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in churn.items() if value is not None)


def _churn(churn: dict[str, Any]) -> str:
    above = churn["above_threshold"]
    best = churn["best_single_feature"]
    return (
        f"## Churn\n\n"
        f"On {churn['rows']:,} rows, {churn['base_rate']:.1%} of which churned:\n\n"
        f"| measure | value |\n|---|---|\n"
        f"| AUC (95 % interval) | {churn['auc']:.3f} ({churn['auc_low']:.3f} to {churn['auc_high']:.3f}) |\n"
        f"| AUC of the best single feature ({best['sentence']}) | {best['auc']:.3f} |\n"
        f"| average precision | {churn['average_precision']:.3f} |\n"
        f"| Brier score (of the base rate) | {churn['brier']:.4f} ({churn['brier_of_base_rate']:.4f}) |\n"
        f"| expected calibration error | {churn['calibration_error']:.3f} |\n"
        f"| lift at 10 % / at 21 % | {churn['lift_10']:.2f} / {churn['lift_21']:.2f} |\n"
        f"| churn held by the top 21 % | {churn['churn_in_top_21']:.1%} |\n"
        f"| at or above {above['threshold']}: customers / churn | {above['share_of_customers']:.1%}"
        f" / {above['share_of_churn']:.1%} |"
    )


def _value(value: dict[str, Any] | None, currency: str) -> str:
    if value is None:
        return "## Value\n\nNothing is known about money: no value is predicted."
    return (
        f"## Value\n\n"
        f"Linear regression, in {currency} within the horizon, on {value['rows']:,} rows.\n\n"
        f"| predictor | MAE | RMSE |\n|---|---|---|\n"
        f"| the model | {value['mae']:.2f} | {value['rmse']:.2f} |\n"
        f"| the mean | {value['mae_of_mean']:.2f} | {value['rmse_of_mean']:.2f} |\n"
        f"| nothing | {value['mae_of_zero']:.2f} | {value['rmse_of_zero']:.2f} |\n\n"
        f"Correlation {value['correlation']:.3f}; total predicted {value['total_predicted']:,.0f} "
        f"against {value['total_actual']:,.0f}."
    )


def _features(importance: list[dict[str, Any]]) -> str:
    lines = [f"| {i['sentence']} | {i['importance']:.3f} | {i['higher']} |" for i in importance[:_TOP]]
    return "\n".join(
        [
            "## What it looks at",
            "",
            "| feature | share of all contributions | a higher value |",
            "|---|---|---|",
            *lines,
        ]
    )


def _personas(personas: Personas) -> str:
    return "\n".join(["## Personas", "", *(f"- **{p.name}** ({p.share:.1%}). {p.sentence}" for p in personas.personas)])


def _limits(feature_set: FeatureSet) -> str:
    fixed = [feature.sentence for feature in feature_set.features if not feature.actionable]
    lines = [
        "## Limits",
        "",
        "- Contributions say what moved the score, not what would change the customer's mind: they are no causes.",
        "- A score holds for customers like those of the cutoffs above; the drift alert says when they no longer are.",
        "- Scores are for deciding whom to help, not for prices, refusals or anything with legal effect on a person.",
    ]
    if fixed:
        lines.append(
            f"- Nobody can act on: {', '.join(fixed[:20])}. "
            "Check them for indirect discrimination before acting on scores."
        )
    return "\n".join(lines)

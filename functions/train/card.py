"""The model card: what the bundle is for, how well it does, and where not to trust it, in words."""

from typing import Any, NamedTuple

from holdfast.feature_set import FeatureSet
from holdfast.predictors import Personas

_TOP = 10
_PURPOSE = "Scores are for deciding whom to help, not for prices, refusals or anything with legal effect on a person."
_NOT_TRIED = (
    "What the limit cost was not tried for this model, since nothing was searched for. On three made-up worlds, where it was, trees of "
    "depth 8 without it had an AUC between 0.008 lower and 0.004 higher."
)
_NO_CAUSES = "Contributions say what moved the score, not what would change the customer's mind: they are no causes."
_VALIDATION = {
    "holdout": "Judged on the latest labelled cutoff, later in time than everything it was trained on.",
    "folds": "Judged in stratified folds: every row by models that had not seen it. "
    "There is one cutoff only, so nothing is said about time.",
}


class Told(NamedTuple):
    """What a card is written from: the bundle's own documents."""

    name: str
    metrics: dict[str, Any]
    importance: list[dict[str, Any]]
    interactions: list[dict[str, Any]]
    personas: Personas
    feature_set: FeatureSet
    settings: dict[str, Any]
    trials: dict[str, Any]


def as_markdown(told: Told) -> str:
    """The card for people."""
    metrics = told.metrics
    sections = [
        _head(told.name, metrics, told.settings), _churn(metrics["churn"]), _calibration(metrics["churn"]), _thresholds(metrics["churn"], told.settings["currency"]), _value(metrics["value"], told.settings["currency"]),
        _features(told.importance), _pairs(told.interactions), _search(told.trials), _cost(metrics["training"]["row_ms"], told.settings["most_row_ms"], told.trials), _slices(metrics["slices"]), _personas(told.personas),
        _limits(told.feature_set),
    ]  # fmt: skip
    return "\n\n".join(filter(None, sections)) + "\n"


def as_json(told: Told) -> dict[str, Any]:
    """The card for machines, under the headings of SageMaker's model card schema."""
    training = told.metrics["training"]
    return {
        "model_overview": {
            "model_name": told.name, "model_description": "Churn probability, value and persona of each customer.",
            "problem_type": "Binary Classification", "algorithm_type": "Gradient boosted trees (XGBoost), calibrated; ridge; k-means",
        },
        "intended_uses": {"purpose_of_model": _PURPOSE, "intended_uses": _PURPOSE, "factors_affecting_model_efficiency": _NO_CAUSES},
        "training_details": {
            "training_observations": f"{training['rows']:,} examples, {training['churners']:,} churned",
            "training_job_details": {"hyper_parameters": [
                {"name": name, "value": str(value)} for name, value in told.settings.items() if not isinstance(value, dict)
            ]},
        },
        "evaluation_details": [
            {"name": name, "evaluation_observation": _VALIDATION[told.metrics["validation"]], "metric_groups": [
                {"name": name, "metric_data": [
                    {"name": each, "type": "number", "value": value} for each, value in held.items() if isinstance(value, int | float)
                ]}
            ]}
            for name, held in (("churn", told.metrics["churn"]), ("value", told.metrics["value"])) if held
        ],
        "additional_information": {"custom_details": {
            "feature_set": training["feature_set"], "features": str(training["features"]), "trees": str(training["trees"]),
        }},
    }  # fmt: skip


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
        f"| expected calibration error, in {len(churn['calibration'])} bins of equally many customers | {churn['calibration_error']:.3f} |\n"
        f"| lift at 10 % / at 21 % | {churn['lift_10']:.2f} / {churn['lift_21']:.2f} |\n"
        f"| churn held by the top 21 % | {churn['churn_in_top_21']:.1%} |\n"
        f"| at or above {above['threshold']}: customers / churn | {above['share_of_customers']:.1%}"
        f" / {above['share_of_churn']:.1%} |"
    )


def _calibration(churn: dict[str, Any]) -> str:
    lines = [
        f"| {row['from']:.1%} to {row['to']:.1%} | {row['customers']:,} | {row['predicted']:.1%} | {row['observed']:.1%} |"
        for row in churn["calibration"]
    ]
    head = ["| probability | customers | predicted churn | observed churn |", "|---|---|---|---|"]
    return "\n".join(["## Whether probabilities hold", "", *head, *lines])


def _thresholds(churn: dict[str, Any], currency: str) -> str:
    """With a column for what contacting those above earns, where costs are said."""
    earns = "profit" in churn["above_threshold"]
    lines = [
        f"| {row['threshold']:.3g} | {row['share_of_customers']:.1%} | {row['share_of_churn']:.1%} |"
        + (f" {row['profit']:,.0f} |" if earns else "")
        for row in churn["thresholds"]
    ]
    head = "| from probability | customers | churn that they hold |" + (f" profit, {currency} |" if earns else "")
    return "\n".join(["## Thresholds", "", head, "|---|---|---|" + ("---|" if earns else ""), *lines])


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


def _pairs(interactions: list[dict[str, Any]]) -> str:
    if not interactions:
        return ""
    lines = [f"| {' × '.join(pair['sentences'])} | {pair['strength']:.3f} |" for pair in interactions]
    return "\n".join(["## What works together", "", "| features | mean interaction, log-odds |", "|---|---|", *lines])


def _search(trials: dict[str, Any]) -> str:
    """Of a search: what it took, what it gained, and what the limits of scoring cost."""
    if not trials["budget_seconds"]:
        return ""
    tried, chosen = trials["trials"], trials["trials"][trials["chosen"]]
    stopped = sum(trial["pruned"] for trial in tried)
    unlimited = [trial for trial in tried if not trial["within"]]
    within = f"{trials['budget_seconds']:.3g} seconds or {trials['budget_usd']:.2g} USD"
    lines = [
        f"{len(tried)} trials, {stopped} of them stopped early, within {within}; judged on training rows that were held out of them:",
        "", "| trial | depth | trees | log loss | AUC |", "|---|---|---|---|---|",
        _trial("as configured", tried[0]), _trial("chosen", chosen), *(_trial("without the limits of scoring", each) for each in unlimited),
    ]  # fmt: skip
    return "\n".join(["## How it was found", "", *lines])


def _cost(row_ms: float, allowed: float, trials: dict[str, Any]) -> str:
    """What a score takes, and what keeping it within its limit cost."""
    unlimited = [trial for trial in trials["trials"] if not trial["within"] and not trial["pruned"]]
    takes = f"Explaining one customer takes {row_ms:.3f} ms on one core, by the number of its splits; {allowed:g} are allowed."
    if not unlimited:
        return f"## What a score takes\n\n{takes} {_NOT_TRIED}"
    best = min(unlimited, key=lambda trial: float(trial["log_loss"]))
    gained = best["auc"] - trials["trials"][trials["chosen"]]["auc"]
    which = f"Without that limit, at depth {best['hyperparameters']['max_depth']} with {best['trees']} trees"
    return f"## What a score takes\n\n{takes} {which}, the AUC on the rows that judged the search is {gained:+.3f} different: {_lost(gained)}."


def _lost(gained: float) -> str:
    return f"the limit cost {gained:.3f}" if gained >= 0.0005 else "the limit cost nothing"


def _trial(name: str, trial: dict[str, Any]) -> str:
    depth = trial["hyperparameters"]["max_depth"]
    return f"| {name} | {depth} | {trial['trees']} | {trial['log_loss']:.4f} | {trial['auc']:.3f} |"


def _slices(slices: list[dict[str, Any]]) -> str:
    if not slices:
        return ""
    lines = [
        f"| {each['attribute']}: {each['part']} | {each['customers']:,} | {_figure(each['auc'])} | {each['predicted']:.1%} | "
        f"{each['observed']:.1%}{'' if each['calibrated'] else ' (off)'} | {each['selection_rate']:.1%} |"
        for each in slices
    ]
    head = ["| part | customers | AUC | predicted churn | observed churn | at high risk |", "|---|---|---|---|---|---|"]
    return "\n".join(["## Parts of the customers", "", *head, *lines])


def _figure(area: float | None) -> str:
    return "too few" if area is None else f"{area:.3f}"


def _personas(personas: Personas) -> str:
    lines = [f"- **{p.name}** ({p.share:.1%}). {p.sentence}" for p in personas.personas]
    if personas.stability:
        found = ", ".join(f"{row['clusters']}: {row['agreement']:.2f}" for row in personas.stability)
        lines += [
            "",
            f"So many, because they are found again in other samples. Adjusted Rand index by number of personas: {found}.",
        ]
    return "\n".join(["## Personas", "", *lines])


def _limits(feature_set: FeatureSet) -> str:
    fixed = [feature.sentence for feature in feature_set.features if not feature.actionable]
    lines = [
        "## Limits",
        "",
        f"- {_NO_CAUSES}",
        "- A score holds for customers like those of the cutoffs above; the drift alert says when they no longer are.",
        f"- {_PURPOSE}",
    ]
    if fixed:
        lines.append(
            f"- Nobody can act on: {', '.join(fixed[:20])}. "
            "Check them for indirect discrimination before acting on scores."
        )
    return "\n".join(lines)

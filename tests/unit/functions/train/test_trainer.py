"""Training as a whole: what it makes, that it makes the same again, and when it refuses."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from holdfast.bundle import CARD, CARD_JSON, IMPORTANCE, METRICS, PERSONAS, REFERENCE, VALUE
from holdfast.errors import TrainingRefused
from holdfast.settings import Scoring
from tests.doubles.models import FEATURES, bundle, small_settings, training_examples
from train.examples import examples_from
from train.trainer import train_bundle


def trained_on(table: pa.Table, **training: int) -> dict[str, object]:
    return train_bundle(examples_from(table, FEATURES.names), FEATURES, small_settings(**training)).json(METRICS)


def with_column(table: pa.Table, name: str, values: object) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def test_the_same_examples_and_seed_make_the_same_version() -> None:
    shuffled = training_examples().take(np.random.default_rng(1).permutation(1500))

    again = train_bundle(examples_from(shuffled, FEATURES.names), FEATURES, small_settings())

    assert again.version == bundle().version


def test_another_seed_makes_another_version() -> None:
    assert bundle(8).version != bundle().version


def test_the_law_of_the_world_is_found() -> None:
    metrics = bundle().json(METRICS)

    assert metrics["churn"]["auc"] > 0.75
    assert metrics["churn"]["brier"] < metrics["churn"]["brier_of_base_rate"]
    assert metrics["churn"]["auc"] > metrics["churn"]["best_single_feature"]["auc"]
    assert [entry["feature"] for entry in bundle().json(IMPORTANCE)[:2]] == ["tickets_90d", "events_30d"]
    assert [entry["higher"] for entry in bundle().json(IMPORTANCE)[:2]] == ["raises the risk", "lowers the risk"]
    assert metrics["value"]["rmse"] < metrics["value"]["rmse_of_mean"]
    assert metrics["value"]["total_predicted"] == pytest.approx(metrics["value"]["total_actual"], rel=0.2)


def test_the_holdout_is_the_later_cutoff() -> None:
    training = bundle().json(METRICS)["training"]

    assert max(training["cutoffs"]) < min(training["judged_cutoffs"])


def test_the_reference_and_the_personas_describe_the_customers() -> None:
    reference, personas = bundle().json(REFERENCE), bundle().json(PERSONAS)

    assert reference["rows"] == 500
    assert set(reference["features"]) == set(FEATURES.names)
    assert sum(persona["share"] for persona in personas["personas"]) == pytest.approx(1, abs=1e-5)
    assert len({persona["name"] for persona in personas["personas"]}) == 3
    assert personas["personas"][0]["name"].startswith("Heavy users")


def test_the_heaviest_features_say_how_the_risk_goes_with_their_value() -> None:
    heaviest = bundle().json(IMPORTANCE)[0]
    shape = heaviest["dependence"]

    assert heaviest["feature"] == "tickets_90d"
    assert sum(part["customers"] for part in shape) == 500
    assert shape[0]["mean"] < 0 < shape[-1]["mean"]
    assert [part["from"] for part in shape] == sorted(part["from"] for part in shape)


def test_missing_values_are_a_part_of_their_own() -> None:
    [rate] = [entry for entry in bundle().json(IMPORTANCE) if entry["feature"] == "open_rate"]

    assert rate["dependence"][-1]["from"] is None
    assert rate["dependence"][-1]["customers"] > 100


def test_the_card_is_there_for_people_and_for_machines() -> None:
    card, told = bundle().files[CARD].decode(), bundle().json(CARD_JSON)

    assert "## What works together" in card
    assert told["model_overview"]["model_name"] == "holdfast"
    area = next(m for m in told["evaluation_details"][0]["metric_groups"][0]["metric_data"] if m["name"] == "auc")
    assert area["value"] == bundle().json(METRICS)["churn"]["auc"]


def test_parts_of_the_customers_are_judged_too() -> None:
    table = training_examples()
    plan = np.where(np.arange(len(table)) % 2 == 0, "free", "pro").astype(np.str_)

    made = train_bundle(examples_from(table, FEATURES.names, {"plan": plan}), FEATURES, small_settings())

    slices = made.json(METRICS)["slices"]
    assert {each["part"]: each["customers"] for each in slices} == {"free": 250, "pro": 250}
    assert "| plan: free | 250 |" in made.files[CARD].decode()


def test_costs_choose_the_threshold() -> None:
    settings = small_settings().model_copy(update={"scoring": Scoring(cost_of_contact=20, value_saved=100)})

    made = train_bundle(examples_from(training_examples(), FEATURES.names), FEATURES, settings)

    churn = made.json(METRICS)["churn"]
    assert churn["above_threshold"]["threshold"] == 0.2
    for row in churn["thresholds"]:
        contacted, churners = row["share_of_customers"] * churn["rows"], row["share_of_churn"] * churn["churners"]
        assert row["profit"] == pytest.approx(100 * churners - 20 * contacted, abs=0.1)
    assert "| from probability | customers | churn that they hold | profit, USD |" in made.files[CARD].decode()


def test_without_costs_nothing_is_said_of_profit() -> None:
    assert "profit" not in bundle().json(METRICS)["churn"]["above_threshold"]
    assert "profit" not in bundle().files[CARD].decode()


def test_the_card_holds_the_reliability_curve_and_the_error_that_is_computed_from_it() -> None:
    churn = bundle().json(METRICS)["churn"]

    assert len(churn["calibration"]) == 10
    apart = [row["customers"] * abs(row["predicted"] - row["observed"]) for row in churn["calibration"]]
    assert churn["calibration_error"] == pytest.approx(sum(apart) / churn["rows"], abs=1e-5)
    assert "| expected calibration error, in 10 bins of equally many customers |" in bundle().files[CARD].decode()
    assert "| probability | customers | predicted churn | observed churn |" in bundle().files[CARD].decode()


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"cost_of_contact": 20}, "go together"),
        ({"cost_of_contact": 20, "value_saved": 100, "threshold": 0.3}, "either `threshold` or the costs"),
        ({"cost_of_contact": 100, "value_saved": 100}, "never worth it"),
    ],
)
def test_costs_that_choose_nothing_are_refused(said: dict[str, float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Scoring(**said)


def test_one_cutoff_is_judged_in_folds() -> None:
    metrics = trained_on(training_examples(800, ("fold",)))

    assert metrics["validation"] == "folds"
    assert metrics["churn"]["rows"] == 800  # type: ignore[index]
    assert metrics["churn"]["auc"] > 0.75  # type: ignore[index]


def test_without_money_there_is_no_value_and_the_rest_is_as_ever() -> None:
    table = training_examples()
    unknown = with_column(table, "value", np.full(table.num_rows, np.nan))

    made = train_bundle(examples_from(unknown, FEATURES.names), FEATURES, small_settings())

    assert made.json(METRICS)["value"] is None
    assert made.json(VALUE)["target"] == "none"


def test_examples_without_a_label_are_left_out() -> None:
    table = training_examples()
    labels = pc.if_else(pa.array(np.arange(table.num_rows) % 2 == 0), table["label"], pa.scalar(None, pa.float64()))

    assert len(examples_from(with_column(table, "label", labels.combine_chunks()), FEATURES.names)) == 750


def test_refuses_too_few_churners_saying_how_many_it_wants() -> None:
    with pytest.raises(TrainingRefused, match=r"only \d+ training examples churned; .*minimum_churners asks for 900"):
        trained_on(training_examples(), minimum_churners=900)


def test_refuses_one_class_only() -> None:
    table = training_examples()

    with pytest.raises(TrainingRefused, match="every one of the 1000 training examples stayed"):
        trained_on(with_column(table, "label", np.zeros(table.num_rows)))


def test_refuses_features_that_do_not_vary() -> None:
    table = training_examples()
    for name in FEATURES.names:
        table = with_column(table, name, np.ones(table.num_rows, dtype=np.float32))

    with pytest.raises(TrainingRefused, match="no feature varies"):
        trained_on(table)


@pytest.mark.parametrize("splits", [("train", "holdout"), ("fold",)])
def test_refuses_features_that_are_all_missing(splits: tuple[str, ...]) -> None:
    table = training_examples(1500, splits)
    for name in FEATURES.names:
        table = with_column(table, name, pa.nulls(table.num_rows, pa.float32()))

    with pytest.raises(TrainingRefused, match="no feature varies"):
        trained_on(table)


def test_refuses_too_few_churners_in_folds_as_well() -> None:
    with pytest.raises(TrainingRefused, match=r"only \d+ training examples churned; .*minimum_churners asks for 900"):
        trained_on(training_examples(1000, ("fold",)), minimum_churners=900)


def test_refuses_a_holdout_of_one_class() -> None:
    table = training_examples()
    labels = np.where(np.array(table["split"].to_pylist()) == "holdout", 1.0, np.asarray(table["label"]))

    with pytest.raises(TrainingRefused, match="holdout's 500 examples"):
        trained_on(with_column(table, "label", labels))


def test_refuses_a_table_without_labels() -> None:
    with pytest.raises(TrainingRefused, match="no column label"):
        examples_from(training_examples().drop_columns(["label"]), FEATURES.names)

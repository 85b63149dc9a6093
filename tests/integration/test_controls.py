"""Controls: of labels that are noise nothing is promoted, and a column that was filled after the outcome is found and named.

RavenStack's tables are real files that are not ours to keep; HOLDFAST_SHARED says where they lie.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pytest

from features.definitions import shipped
from features.synthesis import Synthesis, synthesise
from holdfast.bundle import METRICS, Bundle
from holdfast.errors import TrainingRefused
from holdfast.feature_set import LEAK
from holdfast.settings import Settings, load_settings
from train.comparison import decide, judge
from train.examples import examples_from
from train.trainer import train_bundle

EXAMPLE = Path(__file__).parents[2] / "examples" / "ravenstack"
DATA = Path(os.environ.get("HOLDFAST_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "ravenstack"
PLANTED = "exit_interview_minutes"


def settings() -> Settings:
    return load_settings(EXAMPLE / "holdfast.toml")


def made_of(accounts: pa.Table) -> Synthesis:
    customers = accounts.rename_columns({"account_id": "customer_id"})
    texts = accounts["churn_flag"].cast(pa.string())
    customers = customers.set_column(customers.column_names.index("churn_flag"), "churn_flag", texts)
    unknown = {"company_id": pa.string(), "created_at": pa.timestamp("us", tz="UTC")}
    for name, kind in unknown.items():
        customers = customers.append_column(name, pa.nulls(len(customers), kind))
    return synthesise({"customers": customers}, settings(), shipped(), datetime(2025, 1, 1, tzinfo=UTC))


def trained_on(made: Synthesis) -> Bundle:
    return train_bundle(examples_from(made.examples, made.feature_set.names), made.feature_set, settings())


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    if not DATA.exists():
        pytest.skip(f"RavenStack's tables are not at {DATA}; HOLDFAST_SHARED says where to look")
    out = tmp_path_factory.mktemp("ravenstack")
    subprocess.run([sys.executable, EXAMPLE / "prepare.py", DATA, out], check=True)
    return csv.read_csv(out / "ravenstack" / "accounts.csv")


def test_labels_that_are_noise_are_told_to_hold_no_signal(accounts: pa.Table) -> None:
    bundle = trained_on(made_of(accounts))

    assert bundle.json(METRICS)["churn"]["auc"] < 0.6
    with pytest.raises(TrainingRefused, match="no signal in the data"):
        decide(judge(bundle, None, None, None, settings().promotion), settings().promotion)


def test_a_column_that_was_filled_after_the_outcome_is_found_and_named(accounts: pa.Table) -> None:
    made = made_of(accounts)

    [name] = [name for name, reason in made.feature_set.dropped.items() if reason.startswith(LEAK)]
    assert PLANTED in name
    assert not any(PLANTED in name for name in made.feature_set.names)


def test_labels_that_mean_something_are_let_through_the_same_gate(accounts: pa.Table) -> None:
    likely = 1 / (1 + np.exp(3.0 - np.asarray(accounts["seats"]) / 10))
    told = np.where(np.random.default_rng(5).random(len(accounts)) < likely, "TRUE", "FALSE")
    place = accounts.column_names.index("churn_flag")

    bundle = trained_on(made_of(accounts.set_column(place, "churn_flag", pa.array(told))))

    assert decide(judge(bundle, None, None, None, settings().promotion), settings().promotion).promoted

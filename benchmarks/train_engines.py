"""The two sides of `benchmarks.train`, and the rows that both are given."""

import inspect
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from holdfast.bundle import METRICS, load, save
from holdfast.feature_set import Feature, FeatureSet
from holdfast.scoring import Scorer
from holdfast.settings import Settings, parse_settings
from holdfast.store import MemoryStore

_JUDGED = 0.1
"""Share of the rows that is the holdout of both, on top of the rows asked for."""


def make(path: Path, rows: int, features: int) -> dict[str, Any]:
    """Rows with skewed counts, missing values, a non-linear law of churn and money, in two cutoffs and a holdout."""
    draw = np.random.default_rng(7)
    total = round(rows * (1 + _JUDGED))
    values = draw.gamma(0.7, 8, (total, features)).astype(np.float32)
    values[draw.random((total, features), np.float32) < 0.05] = np.nan
    known = np.log1p(np.nan_to_num(values[:, :8]))
    margin = -1.6 + 0.8 * known[:, 0] - 0.9 * known[:, 1] + 0.4 * known[:, 2] * (known[:, 3] > 1.5) - 0.3 * known[:, 4]
    leaves = draw.random(total) < 1 / (1 + np.exp(-margin))
    split = np.where(np.arange(total) < rows, "train", "holdout")
    day = np.where(np.arange(total) < rows * 0.8, 0, np.where(np.arange(total) < rows, 28, 84)) + 20_000
    columns = {
        "customer_id": pa.array([f"k1_{number:032x}" for number in range(total)]),
        "cutoff": pa.array(day * 86_400_000_000, pa.timestamp("us", tz="UTC")),
        "split": pa.array(split),
        "label": pa.array(leaves.astype(float)),
        "value": pa.array(np.where(leaves, 0, np.expm1(known[:, 1]) * 10)),
    }
    columns |= {name: pa.array(values[:, j], from_pandas=True) for j, name in enumerate(_names(features))}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, compression="zstd")
    return {}


def holdfast(path: Path, trees: int, depth: int) -> dict[str, Any]:
    """The job's own way from the table to a saved bundle, and the bundle loaded again."""
    from train import trainer
    from train.examples import examples_from

    stages = _watched(trainer)
    table = pq.read_table(path)
    names = [name for name in table.column_names if name.startswith("feature_")]
    examples = examples_from(table, names)
    del table
    bundle = trainer.train_bundle(examples, _feature_set(names), _settings(trees, depth))
    store = MemoryStore()
    version = save(store, bundle)
    del examples
    began = time.perf_counter()
    scorer = Scorer.from_bundle(load(store, version))
    loaded = time.perf_counter() - began
    return {
        "auc": bundle.json(METRICS)["churn"]["auc"], "load_ms": loaded * 1e3, "stages": stages,
        "trees": bundle.json(METRICS)["training"]["trees"], "base": scorer.trees.base,
    }  # fmt: skip


def xgboost(path: Path, trees: int, depth: int) -> dict[str, Any]:
    """What a script would do: read, one fit, one look at the holdout."""
    import xgboost as xgb

    table = pq.read_table(path)
    names = [name for name in table.column_names if name.startswith("feature_")]
    rows = np.empty((len(table), len(names)), np.float32)
    for j, name in enumerate(names):
        rows[:, j] = table[name].to_numpy()
    leaves, train = table["label"].to_numpy() > 0, np.asarray(table["split"].to_pylist()) == "train"
    del table
    data = xgb.QuantileDMatrix(rows[train], leaves[train], nthread=2)
    parameters = {
        "objective": "binary:logistic", "tree_method": "hist", "max_depth": depth, "nthread": 2, "learning_rate": 0.05,
    }  # fmt: skip
    booster = xgb.train(parameters, data, trees)
    from train.evaluation import auc

    return {"auc": auc(leaves[~train], booster.inplace_predict(rows[~train]).astype(np.float64))}


def _watched(module: Any) -> dict[str, float]:
    """Seconds that each function which `module` calls takes, filled in as they are called."""
    spent: dict[str, float] = {}

    def watched(name: str, function: Any) -> Any:
        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                spent[name] = spent.get(name, 0) + time.perf_counter() - began

        return timed

    for name, function in list(vars(module).items()):
        if inspect.isfunction(function) and (function.__module__ != module.__name__ or name == "_check_against_shap"):
            setattr(module, name, watched(name, function))
    return spent


def _names(features: int) -> list[str]:
    return [f"feature_{j:04}" for j in range(features)]


def _feature_set(names: list[str]) -> FeatureSet:
    return FeatureSet(tuple(Feature(name, f"Number {name[-4:]}", "", "events") for name in names), {})


def _settings(trees: int, depth: int) -> Settings:
    return parse_settings(
        '[sources.usage]\nkind = "events"\nprefix = "usage/"\nfields = { customer = "user", time = "at" }\n'
        f'[churn]\nkind = "usage"\n[training]\ntrees = {trees}\ndepth = {depth}\n'
    )


if __name__ == "__main__":
    engine, where, *numbers = sys.argv[1:]
    print(json.dumps(globals()[engine](Path(where), *map(int, numbers))))

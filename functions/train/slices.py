"""How the churn model does for parts of the customers: by country, plan, size of the company."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from train.evaluation import auc_interval

Texts = NDArray[np.str_]

_FEWEST, _FEWEST_CHURNERS = 50, 10
_MOST = 12
"""Parts of one attribute that are told apart: the largest."""
_SIZES = (10, 50, 200, 1000)
_BANDS = (
    f"up to {_SIZES[0]}", *(f"{low + 1} to {high}" for low, high in pairwise(_SIZES)), f"over {_SIZES[-1]}",
)  # fmt: skip
OTHERS, UNKNOWN = "others", "unknown"


def groups_of(examples: pa.Table, tables: Mapping[str, pa.Table | None], wanted: Sequence[str]) -> dict[str, Texts]:
    """For each attribute that the customers or else the companies have: its value for each row of `examples` [n], as text.

    Numbers become bands. An attribute that neither table has is left out.
    """
    found = {}
    for name in wanted:
        for table, key in (("customers", "customer_id"), ("companies", "company_id")):
            held = tables.get(table)
            if held is not None and name in held.column_names and key in examples.column_names:
                found[name] = _looked_up(examples[key], held[key], held[name])
                break
    return found


def sliced(
    groups: Mapping[str, Texts], churned: NDArray[np.bool_], probability: NDArray[np.float64], threshold: float
) -> list[dict[str, Any]]:
    """AUC, calibration and selection rate of every part with enough customers, on rows that the model has not seen."""
    return [
        {"attribute": name, "part": part} | _measured(churned[rows], probability[rows], threshold)
        for name, values in groups.items()
        for part, rows in _parts(values)
    ]


def _looked_up(wanted: pa.ChunkedArray, keys: pa.ChunkedArray, values: pa.ChunkedArray) -> Texts:
    place = pc.index_in(wanted.cast(pa.string()), value_set=keys.cast(pa.string()).combine_chunks())
    texts = _bands(values) if pa.types.is_integer(values.type) or pa.types.is_floating(values.type) else values
    return np.asarray(pc.fill_null(texts.cast(pa.string()).take(place), UNKNOWN).to_pylist(), dtype=np.str_)


def _bands(values: pa.ChunkedArray) -> pa.Array:
    place = np.searchsorted(_SIZES, pc.fill_null(values, 0).to_numpy())
    return pc.if_else(pc.is_finite(values.cast(pa.float64())), pa.array(_BANDS).take(pa.array(place)), None)


def _parts(values: Texts) -> list[tuple[str, NDArray[np.bool_]]]:
    """The largest parts by name, and all that are left together."""
    names, counts = np.unique(values, return_counts=True)
    large = [str(names[j]) for j in np.argsort(-counts, kind="stable")[:_MOST] if counts[j] >= _FEWEST]
    rest = ~np.isin(values, large)
    return [(name, values == name) for name in large] + ([(OTHERS, rest)] if rest.sum() >= _FEWEST else [])


def _measured(churned: NDArray[np.bool_], probability: NDArray[np.float64], threshold: float) -> dict[str, Any]:
    enough = min(churned.sum(), (~churned).sum()) >= _FEWEST_CHURNERS
    area, low, high = auc_interval(churned, probability) if enough else (None, None, None)
    observed, predicted = float(churned.mean()), float(probability.mean())
    noise = 2 * float(np.sqrt((probability * (1 - probability)).mean() / len(churned)))
    return {
        "customers": len(churned), "churners": int(churned.sum()), "auc": area, "auc_low": low, "auc_high": high,
        "predicted": predicted, "observed": observed, "calibrated": abs(predicted - observed) <= noise,
        "selection_rate": float((probability >= threshold).mean()),
    }  # fmt: skip

"""Travels with the MLflow folder: what MLflow calls to load the model there, on the folder's own copy of the scorer."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from holdfast.bundle import FILES, MANIFEST, read
from holdfast.scoring import BANDS, Scorer


class Model:
    """A bundle behind `predict`."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def predict(self, rows: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Score rows whose columns are features; a column that is not there is missing for everybody."""
        scorer = self._scorer
        scores = scorer.score(rows.reindex(columns=scorer.feature_set.names).to_numpy(np.float32))
        said = {
            "probability": scores.probability,
            "band": np.array(BANDS)[scores.band],
            "margin": scores.margin,
            "value": scores.value,
            "value_low": scores.value_low,
            "value_high": scores.value_high,
            "persona": [scorer.personas.personas[which].name for which in scores.persona],
        }
        return pd.DataFrame(said, index=rows.index)


def _load_pyfunc(path: str) -> Model:
    """Raises BundleInvalid when the folder, which is named after its version, does not hold what the manifest says."""
    folder = Path(path)
    files = {name: (folder / name).read_bytes() for name in (*FILES, MANIFEST) if (folder / name).exists()}
    return Model(Scorer.from_bundle(read(files.__getitem__, folder.name)))

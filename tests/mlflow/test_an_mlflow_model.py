"""A bundle's MLflow folder in MLflow itself: it loads, scores as our scorer does, and is registered unchanged."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.scoring import BANDS, Scorer
from tests.doubles.models import FEATURES, bundle, population
from train.mlflow_folder import MLFLOW, mlflow_files

PYTHON = Path(__file__).parents[2] / ".build/mlflow/bin/python"
ROWS = population().select(FEATURES.names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("model")
    for name, body in mlflow_files(bundle()).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(body)
    return root


def asked(folder: Path, rows: Path, registry: Path) -> subprocess.CompletedProcess[str]:
    if not PYTHON.exists():
        pytest.skip("MLflow is not installed: `make test-mlflow` puts it into an environment of its own")
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    clean["MLFLOW_ALLOW_FILE_STORE"] = "true"  # a registry that is files has to be asked for
    worker = [PYTHON, "-W", "ignore", Path(__file__).with_name("worker.py"), folder, rows, registry]
    return subprocess.run(worker, capture_output=True, text=True, env=clean, cwd=registry)


@pytest.fixture(scope="module")
def said(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("registry")
    rows = {"columns": FEATURES.names, "data": [list(row.values()) for row in ROWS.to_pylist()]}
    (place / "rows.json").write_text(json.dumps(rows))
    done = asked(folder, place / "rows.json", place)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def ours() -> Any:
    return Scorer.from_bundle(bundle()).score(np.column_stack([ROWS[name].to_numpy() for name in FEATURES.names]))


def test_it_scores_exactly_as_our_scorer(said: dict[str, Any], ours: Any) -> None:
    assert said["scored"]["probability"] == ours.probability.tolist()
    assert said["scored"]["value"] == ours.value.tolist()
    assert said["scored"]["band"] == [BANDS[each] for each in ours.band]


def test_a_column_that_is_not_there_is_missing(said: dict[str, Any]) -> None:
    rows = np.column_stack([ROWS[name].to_numpy() for name in FEATURES.names])
    rows[:, 0] = np.nan

    assert said["without_a_column"]["probability"] == Scorer.from_bundle(bundle()).score(rows).probability.tolist()


def test_nothing_is_unpickled_to_load_it_to_score_or_to_register(said: dict[str, Any]) -> None:
    assert said["unpickled"] == []


def test_its_xgboost_flavour_is_the_trees_alone(said: dict[str, Any], ours: Any) -> None:
    assert said["trees"] == pytest.approx(ours.margin, abs=1e-5)


def test_it_is_registered_unchanged_and_scores_the_same_from_there(said: dict[str, Any]) -> None:
    assert said["registered"] == {"version": 1, "probability": said["scored"]["probability"]}


def test_its_example_can_be_scored_and_is_nobodys(said: dict[str, Any]) -> None:
    assert 0 < said["example"]["probability"][0] < 1
    assert said["served_example"]["columns"] == FEATURES.names


def test_a_folder_that_somebody_changed_is_refused(folder: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    subprocess.run(["cp", "-r", folder, changed], check=True)
    calibrator = next(changed.glob("bundle/*/calibrator.json"))
    calibrator.write_bytes(calibrator.read_bytes().replace(b"1", b"2"))
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps({"columns": FEATURES.names, "data": [[1.0] * len(FEATURES.names)]}))

    done = asked(changed, rows, tmp_path)

    assert done.returncode != 0
    assert "BundleInvalid" in done.stderr
    assert "calibrator.json is not what the manifest says" in done.stderr


def test_the_version_that_it_names_is_the_one_that_it_was_held_to() -> None:
    lock = (Path(__file__).parents[2] / "uv.lock").read_text()

    assert f'name = "mlflow-skinny"\nversion = "{MLFLOW}"' in lock

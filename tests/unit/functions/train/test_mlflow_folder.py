"""The MLflow folder by itself; what MLflow makes of it is in tests/mlflow."""

import json
import subprocess
import sys
from pathlib import Path

from holdfast.store import MemoryStore
from tests.doubles.models import bundle
from train.mlflow_folder import mlflow_files, write


def test_the_same_bundle_gives_the_same_bytes() -> None:
    assert mlflow_files(bundle()) == mlflow_files(bundle())


def test_another_bundle_is_another_model() -> None:
    ids = {json.loads(mlflow_files(each)["MLmodel"])["model_uuid"] for each in (bundle(), bundle(seed=8))}

    assert len(ids) == 2


def test_it_lies_beside_the_manifest_with_mlmodel_last() -> None:
    store = MemoryStore()

    write(store, bundle())

    assert list(store.objects)[-1] == f"bundles/{bundle().version}/mlflow/MLmodel"
    assert store.objects[f"bundles/{bundle().version}/mlflow/MLmodel"] == mlflow_files(bundle())["MLmodel"]


def test_nothing_of_it_is_a_pickle_or_needs_the_sdk(tmp_path: Path) -> None:
    files = mlflow_files(bundle())
    for name, body in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    look = (
        "import sys; sys.path.insert(0, 'code'); import holdfast_model as m; m._load_pyfunc(sys.argv[1]); "
        "print([each for each in ('boto3', 'botocore', 'pickle5', 'aws_lambda_powertools') if each in sys.modules], m.read.__code__.co_filename)"
    )

    said = subprocess.run(
        [sys.executable, "-c", look, f"bundle/{bundle().version}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert said.split() == ["[]", str(tmp_path / "code/holdfast/bundle.py")]
    assert not {Path(name).suffix for name in files} & {".pkl", ".pickle", ".joblib"}

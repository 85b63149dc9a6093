"""A model's folder is brought whole, or it is said why not."""

from pathlib import Path

import pytest

from holdfast.bundle import save
from holdfast.store import MemoryStore
from infra.cli.exported import bring
from infra.trouble import Trouble
from tests.doubles.models import bundle
from train.mlflow_folder import mlflow_files, write

VERSION = bundle().version


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    save(store, bundle())
    write(store, bundle())
    return store


def test_every_file_comes_as_training_wrote_it(store: MemoryStore, tmp_path: Path) -> None:
    count = bring(store, VERSION, tmp_path / "model")

    found = {
        str(path.relative_to(tmp_path / "model")): path.read_bytes()
        for path in (tmp_path / "model").rglob("*")
        if path.is_file()
    }
    assert found == mlflow_files(bundle())
    assert count == len(found)


def test_a_folder_that_holds_something_is_left_alone(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()

    with pytest.raises(Trouble, match="not empty"):
        bring(store, VERSION, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_model_whose_folder_is_not_whole_is_not_brought(store: MemoryStore, tmp_path: Path) -> None:
    del store.objects[f"bundles/{VERSION}/mlflow/MLmodel"]

    with pytest.raises(Trouble, match="train it again"):
        bring(store, VERSION, tmp_path / "model")

    assert not (tmp_path / "model").exists()

"""The job answers its token, whatever happens."""

import json
from pathlib import Path
from threading import Event
from typing import ClassVar

import pytest

from holdfast.bundle import load
from holdfast.contracts import Trained, TrainingWanted
from holdfast.errors import NoData, TrainingRefused
from holdfast.store import MemoryStore, write_json
from tests.doubles.catalog import folder_lake
from tests.doubles.models import AS_OF, FEATURES, bundle, small_settings, training_examples
from train.job import answer, heartbeat, trained_on

WANTED = TrainingWanted("run", FEATURES.version, 0, AS_OF, "token")


class Steps:
    """Step Functions as the job sees it."""

    class exceptions:  # noqa: N801 - boto3's own name
        TaskTimedOut: ClassVar = type("TaskTimedOut", (Exception,), {})
        TaskDoesNotExist: ClassVar = type("TaskDoesNotExist", (Exception,), {})
        InvalidToken: ClassVar = type("InvalidToken", (Exception,), {})

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, str]]] = []
        self.beaten = Event()

    def send_task_success(self, **told: str) -> None:
        self.told.append(("success", told))

    def send_task_failure(self, **told: str) -> None:
        self.told.append(("failure", told))

    def send_task_heartbeat(self, **told: str) -> None:
        self.beaten.set()


def test_success_is_told_with_the_bundle() -> None:
    steps = Steps()

    code = answer(WANTED, steps, lambda _: Trained("0123456789ab", 1500))

    assert code == 0
    [(kind, told)] = steps.told
    assert (kind, told["taskToken"], json.loads(told["output"])) == (
        "success",
        "token",
        {"bundle": "0123456789ab", "rows": 1500},
    )


@pytest.mark.parametrize(
    ("error", "name", "cause"),
    [
        (TrainingRefused("only 3 churned"), "TrainingRefused", "only 3 churned"),
        (ImportError("no module named xgboost"), "ImportError", "no module named xgboost"),
        (MemoryError(), "MemoryError", "MemoryError"),
    ],
)
def test_every_error_is_told_by_its_class(error: Exception, name: str, cause: str) -> None:
    steps = Steps()

    def work(_: TrainingWanted) -> Trained:
        raise error

    assert answer(WANTED, steps, work) == 1
    assert steps.told == [("failure", {"taskToken": "token", "error": name, "cause": cause})]


def test_a_cause_is_cut_to_what_step_functions_takes() -> None:
    steps = Steps()

    def work(_: TrainingWanted) -> Trained:
        raise ValueError("x" * 100_000)

    answer(WANTED, steps, work)

    assert len(steps.told[0][1]["cause"]) <= 32_768


def test_heartbeats_are_sent_while_the_work_lasts() -> None:
    steps = Steps()

    with heartbeat(steps, "token", seconds=0.001):
        assert steps.beaten.wait(5)


def test_trains_on_the_snapshot_that_was_asked_for(tmp_path: Path) -> None:
    lake, store = folder_lake(tmp_path), MemoryStore()
    write_json(store, f"feature_sets/{FEATURES.version}.json", FEATURES.to_json())
    lake.replace("training_examples", training_examples())
    wanted = TrainingWanted("run", FEATURES.version, lake.snapshot_id("training_examples") or 0, AS_OF, "token")
    lake.replace("training_examples", training_examples(100))

    trained = trained_on(wanted, lake, store, small_settings())

    assert trained == Trained(bundle().version, 1500)
    assert load(store, trained.bundle).files == bundle().files


def test_without_a_table_there_is_nothing_to_train_on(tmp_path: Path) -> None:
    store = MemoryStore()
    write_json(store, f"feature_sets/{FEATURES.version}.json", FEATURES.to_json())

    with pytest.raises(NoData, match="training_examples"):
        trained_on(WANTED, folder_lake(tmp_path), store, small_settings())

"""The training job: reads its request, trains, writes the bundle, and answers the state machine's task token."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from holdfast.aws import client, translated
from holdfast.bundle import note_origin, save
from holdfast.contracts import Trained, TrainingWanted
from holdfast.errors import NoData, StorageUnavailable
from holdfast.feature_set import FeatureSet, key_of
from holdfast.lake import Lake
from holdfast.observe import logger
from holdfast.settings import Settings
from holdfast.store import Store, read_json
from train.launch import REQUEST

_HEARTBEAT_S = 10.0
_LONGEST_NAME, _LONGEST_CAUSE = 256, 32_000


def main() -> int:
    """Answer the token with the result, or with the error's class name and message; the exit code says which."""
    # Idle OpenMP threads that spin make training several times slower wherever cores are shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    wanted = TrainingWanted.parse(json.loads(os.environ[REQUEST]))
    logger.append_keys(run=wanted.run)
    return answer(wanted, client("stepfunctions"), _trained)


def answer(wanted: TrainingWanted, steps: Any, work: Callable[[TrainingWanted], Trained]) -> int:
    """Do the work under a heartbeat and tell the state machine how it ended: 0 for well."""
    try:
        with heartbeat(steps, wanted.task_token):
            trained = work(wanted)
        steps.send_task_success(taskToken=wanted.task_token, output=json.dumps(trained.to_json()))
    # The edge of the process: an error not reported here would leave the state waiting until its heartbeat runs out.
    except Exception as error:  # noqa: BLE001
        logger.exception("training failed")
        name, cause = type(error).__name__[:_LONGEST_NAME], (str(error) or type(error).__name__)[:_LONGEST_CAUSE]
        steps.send_task_failure(taskToken=wanted.task_token, error=name, cause=cause)
        return 1
    logger.info("trained", bundle=trained.bundle, rows=trained.rows)
    return 0


@contextmanager
def heartbeat(steps: Any, token: str, seconds: float = _HEARTBEAT_S) -> Iterator[None]:
    """Send heartbeats in the background; a process whose token is no longer wanted ends."""
    done = Event()
    gone = (steps.exceptions.TaskTimedOut, steps.exceptions.TaskDoesNotExist, steps.exceptions.InvalidToken)

    def beat() -> None:
        while not done.wait(seconds):
            try:
                with translated("sending a heartbeat"):
                    steps.send_task_heartbeat(taskToken=token)
            except StorageUnavailable:
                logger.warning("a heartbeat was not taken")
            except gone:
                logger.warning("nobody waits for this job any more")
                os._exit(2)

    Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _trained(wanted: TrainingWanted) -> Trained:
    from holdfast.resources import artifacts, environment, lake, settings
    from holdfast.runs import record, revision

    trained = trained_on(wanted, lake(), artifacts(), settings())
    made = {
        "run": wanted.run, "as_of": wanted.as_of, "examples": trained.rows, "feature_set": wanted.feature_set,
        "snapshots": {"training_examples": wanted.examples_snapshot}, "revision": revision(environment().config_path),
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    note_origin(artifacts(), trained.bundle, made)
    record(artifacts(), wanted.run, bundle=trained.bundle)
    return trained


def trained_on(wanted: TrainingWanted, lake: Lake, store: Store, settings: Settings) -> Trained:
    """Train on the snapshot that the request names and write the bundle.

    Raises:
        NoData: there is no such table.
        TrainingRefused: the examples cannot carry a model.
    """
    # Heavy: an import that fails has to be reported as well.
    from train.examples import examples_from
    from train.mlflow_folder import write
    from train.slices import groups_of
    from train.trainer import train_bundle

    feature_set = FeatureSet.from_json(read_json(store, key_of(wanted.feature_set)))
    table = lake.read("training_examples", snapshot_id=wanted.examples_snapshot)
    if table is None:
        raise NoData("there is no table training_examples to train on")
    attributes = {name: lake.read(name) for name in ("customers", "companies")}
    examples = examples_from(table, feature_set.names, groups_of(table, attributes, settings.training.slices))
    del table, attributes
    bundle = train_bundle(examples, feature_set, settings)
    trained = Trained(save(store, bundle), len(examples))
    write(store, bundle)
    return trained


if __name__ == "__main__":
    sys.exit(main())

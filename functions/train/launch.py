"""How the training job is started: as a Fargate task, or as a process of its own."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holdfast.aws import client, translated
from holdfast.contracts import TrainingWanted
from holdfast.environment import Environment
from holdfast.errors import ConfigurationInvalid, StorageUnavailable

REQUEST = "HOLDFAST_TRAINING_REQUEST"
"""The variable in which the job finds its TrainingWanted as JSON."""
SIZE = "HOLDFAST_TRAIN_SIZE"
"""The variable that says what the job's machine is paid as: JSON with `vcpu` and `gigabytes`."""


def launch(wanted: TrainingWanted, environment: Environment) -> str:
    """Start the job and return what names it: a task's ARN or a process id.

    Raises:
        ConfigurationInvalid: the deployment names a launcher that does not exist.
        StorageUnavailable: the service that runs jobs has no room now.
    """
    if environment.train_launcher not in _LAUNCHERS:
        raise ConfigurationInvalid(
            f"HOLDFAST_TRAIN_LAUNCHER is {environment.train_launcher!r}; allowed are {sorted(_LAUNCHERS)}"
        )
    return _LAUNCHERS[environment.train_launcher](wanted, json.loads(environment.train_target or "{}"))


def task_request(wanted: TrainingWanted, target: dict[str, Any]) -> dict[str, object]:
    """The arguments of ECS RunTask; one token asks for one task however often it is called.

    First on a spot machine; any further try is on one that is not taken away, and larger: the last may have been too small.
    """
    network = {"subnets": target["subnets"], "securityGroups": target["security_groups"], "assignPublicIp": "ENABLED"}
    larger = dict(target["larger"]) if wanted.attempt else {}
    variables = {REQUEST: json.dumps(wanted.to_json())} | ({SIZE: _size_of(larger)} if larger else {})
    override = {
        "name": target["container"],
        "environment": [{"name": name, "value": value} for name, value in variables.items()],
    }
    return {
        "cluster": target["cluster"],
        "taskDefinition": target["task_definition"],
        "capacityProviderStrategy": [
            {"capacityProvider": "FARGATE" if wanted.attempt else "FARGATE_SPOT", "weight": 1}
        ],
        "count": 1,
        "clientToken": hashlib.sha256(wanted.task_token.encode()).hexdigest(),
        "networkConfiguration": {"awsvpcConfiguration": network},
        "overrides": {"containerOverrides": [override]} | larger,
    }


def _size_of(task: dict[str, str]) -> str:
    return json.dumps({"vcpu": int(task["cpu"]) / 1024, "gigabytes": int(task["memory"]) / 1024})


def _on_ecs(wanted: TrainingWanted, target: dict[str, Any]) -> str:
    with translated("starting the training task"):
        answer = client("ecs").run_task(**task_request(wanted, target))
    if answer["failures"]:
        raise StorageUnavailable(
            f"ECS did not start the training task: {answer['failures'][0].get('reason', 'no reason given')}"
        )
    return str(answer["tasks"][0]["taskArn"])


def _as_process(wanted: TrainingWanted, target: dict[str, Any]) -> str:
    """A session of its own, so that it outlives the function's; what it prints goes to a file named after the run."""
    folder = Path(str(target.get("log_dir") or tempfile.gettempdir()))
    own = {REQUEST: json.dumps(wanted.to_json()), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (folder / f"holdfast-train-{wanted.run}.log").open("ab") as log:
        job = subprocess.Popen(
            [sys.executable, "-m", "train.watch"], env={**os.environ, **own, "POWERTOOLS_TRACE_DISABLED": "true"},
            cwd=folder, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return str(job.pid)


_LAUNCHERS: dict[str, Callable[[TrainingWanted, dict[str, Any]], str]] = {
    "ecs": _on_ecs,
    "process": _as_process,
}

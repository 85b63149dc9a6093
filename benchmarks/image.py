"""The containers built for real. The training job in its own makes the same bundle as the same job as a process, from the same examples;
the scorer in its own answers as the deployed one does.

    make image ARGS="--customers 320 --port 4790"

The job as a process is the one that a small demo ran, deployed for this alone. The container has this machine's wheels from the same
lock and the same Python but for its patch, so that what is compared is the container; real accounts get other wheels of the same lock.
The last line is JSON: the training image's size, seconds to build it and to run the job, whether the bundle is the same; the scorer's
size and whether its answers are.
"""

import argparse
import json
import os
import platform
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from holdfast.contracts import TrainingWanted
from holdfast.runs import run_key
from holdfast.usage import used_prefix
from infra.cli import api
from infra.cli.deployment import Deployment
from infra.cli.stores import artifacts_of
from infra.containers import Containers, containers
from infra.local import runtime
from infra.packaging import BUILD, Packager, Wheels, build_bundle
from infra.trouble import Trouble
from train.launch import REQUEST

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
STORAGE = BUILD / "containers"
_HERE = BUILD / "here"
_RUN = "image"
_ROLE = f"arn:aws:iam::{runtime.ACCOUNT}:role/image"
_PATIENCE_S = 900


@dataclass(frozen=True)
class Awaited:
    """A state that waits for a training job, and what it asks of it."""

    wanted: TrainingWanted
    execution: str
    steps: Any

    def ended(self) -> dict[str, Any]:
        """The execution, once it has ended."""
        while (said := self.steps.describe_execution(executionArn=self.execution))["status"] == "RUNNING":
            time.sleep(0.2)
        return dict(said)


def main() -> None:
    """Build, deploy a small demo, run the job of its night again in the container, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=320)
    parser.add_argument("--port", type=int, default=4790)
    wanted = parser.parse_args()
    try:
        answer = tried(containers(STORAGE), wanted.customers, wanted.port)
    except Trouble as trouble:
        sys.exit(f"make image: {trouble}")
    print(json.dumps(answer))
    sys.exit(not (answer["same_bundle"] and answer["same_answers"]))


def tried(here: Containers, customers: int, port: int) -> dict[str, Any]:
    """The figures."""
    with (
        tempfile.TemporaryDirectory(prefix="holdfast-image-", ignore_cleanup_errors=True) as folder,
        _demo(Path(folder), customers, port) as deployment,
    ):
        print(f"building functions/train/Dockerfile with {here.name}", flush=True)
        started = time.perf_counter()
        size = built(here, "train", Path(folder) / f"{deployment.name}.toml")
        build_s = time.perf_counter() - started
        print("training in the container what the night trained as a process", flush=True)
        past = last_night(deployment)
        started = time.perf_counter()
        bundle = trained_in(here, deployment, past)
        job_s = time.perf_counter() - started
        print("building functions/score/Dockerfile and asking it what the deployed API is asked", flush=True)
        edge = built(here, "edge", Path(folder) / f"{deployment.name}.toml")
        return {
            "image_mb": round(size / 1e6), "build_s": round(build_s, 1), "job_s": round(job_s, 1),
            "same_bundle": bundle == past["bundle"], "bundle": bundle, "builder": here.name,
            "scorer_mb": round(edge / 1e6), "same_answers": answers_of(here, deployment) == deployed_answers(deployment),
        }  # fmt: skip


def tag_of(image: str) -> str:
    """What an image is called here."""
    return f"localhost/holdfast-{image}:here"


def built(here: Containers, image: str, config: Path) -> int:
    """Build an image with this machine's wheels of the locked packages, whose hashes are checked; returns its bytes."""
    packager = Packager(_HERE, config)
    build_bundle(image, _HERE, Wheels(f"{platform.machine().replace('arm64', 'aarch64')}-manylinux_2_28", PYTHON))
    return here.build(packager.image(image), tag_of(image), here.base(PYTHON))


def trained_in(here: Containers, deployment: Deployment, past: Mapping[str, Any]) -> str:
    """Run the job of a past run in the container; returns the version of the bundle that it made."""
    with (
        awaited(deployment, past) as state,
        here.running(tag_of("train"), job_environment(deployment, state.wanted)) as process,
    ):
        words, _ = process.communicate(timeout=_PATIENCE_S)
        if process.returncode:
            raise Trouble(f"the job ended with {process.returncode}:\n{words[-2000:]}")
        return str(json.loads(state.ended()["output"])["bundle"])


def last_night(deployment: Deployment) -> dict[str, Any]:
    """What the newest run that trained was made from, and what it made."""
    store = artifacts_of(deployment)
    runs = [json.loads(store.read(each.key)) for each in store.list("runs/")]
    return max((run for run in runs if "bundle" in run and "wrote" in run), key=lambda run: str(run["run"]))


def job_environment(deployment: Deployment, wanted: TrainingWanted) -> dict[str, str]:
    """What the deployed function would hand to the job."""
    return environment_of(deployment, "Train") | {REQUEST: json.dumps(wanted.to_json())}


def environment_of(deployment: Deployment, function: str) -> dict[str, str]:
    """What a deployed function is told, but for where the configuration lies: the image has its own."""
    functions = deployment.client("lambda").get_paginator("list_functions").paginate()
    own = next(
        told for page in functions for each in page["Functions"]
        if (told := each.get("Environment", {}).get("Variables", {})).get("POWERTOOLS_SERVICE_NAME") == function
    )  # fmt: skip
    return own | {
        "AWS_ENDPOINT_URL": str(deployment.endpoint), "AWS_REGION": deployment.region, "AWS_ACCESS_KEY_ID": runtime.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": runtime.SECRET_KEY,
    }  # fmt: skip


def questions(deployment: Deployment) -> list[str]:
    """Paths below /v1: three customers' scores, the ranking, the models."""
    first = [each["customer_id"] for each in api.get(deployment, "customers?limit=3")["customers"]]
    return [*(api.score_path(each) for each in first), "customers?limit=20", "models"]


def deployed_answers(deployment: Deployment) -> list[Any]:
    """What the API behind API Gateway says."""
    return [api.get(deployment, path) for path in questions(deployment)]


def answers_of(here: Containers, deployment: Deployment) -> list[Any]:
    """What the scorer's container says."""
    with scorer(here, deployment) as client:
        return [client.get(path).raise_for_status().json() for path in questions(deployment)]


@contextmanager
def scorer(here: Containers, deployment: Deployment) -> Iterator[httpx.Client]:
    """The scorer's container, answering."""
    token, port = secrets.token_hex(32), _free_port()
    told = environment_of(deployment, "Api") | {"HOST": "127.0.0.1", "PORT": str(port), "HOLDFAST_API_TOKEN": token}
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    with here.running(tag_of("edge"), told) as process, client:
        while not _is_there(client):
            if process.poll() is not None:
                raise Trouble(f"the scorer ended:\n{process.communicate()[0][-2000:]}")
            time.sleep(0.1)
        yield client


def _is_there(client: httpx.Client) -> bool:
    try:
        return client.get("health").status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def awaited(deployment: Deployment, past: Mapping[str, Any]) -> Iterator[Awaited]:
    """A state machine of one state, that waits for the job as `Nightly` does; nothing of it is left behind."""
    steps, queues, name = deployment.client("stepfunctions"), deployment.client("sqs"), f"image-{uuid.uuid4().hex[:8]}"
    queue = queues.create_queue(QueueName=name)["QueueUrl"]
    machine = steps.create_state_machine(name=name, roleArn=_ROLE, definition=_waits(queue))["stateMachineArn"]
    execution = steps.start_execution(stateMachineArn=machine)["executionArn"]
    try:
        (message,) = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
        wanted = TrainingWanted(
            run=_RUN, feature_set=past["feature_set"], examples_snapshot=past["wrote"]["training_examples"], as_of=past["as_of"],
            task_token=json.loads(message["Body"])["token"],
        )  # fmt: skip
        yield Awaited(wanted, execution, steps)
    finally:
        steps.delete_state_machine(stateMachineArn=machine)
        queues.delete_queue(QueueUrl=queue)
        _forgotten(deployment)


def _forgotten(deployment: Deployment) -> None:
    """Nothing is known of the job's run any more."""
    notes = [each.key for each in artifacts_of(deployment).list(used_prefix(_RUN))]
    for key in (run_key(_RUN), *notes):
        deployment.client("s3").delete_object(Bucket=deployment.artifacts_bucket, Key=key)


def _waits(queue: str) -> str:
    state = {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "HeartbeatSeconds": 90, "End": True,
        "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
    }  # fmt: skip
    return json.dumps({"StartAt": "Train", "States": {"Train": state}})


@contextmanager
def _demo(state: Path, customers: int, port: int) -> Iterator[Deployment]:
    """A deployment of its own that has run a night."""
    environment = os.environ | {"HOLDFAST_STATE": str(state)}
    holdfast = str(Path(sys.executable).with_name("holdfast"))
    try:
        asked = [holdfast, "demo", "--customers", str(customers), "--port", str(port)]
        subprocess.run(asked, env=environment, check=True)
        yield Deployment(**json.loads((state / "outputs.json").read_text()))
    finally:
        subprocess.run([holdfast, "down"], env=environment, check=True)


if __name__ == "__main__":
    main()

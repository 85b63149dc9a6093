"""The containers: the image's own user, nothing to write to but /tmp; the same bundle as the process, the same answers as the function."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from benchmarks import image
from benchmarks.image import Awaited
from infra.cli.deployment import Deployment
from infra.containers import Containers, containers
from infra.trouble import Trouble
from tests.e2e.conftest import Demo
from train.launch import REQUEST

_WRITABLE = "find / -xdev -writable ! -type l ! -path '/proc/*' ! -path '/sys/*' ! -path '/dev/*' 2>/dev/null; id -u"
_EVERYBODYS = {"/tmp", "/var/tmp", "/run/lock"}


@pytest.fixture(scope="module")
def built(demo: Demo) -> Containers:
    """Whatever builds containers here, once it has built the image with the demo's configuration."""
    try:
        here = containers(image.STORAGE)
    except Trouble as trouble:
        pytest.skip(str(trouble).splitlines()[0])
    for name in ("train", "edge"):
        image.built(here, name, demo.state / "holdfast.toml")
    return here


@pytest.fixture
def waiting(demo: Demo) -> Iterator[tuple[Deployment, Awaited]]:
    deployment = Deployment(**demo.outputs)
    with image.awaited(deployment, image.last_night(deployment)) as state:
        yield deployment, state


@pytest.mark.parametrize("name", ["train", "edge"])
def test_its_user_is_not_root_and_may_write_to_nothing_of_the_image(built: Containers, name: str) -> None:
    with built.running(image.tag_of(name), {}, ["sh", "-c", _WRITABLE]) as process:
        *writable, user = process.communicate()[0].split()

    assert user == "10001"
    assert set(writable) <= _EVERYBODYS


def test_the_job_makes_the_same_bundle_as_the_process_did(demo: Demo, built: Containers) -> None:
    deployment = Deployment(**demo.outputs)
    past = image.last_night(deployment)

    assert image.trained_in(built, deployment, past) == past["bundle"]


def test_the_scorer_elsewhere_answers_as_the_deployed_one(demo: Demo, built: Containers) -> None:
    deployment = Deployment(**demo.outputs)

    assert image.answers_of(built, deployment) == image.deployed_answers(deployment)


def test_the_scorer_elsewhere_knows_whom_it_answers(demo: Demo, built: Containers) -> None:
    with image.scorer(built, Deployment(**demo.outputs)) as client:
        answer = client.get("models", headers={"Authorization": "Bearer guessed"})

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("module", "number", "error"),
    [("train.job", signal.SIGKILL, "TrainingOutOfMemory"), ("train.watch", signal.SIGTERM, "TrainingInterrupted")],
)
def test_a_job_that_is_ended_is_told_by_what(
    built: Containers, waiting: tuple[Deployment, Awaited], module: str, number: signal.Signals, error: str
) -> None:
    deployment, state = waiting
    environment = image.job_environment(deployment, state.wanted)

    with built.running(image.tag_of("train"), environment) as process:
        began("train.job", state, process)
        os.kill(began(module, state, process), number)
        process.communicate(timeout=60)

    ended = state.ended()
    assert (ended["status"], ended["error"]) == ("FAILED", error)


def began(module: str, state: Awaited, process: subprocess.Popen[str]) -> int:
    """The process of a module that works for this state alone, once it is there."""
    request = json.dumps(state.wanted.to_json())
    while process.poll() is None:
        for each in psutil.process_iter(["cmdline"]):
            with suppress(psutil.NoSuchProcess):
                if (each.info["cmdline"] or [])[1:] == ["-m", module] and each.environ().get(REQUEST) == request:
                    return int(each.pid)
        time.sleep(0.05)
    raise AssertionError(f"{module} never ran:\n{process.stdout.read() if process.stdout else ''}")

"""A job that dies without a word is answered for."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.unit.functions.train.test_job import Steps
from train.watch import watch


def job(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import os, signal, time\n{code}")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "TrainingOutOfMemory"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "TrainingCrashed"),
    ],
)
def test_what_killed_the_job_is_told(code: str, error: str) -> None:
    steps = Steps()

    assert watch(job(code), "token", steps) < 0

    [(kind, told)] = steps.told
    assert (kind, told["taskToken"], told["error"]) == ("failure", "token", error)


@pytest.mark.parametrize("code", [0, 1])
def test_a_job_that_ends_by_itself_has_said_how(code: int) -> None:
    steps = Steps()

    assert watch(job(f"raise SystemExit({code})"), "token", steps) == code
    assert steps.told == []


def test_a_machine_that_is_taken_away_is_told_of_and_the_job_ends(tmp_path: Path) -> None:
    steps, begun = Steps(), tmp_path / "begun"

    def take_away() -> None:
        while not begun.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    taker = threading.Thread(target=take_away)
    taker.start()
    watch(job(f"open({str(begun)!r}, 'w').close()\ntime.sleep(60)"), "token", steps)
    taker.join()

    assert [told["error"] for _, told in steps.told] == ["TrainingInterrupted"]


def test_a_job_that_was_answered_for_already_is_no_trouble() -> None:
    class Gone(Steps):
        def send_task_failure(self, **told: str) -> None:
            raise self.exceptions.TaskTimedOut

    assert watch(job("os.kill(os.getpid(), signal.SIGKILL)"), "token", Gone()) == -signal.SIGKILL


def test_the_module_is_what_the_image_and_the_launcher_start() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "train.watch"], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "HOLDFAST_TRAINING_REQUEST" in done.stderr
    assert '"train.watch"' in Path("functions/train/Dockerfile").read_text()

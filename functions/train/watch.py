"""Watches over the training job: one that dies without a word is answered for, by what ended it."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

from holdfast.aws import client, translated
from holdfast.contracts import TrainingWanted
from holdfast.errors import HoldfastError, StorageUnavailable, TrainingCrashed, TrainingInterrupted, TrainingOutOfMemory
from holdfast.observe import logger
from holdfast.usage import Used, noted, place
from train.launch import REQUEST, SIZE

_JOB = (sys.executable, "-m", "train.job")


def main() -> int:
    """Run the job and wait for it; a job that ends by itself has told the state machine how."""
    wanted = TrainingWanted.parse(json.loads(os.environ[REQUEST]))
    logger.append_keys(run=wanted.run)
    with noted(place(), wanted.run, _size(wanted.attempt)):
        return watch(_JOB, wanted.task_token, client("stepfunctions"))


def _size(attempt: int) -> Used:
    """What this machine is paid as; the one on which the first try runs may be taken away, and costs less."""
    size = json.loads(os.environ.get(SIZE, "{}"))
    return Used("Train", 0.0, size.get("gigabytes", 0.0), size.get("vcpu", 0.0), spot=not attempt)


def watch(command: tuple[str, ...], token: str, steps: Any) -> int:
    """Exit code of `command`; where it was killed, the token is told by what: SIGTERM comes before a machine is taken away."""
    told: list[int] = []
    with subprocess.Popen(command) as job:

        def stop(number: int, _: Any) -> None:
            told.append(number)
            job.terminate()

        before = signal.signal(signal.SIGTERM, stop)
        try:
            code = job.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
    if code < 0:
        _tell(_why(code, interrupted=bool(told)), token, steps)
    return code


def _why(code: int, *, interrupted: bool) -> HoldfastError:
    if interrupted:
        return TrainingInterrupted("the machine that trained was taken away: the state tries again on one that is not")
    if code == -signal.SIGKILL:
        return TrainingOutOfMemory(
            "the training job was killed, as a kernel does that is out of memory: the state tries once more with more"
        )
    return TrainingCrashed(
        f"the training job ended by {signal.Signals(-code).name}: `holdfast logs Train` has its last words"
    )


def _tell(error: HoldfastError, token: str, steps: Any) -> None:
    logger.error("training ended without an answer", error=type(error).__name__)
    gone = (steps.exceptions.TaskTimedOut, steps.exceptions.TaskDoesNotExist, steps.exceptions.InvalidToken)
    try:
        with translated("answering for the training job"):
            steps.send_task_failure(taskToken=token, error=type(error).__name__, cause=str(error))
    except gone:
        logger.warning("nobody waits for this job any more")
    except StorageUnavailable:
        logger.exception("the answer was not taken: the state ends when no heartbeat comes")


if __name__ == "__main__":
    sys.exit(main())

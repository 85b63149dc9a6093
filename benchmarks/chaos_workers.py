"""The processes that run functions and training jobs of one embedded runtime: whose a connection is, and how they are killed.

Connections are looked up in Linux's /proc: asking for those of one process after the other takes longer than a request does.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

JOB = "Job"
"""The training job, which no function is."""
_GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


class Workers:
    """Known by the address that their environment sends them to."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._states: dict[tuple[int, float], str] = {}
        self._known: list[tuple[psutil.Process, str]] = []

    def all(self) -> Iterator[tuple[psutil.Process, str]]:
        """Every process with the state that it serves."""
        for process in psutil.process_iter():
            with suppress(*_GONE):
                if state := self._state(process):
                    yield process, state

    def whose(self, port: int) -> tuple[int, str]:
        """Process id and state behind a local port; 0 and nothing where it is nobody's."""
        socket = _socket(port)
        for known in (self._known, self.all()):
            for process, state in known:
                if _holds(process.pid, socket):
                    self._known = [(process, state), *(each for each in self._known if each[0] != process)]
                    return process.pid, state
        return 0, ""

    def kill(self, *states: str) -> int:
        """Kill whoever serves these states (or any, if none is named); how many that were."""
        found = [process for process, state in self.all() if not states or state in states]
        for process in found:
            slay(process.pid)
        return len(found)

    def _state(self, process: psutil.Process) -> str:
        """Empty for a stranger. A process is looked at once: its environment does not change."""
        key = (process.pid, process.create_time())
        if self._states.get(key) is None:
            environ = process.environ()
            own = environ.get("AWS_ENDPOINT_URL") == self._url and "AWS_LAMBDA_FUNCTION_NAME" in environ
            named = environ.get("POWERTOOLS_SERVICE_NAME", "") if own else ""
            job = named and any("train.watch" in word or "train.job" in word for word in process.cmdline())
            self._states[key] = JOB if job else named
        return self._states[key]


def _socket(port: int) -> str:
    """What the kernel calls the socket of this machine's that has a local port."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].partition(":")[2], 16) == port and fields[9] != "0":
            return f"socket:[{fields[9]}]"
    return ""


def _holds(pid: int, socket: str) -> bool:
    """Whether a process has a socket open."""
    with suppress(OSError):
        return any(_target(each) == socket for each in Path(f"/proc/{pid}/fd").iterdir())
    return False


def _target(link: Path) -> str:
    with suppress(OSError):
        return str(link.readlink())
    return ""


def slay(pid: int) -> None:
    """Kill a process as the kernel does when memory runs out."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)

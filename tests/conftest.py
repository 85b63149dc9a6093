"""What every test may rely on: the lock's own Node and command lines, also where pytest is started without make."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
# As in the training job: threads of two sessions that wait for each other by spinning make half a second a minute.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-schedules", type=int, default=9, help="How many seeded fault schedules are tried.")
    parser.addoption("--screenshots", help="Folder for the pictures of docs/report.md; none are taken without.")
    parser.addoption("--privileges", action="store_true", help="Run a night with IAM enforced, and try every right.")
    parser.addoption("--kill-points", type=int, default=3, help="At how many points each kind of writer is killed.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of its own for each fault schedule, so that one of them can be tried again by its seed."""
    if "fault_seed" in metafunc.fixturenames:
        metafunc.parametrize("fault_seed", range(metafunc.config.getoption("--fault-schedules")))


OWN_DEPLOYMENT = ("tests/e2e/test_drift.py", "tests/e2e/test_faults.py")
"""These deploy for themselves, and so may run beside those that share the demo."""


SHARED = ("tests/e2e", "tests/infra")
"""Folders whose files share what takes long to make: the one deployed demo, the templates of both targets."""


class TogetherByPlace(LoadScopeScheduling):
    """Where tests run side by side, those of a file stay together, and those of a folder that share something do."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder in SHARED and file not in OWN_DEPLOYMENT else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherByPlace:
    return TogetherByPlace(config, log)


@pytest.fixture
def fault_schedules(request: pytest.FixtureRequest) -> int:
    """How many seeded fault schedules are tried: 9, or what `--fault-schedules` says."""
    return int(request.config.getoption("--fault-schedules"))


@pytest.fixture
def kill_points(request: pytest.FixtureRequest) -> int:
    """At how many points each kind of writer is killed: 3, or what `--kill-points` says."""
    return int(request.config.getoption("--kill-points"))

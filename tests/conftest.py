"""What every test may rely on: the lock's own Node and command lines, also where pytest is started without make."""

import os
import sys
from pathlib import Path

import pytest

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-schedules", type=int, default=50, help="How many seeded fault schedules are tried.")


@pytest.fixture
def fault_schedules(request: pytest.FixtureRequest) -> int:
    """How many seeded fault schedules to try: 50, or what `--fault-schedules` says."""
    return int(request.config.getoption("--fault-schedules"))

"""Options of the whole suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-schedules", type=int, default=50, help="How many seeded fault schedules are tried.")


@pytest.fixture
def fault_schedules(request: pytest.FixtureRequest) -> int:
    """How many seeded fault schedules to try: 50, or what `--fault-schedules` says."""
    return int(request.config.getoption("--fault-schedules"))

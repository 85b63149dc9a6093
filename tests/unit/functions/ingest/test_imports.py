"""What takes in notifications is deployed without what pulls."""

import subprocess
import sys

HEAVY = ("duckdb", "httpx", "pyarrow", "numpy")
"""Packages of other bundles than the one that the function is deployed with."""


def test_the_webhook_loads_nothing_that_is_not_deployed_with_it() -> None:
    program = f"import sys, ingest.webhook; print([name for name in {HEAVY!r} if name in sys.modules])"

    said = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "POWERTOOLS_TRACE_DISABLED": "true"},
    )

    assert said.stdout.strip() == "[]"

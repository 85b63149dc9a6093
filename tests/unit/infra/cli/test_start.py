"""What every command waits for before it begins."""

import subprocess
import sys

SLOW = {"aws_cdk", "awswrangler", "duckdb", "numpy", "oras", "pandas", "pyarrow", "pyiceberg", "sklearn", "xgboost"}
"""Each takes from a tenth of a second to two, and a few commands alone need it."""


def test_no_command_waits_for_a_library_that_it_may_not_need() -> None:
    asked = "import sys, infra.cli.main; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()

    assert "infra.cli.images" in loaded
    assert SLOW & set(loaded) == set()

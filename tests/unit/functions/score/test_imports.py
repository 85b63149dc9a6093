"""What the API's cold start pays for."""

import subprocess
import sys

HEAVY = ("pandas", "pyarrow", "pyiceberg", "awswrangler", "scipy", "sklearn", "xgboost", "shap", "duckdb", "jinja2")


def test_the_api_imports_nothing_heavy() -> None:
    code = f"import score.api, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    path = ":".join(sys.path)

    found = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "[]"


def test_the_launcher_imports_no_numbers() -> None:
    code = "import train.train, sys; print('numpy' in sys.modules)"
    path = ":".join(sys.path)

    found = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "False"

"""A bundle as an MLflow model: what MLflow or SageMaker registers unchanged. Code and JSON, no pickle; equal bundles give equal bytes."""

import importlib.metadata
import json
import re
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import holdfast
from holdfast.bundle import CHURN, MANIFEST, METRICS, REFERENCE, Bundle
from holdfast.store import Store

MLFLOW = "3.17.2"
"""The version whose format this is, and which is held to it in the tests."""
FOLDER = "mlflow"
"""Beside the bundle's manifest: it is made from the bundle, and is no part of its version."""
_LOADER = "holdfast_model"
_PACKAGES = ("numpy", "pandas", "xgboost-cpu")
_EXAMPLE, _SERVED_EXAMPLE = "input_example.json", "serving_input_example.json"
_OUTPUTS = {
    "probability": "double", "band": "string", "margin": "double", "value": "double", "value_low": "double",
    "value_high": "double", "persona": "string",
}  # fmt: skip
_IMPORTS = re.compile(r"^from holdfast\.(\w+) import", re.MULTILINE)


def write(store: Store, bundle: Bundle) -> None:
    """Put the folder beside the bundle, `MLmodel` last: one with it is whole."""
    files = mlflow_files(bundle)
    for name in sorted(files, key=lambda name: name == "MLmodel"):
        store.write(f"bundles/{bundle.version}/{FOLDER}/{name}", files[name], "application/octet-stream")


def mlflow_files(bundle: Bundle) -> dict[str, bytes]:
    """The folder by path: the bundle under its version, the modules that score with it, and what MLflow says of a model.

    YAML is written as JSON, which YAML holds. The time of creation is the latest cutoff that judged, the id comes from the version.
    """
    data = {
        f"bundle/{bundle.version}/{name}": body for name, body in (*bundle.files.items(), (MANIFEST, bundle.manifest))
    }
    code = {f"code/{name}": body for name, body in _code()}
    return data | code | {name: _json(said) for name, said in _said(bundle).items()} | {
        "requirements.txt": "".join(f"{each}\n" for each in _requirements()).encode()
    }  # fmt: skip


def _said(bundle: Bundle) -> dict[str, Any]:
    example = _example(bundle)
    return {
        "MLmodel": _mlmodel(bundle),
        "conda.yaml": {
            "name": "mlflow-env", "channels": ["conda-forge"],
            "dependencies": [f"python={_python()}", "pip", {"pip": list(_requirements())}],
        },
        "python_env.yaml": {
            "python": _python(), "build_dependencies": ["pip", "setuptools", "wheel"], "dependencies": ["-r requirements.txt"],
        },
        _EXAMPLE: example,
        _SERVED_EXAMPLE: {"dataframe_split": example},
    }  # fmt: skip


def _mlmodel(bundle: Bundle) -> dict[str, Any]:
    inputs = [{"name": name, "type": "double", "required": False} for name in bundle.feature_set.names]
    outputs = [{"name": name, "type": kind, "required": True} for name, kind in _OUTPUTS.items()]
    return {
        "flavors": _flavors(bundle.version),
        "mlflow_version": MLFLOW,
        "model_uuid": uuid.uuid5(uuid.NAMESPACE_OID, bundle.version).hex,
        "utc_time_created": f"{max(bundle.json(METRICS)['training']['judged_cutoffs'])} 00:00:00.000000",
        "metadata": {"holdfast_version": bundle.version, "feature_set": bundle.feature_set.version},
        "saved_input_example_info": {
            "artifact_path": _EXAMPLE, "pandas_orient": "split", "serving_input_path": _SERVED_EXAMPLE, "type": "dataframe",
        },
        "signature": {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs), "params": None},
    }  # fmt: skip


def _flavors(version: str) -> dict[str, Any]:
    """Everything the scorer says behind `pyfunc`; the trees alone, before calibration, as XGBoost's own."""
    environment = {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
    return {
        "python_function": {
            "loader_module": _LOADER, "code": "code", "data": f"bundle/{version}", "env": environment,
            "python_version": _python(), "streamable": False,
        },
        "xgboost": {
            "model_class": "xgboost.core.Booster", "model_format": "json", "data": f"bundle/{version}/{CHURN}", "code": None,
            "xgb_version": importlib.metadata.version("xgboost-cpu"),
        },
    }  # fmt: skip


def _example(bundle: Bundle) -> dict[str, Any]:
    """Nobody's row: the mean of every feature."""
    means = bundle.json(REFERENCE)["features"]
    return {
        "columns": list(bundle.feature_set.names),
        "data": [[means[name]["mean"] for name in bundle.feature_set.names]],
    }


def _code() -> Iterator[tuple[str, bytes]]:
    """The loader and, of the common package, what it imports and what that imports."""
    loader = Path(__file__).with_name("mlflow_loader.py").read_bytes()
    yield f"{_LOADER}.py", loader
    yield "holdfast/__init__.py", b'"""As much of Holdfast as scores."""\n'
    package, seen, left = Path(str(holdfast.__file__)).parent, set[str](), _imported(loader)
    while left := sorted(set(left) - seen):
        name = left[0]
        body = (package / f"{name}.py").read_bytes()
        yield f"holdfast/{name}.py", body
        seen.add(name)
        left += _imported(body)


def _imported(source: bytes) -> list[str]:
    return _IMPORTS.findall(source.decode())


def _requirements() -> Iterator[str]:
    yield f"mlflow=={MLFLOW}"
    yield from (f"{name}=={importlib.metadata.version(name)}" for name in _PACKAGES)


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _json(said: Any) -> bytes:
    return json.dumps(said, indent=1, sort_keys=True, allow_nan=False).encode()

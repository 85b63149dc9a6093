"""A model on this machine: the MLflow folder that training wrote beside its bundle."""

from pathlib import Path

from holdfast.store import Store
from infra.trouble import Trouble

_LAST = "MLmodel"
"""A folder without it is no model, so that one that was cut short is none."""


def bring(artifacts: Store, version: str, folder: Path) -> int:
    """Copy the model's folder to this machine; returns the number of files.

    Raises:
        Trouble: something is in the folder already, or the model has none.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Trouble(f"{folder} is not empty: name a folder that is not there yet")
    prefix = f"bundles/{version}/mlflow/"
    names = [item.key.removeprefix(prefix) for item in artifacts.list(prefix)]
    if _LAST not in names:
        raise Trouble(
            f"model {version} was trained before models could be exported: train it again (`holdfast runs again`)"
        )
    for name in sorted(names, key=lambda name: name == _LAST):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(artifacts.read(prefix + name))
    return len(names)

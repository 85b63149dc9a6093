"""A past run made once more: from the files and snapshots that it was made from, and compared with what it made then."""

from typing import Any

from features.synthesis import Synthesis
from holdfast.content import content_digest
from holdfast.contracts import Featured, FeaturesWanted
from holdfast.errors import RunDiffers
from holdfast.runs import record, recorded
from holdfast.store import Store

DECIDING = (
    "functions/features/definitions.toml",
    "layers/common/python/holdfast/tables.py",
    "uv.lock",
    "holdfast.toml",
)
"""Files that decide what becomes of the lake's tables. Suites decided before, about what is in them."""


def digests(made: Synthesis) -> dict[str, str]:
    """SHA-256 of both matrices, in row order."""
    return {"training_examples": content_digest(made.examples), "features": content_digest(made.features)}


def unchanged(past: dict[str, Any], deployed: dict[str, Any]) -> None:
    """Whether what is deployed is what the run was made with.

    Raises:
        RunDiffers: naming the files that differ, and the revision that has to be deployed first.
    """
    then, now = past.get("revision", {}), deployed
    files = [name for name in DECIDING if then.get("files", {}).get(name) != now.get("files", {}).get(name)]
    if files:
        raise RunDiffers(f"run {past['run']} was made with other content of {', '.join(files)}: {_advice(then)}")


def made_again(made: Synthesis, wanted: FeaturesWanted, store: Store) -> Featured:
    """The past run's own tables, once it is known that they would be made the same. Nothing of the lake is written.

    Raises:
        RunDiffers: the feature set or a matrix is another one.
    """
    past = recorded(store, wanted.again)
    found, version = digests(made), made.feature_set.version
    different = [name for name, digest in found.items() if past["matrix"][name] != digest]
    different += ["feature set"] if version != past["feature_set"] else []
    if different:
        raise RunDiffers(f"run {wanted.again} made again has another {', another '.join(different)}: its code was another one; "
                         f"{_advice(past.get('revision', {}))}")  # fmt: skip
    record(store, wanted.run, again=wanted.again, as_of=wanted.as_of, snapshots=wanted.snapshots,
           feature_set=version, matrix=found, wrote=past["wrote"])  # fmt: skip
    rows = made.examples.num_rows + made.features.num_rows
    wrote = past["wrote"]
    return Featured(rows, version, wrote["training_examples"], wrote["features"], wanted.as_of)


def _advice(then: dict[str, Any]) -> str:
    if not then.get("git"):
        return "deploy what it was made with first (it was deployed from outside of a checkout)"
    changed = " with changes that were not committed" if then.get("dirty") else ""
    return f"check out {then['git'][:12]}{changed} and deploy that first"

"""What is known of feature sets: their versions, what differs between two, and which model goes with which."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from holdfast.bundle import load
from holdfast.errors import BundleInvalid
from holdfast.feature_set import Feature, FeatureSet, key_of
from holdfast.registry import Champion
from holdfast.store import Store, read_json
from infra.trouble import Trouble

_PREFIX = "feature_sets/"


@dataclass(frozen=True)
class Version:
    """One feature set and who uses it."""

    feature_set: FeatureSet
    made_at: str
    """When it was first made, ISO date-time in UTC; nothing for one from before that was written down."""
    models: tuple[str, ...]
    """Bundles that were trained on it, the newest first."""
    serves: bool
    pinned: bool


def versions(artifacts: Store, runs: Sequence[Mapping[str, Any]], champion: Champion | None) -> list[Version]:
    """Every feature set that was ever made, the newest first; `runs` as they are written down, the newest first."""
    documents = [json.loads(artifacts.read(item.key)) for item in artifacts.list(_PREFIX)]
    serving = _served(artifacts, champion) if champion else ""
    found = [
        Version(
            FeatureSet.from_json(each), each.get("first", {}).get("made_at", ""), models_of(each["version"], runs),
            each["version"] == serving, bool(champion and champion.pinned == each["version"]),
        )
        for each in documents
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.made_at, each.feature_set.version), reverse=True)


def models_of(version: str, runs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Bundles that runs trained on a feature set, in the runs' order."""
    return tuple(
        dict.fromkeys(each["bundle"] for each in runs if each.get("feature_set") == version and "bundle" in each)
    )


def named(artifacts: Store, version: str) -> FeatureSet:
    """A feature set by its version, or by the beginning of it.

    Raises:
        Trouble: there is none, or more than one; names those that there are.
    """
    there = [item.key.removeprefix(_PREFIX).removesuffix(".json") for item in artifacts.list(_PREFIX)]
    meant = [each for each in there if each.startswith(version)]
    if len(meant) != 1:
        several = f"{len(meant)} feature sets begin with" if meant else "there is no feature set"
        raise Trouble(f"{several} {version}: `holdfast features list` shows {', '.join(there[:8]) or 'none yet'}")
    return FeatureSet.from_json(read_json(artifacts, key_of(meant[0])))


def served(artifacts: Store, champion: Champion | None) -> FeatureSet:
    """The feature set that the champion was trained on.

    Raises:
        Trouble: nothing serves yet.
    """
    if champion is None:
        raise Trouble("no model serves yet: `holdfast run` starts a run; `holdfast features list` shows what was made")
    return named(artifacts, _served(artifacts, champion))


def _served(artifacts: Store, champion: Champion) -> str:
    try:
        return load(artifacts, champion.version).feature_set.version
    except BundleInvalid as error:
        raise Trouble(f"the champion cannot be read: {error}") from error


def differences(before: FeatureSet, after: FeatureSet) -> list[str]:
    """What was added, removed and changed from one set to another, a line each; nothing between equal ones."""
    old, new = ({feature.name: feature for feature in each.features} for each in (before, after))
    return [
        *(f"+ {name}  {new[name].sentence}" for name in new if name not in old),
        *(f"- {name}  {old[name].sentence}{_why(after.dropped, name)}" for name in old if name not in new),
        *(line for name in old if name in new for line in _changes(old[name], new[name])),
        *_recipe_changes(before.recipe, after.recipe),
    ]


def _why(dropped: Mapping[str, str], name: str) -> str:
    return f" ({dropped[name]})" if name in dropped else ""


def _changes(old: Feature, new: Feature) -> Iterator[str]:
    before, after = asdict(old), asdict(new)
    for what in before:
        if before[what] != after[what]:
            yield f"~ {old.name}  {what}: {before[what]!r} is now {after[what]!r}"


def _recipe_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for where in sorted(before.keys() | after.keys()):
        if before.get(where) != after.get(where):
            yield f"~ {where}: {_said(before, where)} is now {_said(after, where)}"


def _said(leaves: Mapping[str, Any], where: str) -> str:
    return json.dumps(leaves[where], ensure_ascii=False) if where in leaves else "absent"


def _leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(part, f"{where}.{name}" if where else str(name))
    else:
        yield where, value

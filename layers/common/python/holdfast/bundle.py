"""Model bundles: named files under one manifest of checksums, named by the manifest's own digest."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from holdfast.errors import BundleInvalid
from holdfast.feature_set import FeatureSet

if TYPE_CHECKING:
    from holdfast.store import Readable, Store  # with the AWS SDK, which a bundle that was exported is read without

CHURN, CALIBRATOR, VALUE, PERSONAS = "churn.json", "calibrator.json", "value.json", "personas.json"
TABLES = "churn_tables.npz"
"""The churn model as the scorer reads it, made from `CHURN` when it was trained."""
FEATURES, METRICS, REFERENCE, IMPORTANCE = "features.json", "metrics.json", "reference.json", "importance.json"
INTERACTIONS, SETTINGS, TRIALS = "interactions.json", "settings.json", "trials.json"
CARD, CARD_JSON, MANIFEST = "model_card.md", "model_card.json", "manifest.json"
FILES = frozenset(
    {
        CHURN,
        TABLES,
        CALIBRATOR,
        VALUE,
        PERSONAS,
        FEATURES,
        METRICS,
        REFERENCE,
        IMPORTANCE,
        INTERACTIONS,
        SETTINGS,
        TRIALS,
        CARD,
        CARD_JSON,
    }
)
ORIGIN = "origin.json"
"""By which run, from which snapshot, code and locked packages it was first made."""
_NAME = re.compile(r"\w+\.\w+")
"""Of a file: nothing that leads out of the bundle."""
_CONTENT_TYPES = {"json": "application/json", "md": "text/markdown", "npz": "application/octet-stream"}


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values are equal bytes. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True, eq=False)
class Bundle:
    """The files of one trained model. The manifest holds no clock, so the same data and seed give the same version.

    One that newer code made may hold more files than `FILES`: they are part of its version, and nobody here reads them.
    """

    files: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if not set(self.files) >= FILES:
            raise BundleInvalid(f"a bundle holds {sorted(FILES)}, not {sorted(self.files)}")

    @property
    def manifest(self) -> bytes:
        held = {
            name: {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()} for name, body in self.files.items()
        }
        return canonical({"format": 1, "files": held})

    @property
    def version(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of the manifest."""
        return _version_of(self.manifest)

    @cached_property
    def feature_set(self) -> FeatureSet:
        """The features that its models read."""
        return FeatureSet.from_json(self.json(FEATURES))

    def json(self, name: str) -> Any:
        """One of the files, parsed.

        Raises:
            BundleInvalid: it is no JSON.
        """
        try:
            return json.loads(self.files[name])
        except (ValueError, RecursionError) as error:
            raise BundleInvalid(f"{name} of a bundle is no JSON") from error


def save(store: "Store", bundle: Bundle) -> str:
    """Write a bundle under `bundles/<version>/`, manifest last: one with a manifest is whole. Returns its version."""
    prefix = f"bundles/{bundle.version}"
    for name, body in sorted(bundle.files.items()):
        store.write(f"{prefix}/{name}", body, _CONTENT_TYPES[name.rpartition(".")[2]])
    store.write(f"{prefix}/{MANIFEST}", bundle.manifest, "application/json")
    return bundle.version


def note_origin(store: "Store", version: str, said: Mapping[str, Any]) -> None:
    """Say once where a bundle came from. It lies beside the manifest and is no part of the version: the same models may be made again."""
    key = f"bundles/{version}/{ORIGIN}"
    try:
        store.read(key)
    except KeyError:
        store.write(key, canonical(dict(said)), _CONTENT_TYPES["json"])


def origin(store: "Readable", version: str) -> dict[str, Any]:
    """What was said of where a bundle came from; nothing where nobody said it."""
    try:
        return dict(json.loads(store.read(f"bundles/{version}/{ORIGIN}")))
    except KeyError:
        return {}


def load(store: "Readable", version: str) -> Bundle:
    """Read a bundle and hold every file, and the manifest itself, to its digest.

    Raises:
        BundleInvalid: there is no such bundle, a file is missing, or a digest is not what it has to be.
    """
    return read(lambda name: store.read(f"bundles/{version}/{name}"), version)


def read(body_of: Callable[[str], bytes], version: str) -> Bundle:
    """The same from anywhere: `body_of` gives a file by its name, or raises KeyError."""
    manifest = _read(body_of, version, MANIFEST)
    if _version_of(manifest) != version:
        raise BundleInvalid(f"bundle {version}: {MANIFEST} is not the one that gave the version its name")
    promised = _promised(manifest, version)
    bundle = Bundle({name: _read(body_of, version, name) for name in promised})
    if bundle.manifest != manifest:
        changed = ", ".join(sorted(_changed(promised, bundle))) or "what is in it"
        raise BundleInvalid(f"bundle {version}: {changed} is not what the manifest says")
    return bundle


def _promised(manifest: bytes, version: str) -> dict[str, Any]:
    try:
        said = json.loads(manifest)
    except (ValueError, RecursionError) as error:
        raise BundleInvalid(f"bundle {version}: {MANIFEST} is no JSON") from error
    files = said.get("files") if isinstance(said, dict) else None
    if not isinstance(files, dict) or not set(files) >= FILES or not all(map(_NAME.fullmatch, files)):
        raise BundleInvalid(f"bundle {version}: {MANIFEST} has to list {', '.join(sorted(FILES))}")
    return files


def _read(body_of: Callable[[str], bytes], version: str, name: str) -> bytes:
    try:
        return body_of(name)
    except KeyError as error:
        raise BundleInvalid(f"bundle {version}: {name} is missing") from error


def _version_of(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:12]


def _changed(promised: dict[str, Any], bundle: Bundle) -> set[str]:
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in bundle.files.items()}
    return {
        name for name, held in promised.items() if not isinstance(held, dict) or held.get("sha256") != digests[name]
    }

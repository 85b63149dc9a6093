"""A feature set: the ordered list of features that a model is trained on and a score is made from, and its version."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from holdfast.reading import known
from holdfast.words import FLAG

FEATURE_SET, AS_OF = "holdfast.feature_set", "holdfast.as_of"
"""What a snapshot of `features` or `training_examples` says beside its rows: of which version they are, and when they look from."""


LEAK = "knows the outcome: "
"""How the reason begins for which a feature was left out that cannot have been known before the outcome."""


def key_of(version: str) -> str:
    """Where a feature set lies in the artifacts bucket; what is there is never written again."""
    return f"feature_sets/{version}.json"


def tag_of(version: str) -> str:
    """The tag under which tables `features` and `training_examples` keep the newest rows of a feature set."""
    return f"fs-{version}"


def judged_tag(version: str) -> str:
    """The tag under which `training_examples` keeps what a champion of that feature set is judged on, where the run's own set is another."""
    return f"judged-{version}"


def of_a_set(tag: str) -> bool:
    """Whether a tag is one of those two."""
    return tag.startswith((tag_of(""), judged_tag("")))


_TYPES = {FLAG: "flag", "share": "share", "ratio": "ratio", "days": "duration", "weeks": "duration", "": "count"}


@dataclass(frozen=True)
class Feature:
    """One column of the matrix."""

    name: str
    """Stable: letters, digits and underscores."""
    sentence: str
    """What it says, for people: "Events in the last 30 days"."""
    unit: str = ""
    """"days", "USD", "share", … or empty for a plain count."""
    group: str = ""
    """Where it comes from: events, emails, tickets, conversations, deals, company, customer."""
    actionable: bool = True
    """Whether somebody could act on it (usage can be raised; a country cannot)."""

    @property
    def type(self) -> str:
        """What kind of number it is, as its unit says: flag, share, ratio, duration, count or amount."""
        return _TYPES.get(self.unit, "amount")


@dataclass(frozen=True)
class FeatureSet:
    """Features in matrix order. Two sets with the same features in the same order have the same version."""

    features: tuple[Feature, ...]
    recipe: dict[str, Any]
    """Everything beside the definitions that fixes the values: windows, event kinds, categories met in training."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Features that were left out, with the reason. No part of the version: the same set for a slightly other reason stays the same."""
    whole: str = ""
    """Version of the set that these features were chosen from, if they were: their values are made alike, so it is their version too."""

    @cached_property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @property
    def leaks(self) -> dict[str, str]:
        """Features that were left out because they know the outcome, with what gave them away."""
        return {name: why.removeprefix(LEAK) for name, why in self.dropped.items() if why.startswith(LEAK)}

    @cached_property
    def version(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of the canonical JSON; of chosen features, the version of the whole set."""
        return self.whole or hashlib.sha256(self._canonical()).hexdigest()[:12]

    @cached_property
    def layout(self) -> str:
        """What a vector of these features is told by: the version, and of chosen features a digest of which they are."""
        return f"{self.version}-{hashlib.sha256(self._canonical()).hexdigest()[:8]}" if self.whole else self.version

    def chosen(self, names: Collection[str], why: str) -> "FeatureSet":
        """Some of the features, in the same order; the others are left out for a reason."""
        others = {name: why for name in self.names if name not in names}
        if not others:
            return self
        features = tuple(feature for feature in self.features if feature.name in names)
        return FeatureSet(features, self.recipe, self.dropped | others, self.version)

    def to_json(self) -> dict[str, Any]:
        """With its version; `from_json` reads it back."""
        return {"version": self.version, "features": [asdict(f) for f in self.features], "recipe": self.recipe,
                "dropped": self.dropped} | ({"whole": self.whole} if self.whole else {})  # fmt: skip

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "FeatureSet":
        return cls(
            tuple(known(Feature, f) for f in value["features"]),
            value["recipe"],
            value.get("dropped", {}),
            value.get("whole", ""),
        )

    def _canonical(self) -> bytes:
        body = {"features": [asdict(f) for f in self.features], "recipe": self.recipe}
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def said_of(made: FeatureSet, as_of: str) -> dict[str, str]:
    """What stands beside the rows of a feature set."""
    return {FEATURE_SET: made.version, AS_OF: as_of}

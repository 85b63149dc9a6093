"""A feature set: the ordered list of features that a model is trained on and a score is made from, and its version."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any


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


@dataclass(frozen=True)
class FeatureSet:
    """Features in matrix order. Two sets with the same features in the same order have the same version."""

    features: tuple[Feature, ...]
    recipe: dict[str, Any]
    """Everything beside the definitions that fixes the values: windows, event kinds, categories met in training."""

    @cached_property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @cached_property
    def version(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(self._canonical()).hexdigest()[:12]

    def to_json(self) -> dict[str, Any]:
        return {"version": self.version, "features": [asdict(f) for f in self.features], "recipe": self.recipe}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "FeatureSet":
        return cls(tuple(Feature(**f) for f in value["features"]), value["recipe"])

    def _canonical(self) -> bytes:
        body = {"features": [asdict(f) for f in self.features], "recipe": self.recipe}
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

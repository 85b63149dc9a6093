"""What holdfast.toml says of personal data: what becomes of columns, and when who is forgotten is gone from models."""

from typing import Literal

from pydantic import Field

from holdfast.source_settings import Section

Treatment = Literal["key", "pseudonymise", "drop", "text", "age_band", "year", "region", "network", "domain", "keep"]
"""What becomes of a column: see `privacy.toml` beside this."""


class Privacy(Section):
    """How personal data is kept out of the lake."""

    columns: dict[str, dict[str, Treatment]] = Field(default_factory=dict)
    """What becomes of columns that the product does not know, or of others than it says: stream (`<source>_<stream>`) -> column -> treatment."""

    drop_address_tags: bool = False
    """`ada+news@example.com` is the same person as `ada@example.com`. To be decided before the first run: whoever is known by
    such an address only would be somebody else afterwards."""

    retrain: Literal["next-night", "now", "never"] = "next-night"
    """When a model that learnt from somebody who was forgotten makes way for one that did not."""
    schedule: str = "cron(30 * * * ? *)"
    """When requests that are open are gone on with: what sources notified of, and what was cut short."""

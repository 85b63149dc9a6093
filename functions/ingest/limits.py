"""What an answer's headers tell of the allowance: how much it is, and whether to slow down."""

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.waits import number

GENERAL, SEARCHES = "general", "search"
"""Buckets of a budget: HubSpot's searches have a limit of their own."""
Limits = Mapping[str, tuple[int, float]]
"""Requests and seconds by bucket."""
SPARE = 0.05
"""Share of the allowance below which nobody sends any more: others, whom no budget of ours holds, use it too."""
WINDOW = 10.0
"""Seconds in which both vendors count."""


@dataclass(frozen=True)
class Told:
    """`limit` requests in ten seconds, if the headers say so, and seconds in which nobody should send."""

    limit: float | None = None
    pause: float = 0.0


def bucket_of(path: str, limits: Limits) -> str:
    """The bucket that a request is taken from."""
    return SEARCHES if SEARCHES in limits and path.endswith("/search") else GENERAL


def told(headers: Mapping[str, str], now: float) -> Told:
    """Read the headers of HubSpot (`X-HubSpot-RateLimit-…`) or of Intercom (`X-RateLimit-…`); `now` is in Unix seconds."""
    most, left = number(headers.get("x-hubspot-ratelimit-max")), number(headers.get("x-hubspot-ratelimit-remaining"))
    if most and left is not None:
        window = (number(headers.get("x-hubspot-ratelimit-interval-milliseconds")) or WINDOW * 1000) / 1000
        # A rolling window gives back as it goes: what is left of it lasts until the next request leaves it.
        return Told(most * WINDOW / window, window / (left + 1) if _short(left, most) else 0.0)
    most, left = number(headers.get("x-ratelimit-limit")), number(headers.get("x-ratelimit-remaining"))
    reset = number(headers.get("x-ratelimit-reset"))
    if not most or left is None or reset is None:
        return Told()
    return Told(most, min(WINDOW, max(0.0, reset - now)) if _short(left, most) else 0.0)


def _short(left: float, most: float) -> bool:
    return left < most * SPARE

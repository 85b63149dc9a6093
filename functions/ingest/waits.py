"""How long a source wants us to be quiet after an answer that may be another one later, and how long we then are."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holdfast.refusals import Refusal

THROTTLED, LOCKED, MIGRATING = 429, 423, 477
QUIET = {"SECONDLY": 1.0, "TEN_SECONDLY": 10.0, "TEN_SECONDLY_ROLLING": 10.0}
"""Seconds after which a limit of HubSpot's lets requests pass again, by its policy."""
UNTOLD = 10.0
"""The same for a limit that tells nothing: the window that both vendors count in."""
LOCK = 2.0
"""Seconds for which HubSpot locks a record at least."""
MIGRATION = 600.0
"""Seconds until an account that is being migrated is asked again if it does not say when: migrations take hours."""
FIRST, LONGEST = 0.5, 8.0
"""Seconds within which jitter lies at the first failure, doubled at each further one, and at most."""


def quiet_after(status: int, refusal: Refusal, headers: Mapping[str, str], now: float, timezone: str) -> float:
    """Seconds that an answer 423, 429 or 477 asks for: what it says itself, or what its kind is known to need.

    Args:
        now: Unix seconds.
        timezone: Of the account, whose midnight ends a daily limit.
    """
    said = retry_after(headers, now)
    if status == LOCKED:
        return max(LOCK, said or 0.0)
    if said is not None:
        return said
    if status == MIGRATING:
        return MIGRATION
    if refusal.policy == "DAILY":
        return until_midnight(now, timezone)
    if refusal.policy in QUIET:
        return QUIET[refusal.policy]
    reset = number(headers.get("x-ratelimit-reset"))
    return UNTOLD if reset is None else max(0.0, reset - now)


def jittered(quiet: float, attempt: int, draw: Callable[[float, float], float] = random.uniform) -> float:
    """Never less than the quiet that was asked for, and on top of it full jitter: anything up to a bound that doubles with each attempt.

    Those who were refused together so do not come back together. AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
    """
    return quiet + draw(0.0, min(LONGEST, FIRST * 2.0 ** (attempt - 1)))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds of a Retry-After header, which are written as a number or as a date; None if there is none that can be read."""
    text = headers.get("retry-after")
    if text is None:
        return None
    seconds = number(text)
    if seconds is None:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except ValueError:
            return None
    return max(0.0, seconds)


def until_midnight(now: float, timezone: str) -> float:
    """Seconds until the next day begins in a time zone."""
    here = datetime.fromtimestamp(now, _zone(timezone))
    tomorrow = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow.timestamp() - now


def number(text: str | None) -> float | None:
    """A finite header as a number, or None."""
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is None or abs(value) < float("inf") else None


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC  # settings have checked the name: here the machine knows no zones at all

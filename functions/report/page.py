"""The page itself: a template that escapes everything, and how numbers are written in it."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from holdfast.words import quantity

_TEMPLATES = Path(__file__).parent


def page(summary: dict[str, Any], run: dict[str, str]) -> str:
    """One self-contained HTML document."""
    loader = FileSystemLoader(_TEMPLATES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"money": money, "percent": percent, "count": count, "quantity": quantity, "points": points}
    return environment.get_template("report.html.j2").render(**summary, **run)


def money(amount: float | None, currency: str) -> str:
    """`USD 1.2 M`; to the unit under a thousand."""
    if amount is None:
        return "unknown"
    for size, suffix in ((1e6, " M"), (1e3, " k")):
        if abs(amount) >= size:
            return f"{currency} {amount / size:,.1f}{suffix}"
    return f"{currency} {amount:,.0f}"


def percent(share: float, digits: int = 0) -> str:
    """`21 %`"""
    return f"{100 * share:.{digits}f} %"


def count(amount: float) -> str:
    """`12,345`"""
    return f"{amount:,.0f}"


def points(share: float) -> str:
    """A contribution in percentage points, with its sign: `+18.0`."""
    return f"{100 * share:+.1f}"

"""The page itself: a template that escapes everything, and how numbers are written in it."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from holdfast.words import quantity

_TEMPLATES = Path(__file__).parent


def page(summary: dict[str, Any], run: dict[str, str]) -> str:
    """One self-contained HTML document."""
    return environment().get_template("report.html.j2").render(**summary, **run)


def environment() -> Environment:
    """Templates that escape everything, with the filters that are below."""
    loader = FileSystemLoader(_TEMPLATES)
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    filters = (money, percent, count, quantity, points, short, brief, span, rule)
    made.filters |= {each.__name__: each for each in filters}
    return made


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


def short(amount: float) -> str:
    """`2.3 M`, `12.3 k`; to the unit under a thousand."""
    size, suffix = next(((size, name) for size, name in ((1e6, " M"), (1e3, " k")) if abs(amount) >= size), (1.0, ""))
    return f"{amount / size:,.1f}{suffix}" if suffix else count(amount)


def brief(value: Any) -> str:
    """A number to four figures, a time to the minute, anything else as it is."""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)[:16].replace("T", " ")


def span(seconds: float) -> str:
    """`40 s`, `2.5 h`, `3.0 days`."""
    units = ((86_400, "days"), (3_600, "h"), (60, "min"))
    return next((f"{seconds / size:.1f} {name}" for size, name in units if seconds >= size), f"{seconds:.0f} s")


def rule(name: str) -> str:
    """An expectation's name as words."""
    return name.removeprefix("expect_").removeprefix("column_").replace("_", " ")

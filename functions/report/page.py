"""The page itself: templates that escape everything, how numbers are written in them, and the styles and scripts that go with them."""

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from holdfast.words import lowered, quantity
from report.glossary import WORDS, anchor

_HERE = Path(__file__).parent
_LIBRARIES = ("d3.min.js", "plot.umd.min.js")
_SCRIPTS = ("format", "data", "select", "grid", "charts", "customer", "company", "lists", "explore", "main")
"""Parts of one script, in this order."""
_STYLES = ("page", "parts", "print")
_HELD = "\u00a0"
"""A space at which no line ends."""


def page(summary: dict[str, Any], run: dict[str, Any], carried: dict[str, str]) -> str:
    """One self-contained HTML document. `carried` holds by id the JSON that its script reads."""
    data = {name: Markup(text) for name, text in carried.items()}  # noqa: S704
    return environment().get_template("report.html.j2").render(**summary, **run, carried=data)


def environment() -> Environment:
    """Templates that escape everything, with the filters that are below."""
    loader = FileSystemLoader(_HERE / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    filters = (money, percent, count, quantity, points, short, brief, span, rule, day, lowered, people)
    made.filters |= {each.__name__: each for each in filters}
    made.globals |= {"words": WORDS, "anchor": anchor, "styles": styles(), "libraries": libraries(), "script": script()}
    return made


@lru_cache
def styles() -> Markup:
    """All styles."""
    return Markup("\n".join((_HERE / "styles" / f"{name}.css").read_text() for name in _STYLES))  # noqa: S704


@lru_cache
def libraries() -> Markup:
    """The libraries that draw, as they were published."""
    return Markup("\n".join((_HERE / "vendor" / name).read_text() for name in _LIBRARIES))  # noqa: S704


@lru_cache
def script() -> Markup:
    """The page's own script."""
    return Markup("\n".join((_HERE / "scripts" / f"{name}.js").read_text() for name in _SCRIPTS))  # noqa: S704


def money(amount: float | None, currency: str) -> str:
    """`USD 1.2 M`, in one piece; to the unit under a thousand."""
    if amount is None:
        return "unknown"
    for size, suffix in ((1e6, f"{_HELD}M"), (1e3, f"{_HELD}k")):
        if abs(amount) >= size:
            return f"{currency}{_HELD}{amount / size:,.1f}{suffix}"
    return f"{currency}{_HELD}{amount:,.0f}"


def percent(share: float, digits: int = 0) -> str:
    """`21 %`"""
    return f"{100 * share:.{digits}f}{_HELD}%"


def count(amount: float) -> str:
    """`12,345`"""
    return f"{amount:,.0f}"


def people(number: int) -> str:
    """`1 customer`, `2,000 customers`."""
    return f"{number:,} customer" + ("" if number == 1 else "s")


def day(moment: datetime | date | str) -> str:
    """`1 November 2026`, of a moment or its ISO form."""
    found = date.fromisoformat(moment[:10]) if isinstance(moment, str) else moment
    return f"{found.day} {found:%B %Y}"


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

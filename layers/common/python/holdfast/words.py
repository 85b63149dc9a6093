"""Numbers and causes as people read them."""

import json

FLAG = "yes or no"
"""Unit of a feature that is 0 or 1."""
_NOTHING = 1e-9
"""What arithmetic leaves of nought."""


def quantity(value: float | None, unit: str = "") -> str:
    """A feature's value with its unit: "33.9 days", "12 %", "0.16 times", "yes".

    Three figures are kept; a value that is not known is said to be so.
    """
    if value is None or value != value:
        return "unknown"
    if unit == FLAG:
        return "yes" if value >= 0.5 else "no"
    if unit == "share":
        return f"{value:.0%}".replace("%", " %")
    figure = _figure(value)
    return f"{figure} {'times' if unit == 'ratio' else _of(figure, unit)}".rstrip()


def _of(figure: str, unit: str) -> str:
    return unit.removesuffix("s") if figure == "1" else unit


def _figure(value: float) -> str:
    if abs(value) < _NOTHING:
        return "0"
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.2g}"


def counted(number: int, noun: str) -> str:
    """How many of something: "1 row", "2,000 rows"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def lowered(sentence: str) -> str:
    """A sentence as it stands inside another: its first letter small."""
    return sentence[:1].lower() + sentence[1:]


def message_of(cause: str) -> str:
    """The message of a failure's cause: a Lambda's cause is JSON with a stack trace, any other is a sentence already."""
    try:
        parsed = json.loads(cause)
    except ValueError:
        return cause
    return str(parsed.get("errorMessage", cause)) if isinstance(parsed, dict) else cause
